"""Checked reading of a dataset: whole, known schema, undamaged, or one clear sentence."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from sem3d.errors import InputError
from sem3d.specimen import Beam, LayerStack, VoxelBox, check_signal
from sem3d.store.content import LayeredContent
from sem3d.store.records import shard_file
from sem3d.store.schema import SCHEMA_VERSION

GENERATE = "python -m sem3d.generate"


class ScanStore:
    """A complete dataset on disk.

    Args:
        root: the zarr group.

    Raises:
        InputError: it is missing, incomplete, of another schema version or not a dataset.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.attributes = _attributes(self.root)
        self.electrons: int | None = self.attributes.get("electrons")
        self.beam = Beam(tuple(self.attributes["energies_keV"]), self.electrons)
        self.shard = int(self.attributes.get("shard", LayeredContent.shard))
        self.checksum: str = self.attributes["checksum"]
        self._group = zarr.open_group(self.root, mode="r")

    @property
    def voxels(self) -> bool:
        """Whether it holds electron counts of voxel specimens, not signals of layered ones."""
        return self.attributes.get("kind") == "voxels"

    @property
    def volume(self) -> LayerStack | VoxelBox:
        """What the labels stand for."""
        return self.box if self.voxels else self.stack

    @property
    def several(self) -> bool:
        """Whether one beam electron may have been counted more than once."""
        return self.attributes["engine"].get("hard") != "none"

    @property
    def stack(self) -> LayerStack:
        """The layers of a layered dataset.

        Raises:
            InputError: it holds voxel specimens.
        """
        if self.voxels:
            raise InputError(f"{self.root} holds voxel specimens; choose a dataset of layers")
        names = ("materials", "limits_nm", "substrate", "height_nm", "slices")
        return LayerStack(**{name: self.attributes[name] for name in names})

    @property
    def box(self) -> VoxelBox:
        """The voxel box of a voxel dataset.

        Raises:
            InputError: it holds layered specimens.
        """
        if not self.voxels:
            raise InputError(f"{self.root} holds layered specimens; choose a dataset of voxels")
        names = ("materials", "shape", "voxel_nm", "sides", "bottom")
        return VoxelBox(**{name: self.attributes[name] for name in names})

    def __len__(self) -> int:
        """Number of samples in all splits."""
        return sum(self.count(split) for split in ("train", "val", "test"))

    def count(self, split: str) -> int:
        """Number of samples of a split; 0 when the dataset has no such split."""
        path = self.root / split / "seed" / "zarr.json"
        return json.loads(path.read_text())["shape"][0] if path.is_file() else 0

    def sample_shape(self, split: str, name: str) -> tuple[int, ...]:
        """Shape of one sample of an array, e.g. (E, Y, X)."""
        return self._array(split, name).shape[1:]

    def dtype(self, split: str, name: str) -> np.dtype[Any]:
        """Stored number type of an array."""
        return self._array(split, name).dtype

    def shards(self, split: str, name: str) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (first sample, samples (n, ...)) in storage order, the fast way to read it all."""
        for start in range(0, self.count(split), self.shard):
            yield start, self.read(split, name, start, min(start + self.shard, self.count(split)))

    def read(self, split: str, name: str, start: int, stop: int) -> np.ndarray:
        """Return samples start..stop-1 of one array.

        Raises:
            InputError: the split is absent, or a chunk is missing, truncated or altered.
        """
        array = self._array(split, name)
        try:
            for shard in range(start // self.shard, (stop - 1) // self.shard + 1):
                shard_file(self.root, split, name, shard).stat()  # zarr reads zeros if missing
            values = np.asarray(array[start:stop])
            if name == "scan":
                check_signal(values.reshape(-1, *values.shape[2:]), len(values) * values.shape[1])
        except Exception as error:
            raise InputError(
                f"{self.root} is damaged at {split}/{name}, samples {start}..{stop - 1} ({error}); "
                f"repair it with `{self.attributes.get('command', GENERATE)}`"
            ) from error
        return values

    def _array(self, split: str, name: str) -> zarr.Array:
        if not self.count(split):
            held = [s for s in ("train", "val", "test") if self.count(s)]
            raise InputError(f"{self.root} has no {split} samples; choose from {', '.join(held)}")
        array = self._group[f"{split}/{name}"]
        assert isinstance(array, zarr.Array)
        return array


def _attributes(root: Path) -> dict[str, Any]:
    try:
        attributes = json.loads((root / "zarr.json").read_text())["attributes"]
    except FileNotFoundError:
        raise InputError(f"{root} does not exist; write it with `{GENERATE}`") from None
    except (json.JSONDecodeError, KeyError, OSError) as error:
        raise InputError(
            f"{root}/zarr.json is not readable ({error}); delete the folder and write it again "
            f"with `{GENERATE}`"
        ) from error
    version = attributes.get("schema_version")
    if version != SCHEMA_VERSION:
        raise InputError(
            f"{root} has schema version {version}, this sem3d reads {SCHEMA_VERSION}; "
            f"write the dataset again with `{GENERATE}`"
        )
    if not attributes["complete"]:
        command = attributes.get("command", GENERATE)
        raise InputError(f"{root} is not finished; continue it with `{command}`")
    return attributes
