"""``python -m sem3d.validate``: what is refused, what fails, and the whole of it."""

import pytest

from sem3d.errors import InputError
from sem3d.validate import run
from sem3d.validation import engines, everything
from tests.contracts.conftest import compose


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("quick=3", "quick is 3; give true or false"),
        ("engines=quick", "engines is quick; give true or false"),
        ("threads=0", "threads is 0; give a whole number"),
        ("seed=-1", "seed is -1; give a whole number"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(tmp_path, override, told):
    with pytest.raises(InputError, match=told):
        run(compose("validate", override, f"output_dir={tmp_path}"))
    assert not list(tmp_path.iterdir())


def test_a_failed_check_is_told_by_the_exit_status(tmp_path, capsys, monkeypatch):
    few = everything.Effort(bulk=20, thin=100, film=(3000, 3000), pixel=2, column=20)
    monkeypatch.setattr(everything, "QUICK", few)
    with pytest.raises(SystemExit) as stopped:
        run(compose("validate", "quick=true", "threads=1", f"output_dir={tmp_path}"))
    assert stopped.value.code == 1
    assert f"checks failed; tables and figures: {tmp_path}/validation" in capsys.readouterr().out
    assert (tmp_path / "validation" / "checks.csv").is_file()


def test_engines_are_set_beside_each_other(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(engines, "QUICK", 1)
    run(compose("validate", "engines=true", "quick=true", "threads=1", f"output_dir={tmp_path}"))
    told = capsys.readouterr().out
    assert "Engines on the same specimens" in told
    assert told.endswith(f"table and figure: {tmp_path}/validation/engines.csv, engines.png\n")
    assert len(list((tmp_path / "validation").iterdir())) == 2


@pytest.mark.slow
def test_the_engine_keeps_every_tolerance(commands):
    told = commands.succeed("validate")
    assert "\n0 of " in told
    assert len(list((commands.folder / "out" / "validation").iterdir())) == 10
