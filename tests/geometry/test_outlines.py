"""Outlines against their areas and against corners computed by hand."""

import math

import numpy as np
import pytest

from sem3d.geometry.outlines import ellipse, polygon, random_footprint, rectangle

SIDE = 400
GRID = (np.arange(SIDE) + 0.5) / SIDE * 3 - 1.5
Q, P = np.meshgrid(GRID, GRID, indexing="ij")


def area(outline):
    return outline(P, Q).mean() * 9


def regular(corners):
    return polygon(2 * np.pi * np.arange(corners) / corners)


def test_areas():
    assert area(rectangle) == pytest.approx(4, rel=0.01)
    assert area(ellipse) == pytest.approx(math.pi, rel=0.01)


@pytest.mark.parametrize("corners", [3, 4, 5, 6])
def test_regular_polygons(corners):
    expected = corners / 2 * math.sin(2 * math.pi / corners)
    assert area(regular(corners)) == pytest.approx(expected, rel=0.01)


def test_a_polygon_may_leave_its_centre_outside():
    angles = np.array([0.0, 1.0, 2.0])
    x, y = np.cos(angles), np.sin(angles)
    shoelace = 0.5 * abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    flake = polygon(angles)
    assert area(flake) == pytest.approx(shoelace, rel=0.02)
    assert not flake(np.zeros((1, 1)), np.zeros((1, 1)))
    assert flake(np.full((1, 1), x.mean()), np.full((1, 1), y.mean()))


def test_a_line_is_an_endless_rectangle():
    line = rectangle(P / np.inf, Q / 0.3)
    assert np.array_equal(line, np.abs(Q) <= 0.3)


def footprints(count, shape):
    return [random_footprint(np.random.default_rng([2, n]), shape) for n in range(count)]


def test_footprints_have_the_shape_and_depend_on_the_seed_alone():
    first, second = footprints(20, (24, 40)), footprints(20, (24, 40))
    assert {mask.shape for mask in first} == {(24, 40)}
    assert np.array_equal(first, second)


def test_footprints_do_not_depend_on_the_resolution():
    coarse, fine = footprints(40, (20, 20)), footprints(40, (60, 60))
    # The middle of every 3x3 block of the fine map is a pixel centre of the coarse one.
    assert np.mean(np.array(coarse) == np.array(fine)[:, 1::3, 1::3]) > 0.999


def test_footprints_cover_the_map_evenly():
    share = np.mean(footprints(800, (24, 24)), axis=0)
    assert share.mean() == pytest.approx(0.15, abs=0.02)
    halves = share[:, :12].mean(), share[:, 12:].mean(), share[:12].mean(), share[12:].mean()
    assert max(halves) - min(halves) < 0.02
