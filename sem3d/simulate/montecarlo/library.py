"""The material library: a folder of materials that are not shipped.

``<name>.json`` holds formula, density and its source; ``<symbol>.npz`` the cross sections of an
element that the shipped file lacks, with its SHA-256 beside it. A name keeps its meaning, for scans
and datasets refer to it.
"""

import json
from pathlib import Path

from sem3d.chemistry import (
    LIBRARY,
    Material,
    known_materials,
    material,
    material_file,
    material_from,
)
from sem3d.errors import InputError
from sem3d.files import write_arrays, write_atomic
from sem3d.simulate.montecarlo.build import Track, build_element, screening, untracked
from sem3d.simulate.montecarlo.elastic import element_file, load_element, load_elements, pack


def add(
    formula: str,
    density_g_cm3: float,
    name: str = "",
    source: str = "",
    library: Path = LIBRARY,
    track: Track = untracked,
) -> Material:
    """Make a material known by its name; an element that nobody computed yet takes half a minute.

    Adding the same again only repairs cross sections that are missing or damaged.

    Args:
        formula: atoms per formula unit, e.g. ``"Al2O3"``.
        density_g_cm3: mass density [g/cm3].
        name: what it is called, if not by its formula.
        source: where the density comes from.
        library: the folder, made if needed.
        track: shows how far the cross sections are.

    Raises:
        InputError: formula, density or name are no good, the name stands for another material, or
            an element has no screening function.
    """
    new = material_from(formula, density_g_cm3, name, source or "given with the formula")
    known = new.name in known_materials(library)
    if known and not _same(material(new.name, library), new):
        there = material(new.name, library)
        raise InputError(
            f"material {new.name!r} is known with {there.density_g_cm3:g} g/cm3 ({there.source}); "
            "give yours another --name"
        )
    for symbol in new.atoms:
        screening(symbol)
    library.mkdir(parents=True, exist_ok=True)
    for symbol in new.atoms:
        _ensure_element(symbol, library, track)
    if not known:
        _write(formula, new, material_file(new.name, library))
    return material(new.name, library)


def _same(one: Material, other: Material) -> bool:
    return (one.atoms, one.density_g_cm3) == (other.atoms, other.density_g_cm3)


def _ensure_element(symbol: str, library: Path, track: Track) -> None:
    """Compute cross sections that are not there, or not as they were written."""
    path = element_file(symbol, library)
    try:
        load_element(symbol, library)
    except InputError:
        write_arrays(path, {symbol: pack(build_element(symbol, track=track))})
        load_elements.cache_clear()


def _write(formula: str, new: Material, path: Path) -> None:
    """Write the file last and at once: a material that can be read is whole."""
    told = {"formula": formula, "density_g_cm3": new.density_g_cm3, "source": new.source}
    write_atomic(path, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
