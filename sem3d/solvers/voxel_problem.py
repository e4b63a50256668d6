"""What a voxel solver must know of the microscope and the box, and nothing of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from sem3d.specimen import Beam, Scan, VoxelBox, VoxelSpecimen


@runtime_checkable
class VoxelEngine(Protocol):
    """A simulator for reference scans; see `sem3d.simulate.montecarlo.engine.MonteCarlo`."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Name and settings, as in the scans that it simulates."""

    def simulate(self, specimen: VoxelSpecimen, beam: Beam, seed: tuple[int, int] = (0, 0)) -> Scan:
        """Scan of one specimen."""


@dataclass(frozen=True)
class VoxelProblem:
    """The physics to invert.

    Attributes:
        box: grid, walls and materials; the first material is the matrix, the last is looked for.
        beam: energies of the scans and their dose, electrons per pixel and energy.
        engine: simulator of reference scans.
    """

    box: VoxelBox
    beam: Beam
    engine: VoxelEngine
