"""Closed surfaces in files: STL, binary and text, and one material of a `.tri` file.

STL is the format of StereoLithography Interface Specification (3D Systems, 1988). Binary: a header
of 80 bytes, the number of facets in 4, then 50 bytes per facet: normal and three corners as
little-endian float32, and 2 bytes that mean nothing. The format knows no unit and no material:
sem3d writes nm.
"""

import re
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from sem3d.errors import InputError, did_you_mean
from sem3d.geometry.triangles import read_triangles, to_text
from sem3d.geometry.voxel_faces import specimen_faces
from sem3d.specimen import VoxelSpecimen

HEADER: Final = b"made by sem3d: nm, z points down into the specimen".ljust(80)
"""Must not begin with "solid": that is how text begins."""

_FACET: Final = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_COUNT: Final = np.dtype("<u4")
_BEFORE: Final = len(HEADER) + _COUNT.itemsize
_LINES: Final = """\
facet normal %.9g %.9g %.9g
outer loop
vertex %.9g %.9g %.9g
vertex %.9g %.9g %.9g
vertex %.9g %.9g %.9g
endloop
endfacet
"""
_VERTEX: Final = re.compile(
    r"^\s*vertex[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)\s*$", re.MULTILINE | re.IGNORECASE
)
_END: Final = re.compile(r"^\s*endfacet\b", re.MULTILINE | re.IGNORECASE)
_WHOLE: Final = re.compile(r"^\s*solid\b.*^\s*endsolid\b[^\n]*\s*\Z", re.S | re.M | re.I)


def stl_bytes(corners: Float[np.ndarray, "N 3 3"]) -> bytes:
    """Return a binary STL file of triangles with normals outwards, corners x, y, z [nm]."""
    facets = _facets(corners)
    return HEADER + np.array(len(facets), _COUNT).tobytes() + facets.tobytes()


def stl_text(corners: Float[np.ndarray, "N 3 3"]) -> str:
    """Return a text STL file; it reads as the same single precision numbers as a binary one."""
    facets = _facets(corners)
    numbers = np.concatenate([facets["normal"], facets["corners"].reshape(-1, 9)], axis=1)
    return f"solid nm\n{(_LINES * len(facets)) % tuple(numbers.ravel().tolist())}endsolid nm\n"


def read_solids(path: Path) -> dict[int, Float[np.ndarray, "N 3 3"]]:
    """Return the triangles of every solid, normals outwards: x, y, z of corners as in the file.

    Args:
        path: an STL file, which is one solid with the number 0, or a `.tri` file, which has one for
            every material.

    Raises:
        InputError: the file is missing, cut short or of another format, or has no triangles or a
            corner that is not finite.
    """
    if path.suffix.lower() == ".tri":
        triangles = read_triangles(path)
        return {k: triangles.solid(k) for k in triangles.numbers}
    if path.suffix.lower() != ".stl":
        raise InputError(f"{path} is no mesh that sem3d reads; give an .stl or a .tri file")
    corners = _read_stl(path)
    if not len(corners):
        raise InputError(f"{path} holds no triangles; export the part again")
    if not np.isfinite(corners).all():
        raise InputError(f"{path} has a corner that is not finite; export the part again")
    return {0: corners}


def read_solid(path: Path, number: int) -> Float[np.ndarray, "N 3 3"]:
    """Return the only solid of an STL file, or that of one material of a `.tri` file.

    Raises:
        InputError: see `read_solids`, or the `.tri` file has no such material.
    """
    solids = read_solids(path)
    if path.suffix.lower() == ".stl":
        return solids[0]
    if number not in solids:
        known = ", ".join(map(str, solids)) or "none"
        raise InputError(
            f"{path} has no material {number} (it has {known}); name the materials in its order"
        )
    return solids[number]


def mesh_content(
    specimen: VoxelSpecimen, path: Path, material: str | None = None, text: bool = False
) -> str | bytes:
    """Return what a file of this name shall hold: the closed surfaces of a specimen.

    Args:
        specimen: the voxels.
        path: its ending decides the format: .stl or .tri.
        material: only this one; STL holds one material. None: all there are.
        text: STL as text.

    Raises:
        InputError: another ending, a material that is absent, or more than one for STL.
    """
    if path.suffix.lower() not in (".stl", ".tri"):
        raise InputError(f"{path} is no mesh that sem3d writes; end its name in .stl or .tri")
    faces = specimen_faces(specimen)
    names = {name: k for k, name in enumerate(specimen.box.materials) if k in faces.numbers}
    if material not in (None, *names):
        raise InputError(f"the specimen holds no {material!r}{did_you_mean(material or '', names)}")
    if path.suffix.lower() == ".tri":
        legend = "".join(f"# {k} = {name}\n" for name, k in names.items())
        return legend + to_text(faces if material is None else faces.only(names[material]))
    if material is None and len(names) != 1:
        raise InputError(
            f"the specimen holds {' and '.join(names) or 'nothing'} but an STL file one material; "
            "choose one with --material, or write a .tri file"
        )
    corners = faces.solid(names[material or next(iter(names))])
    return stl_text(corners) if text else stl_bytes(corners)


def _facets(corners: Float[np.ndarray, "N 3 3"]) -> np.ndarray:
    facets = np.zeros(len(corners), _FACET)
    facets["corners"] = corners
    one, two, three = corners.astype(np.float64).transpose(1, 0, 2)
    normals = np.cross(two - one, three - one)
    twice_area = np.linalg.norm(normals, axis=1, keepdims=True)
    facets["normal"] = normals / np.where(twice_area == 0, 1, twice_area) + 0.0  # no -0
    return facets


def _read_stl(path: Path) -> Float[np.ndarray, "N 3 3"]:
    """A file whose length fits its number of facets is binary, whatever its header says."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); give an STL file") from None
    count = int(np.frombuffer(content.ljust(_BEFORE, b"\0"), _COUNT, 1, len(HEADER))[0])
    expected = _BEFORE + count * _FACET.itemsize
    if len(content) == expected:
        return np.frombuffer(content, _FACET, count, _BEFORE)["corners"].copy()
    if content.lstrip()[:5].lower() == b"solid":
        return _parsed(content.decode("latin-1"), path)
    if len(content) < _BEFORE:
        raise InputError(f"{path} has {len(content)} bytes, too few for STL; export the part again")
    raise InputError(
        f"{path} has {len(content):,} bytes but {count:,} facets need {expected:,}: it is cut "
        "short or no STL file; export the part again"
    )


def _parsed(text: str, path: Path) -> Float[np.ndarray, "N 3 3"]:
    found, facets = _VERTEX.findall(text), len(_END.findall(text))
    if not _WHOLE.match(text) or len(found) != 3 * facets:
        raise InputError(
            f"{path} has {facets:,} facets, {len(found):,} corners and "
            f"{'an' if _WHOLE.match(text) else 'no'} end: it is cut short or no STL file; export "
            "the part again"
        )
    try:
        return np.array(found, np.float32).reshape(-1, 3, 3)
    except ValueError as error:
        raise InputError(f"{path}: {error}; export the part again") from None
