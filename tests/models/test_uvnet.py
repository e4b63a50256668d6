import pytest
import torch

from sem3d.errors import InputError
from sem3d.models.uvnet import UVNet, fold_depth


@pytest.fixture(scope="module")
def original():
    torch.manual_seed(0)
    return UVNet(5, (3, 16), head="original")


@pytest.mark.parametrize("depth", [4, 8, 16])
def test_channel_becomes_channel_div_depth_slice_mod_depth(depth):
    flat = torch.arange(64.0).reshape(1, 64, 1, 1).expand(2, 64, 3, 5)
    volume = fold_depth(flat, depth)
    assert volume.shape == (2, 64 // depth, depth, 3, 5)
    for channel in range(64):
        assert (volume[:, channel // depth, channel % depth] == channel).all()


def test_any_batch_size_works(original):
    # The published code writes the batch size 16 into its views; 8 fails there.
    for batch in (1, 8):
        assert original(torch.rand(batch, 5, 8, 8)).shape == (batch, 3, 16, 8, 8)


@pytest.mark.parametrize("head", ["corrected", "original"])
@pytest.mark.parametrize(("slices", "depth"), [(1, 8), (8, 8), (16, 16), (20, 24), (33, 40)])
def test_slices_are_rounded_up_to_eighths_and_the_surplus_is_cut(slices, depth, head):
    net, volumes = UVNet(3, (2, slices), head=head), []
    net.head.register_forward_hook(lambda _m, _i, out: volumes.append(out))
    logits = net(torch.rand(2, 3, 16, 16))
    assert volumes[0].shape == (2, 2, depth, 16, 16)
    assert torch.equal(logits, volumes[0][:, :, :slices])


def test_skips_fold_into_the_same_channels_at_any_depth():
    shapes = [
        [tuple(up.fuse[0][0].weight.shape) for up in UVNet(3, (2, slices)).body.ups]
        for slices in (8, 16, 40)
    ]
    assert shapes[0] == shapes[1] == shapes[2]


def test_original_head_decides_by_the_published_rule(original):
    logits = original(torch.rand(2, 5, 16, 16))
    empty, gold, aluminium = logits.unbind(1)
    assert (empty == 0.5).all()
    assert logits.min() >= 0
    assert gold.max() > 1, "unbounded volumes, not probabilities"
    published = torch.where(gold > aluminium, 1, 2)
    published[(gold < 0.5) & (aluminium < 0.5)] = 0
    assert torch.equal(logits.argmax(1), published)
    assert published.unique().tolist() == [0, 1, 2]


def test_original_head_gives_every_sample_the_same_contrast(original):
    # Why it is not the default: its norm shows material in a sample that has none.
    with torch.no_grad():
        strong = original.body(torch.rand(1, 5, 16, 16))
        before_relu = original.head.volumes[1][:2]
        weak = before_relu(original.head.volumes[0](strong * 1e-2))
    assert weak.std((2, 3, 4), unbiased=False).flatten().tolist() == pytest.approx([1, 1], abs=0.05)


@pytest.mark.parametrize("outputs", [(2,), (1, 16)])
def test_original_head_refuses_what_it_cannot_give(outputs):
    with pytest.raises(InputError, match=r"model\.head 'original' cannot give outputs"):
        UVNet(5, outputs, head="original")


def test_unknown_head_is_refused():
    with pytest.raises(InputError, match="did you mean 'original'"):
        UVNet(5, (3, 16), head="orginal")


def test_flat_head_reads_every_slice():
    net = UVNet(5, (2,))
    volume = torch.zeros(1, 6, 16, 4, 4, requires_grad=True)
    net.head(volume).sum().backward()
    assert (volume.grad != 0).all()
