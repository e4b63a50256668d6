import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.losses.one_hot import one_hot


@given(classes=st.integers(1, 5), seed=st.integers(0, 99))
def test_inverse_is_argmax(classes, seed):
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes, (2, 3, 4, 5), generator=random, dtype=torch.uint8)
    volumes = one_hot(labels, torch.zeros(2, classes, 3, 4, 5))
    assert volumes.argmax(1).equal(labels.long())
    assert volumes.sum(1).equal(torch.ones(2, 3, 4, 5))


def test_label_beyond_the_classes_belongs_to_none():
    labels = torch.full((1, 1, 1, 1), 3, dtype=torch.uint8)
    assert one_hot(labels, torch.zeros(1, 3, 1, 1, 1)).sum() == 0


def test_shapes_that_would_broadcast_are_refused():
    labels = torch.zeros(2, 1, 4, 5, dtype=torch.uint8)
    with pytest.raises(InputError, match=r"\(2, 3, 6, 4, 5\) but the labels \(2, 1, 4, 5\)"):
        one_hot(labels, torch.zeros(2, 3, 6, 4, 5))
