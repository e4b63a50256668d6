"""Layers drawn independently of each other: what smooth and sharp geometries share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Int

from sem3d.errors import InputError
from sem3d.specimen import LayeredSpecimen, LayerStack


@dataclass(frozen=True)
class Layer:
    """One layer of a stack.

    Attributes:
        material: chemical formula, e.g. ``"Au"``.
        limit_nm: largest thickness [nm].
    """

    material: str
    limit_nm: int


LayerT = TypeVar("LayerT", bound=Layer)


@dataclass(frozen=True, kw_only=True)
class IndependentLayers(ABC, Generic[LayerT]):
    """A geometry whose layers know nothing of each other.

    Every layer draws from its own child generator, so its map depends on the seed and the
    layer's place in the stack alone.

    Attributes:
        layers: the layers from the substrate upward.
        shape: pixels (Y, X).
        substrate: material of the half space below.
        height_nm: voxel height of the label volume [nm].
        slices: number of voxels along z.
        stack: the same layers as a `LayerStack`.

    Raises:
        InputError: `shape` is not two positive numbers, or the layers make no valid stack.
    """

    layers: Sequence[LayerT]
    shape: Sequence[int] = (128, 128)
    substrate: str = "Si"
    height_nm: float = 10.0
    slices: int = 16
    stack: LayerStack = field(init=False)

    def __post_init__(self) -> None:
        if len(self.shape) != 2 or min(self.shape) < 1:
            raise InputError(f"geometry.shape is {list(self.shape)}; give [rows, columns]")
        materials = tuple(layer.material for layer in self.layers)
        limits = tuple(layer.limit_nm for layer in self.layers)
        stack = LayerStack(materials, limits, self.substrate, self.height_nm, self.slices)
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "shape", tuple(self.shape))
        object.__setattr__(self, "stack", stack)

    def __call__(self, rng: np.random.Generator) -> LayeredSpecimen:
        """Draw one specimen with integer thickness (L, Y, X) [nm], uint8 where limits allow."""
        children = rng.spawn(len(self.layers))
        maps = [self.draw(*pair) for pair in zip(children, self.layers, strict=True)]
        dtype = np.uint8 if max(self.stack.limits_nm) <= 255 else np.uint16
        return LayeredSpecimen(np.stack(maps).astype(dtype), self.stack)

    @abstractmethod
    def draw(self, rng: np.random.Generator, layer: LayerT) -> Int[np.ndarray, "Y X"]:
        """Draw the thickness map (Y, X) [nm] of one layer from its own generator."""
