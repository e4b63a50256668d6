"""What one sample holds on disk: arrays and metadata, by kind of specimen."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import torch

from sem3d.errors import InputError
from sem3d.geometry.voxelise import voxelise
from sem3d.specimen import Beam, LayeredSpecimen, LayerStack, Scan, VoxelBox, VoxelSpecimen
from sem3d.units import AXES

Layout = dict[str, tuple[tuple[int, ...], str, tuple[str, ...]]]
"""Shape of one sample, number type and dimension names, by array."""


@runtime_checkable
class Content(Protocol):
    """Arrays of a sample and what the root attributes say about them.

    Attributes:
        shard: samples per file: the unit of writing and of resuming.
    """

    shard: ClassVar[int]

    @property
    def layout(self) -> Layout:
        """Every array but the seed."""

    @property
    def attributes(self) -> dict[str, Any]:
        """Metadata of the specimens."""

    def arrays(self, specimen: Any, scan: Scan) -> dict[str, np.ndarray]:
        """Return the arrays of one sample."""


@dataclass(frozen=True)
class LayeredContent:
    """Noise-free scans of layered specimens, thickness maps and labels."""

    stack: LayerStack
    field: tuple[int, int]
    beam: Beam
    shard: ClassVar[int] = 64

    @property
    def layout(self) -> Layout:
        """``scan``, ``thickness_nm`` and ``labels``."""
        y, x = self.field
        stack = self.stack
        thickness = "uint8" if max(stack.limits_nm) <= 255 else "uint16"
        return {
            "scan": ((len(self.beam.energies_keV), y, x), "float32", AXES["scan"]),
            "thickness_nm": ((len(stack.materials), y, x), thickness, AXES["thickness_nm"]),
            "labels": ((stack.slices, y, x), "uint8", AXES["labels"]),
        }

    @property
    def attributes(self) -> dict[str, Any]:
        """The layers and their voxels."""
        stack = self.stack
        return {
            "materials": list(stack.materials),
            "limits_nm": list(stack.limits_nm),
            "substrate": stack.substrate,
            "height_nm": stack.height_nm,
            "slices": stack.slices,
        }

    def arrays(self, specimen: LayeredSpecimen, scan: Scan) -> dict[str, np.ndarray]:
        """Return signal, maps and the labels cut from them."""
        maps = torch.from_numpy(specimen.thickness_nm)
        labels = voxelise(maps, self.stack.height_nm, self.stack.slices).numpy()
        return {"scan": scan.signal, "thickness_nm": specimen.thickness_nm, "labels": labels}


@dataclass(frozen=True)
class VoxelContent:
    """Electron counts of voxel specimens and their labels; lower doses come by thinning."""

    box: VoxelBox
    beam: Beam
    electrons: int
    shard: ClassVar[int] = 8  # a sample takes about a second

    @property
    def layout(self) -> Layout:
        """``counts`` and ``labels``."""
        fields = (len(self.beam.energies_keV), *self.box.shape[1:])
        count = "uint16" if self.electrons <= 20_000 else "uint32"  # several may leave per electron
        return {
            "counts": (fields, count, AXES["scan"]),
            "labels": (tuple(self.box.shape), "uint8", AXES["labels"]),
        }

    @property
    def attributes(self) -> dict[str, Any]:
        """The voxel box and the dose."""
        box = self.box
        return {
            "kind": "voxels",
            "shard": self.shard,
            "materials": list(box.materials),
            "shape": list(box.shape),
            "voxel_nm": list(box.voxel_nm),
            "sides": box.sides,
            "bottom": box.bottom,
            "electrons": self.electrons,
        }

    def arrays(self, specimen: VoxelSpecimen, scan: Scan) -> dict[str, np.ndarray]:
        """Return counts and labels."""
        if scan.counts is None:
            raise InputError(
                "the simulator gives no electron counts; choose simulator=montecarlo for voxels"
            )
        return {"counts": scan.counts, "labels": specimen.labels}
