"""What a job has reached, from the files of its run."""

import json
import math

import pytest

from sem3d.errors import InputError
from sem3d.files import write_atomic
from sem3d.locks import Lock
from sem3d.report.sweeps.outcomes import read_sweep
from sem3d.runtime.sweeps.folder import Record, write_record
from tests.report.sweeps.made import EPOCHS, fail, finish, make_grid, start, write_curve, write_plan

ONE = {"model": ["unet"]}


@pytest.fixture
def job(tmp_path):
    write_plan(tmp_path, ONE)
    return tmp_path / "model-unet"


def only(path):
    (found,) = read_sweep(path).outcomes
    return found


def test_the_first_best_score_counts(tmp_path, job):
    finish(job, [0.2, 0.8, 0.5, 0.8])
    found = only(tmp_path)
    assert (found.best, found.score, found.epochs, found.planned) == ((1, 0.8), 0.8, 4, EPOCHS)
    assert (found.job.state, found.note, found.diverged) == ("done", "", False)


def test_lower_is_better_where_the_sweep_says_so(tmp_path):
    plan = write_plan(tmp_path, {"model": ["unet", "conv3"]}, monitor="val/loss", mode="min")
    for name, scores in zip(plan.jobs, ([3, 2, 4], [1, 5]), strict=True):
        finish(tmp_path / name, scores)
    sweep = read_sweep(tmp_path)
    assert [one.score for one in sweep.ranked] == [1, 2]
    assert not sweep.higher


def test_divergence_is_told_and_keeps_the_score_before(tmp_path, job):
    finish(job, [0.2, 0.4, math.nan, math.nan])
    found = only(tmp_path)
    assert found.best == (1, 0.4)
    assert found.diverged
    assert found.note == "diverged in epoch 2"
    assert math.isnan(found.points[-1][1])


def test_divergence_from_the_start_leaves_no_score(tmp_path, job):
    finish(job, [math.nan, math.nan])
    sweep = read_sweep(tmp_path)
    assert sweep.ranked == []
    assert sweep.outcomes[0].note == "diverged in epoch 0"


def test_only_the_score_tells_divergence(tmp_path, job):
    """A training loss that is not finite fails the job before it is logged."""
    finish(job, [0.2, 0.4])
    with (job / "metrics.csv").open("a") as file:
        file.write("30,2,train/loss,inf\n40,3,val/macc,nan\n")
    assert (only(tmp_path).note, only(tmp_path).diverged) == ("", False)


@pytest.mark.parametrize("state", ["running", "interrupted", "failed"])
def test_half_a_line_is_no_row_while_a_run_may_write(tmp_path, job, state):
    write_curve(job, [0.2, 0.4])
    with (job / "metrics.csv").open("a") as file:
        file.write("30,2,val/score,0.")
    write_record(job, Record(state, 1, 1.0))
    found = only(tmp_path)
    assert (found.best, found.note) == ((1, 0.4), "")


@pytest.mark.parametrize(("end", "told"), [("", ""), ("\n", "damaged lines: 1")])
def test_a_broken_line_of_a_finished_run_is_noted_unless_it_is_the_unfinished_last(
    tmp_path, job, end, told
):
    finish(job, [0.2, 0.4])
    with (job / "metrics.csv").open("a") as file:
        file.write(f"30,2,val/sc{end}")
    found = only(tmp_path)
    assert (found.best, found.epochs) == ((1, 0.4), 2)
    assert found.note == (told and f"{job / 'metrics.csv'} has {told}")


def test_a_line_that_a_kill_cut_is_noted_when_the_resumed_run_has_ended(tmp_path, job):
    finish(job, [0.2])
    with (job / "metrics.csv").open("a") as file:
        file.write("20,1,val/sc20,1,val/score,0.3\n20,1,val/score,0.3\n")
    assert only(tmp_path).best == (1, 0.3)
    assert "damaged lines: 1" in only(tmp_path).note
    write_record(job, Record("interrupted", 1, 1.0))
    assert only(tmp_path).note == ""


