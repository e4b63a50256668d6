"""Few electrons through every comparison; the engine that errs is found out."""

from dataclasses import replace

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.simulate.column_table import ColumnTable
from sem3d.validation import specimens
from sem3d.validation.bulk import ELEMENTS, ENERGIES_KEV, BulkCurve, bulk_checks
from sem3d.validation.columns import COLUMNS, column_checks
from sem3d.validation.columns import ENERGIES_KEV as COLUMNS_KEV
from sem3d.validation.cross_sections import cross_section_checks
from sem3d.validation.reference import Yield, hunger_kuchler, nebula_film
from sem3d.validation.runner import PRESETS, Runner, film, half_space, standard_error
from sem3d.validation.silicon_film import film_checks, film_yields
from sem3d.validation.thin_films import single_scattering, thin_film_checks


def curve(element, preset="none", change=0.0, error=0.003):
    """A curve that follows the formula, which also fits the trends below its energies."""
    yields = (Yield(e, hunger_kuchler(element, e) + change, error) for e in ENERGIES_KEV)
    return BulkCurve(element, preset, tuple(yields))


def failed(checks):
    return sorted({check.family for check in checks if not check.passed})


def test_tables_agree_with_cited_cross_sections():
    checks = list(cross_section_checks())
    assert len(checks) == 9
    assert failed(checks) == []


def test_single_scattering():
    assert single_scattering("Si", 2, 10) == pytest.approx(3.55e-4, rel=0.02)
    assert single_scattering("Si", 5, 20) == pytest.approx(2.12e-4, rel=0.02)


def test_thin_films_are_compared_with_it():
    checks = list(thin_film_checks(Runner(1), 200_000))
    assert [c.name for c in checks] == ["2 nm at 10 keV", "5 nm at 20 keV"]
    for check in checks:
        noise = 4 * standard_error(check.value, 200_000)
        assert abs(check.value - check.reference) < 0.08 * check.reference + noise


def test_bulk_of_the_formula_passes():
    checks = list(bulk_checks(curve(e) for e in ELEMENTS))
    assert failed(checks) == []
    assert sum("Hunger-Kuchler" in c.family for c in checks) == 4 * 7


def test_a_bright_engine_fails_where_limits_hold():
    curves = [curve(e, p, change=0.08) for p in ("none", "dielectric") for e in ELEMENTS]
    found = failed(bulk_checks(curves))
    for element in ELEMENTS:
        assert f"bulk {element}, none: Hunger-Kuchler formula" in found
        assert f"bulk {element}, none: median measured" in found
    assert not any("dielectric" in family for family in found)


def test_wrong_order_and_trends_fail():
    curves = {e: curve(e) for e in ELEMENTS}
    curves["Al"] = replace(curve("Au", error=1e-4), element="Al")
    found = failed(bulk_checks(curves.values()))
    assert any(family.startswith("order Al < Si") for family in found)
    assert "Al falls from 1 to 30 keV: worst step" in found


def test_two_data_sets_make_no_limit():
    found = {(c.family, c.name): c for c in bulk_checks(curve(e) for e in ELEMENTS)}
    assert found["bulk Cu, none: median measured", "7 keV"].reported
    assert not found["bulk Cu, none: median measured", "10 keV"].reported
    assert found["bulk Au, none: range measured", "1.5 keV"].reported
    assert not found["bulk Au, none: range measured", "2 keV"].reported


def test_curves_are_read_between_their_energies():
    assert curve("Cu").at(10) == pytest.approx(hunger_kuchler("Cu", 10))
    assert curve("Cu").at(12) == pytest.approx(hunger_kuchler("Cu", 12), abs=1e-3)
    assert all(0.5 <= p.energy_keV <= 30 for p in curve("Cu").points())


@pytest.mark.parametrize("element", ["Si", "Au"])
def test_bulk_at_5_kev_is_that_of_the_formula(element):
    (found,) = Runner(1).yields("test", half_space(), element, "none", [5.0], 10_000)
    assert abs(found.value - hunger_kuchler(element, 5)) < 0.03 + 2 * found.error


