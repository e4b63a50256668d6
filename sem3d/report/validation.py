"""The validation of the Monte Carlo engine as a table, csv files and figures."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sem3d.figures.validation import (
    BulkPanel,
    SpecimenRow,
    draw_bulk,
    draw_film,
    draw_specimens,
)
from sem3d.files import write_atomic
from sem3d.report.cells import csv_lines
from sem3d.report.columns import columns_figure
from sem3d.report.pictures import Picture
from sem3d.validation.bulk import ELEMENTS, ENERGIES_KEV, SETS, BulkCurve
from sem3d.validation.checks import Check
from sem3d.validation.everything import Validation
from sem3d.validation.reference import (
    HUNGER_KUCHLER_KEV,
    Yield,
    hunger_kuchler,
    median_of_sets,
    near,
    nebula_film,
)
from sem3d.validation.silicon_film import ACCEPTED
from sem3d.validation.specimens import ALL, PICTURE_KEV, Contrast
from sem3d.validation.specimens import ENERGIES_KEV as CONTRAST_KEV

Rows = Iterable[Sequence[Any]]


def write_validation(found: Validation, out: Path) -> None:
    """Write tables and figures into `out`, made if need be.

    ``checks.csv`` has every comparison, ``bulk.csv`` the backscatter coefficients,
    ``bulk_points.csv`` every measurement beside ours, ``film.csv`` and ``contrast.csv`` the yields
    and contrasts by simulator, ``runs.csv`` what was simulated. Figures: ``bulk.png``,
    ``columns.png``, ``film.png``, ``specimens.png``.
    """
    out.mkdir(parents=True, exist_ok=True)
    tables: dict[str, Rows] = {
        "checks": _check_rows(found.checks),
        "bulk": _bulk_rows(found.bulk),
        "bulk_points": _point_rows(found.bulk),
        "film": _film_rows(found),
        "contrast": _contrast_rows(found.contrasts),
        "runs": _run_rows(found),
    }
    for stem, rows in tables.items():
        write_atomic(out / f"{stem}.csv", csv_lines(rows))
    figures = {
        "bulk": draw_bulk({name: _bulk_panel(name, found.bulk) for name in ELEMENTS}),
        "film": draw_film(
            _bars(nebula_film()), {k: _bars(y) for k, y in found.films.items()}, ACCEPTED
        ),
        "specimens": _specimens(found),
        "columns": columns_figure(),
    }
    for stem, figure in figures.items():
        write_atomic(out / f"{stem}.png", Picture(stem, "", "", figure).png or b"")


def _check_rows(checks: Iterable[Check]) -> Iterator[Sequence[Any]]:
    yield ["check", "at", "value", "reference", "low", "high", "tolerance", "verdict"]
    for c in checks:
        numbers = (_number(v) for v in (c.value, c.reference, c.low, c.high))
        yield [c.family, c.name, *numbers, c.tolerance, c.verdict]


def _bulk_rows(curves: Iterable[BulkCurve]) -> Iterator[Sequence[Any]]:
    yield [
        "element", "energy [keV]", "hard collisions", "backscatter coefficient", "standard error",
        "median measured", "data sets", "Hunger-Kuchler",
    ]  # fmt: skip
    for curve in curves:
        for y in curve.yields:
            inside = HUNGER_KUCHLER_KEV[0] <= y.energy_keV <= HUNGER_KUCHLER_KEV[1]
            yield [
                curve.element, y.energy_keV, curve.preset, _number(y.value), _number(y.error),
                _number(median_of_sets(curve.element, y.energy_keV)),
                len(near(curve.element, y.energy_keV)),
                _number(hunger_kuchler(curve.element, y.energy_keV) if inside else None),
            ]  # fmt: skip


def _point_rows(curves: Sequence[BulkCurve]) -> Iterator[Sequence[Any]]:
    presets = list(dict.fromkeys(c.preset for c in curves))
    by_name = {(c.element, c.preset): c for c in curves}
    yield ["element", "energy [keV]", "measured", "source", *presets]
    for element in ELEMENTS:
        for p in by_name[element, presets[0]].points():
            ours = (_number(by_name[element, preset].at(p.energy_keV)) for preset in presets)
            yield [element, p.energy_keV, p.eta, p.source, *ours]


def _film_rows(found: Validation) -> Iterator[Sequence[Any]]:
    yield ["energy [keV]", "simulator", "yield", "standard error"]
    for name, yields in {"nebula": nebula_film(), **found.films}.items():
        for y in yields:
            yield [y.energy_keV, name, _number(y.value), _number(y.error)]


def _contrast_rows(contrasts: Iterable[Contrast]) -> Iterator[Sequence[Any]]:
    yield ["specimen", "energy [keV]", "simulator", "contrast", "standard error"]
    for c in contrasts:
        for energy, value, error in zip(CONTRAST_KEV, c.value, c.error, strict=True):
            yield [c.specimen, energy, c.simulator, _number(value), _number(error)]


def _run_rows(found: Validation) -> Iterator[Sequence[Any]]:
    yield ["run", "hard collisions", "electrons", "seconds", "tables sha256"]
    for run in found.runs:
        yield [run.label, run.preset, run.electrons, f"{run.seconds:.2f}", run.tables]


def _bulk_panel(element: str, curves: Iterable[BulkCurve]) -> BulkPanel:
    own = [c for c in curves if c.element == element]
    medians = [
        (energy, median_of_sets(element, energy))
        for energy in ENERGIES_KEV
        if len(near(element, energy)) >= SETS
    ]
    energies = np.geomspace(HUNGER_KUCHLER_KEV[0], ENERGIES_KEV[-1], 40)
    return BulkPanel(
        measured=np.array([(p.energy_keV, p.eta) for p in own[0].points()], float),
        medians=np.array(medians, float).reshape(-1, 2),
        formula=np.array([(e, hunger_kuchler(element, e)) for e in energies]),
        curves={c.preset: _bars(c.yields)[:, :2] for c in own},
    )


def _specimens(found: Validation) -> Any:
    def bars(contrast: Contrast) -> np.ndarray:
        return np.stack([np.array(CONTRAST_KEV), contrast.value, contrast.error], axis=1)

    rows = {}
    shown = {image.specimen.name: image for image in found.images}
    for name in [*shown, ALL]:
        own = {c.simulator: bars(c) for c in found.contrasts if c.specimen == name}
        reference = own.pop("nebula")
        image = shown.get(name)
        if image is None:
            rows[name] = SpecimenRow({}, np.zeros((1, 1), bool), reference, own)
        else:
            rows[name] = SpecimenRow(image.yields, image.specimen.columns, reference, own)
    names = next(iter(shown.values())).yields
    titles = {n: f"{'Nebula' if n == 'nebula' else n}, {PICTURE_KEV:g} keV" for n in names}
    return draw_specimens(rows, titles)


def _bars(yields: Iterable[Yield]) -> np.ndarray:
    return np.array([(y.energy_keV, y.value, y.error) for y in yields], float)


def _number(value: float | None) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.6g}"
