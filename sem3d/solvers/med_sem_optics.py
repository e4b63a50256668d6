"""Images of depth slices: every slice blurred by its own width at every energy, then added up.

Between mirrors the cosine transform (DCT-II) of a field turns a symmetric blur into a product:
images of all energies are one small matrix product per lateral frequency.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.specimen import VoxelBox

FLAT = 1e-4
"""Curvature below which a response is straight to single precision."""


def cosine_matrix(n: int) -> Float[Tensor, "n n"]:
    """Orthonormal DCT-II: rows are the even modes of n pixels between mirrors."""
    k = torch.arange(n, dtype=torch.float64)
    rows = torch.cos(math.pi * (k + 0.5) * k[:, None] / n) * math.sqrt(2 / n)
    rows[0] /= math.sqrt(2)
    return rows.float()


@dataclass(frozen=True)
class Field:
    """The lateral grid.

    Attributes:
        rows, columns: cosine matrices of y and x.
        roughness: 1 - cos of each frequency over the squared pixel, summed over y and x [1/nm2].
    """

    rows: Float[Tensor, "Y Y"]
    columns: Float[Tensor, "X X"]
    roughness: Float[Tensor, "F"]

    @classmethod
    def of(cls, box: VoxelBox) -> "Field":
        """Return the field of one pixel per column of voxels."""
        y, x = (
            (1 - torch.cos(math.pi * torch.arange(n) / n)) / p**2
            for n, p in zip(box.shape[1:], box.voxel_nm[1:], strict=True)
        )
        rows, columns = (cosine_matrix(n) for n in box.shape[1:])
        return cls(rows, columns, (y[:, None] + x).flatten())

    def modes(self, images: Float[Tensor, "*B Y X"]) -> Float[Tensor, "*B F"]:
        """Cosine transform."""
        return (self.rows @ images @ self.columns.T).flatten(-2)

    def images(self, modes: Float[Tensor, "*B F"]) -> Float[Tensor, "*B Y X"]:
        """Inverse of `modes`."""
        square = modes.unflatten(-1, (len(self.rows), len(self.columns)))
        return self.rows.T @ square @ self.columns

    def blur(self, widths_nm: Float[Tensor, "*B E K"]) -> Float[Tensor, "*B F E K"]:
        """Transfer of Gaussians on pixels, whose kernels are never negative.

        Source: discrete analogue of the Gaussian (Lindeberg, IEEE PAMI 12 (1990) 234).
        """
        variance = widths_nm.square()[..., None, :, :]
        return torch.exp(-variance * self.roughness[:, None, None])

    def to(self, like: Tensor) -> "Field":
        """Move to the device of `like`."""
        return Field(self.rows.to(like), self.columns.to(like), self.roughness.to(like))


@dataclass(frozen=True)
class Imaging:
    """Expected yields of slices s in 0..1: base + f(x), x = sum_k w_k (h_k * s_k).

    f(x) = (1 - exp(-c x)) / c: straight for c = 0, saturating for c > 0, growing faster than
    straight for c < 0.

    Attributes:
        field: lateral grid.
        transfer: w_k times the transfer of h_k by frequency, energy and slice, one per scan or one
            for all.
        base: yield of the bare matrix.
        bend: c of every energy.
    """

    field: Field
    transfer: Float[Tensor, "G F E K"]
    base: Float[Tensor, "*B E 1 1"]
    bend: Float[Tensor, "E 1 1"]

    def straight(self, slices: Float[Tensor, "B K Y X"]) -> Float[Tensor, "B E Y X"]:
        """Signal x before it bends."""
        return self._mixed(self.transfer, slices)

    def back(self, images: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B K Y X"]:
        """Transpose of `straight`."""
        return self._mixed(self.transfer.mT, images)

    def expected(self, straight: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B E Y X"]:
        """Yields."""
        return self.base - torch.expm1(-self.bend * straight) / self.bend

    def slope(self, straight: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B E Y X"]:
        """Derivative of `expected`."""
        return torch.exp(-self.bend * straight)

    def _mixed(self, matrix: Tensor, images: Tensor) -> Tensor:
        grouped = self.field.modes(images).unflatten(0, (len(matrix), -1))  # (G, N, K, F)
        mixed = matrix @ grouped.permute(0, 3, 2, 1)
        return self.field.images(mixed.permute(0, 3, 2, 1).flatten(0, 1))


def bend_to(
    full: Float[Tensor, "E 1 1"], straight: Float[Tensor, "E 1 1"]
) -> Float[Tensor, "E 1 1"]:
    """Find c of `Imaging` for which f(`straight`) is `full`, by bisection."""
    low, high = -50 / straight, 50 / straight
    for _ in range(60):
        c = away_from_zero((low + high) / 2)
        above = -torch.expm1(-c * straight) / c > full
        low, high = torch.where(above, c, low), torch.where(above, high, c)
    return away_from_zero((low + high) / 2)


def away_from_zero(bend: Tensor) -> Tensor:
    """Return curvatures of which none is too small to divide by."""
    return torch.where(bend.abs() < FLAT, FLAT, bend)
