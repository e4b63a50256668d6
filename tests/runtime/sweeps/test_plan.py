"""Jobs, names and base of a sweep, as Hydra composes them."""

import itertools
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins import basic_sweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

from sem3d.errors import InputError
from sem3d.runtime.cli import CONF
from sem3d.runtime.sweeps.folder import Plan
from sem3d.runtime.sweeps.plan import FREE, job_name, jobs_of, make_plan, pairs

GRID = ("optimizer.lr=1e-3,4e-3", "seed=1,2,3", "optimizer.weight_decay=0.01,0.1")


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def multirun(*overrides: str) -> DictConfig:
    """The configuration that Hydra hands to callbacks of ``-m`` with these overrides."""
    loader = GlobalHydra.instance().config_loader()
    return loader.load_configuration("train", list(overrides), RunMode.MULTIRUN)


def plan(*overrides: str) -> Plan:
    return make_plan("train", multirun(*overrides))


@pytest.fixture
def swept(tmp_path: Path) -> Callable[..., list[list[str]]]:
    """The jobs that Hydra's own sweeper launches."""

    def launch(config: DictConfig) -> list[list[str]]:
        launched: list[list[str]] = []

        def take(batch: list[list[str]], initial_job_idx: int) -> list[Any]:
            assert initial_job_idx == len(launched)
            launched.extend(batch)
            return []

        sweeper = basic_sweeper.BasicSweeper(None, config.hydra.sweeper.params)
        sweeper.config = OmegaConf.create({"hydra": {"sweep": {"dir": str(tmp_path)}}})
        sweeper.launcher = SimpleNamespace(launch=take)
        loader = GlobalHydra.instance().config_loader()
        sweeper.hydra_context = SimpleNamespace(config_loader=loader)
        sweeper.validate_batch_is_legal = lambda batch: None
        sweeper.sweep(list(config.hydra.overrides.task))
        return launched

    return launch


@pytest.mark.parametrize(
    "overrides",
    [
        GRID,
        ("sweep=lr_wd_lambda",),
        ("sweep=lr_wd_lambda", "optimizer.lr=1e-3,2e-3", "ema=0.9"),
        ("sweep=loss_weight", "seed=range(3)"),
        ("model=glob(r*)", "loss=mse,weighted_mse"),
        ("seed=choice(3,1,2)", "optimizer.lr=sort(3,1,2)"),
        ("seed=7",),
    ],
)
def test_jobs_are_those_of_the_sweeper_in_its_order(overrides: tuple[str, ...], swept: Any) -> None:
    config = multirun(*overrides)
    expected = [pairs(job) for job in swept(config)]
    made = make_plan("train", config)
    keys = list(made.parameters)
    assert list(made.jobs.values()) == [{key: job[key] for key in keys} for job in expected]
    assert list(made.jobs) == [job_name({key: job[key] for key in keys}) for job in expected]
    assert len(made.jobs) == len(expected)
    assert jobs_of(config) == swept(config)


def test_a_grid_in_order() -> None:
    made = plan(*GRID)
    values = [("0.001", "0.004"), ("1", "2", "3"), ("0.01", "0.1")]
    assert [tuple(job.values()) for job in made.jobs.values()] == list(itertools.product(*values))
    assert list(made.jobs)[1] == "lr-0.001+seed-1+weight_decay-0.1"
    assert made.parameters["seed"] == ["1", "2", "3"]


def test_the_command_line_takes_the_place_of_the_file() -> None:
    made = plan("sweep=demo", "optimizer.lr=1e-2", "optimizer.weight_decay=0.1,0.2,0.3", "seed=4,5")
    assert made.parameters == {
        "optimizer.weight_decay": ["0.1", "0.2", "0.3"],
        "loss.lam": ["0.5", "0.166667", "0.0833333"],
        "seed": ["4", "5"],
    }
    assert made.base["optimizer"]["lr"] == 0.01
    assert made.name == "demo"


def test_a_file_and_a_command_line_plan_the_same() -> None:
    file = plan("sweep=demo")
    given = ("optimizer.lr=1e-3,4e-3", "optimizer.weight_decay=1e-2,1e-4",
             "loss.lam=0.5,0.166667,0.0833333")  # fmt: skip
    shared = ("experiment=voxels_demo", "model=resunet64", "loss=wbce", "sweep.name=demo",
              "model.widths=[32,64]", "loss.reading=inverted", "ema=null",
              "trainer.max_epochs=40", "trainer.check_val_every_n_epoch=10")  # fmt: skip
    line = plan(*given, *shared)
    assert line.jobs == file.jobs
    assert list(line.jobs) == list(file.jobs)
    assert (line.parameters, line.base) == (file.parameters, file.base)


