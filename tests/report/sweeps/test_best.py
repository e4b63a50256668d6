"""The best runs, and the command that evaluates them."""

import json

from hydra import compose, initialize_config_dir

from sem3d.files import write_atomic
from sem3d.report.sweeps.best import best_runs, evaluation
from sem3d.report.sweeps.outcomes import read_sweep
from sem3d.runtime.cli import CONF
from tests.report.sweeps.made import GRID, finish, make_grid, write_plan


def test_the_best_come_first_with_their_settings(tmp_path):
    make_grid(tmp_path)
    told = best_runs(read_sweep(tmp_path), 3).splitlines()
    assert (
        told[0] == "1. lr 0.0005, weight_decay 0.0001, weight 0.167: val/score 0.9334 in epoch 38"
    )
    assert [line[:2] for line in told if line[0] != " "] == ["1.", "2.", "3."]
    assert "checkpoints/best.ckpt is not there" in told[1]


def test_nothing_finished_is_said(tmp_path):
    write_plan(tmp_path, GRID)
    assert best_runs(read_sweep(tmp_path), 3) == "no job has a score yet"


def test_the_command_names_checkpoint_and_data(tmp_path):
    plan = write_plan(tmp_path, {"optimizer.lr": ["0.1"]})
    (name,) = plan.jobs
    job = tmp_path / name
    finish(job, [0.5], {"epoch": 1, "score": 0.5, "cutoff": 0.6})
    overrides = [
        "model=unet", "dataset.name=mine", "output_dir=c", "data_dir=a b",
        "noise.train.level=[0.0,0.1]", "noise=poisson", "optimizer.lr=0.1",
        "++acquisition.electrons=20",
    ]  # fmt: skip
    config = {"choices": {"dataset": "layers_demo"}, "overrides": overrides}
    write_atomic(job / "run.json", json.dumps({"config": config}))
    write_atomic(job / "checkpoints" / "best.ckpt", b"")
    first, path, command = best_runs(read_sweep(tmp_path), 1).splitlines()
    assert first == "1. lr 0.1: val/score 0.5000 in epoch 0 (halved)"
    assert path == f"   {job}/checkpoints/best.ckpt"
    assert command == (
        f"   python -m sem3d.evaluate checkpoint={job}/checkpoints/best.ckpt "
        f"name={plan.name}-{name} dataset=layers_demo dataset.name=mine output_dir=c "
        "'data_dir=a b' noise=poisson ++acquisition.electrons=20"
    )


def test_the_command_is_understood(tmp_path):
    plan = write_plan(tmp_path, {"optimizer.lr": ["0.1"], "loss.weight": ["0.5"]})
    (name,) = plan.jobs
    finish(tmp_path / name, [0.5])
    config = {"choices": {"dataset": "voxels_demo"}, "overrides": []}
    write_atomic(tmp_path / name / "run.json", json.dumps({"config": config}))
    sweep = read_sweep(tmp_path)
    words = evaluation(sweep, sweep.outcomes[0]).split()
    assert words[:3] == ["python", "-m", "sem3d.evaluate"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("evaluate", words[3:])
    assert cfg.checkpoint == f"{tmp_path}/{name}/checkpoints/best.ckpt"
    assert cfg.name == f"{plan.name}-{name}"
    assert cfg.dataset.name == "voxels_demo"
