"""Fixtures shared by all rooms: a small stack, a small recipe, a small dataset on disk."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run in parallel processes
os.environ.setdefault("WANDB_MODE", "offline")

import hypothesis
import pytest
import torch

from sem3d.geometry.inclusions import Inclusions
from sem3d.geometry.noise_layers import NoiseLayer, NoiseLayers
from sem3d.geometry.perlin import PerlinField
from sem3d.runtime.executors.local import Serial
from sem3d.simulate.analytic import Analytic
from sem3d.simulate.montecarlo.engine import MonteCarlo
from sem3d.simulate.quirks import ORIGINAL
from sem3d.specimen import Beam, LayerStack, VoxelBox
from sem3d.store.reader import ScanStore
from sem3d.store.schema import Recipe
from sem3d.store.writer import generate

torch.set_num_threads(1)
# the same examples everywhere; a loaded machine is no failure
hypothesis.settings.register_profile("sem3d", deadline=None, derandomize=True)
hypothesis.settings.load_profile("sem3d")


@pytest.fixture(scope="session")
def stack() -> LayerStack:
    """Gold below, aluminium above."""
    return LayerStack(("Au", "Al"), (15, 150))


@pytest.fixture(scope="session")
def beam() -> Beam:
    """The 31 energies of Artemov et al."""
    return Beam([float(e) for e in range(5, 36)])


def small_recipe(side: int = 16, **splits: int) -> Recipe:
    """A recipe of tiny fields at six energies."""
    layers = [NoiseLayer("Au", 15, 20), NoiseLayer("Al", 150, 10)]
    return Recipe(
        geometry=NoiseLayers(field=PerlinField(2), layers=layers, shape=(side, side)),
        simulator=Analytic(ORIGINAL),
        beam=Beam([5.0, 8.0, 12.0, 18.0, 25.0, 35.0]),
        splits=splits or {"train": 70, "val": 6, "test": 5},
        seed=3,
        config={"side": side},
    )


def write_store(root: Path, recipe: Recipe) -> ScanStore:
    """Write a dataset in this process."""
    for _ in generate(root, recipe, Serial()):
        pass
    return ScanStore(root)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> ScanStore:
    """A small finished dataset; read only."""
    return write_store(tmp_path_factory.mktemp("data") / "small.zarr", small_recipe())


@pytest.fixture(scope="session")
def voxels(tmp_path_factory: pytest.TempPathFactory) -> ScanStore:
    """A small finished dataset of voxel specimens and electron counts; read only."""
    recipe = Recipe(
        geometry=Inclusions(box=VoxelBox(("Si", "Cu"), (8, 8, 8)), sizes_nm=(2.0, 6.0)),
        simulator=MonteCarlo(electrons=40),
        beam=Beam([1.0, 2.0, 4.0]),
        splits={"train": 12, "val": 3, "test": 3},
        seed=1,
        config={"side": 8},
    )
    return write_store(tmp_path_factory.mktemp("voxels") / "voxels.zarr", recipe)
