import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.metrics.thickness_error import ThicknessError, thickness_errors

LAYERS = ("Au", "Al")


def random_maps(seed, samples=6):
    random = torch.Generator().manual_seed(seed)
    maps = torch.rand(samples, 2, 9, 7, generator=random, dtype=torch.float64)
    return 150 * maps.clamp(min=0.4)


def errors(found, true):
    metric = ThicknessError(LAYERS)
    metric.update(torch.arange(len(true)), found, true)
    return metric.compute()


def test_errors_by_hand():
    true = torch.tensor([[[[10.0, 0.0]], [[150.0, 0.0]]]])
    found = torch.tensor([[[[7.0, 1.0]], [[150.0, 20.0]]]])
    assert errors(found, true) == pytest.approx(
        {
            "mae_nm/Au": 2,
            "rmse_nm/Au": math.sqrt(5),
            "mae_present_nm/Au": 3,
            "mae_nm/Al": 10,
            "rmse_nm/Al": math.sqrt(200),
            "mae_present_nm/Al": 0,
        }
    )


def test_equals_a_plain_mean_within_a_millionth_of_a_nm():
    found, true = random_maps(0), random_maps(1) - 60
    difference = (found - true).numpy()
    e = errors(found, true)
    for layer, name in enumerate(LAYERS):
        d, present = difference[:, layer], true[:, layer].numpy() > 0
        assert e[f"mae_nm/{name}"] == pytest.approx(np.abs(d).mean(), abs=1e-6)
        assert e[f"rmse_nm/{name}"] == pytest.approx(np.sqrt((d**2).mean()), abs=1e-6)
        assert e[f"mae_present_nm/{name}"] == pytest.approx(np.abs(d[present]).mean(), abs=1e-6)


@given(order=st.permutations(range(6)), size=st.integers(1, 6), repeated=st.integers(0, 5))
def test_order_batches_and_repeats_never_change_a_bit(order, size, repeated):
    found, true = random_maps(2), random_maps(3)
    metric = ThicknessError(LAYERS)
    for part in torch.tensor([*order, repeated]).split(size):
        metric.update(part, found[part], true[part])
    assert metric.compute() == errors(found, true)


def test_order_of_pixels_never_changes_a_bit():
    found, true = random_maps(4), random_maps(5)
    turned = [maps.transpose(2, 3).flip(3).contiguous() for maps in (found, true)]
    assert errors(*turned) == errors(found, true)


def test_exact_at_the_truth():
    assert set(errors(random_maps(6), random_maps(6)).values()) == {0.0}


def test_layer_that_is_never_present_has_no_error_there():
    e = errors(random_maps(7), torch.zeros_like(random_maps(7)))
    assert e["mae_present_nm/Au"] == e["mae_present_nm/Al"] == 0
    assert e["mae_nm/Au"] > 0


def test_diverged_prediction_shows():
    found = random_maps(8)
    found[0, 0, 0, 0] = float("nan")
    e = errors(found, random_maps(9))
    assert math.isnan(e["mae_nm/Au"])
    assert e["mae_nm/Al"] > 0


def test_half_precision_prediction():
    true = random_maps(10)
    assert errors(true.bfloat16(), true) == errors(true.bfloat16().double(), true)


def test_errors_follow_from_a_stored_table():
    metric = ThicknessError(LAYERS)
    metric.update(torch.arange(6), random_maps(11), random_maps(12))
    assert metric.table().shape == (6, 2 + 4 * len(LAYERS))
    assert thickness_errors(metric.table()[:, 1:], LAYERS) == metric.compute()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_same_errors_on_cuda():
    found, true = random_maps(13), random_maps(14)
    metric = ThicknessError(LAYERS).to("cuda")
    metric.update(torch.arange(6), found.cuda(), true.cuda())
    assert metric.compute() == errors(found, true)
