import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from sem3d.errors import InputError
from sem3d.losses.weighted_bce import WeightedBCE


def two_voxels(material, other):
    """Logits (0, x) of a voxel of the material and of another, and their labels."""
    logits = torch.tensor([[0.0, 0.0], [material, other]]).view(1, 2, 1, 1, 2)
    return logits, torch.tensor([1, 0], dtype=torch.uint8).view(1, 1, 1, 2)


def test_value_by_hand():
    # h = 3/4 where copper is and 1/2 where it is not
    logits, labels = two_voxels(math.log(3), 0.0)
    copper, silicon = -math.log(3 / 4), -math.log(1 / 2)
    literal = (copper / 12 + 11 * silicon / 12) / 2
    inverted = (11 * copper / 12 + silicon / 12) / 2
    assert WeightedBCE(1 / 12)(logits, labels).item() == pytest.approx(literal, rel=1e-6)
    assert WeightedBCE(1 / 12, "inverted")(logits, labels).item() == pytest.approx(
        inverted, rel=1e-6
    )


def test_literal_copper_pulls_an_eleventh_of_silicon():
    logits, labels = two_voxels(0.0, 0.0)
    logits.requires_grad_()
    WeightedBCE(1 / 12)(logits, labels).backward()
    pull = logits.grad[0, 1].flatten()
    assert (pull[1] / pull[0]).item() == pytest.approx(-11, rel=1e-6)


def test_half_is_half_the_cross_entropy_of_two_classes():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 2, 3, 4, 5, generator=random)
    labels = torch.randint(0, 2, (2, 3, 4, 5), generator=random, dtype=torch.uint8)
    expected = cross_entropy(logits, labels.long()) / 2
    torch.testing.assert_close(WeightedBCE(0.5)(logits, labels), expected)


def eq1_on_two_softmaxed_channels(logits, labels, lam):
    """Eq. (1) applied to one-hot channels, as the class docstring warns against."""
    h, y = logits.softmax(1), torch.stack([1 - labels, labels], 1).double()
    return -(lam * y * h.log() + (1 - lam) * (1 - y) * (1 - h).log()).mean()


@pytest.mark.parametrize("lam", [1 / 12, 1 / 2, 11 / 12])
def test_the_weight_cancels_on_two_softmaxed_channels_but_not_on_one_logit(lam):
    random = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 2, 3, 4, 5, generator=random).double()
    labels = torch.randint(0, 2, (2, 3, 4, 5), generator=random, dtype=torch.uint8)
    plain = cross_entropy(logits, labels.long()) / 2
    torch.testing.assert_close(eq1_on_two_softmaxed_channels(logits, labels, lam), plain)
    ours = WeightedBCE(lam)(logits, labels)
    assert (abs(ours - plain) < 1e-12) == (lam == 0.5)


def test_another_material():
    logits, labels = two_voxels(0.7, -0.4)
    assert WeightedBCE(0.2, material=0)(logits, labels) == WeightedBCE(0.2)(
        logits.flip(1), 1 - labels
    )


@pytest.mark.parametrize("lam", [0.0, 1.0, -1.0, math.nan, 12.0])
def test_weights_outside_0_to_1_are_refused(lam):
    with pytest.raises(InputError, match=r"loss\.lam is .*; give a number between 0 and 1"):
        WeightedBCE(lam)


def test_unknown_readings_are_refused():
    with pytest.raises(InputError, match=r"loss\.reading is 'usual'; choose one of literal"):
        WeightedBCE(0.1, "usual")