def test_one_job_has_a_name_too() -> None:
    made = plan("seed=3")
    assert (made.jobs, made.parameters, made.base["seed"]) == ({"single": {}}, {}, 3)


@pytest.mark.parametrize("seeds", ["3,3", "3,4,3"])
def test_a_value_given_twice_is_refused(seeds: str) -> None:
    with pytest.raises(InputError, match="a job comes twice"):
        plan(f"seed={seeds}")


@pytest.mark.parametrize("name", ["../up", "a/b", "..", "", " "])
def test_a_name_that_is_no_folder_s_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"sweep\.name is .*; use letters"):
        plan("seed=1,2", f"sweep.name='{name}'")


def test_a_word_in_place_of_a_number_is_refused() -> None:
    with pytest.raises(InputError, match=r"optimizer\.lr is 'abc' in one job, 0\.1 in another"):
        plan("optimizer.lr=0.1,abc")
    assert len(plan("trainer.max_time=01:00,02:00").jobs) == 2


def test_settings_swept_before_are_swept_with_one_value_too() -> None:
    old = plan("seed=1,2")
    assert make_plan("train", multirun("seed=3"), old).jobs == {"single": {}}
    added = make_plan("train", multirun("seed=3", "sweep.extend=true"), old)
    assert added.jobs == {"seed-3": {"seed": "3"}}
    assert added.base == old.base | {"sweep": added.base["sweep"]}


def test_the_base_is_that_of_the_first_job_of_old() -> None:
    old = plan("model=conv3,unet")
    assert make_plan("train", multirun("model=unet,conv3"), old).base == old.base
    assert plan("model=unet,conv3").base != old.base


def test_a_setting_that_only_the_swept_networks_have_is_known() -> None:
    made = plan("model=voxnet_lite,voxnet_small", "++model.embedding=patch")
    assert made.base["model"]["embedding"] == "patch"


@pytest.mark.parametrize(
    ("override", "names"),
    [
        ("model=unet,conv3", ["model-unet", "model-conv3"]),
        ("model=glob(voxnet_no*)", ["model-voxnet_no_s2mlp", "model-voxnet_no_sope"]),
        ("seed=range(1,4)", ["seed-1", "seed-2", "seed-3"]),
        ("optimizer.lr=choice(1e-3,0.5)", ["lr-0.001", "lr-0.5"]),
        ("loss.weights=[1,0.1],[1,0.01]", ["weights-1-0.1", "weights-1-0.01"]),
        ("seed=-1,1", ["seed--1", "seed-1"]),
        ("ema=null,0.9", ["ema-null", "ema-0.9"]),
        ("+model.kernel=1,3", ["kernel-1", "kernel-3"]),
    ],
)
def test_every_kind_of_sweep_is_readable(override: str, names: list[str]) -> None:
    loss = ("loss=weighted_mse",) if override.startswith("loss") else ()
    assert list(plan(override, *loss).jobs) == names


def test_keys_that_end_alike_are_told_whole() -> None:
    (name, *_) = plan("noise.train.level=0.1,0.2", "noise.eval.level=0.1,0.2").jobs
    assert name == "noise.train.level-0.1+noise.eval.level-0.1"


def test_a_sweep_that_hydra_does_not_know_is_refused() -> None:
    with pytest.raises(HydraException, match="INTERVAL_SWEEP"):
        plan("seed=interval(1,4)")


def test_the_plan_tells_its_command_and_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "-m", "seed=1,2", "model.widths=[4, 8]"])
    made = plan("seed=1,2", "checkpoint.monitor=val/loss", "checkpoint.mode=min")
    assert shlex.split(made.command)[:3] == ["python", "-m", "sem3d.train"]
    assert shlex.split(made.command)[3:] == sys.argv[1:]
    assert (made.monitor, made.mode) == ("val/loss", "min")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["-m", "seed=1,2", "fresh=true"], ["-m", "seed=1,2"]),
        (["-m", "seed=3", "sweep.extend=true"], ["-m", "seed=1,2,3"]),
        (["-m", "seed=2,3", "ema=0.9", "sweep.extend=true"], ["-m", "ema=0.9", "seed=1,2,3"]),
    ],
)
def test_the_command_that_is_told_only_continues(
    monkeypatch: pytest.MonkeyPatch, line: list[str], told: list[str]
) -> None:
    old = plan("seed=1,2")
    monkeypatch.setattr(sys, "argv", ["x", *line])
    made = make_plan("train", multirun(*line[1:]), old)
    assert shlex.split(made.command)[3:] == told


