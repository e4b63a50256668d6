"""The figure that sets the analytic model beside the table of Monte Carlo yields."""

from typing import Final

from matplotlib.figure import Figure

from sem3d.figures.columns import Comparison, draw_columns
from sem3d.simulate.analytic import Analytic
from sem3d.simulate.column_table import ColumnTable
from sem3d.specimen import Beam, LayerStack

COLUMNS: Final = ((0, 0), (5, 0), (15, 0), (0, 150), (10, 75), (15, 150))
"""Gold and aluminium [nm] of the curves, bare silicon first."""
MAPS_KEV: Final = (5, 15)
"""Beam energies of the maps."""
MODELS: Final = {"Monte Carlo": ColumnTable, "analytic": Analytic}


def columns_figure() -> Figure:
    """Draw both models of aluminium on gold on silicon; the analytic one without quirks."""
    stack, beam = LayerStack(("Au", "Al"), (15, 150)), Beam(range(5, 36))
    tables = {}
    for name, model in MODELS.items():
        states = model().table(stack, beam).table.numpy()
        tables[name] = states.reshape(len(states), *(n + 1 for n in stack.limits_nm))
    curves = {_name(*d): {m: t[:, *d] for m, t in tables.items()} for d in COLUMNS}
    maps = {}
    for energy in MAPS_KEV:
        k = beam.energies_keV.index(energy)
        maps[f"{energy} keV"] = {m: t[k] / t[k, 0, 0] for m, t in tables.items()}
    return draw_columns(Comparison(beam.energies_keV, curves, maps, ("Au", "Al")))


def _name(gold: int, al: int) -> str:
    layers = [f"{d} nm {name}" for name, d in (("Al", al), ("Au", gold)) if d]
    return " on ".join([*layers, "Si"])
