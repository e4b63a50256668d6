"""A hard collision in the transport: which shell, how much energy, which directions."""

from math import sqrt
from typing import Final, NamedTuple

import numpy as np

from sem3d.simulate.montecarlo.compiled import device
from sem3d.simulate.montecarlo.device import HALF, ONE, TWO, ZERO, circle, log, turn
from sem3d.simulate.montecarlo.energy_grid import ENERGIES_EV
from sem3d.simulate.montecarlo.hard_collisions import (
    dielectric_rate,
    exchange_constant,
    moller_rate,
    smallest_loss,
)
from sem3d.simulate.montecarlo.media import with_steps
from sem3d.simulate.montecarlo.philox import Stream, draw, uniform
from sem3d.simulate.montecarlo.transport_tables import TransportTables

STACK_ROWS: Final = 16
"""Electrons set aside: the slower of two goes on, with half the energy at most, so 11 can wait."""

Electron = tuple[np.float32, np.float32, np.float32, np.float32]
"""Direction (u, v, w) and energy [eV]."""

_RATES = {"moller": moller_rate, "dielectric": dielectric_rate}
_REST = np.float32(510998.95)  # m c^2 [eV]
_BOUND = np.float32(1.25)
_MOLLER = np.int32(0)
_FIRST_SHELL, _NEXT_SHELL = np.int32(0), np.int32(1)
_NEXT_BLOCK = np.uint32(1)


class HardMedia(NamedTuple):
    """Hard collisions of the materials, material 0 = vacuum in front; rows of `energy_grid`.

    Attributes:
        total: (M + 1, 177, 2) float32 cross section of all collisions [1/nm] and its step.
        chance: (M + 1, 177, K) float32, cumulative share of the shells in hard collisions.
        binding: (M + 1, K) float32 binding energies [eV], 0 = valence.
        dielectric: 1 for the model dielectric, 0 for moller.
    """

    total: np.ndarray
    chance: np.ndarray
    binding: np.ndarray
    dielectric: np.int32


def hard_media(tables: TransportTables) -> HardMedia:
    """Return the device's view of the hard collisions of tables with such a model."""
    materials, shells = tables.shells.shape[:2]
    total = np.zeros((materials + 1, len(ENERGIES_EV), 2), np.float32)
    total[1:, :, 0], total[1:, :, 1] = with_steps(tables.sigma)
    chance = np.ones((materials + 1, len(ENERGIES_EV), shells), np.float32)
    binding = np.zeros((materials + 1, shells), np.float32)
    for m, table in enumerate(tables.shells.astype(float), start=1):
        binding[m] = table[:, 0]
        chance[m] = _cumulative_share(tables.hard, table)
    return HardMedia(total, chance, binding, np.int32(tables.hard == "dielectric"))


def _cumulative_share(model: str, shells: np.ndarray) -> np.ndarray:
    """Return the cumulative shares (177, K) of the shells; 1 throughout where nothing happens."""
    rate = np.vectorize(_RATES[model], otypes=[float])
    rates = np.cumsum(rate(ENERGIES_EV[:, None], shells[:, 0]) * shells[:, 1], axis=1)
    return np.divide(rates, rates[:, -1:], out=np.ones_like(rates), where=rates[:, -1:] > 0)


@device
def shell_of(chance: np.ndarray, material: np.int32, row: np.int32, u: np.float32) -> np.int32:
    """Return the shell whose cumulative share first reaches u in (0, 1]."""
    last = np.int32(chance.shape[2] - 1)
    k = _FIRST_SHELL
    while k < last and chance[material, row, k] < u:
        k = np.int32(k + _NEXT_SHELL)
    return k


@device
def moller_transfer(
    energy: np.float32, least: np.float32, stream: Stream, block: np.uint32
) -> tuple[np.float32, np.uint32]:
    """Return a loss W [eV] after Møller, `least` <= W <= energy / 2, and the next block.

    1/W is uniform, then accepted in proportion to h = 1 + q^2 + (W / (E + mc^2))^2 - g q.
    """
    inverse = ONE / least
    span = inverse - TWO / energy
    total = energy + _REST
    g = exchange_constant(energy)
    excess = (energy / _REST) / (ONE + energy / _REST)
    highest = ONE + _BOUND * excess * excess
    while True:
        b0, b1, _, _ = draw(stream, block)
        block = np.uint32(block + _NEXT_BLOCK)
        loss = ONE / (inverse - uniform(b0) * span)
        q = loss / (energy - loss)
        part = loss / total
        if uniform(b1) * highest <= ONE + q * q + part * part - g * q:
            return loss, block


