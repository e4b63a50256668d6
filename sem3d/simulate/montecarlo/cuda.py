"""The transport on a GPU, by the same device functions; needs the extra ``cuda``."""

from functools import cache
from importlib.util import find_spec
from typing import Any, Final, no_type_check

import numpy as np

from sem3d.errors import InputError
from sem3d.simulate.montecarlo.cpu import Progress
from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.ionisation import STACK_ROWS
from sem3d.simulate.montecarlo.tasks import ExitSignal, Tally, prepare
from sem3d.simulate.montecarlo.transport import run_electrons
from sem3d.simulate.montecarlo.transport_tables import TransportTables
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid

THREADS: Final = 128
"""Per block. A block runs one task, so that its threads share image point and energy."""

_TASK_ELECTRONS = 16 * THREADS
_LAUNCH_TASKS = 16_384  # between two progress reports


def simulate_on_gpu(
    grid: VoxelGrid,
    beam: ElectronBeam,
    tables: TransportTables,
    key: tuple[int, int],
    electrons: int | np.ndarray,
    first: int | np.ndarray = 0,
    on_progress: Progress | None = None,
) -> ExitSignal:
    """Count the electrons that leave the top; same histories as on the CPU up to rounding.

    Args:
        grid: see `tasks.prepare`, as for the next five.
        beam: energies, image points, detector.
        tables: of the materials.
        key: (dataset seed, sample).
        electrons: per image point.
        first: number of the first electron.
        on_progress: see `cpu.Progress`; may raise to stop.

    Raises:
        InputError: see `tasks.prepare`, or there is no GPU or no numba-cuda.
    """
    job = prepare(grid, beam, tables, key, electrons, first)
    tally = Tally(job)
    if job.inputs is None:
        return tally.signal()
    cuda = numba_cuda()
    if not cuda.is_available():
        raise InputError("backend cuda finds no NVIDIA GPU; choose backend cpu")
    inputs = _to_device(job.inputs)
    hard = None if job.hard is None else _to_device(job.hard)
    tasks = job.tasks(_TASK_ELECTRONS)
    for begin in range(0, len(tasks), _LAUNCH_TASKS):
        part = tasks[begin : begin + _LAUNCH_TASKS]
        found = cuda.to_device(np.zeros((len(part), 2), np.int64))
        arguments = (inputs, cuda.to_device(part), found)
        if hard is None:
            kernels()["none"][len(part), THREADS](*arguments)
        else:
            kernels()["hard"][len(part), THREADS](hard, *arguments)
        tally.add(part, found.copy_to_host())
        if on_progress is not None:
            on_progress(tally.done, tally.total)
    return tally.signal()


@cache
def numba_cuda() -> Any:
    """Return the module ``numba.cuda``.

    Raises:
        InputError: the package numba-cuda is missing.
    """
    if find_spec("numba_cuda") is None:
        raise InputError("backend cuda needs the package numba-cuda; pip install 'sem3d[cuda]'")
    from numba import cuda

    return cuda


def kernel_functions() -> dict[str, Any]:
    """Return the kernels as plain functions: ``none`` and ``hard``, with `HardMedia` in front."""
    cuda = numba_cuda()
    float32, rows = np.float32, STACK_ROWS

    @cuda.jit(device=True)
    @no_type_check
    def run_task(hard: Any, stack: Any, inputs: Any, tasks: Any, found: Any) -> None:
        task = cuda.blockIdx.x
        begin = tasks[task, 1] + cuda.threadIdx.x
        count, energy = run_electrons(
            inputs, hard, stack, tasks[task, 0], begin, tasks[task, 2], cuda.blockDim.x
        )
        if count:
            cuda.atomic.add(found, (task, 0), count)
            cuda.atomic.add(found, (task, 1), energy)

    @no_type_check
    def none(inputs: Any, tasks: Any, found: Any) -> None:
        run_task(None, cuda.local.array((1, 7), float32), inputs, tasks, found)

    @no_type_check
    def hard(hard: Any, inputs: Any, tasks: Any, found: Any) -> None:
        run_task(hard, cuda.local.array((rows, 7), float32), inputs, tasks, found)

    return {"none": none, "hard": hard}


@cache
def kernels() -> dict[str, Any]:
    """Return the compiled kernels."""
    return {name: numba_cuda().jit(function) for name, function in kernel_functions().items()}


def _to_device(values: Any) -> Any:
    """Copy the arrays of nested named tuples to the GPU."""
    if isinstance(values, np.ndarray):
        return numba_cuda().to_device(values)
    if isinstance(values, tuple):
        return type(values)(*map(_to_device, values))
    return values
