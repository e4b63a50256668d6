"""The beam in Nebula's records: fixed bytes, tags, spots, folded walls, bounded memory."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.simulate.nebula import primaries as module
from sem3d.simulate.nebula.primaries import Primaries
from sem3d.simulate.nebula.records import RECORD, count_records
from sem3d.specimen import Beam, VoxelBox, VoxelSpecimen
from tests.simulate.nebula.conftest import small_specimen

SEED = np.random.SeedSequence(5)


def specimen(shape: tuple[int, int, int] = (2, 40, 30), **more) -> VoxelSpecimen:
    return VoxelSpecimen(np.ones(shape, np.uint8), VoxelBox(("Si",), shape, **more))


def records(beam: Beam, electrons: int = 1, of: VoxelSpecimen | None = None, **more) -> np.ndarray:
    asked = Primaries(of or specimen(), beam, electrons, 3.0, **more)
    return np.concatenate(list(asked.chunks(SEED)))


def test_a_small_specimen_gives_these_bytes(tmp_path: Path) -> None:
    path = tmp_path / "beam.pri"
    Primaries(small_specimen(), Beam([0.5, 1.25]), 2, 3.0).write(path, SEED)
    content = path.read_bytes()
    assert len(content) == 36 * 2 * 6 * 2
    assert content[:36].hex() == (
        "0000c03f" "0000803f" "000040c0"  # 1.5, 1, -3 nm
        "00000000" "00000000" "0000803f"  # downwards
        "0000fa43" "00000000" "00000000"  # 500 eV, px 0, py 0
    )  # fmt: skip
    assert content[:36] == content[36:72]
    assert content[-36:].hex() == (
        "0000f040" "00004040" "000040c0"  # 7.5, 3, -3 nm
        "00000000" "00000000" "0000803f"
        "00409c44" "05000000" "01000000"  # 1250 eV, px 1 x 3 + 2, py 1
    )  # fmt: skip


def test_tags_come_back_as_energies_and_pixels(tmp_path: Path) -> None:
    """20 energies, 7 x 13 pixels, another number of electrons at each."""
    shape = (20, 7, 13)
    beam = Beam([0.5 * k for k in range(1, 21)])
    given = records(beam, 6, specimen((2, 7, 13)))
    wanted = np.random.default_rng(0).integers(0, 7, shape)
    number = np.tile(np.arange(6), 20 * 7 * 13)
    chosen = given[number < np.repeat(wanted, 6)]
    path = tmp_path / "out.det"
    np.random.default_rng(1).permutation(chosen).tofile(path)
    np.testing.assert_array_equal(count_records(path, shape, 50.0), wanted)
    energy = chosen["px"] // 13
    np.testing.assert_array_equal(chosen["energy_eV"], np.float32(500 * (energy + 1)))
    np.testing.assert_array_equal(np.floor(chosen["place"][:, 0]), chosen["px"] % 13)
    np.testing.assert_array_equal(np.floor(chosen["place"][:, 1]), chosen["py"])


def test_a_spot_is_normal_about_the_middle_of_its_pixel() -> None:
    at_middle = records(Beam([1.0], spot_sigma_nm=0.7), 400)
    x = at_middle["place"][:, 0] - at_middle["px"] - 0.5
    inner = (at_middle["px"] > 4) & (at_middle["px"] < 25)
    n = inner.sum()
    assert abs(x[inner].mean()) < 4 * 0.7 / n**0.5
    assert x[inner].std() == pytest.approx(0.7, abs=4 * 0.7 / (2 * n) ** 0.5)


def test_uniform_electrons_fill_their_pixel() -> None:
    over = records(Beam([1.0]), 100, uniform=True)
    for k, tag in enumerate(("px", "py")):
        part = over["place"][:, k] - over[tag]
        assert part.min() >= -2e-6
        assert part.max() <= 1 + 2e-6
        assert np.histogram(part, 4, (0, 1))[0] == pytest.approx(len(part) / 4, rel=0.03)


def test_mirrors_fold_a_wide_spot_and_absorbing_walls_take_it() -> None:
    wide = Beam([1.0], spot_sigma_nm=60.0)
    folded = records(wide, 3)
    assert len(folded) == 3 * 1200
    x, y = folded["place"][:, 0], folded["place"][:, 1]
    assert (x.min(), y.min()) >= (0.0009, 0.0009)
    assert (x.max(), y.max()) <= (30 - 0.0009, 40 - 0.0009)
    absorbed = records(wide, 3, specimen(sides="absorb"))
    assert 0 < len(absorbed) < 3 * 1200 / 2


def test_a_tilted_beam_meets_its_pixel_on_the_first_layer_with_matter() -> None:
    of = specimen((6, 4, 9), voxel_nm=(2.0, 1.0, 1.5))
    of.labels[:2] = 0  # 4 nm of nothing
    tilted = records(Beam([1.0], tilt_deg=40), 1, of)
    place, direction = tilted["place"].astype(float), tilted["direction"].astype(float)
    np.testing.assert_allclose(np.linalg.norm(direction, axis=1), 1, rtol=1e-6)
    flight = (4 + 3) / direction[:, 2]
    x = place[:, 0] + flight * direction[:, 0]
    x = np.where(x < 0, -x, x)  # mirror at x = 0
    np.testing.assert_allclose(x, 1.5 * (tilted["px"] + 0.5), atol=1e-3)
    assert (direction[:, 0] < 0).any()


def test_equal_seeds_give_equal_beams() -> None:
    beam = Beam([1.0], spot_sigma_nm=1.0)
    asked = Primaries(specimen(), beam, 2, 3.0)
    one, two, other = (next(asked.chunks(np.random.SeedSequence(k))).tobytes() for k in (1, 1, 2))
    assert one == two != other


def test_memory_does_not_grow_with_the_dose(tmp_path: Path) -> None:
    peaks = []
    for electrons in (300, 3000):
        tracemalloc.start()
        asked = Primaries(specimen(), Beam([1.0], spot_sigma_nm=1.0), electrons, 3.0)
        asked.write(tmp_path / "beam.pri", SEED)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (tmp_path / "beam.pri").stat().st_size == RECORD.itemsize * len(asked)
    assert peaks[1] < 1.1 * peaks[0]


def test_what_nebula_cannot_number_is_refused(monkeypatch) -> None:
    with pytest.raises(InputError, match="more than Nebula can number"):
        Primaries(specimen(), Beam([1.0, 2.0]), 2**32 // 2400 + 1, 3.0)
    monkeypatch.setattr(module, "_TAGS", 59)
    with pytest.raises(InputError, match="more than Nebula can number"):
        Primaries(specimen(), Beam([1.0, 2.0]), 1, 3.0)


def test_a_tilted_beam_through_absorbing_walls_is_refused() -> None:
    absorbing = specimen(sides="absorb")
    with pytest.raises(InputError, match=r"sides=mirror or acquisition\.tilt_deg=0"):
        Primaries(absorbing, Beam([1.0], tilt_deg=10), 1, 3.0)
    Primaries(replace(absorbing), Beam([1.0]), 1, 3.0)
