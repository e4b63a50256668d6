"""The best runs of a sweep: settings, score, checkpoint and how to evaluate it."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sem3d.report.sweeps.outcomes import Outcome, Sweep, run_config
from sem3d.report.sweeps.parameters import bare, parameters, settings
from sem3d.runtime.names import override

SHARED: Final = (
    "dataset.", "data_dir=", "output_dir=", "acquisition", "geometry", "simulator", "noise=",
    "noise.eval",
)  # fmt: skip
"""Overrides of a training that an evaluation on the same data takes as well."""


def checkpoint(one: Outcome) -> Path:
    """Return where a run keeps its best checkpoint."""
    return one.job.folder / "checkpoints" / "best.ckpt"


def evaluation(sweep: Sweep, one: Outcome) -> str:
    """Return the command that evaluates a run's best checkpoint on the test split of its dataset.

    Jobs of other sweeps may have the same name; their results are kept apart by the sweep's.
    """
    config = run_config(one.job)
    dataset = config.get("choices", {}).get("dataset")
    chosen = [f"dataset={dataset}"] if dataset else []
    chosen += [word for word in config.get("overrides", []) if bare(word).startswith(SHARED)]
    named = [
        override("checkpoint", str(checkpoint(one))),
        override("name", f"{sweep.plan.name}-{one.job.name}"),
    ]
    return shlex.join(["python", "-m", "sem3d.evaluate", *named, *chosen])


def best_runs(sweep: Sweep, top: int) -> str:
    """Return the `top` best runs in words."""
    if not sweep.ranked:
        return "no job has a score yet"
    return "\n".join(line for n, _ in enumerate(sweep.ranked[:top]) for line in _told(sweep, n))


def best_line(sweep: Sweep, one: Outcome) -> str:
    """Return settings, score and epoch of a run in one line."""
    named = settings(parameters(sweep.plan), one.job.values) or one.job.name
    epoch, score = one.best or (0, 0)
    state = "" if one.job.state == "done" else f" ({one.job.state})"
    return f"{named}: {sweep.plan.monitor} {score:.4f} in epoch {epoch:g}{state}"


def _told(sweep: Sweep, n: int) -> Iterator[str]:
    one = sweep.ranked[n]
    yield f"{n + 1}. {best_line(sweep, one)}"
    if not checkpoint(one).is_file():
        yield f"   {checkpoint(one)} is not there"
        return
    yield f"   {checkpoint(one)}"
    yield f"   {evaluation(sweep, one)}"
