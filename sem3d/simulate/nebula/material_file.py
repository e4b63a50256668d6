"""Material files of the external simulator Nebula: HDF5 tables made by its companion cstool.

Nebula reads six tables and five root attributes, and trusts them: a missing unit or an axis of the
wrong length ends in a crash or in undefined behaviour. So files are checked here first. What is
asked follows Nebula 1.0.2 (van Kessel and Hagen, SoftwareX 12 (2020) 100605).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np

from sem3d.errors import InputError

Table = tuple[str, tuple[str | None, ...]]
"""Unit of a table and, for each axis, the unit of its logarithmic scale; None runs evenly, 0 to 1
where no scale is attached."""

TABLES: Final[Mapping[str, Table]] = {
    "kieft/elastic/imfp": ("nm^-1", ("eV",)),
    "kieft/elastic/costheta_icdf": ("", ("eV", None)),
    "full_penn/imfp": ("nm^-1", ("eV",)),
    "full_penn/omega_icdf": ("eV", ("eV", None)),
    "full_penn/q_icdf": ("nm^-1", ("eV", None, None)),
    "ionization/binding_icdf": ("eV", ("eV", "", None)),
}
"""What the default build of Nebula reads; the first axis is energy."""

MAY_BE_NAN: Final = "ionization/binding_icdf"  # NaN stands for a valence electron
STRINGS: Final = ("name", "cstool_version")
QUANTITIES: Final = {"fermi": "eV", "barrier": "eV", "phonon_loss": "eV", "effective_A": "g"}
_SPACING = 10 * float(np.finfo(np.float32).eps)  # Nebula's own tolerance, absolute


@dataclass(frozen=True)
class MaterialFile:
    """What is worth knowing of a usable material file.

    Attributes:
        path: the file.
        name: of the material, as the file has it.
        version: of the cstool that made it.
        sha256: of the file.
        energy_range_eV: energies above the Fermi level that every table covers [eV].
        metal: it has no band gap.
    """

    path: Path
    name: str
    version: str
    sha256: str
    energy_range_eV: tuple[float, float]
    metal: bool


def hdf5() -> ModuleType:
    """Return the module h5py, which only these files need.

    Raises:
        InputError: it is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise InputError(
            "Nebula's material files need the package h5py; run pip install 'sem3d[nebula]'"
        ) from None
    return h5py


def open_file(path: Path) -> Any:
    """Open an HDF5 file for reading.

    Raises:
        InputError: no file, not HDF5, truncated, or h5py is not installed.
    """
    h5py = hdf5()
    if not path.is_file():
        raise InputError(f"material file {path} does not exist or is no file; make it with cstool")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        what = "is truncated" if "truncated" in str(error) else "is no HDF5 file"
        raise InputError(f"material file {path} {what}; make it again with cstool") from None


def read_material(path: Path) -> MaterialFile:
    """Check a material file and return what it says of itself.

    Raises:
        InputError: it cannot be opened, or Nebula could not use it.
    """
    if found := problems(path):
        more = f" (and {len(found) - 1} more)" if found[1:] else ""
        raise InputError(
            f"material file {path} cannot be used: {found[0]}{more}; make it again with cstool"
        )
    with open_file(path) as file:
        scales = [scale(file[name], 0)[:] for name in TABLES]
        name, version = (_text(file.attrs[key]) for key in STRINGS)
        metal = "band_gap" not in file.attrs
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    common = max(float(s[0]) for s in scales), min(float(s[-1]) for s in scales)
    return MaterialFile(path, name, version, sha256, common, metal)


def problems(path: Path) -> list[str]:
    """Return what keeps Nebula from using the file, one sentence each; empty for a good file.

    Raises:
        InputError: it cannot be opened.
    """
    with open_file(path) as file:
        return [*_attribute_problems(file), *(p for name in TABLES for p in _table(file, name))]


def scale(table: Any, axis: int) -> Any:
    """Return the scale attached to an axis, the first if there are several, or None."""
    attached = table.dims[axis].values()
    return attached[0] if attached else None


