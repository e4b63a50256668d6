"""The named cases: voxel counts, places and options."""

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.core_shell import FILM, CoreShellNanocube, CoreShellNanowire

COUNTS = [12, 52, 112, 208, 316]


def copper(cases):
    return [cases.case(n).labels == 2 for n in range(len(cases.names))]


def test_film():
    assert (FILM.materials, FILM.shape, FILM.voxel_nm) == (("Si", "Cu"), (20,) * 3, (1.0,) * 3)
    assert (FILM.sides, FILM.bottom) == ("mirror", "absorb")


@pytest.mark.parametrize("position", [1, 2, 3, 4])
def test_cube_voxels(position):
    expected = np.zeros((20, 20, 20), bool)
    expected[(slice(5 * position - 5, 5 * position),) * 3] = True
    (mask,) = copper(CoreShellNanocube((position,)))
    assert np.array_equal(mask, expected)
    assert mask.sum() == 125


def test_first_cube_lies_at_the_surface():
    tops = [mask.any((1, 2)).argmax() for mask in copper(CoreShellNanocube())]
    assert tops == [0, 5, 10, 15]


@pytest.mark.parametrize(("axis", "number"), [("z", 0), ("y", 1), ("x", 2)])
def test_wire_cross_sections(axis, number):
    for mask, count in zip(copper(CoreShellNanowire(axis=axis)), COUNTS, strict=True):
        sections = np.moveaxis(mask, number, 0)
        assert (sections == sections[0]).all()
        assert sections[0].sum() == count
        assert np.array_equal(sections[0], sections[0].T)
        assert np.array_equal(sections[0], sections[0][::-1])


def test_wires_run_along_y_by_default():
    assert CoreShellNanowire() == CoreShellNanowire(axis="y", corners="Si")


@pytest.mark.parametrize(
    ("corners", "counts"), [("Si", (84, 316)), ("vacuum", (0, 316)), ("Cu", (0, 400))]
)
def test_corners_of_the_thickest_wire(corners, counts):
    section = CoreShellNanowire((8, 10), corners=corners).case(1).labels[:, 0]
    assert ((section == 1).sum(), (section == 2).sum()) == counts


@pytest.mark.parametrize("corners", ["vacuum", "Cu"])
def test_corners_leave_thinner_wires_alone(corners):
    ours, plain = CoreShellNanowire(corners=corners), CoreShellNanowire()
    for n in range(4):
        np.testing.assert_array_equal(ours.case(n).labels, plain.case(n).labels)


def test_names_keep_the_order():
    assert CoreShellNanocube([3, 1]).names == ("nanocube at position 3", "nanocube at position 1")
    assert CoreShellNanowire([10, 2.5]).names[1] == "nanowire of radius 2.5 nm"
    first = CoreShellNanocube([3, 1]).case(0).labels
    np.testing.assert_array_equal(first, CoreShellNanocube().case(2).labels)


@pytest.mark.parametrize("positions", [(), (0,), (1, 5)])
def test_unknown_positions(positions):
    with pytest.raises(InputError, match="choose from 1 to 4"):
        CoreShellNanocube(positions)


@pytest.mark.parametrize("radii", [(), (0,), (4, 10.5), (float("nan"),)])
def test_radii_that_do_not_fit(radii):
    with pytest.raises(InputError, match="1 to 10 nm"):
        CoreShellNanowire(radii)


@pytest.mark.parametrize("setting", [{"axis": "w"}, {"corners": "vacum"}])
def test_unknown_options(setting):
    with pytest.raises(InputError, match=f"geometry.{next(iter(setting))} is"):
        CoreShellNanowire(**setting)
