import torch
from torch import nn

from sem3d.models.u_shape import Up, UShape


class Add(nn.Module):
    def __init__(self, number):
        super().__init__()
        self.number = number

    def forward(self, x):
        return x + self.number


class Join(nn.Module):
    """A decoder level that shows what it was given: 10 x + skip."""

    def forward(self, x, skip):
        return 10 * x + skip


def test_levels_meet_their_own_skip():
    u = UShape([Add(1), Add(1), Add(1)], [Join(), Join()])
    zero = torch.zeros(1, 1, 2, 2)
    # Encoder results 1, 2, 3; decoder 10 * 3 + 2 = 32, then 10 * 32 + 1 = 321.
    assert (u(zero) == 321).all()


def test_single_level_is_the_encoder_alone():
    assert (UShape([Add(5)], [])(torch.zeros(1, 1, 1, 1)) == 5).all()


def test_up_concatenates_in_the_order_asked():
    coarse, skip = torch.ones(1, 2, 2, 2), torch.zeros(1, 1, 4, 4)
    double = nn.Upsample(scale_factor=2)
    assert Up(double, nn.Identity())(coarse, skip)[0, :, 0, 0].tolist() == [1, 1, 0]
    first = Up(double, nn.Identity(), skip_first=True)
    assert first(coarse, skip)[0, :, 0, 0].tolist() == [0, 1, 1]
