import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra
import pytest
from omegaconf import OmegaConf

from sem3d.errors import InputError
from sem3d.runtime import datasets
from sem3d.runtime.cli import CONF
from sem3d.store.reader import ScanStore

Compose = Callable[..., dict[str, Any]]


@pytest.fixture
def small(tmp_path: Path) -> Compose:
    """Compose conf/generate.yaml for a dataset of 8x8 fields at two energies, with overrides."""

    def compose(dataset: str, *overrides: str) -> dict[str, Any]:
        tiny = [
            f"dataset={dataset}", f"data_dir={tmp_path}", "executor=serial",
            "dataset.splits={train: 3, val: 1, test: 1}", "geometry.shape=[8,8]",
            "acquisition.energies_keV=[5,20]",
        ]  # fmt: skip
        return configuration(*tiny, *overrides)

    return compose


def configuration(*overrides: str) -> dict[str, Any]:
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        values = OmegaConf.to_container(hydra.compose("generate", list(overrides)), resolve=True)
    assert isinstance(values, dict)
    groups = dict(o.split("=") for o in overrides if re.fullmatch(r"\w+=\w+", o))
    return {**values, "choices": groups, "overrides": list(overrides)}


def test_recipe_is_built_from_the_nodes(small: Compose) -> None:
    recipe = datasets.recipe(small("layers_demo", "dataset.seed=7"))
    assert recipe.geometry.shape == (8, 8)
    assert recipe.stack.materials == ("Au", "Al")
    assert recipe.beam.energies_keV == (5.0, 20.0)
    assert recipe.simulator.quirks.al_alone_as_gold
    assert (recipe.seed, dict(recipe.splits)) == (7, {"train": 3, "val": 1, "test": 1})


def test_name_and_place_are_no_part_of_the_recipe(small: Compose) -> None:
    names = [f"dataset.name={name}" for name in ("a", "b")]
    assert len({datasets.recipe(small("layers_demo", name)).sha256 for name in names}) == 1


@pytest.mark.parametrize(
    "other", ["dataset.seed=1", "simulator=analytic_corrected", "geometry=shapes"]
)
def test_what_decides_the_bytes_is_part_of_the_recipe(small: Compose, other: str) -> None:
    recipes = [datasets.recipe(small("layers_demo", *more)) for more in ([], [other])]
    assert recipes[0].sha256 != recipes[1].sha256


def voxels(folder: Path, *overrides: str) -> dict[str, Any]:
    """A dataset of three scans of 6x6 pixels at one energy with one electron each."""
    return configuration(
        "dataset=voxels_demo", f"data_dir={folder}", "executor=serial",
        "dataset.splits={train: 1, val: 1, test: 1}", "geometry.box.shape=[6,6,6]",
        "geometry.sizes_nm=[2,4]", "acquisition.energies_keV=[5]", "acquisition.electrons=1",
        *overrides,
    )  # fmt: skip


def test_threads_are_no_part_of_the_recipe_but_the_backend_is(tmp_path: Path) -> None:
    others = ("simulator.threads=1", "simulator.threads=3", "simulator.backend=cuda")
    one, three, cuda = (datasets.recipe(voxels(tmp_path, o)).sha256 for o in others)
    assert one == three != cuda


def test_a_store_that_has_recorded_its_threads_still_opens(tmp_path: Path) -> None:
    store = datasets.write(voxels(tmp_path))
    path = store.root / "zarr.json"
    metadata = json.loads(path.read_text())
    metadata["attributes"]["recipe"]["simulator"]["threads"] = 16
    metadata["attributes"]["recipe_sha256"] = "of these settings with threads"
    path.write_text(json.dumps(metadata))
    datasets.ensure(voxels(tmp_path))
    assert datasets.write(voxels(tmp_path, "simulator.threads=2")).checksum == store.checksum
    with pytest.raises(InputError, match=r"\(simulator\.hard is 'none' there, 'moller' here\)"):
        datasets.ensure(voxels(tmp_path, "simulator.hard=moller"))


def test_a_small_dataset_is_written_on_first_use(
    small: Compose, capsys: pytest.CaptureFixture[str]
) -> None:
    cfg = small("layers_demo")
    datasets.ensure(cfg)
    store = ScanStore(cfg["dataset"]["root"])
    assert [store.count(split) for split in ("train", "val", "test")] == [3, 1, 1]
    assert "shards of layers_demo.zarr" in capsys.readouterr().err
    datasets.ensure(cfg)
    assert not capsys.readouterr().err  # nothing to do the second time


