"""Every file of conf/simulator is an engine."""

from typing import Any

import numpy as np
import pytest

from sem3d.runtime.build import build
from sem3d.simulate.quirks import CORRECTED, ORIGINAL, ORIGINAL_FILES
from sem3d.specimen import Beam, LayeredSpecimen, LayerStack
from tests.contracts.conftest import compose, options

LAYERED = [
    name
    for name in options("simulator")
    if hasattr(build(compose("generate", f"simulator={name}")["simulator"], name), "table")
]
"""Engines of layered specimens; those of voxels have tests of their own."""
every_simulator = pytest.mark.parametrize("name", LAYERED)
every_analytic = pytest.mark.parametrize(
    "name", [name for name in LAYERED if name.startswith("analytic")]
)


def engine(name: str) -> Any:
    return build(compose("generate", f"simulator={name}")["simulator"], "simulator")


def scan(name: str, gold: int, al: int, stack: LayerStack, beam: Beam) -> np.ndarray:
    """Scan (E, 4, 4) of uniform layers [nm], without the last row and column."""
    maps = np.full((2, 5, 5), [[[gold]], [[al]]], np.uint8)
    return engine(name).simulate(LayeredSpecimen(maps, stack), beam).signal[:, :-1, :-1]


@every_analytic
def test_bare_substrate_looks_alike_at_every_energy(
    name: str, stack: LayerStack, beam: Beam
) -> None:
    bare = scan(name, 0, 0, stack, beam)
    assert bare.shape == (31, 4, 4)
    np.testing.assert_allclose(bare, 0.49, atol=2e-4)


@every_simulator
def test_more_gold_is_brighter(name: str, stack: LayerStack, beam: Beam) -> None:
    gold, al = np.meshgrid(np.arange(1, 16), np.full(15, 40), indexing="ij")
    for maps in (np.stack([gold, al]), np.stack([gold, 0 * al])):
        specimen = LayeredSpecimen(np.pad(maps, ((0, 0), (0, 1), (0, 1))).astype(np.uint8), stack)
        signal = engine(name).simulate(specimen, beam).signal[:, :-1, :-1].mean(0)
        steps = np.diff(signal, axis=0), np.diff(signal, axis=1)
        assert max(np.abs(s).max() for s in steps) > 0
        assert steps[0].min() > 0 or steps[1].min() > 0  # a quirk may transpose the image


@every_simulator
def test_uniform_layers_give_uniform_images_between_aluminium_and_gold(
    name: str, stack: LayerStack, beam: Beam
) -> None:
    signal = scan(name, 7, 60, stack, beam)
    assert (signal == signal[:, :1, :1]).all()
    al, gold = scan(name, 0, 150, stack, beam), scan(name, 15, 0, stack, beam)
    assert signal.min() > 0.95 * al.min()
    assert signal.max() < gold.max()


@every_simulator
def test_equal_specimens_give_equal_bytes(name: str, stack: LayerStack, beam: Beam) -> None:
    maps = np.random.default_rng(0).integers(0, [[[16]], [[151]]], (2, 9, 9)).astype(np.uint8)
    specimen = LayeredSpecimen(maps, stack)
    one, two = (engine(name).simulate(specimen, beam).signal for _ in range(2))
    assert one.dtype == np.float32
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("name", options("simulator"))
def test_provenance_names_the_engine(name: str) -> None:
    assert engine(name).provenance["engine"]


@pytest.mark.parametrize(
    ("name", "quirks"),
    [
        ("analytic", ORIGINAL),
        ("analytic_corrected", CORRECTED),
        ("analytic_files", ORIGINAL_FILES),
    ],
)
def test_files_switch_on_the_quirks_of_their_presets(name: str, quirks: Any) -> None:
    assert engine(name).quirks == quirks


def test_published_files_come_with_their_noise() -> None:
    cfg = compose("evaluate", "simulator=analytic_files")
    level = build(cfg["simulator"]).quirks.noise_level
    assert cfg["noise"]["train"]["level"] == cfg["noise"]["eval"]["level"] == level
