from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

from sem3d.errors import InputError
from sem3d.models.cost import count_macs, count_parameters
from sem3d.models.embedding import Affine
from sem3d.models.s2_mlp import S2Block
from sem3d.models.voxnet import Doubling, VoxNet, fit

LITE = {"widths": (192, 384), "blocks": (2, 5)}
MODERATE = {"widths": (384, 768), "blocks": (10, 17)}
CONF = Path(__file__).parents[2] / "conf" / "model"


def small(outputs=(2, 6), **arguments):
    torch.manual_seed(0)
    return VoxNet(4, outputs, **{"widths": (8, 12), "blocks": (1, 1)} | arguments)


def on_meta(**arguments):
    with torch.device("meta"):
        return VoxNet(20, (2, 20), **arguments)


@pytest.mark.parametrize(
    ("settings", "params", "macs"),
    [
        (LITE, [184_168, 1_036_800, 665_472, 10_344_960], [5.88, 18.7, 5.97, 69.3]),
        (MODERATE, [700_072, 20_689_920, 2_658_048, 140_534_784], [20.0, 374.5, 23.9, 942.5]),
    ],
    ids=["lite", "moderate"],
)
def test_encoder_modules_have_the_counted_sizes(settings, params, macs):
    net = on_meta(**settings)
    first, second = settings["widths"]
    inputs = [(20, 20), (first, 5), (first, 5), (second, 3)]
    assert [count_parameters(m) for m in net.encoder] == params
    found = [count_macs(m, c, (n, n)) for m, (c, n) in zip(net.encoder, inputs, strict=True)]
    assert [m / 1e6 for m in found] == pytest.approx(macs, rel=0.01)


@pytest.mark.parametrize(
    ("settings", "level", "level_macs", "conv", "conv_macs"),
    [
        (LITE, 1_203_840, [43.0, 171.9, 687.4], 192_020, 76.8),
        (MODERATE, 4_766_976, [170.9, 683.5, 2733.8], 384_020, 153.6),
    ],
    ids=["lite", "moderate"],
)
def test_decoder_and_head_have_the_counted_sizes(settings, level, level_macs, conv, conv_macs):
    net, width = on_meta(**settings), settings["widths"][1]
    assert [count_parameters(m) for m in net.decoder] == [level] * 3
    macs = [count_macs(m, width, (n, n)) for m, n in zip(net.decoder, (3, 6, 12), strict=True)]
    assert [m / 1e6 for m in macs] == pytest.approx(level_macs, rel=0.001)
    assert [count_parameters(m) for m in net.head] == [conv, 0, 2 * 27 + 2]
    assert count_macs(net.head[0], width, (24, 24)) / 1e6 == pytest.approx(conv_macs, rel=0.001)
    assert count_macs(net, 20, (20, 20)) == {192_020: 1_079_375_232, 384_020: 5_103_199_104}[conv]


@pytest.mark.parametrize(
    ("name", "million", "billion"),
    [("lite", 16, 1.1), ("small", 36, 1.2), ("medium", 173, 5.0), ("moderate", 179, 5.1)],
)
def test_yamls_meet_the_printed_table_2(name, million, billion):
    arguments = yaml.safe_load((CONF / f"voxnet_{name}.yaml").read_text())["model"]
    assert arguments.pop("_target_") == "sem3d.models.voxnet.VoxNet"
    net = on_meta(**arguments)
    assert round(count_parameters(net) / 1e6) == million
    assert round(count_macs(net, 20, (20, 20)) / 1e9, 1) == billion


@pytest.mark.parametrize("name", ["no_sope", "no_s2mlp", "ffn"])
def test_ablations_change_one_thing_of_moderate(name):
    full, ablated = (
        yaml.safe_load((CONF / f"voxnet_{which}.yaml").read_text())["model"]
        for which in ("moderate", name)
    )
    changed = {"no_sope": "embedding", "no_s2mlp": "blocks", "ffn": "decoder"}[name]
    assert {key for key in full if full[key] != ablated[key]} == {changed}


def test_ablations_leave_their_part_out():
    def kinds(**arguments):
        return {type(m) for m in small(**arguments).modules()}

    assert kinds() >= {Affine, S2Block}
    assert Affine not in kinds(embedding="patch")
    assert S2Block not in kinds(blocks=(0, 0))
    assert any(c.groups > 1 for c in small().modules() if isinstance(c, nn.Conv2d))
    plain = small(decoder="ffn").decoder
    assert not [m for m in plain.modules() if isinstance(m, nn.Conv2d)]


