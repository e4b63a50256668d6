"""Colours are told apart by people who see red and green alike, and mean the same everywhere."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sem3d.figures.colours import CURVES, class_colours, material_colour, thickness_colours

# Vienot, Brettel and Mollon, Color Res. Appl. 24 (1999) 243: protan and deutan simulation.
DEUTAN = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
PROTAN = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])


@pytest.mark.parametrize("sight", [np.eye(3), DEUTAN, PROTAN])
def test_classes_stay_apart_for_every_sight(sight):
    seen = [sight @ np.array(to_rgb(material_colour(name))) for name in ("none", "Au", "Al", "Si")]
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(gaps) > 0.3


def test_label_k_has_the_colour_of_class_k():
    colours = class_colours(("none", "Al", "Au"))
    assert colours(0)[:3] == (1, 1, 1)
    assert colours(1)[:3] == to_rgb(material_colour("Al"))
    assert colours(2)[:3] == to_rgb(material_colour("Au"))


@pytest.mark.parametrize("material", ["Au", "Al", "Unobtainium"])
def test_more_material_is_darker(material):
    light = np.array(thickness_colours(material)(np.linspace(0, 1, 20)))[:, :3].sum(axis=1)
    assert light[0] == 3
    assert (np.diff(light) < 0).all()


def test_curve_colours_differ():
    assert len(set(CURVES)) == len(CURVES)
