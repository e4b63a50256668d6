"""``python -m sem3d.limits`` with its options."""

import pytest

from sem3d.errors import InputError
from sem3d.limits import run
from tests.contracts.conftest import compose

FEW = "acquisition.energies_keV=[5,8,12,20]"


@pytest.mark.parametrize("simulator", ["analytic", "analytic_corrected"])
def test_limits_of_a_beam_are_written_and_told(tmp_path, capsys, simulator):
    choices = (FEW, f"simulator={simulator}", "energies=3", "noise=poisson")
    run(compose("limits", *choices, f"output_dir={tmp_path}"))
    told = capsys.readouterr().out
    assert told.startswith("best 3 of 4 energies: ")
    assert told.endswith(f"figures and tables: {tmp_path}/limits\n")
    assert len(list((tmp_path / "limits").iterdir())) == 5


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("energies=0", "energies is 0; give how many to choose"),
        ("noise.eval.level=0", "the noise level is 0.0; limits need one between 0 and 1"),
        ("noise.eval.level=[0.01,0.02]", "a range; give one number here"),
    ],
)
def test_what_has_no_limits_is_refused_before_anything_is_written(tmp_path, override, told):
    with pytest.raises(InputError, match=told):
        run(compose("limits", FEW, override, f"output_dir={tmp_path}"))
    assert not list(tmp_path.iterdir())
