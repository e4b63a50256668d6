"""Feed-forward parts of a convolutional decoder: what is done to each pixel at full width."""

from jaxtyping import Float
from torch import Tensor, nn

from sem3d.models.s2_mlp import ChannelsLast, mlp

_RATIO = 4


class ConvFFN(nn.Module):
    """Widen four times, join the neighbours channel by channel, narrow; 8 c^2 + 63 c weights.

    A 1x1 convolution gives h, a depthwise 3x3 convolution beside a shortcut h + d(h), another 1x1
    convolution the result; batch norm after each, GELU after the first two.

    Args:
        channels: number c of channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = _RATIO * channels
        depthwise = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
        self.widen = nn.Sequential(nn.Conv2d(channels, wide, 1), nn.BatchNorm2d(wide), nn.GELU())
        self.join = nn.Sequential(depthwise, nn.BatchNorm2d(wide), nn.GELU())
        self.narrow = nn.Sequential(nn.Conv2d(wide, channels, 1), nn.BatchNorm2d(channels))

    def forward(self, x: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Return (B, C, Y, X)."""
        wide = self.widen(x)
        return self.narrow(wide + self.join(wide))


def pixel_ffn(channels: int) -> ChannelsLast:
    """Return layer norm and an MLP on every pixel alone, ConvFFN's rival: 8 c^2 + 7 c weights."""
    return ChannelsLast(mlp(channels, _RATIO))
