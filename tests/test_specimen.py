"""The nouns accept what they describe and refuse the rest with a remedy."""

import math
import pickle

import numpy as np
import pytest

from sem3d.errors import InputError, did_you_mean
from sem3d.specimen import (
    Beam,
    LayeredSpecimen,
    LayerStack,
    Scan,
    VoxelBox,
    VoxelSpecimen,
    check_dose,
)
from sem3d.units import AXES, UNITS

STACK = LayerStack(("Au", "Al"), (15, 150))


def maps(au=0.0, al=0.0, shape=(2, 3)):
    return np.stack([np.full(shape, au), np.full(shape, al)])


def test_stack_defaults_are_the_published_ones():
    assert STACK.classes == ("none", "Au", "Al")
    assert (STACK.substrate, STACK.height_nm, STACK.slices) == ("Si", 10.0, 16)
    assert pickle.loads(pickle.dumps(STACK)) == STACK


@pytest.mark.parametrize(("materials", "limits"), [(("Au",), (15, 150)), ((), ()), (("Au",), ())])
def test_stack_needs_one_limit_per_layer(materials, limits):
    with pytest.raises(InputError, match="one limit per layer"):
        LayerStack(materials, limits)


@pytest.mark.parametrize("limit", [0, -5])
def test_stack_limits_are_positive(limit):
    with pytest.raises(InputError, match="at least 1 nm"):
        LayerStack(("Au", "Al"), (15, limit))


@pytest.mark.parametrize(("au", "al"), [(0, 0), (15, 150), (0.01, 149.99)])
def test_specimen_inside_the_box(au, al):
    specimen = LayeredSpecimen(maps(au, al), STACK)
    assert specimen.thickness_nm.shape == (2, 2, 3)


@pytest.mark.parametrize(
    ("thickness", "message"),
    [
        (maps(15.1), r"Au thickness spans 15.1..15.1 nm .* 0..15 nm"),
        (maps(al=-1), r"Al thickness spans -1..-1"),
        (maps(al=math.nan), r"Al thickness spans nan..nan"),
        (maps(math.inf), r"Au thickness spans inf..inf"),
        (maps()[:1], r"shape \(1, 2, 3\); expected \(2, Y, X\) for the layers Au, Al"),
        (maps()[0], r"shape \(2, 3\); expected \(2, Y, X\)"),
    ],
)
def test_specimen_outside_the_box(thickness, message):
    with pytest.raises(InputError, match=message):
        LayeredSpecimen(thickness, STACK)


def test_beam_keeps_its_energies():
    assert Beam((5.0, 10.0)).energies_keV == (5.0, 10.0)


@pytest.mark.parametrize(
    "energies", [(), (0.0, 5.0), (-1.0,), (5.0, 5.0), (10.0, 5.0), (float("nan"),)]
)
def test_beam_needs_rising_energies(energies):
    with pytest.raises(InputError, match="strictly increasing"):
        Beam(energies)


def test_scan_knows_its_axes_and_unit():
    scan = Scan(np.ones((2, 3, 4)), Beam((5.0, 10.0)))
    assert (scan.axes, scan.unit) == (AXES["scan"], UNITS["scan"])
    assert scan.provenance == {}


@pytest.mark.parametrize("shape", [(3, 4, 4), (2, 4), (1, 2, 4, 4)])
def test_scan_has_one_image_per_energy(shape):
    with pytest.raises(InputError, match=r"expected \(2, Y, X\)"):
        Scan(np.ones(shape), Beam((5.0, 10.0)))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_scan_names_its_first_fault(value):
    signal = np.ones((2, 3, 4))
    signal[1, 2, 3] = value
    with pytest.raises(InputError, match="energy index 1, y 2, x 3"):
        Scan(signal, Beam((5.0, 10.0)))


def test_a_far_word_lists_the_known_ones():
    assert did_you_mean("depht", ["depth", "width"]) == ", did you mean 'depth'?"
    assert did_you_mean("qqq", ["b", "a"]) == "; known: a, b"


def test_a_voxel_specimen_checks_its_labels() -> None:
    box = VoxelBox(("Si", "Cu"), (3, 4, 5))
    assert box.classes == ("none", "Si", "Cu")
    labels = np.ones((3, 4, 5), np.uint8)
    assert VoxelSpecimen(labels, box).labels is labels
    for wrong, told in (
        (labels.astype(float), "labels are float64; give whole numbers as uint8"),
        (labels[:2], r"labels have the shape \(2, 4, 5\) but the box \(3, 4, 5\)"),
        (3 * labels, "label 3 lies beyond the 2 materials Si, Cu"),
    ):
        with pytest.raises(InputError, match=told):
            VoxelSpecimen(wrong, box)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"materials": ()}, "name each one once"),
        ({"materials": ("Si", "Si")}, "name each one once"),
        ({"shape": (0, 4, 4)}, r"give \(Z, Y, X\) voxels"),
        ({"shape": (4, 4)}, r"give \(Z, Y, X\) voxels"),
        ({"voxel_nm": (1, 1, 0)}, "give positive sizes"),
        ({"sides": "mirrors"}, "did you mean 'mirror'"),
    ],
)
def test_an_impossible_voxel_box_is_refused(change: dict, told: str) -> None:
    with pytest.raises(InputError, match=told):
        VoxelBox(**{"materials": ("Si",), "shape": (4, 4, 4)} | change)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"electrons": 0}, "electrons is 0; give a dose"),
        ({"spot_sigma_nm": -1.0}, "spot_sigma_nm is -1"),
        ({"tilt_deg": 90.0}, "give less than 90 degrees"),
    ],
)
def test_an_impossible_beam_is_refused(change: dict, told: str) -> None:
    with pytest.raises(InputError, match=told):
        Beam([5], **change)


@pytest.mark.parametrize("electrons", [0, -1, 1.5, float("nan"), float("inf")])
def test_a_dose_is_whole_electrons(electrons: float) -> None:
    with pytest.raises(InputError, match=r"noise is .*; give a dose of at least 1, a whole number"):
        check_dose(electrons, "noise")
    check_dose(7, "noise")
