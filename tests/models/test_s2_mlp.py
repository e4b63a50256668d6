import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.models.cost import count_parameters
from sem3d.models.s2_mlp import ChannelsLast, S2Block, ShiftMix, SplitAttention, shift, shift_groups

ROWS, COLUMNS = 1, 2
SS1, SS2 = (ROWS, COLUMNS), (COLUMNS, ROWS)
DOWN, UP, RIGHT, LEFT = (1, 0), (-1, 0), (0, 1), (0, -1)


def slow_groups(x, moves):
    """Shift group k of the channels by moves[k] = (rows, columns), pixel by pixel."""
    out = torch.empty_like(x)
    groups = torch.arange(x.shape[-1]).tensor_split(4)
    for group, (down, right) in zip(groups, moves, strict=True):
        for i in range(x.shape[1]):
            for j in range(x.shape[2]):
                row = min(max(i - down, 0), x.shape[1] - 1)
                column = min(max(j - right, 0), x.shape[2] - 1)
                out[:, i, j, group] = x[:, row, column, group]
    return out


def image(*shape):
    return torch.arange(1.0, 1 + torch.Size(shape).numel()).reshape(shape)


@pytest.mark.parametrize(("step", "moved"), [(1, [0, 0, 1, 2, 3]), (-1, [1, 2, 3, 4, 4])])
@pytest.mark.parametrize("axis", [ROWS, COLUMNS])
def test_the_edge_left_behind_keeps_its_value(axis, step, moved):
    rows = torch.arange(5.0).reshape((1, 5, 1, 1) if axis == ROWS else (1, 1, 5, 1))
    assert shift(rows, axis, step).flatten().tolist() == moved
    assert rows.flatten().tolist() == [0, 1, 2, 3, 4], "the input is left alone"


@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from([4, 6, 8]))
def test_groups_move_as_published(y, x, channels):
    features = image(2, y, x, channels)
    assert torch.equal(shift_groups(features, SS1), slow_groups(features, [DOWN, UP, RIGHT, LEFT]))
    assert torch.equal(shift_groups(features, SS2), slow_groups(features, [RIGHT, LEFT, DOWN, UP]))


@pytest.mark.parametrize("axes", [SS1, SS2])
def test_nothing_wraps(axes):
    corner = torch.zeros(1, 4, 5, 8)
    corner[:, 0, 0] = 1
    lit = shift_groups(corner, axes).sum(-1).nonzero()
    assert lit[:, 1].max() == 1
    assert lit[:, 2].max() == 1


def test_a_quarter_turn_swaps_the_two_shifts_and_their_last_groups():
    # So a block is not symmetric under the square's symmetries; averaging the views makes it so.
    features = image(1, 4, 4, 8)
    last_two_swapped = torch.tensor([0, 1, 2, 3, 6, 7, 4, 5])
    turned = torch.rot90(features, 1, (ROWS, COLUMNS))[..., last_two_swapped]
    expected = torch.rot90(shift_groups(features, SS1), 1, (ROWS, COLUMNS))
    assert torch.equal(shift_groups(turned, SS2)[..., last_two_swapped], expected)
    assert not torch.equal(shift_groups(turned, SS1)[..., last_two_swapped], expected)


def test_split_attention_by_loops():
    torch.manual_seed(0)
    attention, parts = SplitAttention(3).double(), torch.randn(2, 3, 2, 4, 3, dtype=torch.float64)
    squeeze, widen = attention.weigh[0].weight, attention.weigh[2].weight
    for sample, mixed in zip(parts, attention(parts), strict=True):
        total = sum(sample[k, i, j] for k in range(3) for i in range(2) for j in range(4))
        scores = widen @ torch.nn.functional.gelu(squeeze @ total)
        for c in range(3):
            weights = torch.stack([scores[3 * k + c] for k in range(3)]).softmax(0)
            expected = sum(weights[k] * sample[k, ..., c] for k in range(3))
            torch.testing.assert_close(mixed[..., c], expected)


def test_equal_parts_come_through_split_attention():
    part = torch.randn(2, 4, 5, 6)
    same = SplitAttention(6)(torch.stack([part] * 3, 1))
    torch.testing.assert_close(same, part)


def test_pixels_are_summed_in_float32_under_bfloat16():
    seen = []
    attention = SplitAttention(4)
    attention.weigh.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    parts = torch.full((1, 3, 10, 10, 4), 1.0078125, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = attention(parts)
    assert mixed.dtype == torch.bfloat16
    assert (seen[0] == 302.34375).all(), "bfloat16 would round this to 302"


def test_the_mix_sees_each_neighbour_and_no_other_pixel():
    torch.manual_seed(0)
    mix, x = ShiftMix(8).double(), torch.randn(1, 5, 5, 8, dtype=torch.float64)
    first, second, third = mix.triple(x).chunk(3, -1)
    parts = [
        slow_groups(first, [DOWN, UP, RIGHT, LEFT]),
        slow_groups(second, [RIGHT, LEFT, DOWN, UP]),
    ]
    expected = mix.out(mix.attention(torch.stack([*parts, third], 1)))
    torch.testing.assert_close(mix(x), expected)


@pytest.mark.parametrize("channels", [8, 192])
def test_block_has_14_c2_plus_12_c_parameters(channels):
    assert count_parameters(S2Block(channels)) == 14 * channels**2 + 12 * channels


def test_block_without_output_weights_is_the_identity():
    block, x = S2Block(8), torch.randn(2, 3, 4, 8)
    for layer in (block.mix[1].out, block.mlp[3]):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    assert torch.equal(block(x), x)


def test_channels_last_wraps_any_module():
    x = torch.randn(2, 3, 4, 5)
    assert torch.equal(ChannelsLast()(x), x)
    linear = torch.nn.Linear(3, 6)
    by_conv = torch.nn.functional.conv2d(x, linear.weight[..., None, None], linear.bias)
    result = ChannelsLast(linear)(x)
    torch.testing.assert_close(result, by_conv)
    assert result.is_contiguous(memory_format=torch.channels_last)
