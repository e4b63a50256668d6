"""Errors of thickness maps per layer, over the whole field and where the layer is present."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor

from sem3d.metrics.sample_rows import SampleRows

STEPS_PER_NM = 2**20


class ThicknessError(SampleRows):
    """Mean absolute and root mean square thickness error of each layer [nm].

    `compute` returns for each material m, pooled over the pixels of all samples:
    ``mae_nm/m``, ``rmse_nm/m`` and ``mae_present_nm/m``, the mean absolute error over the
    pixels where the true layer has a thickness above 0 (0 nm if there are none).

    Args:
        materials: layer materials from the substrate upward.
    """

    def __init__(self, materials: Sequence[str]) -> None:
        super().__init__(2 + 4 * len(materials), torch.float64)
        self.materials = tuple(materials)

    def update(
        self,
        index: Int[Tensor, "B"],
        predicted_nm: Float[Tensor, "B L Y X"],
        true_nm: Float[Tensor, "B L Y X"],
    ) -> None:
        """Add the maps (B, L, Y, X) [nm] of samples `index` (B,)."""
        error = _on_grid((predicted_nm.double() - true_nm).abs())
        present = true_nm > 0
        sums = [error, _on_grid(error**2), present.double(), error * present]
        per_layer = torch.stack([s.sum((2, 3)) for s in sums], dim=2)
        pixels = per_layer.new_full((len(error), 1), error[0, 0].numel())
        self.add_rows(index, torch.cat([pixels, per_layer.flatten(1)], dim=1))

    def compute(self) -> dict[str, float]:
        """Errors of the class docstring, by name [nm].

        Raises:
            InputError: no sample was seen.
        """
        return thickness_errors(self.sorted_rows()[:, 1:], self.materials)


def thickness_errors(
    rows: Float64[np.ndarray, "N K"], materials: Sequence[str]
) -> dict[str, float]:
    """Pool rows (N, 1 + 4 L) of samples; names and units as in `ThicknessError`.

    A row holds the number of pixels, then for each layer the sum of absolute errors [nm], the sum
    of squared errors [nm^2], the number of pixels where it is present and the sum of absolute
    errors there [nm].
    """
    pixels, *per_layer = rows.sum(0)
    errors = {}
    for material, sums in zip(materials, np.reshape(per_layer, (-1, 4)), strict=True):
        absolute, squared, present, absolute_present = sums
        errors[f"mae_nm/{material}"] = float(absolute / pixels)
        errors[f"rmse_nm/{material}"] = float(np.sqrt(squared / pixels))
        errors[f"mae_present_nm/{material}"] = float(absolute_present / max(present, 1.0))
    return errors


def _on_grid(values: Float64[Tensor, "B L Y X"]) -> Float64[Tensor, "B L Y X"]:
    # sums of multiples of 2^-20 are exact in float64, so the order of addition, which changes
    # with batch size, device and threads, cannot show in the last bits
    return torch.round(values * STEPS_PER_NM) / STEPS_PER_NM
