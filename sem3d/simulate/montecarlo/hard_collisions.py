"""Hard collisions: single losses of at least 50 eV that set an electron free, in closed form.

``moller``: collisions of two free electrons with exchange, losses up to half the energy; Møller,
Ann. Phys. 14 (1932) 531. ``dielectric``: the form of the binary-encounter-Bethe model without
exchange, with the distant collisions of inner shells, losses up to the whole energy; Kim and Rudd,
Phys. Rev. A 50 (1994) 3954. The functions are of one electron of a shell and keep the precision of
their arguments, float32 in the transport.
"""

from typing import Final, no_type_check

import numpy as np
from numba import njit

CUT_EV: Final = 50.0
MODELS: Final = ("none", "moller", "dielectric")

# 2 pi r_e^2 m c^2 [eV nm^2]
_STRENGTH = np.float32(2.54955e-5)
_REST = np.float32(510998.95)
_CUT = np.float32(CUT_EV)
_ZERO, _HALF = np.float32(0), np.float32(0.5)
_ONE, _TWO = np.float32(1), np.float32(2)


@njit(cache=True)
@no_type_check
def smallest_loss(binding: float) -> float:
    """Return the smallest hard loss [eV] of an electron bound by `binding` [eV]."""
    return max(_CUT, binding)


@njit(cache=True)
@no_type_check
def _strength(energy: float) -> float:
    """Return C / beta^2 [eV nm^2]."""
    total = energy + _REST
    return _STRENGTH * total * total / (energy * (energy + _TWO * _REST))


@njit(cache=True)
@no_type_check
def exchange_constant(energy: float) -> float:
    """Return g of Møller's cross section."""
    total = energy + _REST
    return _REST / total * ((_TWO * energy + _REST) / total)


@njit(cache=True)
@no_type_check
def moller_rate(energy: float, binding: float) -> float:
    """Return Møller's cross section [nm^2] of hard collisions at `energy` [eV]."""
    a = smallest_loss(binding)
    if _HALF * energy <= a:
        return _ZERO * energy
    rest = energy - a
    total = energy + _REST
    exchange = exchange_constant(energy) / energy * np.log(rest / a)
    sharing = (_HALF * energy - a) / total / total
    return _strength(energy) * (_ONE / a - _ONE / rest + sharing - exchange)


@njit(cache=True)
@no_type_check
def moller_loss(energy: float, binding: float) -> float:
    """Return the mean of Møller's losses times the cross section [eV nm^2]."""
    a = smallest_loss(binding)
    half = _HALF * energy
    if half <= a:
        return _ZERO * energy
    rest = energy - a
    total = energy + _REST
    exchange = exchange_constant(energy) * np.log(rest / half)
    sharing = _HALF * ((half - a) / total) * ((half + a) / total)
    direct = np.log(half / a * (half / rest)) + _TWO - energy / rest
    return _strength(energy) * (direct + sharing - exchange)


@njit(cache=True)
@no_type_check
def distant_strength(energy: float, binding: float) -> float:
    """Return B ln(E / B) [eV], the weight of distant collisions; 0 for valence electrons."""
    return binding * np.log(energy / binding) if binding > _ZERO else _ZERO * energy


@njit(cache=True)
@no_type_check
def dielectric_rate(energy: float, binding: float) -> float:
    """Return the cross section [nm^2] of hard collisions at `energy` [eV], model dielectric."""
    a = smallest_loss(binding)
    if energy <= a:
        return _ZERO * energy
    near = _ONE / a - _ONE / energy
    far = _HALF * distant_strength(energy, binding) * near * (_ONE / a + _ONE / energy)
    return _strength(energy) * energy / (energy + _TWO * binding) * (near + far)


@njit(cache=True)
@no_type_check
def dielectric_loss(energy: float, binding: float) -> float:
    """Return the mean of the losses times the cross section [eV nm^2], model dielectric."""
    a = smallest_loss(binding)
    if energy <= a:
        return _ZERO * energy
    far = distant_strength(energy, binding) * (_ONE / a - _ONE / energy)
    return _strength(energy) * energy / (energy + _TWO * binding) * (np.log(energy / a) + far)
