"""How small and how close: copper cubes of falling width, and pairs with falling gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sem3d.errors import InputError
from sem3d.geometry.core_shell import FILM, SILICON, FilmCases
from sem3d.geometry.voxel_shapes import cuboid, voxels_inside

LATERAL: Final = "lateral"
VERTICAL: Final = "vertical"


@dataclass(frozen=True)
class Cube:
    """One cube in the middle of the field: its width and the depth of its top [nm]."""

    width_nm: int
    depth_nm: int

    @property
    def name(self) -> str:
        """The cube in words."""
        return f"cube of {self.width_nm} nm, top at {self.depth_nm} nm"


@dataclass(frozen=True)
class Pair:
    """Two cubes in the middle of the film, apart along x ("lateral") or z ("vertical") [nm]."""

    width_nm: int
    gap_nm: int
    direction: str

    @property
    def name(self) -> str:
        """The pair in words."""
        return f"cubes of {self.width_nm} nm, {self.direction} gap of {self.gap_nm} nm"


@dataclass(frozen=True)
class Resolution(FilmCases):
    """Copper cubes of every width at every depth, then pairs of cubes with every gap.

    Source: our own; the resolution of 2 nm claimed by Zheng et al. (BSE-VoxNets) is tested there on
    objects of 4 nm and more. Unlike the named cases of `core_shell` these are not kept out of
    training: an inclusion may be such a cube by chance.

    Attributes:
        widths_nm: widths of single cubes, whole nm.
        depths_nm: depths of their tops, whole nm.
        gaps_nm: gaps of the pairs, whole nm.
        pair_width_nm: width of the cubes of a pair.

    Raises:
        InputError: there is no case, or one does not fit the film.
    """

    widths_nm: Sequence[int] = (1, 2, 3, 4, 5, 6, 7, 8)
    depths_nm: Sequence[int] = (0, 4, 8, 12)
    gaps_nm: Sequence[int] = (1, 2, 3, 4, 5)
    pair_width_nm: int = 5

    def __post_init__(self) -> None:
        for name in ("widths_nm", "depths_nm", "gaps_nm"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.shapes:
            raise InputError("geometry has no case; give widths_nm and depths_nm, or gaps_nm")
        sizes = (self.pair_width_nm, *self.widths_nm, *self.gaps_nm)
        ends = [s.width_nm + s.depth_nm for s in self.shapes if isinstance(s, Cube)]
        ends += [2 * s.width_nm + s.gap_nm for s in self.shapes if isinstance(s, Pair)]
        if min(sizes) < 1 or min(self.depths_nm, default=0) < 0 or max(ends) > self.box.shape[0]:
            raise InputError(
                f"geometry has a cube or pair outside the film of {self.box.shape[0]} nm, or a "
                "size below 1 nm; lower widths_nm, depths_nm or gaps_nm"
            )

    @property
    def shapes(self) -> tuple[Cube | Pair, ...]:
        """The cases in order: cubes by depth and width, lateral pairs, vertical pairs."""
        cubes = [Cube(width, depth) for depth in self.depths_nm for width in self.widths_nm]
        directions = (LATERAL, VERTICAL)
        pairs = [Pair(self.pair_width_nm, gap, d) for d in directions for gap in self.gaps_nm]
        return *cubes, *pairs

    @property
    def names(self) -> tuple[str, ...]:
        """One name per case."""
        return tuple(shape.name for shape in self.shapes)

    def labels(self, number: int) -> np.ndarray:
        """Labels (20, 20, 20) of one case; odd rests go to the far side."""
        shape = self.shapes[number]
        filled = np.zeros(self.box.shape, bool)
        for corner in _corners(shape, self.box.shape):
            half = shape.width_nm / 2
            filled |= voxels_inside(FILM, cuboid, [c + half for c in corner], [half] * 3)
        return SILICON + filled.astype(np.uint8)


def _corners(shape: Cube | Pair, field: Sequence[int]) -> list[list[int]]:
    """Return the lowest (z, y, x) of every cube [nm]."""
    middle = [(n - shape.width_nm) // 2 for n in field]
    if isinstance(shape, Cube):
        return [[shape.depth_nm, *middle[1:]]]
    axis = 0 if shape.direction == VERTICAL else 2
    first = (field[axis] - 2 * shape.width_nm - shape.gap_nm) // 2
    starts = (first, first + shape.width_nm + shape.gap_nm)
    return [[*middle[:axis], start, *middle[axis + 1 :]] for start in starts]
