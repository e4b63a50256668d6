import itertools

import pytest
import torch

from sem3d.tasks.schedule import warmup_cosine


def rates(steps: int, warmup: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    schedule = warmup_cosine(optimizer, steps, warmup, final=0.1)
    found = []
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
