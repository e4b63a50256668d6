"""``python -m sem3d.evaluate``: score a network or solver on a dataset at one noise level."""

from pathlib import Path
from typing import Any

from sem3d.runtime.cli import command


def run(cfg: dict[str, Any]) -> str:
    """Evaluate, write one result file, print and return its headline; a study prints its own."""
    from sem3d.runtime import datasets
    from sem3d.runtime.scoring import result_file
    from sem3d.runtime.scoring.evaluation import headline, identity, score
    from sem3d.runtime.scoring.predictors import check_choice, load_predictor

    check_choice(cfg)  # a wrong path should not cost a dataset first
    datasets.ensure(cfg)
    predictor = load_predictor(cfg)
    folder = Path(cfg["output_dir"]) / "results"
    finished = result_file.find(folder, identity(cfg, predictor, cfg["split"]))
    found = finished if cfg["reuse"] else None
    if found is None:
        options = {key: cfg[key] for key in ("batch_size", "examples")}
        result, examples = score(cfg, predictor, cfg["split"], **options)
        found = result_file.save(folder, result, examples), result
    written, result = found
    told = f"{headline(result)}: {written}"
    if not cfg["choices"].get("study"):
        print(told)
        print(f"tables and figures: python -m sem3d.report output_dir={cfg['output_dir']}")
    return told


if __name__ == "__main__":
    command("evaluate", run)
