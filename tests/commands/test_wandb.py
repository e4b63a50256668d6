"""Weights & Biases for real: offline files are read, servers refuse, agents start trainings."""

import json
import os
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from sem3d.runtime.cli import CONF
from tests.commands.conftest import QUICK, SMALL, Commands

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

KEY = "0123456789" * 4
BLOCK = 32768
TRAIN = (*SMALL, *QUICK, "logger=wandb", "trainer.max_epochs=1", "name=run")


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    """Command lines in a home without key and settings."""
    made = Commands(tmp_path)
    known = [name for name in made.environment if name.startswith("WANDB_")]
    for name in known:
        del made.environment[name]
    made.environment |= {"HOME": str(tmp_path), "WANDB_SILENT": "true"}
    return made


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on this machine and give the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def refusing() -> Iterator[str]:
    """Address of a server that takes no key."""

    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    with serving(Refuse) as address:
        yield address


class Answer(BaseHTTPRequestHandler):
    """As much of wandb's server as a synchronisation needs; keeps the steps that arrive."""

    protocol_version = "HTTP/1.1"
    parts: ClassVar[list[list[int]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer: dict[str, Any] = {}
        if self.path == "/graphql":
            answer = self.query(json.loads(body)["operationName"])
        elif "file_stream" in self.path and self.headers.get("Content-Encoding") is None:
            history = json.loads(body).get("files", {}).get("wandb-history.jsonl")
            if history:
                assert history["offset"] == sum(map(len, self.parts))  # appended
                self.parts.append([json.loads(row)["_step"] for row in history["content"]])
        told = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_PUT = do_POST

    def query(self, name: str) -> dict[str, Any]:
        """Answer as if the run had what arrived so far."""
        owner = {"id": "e", "name": "someone"}
        if name == "UpsertBucket":
            project = {"id": "p", "name": "sem3d", "entity": owner}
            run = {"id": "r", "name": "run", "displayName": "run", "config": "{}"}
            return {"data": {"upsertBucket": {"bucket": run | {"project": project}}}}
        if name == "RunResumeStatus":
            run = self.run() if self.parts else None
            return {"data": {"model": {"id": "p", "name": "sem3d", "entity": owner, "bucket": run}}}
        return {"errors": [{"message": "not here"}]}

    def run(self) -> dict[str, Any]:
        step = json.dumps({"_step": self.parts[-1][-1]})
        return {
            "id": "r", "name": "run", "config": "{}", "tags": [], "eventsTail": "[]",
            "summaryMetrics": step, "historyTail": json.dumps([step]),
            "wandbConfig": json.dumps({"t": 1}), "logLineCount": 0, "eventsLineCount": 0,
            "historyLineCount": sum(map(len, self.parts)),
        }  # fmt: skip

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def answering() -> Iterator[str]:
    """Address of a server that takes everything."""
    Answer.parts.clear()
    with serving(Answer) as address:
        yield address


def offline(folder: Path) -> list[Path]:
    """The offline files of a run folder, oldest first."""
    return sorted(folder.glob("wandb/offline-run-*/*.wandb"), key=lambda p: p.stat().st_mtime_ns)


def records(path: Path) -> Iterator[Any]:
    """Read a ``.wandb`` file: protobuf records in LevelDB's log format after 7 bytes."""
    from wandb.proto import wandb_internal_pb2

    raw, at, parts = path.read_bytes(), 7, b""
    while at + 7 <= len(raw):
        if BLOCK - at % BLOCK < 7:
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = struct.unpack("<IHB", raw[at : at + 7])
        parts += raw[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            record = wandb_internal_pb2.Record()
            record.ParseFromString(parts)
            parts = b""
            yield record


def named(items: Any) -> dict[str, Any]:
    return {i.key or "/".join(i.nested_key): yaml.safe_load(i.value_json) for i in items}


def rows(path: Path) -> list[dict[str, Any]]:
    return [
        named(r.history.item) for r in records(path) if r.WhichOneof("record_type") == "history"
    ]


def run_of(path: Path) -> Any:
    return next(r.run for r in records(path) if r.WhichOneof("record_type") == "run")


def test_offline_holds_curves_pictures_tables_and_settings(commands: Commands) -> None:
    commands.succeed("train", *TRAIN)
    (file,) = offline(commands.folder / "out" / "runs" / "run")
    for kind in ("images/overview*.png", "images/slices*.png", "table/scores*", "table/classes*"):
        assert list((file.parent / "files" / "media").glob(kind))
    curves = {name: row["epoch"] for row in rows(file) for name in row if "/" in name}
    expected = {"train/loss", "train/lr", "val/loss", "val/score", "best/score"}
    assert expected <= curves.keys()
    metrics = [r.metric for r in records(file) if r.WhichOneof("record_type") == "metric"]
    assert [(m.glob_name, m.step_metric) for m in metrics if m.glob_name] == [("*", "epoch")]
    config = named(run_of(file).config.update)
    assert config["optimizer"]["lr"] > 0
    assert config["choices"]["dataset"] == "layers_demo"
    assert any(r.WhichOneof("record_type") == "stats" for r in records(file))  # of the system


def test_a_continued_run_keeps_its_id_and_its_steps_go_on(
    commands: Commands, answering: str
) -> None:
    folder = commands.folder / "out" / "sweeps" / "first" / "job"
    folder.parent.mkdir(parents=True)
    (folder.parent / "sweep.json").write_text("{}")
    for epochs in (1, 2):
        commands.succeed("train", *TRAIN, f"folder={folder}", f"trainer.max_epochs={epochs}")
    first, second = offline(folder)
    assert run_of(first).run_id == run_of(second).run_id
    assert {run_of(file).run_group for file in (first, second)} == {"first"}
    told = [row for file in (first, second) for row in rows(file)]
    steps = [row["_step"] for row in told]
    assert steps == sorted(steps)
    assert [row["epoch"] for row in told if "val/score" in row] == [0, 1]
    commands.environment |= {"WANDB_BASE_URL": answering, "WANDB_API_KEY": KEY}
    call = [sys.executable, "-m", "wandb", "sync", str(second.parent), str(first.parent)]
    sent = subprocess.run(call, env=commands.environment, check=False, timeout=120)
    assert sent.returncode == 0
    assert [step for part in Answer.parts for step in part] == steps


def test_a_replaced_run_gives_its_id_away(commands: Commands) -> None:
    folder = commands.folder / "out" / "runs" / "run"
    ids = []
    for more in ((), ("fresh=true",)):
        commands.succeed("train", *TRAIN, *more)
        (file,) = offline(folder)
        ids.append(run_of(file).run_id)
        assert (folder / "wandb-id").read_text() == ids[-1]
    assert ids[0] != ids[1]


@pytest.mark.parametrize("problem", ["nobody listens", "short key", "no key", "refused"])
def test_where_online_fails_the_training_goes_on_offline(
    commands: Commands, problem: str, refusing: str
) -> None:
    address = refusing if problem == "refused" else "http://127.0.0.1:9"
    commands.environment |= {"WANDB_MODE": "online", "WANDB_BASE_URL": address}
    if problem != "no key":
        commands.environment["WANDB_API_KEY"] = "broken" if problem == "short key" else KEY
    done = commands.run("train", *TRAIN)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("warning: ") == 1
    assert "warning: Weights & Biases is not reached" in done.stderr
    assert "wandb sync" in done.stderr
    (file,) = offline(commands.folder / "out" / "runs" / "run")
    assert any("val/score" in row for row in rows(file))


def test_where_its_service_cannot_start_the_training_goes_on(commands: Commands) -> None:
    commands.environment["WANDB_SERVICE"] = "nothing"
    done = commands.run("train", *TRAIN)
    assert done.returncode == 0, done.stderr
    assert "warning: Weights & Biases cannot start" in done.stderr
    assert (commands.folder / "out" / "runs" / "run" / "done.json").is_file()


def test_a_full_disk_of_wandb_does_not_end_the_training(
    commands: Commands, small_disk: Path
) -> None:
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free - 40_000))
    folder = commands.folder / "out" / "runs" / "run"
    folder.mkdir(parents=True)
    (folder / "wandb").symlink_to(small_disk)
    done = commands.run("train", *TRAIN, "trainer.max_epochs=3")
    assert done.returncode == 0, done.stderr
    assert "warning: Weights & Biases failed" in done.stderr
    assert (folder / "done.json").is_file()


def agent_line(settings: dict[str, Any]) -> list[str]:
    """The command that a wandb agent makes of the sweep file for one set of values."""
    from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

    sweep = yaml.safe_load((CONF / "sweep" / "wandb.yaml").read_text())
    assert settings.keys() == sweep["parameters"].keys()
    known = create_sweep_command_args({"args": {k: {"value": v} for k, v in settings.items()}})
    known |= {"env": ["/usr/bin/env"], "interpreter": ["python"], "program": [sweep["program"]]}
    parts = create_sweep_command(sweep["command"])
    return [w for p in parts for w in (known[p[2:-1]] if p.startswith("${") else [p])]


def test_an_agent_starts_a_training_of_its_own(commands: Commands) -> None:
    settings = {"optimizer.lr": 5e-05, "optimizer.weight_decay": 1e-4, "loss.losses.0.lam": 0.25}
    commands.environment |= {
        "WANDB_MODE": "offline", "WANDB_SWEEP_ID": "steered", "WANDB_RUN_ID": "given",
        "WANDB_PROJECT": "elsewhere",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    small = (
        "dataset=voxels_demo", "dataset.name=tiny", "dataset.splits={train: 8, val: 4, test: 2}",
        "acquisition.electrons=20", "debug=tiny",
        f"data_dir={commands.folder}/data", f"output_dir={commands.folder}/out",
    )  # fmt: skip
    line = [*agent_line(settings), *small]
    done = subprocess.run(
        line, env=commands.environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (commands.folder / "out" / "runs").iterdir()
    (file,) = offline(folder)
    run = run_of(file)
    assert (run.run_id, run.sweep_id, run.project) == ("given", "steered", "elsewhere")
    assert run.display_name == folder.name
    config = named(run.config.update)
    assert (config["optimizer"]["lr"], config["loss"]["losses"]["0"]["lam"]) == (5e-05, 0.25)
    metric = yaml.safe_load((CONF / "sweep" / "wandb.yaml").read_text())["metric"]["name"]
    assert any(metric in row for row in rows(file))
