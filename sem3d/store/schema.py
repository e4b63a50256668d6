"""The dataset on disk: one zarr v3 group, a sub-group per split, a chunk per sample.

``train|val|test/{scan, thickness_nm, labels, seed}`` for layered specimens, ``{counts, labels,
seed}`` for voxels (`sem3d.store.content`); every array names its dimensions. The root attributes
hold the schema version, materials, recipe, checksums. Layered scans are stored without noise: it is
drawn when samples are served. Counts are stored at one dose: lower ones come by thinning.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from sem3d import __version__
from sem3d.errors import InputError
from sem3d.geometry.protocols import CaseList
from sem3d.specimen import Beam, LayerStack
from sem3d.store.content import Content, LayeredContent, Layout, VoxelContent
from sem3d.store.streams import SPLITS
from sem3d.units import UNITS

SCHEMA_VERSION: Final = 1
CODECS: Final = (BloscCodec(cname="lz4", shuffle="noshuffle"), Crc32cCodec())
"""Layered scans repeat few values: unshuffled they pack 3 times smaller, twice as fast, than
bit-shuffled. The checksum finds altered chunks."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the bytes of a dataset.

    Attributes:
        geometry: callable rng -> specimen, of layers (`stack`, `shape`) or voxels (`box`).
        simulator: engine with ``simulate(specimen, beam, seed) -> Scan`` and `provenance`; may
            name in ``incidental`` those of its settings that change no byte.
        beam: the beam energies.
        splits: number of samples of each split.
        seed: dataset seed.
        config: the plain configuration behind these objects, stored and compared.
        command: the command that writes this dataset, for error messages.
    """

    geometry: Any
    simulator: Any
    beam: Beam
    splits: Mapping[str, int]
    seed: int
    config: Mapping[str, Any] = field(default_factory=dict)
    command: str = "python -m sem3d.generate"

    def __post_init__(self) -> None:
        unknown = set(self.splits) - set(SPLITS)
        if unknown or not any(self.splits.values()) or min(self.splits.values()) < 0:
            raise InputError(
                f"dataset.splits is {dict(self.splits)}; give counts of {', '.join(SPLITS)}, "
                "not all zero"
            )

        voxels = hasattr(self.geometry, "box")
        if voxels != hasattr(self.simulator, "electrons"):
            fitting = "montecarlo" if voxels else "analytic"
            raise InputError(
                f"geometry {type(self.geometry).__name__} draws "
                f"{'voxels' if voxels else 'layers'}, which {type(self.simulator).__name__} does "
                f"not simulate; choose simulator={fitting}"
            )
        if not voxels:
            self._check_square()

    def _check_square(self) -> None:
        quirks = getattr(self.simulator, "quirks", None)
        y, x = self.geometry.shape
        if quirks and quirks.transposed_scan and y != x:
            raise InputError(
                f"geometry.shape is {[y, x]} but transposed_scan needs a square field; "
                "switch the quirk off"
            )

    @property
    def stack(self) -> LayerStack:
        """The layers of every specimen, in the voxels that the engine's publication uses."""
        quirks = getattr(self.simulator, "quirks", None)
        return quirks.voxels(self.geometry.stack) if quirks else self.geometry.stack

    @property
    def content(self) -> Content:
        """What a sample holds."""
        if hasattr(self.geometry, "box"):
            electrons = self.beam.electrons or self.simulator.electrons
            return VoxelContent(self.geometry.box, self.beam, electrons)
        y, x = self.geometry.shape
        return LayeredContent(self.stack, (y, x), self.beam)

    @property
    def shards(self) -> list[tuple[str, int]]:
        """All (split, shard number) pairs in writing order."""
        counts = {split: self.splits.get(split, 0) for split in SPLITS}
        size = self.content.shard
        return [(s, k) for s, n in counts.items() for k in range(math.ceil(n / size))]

    def samples(self, split: str, shard: int) -> range:
        """Sample indices of one shard."""
        size = self.content.shard
        return range(shard * size, min((shard + 1) * size, self.splits[split]))

    def deciding(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return what decides the bytes of a configuration, this one's or a store's."""
        plain: dict[str, Any] = json.loads(json.dumps(dict(config)))
        for name in getattr(self.simulator, "incidental", ()):
            plain.get("simulator", {}).pop(name, None)
        return plain

    @property
    def sha256(self) -> str:
        """Digest of the configuration, schema and code version that decide the bytes."""
        parts = [SCHEMA_VERSION, __version__, self.deciding(self.config)]
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def array_layout(recipe: Recipe) -> Layout:
    """Return shape of one sample, dtype and dimension names of every array."""
    return {**recipe.content.layout, "seed": ((), "uint64", ())}


def root_attributes(recipe: Recipe) -> dict[str, Any]:
    """Return the metadata of a new store; it is marked incomplete."""
    cases = recipe.geometry.names if isinstance(recipe.geometry, CaseList) else ()
    return {
        "schema_version": SCHEMA_VERSION,
        "complete": False,
        "sem3d": __version__,
        "recipe": recipe.deciding(recipe.config),
        "recipe_sha256": recipe.sha256,
        "engine": recipe.simulator.provenance,
        "energies_keV": list(recipe.beam.energies_keV),
        **recipe.content.attributes,
        **({"cases": list(cases)} if cases else {}),
        "command": recipe.command,
    }


def create_arrays(root: Path, recipe: Recipe) -> None:
    """Create the group and its empty arrays at `root`, which must not exist."""
    size = recipe.content.shard
    group = zarr.create_group(root, attributes=root_attributes(recipe))
    for split, n in recipe.splits.items():
        for name, (sample, dtype, axes) in array_layout(recipe).items():
            if n:
                group.create_array(
                    f"{split}/{name}",
                    shape=(n, *sample),
                    chunks=(1, *sample) if sample else (size,),
                    shards=(size, *sample),
                    dtype=dtype,
                    compressors=CODECS,
                    dimension_names=("sample", *axes),
                    fill_value=0,
                    attributes={"unit": UNITS.get(name, "1")},
                    config={"write_empty_chunks": True},
                )
