"""The history of one beam electron and of all it sets free, for CPU and CUDA.

Flights end at a majorant of the cross section (Woodcock et al., 1965), energy is lost along them by
the midpoint rule, and every flight takes one block of random numbers: path, kind of collision and
row of the angle table, polar angle, azimuth.
"""

from math import sqrt
from typing import Final, NamedTuple

import numpy as np

from sem3d.simulate.montecarlo.compiled import device
from sem3d.simulate.montecarlo.device import (
    HALF,
    TWO,
    ZERO,
    circle,
    energy_after,
    energy_row,
    log,
    scattering_angle,
    turn,
)
from sem3d.simulate.montecarlo.ionisation import Electron, HardMedia, ionise, slower_first
from sem3d.simulate.montecarlo.media import Media
from sem3d.simulate.montecarlo.philox import Stream, draw, uniform
from sem3d.simulate.montecarlo.voxel_grid import LOST, Volume, fold, locate

ENERGY_UNITS: Final = 256
"""Units of the summed energy per eV: whole numbers add up alike in every order."""

_UNITS = np.float32(ENERGY_UNITS)
_VACUUM = np.uint32(0)
_OUTSIDE = np.int32(0)
_NOTHING = np.int64(0)
_FIRST_BLOCK = np.uint32(0)
_NEXT_BLOCK = np.uint32(1)
_NEXT_ROW = np.uint32(1)
_EMPTY = np.int32(0)
_ONE_MORE = np.int32(1)
_ONE_EXIT = np.int64(1)
_SAME_ROW = np.uint32(0)
_INSIDE = np.int32(1)


class Source(NamedTuple):
    """Beam and detector, float32.

    Attributes:
        sine, cosine: of the beam's tilt; it moves along (sine, 0, cosine).
        pitch_x, pitch_y: size of an image point [nm].
        spot: standard deviation of the beam about the middle of the point [nm], < 0: uniform.
        e_cut: electrons below are absorbed [eV].
        cos_least, cos_most: detected exit directions, cosine to the outward normal.
    """

    sine: np.float32
    cosine: np.float32
    pitch_x: np.float32
    pitch_y: np.float32
    spot: np.float32
    e_cut: np.float32
    cos_least: np.float32
    cos_most: np.float32


class Inputs(NamedTuple):
    """Everything a device needs: energies (nE,) [eV], image (rows, columns) and key (2,) too."""

    volume: Volume
    media: Media
    source: Source
    energies_eV: np.ndarray
    image: np.ndarray
    key: np.ndarray


@device
def start(
    grid: Volume, source: Source, stream: Stream, row: np.int32, column: np.int32
) -> tuple[np.float32, np.float32, np.float32, np.float32, np.int32]:
    """Return x, y [nm] where an electron meets the top plane, u, v, and 1 if on the specimen."""
    b0, b1, _, _ = draw(stream, _FIRST_BLOCK)
    x, y = np.float32(column), np.float32(row)
    if source.spot < ZERO:
        x = (x + uniform(b0)) * source.pitch_x
        y = (y + uniform(b1)) * source.pitch_y
    else:
        radius = source.spot * sqrt(-TWO * log(uniform(b0)))
        cosine, sine = circle(b1)
        x = (x + HALF) * source.pitch_x + radius * cosine
        y = (y + HALF) * source.pitch_y + radius * sine
    x, u, inside_x = fold(x, source.sine, grid.width, grid.sides)
    y, v, inside_y = fold(y, ZERO, grid.height, grid.sides)
    return x, y, u, v, np.int32(inside_x & inside_y)


@device
def exit_energy(
    grid: Volume,
    media: Media,
    source: Source,
    label: np.uint32,
    x: np.float32,
    y: np.float32,
    z: np.float32,
    direction: tuple[np.float32, np.float32, np.float32],
    energy: np.float32,
) -> np.float32:
    """Return the energy [eV] with which an electron leaves the top, 0 if it does not count.

    It flies there from (x, y, z) [nm] through the material `label`.
    """
    u, v, w = direction
    path = z / -w
    middle, energy = energy_after(media.curves, label, energy, path)
    _, _, inside_x = fold(x + path * u, u, grid.width, grid.sides)
    _, _, inside_y = fold(y + path * v, v, grid.height, grid.sides)
    inside = (inside_x & inside_y) != _OUTSIDE
    seen = inside and source.cos_least <= -w <= source.cos_most
    return energy if seen and min(middle, energy) >= source.e_cut else ZERO


@device
def scatter(
    media: Media,
    label: np.uint32,
    row: np.uint32,
    direction: tuple[np.float32, np.float32, np.float32],
    bits_angle: np.uint32,
    bits_azimuth: np.uint32,
) -> tuple[np.float32, np.float32, np.float32]:
    """Return the direction after an elastic collision."""
    u, v, w = direction
    cosine, sine = scattering_angle(media.angle, label, row, bits_angle)
    cos_azimuth, sin_azimuth = circle(bits_azimuth)
    return turn(u, v, w, cosine, sine, cos_azimuth, sin_azimuth)


