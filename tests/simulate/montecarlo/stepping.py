"""Transport from voxel to voxel, as a check of the flights through a majorant.

The number of mean free paths to the next collision is drawn once and used up voxel by voxel, each
with the cross section in the middle of its leg; everything else is the engine's own.
"""

import numpy as np
from numba import njit

from sem3d.simulate.montecarlo.device import circle, energy_after, log, scattering_angle, turn
from sem3d.simulate.montecarlo.energy_grid import energy_bin
from sem3d.simulate.montecarlo.philox import Stream, draw, uniform
from sem3d.simulate.montecarlo.tasks import Job
from sem3d.simulate.montecarlo.transport import start


def yields(job: Job) -> np.ndarray:
    """Share of the electrons (nE,) that leave the top of a free film with mirrors at its sides."""
    counts = [
        _count(job.inputs, np.int64(level), np.int64(pixel), electrons)
        for level, image in enumerate(job.electrons)
        for pixel, electrons in enumerate(image.ravel())
    ]
    return np.reshape(counts, (len(job.electrons), -1)).sum(1) / job.electrons.sum((1, 2))


@njit
def _count(inputs, level, pixel, electrons):
    rows, columns = inputs.image
    point = level * rows * columns + pixel
    found = 0
    for k in range(electrons):
        stream = Stream(inputs.key[0], inputs.key[1], np.uint32(k), np.uint32(point))
        row, column = np.int32(pixel // columns), np.int32(pixel % columns)
        place = start(inputs.volume, inputs.source, stream, row, column)
        found += _history(inputs, stream, place, inputs.energies_eV[level])
    return found


@njit
def _history(inputs, stream, place, energy):
    x, y, u, v, _ = place
    z, w, block = np.float32(0), inputs.source.cosine, np.uint32(1)
    while True:
        b0, b1, b2, b3 = draw(stream, block)
        block = np.uint32(block + 1)
        free = -log(uniform(b0))
        x, y, z, u, v, w, energy, label, outcome = _fly(inputs, x, y, z, u, v, w, energy, free)
        if outcome >= 0:
            return outcome
        row, part = energy_bin(energy)
        row += np.int32(uniform(b1) <= part)
        cosine, sine = scattering_angle(inputs.media.angle, label, row, b2)
        cos_azimuth, sin_azimuth = circle(b3)
        u, v, w = turn(u, v, w, cosine, sine, cos_azimuth, sin_azimuth)


@njit
def _fly(inputs, x, y, z, u, v, w, energy, free):
    """Fly until `free` mean free paths are used up; outcome 1: counted, 0: lost, -1: collision."""
    labels, curves = inputs.volume.labels, inputs.media.curves
    layers, rows, columns = labels.shape
    while True:
        k, j, i = _cell(z, w), _cell(y, v), _cell(x, u)
        if k < 0:
            return x, y, z, u, v, w, energy, np.int32(0), 1
        if k >= layers:
            return x, y, z, u, v, w, energy, np.int32(0), 0
        if j < 0 or j >= rows:
            v = -v
            continue
        if i < 0 or i >= columns:
            u = -u
            continue
        label = np.int32(labels[k, j, i])
        leg = min(_to_wall(x, u, i), _to_wall(y, v, j), _to_wall(z, w, k))
        middle, _ = energy_after(curves, label, energy, leg)
        row, part = energy_bin(middle)
        sigma = curves[label, row, 0] + part * curves[label, row, 1]
        hit = free < leg * sigma
        path = free / sigma if hit else leg
        free -= leg * sigma
        middle, energy = energy_after(curves, label, energy, path)
        if min(middle, energy) < inputs.source.e_cut:
            return x, y, z, u, v, w, energy, label, 0
        x = x + path * u if hit or leg < _to_wall(x, u, i) else _wall(u, i)
        y = y + path * v if hit or leg < _to_wall(y, v, j) else _wall(v, j)
        z = z + path * w if hit or leg < _to_wall(z, w, k) else _wall(w, k)
        if hit:
            return x, y, z, u, v, w, energy, label, -1


@njit
def _cell(place, direction):
    """Voxel in front of a place; on a wall that is the one the electron moves into."""
    return int(np.floor(place)) if direction >= 0 else -int(np.floor(-place)) - 1


@njit
def _wall(direction, cell):
    return np.float32(cell + 1 if direction > 0 else cell)


@njit
def _to_wall(place, direction, cell):
    return (_wall(direction, cell) - place) / direction if direction != 0 else np.float32(1e30)
