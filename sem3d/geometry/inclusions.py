"""Copper inclusions in a silicon film: the training family of the voxel problem."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from sem3d.errors import InputError
from sem3d.geometry.core_shell import FILM
from sem3d.geometry.held_out import is_near_a_named_case
from sem3d.geometry.random_solids import random_solid
from sem3d.geometry.voxel_shapes import voxels_inside
from sem3d.specimen import VoxelBox, VoxelSpecimen

REDRAWS = 100


@dataclass(frozen=True, kw_only=True)
class Inclusions:
    """A film with a few random solids of another material; they may overlap and be cut.

    A specimen has 1 to `most_solids` solids, equally likely. Each is one of nine kinds (see
    `random_solid`), its centre uniform over the box; a `top_share` of them is moved up
    or down until the surface cuts off up to a quarter of its height. Specimens with more than
    `most_filled` of the film, or near a named case (see `is_near_a_named_case`), are drawn again
    from the same generator.

    With the defaults 0.20 of the voxels are filled on average; per specimen 0.01, 0.06, 0.15, 0.29
    and 0.60 at the 5th, 25th, 50th, 75th and 95th percentile. Solids show at the surface in 0.75
    and at the bottom in 0.48 of the specimens.

    Attributes:
        box: grid, walls and the two materials: the film's and that of the solids.
        most_solids: highest number of solids.
        sizes_nm: smallest and largest width of a solid [nm].
        top_share: probability that a solid is moved to the surface.
        most_filled: largest filled share of the film.

    Raises:
        InputError: the box has not two materials, or a number is out of range.
    """

    box: VoxelBox = FILM
    most_solids: int = 4
    sizes_nm: Sequence[float] = (2.0, 20.0)
    top_share: float = 0.25
    most_filled: float = 0.8

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes_nm", tuple(self.sizes_nm))
        if len(self.box.materials) != 2:
            raise InputError(
                f"geometry.box has the materials {list(self.box.materials)}; "
                "give the film's and that of the inclusions"
            )
        if len(self.sizes_nm) != 2 or not 0 < self.sizes_nm[0] <= self.sizes_nm[1]:
            raise InputError(
                f"geometry.sizes_nm is {list(self.sizes_nm)}; give the smallest and the largest"
            )
        if not (self.most_solids >= 1 and 0 <= self.top_share <= 1 and 0 < self.most_filled <= 1):
            raise InputError(
                f"geometry has most_solids {self.most_solids}, top_share {self.top_share} and "
                f"most_filled {self.most_filled}; give at least 1, 0 to 1, and above 0 to 1"
            )

    def __call__(self, rng: np.random.Generator) -> VoxelSpecimen:
        """Draw one specimen with labels 1 (film) and 2 (solids).

        Raises:
            InputError: hardly any draw keeps to `most_filled`.
        """
        for _ in range(REDRAWS):
            filled = self._filled(rng)
            specimen = VoxelSpecimen(1 + filled.astype(np.uint8), self.box)
            if 0 < filled.mean() <= self.most_filled and not is_near_a_named_case(specimen):
                return specimen
        raise InputError(
            f"{REDRAWS} draws in a row were empty or filled more than {self.most_filled:g} of the "
            "film; raise geometry.most_filled or change geometry.sizes_nm"
        )

    def _filled(self, rng: np.random.Generator) -> Bool[np.ndarray, "Z Y X"]:
        solids = range(rng.integers(1, self.most_solids, endpoint=True))
        return np.any([self._solid(rng) for _ in solids], axis=0)

    def _solid(self, rng: np.random.Generator) -> Bool[np.ndarray, "Z Y X"]:
        low, high = self.sizes_nm
        solid, half = random_solid(rng, (low, high))
        centre = rng.uniform(0, np.multiply(self.box.shape, self.box.voxel_nm))
        if rng.random() < self.top_share:
            centre[0] = rng.uniform(0.5, 1) * abs(half[0])
        return voxels_inside(self.box, solid, centre, half)
