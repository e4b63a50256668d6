"""A mixture of geometries, so that one data set holds several families of structures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sem3d.errors import InputError
from sem3d.geometry.protocols import Geometry
from sem3d.specimen import LayeredSpecimen, LayerStack


@dataclass(frozen=True)
class Mixture:
    """Draws every specimen from one of several geometries.

    Attributes:
        parts: geometries by name, all with one stack and one shape.
        weights: share of each part by the same names; they need not sum to 1.

    Raises:
        InputError: the names differ, a weight is not positive, or the parts differ in stack
            or shape.
    """

    parts: Mapping[str, Geometry]
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        if set(self.parts) != set(self.weights) or not self.parts:
            raise InputError(
                f"mixture has the parts {list(self.parts)} but weights for {list(self.weights)}; "
                "give one weight per part"
            )
        if min(self.weights.values()) <= 0:
            raise InputError(f"mixture weights are {dict(self.weights)}; drop parts without weight")
        for name, part in self.parts.items():
            if (part.stack, part.shape) != (self.stack, self.shape):
                raise InputError(
                    f"mixture part {name!r} differs from the first part in stack or shape; "
                    "give all parts the same layers, substrate, height_nm, slices and shape"
                )

    @property
    def stack(self) -> LayerStack:
        """The layers all parts share."""
        return next(iter(self.parts.values())).stack

    @property
    def shape(self) -> Sequence[int]:
        """Pixels (Y, X) all parts share."""
        return next(iter(self.parts.values())).shape

    def __call__(self, rng: np.random.Generator) -> LayeredSpecimen:
        """Choose a part from `rng` and let it draw."""
        names = list(self.parts)
        weights = np.array([self.weights[name] for name in names])
        return self.parts[names[rng.choice(len(names), p=weights / weights.sum())]](rng)
