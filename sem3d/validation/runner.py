"""Runs of the engine: one seed, random numbers of their own for every run, a record of each."""

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
from jaxtyping import UInt8

from sem3d.chemistry import material
from sem3d.errors import InputError
from sem3d.simulate.montecarlo.cpu import simulate_on_cpu
from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.tasks import ExitSignal
from sem3d.simulate.montecarlo.transport_tables import TransportTables, tables_for
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid
from sem3d.validation.reference import Yield

PRESETS: Final = ("none", "moller", "dielectric")
"""Models of hard collisions that are compared."""
_WIDE_NM = 1000.0  # a voxel of a layer that has no structure


@dataclass(frozen=True)
class Run:
    """What was simulated: label, preset, beam electrons, seconds, SHA-256 of the tables."""

    label: str
    preset: str
    electrons: int
    seconds: float
    tables: str


def _nothing(_label: str, _share: float) -> None: ...


@dataclass
class Runner:
    """The engine with its settings.

    Attributes:
        seed: of all runs; each is a sample numbered by its label.
        threads: processor threads; the results do not depend on them.
        told: called with the label of a run and the share of it that is done.
        runs: what was done so far.

    Raises:
        InputError: the seed is not a whole number of 32 bits.
    """

    seed: int
    threads: int = 1
    told: Callable[[str, float], None] = _nothing
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        if type(self.seed) is not int or not 0 <= self.seed < 2**32:
            raise InputError(f"seed is {self.seed}; give a whole number from 0 to 2^32 - 1")
        if type(self.threads) is not int or self.threads < 1:
            raise InputError(f"threads is {self.threads}; give a whole number, at least 1")

    def signal(
        self,
        label: str,
        grid: VoxelGrid,
        materials: Sequence[str],
        preset: str,
        beam: ElectronBeam,
        electrons: int | np.ndarray,
    ) -> ExitSignal:
        """Simulate a specimen; see `simulate_on_cpu`.

        Args:
            label: name of the run, which makes its random numbers.
            grid: labels 1, 2, ... are `materials`.
            materials: names of `sem3d.chemistry`.
            preset: model of hard collisions.
            beam: energies and image points.
            electrons: per image point.
        """
        tables, begun = _tables(tuple(materials), preset), time.perf_counter()
        full = f"{label}, {preset}"
        self.told(full, 0.0)
        signal = simulate_on_cpu(
            grid, beam, tables, (self.seed, zlib.crc32(full.encode())), electrons,
            threads=self.threads, on_progress=lambda done, of: self.told(full, done / of),
        )  # fmt: skip
        self.told(full, 1.0)
        seconds = time.perf_counter() - begun
        total = int(signal.electrons.sum())
        self.runs.append(Run(label, preset, total, seconds, tables.sha256))
        return signal

    def yields(
        self,
        label: str,
        grid: VoxelGrid,
        name: str,
        preset: str,
        energies_keV: Sequence[float],
        electrons: int | Sequence[int],
    ) -> list[Yield]:
        """Return the yields of a specimen of one material without structure.

        Args:
            label: name of the run.
            grid: one column of voxels.
            name: of the material.
            preset: model of hard collisions.
            energies_keV: beam energies.
            electrons: at each energy.
        """
        wanted = np.broadcast_to(np.asarray(electrons, np.int64), len(energies_keV))
        beam = ElectronBeam(energies_keV)
        signal = self.signal(label, grid, [name], preset, beam, wanted[:, None, None])
        counts = signal.counts[:, 0, 0]
        pairs = zip(energies_keV, counts / wanted, wanted, strict=True)
        return [Yield(e, float(y), standard_error(float(y), int(n))) for e, y, n in pairs]


def standard_error(rate: float, electrons: int) -> float:
    """Return the standard error of a yield; secondaries make it Poisson's at most."""
    return float(np.sqrt(max(rate, 1 / electrons) / electrons))


def half_space() -> VoxelGrid:
    """Return a material that fills everything below the surface."""
    return VoxelGrid(_one_column(1), (1.0, _WIDE_NM, _WIDE_NM), substrate=1)


def film(thickness_nm: float) -> VoxelGrid:
    """Return a free-standing film of a thickness [nm], without end at its sides."""
    return VoxelGrid(_one_column(1), (thickness_nm, _WIDE_NM, _WIDE_NM))


def _one_column(layers: int) -> UInt8[np.ndarray, "Z 1 1"]:
    return np.ones((layers, 1, 1), np.uint8)


@cache
def _tables(names: tuple[str, ...], preset: str) -> TransportTables:
    return tables_for([material(name) for name in names], preset)
