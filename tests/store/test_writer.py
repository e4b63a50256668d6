import dataclasses
import errno
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch

from sem3d.errors import InputError
from sem3d.geometry.voxelise import voxelise
from sem3d.runtime.executors.local import Processes, Serial
from sem3d.simulate.analytic import Analytic
from sem3d.simulate.quirks import ORIGINAL
from sem3d.store import records
from sem3d.store.reader import ScanStore
from sem3d.store.schema import Recipe
from sem3d.store.writer import Job, generate, simulate_sample, write_shard
from tests.conftest import small_recipe, write_store


def tree(root: Path) -> dict[str, str]:
    """Digest of every file below `root`, by relative path."""
    files = (p for p in sorted(root.rglob("*")) if p.is_file())
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_contents_are_what_the_parts_make(store: ScanStore) -> None:
    recipe = small_recipe()
    maps = store.read("val", "thickness_nm", 0, 6)
    sample = simulate_sample(recipe, "val", 2)
    np.testing.assert_array_equal(maps[2], sample["thickness_nm"])
    np.testing.assert_array_equal(store.read("val", "scan", 2, 3)[0], sample["scan"])
    labels = voxelise(torch.from_numpy(maps)).numpy()
    np.testing.assert_array_equal(store.read("val", "labels", 0, 6), labels)


def test_no_thickness_map_occurs_in_two_splits_nor_twice(store: ScanStore) -> None:
    for layer in (0, 1):
        maps = [
            store.read(split, "thickness_nm", 0, store.count(split))[:, layer]
            for split in ("train", "val", "test")
        ]
        together = np.concatenate(maps)
        assert len({m.tobytes() for m in together}) == len(together)


def test_seeds_are_distinct(store: ScanStore) -> None:
    seeds = [store.read(s, "seed", 0, store.count(s)) for s in ("train", "val", "test")]
    assert len(set(np.concatenate(seeds).tolist())) == len(store)


def test_bytes_do_not_depend_on_order_or_repetition(store: ScanStore, tmp_path: Path) -> None:
    def backwards(function: Callable[[Job], None], jobs: list[Job]) -> Generator[Any, None, None]:
        for job in reversed(jobs):
            function(job)
            yield function(job)

    root = tmp_path / "again.zarr"
    for _ in generate(root, small_recipe(), backwards):
        pass
    assert tree(root) == tree(store.root)


def test_bytes_do_not_depend_on_worker_processes(store: ScanStore, tmp_path: Path) -> None:
    root = tmp_path / "two.zarr"
    for _ in generate(root, small_recipe(), Processes(2)):
        pass
    assert tree(root) == tree(store.root)


DIE_IN_THE_SECOND_SHARD = """
import os, signal, sys
from pathlib import Path
from sem3d.simulate.analytic import Analytic
from sem3d.simulate.quirks import ORIGINAL
from sem3d.store import records
from sem3d.store.writer import generate
from tests.conftest import small_recipe

root = Path(sys.argv[1])

def executor(function, jobs):
    yield function(jobs[0])
    half = records.shard_file(root, jobs[1][2], "scan", jobs[1][3])
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"half a shard")
    half.with_name("0.0123abcd.partial").write_bytes(b"being written")
    os.kill(os.getpid(), signal.SIGKILL)

for _ in generate(root, small_recipe(), executor):
    pass
"""


def test_a_killed_writer_is_continued_to_the_same_bytes(store: ScanStore, tmp_path: Path) -> None:
    root = tmp_path / "killed.zarr"
    killed = subprocess.run([sys.executable, "-c", DIE_IN_THE_SECOND_SHARD, root], check=False)
    assert killed.returncode == -9
    with pytest.raises(InputError, match="is not finished; continue it with"):
        ScanStore(root)
    progress = list(generate(root, small_recipe(), Serial()))
    assert progress[0] == (1, 4)  # the whole shard was kept
    assert progress[-1] == (4, 4)
    assert tree(root) == tree(store.root)


