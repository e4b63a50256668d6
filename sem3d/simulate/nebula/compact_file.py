"""Material files of Nebula made small: single precision, packed, the even axes thinned."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sem3d.errors import InputError
from sem3d.simulate.nebula.material_file import hdf5, open_file, read_material, scale

LARGEST_STEP: Final = 7
THINNED: Final[Mapping[str, tuple[int, ...]]] = {
    "full_penn/q_icdf": (1,),
    "ionization/binding_icdf": (1, 2),
}
"""Axes that bear thinning, by table. The probability axis of ``q_icdf`` does not: yields change."""

_OWN = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "DIMENSION_LABELS"}  # of HDF5 scales


def thinning(points: int) -> int:
    """Return the largest step up to 7 that keeps the first and the last of evenly spaced points."""
    return max(s for s in range(1, LARGEST_STEP + 1) if (points - 1) % s == 0)


def compact(source: Path, target: Path) -> None:
    """Write a small copy of a material file, whole or not at all.

    Raises:
        InputError: Nebula could not use the file, or the target exists.
    """
    read_material(source)
    if target.exists():
        raise InputError(f"{target} exists; choose another name for the compact file")
    partial = target.with_name(f".{target.name}.partial")
    try:
        with open_file(source) as old, hdf5().File(partial, "w") as new:
            _copy(old, new)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _copy(old: Any, new: Any) -> None:
    found: list[tuple[str, Any]] = []
    old.visititems(lambda name, node: found.append((name, node)))
    tables = {name: node for name, node in found if isinstance(node, hdf5().Dataset)}
    steps = {n: _steps(n, table) for n, table in tables.items()}
    for name, axes in steps.items():  # a scale follows the axis that it belongs to
        for axis, step in enumerate(axes):
            if (own := scale(tables[name], axis)) is not None:
                steps[own.name.lstrip("/")] = (step,)
    _attributes(old, new)
    for name, node in found:
        made = _table(node, new, name, steps[name]) if name in tables else new.require_group(name)
        _attributes(node, made)
    for name, table in tables.items():
        for axis, dimension in enumerate(table.dims):
            for own in dimension.values():
                new[name].dims[axis].attach_scale(new[own.name])


def _steps(name: str, table: Any) -> tuple[int, ...]:
    thin = THINNED.get(name, ())
    return tuple(thinning(n) if axis in thin else 1 for axis, n in enumerate(table.shape))


def _table(table: Any, new: Any, name: str, steps: tuple[int, ...]) -> Any:
    """Copy a dataset, row by row where it is large. Scales stay double.

    Nebula compares a scale with the even or logarithmic one to 1e-6 absolutely, more than single
    precision can hold at thousands of eV.
    """
    if table.ndim == 0 or table.is_scale or table.dtype.kind != "f":
        thinned = table[tuple(slice(None, None, s) for s in steps)] if table.ndim else table[()]
        made = new.create_dataset(name, data=thinned)
        if table.is_scale:
            made.make_scale(hdf5().h5ds.get_scale_name(table.id).decode())
        return made
    shape = tuple((n - 1) // s + 1 for n, s in zip(table.shape, steps, strict=True))
    made = new.create_dataset(
        name, shape, "f4", chunks=(1, *shape[1:]) if shape[1:] else None,
        compression="gzip", shuffle=True,
    )  # fmt: skip
    rest = tuple(slice(None, None, s) for s in steps[1:])
    for row in range(shape[0]):
        made[row] = table[row * steps[0]][rest]
    return made


def _attributes(old: Any, new: Any) -> None:
    """Copy attributes with their types: Nebula reads strings of free length only."""
    for key in set(old.attrs) - _OWN:
        new.attrs.create(key, old.attrs[key], dtype=old.attrs.get_id(key).dtype)