def test_a_missing_large_dataset_is_told_with_the_command_that_writes_it(small: Compose) -> None:
    cfg = small("layers")
    with pytest.raises(InputError) as told:
        datasets.ensure(cfg)
    root = cfg["dataset"]["root"]
    start = f"{root} (5 samples) is missing; write it with `python -m sem3d.generate dataset=layers"
    assert str(told.value).startswith(start)
    assert not Path(root).exists()


@pytest.mark.parametrize(
    "others",
    [
        [],
        ["geometry=shapes", "geometry.shape=[8,8]"],
        ["simulator=analytic_corrected", "dataset.seed=4", "executor=serial"],
        ["dataset.splits={train: 3, val: 1, test: 1}", "+simulator.quirks.noise_1_percent=true"],
    ],
    ids=str,
)
def test_the_command_that_is_told_writes_this_very_dataset(others: list[str]) -> None:
    ours = datasets.recipe(configuration("dataset=layers_demo", *others))
    python, flag, module, *overrides = shlex.split(ours.command)
    assert (python, flag, module) == ("python", "-m", "sem3d.generate")
    assert not [o for o in overrides if o.startswith("executor")]
    assert datasets.recipe(configuration(*overrides)).sha256 == ours.sha256


def test_a_written_large_dataset_is_accepted(small: Compose) -> None:
    cfg = small("layers")
    assert datasets.write(cfg).root == Path(cfg["dataset"]["root"])
    datasets.ensure(cfg)


def interrupt(cfg: dict[str, Any]) -> None:
    """Leave a dataset half written."""

    def executor(function: Any, jobs: list[Any]) -> Any:
        yield function(jobs[0])
        raise KeyboardInterrupt

    from sem3d.store.writer import generate

    with pytest.raises(KeyboardInterrupt):
        list(generate(Path(cfg["dataset"]["root"]), datasets.recipe(cfg), executor))


def test_an_unfinished_large_dataset_is_told(small: Compose) -> None:
    cfg = small("layers")
    interrupt(cfg)
    with pytest.raises(InputError, match=r"is not finished; continue it with `python -m sem3d.gen"):
        datasets.ensure(cfg)


def test_an_unfinished_small_dataset_is_finished(small: Compose) -> None:
    cfg = small("layers_demo")
    interrupt(cfg)
    datasets.ensure(cfg)
    assert len(ScanStore(cfg["dataset"]["root"])) == 5


@pytest.mark.parametrize("dataset", ["layers", "layers_demo"])
def test_another_recipe_is_refused_with_the_difference(small: Compose, dataset: str) -> None:
    datasets.write(small(dataset))
    with pytest.raises(
        InputError,
        match=rf"{dataset}\.zarr holds a dataset of another recipe \(seed is 0 there, 1 here\); ",
    ):
        datasets.ensure(small(dataset, "dataset.seed=1"))


def test_a_store_by_path_is_taken_as_it_is(small: Compose, store: ScanStore) -> None:
    by_path = ["dataset.splits=null", f"dataset.root={store.root}"]
    datasets.ensure(small("store", *by_path))
    datasets.ensure(small("store", *by_path, "dataset.seed=5", "geometry=shapes"))


def test_a_store_by_path_must_exist(small: Compose, tmp_path: Path) -> None:
    cfg = small("store", "dataset.splits=null", f"dataset.root={tmp_path}/none.zarr")
    with pytest.raises(InputError, match=r"none\.zarr does not exist"):
        datasets.ensure(cfg)


def test_a_store_by_path_must_be_whole(small: Compose, store: ScanStore, tmp_path: Path) -> None:
    root = shutil.copytree(store.root, tmp_path / "broken.zarr")
    (root / "zarr.json").write_text("{")
    with pytest.raises(InputError, match=r"broken\.zarr/zarr\.json is not readable"):
        datasets.ensure(small("store", "dataset.splits=null", f"dataset.root={root}"))


def test_a_store_by_path_has_no_recipe_to_write(small: Compose, tmp_path: Path) -> None:
    cfg = small("store", "dataset.splits=null", f"dataset.root={tmp_path}/new.zarr")
    with pytest.raises(InputError, match="dataset=store stands for a finished store"):
        datasets.write(cfg)
    assert not list(tmp_path.iterdir())
