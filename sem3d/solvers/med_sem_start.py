"""What is known of depth response and blur before any image is seen: ranges and broadening."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.chemistry import ELEMENTS, Material, material
from sem3d.solvers.voxel_problem import VoxelProblem
from sem3d.specimen import VoxelBox

WITHIN_90 = 2.146
"""Radius in standard deviations that holds 90 % of a Gaussian in two dimensions."""


def mean_weight(matter: Material) -> float:
    """Atomic weight averaged by mass fraction [g/mol], like `Material.mean_Z`."""
    return sum(ELEMENTS[s].A * share for s, share in matter.weight_fractions.items())


def electron_range_nm(matter: Material, energies_keV: Float[Tensor, "E"]) -> Float[Tensor, "E"]:
    """Range 27.6 A E^1.67 / (Z^0.889 rho) [nm] (Kanaya and Okayama, J. Phys. D 5 (1972) 43)."""
    scale = 27.6 * mean_weight(matter) / (matter.mean_Z**0.889 * matter.density_g_cm3)
    return scale * energies_keV**1.67


def broadening_scale(matter: Material) -> float:
    """Standard deviation of a beam at a depth of 1 nm and 1 keV [nm].

    Single scattering gives the diameter 6.25e5 (Z / E) (rho / A)^0.5 t^1.5 [cm; E in eV] that holds
    90 % of the electrons (Goldstein et al., Scanning Electron Microscopy 1977, I, 315).
    """
    cm = 1e-7
    root = math.sqrt(matter.density_g_cm3 / mean_weight(matter))
    diameter_cm = 6.25e5 * matter.mean_Z / 1000 * root * cm**1.5
    return diameter_cm / cm / (2 * WITHIN_90)


def matrix_material(problem: VoxelProblem) -> Material:
    """The material of label 1."""
    return material(problem.box.materials[0])


def widths_nm(
    problem: VoxelProblem,
    depths_nm: Float[Tensor, "K"],
    scale: Float[Tensor, "*B"],
    depth_power: float | Float[Tensor, ""] = 1.5,
    energy_power: float | Float[Tensor, ""] = 1.0,
) -> Float[Tensor, "*B E K"]:
    """Blur scale z^depth_power / E^energy_power with the beam's spot [nm].

    Args:
        problem: energies and spot.
        depths_nm: of the slices [nm].
        scale: at 1 nm and 1 keV [nm]; see `broadening_scale`.
        depth_power: 1.5 for single scattering.
        energy_power: 1 for single scattering.
    """
    energies = torch.tensor(problem.beam.energies_keV).to(depths_nm)
    law = depths_nm**depth_power / energies[:, None] ** energy_power
    squared = (scale[..., None, None] * law).square()
    return (squared + problem.beam.spot_sigma_nm**2).sqrt()


def slice_depths_nm(box: VoxelBox) -> Float[Tensor, "Z"]:
    """Middle of every slice of voxels [nm]."""
    return (torch.arange(box.shape[0]) + 0.5) * box.voxel_nm[0]


def depth_shares(
    problem: VoxelProblem, edges_nm: Float[Tensor, "edges"], escape: float
) -> Float[Tensor, "E K"]:
    """Share of each band of depth in the signal of an inclusion as thick as the box.

    The response falls as exp(-z / z_n), z_n = `escape` x electron range.
    """
    energies = torch.tensor(problem.beam.energies_keV).to(edges_nm)
    decay = escape * electron_range_nm(matrix_material(problem), energies)
    passed = torch.exp(-edges_nm / decay[:, None])
    shares = -passed.diff(dim=1)
    return shares / shares.sum(1, keepdim=True)
