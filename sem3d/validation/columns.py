"""The shipped table of layered columns against fresh simulations of other columns."""

from collections.abc import Iterator
from typing import Final

import torch

from sem3d.simulate.column_table import ColumnTable
from sem3d.simulate.column_table_build import column
from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid
from sem3d.specimen import Beam, LayerStack
from sem3d.validation.checks import Check, within_share
from sem3d.validation.runner import Runner, standard_error

COLUMNS: Final = ((0.0, 75.0), (4.0, 0.0), (7.5, 115.0), (13.25, 35.0))
"""Gold and aluminium [nm], none of which the table was made from."""
ENERGIES_KEV: Final = (6.0, 13.0, 25.0)
"""Beam energies, likewise."""
TOLERANCE: Final = 0.02
"""Share of the yield by which the table may be wrong."""
_CHANCE = 3  # standard errors of the fresh simulation on top


def column_checks(runner: Runner, electrons: int) -> Iterator[Check]:
    """Yield the comparison of every column, simulated with `electrons` at each energy."""
    stack = LayerStack(("Au", "Al"), (15, 150))
    table = ColumnTable().forward(stack, Beam(ENERGIES_KEV))
    for gold, al in COLUMNS:
        expected = table(torch.tensor([gold, al], dtype=torch.float64)[:, None, None])[:, 0, 0]
        specimen = column(stack, (gold, al))
        box = specimen.box
        below = 1 + box.materials.index(box.bottom)
        dz, dy, dx = box.voxel_nm
        grid = VoxelGrid(specimen.labels, (dz, dy, dx), box.sides, below)
        label = f"{al:g} nm Al on {gold:g} nm Au on Si"
        beam = ElectronBeam(ENERGIES_KEV)
        counts = runner.signal(label, grid, box.materials, "none", beam, electrons).counts[:, 0, 0]
        for energy, count, value in zip(ENERGIES_KEV, counts, expected.tolist(), strict=True):
            found = float(count) / electrons
            chance = _CHANCE * standard_error(found, electrons)
            family = "column table: fresh simulation"
            name = f"{label} at {energy:g} keV"
            yield within_share(family, name, value, found, TOLERANCE, chance)
