"""The limits of a microscope as figures, tables and a few lines, before anything is measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from matplotlib.figure import Figure
from torch import Tensor

from sem3d.figures.limits import draw_ambiguity, draw_cramer_rao, draw_energies
from sem3d.files import write_atomic
from sem3d.report.cells import csv_lines
from sem3d.report.pictures import Picture
from sem3d.solvers import limits
from sem3d.solvers.energies import Selection, select_energies
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.search import layer_sets

FRACTIONS = (0.2, 0.6, 1.0)
"""Thicknesses of another layer in the curves, as parts of its limit."""
OWN = 2 / 3
"""Own thickness at which the information by energy is drawn, as a part of the limit."""
POINTS = 60
"""Points of a curve."""


@dataclass(frozen=True)
class Limits:
    """What can be known of one pixel.

    Attributes:
        problem: the physics.
        level: standard deviation of the stabilised noise.
        states_nm: (L, Y, X) see `sem3d.solvers.limits.drawn_states` [nm].
        deviation_nm: (L, Y, X) least standard deviation [nm].
        confusion: of the states in the order of ``states_nm.flatten(1)``.
        selections: the best energies of every number.
    """

    problem: LayeredProblem
    level: float
    states_nm: Float[Tensor, "L Y X"]
    deviation_nm: Float[Tensor, "L Y X"]
    confusion: limits.Ambiguity
    selections: list[Selection]

    @property
    def layers(self) -> Sequence[str]:
        """Names of the layers, lowest first: the material, numbered where it occurs twice."""
        names = list(self.problem.stack.materials)
        return [n if names.count(n) == 1 else f"{n} {k + 1}" for k, n in enumerate(names)]

    @property
    def sets(self) -> Int64[Tensor, " N"]:
        """Which layers each state has, see `sem3d.solvers.limits.layer_sets`."""
        return layer_sets(self.states_nm.flatten(1))

    def name(self, code: int) -> str:
        """Return the name of a set of layers."""
        present = [name for k, name in enumerate(self.layers) if code >> k & 1]
        return " + ".join(present) or f"bare {self.problem.stack.substrate}"

    def best(self, count: int) -> Selection:
        """Return the best `count` energies, or all if there are fewer."""
        return self.selections[min(count, len(self.selections)) - 1]


def work_out(problem: LayeredProblem, level: float) -> Limits:
    """Work out all limits.

    Raises:
        InputError: the level is not a relative noise between 0 and 1.
    """
    states = limits.drawn_states(problem.stack)
    deviation = limits.cramer_rao(problem, states, level)
    confusion = limits.ambiguity(problem, states.flatten(1), level)
    selections = select_energies(problem, level)
    return Limits(problem, level, states, deviation, confusion, selections)


def write_limits(found: Limits, count: int, out: Path) -> None:
    """Write three figures and two tables into `out`, made if need be; `count` energies are marked.

    Figures: ``cramer_rao.png``, ``ambiguity.png``, ``energies.png``. ``cramer_rao.csv`` has a line
    per state (thickness, least standard deviation, nearest state with another set of layers
    and its distance), ``energies.csv`` one per number of energies.
    """
    out.mkdir(parents=True, exist_ok=True)
    figures = {
        "cramer_rao": _cramer_rao(found),
        "ambiguity": _ambiguity(found),
        "energies": _energies(found, count),
    }
    for stem, figure in figures.items():
        write_atomic(out / f"{stem}.png", Picture(stem, "", "", figure).png or b"")
    write_atomic(out / "cramer_rao.csv", csv_lines(_state_rows(found)))
    write_atomic(out / "energies.csv", csv_lines(_energy_rows(found)))


def summary(found: Limits, count: int) -> Iterator[str]:
    """Yield the best energies, what they keep, and the worst ambiguity of every set of layers."""
    best = found.best(count)
    ratios = (f"{n} x{r:.2f}" for n, r in zip(found.layers, best.std_ratio, strict=True))
    energies = ", ".join(f"{e:g}" for e in best.energies_keV)
    yield f"best {len(best.energies_keV)} of {len(found.selections)} energies: {energies} keV"
    yield f"they keep {best.retained:.0%} of the information; median std {', '.join(ratios)}"
    yield "distance to another set of layers [noise standard deviations]:"
    states, distance = found.states_nm.flatten(1), found.confusion.distance
    for code in found.sets.unique().tolist():
        mine = (found.sets == code).nonzero()[:, 0]
        worst = int(mine[distance[mine].argmin()])
        this, other = (
            _state_name(found, some[:, worst]) for some in (states, found.confusion.other_nm)
        )
        yield (
            f"  {found.name(code)}: median {float(distance[mine].median()):.2f}"
            f", least {float(distance[worst]):.2f} between {this} and {other}"
        )


def _cramer_rao(found: Limits) -> Figure:
    deviations, shares, titles = {}, {}, {}
    for k, layer in enumerate(found.layers):
        limit = found.problem.stack.limits_nm[k]
        own = torch.linspace(limit / POINTS, limit, POINTS, dtype=torch.float64)
        deviations[layer] = _curves(found, k, own)
        middle = float(max(1, round(OWN * limit)))
        titles[layer] = f"at {middle:g} nm {layer}"
        shares[layer] = _shares(found, k, middle)
    maps = found.deviation_nm[:2].numpy() if len(found.layers) > 1 else None
    return draw_cramer_rao(deviations, shares, titles, maps, found.layers)


def _curves(found: Limits, k: int, own: Tensor) -> dict[str, np.ndarray]:
    """Points (own thickness, standard deviation) by what else is there."""
    curves = {}
    for name, base in _cases(found, k):
        states = base[:, None].repeat(1, len(own))
        states[k] = own
        deviation = limits.cramer_rao(found.problem, states, found.level)[k]
        curves[name] = torch.stack([own, deviation], 1).numpy()
    return curves


def _shares(found: Limits, k: int, own_nm: float) -> dict[str, np.ndarray]:
    """Points (energy, share of the information [%]) by what else is there."""
    energies = np.array(found.problem.beam.energies_keV)
    curves = {}
    for name, base in _cases(found, k):
        base[k] = own_nm
        share = limits.information_share(found.problem, base, found.level)[:, k]
        curves[name] = np.stack([energies, 100 * share.numpy()], 1)
    return curves


def _cases(found: Limits, k: int) -> Iterator[tuple[str, Tensor]]:
    """Yield names and thicknesses (L,) [nm] of what else may be in the column of layer k."""
    limits_nm = found.problem.stack.limits_nm
    nothing = torch.zeros(len(limits_nm), dtype=torch.float64)
    yield "alone", nothing.clone()
    for j in (j for j in range(len(nothing)) if j != k):
        for part in FRACTIONS:
            case = nothing.clone()
            case[j] = max(1, round(part * limits_nm[j]))
            place = "under" if j > k else "on"
            yield f"{place} {case[j]:g} nm {found.layers[j]}", case


def _ambiguity(found: Limits) -> Figure:
    stack = found.problem.stack
    single = {}
    for k, layer in enumerate(found.layers):
        states = torch.zeros(len(found.layers), stack.limits_nm[k], dtype=torch.float64)
        states[k] = torch.arange(1, stack.limits_nm[k] + 1)
        distance = limits.ambiguity(found.problem, states, found.level).distance
        single[layer] = torch.stack([states[k], distance], 1).numpy()
    names = [found.name(code) for code in range(2 ** len(found.layers))]
    if len(found.layers) == 1:
        return draw_ambiguity(single, None, None, names, found.layers)
    plane = found.states_nm.shape[1:]
    nearest = layer_sets(found.confusion.other_nm).reshape(plane).numpy()
    apart = found.confusion.distance.reshape(plane).numpy()
    return draw_ambiguity(single, apart, nearest, names, found.layers)


def _energies(found: Limits, count: int) -> Figure:
    energies = np.array(found.problem.beam.energies_keV)
    chosen = np.stack([np.isin(energies, s.energies_keV) for s in found.selections])
    retained = np.array([s.retained for s in found.selections])
    ratios = np.array([s.std_ratio for s in found.selections])
    by_layer = dict(zip(found.layers, ratios.T, strict=True))
    return draw_energies(chosen, energies, retained, by_layer, len(found.best(count).energies_keV))


def _state_rows(found: Limits) -> Iterator[list[Any]]:
    names = found.layers
    yield [
        *(f"{n} [nm]" for n in names),
        *(f"least std {n} [nm]" for n in names),
        "distance to another set [noise std]",
        *(f"nearest other {n} [nm]" for n in names),
    ]
    confusion = found.confusion
    parts = (found.states_nm.flatten(1), found.deviation_nm.flatten(1))
    columns = torch.cat([*parts, confusion.distance[None], confusion.other_nm])
    for row in columns.T.tolist():
        yield ["" if np.isnan(value) else f"{value:.6g}" for value in row]


def _energy_rows(found: Limits) -> Iterator[list[Any]]:
    ratios = (f"median std ratio {n}" for n in found.layers)
    yield ["energies", "energies [keV]", "information [bit]", "information kept", *ratios]
    for s in found.selections:
        numbers = (s.information_bits, s.retained, *s.std_ratio)
        energies = " ".join(f"{e:g}" for e in s.energies_keV)
        yield [len(s.energies_keV), energies, *(f"{value:.6g}" for value in numbers)]


def _state_name(found: Limits, thickness_nm: Tensor) -> str:
    pairs = zip(thickness_nm.tolist(), found.layers, strict=True)
    present = [f"{d:g} nm {name}" for d, name in pairs if d > 0]
    return " + ".join(present) or found.name(0)
