"""Triangles between materials, and Nebula's text format `.tri` for them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from sem3d.errors import InputError

MIRROR: Final = -122
VACUUM: Final = -123
DETECTOR_FROM_50_EV: Final = -124
DETECTOR_BELOW_50_EV: Final = -125
DETECTOR: Final = -126
TERMINATOR: Final = -127
NOTHING: Final = -128
SPECIAL: Final = range(NOTHING, MIRROR + 1)
"""Ids that are no materials; Nebula takes any other negative number without a word."""

_COLUMNS: Final = 11
_LINE: Final = "%d %d " + " ".join(["%.9g"] * 9) + "\n"  # 9 digits tell every float32 apart


@dataclass(frozen=True)
class Triangles:
    """Oriented triangles; ids from 0 are materials, the others stand in `SPECIAL`.

    Attributes:
        vertices: (N, 3, 3), triangle, corner, then x, y, z [nm]. The normal is
            (r2 - r1) x (r3 - r1).
        inside: (N,) id of the side that the normal points away from.
        outside: (N,) id of the side that it points to.

    Raises:
        InputError: an id that is neither a material nor special, a place that is not finite, or a
            triangle without area.
    """

    vertices: Float[np.ndarray, "N 3 3"]
    inside: Int[np.ndarray, " N"]
    outside: Int[np.ndarray, " N"]

    def __post_init__(self) -> None:
        ids = np.unique(np.concatenate([self.inside, self.outside]))
        for wrong in ids[(ids < 0) & ~np.isin(ids, SPECIAL)]:
            raise InputError(
                f"triangles have the id {wrong}; give a material from 0 on or a special id "
                f"{NOTHING}..{MIRROR}"
            )
        if not np.isfinite(self.vertices).all():
            raise InputError("a triangle has a corner that is not finite; give numbers in nm")
        if not (twice_area := np.linalg.norm(self.normals, axis=1)).all():
            raise InputError(f"triangle {int(np.argmin(twice_area)) + 1} has no area; leave it out")

    @property
    def normals(self) -> Float[np.ndarray, "N 3"]:
        """Normals, twice the area long [nm^2]."""
        first, second, third = self.vertices.astype(np.float64).transpose(1, 0, 2)
        return np.cross(second - first, third - first)

    def solid(self, number: int) -> Float[np.ndarray, "M 3 3"]:
        """Return the surface of one material, normals outwards: x, y, z of corners [nm]."""
        turned = self.vertices.copy()
        entered = self.outside == number
        turned[entered] = turned[entered][:, ::-1]
        return turned[entered != (self.inside == number)]

    def only(self, number: int) -> "Triangles":
        """Return the surface of one material, with vacuum around it."""
        corners = self.solid(number)
        inside = np.full(len(corners), number)
        return Triangles(corners, inside, np.full_like(inside, VACUUM))

    @property
    def numbers(self) -> list[int]:
        """Ids of the materials, in ascending order."""
        ids = np.unique(np.concatenate([self.inside, self.outside]))
        return [int(k) for k in ids if k >= 0]

    @property
    def materials(self) -> int:
        """How many materials the ids ask for: the highest and one."""
        return 1 + max(-1, int(self.inside.max(initial=-1)), int(self.outside.max(initial=-1)))


def joined(parts: Iterable[Triangles]) -> Triangles:
    """Return the triangles of all parts, in order."""
    fields = [(part.vertices, part.inside, part.outside) for part in parts]
    return Triangles(*(np.concatenate(field) for field in zip(*fields, strict=True)))


def to_text(triangles: Triangles) -> str:
    """Return the content of a `.tri` file: one line per triangle, ids first."""
    count = len(triangles.vertices)
    corners = triangles.vertices.reshape(count, 9)
    table = np.column_stack([triangles.inside, triangles.outside, corners])
    return (_LINE * count) % tuple(table.ravel().tolist())


def read_triangles(path: Path) -> Triangles:
    """Read a `.tri` file; lines that start with ``#`` and empty ones are skipped.

    Raises:
        InputError: the file is missing, empty, or not of this format.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}); give a .tri file") from None
    rows = [
        _row(line, f"{path} line {number}")
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not rows:
        raise InputError(f"{path} holds no triangles; give a .tri file")
    ids = np.array([row[:2] for row in rows], np.int64)
    vertices = np.array([row[2:] for row in rows], float).reshape(-1, 3, 3)
    try:
        return Triangles(vertices, ids[:, 0], ids[:, 1])
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _row(line: str, place: str) -> list[float]:
    words = line.split()
    try:
        row = [float(word) for word in words]
        ids = [int(word) for word in words[:2]]
    except ValueError as error:
        raise InputError(f"{place}: {error}; give two ids and nine coordinates") from None
    if len(row) != _COLUMNS or not all(abs(k) < math.inf for k in ids):
        raise InputError(f"{place} has {len(row)} columns; give two ids and nine coordinates")
    return row
