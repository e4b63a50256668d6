"""Compute the shipped elastic cross sections: ``python -m sem3d.simulate.montecarlo.build``.

Elements whose symbols follow the command are computed anew and the others in the file stay; without
symbols the file is made new with all of `atoms.SCREENING`. It takes minutes.

To add an element, enter it in `sem3d.chemistry.ELEMENTS`, `atoms.SCREENING` and `shells.SHELLS`,
then run the command with its symbol. Compounds need nothing but their elements.
"""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from sem3d.chemistry import ELEMENTS
from sem3d.errors import InputError, did_you_mean
from sem3d.simulate.montecarlo.atoms import SCREENING
from sem3d.simulate.montecarlo.elastic import (
    BUILD_ENERGIES_EV,
    DATA,
    MU,
    checksum_file,
    load_elements,
    pack,
)
from sem3d.simulate.montecarlo.partial_waves import cross_section


def build_element(
    symbol: str, energies_eV: Float[np.ndarray, "N"] = BUILD_ENERGIES_EV
) -> Float[np.ndarray, "N 600"]:
    """Compute d(sigma)/d(mu) [nm^2] (n, 600) of an element at energies (n,) [eV].

    Raises:
        InputError: `atoms.SCREENING` has no such element.
    """
    if symbol not in SCREENING:
        hint = did_you_mean(symbol, SCREENING)
        raise InputError(f"element {symbol!r} has no screening function{hint}")
    amplitude, decay = map(np.array, SCREENING[symbol])
    Z = float(ELEMENTS[symbol].Z)
    return np.stack([cross_section(float(E), Z, amplitude, decay, MU) for E in energies_eV])


def write(elements: dict[str, Any], path: Path = DATA) -> None:
    """Write stored tables (56, 600) by symbol and, beside them, their SHA-256."""
    partial = path.with_name(f".{path.stem}.partial.npz")
    np.savez_compressed(partial, **elements)
    partial.replace(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    checksum_file(path).write_text(f"{digest}  {path.name}\n")


def main(symbols: Iterable[str], path: Path = DATA) -> None:
    """Compute the elements in `symbols` and write each into the file; if empty, a new file of all.

    Raises:
        InputError: an element without screening function, or a damaged file to add to.
    """
    symbols = tuple(symbols)
    elements = dict(load_elements(path)) if symbols and path.exists() else {}
    for symbol in symbols or tuple(SCREENING):
        elements[symbol] = pack(build_element(symbol))
        write(elements, path)
        print(f"{symbol} written to {path}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
