"""What a sweep costs beside its trainings: time per job, and memory of the command over 252 jobs.

The first table runs a few real jobs that hardly train (one step of a tiny network) and compares
them with the same training by a single command. The second runs the published grid of 252 jobs with
a stand-in that only writes its results, so that the time is the scheduler's own.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _table import machine, parser, show

TINY = (
    "dataset=layers_demo", "geometry.shape=[16,16]", "dataset.splits={train: 8, val: 2, test: 2}",
    "model=conv3", "debug=tiny", "trainer.limit_train_batches=1",
)  # fmt: skip
STAND_IN = """
import json, sys
from pathlib import Path
folder = Path(next(a for a in sys.argv if a.startswith("folder=")).split("=", 1)[1].strip("'"))
(folder / "run.json").write_text(Path("RUN").read_text())
(folder / "metrics.csv").write_text("step,epoch,name,value\\n1,0,val/score,0.5\\n")
(folder / "done.json").write_text(Path("DONE").read_text())
"""


def main() -> None:
    read = parser(__doc__)
    read.add_argument("--jobs", type=int, default=4, help="real jobs")
    read.add_argument("--inside", type=Path, help="internal: run the 252 stand-ins here")
    options = read.parse_args()
    if options.inside:
        _stand_ins(options.inside)
        return
    with tempfile.TemporaryDirectory() as folder:
        _overhead(Path(folder), options.jobs)
    with tempfile.TemporaryDirectory() as folder:
        _growth(Path(folder))


def _overhead(folder: Path, jobs: int) -> None:
    """Print the time of jobs that hardly train."""
    places = (f"data_dir={folder}/data", f"output_dir={folder}/out")
    train = (sys.executable, "-m", "sem3d.train")
    _timed(*train, *TINY, *places, "name=first")  # writes the dataset
    alone = _timed(*train, *TINY, *places, "name=alone")
    seeds = ("-m", f"seed=range({jobs})")
    sweep = _timed(*train, *seeds, *TINY, *places)
    again = _timed(*train, *seeds, *TINY, *places)
    imports = _timed(sys.executable, "-c", "import sem3d.runtime.trainer.training")
    rows = [
        ("imports of a training", imports, imports / alone),
        ("one training by itself", alone, 1.0),
        ("a job of the sweep", sweep / jobs, sweep / jobs / alone),
        ("a job that is done already", again / jobs, again / jobs / alone),
    ]
    show(f"A job that trains one step, on {machine()}", ("", "s", "ratio"), rows)


def _growth(folder: Path) -> None:
    """Print time and memory over 252 jobs."""
    call = [sys.executable, __file__, "--inside", str(folder)]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
    rows = json.loads((folder / "growth.json").read_text())
    first = rows[0]
    table = [(r["job"], r["s"] - first["s"], r["MiB"], r["MiB"] / first["MiB"]) for r in rows]
    columns = ("jobs started", "s since the first", "MiB of the command", "ratio")
    show(f"252 jobs that do nothing, on {machine()}", columns, table)


def _stand_ins(folder: Path) -> None:
    """Run the published grid with jobs that only write their results."""
    from sem3d.runtime.cli import command
    from sem3d.runtime.runs.run_folder import RunFolder
    from sem3d.runtime.sweeps import job

    seen: list[dict[str, Any]] = []

    def call(_: str, given: Any, place: Path, gpus: Any) -> list[str]:
        del given, gpus
        seen.append({"job": len(seen) + 1, "s": time.perf_counter(), "MiB": _memory()})
        script = STAND_IN.replace("RUN", f"{place}/.run").replace("DONE", f"{place}/.done")
        return [sys.executable, "-S", "-c", script, f"folder={place}"]

    attempt = job._attempt

    def prepared(*arguments: Any) -> None:
        _, cfg, lock, _ = arguments
        run = RunFolder(lock.path.parent)
        run.open(cfg, fresh=False)
        run.finish(cfg, {"val/score": 0.5})
        (run.path / "run.json").rename(run.path / ".run")
        (run.path / "done.json").rename(run.path / ".done")
        attempt(*arguments)

    job._call, job._attempt = call, prepared
    sys.argv = ["train", "-m", "sweep=lr_wd_lambda", f"output_dir={folder}"]
    try:
        command("train", print)
    finally:
        kept = [row for row in seen if row["job"] in (1, 2, 25, 50, 100, 150, 200, 252)]
        (folder / "growth.json").write_text(json.dumps(kept))


def _memory() -> float:
    """Memory that this process holds [MiB]."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def _timed(*call: str) -> float:
    start = time.perf_counter()
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
