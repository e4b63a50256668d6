"""Beam electrons per second of the Monte Carlo engine.

A free-standing silicon film of 20 x 20 x 20 nm, plain and with a 5 nm copper cube 5 nm deep, at 20
energies. Rates per core count processor time, so that other work on the machine does not matter;
those of several threads count the clock. Compilation is over before any clock starts.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np
from _table import machine, parser, show

from sem3d.chemistry import material
from sem3d.simulate.montecarlo.cpu import simulate_on_cpu
from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.hard_collisions import MODELS
from sem3d.simulate.montecarlo.transport_tables import tables_for
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid

ENERGIES = np.arange(1, 21) * 0.5
SHOWN = (0.5, 1.0, 2.0, 5.0, 10.0)
# Nebula 1.0.2, backscatter only, one core: measured once, elsewhere.
PEER = "Nebula 1.0.2 (measured once)"
PEER_RATE = 0.07e6

Clock = Callable[[], float]


def main() -> None:
    read = parser(__doc__)
    read.add_argument("--electrons", type=int, default=200, help="per pixel and energy")
    read.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = read.parse_args()
    runs = {
        (hard, name): (grid, tables_for([material("Si"), material("Cu")], hard))
        for hard in MODELS
        for name, grid in grids()
    }
    by_energy = {key: rates(*run, options.electrons) for key, run in runs.items()}
    columns = (
        "thousand electrons/s and core",
        *(f"{keV:g} keV" for keV in SHOWN),
        "all 20",
        "x peer",
    )
    rows: list[tuple] = []
    for (hard, name), (each, whole) in by_energy.items():
        shown = [float(each[list(ENERGIES).index(keV)]) / 1e3 for keV in SHOWN]
        rows.append((f"{name}, hard: {hard}", *shown, whole / 1e3, whole / PEER_RATE))
    rows.append((PEER, *("",) * len(SHOWN), PEER_RATE / 1e3, 1.0))
    note = f"{options.electrons} electrons per pixel and energy"
    show(f"Monte Carlo on {machine()}", columns, rows, note)

    columns = ("thousand electrons/s by the clock", *(f"threads={n}" for n in options.threads))
    rows = [
        (f"{name}, hard: {hard}", *(wall(*run, options.electrons, n) for n in options.threads))
        for (hard, name), run in runs.items()
    ]
    show("Threads", columns, rows)


def grids() -> Iterator[tuple[str, VoxelGrid]]:
    """Yield the film and the film with a cube."""
    labels = np.ones((20, 20, 20), np.uint8)
    yield "film", VoxelGrid(labels)
    labels = labels.copy()
    labels[5:10, 7:12, 7:12] = 2
    yield "film with cube", VoxelGrid(labels)


def rates(grid, tables, electrons: int) -> tuple[np.ndarray, float]:
    """Electrons per second of processor time, by energy and for all energies together."""
    seconds = []
    for keV in ENERGIES:
        beam = ElectronBeam([float(keV)])
        seconds.append(timed(time.process_time, grid, beam, tables, electrons, 1))
    per_energy = electrons * 400 / np.array(seconds)
    return per_energy, float(electrons * 400 * len(seconds) / sum(seconds))


def wall(grid, tables, electrons: int, threads: int) -> float:
    """Thousand electrons per second by the clock, all energies."""
    beam = ElectronBeam(list(ENERGIES))
    seconds = timed(time.perf_counter, grid, beam, tables, electrons, threads)
    return electrons * 400 * len(ENERGIES) / seconds / 1e3


def timed(clock: Clock, grid, beam, tables, electrons: int, threads: int) -> float:
    simulate_on_cpu(grid, beam, tables, (0, 0), 1)  # compile
    start = clock()
    simulate_on_cpu(grid, beam, tables, (0, 1), electrons, threads=threads)
    return clock() - start


if __name__ == "__main__":
    main()
