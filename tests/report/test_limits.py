"""Files and summary of the limits, for any number of layers and energies."""

import csv

import pytest

from sem3d.report.limits import summary, work_out, write_limits
from sem3d.simulate.analytic import Analytic
from sem3d.simulate.noise import GaussianNoise
from sem3d.simulate.quirks import CORRECTED
from sem3d.solvers.problem import LayeredProblem
from sem3d.specimen import Beam, LayerStack

FILES = ["ambiguity.png", "cramer_rao.csv", "cramer_rao.png", "energies.csv", "energies.png"]


def found(limits=(5, 30), energies=(6, 9, 14, 25)):
    stack = LayerStack(("Au", "Al", "Au")[: len(limits)], limits)
    physics = LayeredProblem(Analytic(CORRECTED), stack, Beam(energies), GaussianNoise(0.02))
    return work_out(physics, 0.02)


def rows(path):
    with path.open() as f:
        return list(csv.DictReader(f))


@pytest.mark.parametrize("limits", [(5,), (5, 30), (5, 12, 4)])
@pytest.mark.parametrize("energies", [(10,), (6, 9, 14, 25)])
def test_every_stack_and_beam_gives_all_files(tmp_path, limits, energies):
    write_limits(found(limits, energies), 2, tmp_path / "limits")
    assert sorted(p.name for p in (tmp_path / "limits").iterdir()) == FILES
    assert (tmp_path / "limits" / "ambiguity.png").read_bytes().startswith(b"\x89PNG")


def test_tables_hold_every_state_and_every_number_of_energies(tmp_path):
    limits = found()
    write_limits(limits, 2, tmp_path)
    states = rows(tmp_path / "cramer_rao.csv")
    assert len(states) == 6 * 31
    bare, thick = states[0], states[-1]
    assert (bare["least std Au [nm]"], bare["least std Al [nm]"]) == ("", "")
    assert (thick["Au [nm]"], thick["Al [nm]"]) == ("5", "30")
    assert float(thick["least std Al [nm]"]) == pytest.approx(
        limits.deviation_nm[1, 5, 30].item(), rel=1e-5
    )
    numbers = rows(tmp_path / "energies.csv")
    assert [row["energies"] for row in numbers] == ["1", "2", "3", "4"]
    assert numbers[-1]["energies [keV]"] == "6 9 14 25"
    assert float(numbers[-1]["information kept"]) == 1


def test_summary_names_the_best_energies_and_the_worst_pairs():
    lines = list(summary(found(), 2))
    assert lines[0].startswith("best 2 of 4 energies: ")
    assert [line.split(":")[0].strip() for line in lines[3:]] == ["bare Si", "Au", "Al", "Au + Al"]
    assert "between bare Si and 1 nm Al" in lines[3]


def test_more_energies_than_there_are_mean_all():
    assert next(summary(found(), 40)) == "best 4 of 4 energies: 6, 9, 14, 25 keV"


def test_layers_of_one_material_are_numbered():
    assert found((2, 5, 2)).layers == ["Au 1", "Al", "Au 3"]
    assert found((2, 5, 2)).name(5) == "Au 1 + Au 3"
