import itertools

import pytest
import torch

from sem3d.errors import InputError
from sem3d.tasks.schedule import staged_cosine, warmup_cosine


def rates(steps: int, warmup: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    return followed(warmup_cosine(optimizer, steps, warmup, final=0.1), steps)


def staged(steps: int, ends: list[float], factors: list[float], **more: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    return followed(staged_cosine(optimizer, steps, ends, factors, **more), steps)


def followed(schedule: torch.optim.lr_scheduler.LambdaLR, steps: int) -> list[float]:
    optimizer, found = schedule.optimizer, []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return [*found, optimizer.param_groups[0]["lr"]]


def test_rises_to_the_peak_then_falls_to_the_final_share() -> None:
    found = rates(100, 0.1)
    assert found[0] == pytest.approx(0.2)
    assert max(found) == found[9] == found[10] == pytest.approx(2.0)
    assert all(b <= a for a, b in itertools.pairwise(found[10:]))
    assert found[-1] == pytest.approx(0.2)
    assert found[55] == pytest.approx(1.1, abs=0.01)  # half way down the cosine


def test_short_trainings_are_defined() -> None:
    assert all(0 < r <= 2 for r in rates(1, 0.5))


def test_every_stage_is_a_cosine_from_its_own_peak() -> None:
    found = staged(100, [0.8, 1.0], [1.0, 0.1], final=0.0)
    assert found[0] == found[1] == 2.0
    assert found[40] == pytest.approx(1.0, abs=0.03)
    assert 0 < found[79] < 0.01
    assert found[80] == pytest.approx(0.2)
    assert found[90] == pytest.approx(0.1)
    assert 0 < found[99] < 0.002
    assert found[100] == 0.0


def test_the_first_stage_warms_up() -> None:
    found = staged(100, [0.5, 1.0], [0.5, 2.0], warmup=0.1)
    assert found[0] == pytest.approx(0.1)
    assert found[9] == found[10] == pytest.approx(1.0)
    assert found[50] == max(found) == 4.0


@pytest.mark.parametrize("epochs", [1, 7, 76])
def test_stages_change_between_two_epochs(epochs: int) -> None:
    """With 250 epochs of any length, 0.8 is the first step of epoch 200."""
    found = staged(250 * epochs, [0.8, 1.0], [1.0, 0.1], final=0.0)
    assert found[200 * epochs - 1] < 0.01
    assert found[200 * epochs] == pytest.approx(0.2)


def test_one_stage_is_the_warm_cosine() -> None:
    assert staged(50, [1.0], [1.0], warmup=0.1, final=0.1) == rates(50, 0.1)


@pytest.mark.parametrize(
    ("ends", "factors"),
    [([0.8], [1.0]), ([0.8, 1.0], [1.0]), ([], []), ([0.8, 0.8, 1.0], [1.0] * 3), ([0, 1], [1, 1])],
)
def test_stages_that_do_not_fill_the_training_are_refused(
    ends: list[float], factors: list[float]
) -> None:
    with pytest.raises(InputError, match=r"schedule\.ends is"):
        staged(10, ends, factors)
