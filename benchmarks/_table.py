"""What every benchmark shares: timing, the machine in words, one look of table."""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 112


def times(call: Callable[[], Any], repeats: int, warm_up: int = 1) -> list[float]:
    """Return the wall times of `repeats` calls [s] after `warm_up` calls without a clock.

    Take the least where other work on the machine would only add to it, the median for
    commands, whose start-up is the thing measured.
    """
    for _ in range(warm_up):
        call()
    return [_time(call) for _ in range(repeats)]


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose ``--help`` shows a benchmark's docstring as it stands."""
    form = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(description=description, formatter_class=form)


def machine(device: str = "cpu") -> str:
    """Processor or GPU, cores and versions, for the line above a table."""
    cores = len(os.sched_getaffinity(0))
    where = f"{_processor()}, {cores} cores"
    if device == "cuda":
        where = f"{torch.cuda.get_device_name()}, {where}"
    return f"{where}; Python {platform.python_version()}, torch {version('torch')}"


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *notes: str) -> None:
    """Print a title, a table with its first column to the left, and notes."""
    console = Console(width=WIDTH, highlight=False)
    table = Table(box=box.SIMPLE_HEAD)
    for k, name in enumerate(columns):
        table.add_column(Text(name), justify="right" if k else "left", overflow="fold")
    for row in rows:
        table.add_row(*[cell(value) for value in row])
    console.print(Text(title, style="bold"), table, sep="")
    for note in notes:
        console.print(Text(f"  {note}"))
    console.print()


def cell(value: Any) -> str:
    """Return a number with three digits that count, anything else as it is."""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _time(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
