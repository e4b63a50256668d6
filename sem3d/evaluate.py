"""``python -m sem3d.evaluate``: score a checkpoint on a dataset at one noise level."""

from pathlib import Path
from typing import Any


def run(cfg: dict[str, Any]) -> None:
    """Evaluate, write one result file and print its headline."""
    import torch

    from sem3d.runtime import datasets
    from sem3d.runtime.build import build
    from sem3d.runtime.checkpoint import describe, load_task
    from sem3d.runtime.evaluation import evaluate, save
    from sem3d.store.reader import ScanStore

    path = Path(cfg["checkpoint"])
    task, checkpoint = load_task(path)
    datasets.ensure(cfg)
    data = {"root": cfg["dataset"]["root"], "name": cfg["dataset"]["name"], "split": cfg["split"]}
    store = ScanStore(data["root"])
    task.data.check_store(store.beam.energies_keV, store.stack, str(store.root))
    device = cfg["device"]
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.inference_mode():
        result, examples = evaluate(
            task.to(device),
            describe(path, task, checkpoint, cfg["name"]),
            data,
            build(cfg["noise"]["eval"], "noise.eval"),
            seed=cfg["seed"],
            batch_size=cfg["batch_size"],
            device=device,
            examples=cfg["examples"],
        )
    written = save(Path(cfg["output_dir"]) / "results", result, examples)
    scores = result["scores"]
    print(f"mIoU {scores['miou_report']:.3f}, pooled {scores['miou_pooled']:.3f}: {written}")
    print(f"tables and figures: python -m sem3d.report output_dir={cfg['output_dir']}")


if __name__ == "__main__":
    from sem3d.runtime.cli import command

    command("evaluate", run)
