"""Tables come back as they were written; others are refused."""

import dataclasses
import hashlib

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.simulate.column_file import SHIPPED, read, write


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "table.npz"
    write(read(), path)
    one, two = dataclasses.asdict(read()), dataclasses.asdict(read(path))
    assert one.keys() == two.keys()
    for name in one.keys() - {"thickness_nm", "sha256"}:
        np.testing.assert_array_equal(one[name], two[name], name)
    for ours, theirs in zip(one["thickness_nm"], two["thickness_nm"], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["table.npz", "table.npz.sha256"]


def test_the_shipped_table():
    table = read()
    assert table.name == "Al on Au on Si"
    assert table.limits_nm == (15, 150)
    assert (table.energies_keV[0], table.energies_keV[-1]) == (5, 35)
    assert table.engine["hard"] == "none"
    assert table.engine["engine"] == "montecarlo"
    assert table.counts.shape == (*map(len, table.thickness_nm), len(table.energies_keV))
    for axis in table.axes:
        np.testing.assert_allclose(axis[[0, -1]], [-1, 1])
        assert (np.diff(axis) > 0).all()
    assert SHIPPED.stat().st_size < 100_000


def test_missing_altered_and_foreign_files_are_refused(tmp_path):
    path = tmp_path / "table.npz"
    with pytest.raises(InputError, match=r"table\.npz or its \.sha256 is missing; make it with"):
        read(path)
    write(read(), path)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match=r"table\.npz differs from its SHA-256"):
        read(path)
    np.savez(path, other=np.zeros(3))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name("table.npz.sha256").write_text(f"{digest}  table.npz\n")
    with pytest.raises(InputError, match=r"table\.npz is no column table"):
        read(path)
