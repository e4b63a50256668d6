"""What CPU and GPU share: inputs of the device, the work cut into tasks, the summed signal."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from sem3d.errors import InputError
from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.ionisation import HardMedia, hard_media
from sem3d.simulate.montecarlo.media import media
from sem3d.simulate.montecarlo.transport import ENERGY_UNITS, Inputs
from sem3d.simulate.montecarlo.transport_tables import TransportTables
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid, volume

_WORD = 2**32  # values of a counter or key word


@dataclass(frozen=True)
class Job:
    """Everything a backend needs.

    Attributes:
        inputs: of the device, None for an empty specimen.
        hard: tables of hard collisions, None without them.
        electrons: beam electrons (nE, ny, nx).
        first: number of the first of them at each point.
    """

    inputs: Inputs | None
    hard: HardMedia | None
    electrons: Int64[np.ndarray, "E Y X"]
    first: Int64[np.ndarray, "E Y X"]

    def tasks(self, most: int) -> Int64[np.ndarray, "N 3"]:
        """Return rows (image point, first electron, one beyond the last), `most` electrons each."""
        if self.inputs is None:
            return np.zeros((0, 3), np.int64)
        wanted, first = self.electrons.ravel(), self.first.ravel()
        pieces = -(-wanted // most)
        point = np.repeat(np.arange(wanted.size), pieces)
        piece = np.arange(len(point)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        begin = first[point] + piece * most
        end = np.minimum(begin + most, (first + wanted)[point])
        return np.stack([point, begin, end], axis=1)


@dataclass(frozen=True)
class ExitSignal:
    """Electrons that left the top.

    Attributes:
        counts: (nE, ny, nx).
        energy_eV: their energies summed (nE, ny, nx) [eV], for an energy-weighted detector.
        electrons: beam electrons (nE, ny, nx).
    """

    counts: Int64[np.ndarray, "E Y X"]
    energy_eV: Float64[np.ndarray, "E Y X"]
    electrons: Int64[np.ndarray, "E Y X"]


class Tally:
    """Adds up tasks, in whole numbers: their order does not matter."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._sums = np.zeros((job.electrons.size, 2), np.int64)
        self.total = int(job.electrons.sum())
        self.done = 0

    def add(self, tasks: Int64[np.ndarray, "N 3"], found: Int64[np.ndarray, "N 2"]) -> None:
        """Add counts and energies (n, 2) of tasks (n, 3)."""
        np.add.at(self._sums, tasks[:, 0], found)
        self.done += int((tasks[:, 2] - tasks[:, 1]).sum())

    def signal(self) -> ExitSignal:
        """Return the sums so far."""
        counts, energy = self._sums.T.reshape(2, *self._job.electrons.shape)
        return ExitSignal(counts.copy(), energy / ENERGY_UNITS, self._job.electrons)


def prepare(
    grid: VoxelGrid,
    beam: ElectronBeam,
    tables: TransportTables,
    key: tuple[int, int],
    electrons: int | np.ndarray,
    first: int | np.ndarray = 0,
) -> Job:
    """Check everything and bring it into the device's form.

    Args:
        grid: the specimen; its labels are numbers of the tables' materials, from 1 on.
        beam: energies, image points, detector.
        tables: of the materials.
        key: (dataset seed, sample), 32 bits each.
        electrons: per image point; one number, or an array that broadcasts to (nE, ny, nx), where
            0 leaves a point out.
        first: number of the first electron, likewise: a second run that begins where the first
            ended completes it.

    Raises:
        InputError: unknown labels, or numbers out of the range of 32-bit counters.
    """
    _check_labels(grid, tables)
    shape = beam.shape(grid)
    if not all(0 <= k < _WORD for k in key):
        raise InputError(f"key (seed, sample) is {key}; give whole numbers from 0 to 2^32 - 1")
    counts, begin = (np.broadcast_to(np.asarray(n, np.int64), shape) for n in (electrons, first))
    if min(counts.min(), begin.min()) < 0 or (counts + begin).max() > _WORD or counts.size > _WORD:
        raise InputError(
            "electrons or image points are negative or more than 2^32; run several keys"
        )
    if not grid.present:
        return Job(None, None, counts, begin)
    inputs = Inputs(
        volume(grid),
        media(tables, grid.present),
        beam.source(grid),
        beam.energies_eV,
        np.array(shape[1:], np.int64),
        np.array(key, np.uint32),
    )
    return Job(inputs, hard_media(tables) if tables.hard != "none" else None, counts, begin)


def _check_labels(grid: VoxelGrid, tables: TransportTables) -> None:
    known = len(tables.names)
    if grid.present and grid.present[-1] > known:
        raise InputError(
            f"label {grid.present[-1]} has no material: the tables hold {', '.join(tables.names)}; "
            "add it to their materials"
        )
