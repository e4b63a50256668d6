"""Smooth terraces: the positive part of a random field, cut into a few levels."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from sem3d.errors import InputError
from sem3d.geometry.layers import IndependentLayers, Layer
from sem3d.geometry.protocols import Field

REDRAWS = 1000


@dataclass(frozen=True)
class NoiseLayer(Layer):
    """A layer of terraces.

    Attributes:
        steps: levels per unit of the field.

    Raises:
        InputError: `steps` is less than 1.
    """

    steps: int

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InputError(f"{self.material} layer has {self.steps} steps; give at least 1")


@dataclass(frozen=True, kw_only=True)
class NoiseLayers(IndependentLayers[NoiseLayer]):
    """Layers cut from random fields, as in the data of Artemov et al.

    Level k = floor(steps * max(field, 0)) becomes floor(limit * k / K) nm, K the map's highest
    level, so that every map reaches exactly its limit. A field without any level is drawn again
    from the same generator.

    Attributes:
        field: random field shared by the layers, one draw each.
    """

    field: Field

    def draw(self, rng: np.random.Generator, layer: NoiseLayer) -> Int[np.ndarray, "Y X"]:
        """Draw the thickness map (Y, X) [nm] of one layer.

        Raises:
            InputError: the field is too weak for the layer's steps.
        """
        for _ in range(REDRAWS):
            height = np.maximum(self.field(rng, self.shape), 0)
            level = np.floor(layer.steps * height).astype(np.int64)
            if (top := level.max()) > 0:
                return layer.limit_nm * level // top
        raise InputError(
            f"{layer.material} layer: {REDRAWS} fields in a row stayed below 1/{layer.steps}; "
            "raise its steps or the amplitude of the field"
        )
