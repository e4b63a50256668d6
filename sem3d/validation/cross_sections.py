"""The elastic cross sections of the tables against cited ones."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from sem3d.simulate.montecarlo.angles import beyond, total
from sem3d.simulate.montecarlo.elastic import element_cross_section
from sem3d.validation.checks import Check, within_share
from sem3d.validation.reference import read_rows

BACKWARD: Final = ("Si", 2700.0, 5.5e-3)
"""Element, energy [eV] and cross section beyond 90 degrees [A^2] of NIST SRD 64."""
_TOTAL_SHARE = 0.12  # the forward peak depends on the far tail of the atom
_BACKWARD_SHARE = 0.05
_A2_PER_NM2 = 100.0


def cross_section_checks() -> Iterator[Check]:
    """Yield the comparison of every cited cross section [A^2]."""
    for row in read_rows("elastic_reference"):
        energy, expected = float(row["energy_eV"]), float(row["sigma_total_A2"])
        density = element_cross_section(row["element"], np.array([energy]))
        found = float(total(density)[0]) * _A2_PER_NM2
        name = f"{row['element']} at {energy:g} eV"
        yield within_share("total cross section [A2]", name, found, expected, _TOTAL_SHARE)
    element, energy, expected = BACKWARD
    found = float(beyond(element_cross_section(element, np.array([energy])), 0.5)[0])
    family = "cross section beyond 90 degrees [A2]"
    name = f"{element} at {energy:g} eV"
    yield within_share(family, name, found * _A2_PER_NM2, expected, _BACKWARD_SHARE)
