import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.models.arguments import checked_choice, checked_sizes


@given(st.lists(st.integers(1, 1000), min_size=1))
def test_valid_sizes_become_a_tuple(sizes):
    assert checked_sizes("widths", sizes) == tuple(sizes)


@pytest.mark.parametrize("sizes", [[], [0], [4, -1], [8, 0, 8]])
def test_bad_sizes_are_refused_with_their_key(sizes):
    with pytest.raises(InputError, match=r"model\.widths is \["):
        checked_sizes("widths", sizes)


def test_unknown_choice_is_refused_with_a_suggestion():
    assert checked_choice("head", "original", ("corrected", "original")) == "original"
    with pytest.raises(InputError, match=r"model\.head has no 'orignal', did you mean 'original'"):
        checked_choice("head", "orignal", ("corrected", "original"))
