"""The transport on the processor's cores."""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import no_type_check

import numpy as np
from jaxtyping import Int64
from numba import njit

from sem3d.errors import InputError
from sem3d.simulate.montecarlo.compiled import source_digest
from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.ionisation import STACK_ROWS, HardMedia
from sem3d.simulate.montecarlo.tasks import ExitSignal, Job, Tally, prepare
from sem3d.simulate.montecarlo.transport import Inputs, run_electrons
from sem3d.simulate.montecarlo.transport_tables import TransportTables
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid

_MOST_ELECTRONS = 16_384  # per group of tasks: a fraction of a second
_GROUPS_PER_THREAD = 8  # so that threads end together

Progress = Callable[[int, int], None]
"""Called with the electrons done and wanted, from the caller's own thread."""


def simulate_on_cpu(
    grid: VoxelGrid,
    beam: ElectronBeam,
    tables: TransportTables,
    key: tuple[int, int],
    electrons: int | np.ndarray,
    first: int | np.ndarray = 0,
    threads: int = 1,
    on_progress: Progress | None = None,
) -> ExitSignal:
    """Count the electrons that leave the top, bit for bit the same for any number of threads.

    Args:
        grid: see `tasks.prepare`, as for the next five.
        beam: energies, image points, detector.
        tables: of the materials.
        key: (dataset seed, sample).
        electrons: per image point.
        first: number of the first electron.
        threads: processor threads.
        on_progress: see `Progress`; may raise to stop.

    Raises:
        InputError: see `tasks.prepare`, or no threads.
    """
    if threads < 1:
        raise InputError(f"threads is {threads}; give at least 1")
    job = prepare(grid, beam, tables, key, electrons, first)
    tally = Tally(job)
    for tasks, found in _results(job, list(_groups(job, threads)), threads):
        tally.add(tasks, found)
        if on_progress is not None:
            on_progress(tally.done, tally.total)
    return tally.signal()


def _groups(job: Job, threads: int) -> Iterator[np.ndarray]:
    """Cut the work into groups of tasks of about the same number of electrons."""
    share = math.ceil(job.electrons.sum() / (threads * _GROUPS_PER_THREAD))
    most = max(1, min(_MOST_ELECTRONS, share))
    tasks = job.tasks(most)
    if not len(tasks):
        return
    group = np.cumsum(tasks[:, 2] - tasks[:, 1]) // most
    yield from np.split(tasks, np.flatnonzero(np.diff(group)) + 1)


def _results(
    job: Job, groups: list[np.ndarray], threads: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Run groups of tasks, few ahead of time so that an interrupt ends soon."""

    def run(tasks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return tasks, run_tasks(job.inputs, job.hard, tasks)

    if threads == 1:
        yield from map(run, groups)
        return
    waiting = iter(groups)
    with ThreadPoolExecutor(threads) as pool:
        running: set[Future] = {pool.submit(run, g) for g in islice(waiting, 2 * threads)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(run, g) for g in islice(waiting, len(done))}
                for future in done:
                    yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _compile(sources: str) -> Callable[..., np.ndarray]:
    """Return the compiled loop over tasks, kept on disk for these `sources`."""

    @njit(cache=True, error_model="numpy", nogil=True)
    @no_type_check
    def run_tasks(
        inputs: Inputs, hard: HardMedia | None, tasks: Int64[np.ndarray, "N 3"]
    ) -> Int64[np.ndarray, "N 2"]:
        found = np.zeros((len(tasks), 2), np.int64)
        stack = np.empty((STACK_ROWS if len(sources) else 0, 7), np.float32)
        for k in range(len(tasks)):
            point, begin, end = tasks[k]
            count, energy = run_electrons(inputs, hard, stack, point, begin, end, 1)
            found[k, 0] = count
            found[k, 1] = energy
        return found

    return run_tasks


run_tasks = _compile(source_digest())
"""Counts and energies [eV / 256] (n, 2) of tasks (n, 3)."""
