from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.geometry.noise_layers import NoiseLayers
from sem3d.losses.mse import MSE
from sem3d.losses.sum import Sum
from sem3d.models.resunet import ResUNet
from sem3d.runtime.build import build, check_arguments, locate, partial
from sem3d.specimen import Beam
from sem3d.tasks.voxels import VoxelTask

BEAM = "sem3d.specimen.Beam"

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
    max_leaves=10,
)


@given(PLAIN)
def test_plain_values_stay_what_they_are(tree: Any) -> None:
    assert build(tree) == tree


def test_a_target_becomes_an_object() -> None:
    assert build({"_target_": BEAM, "energies_keV": [5, 10]}) == Beam([5, 10])


def test_nested_targets_in_mappings_and_lists_are_built_first() -> None:
    layer = {"_target_": "sem3d.geometry.noise_layers.NoiseLayer", "limit_nm": 15, "steps": 20}
    geometry = build(
        {
            "_target_": "sem3d.geometry.noise_layers.NoiseLayers",
            "field": {"_target_": "sem3d.geometry.perlin.PerlinField", "cells": 3},
            "layers": [layer | {"material": "Au"}, layer | {"material": "Al"}],
        }
    )
    assert isinstance(geometry, NoiseLayers)
    assert geometry.field.cells == 3  # type: ignore[attr-defined]
    assert geometry.stack.materials == ("Au", "Al")


def test_given_arguments_are_added() -> None:
    inner = MSE()
    loss = build({"_target_": "sem3d.losses.sum.Sum", "weights": [2.0]}, losses=[inner])
    assert isinstance(loss, Sum)
    assert loss.losses[0] is inner


def test_partial_is_completed_later() -> None:
    make = partial({"_target_": "sem3d.models.resunet.ResUNet", "widths": [4, 8]})
    net = make(energies=3, outputs=(2,))
    assert isinstance(net, ResUNet)
    assert net(torch.rand(1, 3, 8, 8)).shape == (1, 2, 8, 8)


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "subprocess.run",
        "sem3dx.anything",
        "torch.load",
        "torch.hub.load",
        "lightning.pytorch.cli.instantiate_class",
        "lightning.pytorch.core.saving.pl_load",
    ],
)
def test_names_outside_the_known_code_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=rf"^model\._target_ is '{name}'; only names below sem3d"):
        build({"_target_": name, "command": "true"}, "model")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("sem3d.models.unet.Unet", "does not exist"),
        ("sem3d.modules.unet.UNet", "does not exist"),
        ("sem3d.", "does not exist"),
        ("sem3d.runtime.sweeps.process.subprocess.run", "does not exist"),
        ("sem3d.runtime.sweeps.process.subprocess", "is no class or function"),
        ("sem3d.errors", "is no class or function"),
    ],
)
def test_names_that_cannot_be_called_are_told(name: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        locate(name, "model")


def test_a_misspelt_argument_names_node_class_and_likely_spelling() -> None:
    node = {"_target_": "sem3d.models.resunet.ResUNet", "width": [4, 8]}
    with pytest.raises(
        InputError, match=r"^model: ResUNet has no 'width', did you mean 'widths'\?$"
    ):
        build(node, "model", energies=3, outputs=(2,))


def test_a_misspelt_argument_deep_inside_is_found() -> None:
    field = {"_target_": "sem3d.geometry.perlin.PerlinField", "cell": 3}
    node = {"_target_": "sem3d.geometry.noise_layers.NoiseLayers", "layers": [], "field": field}
    with pytest.raises(InputError, match=r"^geometry\.field: PerlinField has no 'cell'"):
        build(node, "geometry")
    with pytest.raises(InputError, match=r"^geometry\.parts\.a: PerlinField has no 'cell'"):
        build({"parts": {"a": field}}, "geometry")
    with pytest.raises(InputError, match=r"^geometry\.layers\[1\]: PerlinField has no 'cell'"):
        build({"layers": [0, field]}, "geometry")


def test_arguments_passed_on_to_a_base_class_are_known() -> None:
    check_arguments(VoxelTask, {"optimizer": None, "schedule": None}, "task")
    check_arguments(torch.optim.AdamW, {"lr": 1, "weight_decay": 1}, "optimizer")
    with pytest.raises(InputError, match="VoxelTask has no 'optimiser', did you mean 'optimizer'"):
        check_arguments(VoxelTask, {"optimiser": None}, "task")


def test_self_is_never_proposed() -> None:
    with pytest.raises(InputError) as told:
        check_arguments(VoxelTask, {"zzz": None}, "task")
    assert "self" not in str(told.value)
