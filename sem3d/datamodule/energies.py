"""Images at energies that were not measured, by interpolation between those that were."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from sem3d.errors import InputError


def interpolation(
    measured_keV: Sequence[float], wanted_keV: Sequence[float], what: str
) -> Float32[Tensor, "W M"]:
    """Return the weights (W, M) of measured images in the wanted ones, linear in energy.

    Args:
        measured_keV: (M,) increasing energies of the scan [keV].
        wanted_keV: (W,) energies to be had from them [keV].
        what: name of the scan, for the message.

    Raises:
        InputError: a wanted energy lies outside the measured ones.
    """
    low, high = measured_keV[0], measured_keV[-1]
    if wanted_keV[0] < low or wanted_keV[-1] > high:
        raise InputError(
            f"{what} covers {low:g}..{high:g} keV but {wanted_keV[0]:g}..{wanted_keV[-1]:g} keV "
            "are needed; interpolation does not reach beyond the measured energies"
        )
    columns = [np.interp(wanted_keV, measured_keV, row) for row in np.eye(len(measured_keV))]
    return torch.from_numpy(np.stack(columns, axis=1)).float()


def at_energies(
    scans: Float[Tensor, "B M Y X"], weights: Float32[Tensor, "W M"]
) -> Float[Tensor, "B W Y X"]:
    """Apply the weights of `interpolation` to a batch of scans."""
    return torch.einsum("wm,bmyx->bwyx", weights.to(scans), scans)
