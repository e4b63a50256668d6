"""A specimen from CAD: closed meshes from files, each of one material."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from sem3d.errors import InputError
from sem3d.geometry.mesh_files import read_solid
from sem3d.geometry.mesh_voxels import voxels_of
from sem3d.specimen import VoxelBox, VoxelSpecimen


@dataclass(frozen=True)
class Mesh:
    """Every sample is the one specimen that the files describe.

    Attributes:
        files: mesh by material, STL or `.tri`; a later one replaces what it overlaps. Of a `.tri`
            file counts the material with the number that ours has in ``box.materials``, from 0.
        matrix: material of the rest of the box, None: vacuum.
        shape: voxels (Z, Y, X).
        voxel_nm: voxel size (dz, dy, dx) [nm].
        sides: see `VoxelBox`.
        bottom: see `VoxelBox`.
        unit_nm: what a length of 1 in the files is [nm].
        shift_nm: where the origin of the files lies in the box (z, y, x) [nm].

    Raises:
        InputError: neither files nor a matrix, or a unit or shift that is no length.
    """

    files: Mapping[str, str] | None = None
    matrix: str | None = "Si"
    shape: Sequence[int] = (20, 20, 20)
    voxel_nm: Sequence[float] = (1.0, 1.0, 1.0)
    sides: str = "mirror"
    bottom: str = "absorb"
    unit_nm: float = 1.0
    shift_nm: Sequence[float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", dict(self.files or {}))
        object.__setattr__(self, "shift_nm", tuple(self.shift_nm))
        if not (self.files or self.matrix):
            raise InputError("geometry.files is empty; give 'geometry.files={Cu: part.stl}'")
        if not 0 < self.unit_nm < np.inf:
            raise InputError(f"geometry.unit_nm is {self.unit_nm}; give a positive number of nm")
        if len(self.shift_nm) != 3 or not np.isfinite(self.shift_nm).all():
            raise InputError(f"geometry.shift_nm is {self.shift_nm}; give (z, y, x) in nm")
        self.box  # noqa: B018 - the box checks the rest

    @property
    def box(self) -> VoxelBox:
        """Grid, walls and materials: the matrix, then those of the files."""
        names = dict.fromkeys([self.matrix, *(self.files or {})])
        materials = [name for name in names if name is not None]
        return VoxelBox(materials, self.shape, self.voxel_nm, self.sides, self.bottom)

    @property
    def files_sha256(self) -> dict[str, str]:
        """SHA-256 of every file, by material.

        Raises:
            InputError: a file cannot be read.
        """
        return {name: _sha256(Path(path)) for name, path in (self.files or {}).items()}

    def __call__(self, rng: np.random.Generator) -> VoxelSpecimen:
        """Return the specimen; nothing is drawn.

        Raises:
            InputError: a file is missing or damaged, or its mesh is not closed or leaves the box.
        """
        del rng
        box, shift = self.box, tuple(float(nm) for nm in self.shift_nm)
        labels = np.full(box.shape, 1 if self.matrix else 0, np.uint8)
        for name, file in (self.files or {}).items():
            number = box.materials.index(name)
            known = file, _sha256(Path(file))
            labels[_inside(*known, number, box, float(self.unit_nm), shift)] = number + 1
        return VoxelSpecimen(labels, box)


@lru_cache(maxsize=32)
def _inside(
    file: str,
    sha256: str,  # noqa: ARG001 - key of the cache
    number: int,
    box: VoxelBox,
    unit_nm: float,
    shift_nm: tuple[float, ...],
) -> Bool[np.ndarray, "Z Y X"]:
    corners = read_solid(Path(file), number).astype(np.float64)
    return voxels_of(corners * unit_nm + np.array(shift_nm[::-1]), box, file)


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); correct geometry.files"
        ) from None
