"""Every file of conf/noise holds one noise for training and one for evaluation."""

from typing import Any

import pytest
import torch

from sem3d.runtime.build import build
from sem3d.simulate.dose import Dose
from tests.contracts.conftest import compose, options

both = pytest.mark.parametrize("use", ["train", "eval"])


def noise(name: str, use: str) -> Any:
    return build(compose("evaluate", f"noise={name}")["noise"][use], f"noise.{use}")


def of_signals(name: str) -> bool:
    """Whether it acts on noise-free signals; counts have a dose (tests/simulate/test_dose.py)."""
    return not isinstance(noise(name, "eval"), Dose)


every_noise = pytest.mark.parametrize("name", [n for n in options("noise") if of_signals(n)])


def draw(name: str, use: str, seed: int, side: int = 8) -> torch.Tensor:
    scan = torch.full((4, side, side), 0.5)
    return noise(name, use)(scan, torch.Generator().manual_seed(seed))


@every_noise
@both
def test_the_generator_alone_decides(name: str, use: str) -> None:
    assert torch.equal(draw(name, use, 1), draw(name, use, 1))
    assert not torch.equal(draw(name, use, 1), draw(name, use, 2))


@every_noise
@both
def test_the_mean_signal_is_kept(name: str, use: str) -> None:
    assert draw(name, use, 0, side=256).mean() == pytest.approx(0.5, rel=2e-3)


@every_noise
def test_evaluation_is_at_one_level(name: str) -> None:
    """So that a result file can say which."""
    amounts = [v for k, v in noise(name, "eval").provenance.items() if k != "kind"]
    assert len(amounts) == 1
    assert isinstance(amounts[0], int | float)


@every_noise
def test_evaluation_is_near_the_two_percent_of_the_report_or_says_otherwise(name: str) -> None:
    """Poisson noise has this strength at a signal of 1, and sqrt(2) times it at 0.5."""
    relative = draw(name, "eval", 0, side=128).std() / 0.5
    assert 0.019 < relative < 0.029
