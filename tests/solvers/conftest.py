"""The reference problem of solvers, and small scans of known specimens."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sem3d.simulate.analytic import Analytic
from sem3d.simulate.noise import GaussianNoise, Noise
from sem3d.simulate.quirks import ORIGINAL
from sem3d.solvers.problem import LayeredProblem
from sem3d.specimen import Beam, LayerStack

Noisy = Callable[..., Tensor]


@pytest.fixture(scope="session")
def problem(stack: LayerStack, beam: Beam) -> LayeredProblem:
    """Gold and aluminium at 31 energies, original physics, multiplicative noise."""
    return LayeredProblem(Analytic(ORIGINAL), stack, beam, GaussianNoise(0.02))


@pytest.fixture(scope="session")
def terraces() -> Tensor:
    """Thickness (2, 24, 20) [nm] of every combination of layers, in flat pieces."""
    maps = torch.zeros(2, 24, 20, dtype=torch.int64)
    maps[0, 4:14, 3:17] = 12
    maps[0, 14:20, 3:12] = 5
    maps[1, 8:22, 6:18] = 97
    maps[1, 1:7, 10:16] = 40
    return maps


@pytest.fixture(scope="session")
def scan_of(problem: LayeredProblem) -> Noisy:
    """Make the scan (E, Y, X) of thickness maps with noise of a level or kind."""

    def scan(
        thickness: Tensor, noise: Noise | float = 0.0, problem: LayeredProblem = problem
    ) -> Tensor:
        signal = problem.engine.table(problem.stack, problem.beam)(thickness)
        kind = GaussianNoise(noise) if isinstance(noise, int | float) else noise
        return kind(signal, torch.Generator().manual_seed(5))

    return scan