@device
def dielectric_transfer(
    energy: np.float32,
    least: np.float32,
    binding: np.float32,
    stream: Stream,
    block: np.uint32,
) -> tuple[np.float32, bool, np.uint32]:
    """Return a loss W [eV] up to the whole energy, whether it was distant, and the next block.

    The term in 1/W^2 are close collisions, that in 1/W^3 distant ones; each is drawn exactly.
    """
    b0, b1, _, _ = draw(stream, block)
    inverse, end = ONE / least, ONE / energy
    near = inverse - end
    far = ZERO
    if binding > ZERO:
        far = HALF * binding * log(energy / binding) * near * (inverse + end)
    u = uniform(b0)
    distant = uniform(b1) * (near + far) > near
    if distant:
        square = inverse * inverse
        loss = ONE / sqrt(square - u * (square - end * end))
    else:
        loss = ONE / (inverse - u * near)
    return loss, distant, np.uint32(block + _NEXT_BLOCK)


@device
def transfer(
    hard: HardMedia, energy: np.float32, binding: np.float32, stream: Stream, block: np.uint32
) -> tuple[np.float32, bool, np.uint32]:
    """Return the energy loss [eV] of a hard collision, whether it was distant, and the next block.

    The loss is 0 where the shell is out of reach at this energy, just below a row of the tables.
    """
    least = smallest_loss(binding)
    if hard.dielectric == _MOLLER:
        if HALF * energy <= least:
            return ZERO, False, block
        loss, block = moller_transfer(energy, least, stream, block)
        return min(loss, HALF * energy), False, block
    if energy <= least:
        return ZERO, False, block
    loss, distant, block = dielectric_transfer(energy, least, binding, stream, block)
    return min(loss, energy), distant, block


@device
def collision_cosines(energy: np.float32, loss: np.float32) -> tuple[np.float32, np.float32]:
    """Return the cosines of the primary and of the electron set free, both free before."""
    twice = TWO * _REST
    primary = (energy - loss) / energy * ((energy + twice) / (energy - loss + twice))
    secondary = loss / energy * ((energy + twice) / (loss + twice))
    return np.float32(sqrt(min(primary, ONE))), np.float32(sqrt(min(secondary, ONE)))


@device
def deflect(
    u: np.float32,
    v: np.float32,
    w: np.float32,
    cosine: np.float32,
    bits: np.uint32,
    side: np.float32,
) -> tuple[np.float32, np.float32, np.float32]:
    """Turn a direction by a polar angle, at a random azimuth (side 1) or opposite to it (-1)."""
    sine = side * sqrt(max(ONE - cosine * cosine, ZERO))
    cos_azimuth, sin_azimuth = circle(bits)
    return turn(u, v, w, cosine, sine, cos_azimuth, sin_azimuth)


@device
def ionise(
    hard: HardMedia,
    label: np.int32,
    row: np.int32,
    electron: Electron,
    bits_shell: np.uint32,
    bits_azimuth: np.uint32,
    stream: Stream,
    block: np.uint32,
) -> tuple[Electron, Electron, np.uint32]:
    """Return primary and secondary after a hard collision, and the next block of random numbers."""
    u, v, w, energy = electron
    shell = shell_of(hard.chance, label, row, uniform(bits_shell))
    binding = hard.binding[label, shell]
    loss, distant, block = transfer(hard, energy, binding, stream, block)
    if distant:
        b0, _, _, _ = draw(stream, block)
        block = np.uint32(block + _NEXT_BLOCK)
        first, second = ONE, TWO * uniform(b0) - ONE
    else:
        first, second = collision_cosines(energy, loss)
    u1, v1, w1 = deflect(u, v, w, first, bits_azimuth, ONE)
    u2, v2, w2 = deflect(u, v, w, second, bits_azimuth, -ONE)
    return (u1, v1, w1, energy - loss), (u2, v2, w2, loss - binding), block


@device
def slower_first(one: Electron, other: Electron) -> tuple[Electron, Electron]:
    """Return two electrons in the order of their energies."""
    if one[3] > other[3]:
        return other, one
    return one, other
