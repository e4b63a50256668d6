"""Random solids for inclusions: nine kinds, equally likely."""

from collections.abc import Callable

import numpy as np

from sem3d.geometry.voxel_shapes import (
    Solid,
    blob,
    core_shell,
    cuboid,
    cylinder,
    ellipsoid,
    l_shape,
    via,
)

Sizes = Callable[..., np.ndarray]
Drawn = tuple[Solid, np.ndarray]  # with its half axes (z, y, x) [nm]

THROUGH_NM = 1e3
"""Half length of what runs right through, longer than any box [nm]."""


def random_solid(rng: np.random.Generator, sizes_nm: tuple[float, float]) -> Drawn:
    """Draw a solid in its own frame and its half axes (z, y, x) [nm].

    Sizes are full widths, log-uniform in `sizes_nm`. The kinds: cubes; boxes with three sizes;
    spheres; cylinders along z, y or x, every second one right through the specimen; slabs normal
    to any axis, right through along both others; L-shapes along any axis; vias, pad up or down;
    irregular blobs; and core-shells of a box, ellipsoid or cylinder, every second one with a
    kernel in its core. Kinds with fine parts start at a multiple of the smallest size: blobs,
    whose dents reach in to 0.4 of the radius, at 2 times, L-shapes, vias and core-shells at 3.
    """

    def sizes(count: int, least: float = 1.0) -> np.ndarray:
        low, high = np.log(least * sizes_nm[0]), np.log(sizes_nm[1])
        return np.exp(rng.uniform(min(low, high), high, count))

    solid, widths = KINDS[rng.integers(len(KINDS))](rng, sizes)
    # Mirrored by the sign of its half axes, an L-shape or a via points anywhere.
    return solid, rng.choice([-0.5, 0.5], 3) * widths


def _cube(rng: np.random.Generator, sizes: Sizes) -> Drawn:  # noqa: ARG001
    return cuboid, sizes(1).repeat(3)


def _box(rng: np.random.Generator, sizes: Sizes) -> Drawn:  # noqa: ARG001
    return cuboid, sizes(3)


def _sphere(rng: np.random.Generator, sizes: Sizes) -> Drawn:  # noqa: ARG001
    return ellipsoid, sizes(1).repeat(3)


def _cylinder(rng: np.random.Generator, sizes: Sizes) -> Drawn:
    axis = int(rng.integers(3))
    widths = sizes(1).repeat(3)
    widths[axis] = 2 * THROUGH_NM if rng.random() < 0.5 else sizes(1)[0]
    return cylinder(axis), widths


def _slab(rng: np.random.Generator, sizes: Sizes) -> Drawn:
    widths = np.full(3, 2 * THROUGH_NM)
    widths[rng.integers(3)] = sizes(1)[0]
    return cuboid, widths


def _l_shape(rng: np.random.Generator, sizes: Sizes) -> Drawn:
    first, second = rng.uniform(0.3, 0.6, 2)
    return l_shape(int(rng.integers(3)), (first, second)), sizes(3, 3.0)


def _via(rng: np.random.Generator, sizes: Sizes) -> Drawn:
    return via(rng.uniform(0.2, 0.5), rng.uniform(0.4, 0.7)), sizes(2, 3.0)[[0, 1, 1]]


def _blob(rng: np.random.Generator, sizes: Sizes) -> Drawn:
    return blob(rng.normal(0, 2, (4, 3)), rng.uniform(0, 2 * np.pi, 4)), sizes(3, 2.0)


def _core_shell(rng: np.random.Generator, sizes: Sizes) -> Drawn:
    bodies = (cuboid, ellipsoid, cylinder(0), cylinder(1), cylinder(2))
    core = rng.uniform(0.4, 0.8)
    kernel = core * rng.uniform(0.3, 0.7) if rng.random() < 0.5 else 0.0
    return core_shell(bodies[rng.integers(len(bodies))], core, kernel), sizes(3, 3.0)


KINDS = (_cube, _box, _sphere, _cylinder, _slab, _l_shape, _via, _blob, _core_shell)
