"""A study counts its jobs as Hydra's sweeper does, tells them one by one and ends in a report."""

import pytest
from hydra import initialize_config_dir
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from sem3d.report.study import Study
from sem3d.runtime.cli import CONF
from sem3d.runtime.sweeps.plan import jobs_of

SOLVERS = len(list((CONF / "solver").glob("*.yaml")))
PARAMS = {"solver": "glob(*)", "dataset": "layers_demo,experimental", "noise.eval.level": "0,0.02"}


@pytest.fixture
def configured():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def config(output_dir, *overrides, number=0):
    hydra = {
        "sweeper": {"params": dict(PARAMS)},
        "overrides": {"task": list(overrides)},
        "job": {"num": number},
    }
    return OmegaConf.create({"hydra": hydra, "output_dir": str(output_dir)})


def done(told, status=JobStatus.COMPLETED):
    return JobReturn(_return_value=told, status=status)


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("overrides", "jobs"),
    [
        ((), 4 * SOLVERS),
        (("solver=lookup,tikhonov",), 8),
        (("solver=glob(lookup*)", "dataset=layers"), 4),
        (("noise.eval.level=0.05", "solver=lookup", "seed=range(3)"), 6),
    ],
)
def test_what_is_given_replaces_what_is_configured(tmp_path, overrides, jobs):
    assert len(jobs_of(config(tmp_path, *overrides))) == jobs


@pytest.mark.usefixtures("configured")
def test_a_checkpoint_takes_the_place_of_the_solvers(tmp_path, capsys):
    given = config(tmp_path, "checkpoint=best.ckpt")
    Study("noise_study").on_multirun_start(given)
    assert "solver" not in given.hydra.sweeper.params
    assert capsys.readouterr().out.startswith("4 evaluations; ")


@pytest.mark.usefixtures("configured")
def test_finished_jobs_are_numbered_and_failed_ones_left_to_hydra(tmp_path, capsys):
    study = Study("noise_study")
    study.on_multirun_start(config(tmp_path, "solver=lookup"))
    study.on_job_end(config(tmp_path, number=2), done("mIoU 0.900"))
    study.on_job_end(config(tmp_path, number=3), done(ValueError("x"), JobStatus.FAILED))
    assert capsys.readouterr().out.splitlines()[1:] == ["[3/4] mIoU 0.900"]


def test_the_end_is_table_and_report(write, tmp_path, capsys):
    write("lookup", "lookup", miou=0.825)
    Study("noise_study").on_multirun_end(config(tmp_path))
    *table, page = capsys.readouterr().out.splitlines()
    assert page == str(tmp_path / "reports" / "latest" / "report.html")
    assert "Noise study" in table[0]
    assert [line for line in table if "lookup" in line and ".825" in line]


def test_no_results_is_one_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        Study("noise_study").on_multirun_end(config(tmp_path))
    assert stopped.value.code == 2
    assert "no result files under" in capsys.readouterr().err
