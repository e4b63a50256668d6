import dataclasses
import json

import pytest

from sem3d.errors import InputError
from sem3d.specimen import LayerStack, VoxelBox
from sem3d.tasks.data import DataSpec

SPEC = DataSpec((5.0, 8.0), LayerStack(("Au", "Al"), (15, 150)), (0, 1, 2), (0.5, 0.6), (0.1, 0.2))
BOX = VoxelBox(("Si", "Cu"), (20, 20, 20))
VOXELS = DataSpec((0.5, 1.0), BOX, (1, 2), (0.2, 0.2), (0.1, 0.1), dose=(50, 200))


@pytest.mark.parametrize("spec", [SPEC, VOXELS], ids=["layers", "voxels"])
def test_survives_json(spec: DataSpec) -> None:
    assert DataSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_headline_counts_no_empty_space_in_a_film() -> None:
    assert SPEC.headline == "miou_report"
    assert (VOXELS.headline, VOXELS.headline_label) == ("iou_present/Cu", "IoU of Cu")


def test_thickness_of_voxels_is_refused() -> None:
    with pytest.raises(InputError, match="the dataset holds voxels; use task=voxels"):
        _ = VOXELS.stack


def test_other_energies_are_refused() -> None:
    message = r"scan.tif has 3 energies \(5..20 keV\) but the network was trained on 2"
    for energies, offered in (([5.0, 10.0, 20.0], True), ([6.0, 10.0, 20.0], False)):
        with pytest.raises(InputError, match=message.replace("5..", f"{energies[0]:g}..")) as error:
            SPEC.check_store(energies, SPEC.stack, "scan.tif")
        assert str(error.value).endswith("or interpolate=true") == offered


def test_other_stack_is_refused() -> None:
    other = dataclasses.replace(SPEC.stack, slices=20)
    with pytest.raises(InputError, match=r"holds specimens with slices=20 \(trained on 16\)"):
        SPEC.check_store(SPEC.energies_keV, other, "x.zarr")


def test_same_data_is_accepted() -> None:
    SPEC.check_store([5.0, 8.0], LayerStack(["Au", "Al"], [15, 150]), "x.zarr")
