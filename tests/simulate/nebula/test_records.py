"""Counting detected electrons: thresholds, pieces, damaged files."""

from pathlib import Path

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.simulate.nebula import records as module
from sem3d.simulate.nebula.records import RECORD, count_records

SHAPE = (3, 2, 5)


def write(path: Path, px: list[int], py: list[int], energy: list[float]) -> Path:
    made = np.zeros(len(px), RECORD)
    made["px"], made["py"], made["energy_eV"] = px, py, energy
    made.tofile(path)
    return path


def test_records_have_36_bytes_in_nebulas_order() -> None:
    assert RECORD.itemsize == 36
    assert [RECORD.fields[name][1] for name in ("energy_eV", "px", "py")] == [24, 28, 32]


def test_only_fast_electrons_count(tmp_path: Path) -> None:
    px, py = [0, 0, 14, 14, 7], [0, 0, 1, 1, 1]
    path = write(tmp_path / "out.det", px, py, [50.0, 49.99, 60.0, 5000.0, 50.0])
    counts = count_records(path, SHAPE, 50.0)
    assert counts.shape == SHAPE
    assert (counts[0, 0, 0], counts[2, 1, 4], counts[1, 1, 2], counts.sum()) == (1, 2, 1, 4)
    assert count_records(path, SHAPE, 0.0)[0, 0, 0] == 2


def test_pieces_add_up(tmp_path: Path, monkeypatch) -> None:
    rng = np.random.default_rng(0)
    px, py, energy = rng.integers(0, 15, 1000), rng.integers(0, 2, 1000), rng.uniform(0, 100, 1000)
    path = write(tmp_path / "out.det", list(px), list(py), list(energy))
    whole = count_records(path, SHAPE, 50.0)
    monkeypatch.setattr(module, "_CHUNK", 7)
    np.testing.assert_array_equal(count_records(path, SHAPE, 50.0), whole)
    assert whole.sum() == (energy.astype(np.float32) >= 50).sum()


def test_no_electron_is_no_error(tmp_path: Path) -> None:
    assert not count_records(write(tmp_path / "out.det", [], [], []), SHAPE, 50.0).any()


@pytest.mark.parametrize("lost", [1, 35])
def test_a_cut_record_is_refused(tmp_path: Path, lost: int) -> None:
    path = write(tmp_path / "out.det", [0, 1], [0, 1], [100.0, 100.0])
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(InputError, match=r"no whole number of records.*cut short; free some disk"):
        count_records(path, SHAPE, 50.0)


@pytest.mark.parametrize(("px", "py"), [(15, 0), (-1, 0), (0, 2), (0, -1)])
def test_electrons_of_no_pixel_are_refused(tmp_path: Path, px: int, py: int) -> None:
    path = write(tmp_path / "out.det", [0, px], [0, py], [100.0, 1.0])
    with pytest.raises(InputError, match=r"of no pixel of the image \(3, 2, 5\)"):
        count_records(path, SHAPE, 50.0)