def has(tree: Any, key: str) -> bool:
    for part in key.split("."):
        if not isinstance(tree, dict) or part not in tree:
            return False
        tree = tree[part]
    return True


def test_what_is_free_exists_and_is_not_in_the_base() -> None:
    whole = OmegaConf.to_container(compose("train", return_hydra_config=True), resolve=False)
    base = plan("seed=1,2").base
    assert [key for key in FREE if not has(whole, key)] == []
    assert [key for key in FREE if has(base, key)] == []
    rest = {"optimizer.lr", "trainer.max_epochs", "sweep.name", "sweep.halving", "dataset.name"}
    assert {key for key in rest if has(base, key)} == rest


def test_what_is_free_changes_no_base(tmp_path: Path) -> None:
    free = ("trainer=gpu", "trainer.devices=2", "logger=wandb", "executor=serial", "name=x",
            f"output_dir={tmp_path}", "sweep.slots=3", "sweep.timeout='10:00'", "sweep.tflops=3",
            "fresh=true", "hydra/launcher=joblib", "trainer.max_time='1:00:00'")  # fmt: skip
    one, other = plan("seed=1,2"), plan("seed=1,2", *free, "trainer.precision=32-true")
    assert one.base == other.base
    assert one.jobs == other.jobs


@pytest.mark.parametrize("override", ["optimizer.lr=0.5", "model=conv3", "checkpoint.mode=min"])
def test_everything_else_changes_the_base(override: str) -> None:
    assert plan("seed=1,2").base != plan("seed=1,2", override).base


# names

ALPHABET = "a1-,[]+.='"
"""Where two values could meet in one name."""

numbers = st.one_of(st.integers(), st.floats()).map(str)
lists = st.lists(numbers, max_size=4).map(lambda values: f"[{','.join(values)}]")
quoted = st.text(max_size=20).map(lambda text: "'" + text.replace("'", "\\'") + "'")
long = st.text("abc/_", min_size=200, max_size=400)
value = st.one_of(numbers, lists, quoted, st.text(max_size=10), long)
key = st.from_regex(r"\+?[a-z_]{1,9}(\.[a-z_0-9]{1,9}){0,3}", fullmatch=True)


@given(st.dictionaries(key, value, max_size=4))
def test_names_need_no_quoting_and_are_file_names(values: dict[str, str]) -> None:
    name = job_name(values)
    assert re.fullmatch(r"[A-Za-z0-9_.+-]+", name)
    assert not name.startswith((".", "+", "-"))
    assert len(name.encode()) <= 255
    assert OverridesParser.create().parse_override(f"name={name}").value() == name


@given(value, value, value, value)
def test_other_values_have_other_names(a: str, b: str, c: str, d: str) -> None:
    one, other = {"x.lr": a, "seed": b}, {"x.lr": c, "seed": d}
    assert (job_name(one) == job_name(other)) == (one == other)


def test_no_two_short_values_share_a_name() -> None:
    texts = ["".join(t) for n in range(5) for t in itertools.product(ALPHABET, repeat=n)]
    names = {job_name({"x": text}) for text in texts}
    assert len(names) == len(texts)


def test_no_two_short_pairs_of_values_share_a_name() -> None:
    texts = ["".join(t) for n in range(3) for t in itertools.product(ALPHABET, repeat=n)]
    texts += ["1+b-1", "a+b-a", "[1,1]", "[1]"]
    names = {job_name({"a": one, "b": other}) for one in texts for other in texts}
    assert len(names) == len(texts) ** 2


def test_long_names_end_in_a_digest() -> None:
    one, other = ({"x.note": 300 * "a" + end} for end in "bc")
    names = {job_name(one), job_name(other)}
    assert len(names) == 2
    assert all(re.fullmatch(r"note-a{75}-[0-9a-f]{8}", name) for name in names)
