import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.resolution import Cube, Pair, Resolution


def copper(cases: Resolution, name: str) -> np.ndarray:
    return cases.case(cases.names.index(name)).labels == 2


def test_cubes_have_their_width_and_depth() -> None:
    cases = Resolution()
    for width in (1, 4, 8):
        for depth in (0, 12):
            places = np.argwhere(copper(cases, f"cube of {width} nm, top at {depth} nm"))
            assert len(places) == width**3
            assert places.min(0)[0] == depth
            assert (np.ptp(places, axis=0) == width - 1).all()
            middle = places.mean(0)[1:] - 9.5
            assert (np.abs(middle) <= 0.5).all()


@pytest.mark.parametrize(("direction", "axis"), [("lateral", 2), ("vertical", 0)])
@pytest.mark.parametrize("gap", [1, 2, 5])
def test_pairs_are_two_cubes_a_gap_apart(direction: str, axis: int, gap: int) -> None:
    pair = copper(Resolution(), f"cubes of 5 nm, {direction} gap of {gap} nm")
    assert pair.sum() == 2 * 125
    others = tuple(n for n in range(3) if n != axis)
    line = pair.any(axis=others)
    edges = np.flatnonzero(np.diff(line.astype(int)))
    assert np.diff(edges).tolist() == [5, gap, 5]


def test_cases_stand_by_depth_width_direction_and_gap() -> None:
    cases = Resolution(widths_nm=[2, 3], depths_nm=[0, 5], gaps_nm=[1], pair_width_nm=4)
    cubes = (Cube(2, 0), Cube(3, 0), Cube(2, 5), Cube(3, 5))
    assert cases.shapes == (*cubes, Pair(4, 1, "lateral"), Pair(4, 1, "vertical"))
    assert cases.names[-1] == "cubes of 4 nm, vertical gap of 1 nm"
    assert len(Resolution().names) == 8 * 4 + 2 * 5


@pytest.mark.parametrize(
    "settings",
    [{"widths_nm": [9]}, {"gaps_nm": [11]}, {"depths_nm": [-1]}, {"widths_nm": [0]}],
    ids=str,
)
def test_what_does_not_fit_is_refused(settings: dict[str, list[int]]) -> None:
    with pytest.raises(InputError, match="outside the film of 20 nm"):
        Resolution(**settings)


def test_no_case_is_refused() -> None:
    with pytest.raises(InputError, match="no case"):
        Resolution(widths_nm=[], gaps_nm=[])
