"""Two models share colours and scales; the difference has its own around 0."""

import numpy as np
import pytest

from sem3d.figures.columns import Comparison, draw_columns


@pytest.fixture
def shown():
    bare = {"Monte Carlo": np.full(3, 0.2), "analytic": np.full(3, 0.5)}
    gold = {name: signal * [2, 1.5, 1.2] for name, signal in bare.items()}
    one = np.linspace(1, 2, 12).reshape(3, 4)
    maps = {f"{e} keV": {"Monte Carlo": one, "analytic": one + 0.1 * e} for e in (1, 5)}
    return Comparison([5, 10, 20], {"Si": bare, "Au on Si": gold}, maps, ("Au", "Al"))


def test_curves_stand_raw_and_relative_to_bare_substrate(shown, pixels):
    figure = draw_columns(shown)
    left, right = figure.axes[:2]
    assert [line.get_ydata().tolist() for line in left.get_lines()[:2]] == [[0.2] * 3, [0.5] * 3]
    for line in right.get_lines()[:2]:
        np.testing.assert_allclose(line.get_ydata(), 1)
    for line in right.get_lines()[2:]:
        np.testing.assert_allclose(line.get_ydata(), [2, 1.5, 1.2])
    assert left.get_lines()[2].get_color() == left.get_lines()[3].get_color()
    styles = [line.get_linestyle() for line in left.get_lines()]
    assert styles == ["-", "--"] * 2
    models, columns = ([t.get_text() for t in a.get_legend().get_texts()] for a in (left, right))
    assert (models, columns) == (["Monte Carlo", "analytic"], ["Si", "Au on Si"])
    assert pixels(figure).std() > 5


def test_maps_share_a_scale_and_differences_are_centred(shown):
    images = [axes.images[0] for axes in draw_columns(shown).axes if axes.images]
    assert len(images) == 6
    for one, other, difference in (images[:3], images[3:]):
        assert one.get_clim() == other.get_clim()
        low, high = difference.get_clim()
        assert low == -high
        np.testing.assert_allclose(difference.get_array(), one.get_array() - other.get_array())
