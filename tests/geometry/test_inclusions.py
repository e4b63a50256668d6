"""Copper inclusions: the documented distribution, and what stays out."""

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.core_shell import FILM, CoreShellNanocube, CoreShellNanowire
from sem3d.geometry.held_out import grow, is_near_a_named_case
from sem3d.geometry.inclusions import Inclusions
from sem3d.specimen import VoxelBox, VoxelSpecimen

WIRES = [CoreShellNanowire(axis=axis) for axis in "zyx"]
CASES = [cases.case(n) for cases in (CoreShellNanocube(), *WIRES) for n in range(len(cases.names))]
every_case = pytest.mark.parametrize("case", CASES)


def draw(count, **settings):
    geometry = Inclusions(**settings)
    return np.stack([geometry(np.random.default_rng([3, n])).labels for n in range(count)])


def specimen(copper, box=FILM):
    return VoxelSpecimen(1 + copper.astype(np.uint8), box)


@pytest.fixture(scope="module")
def copper():
    labels = draw(400)
    assert set(np.unique(labels)) == {1, 2}
    return labels == 2


def test_documented_copper_fraction(copper):
    filled = copper.mean(axis=(1, 2, 3))
    assert filled.mean() == pytest.approx(0.20, abs=0.03)
    quantiles = np.quantile(filled, [0.05, 0.25, 0.5, 0.75, 0.95])
    assert quantiles == pytest.approx([0.01, 0.06, 0.15, 0.29, 0.60], abs=0.08)
    assert filled.max() <= 0.8
    assert filled.min() > 0


def test_documented_shares_of_the_surfaces(copper):
    touching = [copper[:, z].any(axis=(1, 2)).mean() for z in (0, -1)]
    assert touching == pytest.approx([0.75, 0.48], abs=0.08)


def test_copper_is_everywhere(copper):
    share = copper.mean(axis=0)
    assert share.min() > 0.04
    assert share.max() < 0.35


def test_no_side_is_preferred(copper):
    share = copper.mean(axis=(0, 1))
    halves = share[:10].mean(), share[10:].mean(), share[:, :10].mean(), share[:, 10:].mean()
    assert halves == pytest.approx([share.mean()] * 4, abs=0.03)


def test_nothing_near_the_named_cases(copper):
    assert not any(is_near_a_named_case(specimen(mask)) for mask in copper)


def test_a_near_draw_is_drawn_again(monkeypatch):
    held_out = CASES[2].labels == 2
    other = np.roll(held_out, 7, 2)
    masks = iter([held_out, other])
    monkeypatch.setattr(Inclusions, "_filled", lambda *_: next(masks))
    assert np.array_equal(Inclusions()(np.random.default_rng(0)).labels == 2, other)


@every_case
def test_cases_shifted_or_grown_by_a_voxel_are_near(case):
    mask = case.labels == 2
    for near in (mask, mask[:, ::-1], grow(mask), np.roll(mask, 1, 1) & grow(mask)):
        assert is_near_a_named_case(specimen(near))


@every_case
def test_cases_changed_by_two_voxels_are_not_near(case):
    mask = case.labels == 2
    corner = np.zeros_like(mask)
    corner[-2:, -2:, -2:] = True
    for far in (np.roll(mask, 2, (0, 1, 2)), mask ^ corner):
        assert not is_near_a_named_case(specimen(far))


def test_other_grids_have_no_cases():
    wide = VoxelBox(("Si", "Cu"), (20, 20, 20), (2.0, 2.0, 2.0))
    small = VoxelBox(("Si", "Cu"), (8, 8, 8))
    assert not is_near_a_named_case(specimen(CASES[0].labels == 2, wide))
    assert not is_near_a_named_case(specimen(np.ones(small.shape, bool), small))


def test_growing_adds_all_neighbours():
    mask = np.zeros((5, 5, 5), bool)
    mask[0, 2, 2] = True
    grown = np.zeros_like(mask)
    grown[:2, 1:4, 1:4] = True
    assert np.array_equal(grow(mask), grown)


def test_any_box_and_materials():
    box = VoxelBox(("SiO2", "W"), (6, 9, 12), (2.0, 1.0, 1.0), "periodic", "Si")
    first = Inclusions(box=box)(np.random.default_rng(0))
    assert first.labels.shape == (6, 9, 12)
    assert first.box is box


def test_more_surface_on_demand():
    tops = [(draw(60, top_share=share)[:, 0] == 2).any((1, 2)).mean() for share in (0.0, 1.0)]
    assert tops[0] < 0.7
    assert tops[1] > 0.95


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"box": VoxelBox(("Cu",), (4, 4, 4))}, "film's and that of the inclusions"),
        ({"sizes_nm": (5.0, 2.0)}, "the smallest and the largest"),
        ({"most_solids": 0}, "most_solids 0"),
        ({"top_share": 1.1}, "top_share 1.1"),
        ({"most_filled": 0.0}, "most_filled 0.0"),
    ],
)
def test_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Inclusions(**settings)


def test_hopeless_limit():
    with pytest.raises(InputError, match=r"raise geometry\.most_filled"):
        Inclusions(most_filled=1e-4, sizes_nm=(15.0, 20.0))(np.random.default_rng(0))
