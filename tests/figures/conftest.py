"""Two small specimens and a look at the pixels of a figure."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg


@pytest.fixture
def pixels():
    def draw(figure):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].astype(float)

    return draw


@pytest.fixture
def thickness():
    """(2, 24, 32): a gold pad of 10 nm half under a block of 150 nm aluminium."""
    maps = np.zeros((2, 24, 32))
    maps[0, 4:12, 4:20] = 10
    maps[1, 8:20, 12:28] = 150
    return maps


@pytest.fixture
def labels(thickness):
    """(16, 24, 32): the same in voxels of 10 nm, the substrate below z = 15."""
    gold, both = thickness[0] // 10, thickness.sum(0) // 10
    height = np.arange(16, 0, -1)[:, None, None]
    return np.where(height <= gold, 1, np.where(height <= both, 2, 0)).astype(np.uint8)
