"""An installed Nebula with silicon and copper of cstool: its known images, and what must be so.

``SEM3D_NEBULA`` names the program, ``SEM3D_NEBULA_MATERIALS`` the folder of silicon.mat and
copper.mat.
"""

import os

import numpy as np
import pytest

from sem3d.simulate.nebula.engine import Nebula
from sem3d.specimen import Beam, VoxelBox, VoxelSpecimen
from sem3d.validation.nebula_specimens import load_specimens
from sem3d.validation.reference import at_energies, nebula_film

pytestmark = [
    pytest.mark.nebula,
    pytest.mark.skipif(
        not {"SEM3D_NEBULA", "SEM3D_NEBULA_MATERIALS"} <= os.environ.keys(),
        reason="needs SEM3D_NEBULA and SEM3D_NEBULA_MATERIALS",
    ),
]

MATERIALS = {"Si": "silicon.mat", "Cu": "copper.mat"}
FILM = VoxelBox(("Si", "Cu"), (20, 20, 20))
MODEL_ERROR = 0.03  # between material files of one recipe


def counts(
    labels: np.ndarray, energies: list[float], electrons: int, seed: int = 0, **more
) -> np.ndarray:
    """Counts (E, Y, X) of a free film between mirrors."""
    box = VoxelBox(FILM.materials, labels.shape)
    beam = Beam(energies, electrons=electrons)
    engine = Nebula(materials=MATERIALS, **more)
    found = engine.simulate(VoxelSpecimen(labels.astype(np.uint8), box), beam, (1, seed)).counts
    assert found is not None
    return found


def near(one: np.ndarray, two: np.ndarray) -> float:
    """Mean squared difference of two images of counts in units of its variance: 1 by chance."""
    return float(((one - two) ** 2).sum() / (one + two).sum())


def test_the_silicon_film_has_its_known_yields() -> None:
    known = at_energies(nebula_film(), energies := [1.0, 2.0, 5.0, 10.0])
    total = counts(np.ones(FILM.shape), energies, 100).sum((1, 2))
    for found, theirs in zip(total, known, strict=True):
        error = np.hypot(theirs.error, found**0.5 / 40_000)
        assert abs(found / 40_000 - theirs.value) < 4 * error + MODEL_ERROR * theirs.value


def test_the_nanocube_has_its_known_contrast() -> None:
    cube = next(s for s in load_specimens() if s.name == "nanocube")
    found = counts(cube.labels, list(cube.energies_keV), 100)
    for pixels in (cube.columns, ~cube.columns):
        ours, theirs = (c[:, pixels].sum(1) for c in (found, cube.counts))
        dose = pixels.sum() * np.array([100, cube.electrons])
        error = np.hypot(ours**0.5 / dose[0], theirs**0.5 / dose[1])
        known = theirs / dose[1]
        assert (np.abs(ours / dose[0] - known) < 4 * error + MODEL_ERROR * known).all()


def test_vacuum_returns_nothing() -> None:
    """One voxel of silicon, for Nebula needs a material: only its own pixel gets counts."""
    labels = np.zeros((5, 6, 9))
    labels[2, 4, 7] = 1
    found = counts(labels, [0.5, 2.0], 20_000)
    assert found[0, 4, 7] > 20
    found[:, 4, 7] = 0
    assert not found.any()


def test_a_mirrored_specimen_gives_the_mirrored_image() -> None:
    labels = np.ones((12, 8, 14))
    labels[1:, :3, :5] = 2
    image = counts(labels, [1.0, 3.0], 400)
    for axis in (1, 2):
        again = np.flip(counts(np.flip(labels, axis), [1.0, 3.0], 400, seed=axis), axis)
        assert near(image, again) == pytest.approx(1, abs=0.4)
        assert near(image, np.flip(again, axis)) > 1.8
    turned = counts(labels.transpose(0, 2, 1), [1.0, 3.0], 400, seed=3).transpose(0, 2, 1)
    assert near(image, turned) == pytest.approx(1, abs=0.4)


def test_slow_electrons_do_not_change_the_image() -> None:
    """Those below 50 eV can never count again: a threshold there is only faster."""
    energies = [0.5, 2.0]
    fast, all_of_them = (
        counts(np.ones((20, 10, 10)), energies, 100, k, threshold_eV=threshold).sum((1, 2))
        for k, threshold in enumerate((50.0, 0.0))
    )
    assert (np.abs(fast - all_of_them) < 4 * np.sqrt(1.5 * (fast + all_of_them))).all()


def test_a_half_space_returns_more_than_its_top() -> None:
    thin = VoxelBox(("Si",), (2, 6, 6), bottom="Si")
    half, film = (
        Nebula(materials=MATERIALS).simulate(
            VoxelSpecimen(np.ones(thin.shape, np.uint8), box), Beam([5.0], electrons=400)
        ).signal.mean()
        for box in (thin, VoxelBox(("Si",), (2, 6, 6)))
    )  # fmt: skip
    assert film < 0.02
    assert 0.12 < half < 0.3
