"""Colours of materials, errors and curves: one choice for every figure, safe for colour blindness.

Gold and aluminium differ in hue along the yellow-blue axis and in lightness, so they stay apart
under red-green deficiency and in grey print.
"""

from collections.abc import Sequence
from typing import Final

from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap

MATERIALS: Final = {
    "none": "#ffffff",
    "Au": "#d9a11e",
    "Al": "#4a7fb0",
    "Si": "#b9bcc2",
    "Cu": "#b4562b",
}
"""Fill colour by class; "none" is empty space."""

_DARK: Final = {"Au": "#5e3a00", "Al": "#12304d"}
_OTHER: Final = "#8a6f8f"

ERROR: Final = "PRGn"
"""Colours of thickness errors: purple too thin, green too thick; used for nothing else."""

CURVES: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555")
"""Line colours after Okabe and Ito, "Color Universal Design" (2008)."""


def material_colour(name: str) -> str:
    """Return the fill colour of the class called `name`, as ``#rrggbb``."""
    return MATERIALS.get(name, _OTHER)


def class_colours(classes: Sequence[str]) -> ListedColormap:
    """Return a map from label 0, 1, ... to the colour of `classes[label]`."""
    return ListedColormap([material_colour(name) for name in classes])


def thickness_colours(material: str) -> Colormap:
    """Return a map from white (no material) over the material's colour to a dark tone."""
    stops = ["#ffffff", material_colour(material), _DARK.get(material, "#2f2333")]
    return LinearSegmentedColormap.from_list(f"thickness of {material}", stops)