def quantity(file: Any, key: str) -> tuple[float, str]:
    """Return a root attribute with its unit."""
    value, unit = file.attrs[key]
    return float(value), _text(unit)


def _attribute_problems(file: Any) -> Iterator[str]:
    for key in STRINGS:
        if not _is_text(file, key):
            yield f"attribute {key!r} is missing or no string"
    optional = {"band_gap": "eV"} if "band_gap" in file.attrs else {}
    for key, unit in (QUANTITIES | optional).items():
        try:
            value, found = quantity(file, key)
            text = hdf5().check_string_dtype(file.attrs.get_id(key).dtype["unit"])
        except (KeyError, TypeError, ValueError):
            yield f"attribute {key!r} is missing or no value with a unit"
            continue
        if text is None or (text.encoding, text.length) != ("ascii", None):
            yield f"attribute {key!r} has a unit that is no ASCII string of free length"
        elif not np.isfinite(value) or found != unit:
            yield f"attribute {key!r} is {value:g} {found}, not a finite number of {unit}"


def _table(file: Any, name: str) -> Iterator[str]:
    """Check one table; nothing of it is read before its shape is right."""
    unit, axes = TABLES[name]
    table = file.get(name)
    if not isinstance(table, hdf5().Dataset):
        yield f"table {name} is missing"
        return
    yield from _unit(table, name, unit)
    if table.ndim != len(axes) or min(table.shape) < 2 or table.dtype.kind != "f":
        yield f"table {name} has the shape {table.shape} of {table.dtype}, not {len(axes)} axes"
        return
    for axis, scale_unit in enumerate(axes):
        yield from _scale(table, name, axis, scale_unit)
    yield from _values(table, name)


def _scale(table: Any, name: str, axis: int, unit: str | None) -> Iterator[str]:
    found, place = scale(table, axis), f"axis {axis} of {name}"
    if found is None:
        if unit is not None:
            yield f"{place} has no scale"
        return
    yield from _unit(found, f"the scale of {place}", unit or "")
    if found.shape != (table.shape[axis],):
        yield f"the scale of {place} has the shape {found.shape}, not ({table.shape[axis]},)"
        return
    values = found[:].astype(float)
    spaced, kind = (np.linspace, "even") if unit is None else (np.geomspace, "logarithmic")
    if not (np.isfinite(values).all() and (np.diff(values) > 0).all()):
        yield f"the scale of {place} does not rise"
    elif unit is not None and values[0] <= 0:
        yield f"the scale of {place} does not start above 0"
    elif np.abs(spaced(values[0], values[-1], len(values)) - values).max() > _SPACING:
        yield f"the scale of {place} is not {kind}"


def _values(table: Any, name: str) -> Iterator[str]:
    """Look at every value, one energy at a time: a table may be larger than memory."""
    if name == MAY_BE_NAN:
        return
    try:
        fine = all(_possible(table[row], name) for row in range(len(table)))
    except OSError:
        yield f"table {name} cannot be read"
        return
    if not fine:
        yield f"table {name} holds a value that is not finite or out of range"


def _possible(values: Any, name: str) -> bool:
    """Cosines lie in -1..1, rates, losses and momenta are finite and not negative."""
    lowest, highest = (-1, 1) if name.endswith("costheta_icdf") else (0, np.finfo(np.float32).max)
    return bool(np.min(values) >= lowest - 1e-6 and np.max(values) <= highest + 1e-6)


def _unit(table: Any, what: str, unit: str) -> Iterator[str]:
    if "units" not in table.attrs:
        yield f"{what} has no attribute 'units'"
    elif not _is_text(table, "units") or _text(table.attrs["units"]) != unit:
        yield f"{what} has the wrong units {table.attrs['units']!r}, not {unit!r}"


def _is_text(holder: Any, key: str) -> bool:
    """Whether an attribute is a string of free length: others Nebula reads as garbage."""
    if key not in holder.attrs:
        return False
    info = hdf5().check_string_dtype(holder.attrs.get_id(key).dtype)
    return info is not None and info.length is None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
