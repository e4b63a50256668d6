"""Limits, verdicts and which check is the worst."""

from math import inf, nan

import pytest

from sem3d.validation.checks import (
    at_least,
    at_most,
    families,
    inside,
    report_only,
    within,
    within_share,
    worst,
)


@pytest.mark.parametrize(
    ("check", "passed"),
    [
        (within("f", "n", 0.31, 0.3, 0.02), True),
        (within("f", "n", 0.33, 0.3, 0.02), False),
        (within_share("f", "n", 0.26, 0.3, 0.15), True),
        (within_share("f", "n", 0.25, 0.3, 0.15), False),
        (within_share("f", "n", 0.25, 0.3, 0.15, error=0.01), True),
        (within_share("f", "n", -0.26, -0.3, 0.15), True),
        (inside("f", "n", 0.2, 0.1, 0.2), True),
        (inside("f", "n", 0.21, 0.1, 0.2), False),
        (at_least("f", "n", -0.1, 0), False),
        (at_most("f", "n", -0.1, 0), True),
        (within("f", "n", nan, 0.3, 0.02), False),
        (at_most("f", "n", nan, 1), False),
    ],
)
def test_verdicts(check, passed):
    assert check.passed is passed
    assert check.verdict == ("pass" if passed else "FAIL")
    if check.reference is not None:
        assert (check.strain <= 1) is passed


def test_what_is_only_reported_has_no_verdict():
    check = report_only("f", "n", 5.0, 1.0)
    assert check.reported
    assert check.passed
    assert check.verdict == "reported"
    assert (check.low, check.high) == (-inf, inf)


def test_the_worst_is_the_one_that_fails_or_nearly_does():
    near, far = within("a", "near", 1.01, 1, 0.1), within("a", "far", 0.92, 1, 0.1)
    failed, seen = within("a", "failed", 1.2, 1, 0.1), report_only("a", "seen", 9, 1)
    assert worst([near, far]) is far
    assert worst([near, failed, far, seen]) is failed
    assert worst([near, within("a", "nothing", nan, 1, 0.1), far]).name == "nothing"


def test_families_keep_their_order():
    checks = [at_least("b", "1", 1, 0), at_least("a", "2", 1, 0), at_least("b", "3", 1, 0)]
    found = {name: [c.name for c in members] for name, members in families(checks).items()}
    assert list(found.items()) == [("b", ["1", "3"]), ("a", ["2"])]


def test_tolerances_in_words():
    assert within("f", "n", 1, 1, 0.035).tolerance == "±0.035"
    assert within_share("f", "n", 1, 1, 0.15).tolerance == "±15%"
    assert inside("f", "n", 1, 0.1, 0.25).tolerance == "0.1 to 0.25"
