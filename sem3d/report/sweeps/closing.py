"""The end of a sweep: its table and figures as files, and what to tell."""

import io
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console

from sem3d.files import write_atomic
from sem3d.report.sweeps.best import best_runs
from sem3d.report.sweeps.grid import weighed
from sem3d.report.sweeps.listing import told_jobs
from sem3d.report.sweeps.outcomes import Outcome, Sweep, read_sweep, told_epochs, trained_seconds
from sem3d.report.sweeps.parameters import parameters
from sem3d.report.sweeps.status import counts, damages, failures
from sem3d.report.sweeps.tables import shown_table, write_table
from sem3d.report.terminal import WIDTH
from sem3d.runtime.times import told_time

TOP: Final = 5
FIGURES: Final = "figures"
"""Folder of the figures inside the sweep's."""


def close(path: Path) -> str:
    """Write table and figures into a sweep's folder and return what to print.

    Args:
        path: the sweep's folder.

    Raises:
        InputError: it holds no sweep, or one of its own files is damaged.
    """
    sweep = read_sweep(path)
    return "\n".join(_told(sweep, [write_table(sweep), *write_figures(sweep)]))


def write_figures(sweep: Sweep) -> list[Path]:
    """Write the figures of a sweep as PNG; return where, nothing without a score.

    Figures that it has no more are deleted: they show another sweep, which this one replaced.
    """
    from sem3d.report.sweeps.pictures import STEMS, pictures  # matplotlib only where it draws

    found = []
    for picture in pictures(sweep):
        path = sweep.path / FIGURES / f"{picture.stem}.png"
        assert picture.png is not None
        write_atomic(path, picture.png)
        found.append(path)
    for stem in {*STEMS} - {path.stem for path in found}:
        (sweep.path / FIGURES / f"{stem}.png").unlink(missing_ok=True)
    return found


def saved(sweep: Sweep) -> tuple[int, float]:
    """Return what halving saved: epochs, and their time [s] by each job's own time per epoch."""
    epochs, time_s = 0, 0.0
    for one in sweep.of("halved"):
        left = _left(one)
        epochs += left
        time_s += left * trained_seconds(one, time.time()) / max(one.epochs, 1)
    return epochs, time_s


def _left(one: Outcome) -> int:
    made = int(one.job.done["halved"]["epoch"])
    return max(0, one.planned - made) if one.planned else 0


def _told(sweep: Sweep, written: list[Path]) -> Iterator[str]:
    number = len(sweep.outcomes)
    states = ", ".join(f"{count} {state}" for state, count in counts(sweep).items())
    yield f"sweep {sweep.plan.name}: {told_jobs(number)}: {states}"
    if sweep.ranked:
        out = io.StringIO()
        Console(file=out, width=WIDTH).print(shown_table(sweep, TOP))
        yield out.getvalue().rstrip("\n")
        if (shown := min(TOP, len(sweep.ranked))) < number:
            command = shlex.join(["python", "-m", "sem3d.sweep", "table", str(sweep.path)])
            yield f"{shown} of {number} jobs; all: {command}"
    yield best_runs(sweep, 1)
    yield from _importance(sweep)
    yield from failures(sweep)
    yield from damages(sweep)
    epochs, time_s = saved(sweep)
    if epochs:
        halved, made = told_jobs(len(sweep.of("halved"))), told_epochs(epochs)
        yield f"{halved} stopped early: {made}, about {told_time(time_s)} saved"
    yield from map(str, written)


def _importance(sweep: Sweep) -> Iterator[str]:
    """Say in one line what mattered."""
    found, basis = weighed(sweep)
    if found:
        axes = parameters(sweep.plan)
        ordered = sorted(found.singles, key=lambda one: -one.share)
        told = (f"{axes[one.settings[0]].name} {100 * one.share:.0f} %" for one in ordered)
        yield f"variance of the scores: {', '.join(told)} ({basis})"