@device
def worth_following(media: Media, source: Source, energy: np.float32, cover: np.float32) -> np.bool:
    """Tell whether an electron is above the cut and could still reach the top."""
    row, _ = energy_row(energy)
    return energy >= source.e_cut and media.limits[row, 2] >= cover


@device
def set_aside(
    stack: np.ndarray,
    depth: np.int32,
    x: np.float32,
    y: np.float32,
    z: np.float32,
    electron: Electron,
) -> np.int32:
    """Put an electron on the stack and return how many wait there."""
    stack[depth, 0], stack[depth, 1], stack[depth, 2] = x, y, z
    for k in range(4):
        stack[depth, 3 + k] = electron[k]
    return np.int32(depth + _ONE_MORE)


@device
def history(
    grid: Volume,
    media: Media,
    hard: HardMedia | None,
    stack: np.ndarray,
    source: Source,
    stream: Stream,
    row: np.int32,
    column: np.int32,
    energy: np.float32,
) -> tuple[np.int64, np.int64]:
    """Follow a beam electron and return the exits that count and their energy [eV / 256].

    Args:
        grid: the specimen.
        media: tables of its materials.
        hard: tables of hard collisions, None without them.
        stack: (16, 7) float32 scratch; not used without hard collisions.
        source: beam and detector.
        stream: random numbers of this electron.
        row: of the image point.
        column: of the image point.
        energy: of the beam [eV].
    """
    count, carried, depth, block = _NOTHING, _NOTHING, _EMPTY, _NEXT_BLOCK
    x, y, u, v, inside = start(grid, source, stream, row, column)
    z, w, label = ZERO, source.cosine, _VACUUM
    alive = inside != _OUTSIDE
    while True:
        while alive:
            b0, b1, b2, b3 = draw(stream, block)
            block = np.uint32(block + _NEXT_BLOCK)
            k, _ = energy_row(energy)  # row of the tables
            path = -log(uniform(b0)) * media.limits[k, 1]
            choice = uniform(b1) * media.limits[k, 0]
            if z + path * w < ZERO:
                energy = exit_energy(grid, media, source, label, x, y, z, (u, v, w), energy)
                if energy > ZERO:
                    count += _ONE_EXIT
                    carried += np.int64(energy * _UNITS)
                break
            x, u, inside_x = fold(x + path * u, u, grid.width, grid.sides)
            y, v, inside_y = fold(y + path * v, v, grid.height, grid.sides)
            z += path * w
            label, cover = locate(grid, x, y, z, inside_x & inside_y)
            if label == LOST:
                break
            middle, energy = energy_after(media.curves, label, energy, path)
            if middle < source.e_cut or not worth_following(media, source, energy, cover):
                break
            k, part = energy_row(energy)
            elastic = media.curves[label, k, 0] + part * media.curves[label, k, 1]
            if choice < elastic:
                k = np.uint32(k + (_NEXT_ROW if choice < part * elastic else _SAME_ROW))
                u, v, w = scatter(media, label, k, (u, v, w), b2, b3)
            elif hard is not None:
                total = hard.total[label, k, 0] + part * hard.total[label, k, 1]
                if choice >= total:
                    continue
                lower = choice - elastic >= part * (total - elastic)
                k = np.uint32(k + (_SAME_ROW if lower else _NEXT_ROW))
                one, other, block = ionise(hard, label, k, (u, v, w, energy), b2, b3, stream, block)
                slow, fast = slower_first(one, other)
                if worth_following(media, source, fast[3], cover):
                    depth = set_aside(stack, depth, x, y, z, fast)
                u, v, w, energy = slow
                alive = worth_following(media, source, energy, cover)
        if depth == _EMPTY:
            return count, carried
        depth = np.int32(depth - _ONE_MORE)
        x, y, z = stack[depth, 0], stack[depth, 1], stack[depth, 2]
        u, v, w = stack[depth, 3], stack[depth, 4], stack[depth, 5]
        energy, alive = stack[depth, 6], True
        label, _ = locate(grid, x, y, z, _INSIDE)


@device
def run_electrons(
    inputs: Inputs,
    hard: HardMedia | None,
    stack: np.ndarray,
    point: np.int64,
    begin: np.int64,
    end: np.int64,
    step: np.int64,
) -> tuple[np.int64, np.int64]:
    """Sum exits and their energy [eV / 256] over electrons begin, begin + step, ... of a point."""
    count, energy = _NOTHING, _NOTHING
    rows, columns = inputs.image[0], inputs.image[1]
    level, pixel = point // (rows * columns), point % (rows * columns)
    row, column = np.int32(pixel // columns), np.int32(pixel % columns)
    for electron in range(begin, end, step):
        stream = Stream(inputs.key[0], inputs.key[1], np.uint32(electron), np.uint32(point))
        exits, carried = history(
            inputs.volume,
            inputs.media,
            hard,
            stack,
            inputs.source,
            stream,
            row,
            column,
            inputs.energies_eV[level],
        )
        count += exits
        energy += carried
    return count, energy