def test_grids_of_a_20_pixel_field():
    net, grids = small(), []
    for module in (*net.encoder, *net.decoder):
        module.register_forward_hook(lambda _m, _i, out: grids.append(tuple(out.shape[-2:])))
    net(torch.rand(2, 4, 20, 20))
    assert [grid[0] for grid in grids] == [5, 5, 3, 3, 6, 12, 24]


@pytest.mark.parametrize("embedding", ["sope", "patch"])
@pytest.mark.parametrize("side", [16, 17, 20, 24, 31, 32, 64])
def test_fields_from_16_pixels_are_seen_as_they_are(side, embedding):
    net, seen = small(embedding=embedding).eval(), []
    net.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    net.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    scan = torch.rand(1, 4, side, 20)
    assert net(scan).shape == (1, 2, 6, side, 20)
    assert torch.equal(seen[0], scan)
    assert seen[1].shape[-2:] == (side + 4, 24)


def test_smaller_fields_are_padded_to_16_pixels():
    net, scan = small().eval(), torch.rand(1, 4, 9, 16)
    rows = torch.arange(16).sub(3).clamp(0, 8)
    torch.testing.assert_close(net(scan), net(scan[..., rows, :])[..., 3:12, :])


@pytest.mark.parametrize(
    ("size", "rows"), [(2, [1, 2]), (4, [0, 1, 2, 3]), (7, [0, 0, 1, 2, 3, 3, 3])]
)
def test_fit_crops_or_replicates_about_the_centre(size, rows):
    column = torch.arange(4.0).reshape(1, 1, 4, 1)
    assert fit(column, size, 1).flatten().tolist() == rows
    assert fit(column.mT, 1, size).flatten().tolist() == rows


def test_doubling_repeats_pixels_then_feeds_forward():
    x = torch.tensor([[[[1.0, 2.0]]]])
    repeated = torch.tensor([[[[1.0, 1, 2, 2], [1, 1, 2, 2]]]])
    assert torch.equal(Doubling(nn.Identity(), residual=False)(x), repeated)
    assert torch.equal(Doubling(nn.Identity(), residual=True)(x), 2 * repeated)


@pytest.mark.parametrize("decoder", ["conv_ffn", "ffn"])
def test_outer_residual_reaches_every_level(decoder):
    net = small(decoder=decoder, outer_residual=True)
    assert [level.residual for level in net.decoder] == [True] * 3
    assert [level.residual for level in small(decoder=decoder).decoder] == [False] * 3
    assert count_parameters(net) == count_parameters(small(decoder=decoder))


def test_slices_are_the_channels_of_the_wide_convolution():
    net = small((3, 6)).eval()
    conv, _, conv3d = net.head
    nn.init.zeros_(conv.weight)
    conv.bias.data = torch.arange(6.0)
    nn.init.zeros_(conv3d.weight)
    conv3d.weight.data[:, 0, 1, 1, 1] = torch.tensor([1.0, 2.0, 3.0])
    nn.init.zeros_(conv3d.bias)
    logits = net(torch.rand(1, 4, 16, 16))[0, ..., 0, 0]
    assert logits.tolist() == [[c * z for z in range(6)] for c in (1, 2, 3)]


def test_maps_come_from_the_wide_convolution():
    net = small((2,))
    assert isinstance(net.head, nn.Conv2d)
    assert net(torch.rand(2, 4, 20, 17)).shape == (2, 2, 20, 17)


def test_more_stages_halve_further():
    net = VoxNet(4, (2, 6), widths=(4, 8, 12), blocks=(1, 0, 1))
    assert net.least == 32
    assert net(torch.rand(2, 4, 33, 32)).shape == (2, 2, 6, 33, 32)


@pytest.mark.parametrize("blocks", [(), (1,), (1, 1, 1), (1, -1)])
def test_blocks_must_match_the_widths(blocks):
    with pytest.raises(InputError, match=r"model\.blocks is \["):
        small(blocks=blocks)


@pytest.mark.parametrize("choice", [{"embedding": "sop"}, {"decoder": "conv_fn"}])
def test_unknown_choices_are_refused(choice):
    with pytest.raises(InputError, match=r"model\.(embedding|decoder) has no .* did you mean"):
        small(**choice)
