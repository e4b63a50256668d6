"""Blind source separation: bands of depth, how they mix into images, and where they lie."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from sem3d.solvers.med_sem_optics import FLAT, Field, Imaging
from sem3d.solvers.med_sem_start import (
    broadening_scale,
    depth_shares,
    matrix_material,
    slice_depths_nm,
    widths_nm,
)
from sem3d.solvers.voxel_problem import VoxelProblem

BRIGHT = 0.99
"""Quantile of an image that is taken for an inclusion as thick as the box."""
FAINT = 1e-4
"""Least yield that such an inclusion is taken to add."""
FINER = 1.5
"""Bands end at depths (k / K)^FINER of the box: low energies tell thin upper bands apart."""
NOISE_MARGIN = 1.5
"""Components below this multiple of the largest eigenvalue of pure noise are noise."""
WIDTH_STEPS = (1 / 1.15, 1.0, 1.15)
"""Blurs that are compared at every fit, relative to the last one."""


@dataclass(frozen=True)
class Mixture:
    """How K sources make the images of a batch of scans.

    Attributes:
        problem: energies and spot.
        field: lateral grid.
        base: yield of the bare matrix.
        depths_nm: middle of each band of depth [nm].
        weights: W, what a source adds to each image where it is 1.
        scale: of the blur, see `widths_nm` [nm].
    """

    problem: VoxelProblem
    field: Field
    base: Float[Tensor, "B E 1 1"]
    depths_nm: Float[Tensor, "K"]
    weights: Float[Tensor, "B E K"]
    scale: Float[Tensor, "B"]

    @classmethod
    def start(
        cls,
        problem: VoxelProblem,
        field: Field,
        base: Float[Tensor, "B E 1 1"],
        yields: Float[Tensor, "B E Y X"],
        count: int,
        escape: float,
    ) -> "Mixture":
        """Return the mixture that ranges predict, scaled to the brightest pixels of each image."""
        height = problem.box.shape[0] * problem.box.voxel_nm[0]
        edges = height * (torch.arange(count + 1) / count) ** FINER
        bright = (yields - base).flatten(2).quantile(BRIGHT, dim=2).clamp_min(FAINT)
        shares = depth_shares(problem, edges, escape).to(yields)
        scale = yields.new_full((len(yields),), broadening_scale(matrix_material(problem)))
        depths = ((edges[1:] + edges[:-1]) / 2).to(yields)
        return cls(problem, field, base, depths, bright[..., None] * shares, scale)

    @property
    def blurs(self) -> Float[Tensor, "B F E K"]:
        """Transfer of the blur alone."""
        return self.field.blur(widths_nm(self.problem, self.depths_nm, self.scale))

    @property
    def imaging(self) -> Imaging:
        """Images of the mixture; its response is straight."""
        bend = torch.full_like(self.base[0], FLAT)
        return Imaging(self.field, self.weights[:, None] * self.blurs, self.base, bend)

    @property
    def centroids(self) -> Float[Tensor, "B K"]:
        """Mean energy of each source's weights [keV]: the deeper, the higher."""
        energies = torch.tensor(self.problem.beam.energies_keV).to(self.weights)[:, None]
        return (self.weights * energies).sum(1) / self.weights.sum(1)

    def fitted(
        self, yields: Float[Tensor, "B E Y X"], sources: Float[Tensor, "B K Y X"]
    ) -> "Mixture":
        """Fit weights, then the blur, to the sources as they are.

        Weights take one multiplicative step towards the likeliest (Lee and Seung 2001).
        """
        modes = self.field.modes(sources).mT[:, :, None]  # (B, F, 1, K)
        blurred = self.field.images((self.blurs * modes).permute(0, 2, 3, 1))  # (B, E, K, Y, X)
        mixed = self.base + (self.weights[..., None, None] * blurred).sum(2)
        ratio = (yields / mixed.clamp_min(1e-9))[:, :, None]
        step = (blurred * ratio).sum((-1, -2)) / blurred.sum((-1, -2)).clamp_min(1e-9)
        weights = self.weights * step.clamp_min(FAINT)
        tried = [replace(self, weights=weights, scale=self.scale * m) for m in WIDTH_STEPS]
        best = torch.stack([one._likelihood(yields, sources) for one in tried]).argmax(0)
        scale = torch.stack([one.scale for one in tried]).gather(0, best[None])[0]
        return replace(self, weights=weights, scale=scale)

    def _likelihood(self, yields: Tensor, sources: Tensor) -> Tensor:
        imaging = self.imaging
        mean = imaging.expected(imaging.straight(sources)).clamp_min(1e-9)
        return (yields * mean.log() - mean).sum((1, 2, 3))

    def depths_found_nm(self, first: "Mixture") -> Float[Tensor, "B K"]:
        """Depth at which the first mixture has the energy centroid that each source has now."""
        known, found = first.centroids, self.centroids
        upper = torch.searchsorted(known, found).clamp(1, known.shape[1] - 1)
        low, high = known.gather(1, upper - 1), known.gather(1, upper)
        share = ((found - low) / (high - low)).clamp(0, 1)
        return self.depths_nm[upper - 1].lerp(self.depths_nm[upper], share)


def placed(
    sources: Float[Tensor, "B K Y X"], depths_nm: Float[Tensor, "B K"], problem: VoxelProblem
) -> Float[Tensor, "B Z Y X"]:
    """Put sources on the slices of voxels, linearly between their depths, in order of depth."""
    depths, order = depths_nm.sort(dim=1)
    slices = slice_depths_nm(problem.box).to(depths).expand(len(depths), -1).contiguous()
    below = torch.searchsorted(depths, slices).clamp(1, depths.shape[1] - 1)
    low, high = depths.gather(1, below - 1), depths.gather(1, below)
    share = ((slices - low) / (high - low).clamp_min(1e-6)).clamp(0, 1)[..., None]
    flat = sources.flatten(2)
    upper, lower = (
        flat.gather(1, order.gather(1, i)[..., None].expand(-1, -1, flat.shape[2]))
        for i in (below - 1, below)
    )
    return upper.lerp(lower, share).unflatten(2, sources.shape[2:])


def components(
    yields: Float[Tensor, "B E Y X"], base: Float[Tensor, "B E 1 1"], dose: float
) -> Int64[Tensor, "B"]:
    """Count the principal components of the energies x pixels matrix that rise above the noise.

    Images are scaled to counting noise of 1; the eigenvalues of pure noise end at
    (1 + sqrt(E / P))^2 (Marchenko and Pastur 1967).
    """
    noise = (yields.mean((2, 3), keepdim=True) / dose).clamp_min(1e-12).sqrt()
    matrix = ((yields - base) / noise).flatten(2)
    energies, pixels = matrix.shape[1:]
    eigenvalues = torch.linalg.eigvalsh(matrix @ matrix.mT / pixels)
    limit = NOISE_MARGIN * (1 + (energies / pixels) ** 0.5) ** 2
    return (eigenvalues > limit).sum(1)
