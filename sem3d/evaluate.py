"""``python -m sem3d.evaluate``: score a checkpoint on a dataset at one noise level."""

from pathlib import Path
from typing import Any

from sem3d.runtime.cli import command


def run(cfg: dict[str, Any]) -> None:
    """Evaluate, write one result file and print its headline."""
    from sem3d.runtime import datasets
    from sem3d.runtime.checkpoint import read_checkpoint
    from sem3d.runtime.evaluation import evaluate_checkpoint
    from sem3d.runtime.result_file import save

    read_checkpoint(Path(cfg["checkpoint"]))  # a wrong path should not cost a dataset first
    datasets.ensure(cfg)
    options = {key: cfg[key] for key in ("name", "batch_size", "device", "examples")}
    result, examples = evaluate_checkpoint(cfg, Path(cfg["checkpoint"]), cfg["split"], **options)
    written = save(Path(cfg["output_dir"]) / "results", result, examples)
    scores = result["scores"]
    print(f"mIoU {scores['miou_report']:.3f}, pooled {scores['miou_pooled']:.3f}: {written}")
    print(f"tables and figures: python -m sem3d.report output_dir={cfg['output_dir']}")


if __name__ == "__main__":
    command("evaluate", run)
