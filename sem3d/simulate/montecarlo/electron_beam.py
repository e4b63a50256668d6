"""The beam that scans the specimen and the detector above it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sem3d.errors import InputError
from sem3d.simulate.montecarlo.energy_grid import HIGHEST_EV, LOWEST_EV
from sem3d.simulate.montecarlo.transport import Source
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid

_EV_PER_KEV = 1000.0
_BEYOND = 2.0  # above every cosine, rounding included


@dataclass(frozen=True)
class ElectronBeam:
    """Where electrons enter, how fast, and which of those that leave the top are counted.

    Attributes:
        energies_keV: beam energies (nE,) [keV].
        pixels: image points (ny, nx) over the whole grid, None: one per column of voxels.
        spot_sigma_nm: standard deviation of the beam about the middle of its image point [nm],
            0 = point beam, None: uniform over the image point.
        tilt_deg: angle of the beam to the z axis, towards +x [degrees].
        e_cut_eV: electrons below are absorbed and not counted [eV].
        polar_deg: range of exit angles to the outward normal that the detector sees [degrees].

    Raises:
        InputError: a value outside of its range.
    """

    energies_keV: Sequence[float]
    pixels: tuple[int, int] | None = None
    spot_sigma_nm: float | None = None
    tilt_deg: float = 0.0
    e_cut_eV: float = 50.0
    polar_deg: tuple[float, float] = (0.0, 90.0)

    def __post_init__(self) -> None:
        if not LOWEST_EV <= self.e_cut_eV < HIGHEST_EV:
            raise InputError(
                f"e_cut_eV is {self.e_cut_eV}; the tables hold {LOWEST_EV} to {HIGHEST_EV} eV"
            )
        energies = self.energies_eV
        if not len(energies) or energies.min() <= self.e_cut_eV or energies.max() > HIGHEST_EV:
            raise InputError(
                f"energies_keV are {list(self.energies_keV)}; give energies above e_cut_eV "
                f"({self.e_cut_eV} eV) and up to {HIGHEST_EV / _EV_PER_KEV} keV"
            )
        if self.pixels is not None and min(self.pixels) < 1:
            raise InputError(f"pixels is {self.pixels}; give at least one row and one column")
        if self.spot_sigma_nm is not None and not 0 <= self.spot_sigma_nm < math.inf:
            raise InputError(f"spot_sigma_nm is {self.spot_sigma_nm}; give 0 or more nm, or null")
        if not abs(self.tilt_deg) < 90:
            raise InputError(f"tilt_deg is {self.tilt_deg}; give less than 90 degrees")
        low, high = self.polar_deg
        if not 0 <= low < high <= 90:
            raise InputError(f"polar_deg is {self.polar_deg}; give 0 <= lowest < highest <= 90")

    @property
    def energies_eV(self) -> np.ndarray:  # noqa: N802
        """Beam energies (nE,) float32 [eV]."""
        return np.asarray(np.array(self.energies_keV, float) * _EV_PER_KEV, np.float32)

    def shape(self, grid: VoxelGrid) -> tuple[int, int, int]:
        """Shape (nE, ny, nx) of the signal over a grid."""
        rows, columns = self.pixels or grid.labels.shape[1:]
        return len(self.energies_keV), rows, columns

    def source(self, grid: VoxelGrid) -> Source:
        """Return the device's view of beam and detector over a grid."""
        f = np.float32
        _, rows, columns = self.shape(grid)
        _, dy, dx = grid.voxel_nm
        tilt = math.radians(self.tilt_deg)
        low, high = self.polar_deg
        return Source(
            sine=f(math.sin(tilt)),
            cosine=f(math.cos(tilt)),
            pitch_x=f(dx * grid.labels.shape[2] / columns),
            pitch_y=f(dy * grid.labels.shape[1] / rows),
            spot=f(-1 if self.spot_sigma_nm is None else self.spot_sigma_nm),
            e_cut=f(self.e_cut_eV),
            cos_least=f(math.cos(math.radians(high)) if high < 90 else 0),
            cos_most=f(math.cos(math.radians(low)) if low > 0 else _BEYOND),
        )
