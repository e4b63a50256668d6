"""``python -m sem3d.train``: train a network; the same command again continues the run."""

from pathlib import Path
from typing import Any


def run(cfg: dict[str, Any]) -> None:
    """Train the configured run, or say that it is finished."""
    from sem3d.runtime.run_folder import RunFolder

    folder = RunFolder(Path(cfg["folder"]))
    if folder.is_done(cfg) and not cfg["fresh"]:
        print(f"{folder.path} is finished; raise trainer.max_epochs or add fresh=true to train on")
        return
    from sem3d.runtime.slices import Stopped
    from sem3d.runtime.training import train

    try:
        scores = train(cfg, folder)
    except Stopped as reason:
        print(f"{reason}; run the same command again to continue")
        raise SystemExit(130 if "interrupted" in str(reason) else 0) from None
    shown = {"miou_report": "mIoU", "miou_pooled": "pooled mIoU", "loss": "loss"}
    told = [f"{label} {scores[f'val/{key}']:.3f}" for key, label in shown.items()]
    print(f"{folder.path}: validation {', '.join(told)}")
    print(f"score it: python -m sem3d.evaluate checkpoint={folder.best}")


if __name__ == "__main__":
    from sem3d.runtime.cli import command

    command("train", run)
