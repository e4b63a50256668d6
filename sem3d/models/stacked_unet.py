"""Stacked UNet: each unit corrects the result of the one before (Artemov et al., Figure 3)."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sem3d.models.arguments import checked_sizes
from sem3d.models.blocks import double_conv, doubling_conv
from sem3d.models.padding import on_padded
from sem3d.models.u_shape import Up, UShape


class StackedUNet(nn.Module):
    """UNet units from scan to scan, with a result read out and fed back after each.

    Stage s computes u = U_s(x) and logits head_s(u); the next stage sees
    x + u + feedback_s(squash(logits)). The published network counts 75,200,052 parameters, of
    which the 93 of its last feedback never reach the output; they are left out here: 75,199,959.

    Args:
        energies: number E of beam energies.
        outputs: ``(layers,)`` or ``(classes, slices)``.
        stacks: number S of units.
        widths: channels of each level of a unit, fine to coarse.
        dropout: probability to drop an element before each decoder level.

    Raises:
        InputError: `stacks`, a width or an output is below 1.
    """

    def __init__(
        self,
        energies: int,
        outputs: Sequence[int],
        stacks: int = 3,
        widths: Sequence[int] = (64, 128, 256, 512, 512),
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.outputs = checked_sizes("outputs", outputs)
        widths = checked_sizes("widths", widths)
        (stacks,) = checked_sizes("stacks", [stacks])
        channels = prod(self.outputs)
        self.multiple = 2 ** (len(widths) - 1)
        self.units = nn.ModuleList(_unit(energies, widths, dropout) for _ in range(stacks))
        self.heads = nn.ModuleList(nn.Conv2d(energies, channels, 1) for _ in range(stacks))
        self.feedbacks = nn.ModuleList(nn.Conv2d(channels, energies, 1) for _ in range(stacks - 1))

    def forward(self, scan: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B *outputs Y X"]:
        """Return the logits (B, *outputs, Y, X) of the last stage for a scan (B, E, Y, X)."""
        return self.stages(scan)[-1]

    def stages(self, scan: Float[Tensor, "B E Y X"]) -> Float[Tensor, "S B *outputs Y X"]:
        """Return the logits (S, B, *outputs, Y, X) of every stage, first to last."""
        return on_padded(self._stages, scan, self.multiple)

    def _stages(self, x: Tensor) -> Tensor:
        features = self.units[0](x)
        found = [self.heads[0](features).unflatten(1, self.outputs)]
        later = zip(self.feedbacks, self.units[1:], self.heads[1:], strict=True)
        for feedback, unit, head in later:
            x = x + features + feedback(squash(found[-1]).flatten(1, -3))
            features = unit(x)
            found.append(head(features).unflatten(1, self.outputs))
        return torch.stack(found)


def squash(logits: Float[Tensor, "B *outputs Y X"]) -> Float[Tensor, "B *outputs Y X"]:
    """Return probabilities: softmax over the classes (B, C, Z, Y, X), sigmoid of (B, L, Y, X)."""
    return logits.softmax(dim=1) if logits.dim() == 5 else logits.sigmoid()


def _unit(energies: int, widths: tuple[int, ...], dropout: float) -> nn.Sequential:
    downs: list[nn.Module] = [double_conv(energies, widths[0], widths[0])]
    for wide, wider in pairwise(widths):
        downs.append(nn.Sequential(nn.MaxPool2d(2), double_conv(wide, wider, wider)))
    ups = [_up(wide, finer, dropout) for wide, finer in pairwise(reversed(widths))]
    return nn.Sequential(UShape(downs, ups), nn.Conv2d(widths[0], energies, 1))


def _up(wide: int, finer: int, dropout: float) -> Up:
    fuse = nn.Sequential(nn.Dropout(dropout), double_conv(wide + finer, finer, finer))
    return Up(doubling_conv(wide), fuse, skip_first=True)
