"""The end of a sweep: files, and what is told, whatever became of the jobs."""

import math

import pytest

from sem3d.errors import InputError
from sem3d.report.sweeps.closing import close, saved
from sem3d.report.sweeps.outcomes import read_sweep
from tests.report.sweeps.made import EPOCHS, GRID, curve, fail, finish, make, start, write_plan

SMALL = {"optimizer.lr": ["0.1", "0.01"], "model": ["unet", "conv3"]}


def names(path):
    return sorted(p.name for p in (path / "figures").glob("*"))


def test_a_finished_sweep_leaves_table_and_figures(tmp_path):
    make(tmp_path, SMALL, lambda v: 0.5 + float(v["optimizer.lr"]))
    told = close(tmp_path).splitlines()
    assert told[0] == f"sweep {tmp_path.name}: 4 jobs: 4 done"
    assert "variance of the scores: lr 10" in "\n".join(told)
    assert any(line.startswith("1. lr 0.1, model ") for line in told)
    assert names(tmp_path) == ["curves.png", "importance.png", "map.png", "parallel.png"]
    assert told[-5] == str(tmp_path / "table.csv")
    assert set(told[-4:]) == {str(p) for p in (tmp_path / "figures").glob("*.png")}


def test_a_short_table_says_where_all_jobs_are(tmp_path):
    plan = make(tmp_path, {"optimizer.lr": list("123456")}, lambda v: float(v["optimizer.lr"]))
    command = f"python -m sem3d.sweep table {tmp_path}"
    assert f"5 of 6 jobs; all: {command}" in close(tmp_path).splitlines()
    fail(tmp_path / next(iter(plan.jobs)), "no data")
    told = close(tmp_path).splitlines()
    assert told[told.index("failed 1x: no data") + 1] == "   lr 1"
    plan = make(tmp_path, {"optimizer.lr": list("12345")}, lambda v: float(v["optimizer.lr"]))
    assert command not in close(tmp_path)


def test_a_sweep_without_a_finished_job_still_closes(tmp_path):
    write_plan(tmp_path, GRID)
    told = close(tmp_path).splitlines()
    assert told == [
        f"sweep {tmp_path.name}: 252 jobs: 252 waiting",
        "no job has a score yet",
        str(tmp_path / "table.csv"),
    ]
    assert not (tmp_path / "figures").exists()


def test_figures_of_a_sweep_that_was_replaced_go(tmp_path):
    make(tmp_path, SMALL | {"seed": ["0", "1"]}, lambda v: float(v["optimizer.lr"]))
    close(tmp_path)
    assert {"pairs.png", "slices.png"} <= set(names(tmp_path))
    (tmp_path / "figures" / "mine.png").touch()
    make(tmp_path, SMALL, lambda v: float(v["optimizer.lr"]))
    close(tmp_path)
    drawn = ["curves.png", "importance.png", "map.png", "mine.png", "parallel.png"]
    assert names(tmp_path) == drawn
    write_plan(tmp_path, {"optimizer.weight_decay": ["0.1", "0.2"]})
    close(tmp_path)
    assert names(tmp_path) == ["mine.png"]


def test_everything_failed(tmp_path):
    plan = write_plan(tmp_path, SMALL)
    for name in plan.jobs:
        fail(tmp_path / name, "no data")
    told = close(tmp_path)
    assert "4 failed" in told
    assert "failed 4x: no data" in told


def test_a_sweep_of_nothing_is_one_job(tmp_path):
    write_plan(tmp_path, {})
    finish(tmp_path / "single", [0.1, 0.7])
    told = close(tmp_path)
    assert f"sweep {tmp_path.name}: 1 job: 1 done" in told
    assert "1. single: val/score 0.7000 in epoch 1" in told
    assert names(tmp_path) == ["curves.png"]


@pytest.mark.parametrize("score", [0.7, math.nan, 0.0])
def test_one_finished_job_of_many(tmp_path, score):
    plan = write_plan(tmp_path, GRID)
    first, second, *_ = plan.jobs
    finish(tmp_path / first, curve(score, EPOCHS))
    start(tmp_path / second, [])
    assert "1 interrupted, 1 done" in close(tmp_path)
    assert "importance.png" not in names(tmp_path)
    assert {"slices.png", "parallel.png"} <= set(names(tmp_path))


def test_all_scores_the_same(tmp_path):
    plan = write_plan(tmp_path, SMALL)
    for name in plan.jobs:
        finish(tmp_path / name, [0.5])
    assert "variance" not in close(tmp_path)
    assert names(tmp_path) == ["curves.png", "map.png", "parallel.png"]


def test_a_lost_curve_and_a_broken_line(tmp_path):
    plan = write_plan(tmp_path, SMALL)
    lost, cut, grows, whole = (tmp_path / name for name in plan.jobs)
    finish(lost, [0.5])
    (lost / "metrics.csv").unlink()
    for folder in (cut, grows):
        (finish if folder is cut else start)(folder, [0.2, 0.6])
        with (folder / "metrics.csv").open("a") as file:
            file.write("30,2,val/sc\n")
    finish(whole, [0.4])
    told = close(tmp_path)
    assert f"without a score 1x: {lost.name}: {lost / 'metrics.csv'} is missing" in told
    assert f"damaged 1x: {cut / 'metrics.csv'} has damaged lines: 1" in told
    assert [one.score for one in read_sweep(tmp_path).ranked] == [0.6, 0.6, 0.4]


def test_saved_epochs_and_time(tmp_path):
    """Stopped after 5 and 15 of 40 epochs of 15 s: 35 + 25 epochs, 900 s."""
    plan = write_plan(tmp_path, SMALL)
    for name, cut in zip(plan.jobs, (5, 15), strict=False):
        finish(tmp_path / name, [0.5] * cut, {"epoch": cut, "score": 0.5, "cutoff": 0.6})
    assert saved(read_sweep(tmp_path)) == (60, 900)
    told = close(tmp_path)
    assert "2 jobs stopped early: 60 epochs, about 15 min saved" in told
    fail(tmp_path / next(iter(plan.jobs)), "no data")
    (tmp_path / next(iter(plan.jobs)) / "done.json").unlink()
    assert "1 job stopped early: 25 epochs, about 6 min saved" in close(tmp_path)


def test_steps_may_end_what_is_saved(tmp_path):
    """Stopped after 5 epochs of 10 steps and 15 s, where 10 and 20 epochs were to come."""
    plan = write_plan(tmp_path, {"trainer.max_steps": ["100", "200"]})
    for name in plan.jobs:
        finish(tmp_path / name, [0.5] * 5, {"epoch": 5, "score": 0.5, "cutoff": 0.6})
    assert saved(read_sweep(tmp_path)) == (5 + 15, 300)


def test_a_folder_without_a_plan_names_the_others(tmp_path):
    write_plan(tmp_path / "first", SMALL)
    with pytest.raises(InputError, match="holds no sweep; there are: first"):
        close(tmp_path / "frist")
