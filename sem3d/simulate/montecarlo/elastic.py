"""The elastic cross sections of the elements: shipped ones, and those of a material library."""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, Int16

from sem3d.chemistry import LIBRARY
from sem3d.errors import InputError
from sem3d.files import read_arrays

DATA: Final = Path(__file__).with_name("elastic_cross_sections.npz")
BUILDER: Final = "python -m sem3d.simulate.montecarlo.build"
ADD: Final = "python -m sem3d.materials add"
STEPS_PER_OCTAVE: Final = 1024  # of the stored logarithm: rounded to 0.04 %

# 56 energies [eV], evenly in the logarithm.
BUILD_ENERGIES_EV: Final = np.geomspace(32.0, 66000.0, 56)
# 600 angles mu: the forward peak in the logarithm, the rest evenly.
_KNEE = 10.0**-1.5
MU: Final = np.append(np.geomspace(1e-7, _KNEE, 300, endpoint=False), np.linspace(_KNEE, 1.0, 300))


def pack(cross_section: Float[np.ndarray, "..."]) -> Int16[np.ndarray, "..."]:
    """Store d(sigma)/d(mu) [nm^2] as int16 logarithms, any shape."""
    return np.round(np.log2(cross_section) * STEPS_PER_OCTAVE).astype(np.int16)


def unpack(stored: Int16[np.ndarray, "..."] | Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return d(sigma)/d(mu) [nm^2], float64, from what `pack` made."""
    return np.exp2(stored / STEPS_PER_OCTAVE)


@cache
def load_elements(path: Path = DATA) -> dict[str, np.ndarray]:
    """Return the stored tables (56, 600) int16 by element symbol.

    Raises:
        InputError: the file is missing or not the one that its checksum describes.
    """
    shipped, added = f"install sem3d again or run {BUILDER}", f"add a material of it by `{ADD}`"
    remedy = shipped if path == DATA else added
    return read_arrays(path, remedy)[0]


def element_file(symbol: str, library: Path) -> Path:
    """Path of the file with the cross sections of an element: the shipped one if it is in there."""
    return DATA if symbol in load_elements() else library / f"{symbol}.npz"


def load_element(symbol: str, library: Path = LIBRARY) -> Int16[np.ndarray, "56 600"]:
    """Return the stored table of an element, shipped or from the library.

    Raises:
        InputError: the element has no cross sections, or their file is damaged.
    """
    path = element_file(symbol, library)
    if not path.exists() or symbol not in load_elements(path):
        raise InputError(
            f"element {symbol!r} has no elastic cross sections in {library}; have them computed by "
            f"`{ADD} FORMULA DENSITY`"
        )
    return load_elements(path)[symbol]


def element_cross_section(
    symbol: str, energies_eV: Float[np.ndarray, "N"], library: Path = LIBRARY
) -> Float[np.ndarray, "N 600"]:
    """Return d(sigma)/d(mu) [nm^2] of an element (n, 600) at energies (n,) [eV].

    Interpolated in the logarithms of energy and cross section.

    Args:
        symbol: the element.
        energies_eV: energies (n,) [eV].
        library: folder with elements that are not shipped.

    Raises:
        InputError: the element has no cross sections, or their file is damaged.
    """
    table = load_element(symbol, library).astype(np.float64)
    place = np.interp(
        np.log(energies_eV), np.log(BUILD_ENERGIES_EV), np.arange(len(BUILD_ENERGIES_EV))
    )
    row = np.minimum(place.astype(int), len(BUILD_ENERGIES_EV) - 2)
    share = (place - row)[:, None]
    return unpack((1 - share) * table[row] + share * table[row + 1])