def test_a_missing_curve_is_told_of_a_finished_run_only(tmp_path, job):
    assert only(tmp_path).note == ""
    finish(job, [0.2])
    (job / "metrics.csv").unlink()
    assert only(tmp_path).note == f"{job / 'metrics.csv'} is missing"


def test_a_curve_that_grew_is_read_again(tmp_path, job):
    finish(job, [0.2])
    assert only(tmp_path).score == 0.2
    finish(job, [0.2, 0.3])
    assert only(tmp_path).score == 0.3


def test_a_reason_stands_in_the_note(tmp_path, job):
    fail(job, "no space left", [0.1, math.nan])
    assert only(tmp_path).note == "no space left; diverged in epoch 1"


def test_a_running_job_is_known_by_its_lock(tmp_path, job):
    start(job, [0.1, 0.2])
    assert only(tmp_path).job.state == "interrupted"
    lock = Lock(job / "job.lock")
    assert lock.take()
    found = only(tmp_path)
    lock.release()
    assert found.job.state == "running"
    assert found.progress == 2 / EPOCHS


@pytest.mark.parametrize(
    ("started", "planned"), [({"max_epochs": 7}, 7), ({"max_epochs": -1}, None)]
)
def test_planned_epochs_are_those_of_the_run(tmp_path, job, started, planned):
    assert only(tmp_path).planned == EPOCHS
    start(job, [0.1])
    write_atomic(job / "run.json", json.dumps({"config": {"trainer": started}}))
    assert only(tmp_path).planned == planned


def test_epochs_may_be_swept(tmp_path):
    write_plan(tmp_path, {"trainer.max_epochs": ["5", "null"]})
    assert [one.planned for one in read_sweep(tmp_path).outcomes] == [5, None]
    assert read_sweep(tmp_path).outcomes[1].progress == 0


@pytest.mark.parametrize(
    ("epochs", "steps", "planned", "progress"),
    [(450, 250, 3, 0.8), (3, 1000, 3, 2 / 3), (-1, 400, 4, 0.5), (-1, -1, None, 0), (2, 150, 2, 1)],
)
def test_epochs_or_steps_end_a_job(tmp_path, job, epochs, steps, planned, progress):
    """Two epochs of 100 steps are made."""
    start(job, [])
    (job / "metrics.csv").write_text(
        "step,epoch,name,value\n100,0,val/score,0.1\n200,1,val/score,0.2\n"
    )
    limits = {"trainer": {"max_epochs": epochs, "max_steps": steps}}
    write_atomic(job / "run.json", json.dumps({"config": limits}))
    found = only(tmp_path)
    assert (found.planned, found.progress) == (planned, pytest.approx(progress))


def test_added_settings_are_read_by_their_plain_keys(tmp_path):
    plan = write_plan(tmp_path, {"++trainer.max_epochs": ["5", "7"]})
    sweep = read_sweep(tmp_path)
    assert list(plan.parameters) == ["++trainer.max_epochs"]
    assert sweep.plan.parameters == {"trainer.max_epochs": ["5", "7"]}
    assert [one.job.values for one in sweep.outcomes] == list(sweep.plan.jobs.values())
    assert [one.planned for one in sweep.outcomes] == [5, 7]


def test_a_damaged_run_file_is_named(tmp_path, job):
    start(job, [0.1])
    (job / "run.json").write_text("{")
    with pytest.raises(InputError, match=r"run\.json is damaged"):
        read_sweep(tmp_path)


def test_the_published_grid(tmp_path):
    make_grid(tmp_path, halving=True)
    sweep = read_sweep(tmp_path)
    best = sweep.ranked[0]
    assert len(sweep.outcomes) == 252
    assert best.job.values == {
        "optimizer.lr": "0.0005", "optimizer.weight_decay": "0.0001", "loss.weight": repr(1 / 6),
    }  # fmt: skip
    assert sweep.of("halved")
    assert all(one.epochs == one.job.done["halved"]["epoch"] for one in sweep.of("halved"))
