"""``python -m sem3d.train``: train a network, continue its run, or repeat it (``--rerun DIR``)."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from sem3d.runtime.cli import again, command


def run(cfg: dict[str, Any]) -> None:
    """Train or continue the configured run, or say that it is finished."""
    from sem3d.runtime.runs.run_folder import RunFolder

    folder = RunFolder(Path(cfg["folder"]))
    if not cfg["fresh"] and folder.is_done(cfg):
        print(f"{folder.path} is finished; raise trainer.max_epochs or add fresh=true to train on")
        return
    from sem3d.runtime.trainer.loggers import Dashboard
    from sem3d.runtime.trainer.slices import Stopped
    from sem3d.runtime.trainer.training import scores, train
    from sem3d.tasks.reconstruction import ReconstructionTask

    try:
        trainer = train(cfg, folder)
    except Stopped as reason:
        print(f"{reason}; {again()} to continue")
        raise SystemExit(reason.status) from None
    if not trainer.is_global_zero:
        return
    checkpoint = folder.best if folder.best.is_file() else folder.last
    if isinstance(trainer.logger, Dashboard):
        from sem3d.report.publish import publish_network

        trainer.logger.close(partial(publish_network, cfg, checkpoint))
    score = scores(trainer).get("val/score")
    task = trainer.lightning_module
    assert isinstance(task, ReconstructionTask)
    label = task.data.headline_label
    told = "not validated" if score is None else f"validation {label} {score:.3f}"
    print(f"{folder.path}: {told}")
    print(f"score it: python -m sem3d.evaluate checkpoint={checkpoint}")


def listing(name: str, conf: Path, overrides: list[str]) -> str:
    """Return what a multirun would train, and its cost."""
    from sem3d.report.sweeps.dry_run import dry_run

    return dry_run(name, conf, overrides)


if __name__ == "__main__":
    if any(argument.partition("=")[0] == "--rerun" for argument in sys.argv):
        from sem3d.runtime.rerun import repeat

        repeat(sys.argv[1:], run)
    command("train", run, listing)
