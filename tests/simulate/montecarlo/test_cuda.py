"""The same device functions as machine code of a GPU; without one they are compiled only."""

import re
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.simulate.montecarlo import cuda
from sem3d.simulate.montecarlo.cpu import simulate_on_cpu
from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.tasks import prepare
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid

BEAM = ElectronBeam([0.5, 1.0, 2.0, 5.0])
needs_package = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="needs numba-cuda")


@needs_package
@pytest.mark.parametrize("hard", ["none", "moller"])
def test_kernels_compile_for_compute_capability_9(tables, film, monkeypatch, hard: str) -> None:
    from numba import typeof, types
    from numba.cuda import compile as to_ptx
    from numba.cuda import dispatcher

    here = SimpleNamespace(compute_capability=(9, 0))
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: here)
    job = prepare(VoxelGrid(film(side=4)), BEAM, tables("Si", hard=hard), (1, 1), 1)
    tasks = job.tasks(1)
    arguments = [job.inputs, tasks, np.zeros((len(tasks), 2), np.int64)]
    arguments = arguments if hard == "none" else [job.hard, *arguments]
    kernel = cuda.kernel_functions()["none" if hard == "none" else "hard"]
    signature = types.void(*map(typeof, arguments))
    ptx, _ = to_ptx(kernel, signature, device=False, cc=(9, 0), abi="numba")
    assert ".target sm_90" in ptx
    assert "atom.global.add" in ptx or "red.global.add" in ptx or "atom.add" in ptx
    assert not re.findall(r"\.f64", ptx)  # float32 throughout
    assert not re.findall(r"^\s*call", ptx, re.MULTILINE)  # all in one function


def test_without_the_package_or_a_gpu_the_message_says_so(tables, film, monkeypatch) -> None:
    arguments = VoxelGrid(film(side=2)), BEAM, tables("Si"), (1, 1), 1
    monkeypatch.setattr(cuda, "find_spec", lambda name: None)
    cuda.numba_cuda.cache_clear()
    with pytest.raises(InputError, match="numba-cuda"):
        cuda.simulate_on_gpu(*arguments)
    no_gpu = SimpleNamespace(is_available=lambda: False)
    monkeypatch.setattr(cuda, "numba_cuda", lambda: no_gpu)
    with pytest.raises(InputError, match="GPU"):
        cuda.simulate_on_gpu(*arguments)


def test_an_empty_specimen_needs_no_gpu(tables, film) -> None:
    grid = VoxelGrid(film(side=2) * 0)
    assert cuda.simulate_on_gpu(grid, BEAM, tables("Si"), (1, 1), 1).counts.sum() == 0


@pytest.mark.gpu
@needs_package
@pytest.mark.parametrize("hard", ["none", "moller", "dielectric"])
def test_cpu_and_gpu_have_the_same_yields(tables, cube, hard: str) -> None:
    arguments = VoxelGrid(cube(3)), BEAM, tables("Si", "Cu", hard=hard), (1, 1), 200
    on_cpu, on_gpu = simulate_on_cpu(*arguments), cuda.simulate_on_gpu(*arguments)
    assert (on_cpu.counts == on_gpu.counts).mean() > 0.5  # same numbers, other rounding
    a, b = (run.counts.sum((1, 2)) / 80_000 for run in (on_cpu, on_gpu))
    np.testing.assert_array_less(np.abs(a - b), 4 * np.sqrt(2 * a * (1 - a) / 80_000))
    np.testing.assert_array_equal(cuda.simulate_on_gpu(*arguments).counts, on_gpu.counts)
