"""The validation of the Monte Carlo engine on the terminal: a bar, then a table."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from sem3d.report.terminal import WIDTH
from sem3d.validation.checks import Check, families, worst


@contextmanager
def progress_bar(
    total: int, console: Console | None = None
) -> Iterator[Callable[[str, float], None]]:
    """Show a bar of `total` runs; yields what is called with a run and its share done."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), "{task.description}")
    done, last = 0, ""
    with Progress(*columns, console=console or Console(stderr=True)) as progress:
        bar = progress.add_task("", total=total)

        def told(label: str, share: float) -> None:
            nonlocal done, last
            done, last = done + (bool(last) and label != last), label
            progress.update(bar, description=label, completed=int(done + share))

        yield told


def show_checks(checks: Sequence[Check], console: Console | None = None) -> None:
    """Print a line per family: how many pass, and the check that comes nearest to its limits."""
    console = console or Console(width=None if sys.stdout.isatty() else WIDTH)
    grid = Table(title="Monte Carlo engine: worst of each kind", title_justify="left")
    grid.add_column("check", overflow="fold")
    grid.add_column("worst at")
    for name in ("value", "reference", "tolerance", "passed"):
        grid.add_column(name, justify="right")
    for family, members in families(checks).items():
        one = worst(members)
        limited = [check for check in members if not check.reported]
        passed = f"{sum(c.passed for c in limited)}/{len(limited)}" if limited else "reported"
        colour = "green" if limited and all(c.passed for c in limited) else "red"
        verdict = f"[{colour}]{passed}[/]" if limited else passed
        reference = "" if one.reference is None else f"{one.reference:.4g}"
        row = (family, one.name, f"{one.value:.4g}", reference, one.tolerance, verdict)
        grid.add_row(*row)
    console.print(grid)
