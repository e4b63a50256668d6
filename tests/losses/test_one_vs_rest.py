import math

import pytest
import torch

from sem3d.errors import InputError
from sem3d.losses.one_vs_rest import one_vs_rest


def voxel(*logits):
    return torch.tensor(logits).view(1, -1, 1, 1, 1)


LABEL = torch.ones(1, 1, 1, 1, dtype=torch.uint8)


def test_two_classes_are_one_output():
    logit, truth = one_vs_rest(voxel(0.5, 2.0), LABEL, -1)
    assert logit.item() == 1.5
    assert truth.all()


def test_three_classes_by_hand():
    logit, truth = one_vs_rest(voxel(1.0, 2.0, 3.0), LABEL, -1)
    assert logit.item() == pytest.approx(3 - math.log(math.e + math.e**2), rel=1e-6)
    assert not truth.any()


@pytest.mark.parametrize("material", [0, 1, 2, -2])
def test_sigmoid_is_the_softmax_probability(material):
    logits = torch.randn(2, 3, 4, 5, 6, generator=torch.Generator().manual_seed(0)).double()
    logit, truth = one_vs_rest(logits, torch.ones(2, 4, 5, 6, dtype=torch.uint8), material)
    torch.testing.assert_close(logit.sigmoid(), logits.softmax(1)[:, material])
    assert truth.all() == (material % 3 == 1)


def test_half_precision_is_raised_first():
    z = voxel(1000.0, 1001.0).half()
    assert one_vs_rest(z, LABEL, -1)[0].dtype == torch.float32


@pytest.mark.parametrize(("classes", "material"), [(2, 2), (2, -3), (1, 0)])
def test_missing_classes_are_refused(classes, material):
    with pytest.raises(InputError, match=rf"loss\.material is {material} .* {classes} classes"):
        one_vs_rest(torch.zeros(1, classes, 1, 1, 1), LABEL, material)
