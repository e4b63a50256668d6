"""How a sweep stands: counts, running jobs, failures, best run, time used and time left."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, get_args

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sem3d.report.sweeps.best import best_line
from sem3d.report.sweeps.outcomes import ENDED, Outcome, Sweep, read_sweep, seconds, trained_seconds
from sem3d.report.sweeps.parameters import parameters, settings
from sem3d.runtime.sweeps.folder import State
from sem3d.runtime.times import told_time

MOST_RUNNING: Final = 12
MOST_REASONS: Final = 5
MOST_NAMED: Final = 3
"""Lines that are told; the table has all."""

POLL_S: Final = 2.0

DATED_S: Final = 6 * 86400
"""Time left from which a weekday could be that of today, and the date is told [s]."""

COLOURS: Final = {
    "waiting": "dim", "running": "cyan", "interrupted": "yellow", "failed": "red", "done": "green",
    "halved": "blue",
}  # fmt: skip


def counts(sweep: Sweep) -> dict[str, int]:
    """Return the number of jobs in every state that occurs."""
    found = Counter(one.job.state for one in sweep.outcomes)
    return {state: found[state] for state in get_args(State) if found[state]}


def time_used(sweep: Sweep, now: float) -> float:
    """Return the run time of all jobs together [s]."""
    return sum(seconds(one, now) for one in sweep.outcomes)


def time_left(sweep: Sweep, now: float, places: int | None = None) -> float | None:
    """Return the time until the last job ends [s]; None while nothing runs or nothing is known.

    A job that has not started trains as long as those that ended did on average; before one has
    ended, as long as those that run do by their progress. It starts as fast as the fastest of
    several: the first ones may have written the dataset for all. A running job goes on as fast as
    so far. As many jobs as now go on running at a time, or `places`. A failed job is not counted.
    """
    running, ended = sweep.of("running"), sweep.of(*ENDED)
    trained = [trained_seconds(one, now) for one in ended]
    expected = trained or [
        trained_seconds(one, now) / one.progress for one in running if one.progress
    ]
    places = places or len(running)
    if not places or not expected:
        return None
    starts = [seconds(one, now) - time_s for one, time_s in zip(ended, trained, strict=True)]
    mean = sum(expected) / len(expected) + (min(starts) if len(starts) > 1 else 0.0)
    ends = [_left(one, mean, now) for one in running]
    others = sum((1 - one.progress) * mean for one in sweep.of("waiting", "interrupted"))
    return max([*ends, (sum(ends) + others) / places])


def _left(one: Outcome, mean: float, now: float) -> float:
    used = trained_seconds(one, now)
    whole = used / one.progress if one.progress else mean
    return max(0.0, whole - used)


def status(sweep: Sweep, now: float) -> Group:
    """Return the state of a sweep for a terminal."""
    return Group(*_parts(sweep, now))


def show(path: Path, console: Console) -> None:
    """Print how a sweep stands."""
    console.print(status(read_sweep(path), time.time()))


def follow(path: Path, console: Console, poll_s: float = POLL_S) -> None:
    """Show how a sweep stands until it ends, or until the user interrupts.

    What is left in the terminal at the end is not cut into lines: it may be copied.
    """
    sweep = read_sweep(path)
    with (
        Live(console=console, auto_refresh=False, transient=True) as live,
        suppress(KeyboardInterrupt),
    ):
        while sweep.is_running or sweep.of("running"):
            live.update(status(sweep, time.time()), refresh=True)
            time.sleep(poll_s)
            sweep = read_sweep(path)
    console.print(status(sweep, time.time()), soft_wrap=True)


def _parts(sweep: Sweep, now: float) -> Iterator[RenderableType]:
    told = Text(f"{sweep.plan.name}  ", style="bold")
    for state, number in counts(sweep).items():
        told.append(f"{number} {state}  ", style=COLOURS[state])
    yield told
    yield _bar(sweep)
    yield _times(sweep, now)
    if sweep.ranked:
        yield Text(f"best: {best_line(sweep, sweep.ranked[0])}")
    if running := sweep.of("running"):
        yield _running(sweep, running, now)
    yield from (Text(line) for line in failures(sweep))
    yield from (Text(line) for line in damages(sweep))
    if not sweep.is_running and not running and sweep.of("waiting", "interrupted"):
        yield Text(f"nothing runs; continue by: {sweep.plan.command}")


def _bar(sweep: Sweep) -> RenderableType:
    """Return a bar over jobs, running ones counted by their progress."""
    ended = len(sweep.of(*ENDED, "failed"))
    part = ended + sum(one.progress for one in sweep.of("running", "interrupted"))
    total = len(sweep.outcomes)
    row = Table.grid(padding=(0, 1))
    row.add_row(ProgressBar(max(total, 1), part, width=60), f"{ended} of {total} jobs ended")
    return row


def _times(sweep: Sweep, now: float) -> Text:
    running, left = len(sweep.of("running")), time_left(sweep, now)
    told = f"run time of all jobs {told_time(time_used(sweep, now))}"
    if left is not None:
        day = "%Y-%m-%d" if left >= DATED_S else "%a"
        end = time.strftime(f"{day} %H:%M", time.localtime(now + left))
        told += f"; {told_time(left)} left with {running} at a time, until {end}"
    return Text(told)


def _running(sweep: Sweep, running: list[Outcome], now: float) -> Table:
    axes = parameters(sweep.plan)
    grid = Table(title=f"running: {len(running)}", title_justify="left", box=None)
    for name in ("settings", "epochs", sweep.plan.monitor, "time", "host"):
        grid.add_column(name, justify="left" if name in ("settings", "host") else "right")
    for one in running[:MOST_RUNNING]:
        epochs = f"{one.epochs}/{one.planned}" if one.planned else str(one.epochs)
        if one.prepared is None and not one.epochs:
            epochs = "prepares data"
        score = f"{one.best[1]:.4f}" if one.best else ""
        record = one.job.record
        place = " ".join([record.host, *(f"GPU {device}" for device in record.devices)])
        named = settings(axes, one.job.values) or one.job.name
        grid.add_row(named, epochs, score, told_time(seconds(one, now)), place)
    if len(running) > MOST_RUNNING:
        grid.add_row(f"and {len(running) - MOST_RUNNING} more")
    return grid


def failures(sweep: Sweep) -> Iterator[str]:
    """Say why which jobs failed, the same reason once, with the first log there is.

    A job that is refused before its process starts has none.
    """
    axes = parameters(sweep.plan)
    reasons: dict[str, list[Outcome]] = defaultdict(list)
    for one in sweep.of("failed"):
        reasons[one.job.record.reason or "failed without a reason"].append(one)
    ordered = sorted(reasons.items(), key=lambda reason: -len(reason[1]))
    for reason, jobs in ordered[:MOST_REASONS]:
        yield f"failed {len(jobs)}x: {reason}"
        named = [settings(axes, one.job.values) or one.job.name for one in jobs[:MOST_NAMED]]
        more = f"; and {len(jobs) - MOST_NAMED} more" if len(jobs) > MOST_NAMED else ""
        yield f"   {'; '.join(named)}{more}"
        logs = [log for one in jobs if (log := one.job.folder / "job.log").is_file()]
        yield from (f"   {log}" for log in logs[:1])
    if len(ordered) > MOST_REASONS:
        yield f"and {len(ordered) - MOST_REASONS} other reasons; the table has all"


def damages(sweep: Sweep) -> Iterator[str]:
    """Name jobs that ended and cannot be ranked, and those that diverged without failing."""
    lost = [one for one in sweep.of(*ENDED) if one.best is None]
    if lost:
        why = lost[0].note or f"never logged {sweep.plan.monitor}"
        yield f"without a score {len(lost)}x: {lost[0].job.name}: {why}"
    noted = [one for one in sweep.of(*ENDED) if one.best and "metrics.csv" in one.note]
    if noted:
        yield f"damaged {len(noted)}x: {noted[0].note}"
    diverged = [one for one in sweep.outcomes if one.diverged and one.job.state != "failed"]
    if diverged:
        yield f"diverged {len(diverged)}x: first {diverged[0].job.name}"
