"""What the rest of sem3d asks of a geometry, and a noise geometry of its field."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from sem3d.specimen import LayeredSpecimen, LayerStack, VoxelBox, VoxelSpecimen


@runtime_checkable
class Geometry(Protocol):
    """A distribution of specimens: small, picklable, without state of its own.

    Equal generators give equal bytes, so a data set never depends on workers or order.
    """

    @property
    def stack(self) -> LayerStack:
        """The layers every specimen of this geometry carries."""

    @property
    def shape(self) -> Sequence[int]:
        """Pixels (Y, X) of every specimen."""

    def __call__(self, rng: np.random.Generator) -> LayeredSpecimen:
        """Draw one specimen from `rng`."""


@runtime_checkable
class VoxelGeometry(Protocol):
    """A distribution of voxel specimens, under the same rules as `Geometry`."""

    @property
    def box(self) -> VoxelBox:
        """Grid, walls and materials of every specimen."""

    def __call__(self, rng: np.random.Generator) -> VoxelSpecimen:
        """Draw one specimen from `rng`."""


@runtime_checkable
class CaseList(VoxelGeometry, Protocol):
    """Named specimens in a fixed order: sample i of a data set is case i, whatever the seed."""

    @property
    def names(self) -> Sequence[str]:
        """What the cases are called, in order."""

    def case(self, index: int) -> VoxelSpecimen:
        """Return the specimen of sample `index`; after the last case the list starts again."""


@runtime_checkable
class Field(Protocol):
    """A random smooth field around zero; its positive part becomes a layer."""

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> Float[np.ndarray, "Y X"]:
        """Draw one (Y, X) field from `rng`."""
