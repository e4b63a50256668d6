"""The structure on which Artemov et al. tried their networks outside the training family."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sem3d.specimen import LayeredSpecimen, LayerStack

# (layer, thickness [nm], rows, columns). Read off the figures of Artemov et al. to half a pixel;
# the figures count y upward, so row = 128 - y.
BLOCKS = (
    (0, 10, slice(22, 64), slice(22, 64)),
    (0, 15, slice(22, 64), slice(64, 106)),
    (0, 5, slice(64, 106), slice(64, 106)),
    (1, 150, slice(43, 85), slice(43, 85)),
)


@dataclass(frozen=True)
class Experimental:
    """Three gold pads of 5, 10 and 15 nm and one bare quarter below a pad of 150 nm aluminium."""

    stack: ClassVar[LayerStack] = LayerStack(("Au", "Al"), (15, 150))
    shape: ClassVar[tuple[int, int]] = (128, 128)

    def __call__(self, rng: np.random.Generator) -> LayeredSpecimen:  # noqa: ARG002
        """Return the one specimen; `rng` is not used."""
        thickness = np.zeros((2, *self.shape), np.uint8)
        for layer, nm, rows, columns in BLOCKS:
            thickness[layer, rows, columns] = nm
        return LayeredSpecimen(thickness, self.stack)
