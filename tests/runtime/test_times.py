import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.runtime.times import seconds, told_time


@pytest.mark.parametrize(
    ("limit", "length"),
    [
        ("00:30", 30), ("90:00", 5400), ("1:0:0", 3600), ("02:00:00:01", 172801),
        ("00:00", 0), (None, math.inf),
    ],
)  # fmt: skip
def test_limits(limit: str | None, length: float) -> None:
    assert seconds(limit, "x") == length


@given(st.integers(0, 99), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_limit_is_the_sum_of_its_parts(d: int, h: int, m: int, s: int) -> None:
    assert seconds(f"{d:02}:{h:02}:{m:02}:{s:02}", "x") == 86400 * d + 3600 * h + 60 * m + s


@pytest.mark.parametrize("limit", ["", "30", "1h", "1:2:3:4:5", "-1:00", "1:0.5", ":", "1²:00", 90])
def test_other_forms_are_refused_by_their_key(limit: object) -> None:
    with pytest.raises(InputError, match=r"sweep\.timeout is .*; write it as mm:ss"):
        seconds(limit, "sweep.timeout")


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (0, "0 s"), (31.4, "31 s"), (99, "99 s"), (240, "4 min"), (5999, "100 min"),
        (27000, "7.5 h"), (172799, "48.0 h"), (259200, "3.0 d"),
    ],
)  # fmt: skip
def test_lengths_are_told_in_a_unit_that_fits(length: float, told: str) -> None:
    assert told_time(length) == told


UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


@given(st.floats(0, 1e8))
def test_what_is_told_is_the_length(length: float) -> None:
    number, unit = told_time(length).split()
    assert float(number) * UNITS[unit] == pytest.approx(length, rel=0.05, abs=0.5)
