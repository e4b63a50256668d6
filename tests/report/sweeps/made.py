"""Sweeps as a sweep command leaves them, with curves by a formula instead of a training."""

import itertools
import json
import math
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sem3d.files import write_atomic
from sem3d.runtime.sweeps.folder import PLAN, Plan, Record, write_record

Values = Mapping[str, str]

RATES = ("0.005", "0.001", "0.0005", "0.0001", "5e-5", "1e-5")
DECAYS = ("0.001", "0.0001", "1e-5")
LAMBDAS = tuple(repr(1 / n) for n in range(2, 16))
GRID = {"optimizer.lr": RATES, "optimizer.weight_decay": DECAYS, "loss.weight": LAMBDAS}
"""The published grid: 6 x 3 x 14 = 252 jobs."""

EPOCHS = 40


def quality(values: Values) -> float:
    """A score with its top at lr 5e-4, weight decay 1e-4 and weight 1/6."""
    lr, decay, weight = (float(values[key]) for key in GRID)
    off = math.log10(lr / 5e-4) ** 2 / 6 + math.log10(decay / 1e-4) ** 2 / 40
    return 0.93 * math.exp(-off - math.log(weight * 6) ** 2 / 12)


def hum(values: Values) -> float:
    """A number from -1 to 1 that belongs to a job."""
    return zlib.crc32(repr(sorted(values.items())).encode()) / 2**31 - 1


def curve(score: float, epochs: int, noise: float = 0.0) -> list[float]:
    """Scores by epoch that rise to `score`, or NaN from the middle where it is NaN."""
    if math.isnan(score):
        return [0.1 if epoch < epochs // 2 else math.nan for epoch in range(epochs)]
    return [
        score * (1 - 0.9 * math.exp(-(e + 1) / (0.15 * EPOCHS)))
        + noise * 0.01 * math.sin(2.1 * e + 9 * noise)
        for e in range(epochs)
    ]


def write_curve(folder: Path, scores: Sequence[float], monitor: str = "val/score") -> None:
    """Write ``metrics.csv`` as a run does: some scores of a validation, then the loss."""
    rows = ["step,epoch,name,value"]
    for epoch, score in enumerate(scores):
        step = 10 * (epoch + 1)
        rows += [f"{step},{epoch},{name},{score}" for name in (monitor, "val/macc", "val/loss")]
        rows += [f"{step},{epoch},train/loss,{2 / (epoch + 1)}", f"{step},{epoch},train/lr,0.001"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.csv").write_text("\r\n".join([*rows, ""]), newline="")


def write_plan(path: Path, parameters: Mapping[str, Sequence[str]], **other: Any) -> Plan:
    """Write the plan of a full grid and return it."""
    keys = list(parameters)
    jobs = {}
    for values in itertools.product(*parameters.values()):
        pairs = [f"{k.rsplit('.', 1)[-1]}-{v[:9]}" for k, v in zip(keys, values, strict=True)]
        jobs["+".join(pairs) or "single"] = dict(zip(keys, values, strict=True))
    plan = Plan(
        **{
            "name": path.name,
            "command": f"python -m sem3d.train -m sweep.name={path.name}",
            "parameters": {key: list(values) for key, values in parameters.items()},
            "jobs": jobs,
            "base": {"trainer": {"max_epochs": EPOCHS}, "dataset": {"name": "layers_demo"}},
            "monitor": "val/score",
            "mode": "max",
        }
        | other
    )
    write_atomic(path / PLAN, json.dumps(asdict(plan)))
    return plan


def finish(
    folder: Path, scores: Sequence[float], halved: Mapping[str, float] | None = None
) -> None:
    """Write the files of a job that has ended."""
    write_curve(folder, scores)
    ends = {"max_epochs": EPOCHS, "max_steps": None}
    write_atomic(folder / "done.json", json.dumps({"ends": ends, "scores": {}, "halved": halved}))
    seconds = 15.0 * len(scores)
    write_record(folder, Record("done", 1, 1e9, 1e9 + seconds, seconds, status=0))


def fail(folder: Path, reason: str, scores: Sequence[float] = ()) -> None:
    """Write the files of a job that failed."""
    if scores:
        write_curve(folder, scores)
    write_record(folder, Record("failed", 2, 1e9, 1e9 + 60, 60.0, status=2, reason=reason))


def start(folder: Path, scores: Sequence[float]) -> None:
    """Write the files of a job that runs since two minutes, to be shown as running by its lock."""
    write_curve(folder, scores)
    write_record(folder, Record("running", 1, time.time() - 120))


def make(
    path: Path,
    parameters: Mapping[str, Sequence[str]],
    score: Callable[[Values], float],
    **other: Any,
) -> Plan:
    """Write a sweep whose jobs are all done."""
    plan = write_plan(path, parameters, **other)
    for name, values in plan.jobs.items():
        finish(path / name, curve(score(values), EPOCHS, hum(values)))
    return plan


def make_grid(path: Path, *, halving: bool = False, until: float = 1.0) -> Plan:
    """Write the published grid: some jobs diverge or fail, some may be halved or still to run.

    Args:
        path: folder of the sweep.
        halving: stop two thirds of the jobs after 5 epochs and of the others after 15.
        until: part of the jobs that has been started; the last four of them run.
    """
    plan = write_plan(path, GRID)
    last = round(until * len(plan.jobs))
    cuts = ((5, 0.65), (15, 0.82)) if halving else ()
    for number, (name, values) in enumerate(list(plan.jobs.items())[:last]):
        folder, score = path / name, quality(values)
        cut = next((at for at, least in cuts if score < least), None)
        if hum(values) > 0.97:
            fail(folder, "layers_demo.zarr is not complete; run python -m sem3d.generate")
        elif values["optimizer.lr"] == "0.005" and hum(values) > 0.7:
            reason = "the loss is no longer finite in epoch 20; lower optimizer.lr"
            fail(folder, reason, curve(math.nan, EPOCHS))
        elif until < 1 and number >= last - 4:
            start(folder, curve(score, 6 * (number - last + 5), hum(values)))
        elif cut:
            scores = curve(score, cut, hum(values))
            finish(folder, scores, {"epoch": cut, "score": max(scores), "cutoff": 0.5})
        else:
            finish(folder, curve(score, EPOCHS, hum(values)))
    return plan
