"""The faces of a layer are those a viewer above, at the right and in front can see."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.figure import Figure

from sem3d.figures.surfaces import draw_surfaces, layer_faces, show_stack

LAYERS = ("Au", "Al")
heights = hnp.arrays(np.float64, (5, 6), elements=st.integers(0, 9).map(float))


def area(faces):
    """Area of planar quadrilaterals (N, 4, 3) from their diagonals."""
    diagonals = faces[:, 2] - faces[:, 0], faces[:, 3] - faces[:, 1]
    return np.linalg.norm(np.cross(*diagonals), axis=1).sum() / 2


def test_single_cell_has_three_faces():
    top = np.zeros((3, 3))
    top[1, 1] = 7
    faces = layer_faces(np.zeros((3, 3)), top, 2.0)
    assert {side: len(found) for side, found in faces.items()} == {"top": 1, "x": 1, "y": 1}
    np.testing.assert_array_equal(faces["top"][0, :, 2], 7)
    assert (faces["x"][0, :, 0] == 4).all()
    assert (faces["y"][0, :, 1] == 4).all()
    assert area(faces["x"]) == area(faces["y"]) == 14


@given(heights)
def test_tops_cover_exactly_the_cells_with_material(top):
    faces = layer_faces(np.zeros_like(top), top, 1.0)
    assert len(faces["top"]) == (top > 0).sum()
    assert area(faces["top"]) == (top > 0).sum()


@given(heights)
def test_walls_bridge_every_step_down(top):
    faces = layer_faces(np.zeros_like(top), top, 1.0)
    right = np.pad(top, ((0, 0), (0, 1)))
    front = np.pad(top, ((0, 1), (0, 0)))
    np.testing.assert_allclose(area(faces["x"]), -np.diff(right, axis=1).clip(max=0).sum())
    np.testing.assert_allclose(area(faces["y"]), -np.diff(front, axis=0).clip(max=0).sum())


@given(heights, heights)
def test_faces_stay_within_their_layer(bottom, extra):
    for faces in layer_faces(bottom, bottom + extra, 1.0).values():
        if len(faces):
            assert faces[..., 2].min() >= bottom.min()
            assert faces[..., 2].max() <= (bottom + extra).max()


def test_a_film_that_rounds_to_nothing_is_not_drawn():
    faces = layer_faces(np.zeros((4, 4)), np.full((4, 4), 0.4), 1.0)
    assert not any(len(found) for found in faces.values())


def test_empty_stack_shows_only_the_substrate():
    axes = Figure().add_subplot(projection="3d")
    show_stack(axes, np.zeros((2, 8, 8)), LAYERS, 165.0)
    plate, solid = axes.collections
    assert len(solid._faces) == 0
    assert len(plate._faces) == 1


def test_grid_has_titles_names_and_blanks(thickness, pixels):
    rows = {"truth": {"all": thickness, "gold": thickness[:1]}, "net": {"all": thickness / 2}}
    figure = draw_surfaces(rows, LAYERS, {"all": 165.0, "gold": 15.0})
    first, second, third, fourth = figure.axes
    assert (first.get_title(), second.get_title()) == ("all", "gold")
    assert first.get_zlim() == (0, 165)
    assert second.get_zlim() == (0, 15)
    assert first.get_ylim() == (24, 0)  # the first row lies at the back, as on top of a map
    assert "[nm]" in third.get_zlabel()
    assert fourth.texts[0].get_text() == "not run"
    assert [text.get_text() for text in figure.texts] == ["truth", "net"]
    assert pixels(figure).std() > 10


def test_a_rough_panel_at_full_size_is_quick(pixels):
    rough = (
        np.random.default_rng(0).uniform(0, 1, (2, 128, 128)) * np.array([15, 150])[:, None, None]
    )
    start = time.process_time()
    pixels(draw_surfaces({"truth": {"a": rough}}, LAYERS, {"a": 165.0}))
    assert time.process_time() - start < 5  # a budget for slow machines; 0.5 s is usual
