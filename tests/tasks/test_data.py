import dataclasses
import json

import pytest

from sem3d.errors import InputError
from sem3d.specimen import LayerStack
from sem3d.tasks.data import DataSpec

SPEC = DataSpec((5.0, 8.0), ("Au", "Al"), (15, 150), "Si", 10.0, 16, (0.5, 0.6), (0.1, 0.2))


def test_survives_json() -> None:
    assert DataSpec.from_dict(json.loads(json.dumps(SPEC.to_dict()))) == SPEC


def test_other_energies_are_refused() -> None:
    message = r"scan.tif has 3 energies \(5..20 keV\) but the network was trained on 2"
    with pytest.raises(InputError, match=message):
        SPEC.check_store([5.0, 10.0, 20.0], SPEC.stack, "scan.tif")


def test_other_stack_is_refused() -> None:
    other = dataclasses.replace(SPEC.stack, slices=20)
    with pytest.raises(InputError, match=r"slices=20.* but the network was trained on"):
        SPEC.check_store(SPEC.energies_keV, other, "x.zarr")


def test_same_data_is_accepted() -> None:
    SPEC.check_store([5.0, 8.0], LayerStack(["Au", "Al"], [15, 150]), "x.zarr")
