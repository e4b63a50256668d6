"""Which material file stands for which material, and whether it goes far enough."""

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from sem3d.errors import InputError
from sem3d.simulate.nebula.material_file import MaterialFile, read_material
from sem3d.specimen import Beam


def material_file(name: str, paths: Mapping[str, str]) -> MaterialFile:
    """Return the checked file of a material.

    Args:
        name: the specimen's name for it.
        paths: files by such names; a relative one starts from the folder in the environment
            variable ``SEM3D_NEBULA_MATERIALS``, if that is set.

    Raises:
        InputError: no file is given, it does not exist, or Nebula could not use it.
    """
    if name not in paths:
        known = ", ".join(paths) or "none"
        raise InputError(
            f"simulator.materials has no file for {name!r} (it has {known}); make one with "
            f"cstool, see docs/nebula.md, and give +simulator.materials.{name}=FILE.mat"
        )
    path = Path(os.environ.get("SEM3D_NEBULA_MATERIALS", "")) / Path(paths[name]).expanduser()
    if not path.is_file():
        raise InputError(
            f"simulator.materials.{name}: {path} does not exist; make it with cstool, see "
            "docs/nebula.md, or correct the path"
        )
    stat = path.stat()
    return _read(path.absolute(), stat.st_mtime_ns, stat.st_size)


def check_energies(files: Iterable[MaterialFile], beam: Beam, e_cut_eV: float) -> None:
    """Refuse energies beyond the tables: Nebula would warn of them and trace nothing.

    Args:
        files: of the materials that electrons can meet.
        beam: the beam energies.
        e_cut_eV: lowest energy that counts [eV].

    Raises:
        InputError: a beam energy at or below `e_cut_eV`, or above the end of a file's tables.
    """
    lowest, highest = (1000 * beam.energies_keV[k] for k in (0, -1))
    if lowest <= e_cut_eV:
        raise InputError(
            f"the beam energy {lowest:g} eV is not above simulator.e_cut_eV ({e_cut_eV:g} eV); "
            "choose higher acquisition.energies_keV"
        )
    for file in files:
        if highest > file.energy_range_eV[1]:
            raise InputError(
                f"material file {file.path} ends at {file.energy_range_eV[1]:g} eV, below the "
                f"beam energy {highest:g} eV; lower acquisition.energies_keV or make a file that "
                "goes further"
            )


@lru_cache(maxsize=32)
def _read(path: Path, changed_ns: int, size: int) -> MaterialFile:  # noqa: ARG001 - key of the cache
    """Read a material file once: it may hold half a gigabyte."""
    return read_material(path)
