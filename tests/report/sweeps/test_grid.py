"""Which scores are compared, and where they stand on the grid."""

import numpy as np
import pytest

from sem3d.report.sweeps.grid import cells, compared, on_grid, weighed
from sem3d.report.sweeps.outcomes import read_sweep
from sem3d.report.sweeps.parameters import parameters
from tests.report.sweeps.made import curve, fail, finish, make, start, write_plan

AXES = {"lr": ["0.1", "0.01"], "model": ["unet", "conv3"]}


def test_cells_follow_the_axes_not_the_plan(tmp_path):
    write_plan(tmp_path, AXES)
    sweep = read_sweep(tmp_path)
    axes = parameters(sweep.plan)
    assert cells(axes, sweep.outcomes) == [(1, 0), (1, 1), (0, 0), (0, 1)]
    grid = on_grid(axes, sweep.outcomes, [1.0, None, 3.0, 4.0])
    np.testing.assert_array_equal(grid, [[3, 4], [1, np.nan]])


def test_only_jobs_that_are_done_are_compared(tmp_path):
    plan = write_plan(tmp_path, AXES)
    done, failed, running, _ = (tmp_path / name for name in plan.jobs)
    finish(done, [0.5, 0.6])
    fail(failed, "why", [0.9])
    start(running, [0.8])
    assert compared(read_sweep(tmp_path)) == ([0.6, None, None, None], None)


@pytest.mark.parametrize(("mode", "expected"), [("max", [0.4, 0.2, 0.3]), ("min", [0.1, 0.2, 0.3])])
def test_halved_sweeps_are_compared_where_the_first_was_stopped(tmp_path, mode, expected):
    plan = write_plan(tmp_path, AXES, mode=mode)
    done, halved, running, short = (tmp_path / name for name in plan.jobs)
    finish(done, [0.4, 0.1, 0.9, 0.0])
    finish(halved, [0.2, 0.2], {"epoch": 2, "score": 0.2, "cutoff": 0.3})
    start(running, [0.3, 0.3, 0.7])
    start(short, [0.8])
    assert compared(read_sweep(tmp_path)) == ([*expected, None], 2)


def test_importance_says_what_it_rests_on(tmp_path):
    make(tmp_path, AXES, lambda v: float(v["lr"]))
    found, basis = weighed(read_sweep(tmp_path))
    assert basis == "from 4 of 4 jobs, by their best score"
    assert found.singles[0].share > 0.9
    name = next(iter(read_sweep(tmp_path).plan.jobs))
    finish(tmp_path / name, curve(0.01, 3), {"epoch": 3, "score": 0.1, "cutoff": 0.3})
    assert (
        weighed(read_sweep(tmp_path))[1] == "from 4 of 4 jobs, by their best score after 3 epochs"
    )


def test_one_setting_alone_has_no_importance(tmp_path):
    make(tmp_path, {"lr": ["0.1", "0.2"]}, lambda v: float(v["lr"]))
    assert weighed(read_sweep(tmp_path)) == (None, "from no job, by their best score")
