"""Elastic scattering of electrons by atoms: phase shifts of the Dirac equation.

Natural units, hbar = m = c = 1: lengths r / alpha for r in a0, energies E alpha^2 for E in Ha. The
radial functions P and Q enter by their phase tan(psi) = s Q / P, s = (W + 1) / K, which grows
evenly along the free wave; without the factor s the phase outruns the step.
"""

from typing import Final, no_type_check

import numpy as np
from jaxtyping import Float64
from numba import njit

from sem3d.simulate.montecarlo.atoms import potential
from sem3d.simulate.montecarlo.bessel import spherical_bessel

BOHR_NM: Final = 0.0529177
HARTREE_EV: Final = 27.211386
FINE_STRUCTURE: Final = 7.29735e-3
REST_ENERGY_EV: Final = 510998.95
COMPTON_NM: Final = 3.86159e-4  # the natural unit of length

_START, _MATCH = 1e-6 / FINE_STRUCTURE, 16.0 / FINE_STRUCTURE
_MAX_L = 1200
_NEGLIGIBLE = 1e-7


@njit(cache=True)
@no_type_check
def _momentum(energy_eV: float) -> tuple[float, float]:
    """Return the total energy W and the momentum K in natural units."""
    W = 1 + energy_eV / REST_ENERGY_EV
    return W, np.sqrt(W * W - 1)


