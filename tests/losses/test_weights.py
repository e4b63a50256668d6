import pytest
import torch

from sem3d.errors import InputError
from sem3d.losses.weights import check_count, weight_tensor


def test_weights_become_float32():
    assert weight_tensor([1.0, 0.1], "weights").equal(torch.tensor([1.0, 0.1]))


@pytest.mark.parametrize("wrong", [[1.0, -0.1], [0.0, 0.0], [float("nan"), 1.0], []])
def test_senseless_weights_are_refused(wrong):
    with pytest.raises(InputError, match=r"loss\.weights is .*give finite weights"):
        weight_tensor(wrong, "weights")


def test_one_weight_for_each_layer():
    check_count(torch.ones(2), 2, "weights")
    with pytest.raises(InputError, match="has 2 entries but the network predicts 3"):
        check_count(torch.ones(2), 3, "weights")
