import pytest
import torch
from torch import nn

from sem3d.models.embedding import Affine, CutPatches, overlapping_patches

FIELDS = [(20, 20), (16, 17), (1, 31)]


def test_affine_starts_as_the_identity_and_acts_per_channel():
    affine, x = Affine(2), torch.randn(3, 2, 4, 5)
    assert torch.equal(affine(x), x)
    affine.weight.data = torch.tensor([2.0, -1.0]).view(2, 1, 1)
    affine.bias.data = torch.tensor([0.5, 7.0]).view(2, 1, 1)
    torch.testing.assert_close(affine(x)[:, 0], 2 * x[:, 0] + 0.5)
    torch.testing.assert_close(affine(x)[:, 1], 7 - x[:, 1])


@pytest.mark.parametrize("field", FIELDS, ids=str)
@pytest.mark.parametrize("patch", [2, 4])
@pytest.mark.parametrize("embed", [overlapping_patches, CutPatches])
def test_sides_are_divided_and_rounded_up(embed, patch, field):
    patches = embed(3, 6, patch)(torch.randn(2, 3, *field))
    assert patches.shape == (2, 6, *(-(-side // patch) for side in field))


@pytest.mark.parametrize(("patch", "kinds"), [(4, "ACBGCBA"), (2, "ACBGA")])
def test_overlapping_patches_in_order(patch, kinds):
    letters = {Affine: "A", nn.Conv2d: "C", nn.BatchNorm2d: "B", nn.GELU: "G"}
    layers = overlapping_patches(3, 8, patch)
    assert "".join(letters[type(layer)] for layer in layers) == kinds
    convs = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert [c.out_channels for c in convs] == ([4, 8] if patch == 4 else [8])
    assert all(c.bias is None for c in convs)


def test_overlapping_patches_overlap_and_cut_patches_do_not():
    x, changed = torch.randn(1, 3, 16, 16), torch.zeros(1, 3, 16, 16)
    changed[..., 8, 8] = 1
    touched = [
        (net(x + changed) != net(x)).any(1).sum()
        for net in (overlapping_patches(3, 8, 2).eval(), CutPatches(3, 8, 2))
    ]
    assert touched[1] == 1
    x7 = torch.zeros(1, 3, 16, 16)
    x7[..., 7, 7] = 1  # an odd pixel lies under four windows
    sope = overlapping_patches(3, 8, 2).eval()
    assert (sope(x + x7) != sope(x)).any(1).sum() == 4


def test_cut_patches_fill_up_right_and_below_with_zeros():
    cut, x = CutPatches(2, 3, 4), torch.randn(1, 2, 5, 6)
    filled = torch.zeros(1, 2, 8, 8)
    filled[..., :5, :6] = x
    torch.testing.assert_close(cut(x), cut.conv(filled))
