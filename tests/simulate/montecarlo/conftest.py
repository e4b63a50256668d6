from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from sem3d.chemistry import material
from sem3d.simulate.montecarlo.transport_tables import TransportTables, tables_for


@pytest.fixture(scope="session")
def tables() -> Callable[..., TransportTables]:
    """``tables("Si", "Cu", hard="moller")``, each computed once."""

    @cache
    def made(*names: str, hard: str = "none") -> TransportTables:
        return tables_for([material(name) for name in names], hard)

    return made


@pytest.fixture(scope="session")
def film() -> Callable[..., np.ndarray]:
    """Labels of ``film(nz, side)``: material 1 throughout."""
    return lambda layers=20, side=20: np.ones((layers, side, side), np.uint8)


@pytest.fixture(scope="session")
def cube() -> Callable[..., np.ndarray]:
    """Labels of a 20 nm film of material 1 with a 5 nm cube of material 2 at a depth [nm]."""

    def made(depth: int, row: int = 7, column: int = 7) -> np.ndarray:
        labels = np.ones((20, 20, 20), np.uint8)
        labels[depth : depth + 5, row : row + 5, column : column + 5] = 2
        return labels

    return made
