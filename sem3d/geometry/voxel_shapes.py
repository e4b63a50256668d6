"""Solids on a voxel grid: a voxel belongs to a solid when its centre lies inside.

A solid is drawn in its own frame, as outlines are: shifted to its centre and scaled so that the
half axes have length 1. Its three coordinates (z, y, x) come as an open mesh, of shapes
(Z, 1, 1), (1, Y, 1) and (1, 1, X).
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float

from sem3d.specimen import VoxelBox

Triple = Sequence[float] | np.ndarray
Solid = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def voxels_inside(
    box: VoxelBox, solid: Solid, centre_nm: Triple, half_nm: Triple
) -> Bool[np.ndarray, "Z Y X"]:
    """Return the voxels of `box` whose centres lie in `solid`.

    Args:
        box: the grid; its corner is the origin.
        solid: the shape in its own frame.
        centre_nm: its centre (z, y, x) [nm].
        half_nm: its half axes (z, y, x) [nm]; a negative one mirrors the solid.
    """
    sizes = zip(box.shape, box.voxel_nm, centre_nm, half_nm, strict=True)
    return solid(*np.ix_(*(((np.arange(n) + 0.5) * nm - c) / h for n, nm, c, h in sizes)))


def cuboid(z: np.ndarray, y: np.ndarray, x: np.ndarray) -> Bool[np.ndarray, "Z Y X"]:
    """Points inside the cube of half side 1: cubes, boxes, slabs."""
    return (np.abs(z) <= 1) & (np.abs(y) <= 1) & (np.abs(x) <= 1)


def ellipsoid(z: np.ndarray, y: np.ndarray, x: np.ndarray) -> Bool[np.ndarray, "Z Y X"]:
    """Points inside the sphere of radius 1."""
    return z * z + y * y + x * x <= 1


def cylinder(axis: int) -> Solid:
    """Cylinder of radius 1 and half length 1 along `axis`, 0 = z, 1 = y, 2 = x."""

    def inside(*point: np.ndarray) -> np.ndarray:
        p, q = (c for n, c in enumerate(point) if n != axis)
        return (p * p + q * q <= 1) & (np.abs(point[axis]) <= 1)

    return inside


def l_shape(axis: int, arms: tuple[float, float]) -> Solid:
    """L extruded along `axis`: the cube without the far quarter of the other two coordinates.

    Args:
        axis: 0 = z, 1 = y, 2 = x.
        arms: width of each arm as a share of the whole side, along the two other axes.
    """
    a, b = (2 * share - 1 for share in arms)

    def inside(*point: np.ndarray) -> np.ndarray:
        p, q = (c for n, c in enumerate(point) if n != axis)
        return cuboid(*point) & ~((p > a) & (q > b))

    return inside


def via(pad: float, pillar: float) -> Solid:
    """Vertical pillar below a square pad.

    Args:
        pad: share of the height that the pad takes.
        pillar: radius of the pillar as a share of the pad's half side.
    """

    def inside(z: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        return cuboid(z, y, x) & ((z <= 2 * pad - 1) | (y * y + x * x <= pillar * pillar))

    return inside


def blob(
    waves: Float[np.ndarray, "K 3"], phases: Float[np.ndarray, " K"], depth: float = 0.6
) -> Solid:
    """Irregular star-shaped body with a smooth surface.

    Its radius in the direction n is 1 - depth (1 - f) / 2, f the mean of cos(wave . n + phase).

    Args:
        waves: wave vectors (z, y, x); longer ones make more bumps.
        phases: their phases [rad].
        depth: deepest dent as a share of the radius, below 1.
    """

    def inside(*point: np.ndarray) -> np.ndarray:
        radius = np.sqrt(sum(c * c for c in point))
        z, y, x = (c / np.maximum(radius, 1e-9) for c in point)
        bumps = sum(
            np.cos(a * z + b * y + c * x + p)
            for (a, b, c), p in zip(waves.tolist(), phases.tolist(), strict=True)
        )
        return radius <= 1 - depth * (1 - bumps / len(phases)) / 2

    return inside


def core_shell(solid: Solid, core: float, kernel: float = 0.0) -> Solid:
    """Shell of `solid`: the body without its `core`, a smaller copy, but with its `kernel`.

    Args:
        solid: the whole body.
        core: size of the empty core as a share of the body, above 0 and below 1.
        kernel: size of the solid kernel inside it, 0 for none.
    """

    def inside(*point: np.ndarray) -> np.ndarray:
        shell = solid(*point) & ~solid(*(c / core for c in point))
        return shell | solid(*(c / kernel for c in point)) if kernel else shell

    return inside
