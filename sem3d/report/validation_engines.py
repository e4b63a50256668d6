"""Engines beside each other as a figure, a csv file and a table on the terminal."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from sem3d.figures.engines import Panel, Pictures, draw_engines
from sem3d.files import write_atomic
from sem3d.report.cells import csv_lines
from sem3d.report.pictures import Picture
from sem3d.report.terminal import WIDTH
from sem3d.validation.engines import DEPTHS_NM, Seen, copper_columns, copper_from
from sem3d.validation.specimens import ENERGIES_KEV

SHOWN_KEV: Final = 3.0
"""Beam energy of the images and of the contrast by depth: every engine has a say there."""
TABLE_KEV: Final = (1.0, 2.0, 3.0, 5.0)
"""Energies of the table; the film in the figure refers to the first."""
SHOWN: Final = ("sphere", "vias", "nanocube")
"""Specimens whose images are drawn."""


def write_engines(found: Sequence[Seen], out: Path) -> None:
    """Write ``engines.png`` and ``engines.csv`` into `out`, made if need be."""
    figure = Picture("engines", "", "", engines_figure(found)).png or b""
    write_atomic(out / "engines.png", figure)
    write_atomic(out / "engines.csv", csv_lines(_rows(found)))


def engines_figure(found: Sequence[Seen]) -> Figure:
    """Draw film, contrast by energy and by depth, and images."""
    at, first = ENERGIES_KEV.index(SHOWN_KEV), ENERGIES_KEV.index(TABLE_KEV[0])
    energies = np.array(ENERGIES_KEV)
    middles = np.array([(a + b - 1) / 2 for a, b in DEPTHS_NM])
    films, contrasts, depths = {}, {}, {}
    for seen in found:
        name, whole = seen.engine, seen.contrast(copper_columns())
        scaled = seen.film / seen.film[first], seen.film_error / seen.film[first]
        films[name] = np.stack([energies, *scaled], axis=1)
        contrasts[name] = np.stack([energies, *whole], axis=1)
        depths[name] = np.stack([middles, *_by_depth(seen, at)], axis=1)
    panels = [
        Panel("20 nm Si film", "beam energy [keV]", "signal / signal at 1 keV", films),
        Panel("copper in the film", "beam energy [keV]", "contrast to the film", contrasts),
        Panel(
            f"the same by depth, {SHOWN_KEV:g} keV", "depth of uppermost copper [nm]",
            "contrast to the film", depths,
        ),
    ]  # fmt: skip
    columns = copper_columns()
    rows = {
        part: Pictures(
            {s.engine: s.images[part][at] / s.film[at] for s in found}, columns[part]
        )
        for part in SHOWN
    }  # fmt: skip
    counting = [s.engine for s in found if s.electrons is not None]
    return draw_engines(panels, rows, counting, f"signal / film, {SHOWN_KEV:g} keV")


def show_engines(found: Sequence[Seen], console: Console | None = None) -> None:
    """Print a column per engine."""
    console = console or Console(width=None if sys.stdout.isatty() else WIDTH)
    grid = Table(title="Engines on the same specimens", title_justify="left")
    grid.add_column("", no_wrap=True)
    for seen in found:
        grid.add_column(seen.engine, justify="right")
    for title, *cells in _lines(found):
        grid.add_row(title, *cells)
    console.print(grid)


def _lines(found: Sequence[Seen]) -> Iterator[Sequence[str]]:
    """Yield title and a cell per engine; what an engine does not say is empty."""
    for energy in TABLE_KEV:
        at = ENERGIES_KEV.index(energy)
        values = (f"{s.film[at]:.3f}" for s in found)
        yield f"signal of the film, {energy:g} keV", *values
    for energy in TABLE_KEV:
        at = ENERGIES_KEV.index(energy)
        values = (_told(s.contrast(copper_columns())[0][at]) for s in found)
        yield f"contrast of copper, {energy:g} keV", *values
    depths = [_by_depth(s, ENERGIES_KEV.index(SHOWN_KEV))[0] for s in found]
    for k, (low, high) in enumerate(DEPTHS_NM):
        title = f"copper {low} to {high - 1} nm deep, {SHOWN_KEV:g} keV"
        yield title, *(_told(values[k]) for values in depths)
    yield "electrons/s per core", *("" if s.rate is None else f"{s.rate:,.0f}" for s in found)


def _by_depth(seen: Seen, at: int) -> tuple[np.ndarray, np.ndarray]:
    """Return contrasts and standard errors at an energy, over `DEPTHS_NM`."""
    pairs = [seen.contrast(copper_from(depth)) for depth in DEPTHS_NM]
    return np.array([v[at] for v, _ in pairs]), np.array([e[at] for _, e in pairs])


def _rows(found: Sequence[Seen]) -> Iterator[Sequence[Any]]:
    """Yield a line per number; what an engine does not say is empty."""
    yield ["engine", "quantity", "energy [keV]", "value", "standard error"]
    groups = {"contrast": copper_columns()}
    groups |= {f"contrast of {n}": {n: p} for n, p in copper_columns().items()}
    groups |= {f"contrast, {a}-{b - 1} nm deep": copper_from((a, b)) for a, b in DEPTHS_NM}
    for seen in found:
        numbers = {"film": (seen.film, seen.film_error)}
        numbers |= {name: seen.contrast(pixels) for name, pixels in groups.items()}
        for name, (values, errors) in numbers.items():
            for energy, value, error in zip(ENERGIES_KEV, values, errors, strict=True):
                sure = f"{error:.4g}" if seen.electrons and np.isfinite(value) else ""
                yield [seen.engine, name, energy, _number(value), sure]
        if seen.rate is not None:
            yield [seen.engine, "electrons per second and core", "", f"{seen.rate:.6g}", ""]


def _told(value: float) -> str:
    return f"{value:+.2f}" if np.isfinite(value) else ""


def _number(value: float) -> str:
    return f"{value:.6g}" if np.isfinite(value) else ""
