"""BSE-VoxNets: spatial-shift MLPs on patches, a convolutional decoder, a 2-D to 3-D head.

C. Zheng, R. Hong, H.-J. Hu, Q. H. Liu, "A Voxelized Transformer-based Neural Network for 3D
Reconstruction from Multi-Energy SEM Backscattered Electrons" (IEEE Access) gives plan, widths and
numbers of blocks; the rest is the layout whose parameters and multiply-adds meet its Table 2 in all
four sizes with the published defaults of the parts that it cites.
"""

from collections.abc import Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from sem3d.errors import InputError
from sem3d.models.arguments import checked_choice, checked_sizes
from sem3d.models.blocks import Conv3d
from sem3d.models.embedding import CutPatches, overlapping_patches
from sem3d.models.feed_forward import ConvFFN, pixel_ffn
from sem3d.models.padding import on_padded
from sem3d.models.s2_mlp import ChannelsLast, S2Block

_EMBEDDINGS = {"sope": overlapping_patches, "patch": CutPatches}
_DECODERS = {"conv_ffn": ConvFFN, "ffn": pixel_ffn}
_KERNEL = 5


class VoxNet(nn.Module):
    """Patches of 4x4, then of 2x2 of them; 16,034,996 parameters (Lite) for 20 energies, (2, 20).

    Args:
        energies: number E of beam energies.
        outputs: ``(classes, slices)``; ``(layers,)`` leaves out the last, 3-D convolution.
        widths: channels of each stage; the first cuts the field to 1/4, the others to 1/2.
        blocks: number of S2 blocks of each stage; zeros are an ablation of the paper's Table 1.
        embedding: "sope" (overlapping) or, for Table 1, "patch" (cut).
        decoder: "conv_ffn" or, for Table 1, "ffn" (each pixel alone).
        outer_residual: put a shortcut around the decoder's feed-forward parts; not in the paper.

    Raises:
        InputError: a width or output below 1, `blocks` not one number per width, unknown choice.
    """

    def __init__(
        self,
        energies: int,
        outputs: Sequence[int],
        widths: Sequence[int] = (192, 384),
        blocks: Sequence[int] = (2, 5),
        embedding: str = "sope",
        decoder: str = "conv_ffn",
        outer_residual: bool = False,
    ) -> None:
        super().__init__()
        self.outputs = checked_sizes("outputs", outputs)
        widths = checked_sizes("widths", widths)
        if len(blocks) != len(widths) or min(blocks) < 0:
            raise InputError(
                f"model.blocks is {list(blocks)}; give a number, 0 or more, for each of "
                f"model.widths {list(widths)}"
            )
        checked_choice("embedding", embedding, _EMBEDDINGS)
        feed_forward = _DECODERS[checked_choice("decoder", decoder, _DECODERS)]
        doublings = len(widths) + 1
        self.least = 2 * 2**doublings
        self.encoder = _encoder(energies, widths, blocks, embedding)
        self.decoder = nn.Sequential(
            *(Doubling(feed_forward(widths[-1]), outer_residual) for _ in range(doublings))
        )
        self.head = _head(widths[-1], self.outputs)

    def forward(self, scan: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B *outputs Y X"]:
        """Return the logits (B, *outputs, Y, X) of a scan (B, E, Y, X)."""
        return on_padded(self._logits, scan, multiple=1, least=self.least)

    def _logits(self, scan: Tensor) -> Tensor:
        features = self.decoder(self.encoder(scan))
        y, x = scan.shape[-2:]
        return self.head(fit(features, y + _KERNEL - 1, x + _KERNEL - 1))


class Doubling(nn.Module):
    """Repeat every pixel 2x2 times, then a feed-forward part.

    Args:
        feed_forward: keeps (B, C, Y, X).
        residual: add its input to its result.
    """

    def __init__(self, feed_forward: nn.Module, residual: bool) -> None:
        super().__init__()
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
        self.feed_forward = feed_forward
        self.residual = residual

    def forward(self, x: Float[Tensor, "B C y x"]) -> Float[Tensor, "B C Y X"]:
        """Return (B, C, 2 y, 2 x)."""
        x = self.upsample(x)
        return x + self.feed_forward(x) if self.residual else self.feed_forward(x)


def fit(features: Float[Tensor, "B C y x"], height: int, width: int) -> Float[Tensor, "B C Y X"]:
    """Crop each side of `features`, or pad it by replication, about its centre."""
    extra = (height - features.shape[-2], width - features.shape[-1])
    (above, left), (below, right) = [e // 2 for e in extra], [e - e // 2 for e in extra]
    return pad(features, (left, right, above, below), mode="replicate")


def _encoder(
    energies: int, widths: Sequence[int], blocks: Sequence[int], embedding: str
) -> nn.Sequential:
    stages: list[nn.Module] = []
    patch = 4
    for (inputs, width), depth in zip(pairwise((energies, *widths)), blocks, strict=True):
        stages.append(_EMBEDDINGS[embedding](inputs, width, patch))
        stages.append(ChannelsLast(*(S2Block(width) for _ in range(depth))))
        patch = 2
    return nn.Sequential(*stages)


def _head(channels: int, outputs: tuple[int, ...]) -> nn.Module:
    conv = nn.Conv2d(channels, outputs[-1], _KERNEL)
    if len(outputs) == 1:
        return conv
    classes, slices = outputs
    return nn.Sequential(conv, nn.Unflatten(1, (1, slices)), Conv3d(1, classes, 3, padding=1))
