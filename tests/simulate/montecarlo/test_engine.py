"""The engine as users call it: specimen and beam in, scan out."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sem3d.chemistry import material_from
from sem3d.errors import InputError
from sem3d.simulate.montecarlo.engine import MonteCarlo
from sem3d.simulate.montecarlo.library import add
from sem3d.simulate.montecarlo.transport_tables import tables_for
from sem3d.specimen import Beam, LayeredSpecimen, LayerStack, VoxelBox, VoxelSpecimen

FILM = VoxelBox(("Si", "Cu"), (20, 6, 5))
BEAM = Beam([1.0, 5.0], electrons=400)


def film(box: VoxelBox = FILM, label: int = 1) -> VoxelSpecimen:
    return VoxelSpecimen(np.full(box.shape, label, np.uint8), box)


def test_a_scan_holds_counts_dose_and_origin() -> None:
    engine = MonteCarlo()
    scan = engine.simulate(film(), BEAM, (7, 3))
    assert scan.counts is not None
    assert (scan.counts.shape, scan.counts.dtype, scan.electrons) == ((2, 6, 5), np.int32, 400)
    np.testing.assert_array_equal(scan.signal, (scan.counts / 400).astype(np.float32))
    told = scan.provenance
    assert (told["engine"], told["elastic"], told["seed"]) == (
        "montecarlo", "mott-salvat1987-fm", [7, 3],
    )  # fmt: skip
    assert told["tables_sha256"] == engine.tables(FILM).sha256


def test_the_silicon_film_has_its_known_yield() -> None:
    """Shared regression values .206 at 1 keV and .0201 at 5 keV, within 4 sigma + 2 %."""
    scan = MonteCarlo().simulate(film(), Beam([1.0, 5.0], electrons=1000))
    for found, known in zip(scan.signal.mean((1, 2)), (0.206, 0.0201), strict=True):
        sigma = (known * (1 - known) / 30_000) ** 0.5
        assert abs(found - known) < 4 * sigma + 0.02 * known


def test_seed_and_dose_decide() -> None:
    engine = MonteCarlo(electrons=50)
    one, same, other = (
        engine.simulate(film(), Beam([2.0]), seed).counts for seed in ((1, 2), (1, 2), (1, 3))
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    threads = MonteCarlo(electrons=50, threads=2).simulate(film(), Beam([2.0]), (1, 2)).counts
    np.testing.assert_array_equal(one, threads)


def test_what_lies_below_counts() -> None:
    thin = VoxelBox(("Si",), (2, 4, 4))
    free, silicon, gold = (
        MonteCarlo(electrons=300)
        .simulate(film(dataclasses.replace(thin, bottom=bottom)), Beam([10.0]))
        .signal.mean()
        for bottom in ("absorb", "Si", "Au")
    )
    assert free < 0.01
    assert silicon == pytest.approx(0.17, abs=0.04)
    assert gold == pytest.approx(0.48, abs=0.05)


def test_a_compound_of_the_library(tmp_path: Path) -> None:
    box = VoxelBox(("Al2O3",), (20, 4, 4), bottom="Al2O3")
    engine = MonteCarlo(library=str(tmp_path))
    with pytest.raises(InputError, match="'Al2O3' is not known"):
        engine.simulate(film(box), BEAM)
    add("Al2O3", 3.97, library=tmp_path)
    scan = engine.simulate(film(box), BEAM)
    assert 0.1 < scan.signal.mean() < 0.25
    assert scan.provenance["densities_g_cm3"] == {"Al2O3": 3.97}
    direct = tables_for([material_from("Al2O3", 3.97)])
    assert scan.provenance["tables_sha256"] == direct.sha256


def test_an_added_name_gives_the_counts_of_the_shipped_material(tmp_path: Path) -> None:
    add("SiO2", 2.20, "glass", library=tmp_path)
    engine = MonteCarlo(library=tmp_path, hard="moller")
    counts = [
        engine.simulate(film(VoxelBox((name,), (20, 4, 4), bottom=name)), BEAM).counts
        for name in ("SiO2", "glass")
    ]
    np.testing.assert_array_equal(*counts)


def test_an_energy_weighted_detector_gives_less_than_the_count() -> None:
    scans = [
        MonteCarlo(detector=detector).simulate(film(), BEAM) for detector in ("count", "energy")
    ]
    assert (scans[0].counts == scans[1].counts).all()
    ratio = scans[1].signal.mean((1, 2)) / scans[0].signal.mean((1, 2))
    assert ((ratio > 0.4) & (ratio < 1)).all()


def test_progress_counts_all_electrons_and_may_stop() -> None:
    seen: list[tuple[int, int]] = []
    MonteCarlo().simulate(film(), BEAM, on_progress=lambda *done: seen.append(done))
    assert seen[-1] == (2 * 30 * 400, 2 * 30 * 400)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        MonteCarlo().simulate(film(), BEAM, on_progress=stop)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"electrons": 0}, "simulator.electrons is 0"),
        ({"hard": "moler"}, "did you mean 'moller'"),
        ({"detector": "counts"}, "did you mean 'count'"),
        ({"backend": "cudo"}, "did you mean 'cuda'"),
    ],
)
def test_impossible_options_are_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        MonteCarlo(**options)


@pytest.mark.parametrize(
    ("beam", "told"),
    [
        (Beam([0.02]), "give energies above e_cut_eV"),
        (Beam([5.0, 100.0]), "up to"),
    ],
)
def test_energies_outside_the_tables_are_told(beam: Beam, told: str) -> None:
    with pytest.raises(InputError, match=told):
        MonteCarlo().simulate(film(), beam)


def test_other_specimens_are_refused() -> None:
    layered = LayeredSpecimen(np.zeros((1, 4, 4)), LayerStack(("Au",), (15,)))
    with pytest.raises(InputError, match="needs voxels, not a LayeredSpecimen"):
        MonteCarlo().simulate(layered, BEAM)  # type: ignore[arg-type]


def test_an_empty_box_gives_no_signal() -> None:
    assert MonteCarlo().simulate(film(label=0), BEAM).signal.sum() == 0


@pytest.mark.gpu
def test_a_gpu_gives_the_same_yields() -> None:
    """Within 5 standard errors of the mean over all pixels, at each energy."""
    beam = Beam([1.0, 2.0, 5.0], electrons=20_000)
    here, there = (MonteCarlo(backend=b).simulate(film(), beam).signal for b in ("cpu", "cuda"))
    sigma = (here.mean((1, 2)) / (30 * 20_000)) ** 0.5
    assert (abs(here.mean((1, 2)) - there.mean((1, 2))) < 5 * 2**0.5 * sigma).all()


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_missing_gpu_or_package_is_told() -> None:
    with pytest.raises(InputError, match="cuda"):
        MonteCarlo(backend="cuda").simulate(film(), BEAM)
