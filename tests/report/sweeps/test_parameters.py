"""Swept settings: numbers rise, names keep their order, labels are short and distinct."""

from pathlib import Path

import numpy as np
import pytest

from sem3d.report.sweeps.parameters import parameters, plain_keys, settings
from tests.report.sweeps.made import GRID, LAMBDAS, write_plan


def one(path: Path, *values: str):
    (found,) = parameters(write_plan(path, {"group.key": values}))
    return found


def test_numbers_rise_whatever_their_order(tmp_path):
    found = one(tmp_path, "0.005", "1e-05", "0.001")
    assert found.values == ("1e-05", "0.001", "0.005")
    assert found.labels == ("1e-5", "0.001", "0.005")
    assert found.is_numeric
    assert found.shown("1e-05") == "1e-5"


def test_anything_else_keeps_the_order_of_the_plan(tmp_path):
    for values in (("unet", "conv3"), ("[1.0,0.1]", "[1.0]"), ("0.1", "null"), ("1", "nan")):
        found = one(tmp_path, *values)
        assert (found.values, found.labels, found.places) == (values, values, (0, 1))
        assert not found.is_numeric


def test_fractions_are_shown_short(tmp_path):
    found = one(tmp_path, *LAMBDAS)
    assert found.labels[:3] == ("0.0667", "0.0714", "0.0769")
    assert found.labels[-1] == "0.5"


def test_numbers_that_are_close_get_the_digits_that_part_them(tmp_path):
    assert one(tmp_path, "0.12345", "0.12346").labels == ("0.12345", "0.12346")
    assert one(tmp_path, "0.001", "1e-3").labels == ("0.001", "1e-3")


@pytest.mark.parametrize(
    ("values", "places"),
    [
        (("0.1", "0.2", "0.3"), [0, 0.5, 1]),
        (("1", "10", "100"), [0, 0.5, 1]),
        (("16", "32", "64"), [0, 0.5, 1]),
        (("0", "0.1", "1"), [0, 0.1, 1]),
        (("-1", "1", "3"), [0, 0.5, 1]),
        (("0", "1e-5", "0.001", "0.1"), [0, 1 / 3, 2 / 3, 1]),
        (("1", "500", "1000"), [0, np.log10(500) / 3, 1]),
        (("0.001", "1e-3"), [0, 1]),
        (("7",), [0.5]),
    ],
)
def test_numbers_stand_on_the_scale_that_spaces_them_evenly(tmp_path, values, places):
    np.testing.assert_allclose(one(tmp_path, *values).places, places, atol=1e-12)


def test_names_are_short_where_this_tells_them_apart(tmp_path):
    assert [p.name for p in parameters(write_plan(tmp_path, GRID))] == [
        "lr", "weight_decay", "weight",
    ]  # fmt: skip
    both = write_plan(tmp_path, {"loss.weight": ["1", "2"], "noise.weight": ["1", "2"]})
    assert [p.name for p in parameters(both)] == ["loss.weight", "noise.weight"]


def test_plus_signs_of_added_settings_are_not_shown(tmp_path):
    axes = {"+model": ["a", "b"], "++model.embedding": ["patch", "cnn"], "loss.embedding": ["1"]}
    plan = plain_keys(write_plan(tmp_path, axes))
    assert [one.name for one in parameters(plan)] == ["model", "model.embedding", "loss.embedding"]
    first, *_ = plan.jobs.values()
    assert settings(parameters(plan), first).startswith("model a, model.embedding patch")


def test_settings_of_a_job_in_words(tmp_path):
    plan = write_plan(tmp_path, {"a.lr": ["1e-05", "0.1"], "model": ["unet", "conv3"]})
    first, *_ = plan.jobs.values()
    assert settings(parameters(plan), first) == "lr 1e-5, model unet"
