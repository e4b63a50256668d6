"""Compute elastic cross sections: ``python -m sem3d.simulate.montecarlo.build`` for the shipped.

Elements whose symbols follow the command are computed anew and the others in the file stay; without
symbols the file is made new with all of `SHIPPED`. It takes minutes. Elements that are not shipped
are computed into a material library by ``python -m sem3d.materials add``.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Float64

from sem3d.chemistry import ELEMENTS
from sem3d.errors import InputError, did_you_mean
from sem3d.files import write_arrays
from sem3d.simulate.montecarlo.atoms import SCREENING
from sem3d.simulate.montecarlo.elastic import (
    BUILD_ENERGIES_EV,
    DATA,
    MU,
    load_elements,
    pack,
)
from sem3d.simulate.montecarlo.partial_waves import cross_section

SHIPPED: Final = ("C", "N", "O", "Al", "Si", "Ti", "Cu", "W", "Au")

Track = Callable[[Iterable[Any], str], Iterable[Any]]
"""Passes things on while it shows under a title how far they are."""


def untracked(things: Iterable[Any], title: str) -> Iterable[Any]:  # noqa: ARG001
    """Pass things on and show nothing."""
    return things


def screening(symbol: str) -> tuple[Float64[np.ndarray, "T"], Float64[np.ndarray, "T"]]:
    """Return the amplitudes and decays [1/a0] of an element's screening function, (T,) each.

    Raises:
        InputError: `atoms.SCREENING` has no such element.
    """
    if symbol not in SCREENING:
        cannot = "; a material with it cannot be simulated"
        hint = cannot if symbol in ELEMENTS else did_you_mean(symbol, SCREENING)
        raise InputError(f"element {symbol!r} has no screening function{hint}")
    amplitude, decay = SCREENING[symbol]
    return np.array(amplitude), np.array(decay)


def build_element(
    symbol: str,
    energies_eV: Float[np.ndarray, "N"] = BUILD_ENERGIES_EV,
    track: Track = untracked,
) -> Float[np.ndarray, "N 600"]:
    """Compute d(sigma)/d(mu) [nm^2] (n, 600) of an element at energies (n,) [eV].

    Args:
        symbol: the element.
        energies_eV: energies (n,) [eV].
        track: shows how far it is, e.g. ``rich.progress.track``; all energies take half a minute.

    Raises:
        InputError: `atoms.SCREENING` has no such element.
    """
    amplitude, decay = screening(symbol)
    Z = float(ELEMENTS[symbol].Z)
    energies = track(energies_eV.tolist(), f"cross sections of {symbol}")
    return np.stack([cross_section(E, Z, amplitude, decay, MU) for E in energies])


def main(symbols: Iterable[str], path: Path = DATA) -> None:
    """Compute the elements in `symbols` and write each into the file; if empty, a new file of all.

    Raises:
        InputError: an element without screening function, or a damaged file to add to.
    """
    symbols = tuple(symbols)
    elements = dict(load_elements(path)) if symbols and path.exists() else {}
    for symbol in symbols or SHIPPED:
        elements[symbol] = pack(build_element(symbol))
        write_arrays(path, elements)
        print(f"{symbol} written to {path}", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