@pytest.mark.parametrize("harm", ["flip", "truncate", "delete"])
@pytest.mark.parametrize("array", ["scan", "thickness_nm", "labels", "seed"])
def test_generate_again_repairs_damage(
    store: ScanStore, tmp_path: Path, array: str, harm: str
) -> None:
    root = shutil.copytree(store.root, tmp_path / "harmed.zarr")
    file = records.shard_file(root, "train", array, 1)
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    if harm == "delete":
        file.unlink()
    else:
        file.write_bytes(content if harm == "flip" else content[: len(content) // 2])
    assert list(generate(root, small_recipe(), Serial())) == [(3, 4), (4, 4)]
    assert tree(root) == tree(store.root)


def test_a_finished_store_is_left_as_it_is(store: ScanStore) -> None:
    before = tree(store.root)
    assert list(generate(store.root, small_recipe(), Serial())) == [(4, 4)]
    assert tree(store.root) == before


def test_another_recipe_is_refused_with_the_difference(store: ScanStore) -> None:
    other = dataclasses.replace(small_recipe(), config={"side": 32})
    with pytest.raises(InputError, match=r"side is 16 there, 32 here\); choose another"):
        list(generate(store.root, other, Serial()))


def test_two_writers_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "shared.zarr"
    first = generate(root, small_recipe(), Serial())
    next(first)
    with pytest.raises(InputError, match="is being written by another process"):
        next(generate(root, small_recipe(), Serial()))
    assert list(first)[-1] == (4, 4)


def test_a_full_disk_leaves_no_record_and_the_next_run_finishes(
    store: ScanStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "full.zarr"
    real = simulate_sample

    def full(*args: Any) -> Any:
        if args[2] == 65:
            raise OSError(errno.ENOSPC, "No space left on device", str(root))
        return real(*args)

    monkeypatch.setattr("sem3d.store.writer.simulate_sample", full)
    with pytest.raises(OSError, match="No space left"):
        list(generate(root, small_recipe(), Serial()))
    assert records.read_record(root, "train", 0)
    assert not records.read_record(root, "train", 1)
    monkeypatch.undo()
    list(generate(root, small_recipe(), Serial()))
    assert tree(root) == tree(store.root)


def test_a_shard_that_somebody_else_removes_is_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that an earlier command has left removes a shard before it writes its own."""
    root = tmp_path / "two.zarr"
    monkeypatch.setattr("sem3d.store.writer._array", MagicMock())  # nothing is there afterwards
    with pytest.raises(InputError, match=r"two\.zarr is written by somebody else as well"):
        list(generate(root, small_recipe(), Serial()))
    assert not records.read_record(root, "train", 0)


def test_the_executor_is_closed_with_the_writer(tmp_path: Path) -> None:
    """Left to the garbage collector, its processes may outlive the lock."""
    closed: list[str] = []

    def executor(function: Callable[[Job], None], jobs: list[Job]) -> Generator[Any, None, None]:
        try:
            yield from Serial()(function, jobs)
        finally:
            with pytest.raises(InputError, match="being written by another process"):
                next(generate(root, small_recipe(), Serial()))
            closed.append("closed")

    root = tmp_path / "left.zarr"
    steps = generate(root, small_recipe(), executor)
    assert [next(steps), next(steps)] == [(0, 4), (1, 4)]
    steps.close()
    assert closed == ["closed"]


class Counting(Analytic):
    """An engine with a setting that changes no byte."""

    incidental: ClassVar[tuple[str, ...]] = ("threads",)


def recipe_with(**simulator: Any) -> Recipe:
    config = {"side": 16, "simulator": simulator}
    return dataclasses.replace(small_recipe(), simulator=Counting(ORIGINAL), config=config)


def test_a_setting_that_changes_no_byte_is_no_part_of_the_recipe(tmp_path: Path) -> None:
    root = tmp_path / "threads.zarr"
    first = generate(root, recipe_with(threads=1, electrons=5), Serial())
    assert [next(first), next(first)] == [(0, 4), (1, 4)]
    first.close()
    progress = list(generate(root, recipe_with(threads=8, electrons=5), Serial()))
    assert progress[0] == (1, 4)
    assert json.loads((root / "zarr.json").read_text())["attributes"]["recipe"] == {
        "side": 16, "simulator": {"electrons": 5},
    }  # fmt: skip
    with pytest.raises(InputError, match=r"\(simulator\.electrons is 5 there, 6 here\); choose"):
        list(generate(root, recipe_with(threads=1, electrons=6), Serial()))
    with pytest.raises(InputError, match=r"simulator\.hard is 'absent' there, None here"):
        list(generate(root, recipe_with(electrons=5, hard=None), Serial()))


@pytest.mark.parametrize(
    ("key", "value"), [("sem3d", "0.0.1"), ("schema_version", 0)], ids=lambda x: str(x)
)
def test_a_store_of_another_version_is_not_continued(
    store: ScanStore, tmp_path: Path, key: str, value: Any
) -> None:
    root = shutil.copytree(store.root, tmp_path / "old.zarr")
    metadata = json.loads((root / "zarr.json").read_text())
    metadata["attributes"][key] = value
    (root / "zarr.json").write_text(json.dumps(metadata))
    with pytest.raises(InputError, match=r"another recipe \(written by sem3d "):
        list(generate(root, small_recipe(), Serial()))


def test_an_interrupted_creation_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sem3d.store.writer.create_arrays", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(generate(tmp_path / "new.zarr", small_recipe(), Serial()))
    assert [p.name for p in tmp_path.iterdir()] == [".new.zarr.lock"]


def test_metadata_says_what_it_is(store: ScanStore) -> None:
    attributes = json.loads((store.root / "zarr.json").read_text())["attributes"]
    assert attributes["engine"]["engine"] == "analytic"
    assert attributes["materials"] == ["Au", "Al"]
    array = json.loads((store.root / "train" / "scan" / "zarr.json").read_text())
    assert array["dimension_names"] == ["sample", "energy", "y", "x"]
    assert not (store.root / ".records").exists()


def test_shards_of_unequal_length_are_whole(tmp_path: Path) -> None:
    store = write_store(tmp_path / "odd.zarr", small_recipe(side=8, train=64, test=1))
    assert store.count("train"), store.count("test") == (64, 1)
    assert [len(v) for _, v in store.shards("test", "scan")] == [1]


def test_write_shard_is_what_executors_run(tmp_path: Path) -> None:
    root = tmp_path / "jobs.zarr"
    seen: list[Job] = []

    def collect(function: Callable[[Job], None], jobs: list[Job]) -> Generator[Any, None, None]:
        assert function is write_shard
        seen.extend(jobs)
        yield from Serial()(function, jobs)

    list(generate(root, small_recipe(), collect))
    assert [(split, shard) for _, _, split, shard in seen] == small_recipe().shards


def test_a_first_try_that_wrote_nothing_keeps_no_other_recipe_out(tmp_path: Path) -> None:
    root, wrong = tmp_path / "data.zarr", dataclasses.replace(small_recipe(), config={"seed": 1})
    steps = generate(root, wrong, Serial())
    next(steps)
    steps.close()
    write_store(root, small_recipe())
    assert tree(root) == tree(write_store(tmp_path / "other.zarr", small_recipe()).root)
