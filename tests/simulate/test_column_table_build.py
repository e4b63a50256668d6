"""The builder: exact interfaces, any stack, the same bytes after an interruption."""

import numpy as np
import pytest
import torch

from sem3d.errors import InputError
from sem3d.simulate import column_table_build as build
from sem3d.simulate.column_file import read
from sem3d.simulate.column_table import ColumnTable
from sem3d.simulate.montecarlo.engine import MonteCarlo
from sem3d.specimen import Beam, LayerStack
from sem3d.validation.runner import Runner, half_space

SMALL = ["--layer", "Au", "150", "4", "--energies", "2", "3", "3", "--electrons", "3000"]


def test_layers_lie_in_order_and_are_as_thick_as_asked():
    specimen = build.column(LayerStack(("Au", "Al"), (15, 150)), (2.5, 1.0))
    assert specimen.labels.ravel().tolist() == [2] * 8 + [1] * 20 + [3]
    assert specimen.box.materials == ("Au", "Al", "Si")
    assert specimen.box.voxel_nm[0] == 1 / build.PER_NM
    assert specimen.box.bottom == "Si"


def test_a_material_may_come_twice():
    specimen = build.column(LayerStack(("Si", "Al", "Si"), (5, 5, 5)), (0.125, 0.25, 0.125))
    assert specimen.labels.ravel().tolist() == [1, 2, 2, 1, 1]
    assert specimen.box.materials == ("Si", "Al")


def test_grids_begin_at_0_and_end_at_the_limit():
    thickness = build.thicknesses(15, 8)
    assert (len(thickness), thickness[0], thickness[-1]) == (8, 0, 15)
    assert (thickness * build.PER_NM == (thickness * build.PER_NM).round()).all()
    keV = build.energies(5, 35, 14)
    assert (len(keV), keV[0], keV[-1]) == (14, 5, 35)


def test_the_shipped_table_is_what_the_command_makes():
    """One column is simulated again; the grid is that of the defaults."""
    table = read()
    told = build._options().parse_args([])
    limits, steps = zip(*((d, n) for _, d, n in build.SHIPPED_LAYERS), strict=True)
    for k, thickness in enumerate(table.thickness_nm):
        np.testing.assert_array_equal(thickness, build.thicknesses(limits[k], steps[k]))
    low, high, n = told.energies
    np.testing.assert_array_equal(table.energies_keV, build.energies(low, high, int(n)))
    assert (table.electrons, table.engine["seed"]) == (told.electrons, told.seed)
    stack = LayerStack(table.materials, limits)
    number = 2  # bare of gold, some aluminium: few steps
    specimen = build.column(stack, (0.0, table.thickness_nm[1][number]))
    beam = Beam(table.energies_keV[:2].tolist(), electrons=table.electrons)
    scan = MonteCarlo().simulate(specimen, beam, (told.seed, number))
    np.testing.assert_allclose(scan.counts[:, 0, 0], table.counts[0, number, :2], rtol=2e-3)


def test_thick_gold_is_bulk_gold(tmp_path, capsys):
    path = tmp_path / "gold.npz"
    build.main([*SMALL, "--file", str(path)])
    assert "chi2" in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["gold.npz", "gold.npz.sha256"]
    engine = ColumnTable(str(path))
    model = engine.forward(LayerStack(("Au",), (150,)), Beam([2, 3]))
    bare, thick = model(torch.tensor([[[0.0, 150.0]]]))[:, 0].T.tolist()
    for name, found in (("Si", bare), ("Au", thick)):
        bulk = Runner(1).yields(name, half_space(), name, "none", [2.0, 3.0], 3000)
        for value, y in zip(found, bulk, strict=True):
            assert value == pytest.approx(y.value, abs=5 * y.error)


def test_a_killed_build_is_continued_to_the_same_bytes(tmp_path, monkeypatch):
    whole, broken = tmp_path / "whole.npz", tmp_path / "broken.npz"
    build.main([*SMALL, "--file", str(whole), "--threads", "1"])
    asked = []
    true = MonteCarlo.simulate

    def dies(engine, specimen, beam, seed):
        asked.append(seed[1])
        if asked == [0, 1, 2]:
            raise KeyboardInterrupt
        return true(engine, specimen, beam, seed)

    monkeypatch.setattr(MonteCarlo, "simulate", dies)
    for _ in range(2):
        try:
            build.main([*SMALL, "--file", str(broken), "--threads", "1"])
        except KeyboardInterrupt:
            assert not broken.exists()
    assert asked == [0, 1, 2, 2, 3]
    assert broken.read_bytes() == whole.read_bytes()


def test_other_settings_begin_anew(tmp_path):
    one, two = (tmp_path / f"{k}.npz" for k in (1, 2))
    for path, seed in ((one, "1"), (two, "2")):
        build.main([*SMALL, "--file", str(path), "--seed", seed])
    assert (read(one).counts != read(two).counts).any()


@pytest.mark.parametrize(
    "change", [["--energies", "2", "3", "2"], ["--layer", "Al", "50", "2"], ["--electrons", "0"]]
)
def test_too_little_is_refused(tmp_path, change):
    with pytest.raises(InputError, match="give"):
        build.main([*SMALL, "--file", str(tmp_path / "t.npz"), *change])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("change", [["--layer", "Cu", "50", "8"], ["--seed", "2"]])
def test_the_shipped_table_is_not_replaced_by_another(tmp_path, monkeypatch, change):
    monkeypatch.setattr(build, "SHIPPED", tmp_path / "shipped.npz")
    with pytest.raises(InputError, match="the shipped table has no other "):
        build.main(change)
