"""3-D UNet with the energies on the depth axis (O. Cicek et al., MICCAI 2016)."""

from collections.abc import Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from sem3d.models.arguments import checked_sizes
from sem3d.models.blocks import Conv3d
from sem3d.models.padding import margins, on_padded
from sem3d.models.u_shape import Up, UShape


class UNet3d(nn.Module):
    """Levels of two 3x3x3 convolutions, the first with half the channels; 4,584,866 parameters.

    The scan is one volume whose depth axis is the beam energy: slow electrons see the top slices,
    fast ones also deep slices. The network learns how the two scales differ. With as many slices as
    energies the volume is the result; else its logits are interpolated linearly along depth, so
    the parameters depend on neither number. Maps are the mean of their logits over depth.

    Args:
        energies: number E of beam energies.
        outputs: ``(classes, slices)`` or ``(layers,)``.
        widths: channels of each level, fine to coarse; each level halves energies and field.

    Raises:
        InputError: no widths, or a width or output below 1.
    """

    def __init__(
        self, energies: int, outputs: Sequence[int], widths: Sequence[int] = (64, 128, 256)
    ) -> None:
        super().__init__()
        del energies  # a volume of any depth fits
        self.outputs = checked_sizes("outputs", outputs)
        widths = checked_sizes("widths", widths)
        self.multiple = 2 ** (len(widths) - 1)
        downs: list[nn.Module] = [_double_conv(1, (widths[0] + 1) // 2, widths[0])]
        for wide, wider in pairwise(widths):
            downs.append(nn.Sequential(nn.MaxPool3d(2), _double_conv(wide, wide, wider)))
        ups = [_up(wide, finer) for wide, finer in pairwise(reversed(widths))]
        self.body = UShape(downs, ups)
        self.head = Conv3d(widths[0], self.outputs[0], 1)

    def forward(self, scan: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B *outputs Y X"]:
        """Return the logits (B, *outputs, Y, X) of a scan (B, E, Y, X)."""
        logits = on_padded(self._logits, scan, self.multiple)
        if len(self.outputs) == 1:
            return logits.mean(2)
        return interpolate(logits, (self.outputs[1], *scan.shape[-2:]), mode="trilinear")

    def _logits(self, scan: Tensor) -> Tensor:
        energies = scan.shape[1]
        before, after = margins(energies, self.multiple)
        volume = pad(scan[:, None], (0, 0, 0, 0, before, after), mode="replicate")
        return self.head(self.body(volume)).narrow(2, before, energies)


def _double_conv(inputs: int, middle: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(*_conv_bn_relu(inputs, middle), *_conv_bn_relu(middle, outputs))


def _conv_bn_relu(inputs: int, outputs: int) -> list[nn.Module]:
    conv = Conv3d(inputs, outputs, 3, padding=1, bias=False)
    return [conv, nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)]


def _up(wide: int, finer: int) -> Up:
    return Up(nn.ConvTranspose3d(wide, wide, 2, stride=2), _double_conv(wide + finer, finer, finer))