@njit(cache=True)
@no_type_check
def radial_mesh(
    energy_eV: float, Z: float, amplitude: np.ndarray, decay: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes and midpoints r (2 n + 1,) and the potential there, natural units.

    Even entries are nodes. A step is short against r and against the wavelength.
    """
    W, K = _momentum(energy_eV)
    s = (W + 1) / K
    hartree = energy_eV / HARTREE_EV
    r, V = np.empty(1 << 17), np.empty(1 << 17)
    scale = FINE_STRUCTURE**2
    here, n = _START, 0
    field = potential(here * FINE_STRUCTURE, hartree, Z, amplitude, decay) * scale
    r[0], V[0] = here, field
    while here < _MATCH:
        step = min(0.02 * here, 0.12 / (s * (W - field - 1) + K), _MATCH - here)
        for _ in range(2):
            here += 0.5 * step
            n += 1
            field = potential(here * FINE_STRUCTURE, hartree, Z, amplitude, decay) * scale
            r[n], V[n] = here, field
        if step <= 1e-9 * here:  # the last sliver
            break
    return r[: n + 1], V[: n + 1]


@njit(cache=True)
@no_type_check
def _slope(psi: float, kappa_r: float, a: float, b: float) -> float:
    sine, cosine = np.sin(psi), np.cos(psi)
    return 2 * kappa_r * sine * cosine - a * cosine * cosine - b * sine * sine


@njit(cache=True)
@no_type_check
def outer_phase(kappa: int, first: int, r: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Integrate psi of the regular solution from node `first` to the last node (Runge-Kutta).

    On the mesh `r`, `a` is s (W - V - 1), the rate where P is all of the wave, and `b` is
    (W - V + 1) / s, where Q is. The start is the growing solution for the field at `first`.
    """
    pull = kappa / r[first]
    width = np.sqrt(max(pull * pull - a[first] * b[first], 0.0))
    psi = np.arctan(a[first] / (pull - width) if kappa < 0 else (pull + width) / b[first])
    for i in range(first, len(r) - 2, 2):
        step = r[i + 2] - r[i]
        middle = kappa / r[i + 1]
        k1 = _slope(psi, kappa / r[i], a[i], b[i])
        k2 = _slope(psi + 0.5 * step * k1, middle, a[i + 1], b[i + 1])
        k3 = _slope(psi + 0.5 * step * k2, middle, a[i + 1], b[i + 1])
        k4 = _slope(psi + step * k3, kappa / r[i + 2], a[i + 2], b[i + 2])
        psi += step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return psi


@njit(cache=True)
@no_type_check
def _first_node(l: int, K: float, r: np.ndarray) -> int:  # noqa: E741
    """Return the node where order l starts: deep in its barrier, steps still stable."""
    if l <= 8:
        return 0
    i = 0
    while i < len(r) - 3 and (r[i] < 0.02 * l / K or (r[i + 2] - r[i]) * 2 * (l + 1) > 1.4 * r[i]):
        i += 2
    return i


@njit(cache=True)
@no_type_check
def _matched_phases(
    K: float, r: np.ndarray, a: np.ndarray, b: np.ndarray, j: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Match every order to free waves `j` and `y` at the last node until the phases vanish."""
    up, down = np.zeros(_MAX_L + 1), np.zeros(_MAX_L + 1)
    quiet = 0
    for l in range(_MAX_L + 1):  # noqa: E741
        first = _first_node(l, K, r)
        T = np.tan(outer_phase(-l - 1, first, r, a, b))
        up[l] = np.arctan((j[l + 1] + T * j[l]) / (y[l + 1] + T * y[l]))
        if l > 0:
            T = np.tan(outer_phase(l, first, r, a, b))
            down[l] = np.arctan((T * j[l] - j[l - 1]) / (T * y[l] - y[l - 1]))
        quiet = quiet + 1 if abs(up[l]) < _NEGLIGIBLE else 0
        if quiet >= 4 and l > 10:
            return up[: l + 1], down[: l + 1]
    return up, down


def phase_shifts(
    energy_eV: float,
    Z: float,
    amplitude: Float64[np.ndarray, "T"],
    decay: Float64[np.ndarray, "T"],
) -> tuple[Float64[np.ndarray, "L"], Float64[np.ndarray, "L"]]:
    """Return the phase shifts (L,) for kappa = -(l + 1) and kappa = l, until they vanish.

    Good to 1e-5: what the far orders gather spoils the forward peak below mu = 1e-5 only.
    """
    W, K = _momentum(energy_eV)
    s = (W + 1) / K
    r, V = radial_mesh(energy_eV, Z, amplitude, decay)
    j, y = spherical_bessel(K * r[-1], _MAX_L + 2)
    return _matched_phases(K, r, s * (W - V - 1), (W - V + 1) / s, j, y)


@njit(cache=True)
@no_type_check
def _amplitudes(cosine: float, direct: np.ndarray, flip: np.ndarray) -> tuple[complex, complex]:
    """Sum the partial waves at one angle by the recurrences of P_l and P_l^1."""
    sine = np.sqrt(max(1 - cosine * cosine, 0.0))
    f, g = direct[0] + 0j, 0j
    p_before, p = 1.0, cosine  # P_0, P_1
    q_before, q = 0.0, sine  # P_0^1, P_1^1
    for l in range(1, len(direct)):  # noqa: E741
        f += direct[l] * p
        g += flip[l] * q
        p_before, p = p, ((2 * l + 1) * cosine * p - l * p_before) / (l + 1)
        q_before, q = q, ((2 * l + 1) * cosine * q - (l + 1) * q_before) / l
    return f, g


@njit(cache=True)
@no_type_check
def _intensities(mu: np.ndarray, direct: np.ndarray, flip: np.ndarray) -> np.ndarray:
    """Return |f|^2 + |g|^2 at every angle, without the factor 1/(2 K)."""
    result = np.empty(len(mu))
    for i in range(len(mu)):
        f, g = _amplitudes(1 - 2 * mu[i], direct, flip)
        result[i] = f.real**2 + f.imag**2 + g.real**2 + g.imag**2
    return result


def cross_section(
    energy_eV: float,
    Z: float,
    amplitude: Float64[np.ndarray, "T"],
    decay: Float64[np.ndarray, "T"],
    mu: Float64[np.ndarray, "N"],
) -> Float64[np.ndarray, "N"]:
    """Return d(sigma)/d(mu) [nm^2] at mu = (1 - cos theta) / 2.

    Args:
        energy_eV: kinetic energy [eV].
        Z: charge of the nucleus.
        amplitude: of the screening terms (T,), they sum to 1.
        decay: of the screening terms (T,) [1/a0].
        mu: angles (N,) in 0..1.
    """
    _, K = _momentum(energy_eV)
    up, down = phase_shifts(energy_eV, Z, amplitude, decay)
    outward, inward = np.exp(2j * up), np.exp(2j * down)
    l = np.arange(len(up))  # noqa: E741
    direct = (l + 1) * (outward - 1) + l * (inward - 1)
    return _intensities(mu, direct, inward - outward) * (np.pi * (COMPTON_NM / K) ** 2)