def test_film_comes_near_to_nebula_with_fast_secondaries():
    films = film_yields(Runner(1), sharp=10_000, others=100)
    assert list(films) == list(PRESETS)
    limited = [c for c in film_checks(films) if not c.reported]
    assert [c.name for c in limited] == ["1 keV", "2 keV", "5 keV", "10 keV"]
    assert [c.passed for c in limited[:2]] == [True, True]
    dim = {"dielectric": [replace(y, value=0.8 * y.value) for y in nebula_film()]}
    assert [c.passed for c in film_checks(dim)] == [False, False, False, True]


def test_contrast_of_nebula_against_itself_is_exact():
    theirs = {s.name: (s.counts[:10][:, s.columns], 200) for s in specimens.load_specimens()}
    found = [
        c
        for name in ("nebula", "dielectric")
        for c in specimens._of_simulator(name, theirs, nebula_film())
    ]
    checks = list(specimens.contrast_checks(found))
    assert len(checks) == 5 * 7
    assert failed(checks) == []
    assert all(c.value == pytest.approx(c.reference) for c in checks)
    brighter = [replace(c, value=2 * c.value) if c.simulator == "dielectric" else c for c in found]
    assert len(failed(specimens.contrast_checks(brighter))) == 2


def test_every_image_has_its_simulators():
    shown = specimens._images_of(Runner(1), specimens.load_specimens()[-1])
    assert list(shown.yields) == ["nebula", *PRESETS]
    assert {image.shape for image in shown.yields.values()} == {(20, 20)}
    inside = shown.specimen.columns
    for image in shown.yields.values():
        assert image[inside].mean() > 1.3 * image[~inside].mean()


def test_runs_are_reproducible_and_their_own():
    def value(label, **settings):
        runner = Runner(**{"seed": 1} | settings)
        return runner.yields(label, film(20), "Si", "moller", [1.0], 3000)[0].value

    assert value("a") == value("a", threads=2)
    assert len({value("a"), value("b"), value("a", seed=2)}) > 1


def test_runs_are_told_and_recorded():
    told = []
    runner = Runner(1, told=lambda label, share: told.append((label, share)))
    runner.yields("film", film(20), "Si", "none", [1.0, 2.0], [100, 200])
    assert {label for label, _ in told} == {"film, none"}
    assert (told[0][1], told[-1][1]) == (0.0, 1.0)
    (run,) = runner.runs
    assert (run.label, run.preset, run.electrons) == ("film", "none", 300)
    assert len(run.tables) == 64


@pytest.mark.parametrize("settings", [{"seed": -1}, {"seed": 2**32}, {"seed": 1, "threads": 0}])
def test_bad_settings_are_refused(settings):
    with pytest.raises(InputError, match=r"give a whole number"):
        Runner(**settings)


def test_standard_error_of_nothing_counted():
    assert standard_error(0.0, 100) == pytest.approx(0.01)
    assert standard_error(0.25, 10_000) == pytest.approx(0.005)
    assert np.isfinite(standard_error(0.0, 1))


def test_the_column_table_is_compared_with_fresh_simulations():
    runner = Runner(1)
    checks = list(column_checks(runner, 2000))
    assert len(checks) == len(COLUMNS) * len(COLUMNS_KEV) == 12
    assert failed(checks) == []
    assert len({run.label for run in runner.runs}) == len(COLUMNS)
    assert {run.electrons for run in runner.runs} == {2000 * len(COLUMNS_KEV)}


def test_a_wrong_column_table_fails(monkeypatch):
    true = ColumnTable.forward
    monkeypatch.setattr(
        ColumnTable, "forward", lambda *given: lambda maps: 1.3 * true(*given)(maps)
    )
    assert len(failed(column_checks(Runner(1), 2000))) == 1
