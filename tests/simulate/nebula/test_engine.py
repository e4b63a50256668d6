"""The engine as users call it, with a stand-in for Nebula."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.triangles import read_triangles
from sem3d.simulate.nebula.engine import Nebula
from sem3d.simulate.nebula.material_file import read_material
from sem3d.specimen import Beam, LayeredSpecimen, LayerStack, VoxelBox, VoxelSpecimen
from tests.simulate.nebula.conftest import small_specimen
from tests.simulate.nebula.cstool import write

Make = Callable[..., Nebula]
BEAM = Beam([0.5, 1.25], electrons=8)


@pytest.fixture
def nebula(fake: Callable[..., str], tmp_path: Path) -> Make:
    """An engine with two material files that calls the stand-in."""
    files = {name: str(write(tmp_path / f"{name}.mat")) for name in ("Si", "Cu")}

    def make(mode: str = "good", **more) -> Nebula:
        return Nebula(**{"binary": fake(mode), "materials": files} | more)

    return make


def test_a_scan_holds_counts_dose_and_origin(nebula: Make, tmp_path: Path) -> None:
    scan = nebula().simulate(small_specimen(), BEAM, (7, 3))
    assert scan.counts is not None
    assert (scan.counts.shape, scan.counts.dtype, scan.electrons) == ((2, 2, 3), np.int32, 8)
    assert (scan.counts == 2).all()  # every fourth comes back, the slow ones do not count
    np.testing.assert_array_equal(scan.signal, np.float32(0.25))
    told = scan.provenance
    assert (told["engine"], told["program"], told["seed"], told["threshold_eV"]) == (
        "nebula", "This is Nebula version 1.0.2", [7, 3], 50.0,
    )  # fmt: skip
    sha256 = {name: read_material(tmp_path / f"{name}.mat").sha256 for name in ("Si", "Cu")}
    assert told["materials_sha256"] == sha256


def test_the_dose_is_the_beams_or_else_the_engines(nebula: Make) -> None:
    scan = nebula(electrons=4).simulate(small_specimen(), Beam([1.0]))
    assert scan.electrons == 4
    assert (scan.counts == 1).all()


def test_slow_electrons_count_where_asked_for(nebula: Make) -> None:
    engine = nebula(e_cut_eV=40.0, threshold_eV=0.0)
    assert (engine.simulate(small_specimen(), BEAM).counts == 4).all()


def test_only_materials_that_are_present_are_given(nebula: Make, tmp_path: Path) -> None:
    """Nebula warns of more, and numbers those that it gets."""
    specimen = small_specimen()
    only = VoxelSpecimen(np.where(specimen.labels, 2, 0).astype(np.uint8), specimen.box)
    scan = nebula(keep_files=str(tmp_path / "kept")).simulate(only, BEAM, (1, 255))
    assert list(scan.provenance["materials_sha256"]) == ["Cu"]
    kept = tmp_path / "kept" / "00000001-000000ff"
    assert {path.name for path in kept.iterdir()} == {
        "geometry.tri", "primaries.pri", "detected.det", "messages.txt",
    }  # fmt: skip
    assert read_triangles(kept / "geometry.tri").materials == 1


def test_what_lies_below_is_a_material_too(nebula: Make) -> None:
    box = VoxelBox(("Si",), (1, 2, 2), bottom="Cu")
    scan = nebula().simulate(VoxelSpecimen(np.ones((1, 2, 2), np.uint8), box), BEAM)
    assert list(scan.provenance["materials_sha256"]) == ["Si", "Cu"]


def test_an_empty_box_gives_nothing() -> None:
    specimen = VoxelSpecimen(np.zeros((2, 2, 3), np.uint8), small_specimen().box)
    scan = Nebula("no-program").simulate(specimen, BEAM)
    assert scan.counts is not None
    assert not scan.counts.any()
    assert scan.provenance["program"] == "not run: the box is empty"


def test_progress_ends_at_the_whole_and_may_stop(nebula: Make) -> None:
    seen = []
    nebula().simulate(small_specimen(), BEAM, on_progress=lambda *done: seen.append(done))
    assert seen[-1] == (96, 96)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nebula("hang").simulate(small_specimen(), BEAM, on_progress=stop)


@pytest.mark.parametrize(
    ("mode", "told"),
    [("partial", "no whole number of records"), ("stranger", "of no pixel of the image")],
)
def test_results_that_cannot_be_true_are_refused(nebula: Make, mode: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        nebula(mode).simulate(small_specimen(), BEAM)


def test_no_files_are_left(nebula: Make, tmp_path: Path, monkeypatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    nebula().simulate(small_specimen(), BEAM)
    with pytest.raises(InputError):
        nebula("exception").simulate(small_specimen(), BEAM)
    assert not list(temporary.iterdir())


def test_the_program_and_the_files_are_found_by_environment(
    nebula: Make, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("SEM3D_NEBULA", nebula().binary)
    monkeypatch.setenv("SEM3D_NEBULA_MATERIALS", str(tmp_path))
    engine = Nebula(materials={"Si": "Si.mat", "Cu": "Cu.mat"})
    assert (engine.simulate(small_specimen(), BEAM).counts == 2).all()
    monkeypatch.setenv("SEM3D_NEBULA", "no-program")
    with pytest.raises(InputError, match="no-program is not installed"):
        engine.simulate(small_specimen(), BEAM)


def test_energies_beyond_the_tables_are_refused(nebula: Make) -> None:
    with pytest.raises(InputError, match=r"Si\.mat ends at 10\d+\.\d eV, below the beam energy 15"):
        nebula().simulate(small_specimen(), Beam([1.0, 15.0]))
    with pytest.raises(InputError, match=r"50 eV is not above simulator\.e_cut_eV"):
        nebula().simulate(small_specimen(), Beam([0.05, 1.0]))


def test_materials_are_asked_for_by_name(nebula: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no file for 'Si' \(it has none\); make one"):
        nebula(materials={}).simulate(small_specimen(), BEAM)
    with pytest.raises(InputError, match=r"materials\.Si: .*nowhere\.mat does not exist"):
        nebula(materials={"Si": "nowhere.mat"}).simulate(small_specimen(), BEAM)
    bad = tmp_path / "bad.mat"
    bad.write_bytes(b"no HDF5")
    with pytest.raises(InputError, match=r"bad\.mat"):
        nebula(materials={"Si": str(bad)}).simulate(small_specimen(), BEAM)


def test_layers_are_refused(nebula: Make) -> None:
    layers = LayeredSpecimen(np.zeros((1, 4, 4), np.uint8), LayerStack(("Au",), (15,)))
    with pytest.raises(InputError, match="simulator=nebula needs voxels, not a LayeredSpecimen"):
        nebula().simulate(layers, BEAM)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"electrons": 0}, "simulator.electrons is 0"),
        ({"threshold_eV": 60.0}, "threshold_eV is 60.0 and e_cut_eV 50.0"),
        ({"threshold_eV": -1.0}, "give 0 <= threshold_eV"),
        ({"start_nm": 0.0}, "simulator.start_nm is 0.0; give a positive number"),
        ({"timeout_s": float("nan")}, "simulator.timeout_s is nan"),
    ],
)
def test_settings_out_of_range_are_refused(setting: dict, told: str) -> None:
    with pytest.raises(InputError, match=told):
        Nebula(**setting)
