"""The U shape: an encoder, a decoder and the skips between them, in two or three dimensions."""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn


class UShape(nn.Module):
    """Apply the encoder levels, then each decoder level with the encoder result of its size.

    Args:
        downs: encoder levels from fine to coarse; each halves the field except the first.
        ups: decoder levels from coarse to fine, called as ``up(x, skip)``; one fewer than `downs`.
    """

    def __init__(self, downs: Iterable[nn.Module], ups: Iterable[nn.Module]) -> None:
        super().__init__()
        self.downs = nn.ModuleList(downs)
        self.ups = nn.ModuleList(ups)

    def forward(self, x: Float[Tensor, "B E *field"]) -> Float[Tensor, "B ..."]:
        """Return the features of the finest level."""
        levels = []
        for down in self.downs:
            x = down(x)
            levels.append(x)
        x = levels.pop()
        for up in self.ups:
            x = up(x, levels.pop())
        return x


class Up(nn.Module):
    """A decoder level: upsample, concatenate with the skip, fuse.

    Args:
        upsample: doubles the field of the coarser features.
        fuse: applied to the concatenated channels.
        skip_first: the skip's channels precede the upsampled ones.
    """

    def __init__(self, upsample: nn.Module, fuse: nn.Module, skip_first: bool = False) -> None:
        super().__init__()
        self.upsample = upsample
        self.fuse = fuse
        self.skip_first = skip_first

    def forward(
        self, x: Float[Tensor, "B C *coarse"], skip: Float[Tensor, "B S *fine"]
    ) -> Float[Tensor, "B F *fine"]:
        """Return the fused features (B, F, *fine) of the finer level."""
        x = self.upsample(x)
        return self.fuse(torch.cat([skip, x] if self.skip_first else [x, skip], dim=1))
