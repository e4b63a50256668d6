"""Connected areas of maps."""

import pytest
import torch

from sem3d.solvers.regions import connected, sums


def test_areas_of_a_small_map() -> None:
    states = torch.tensor([[1, 1, 2], [2, 1, 2], [2, 2, 1]])
    area = connected(states)
    assert area.tolist() == [[0, 0, 1], [2, 0, 1], [2, 2, 3]]  # corners do not connect


def test_a_long_path_is_one_area() -> None:
    """A spiral: the number of rounds does not grow with its length."""
    spiral = torch.zeros(33, 33, dtype=torch.int64)
    for k in range(0, 16, 2):
        spiral[k, k : 33 - k] = spiral[k : 33 - k, 32 - k] = 1
        spiral[32 - k, k : 33 - k] = spiral[k + 2 : 33 - k, k] = 1
        spiral[k + 2, k : k + 2] = 1
    area = connected(spiral)
    assert len(area[spiral == 1].unique()) == 1


@pytest.mark.parametrize("seed", range(3))
def test_every_area_is_uniform_and_meets_no_equal_one(seed: int) -> None:
    states = torch.randint(3, (20, 17), generator=torch.Generator().manual_seed(seed))
    area = connected(states)
    assert area.unique().tolist() == list(range(int(area.max()) + 1))
    for one, other in ((slice(1, None), slice(None, -1)),):
        assert torch.equal(states[one] == states[other], area[one] == area[other])
        equal = states[:, one] == states[:, other]
        assert torch.equal(equal, area[:, one] == area[:, other])
    for n in range(int(area.max()) + 1):
        assert len(states[area == n].unique()) == 1


def test_sums_over_areas() -> None:
    images = torch.arange(12.0).reshape(2, 2, 3)
    area = torch.tensor([[0, 0, 1], [1, 1, 1]])
    assert sums(images, area).tolist() == [[1, 14], [13, 38]]
