import pytest
import torch

from sem3d.errors import InputError
from sem3d.losses.mse import MSE, WeightedMSE, layer_errors


def maps(gold, aluminium):
    """One sample of 1 x 2 pixels."""
    return torch.tensor([[[gold], [aluminium]]], dtype=torch.float32)


TRUTH = maps([5.0, 0.0], [100.0, 0.0])
FOUND = maps([6.0, 1.0], [110.0, 30.0])


def test_layer_errors_in_nm2():
    assert layer_errors(FOUND, TRUTH).tolist() == [1.0, 500.0]


def test_mse_averages_the_layers():
    assert MSE()(FOUND, TRUTH) == 250.5


def test_weights_scale_the_layers():
    assert WeightedMSE([1.0, 0.1])(FOUND, TRUTH).item() == pytest.approx(51.0)
    assert WeightedMSE([0.5, 0.5])(FOUND, TRUTH) == MSE()(FOUND, TRUTH)


def test_ratio_in_nm2_acts_a_hundredfold_on_normalised_maps():
    limits = torch.tensor([15.0, 150.0]).view(1, 2, 1, 1)
    in_nm = WeightedMSE([1.0, 0.1])(FOUND, TRUTH)
    normalised = WeightedMSE([1.0, 10.0])(FOUND / limits, TRUTH / limits)
    torch.testing.assert_close(in_nm, 15.0**2 * normalised)


def test_zero_at_the_truth_with_zero_gradient():
    prediction = TRUTH.clone().requires_grad_()
    loss = WeightedMSE([1.0, 0.1])(prediction, TRUTH)
    loss.backward()
    assert loss == 0
    assert prediction.grad.count_nonzero() == 0


def test_half_precision_maps_are_squared_in_float32():
    found = TRUTH.half() + 300  # the square overflows float16
    assert MSE()(found, TRUTH.half()).item() == 300.0**2


def test_weights_must_match_the_layers():
    with pytest.raises(InputError, match=r"loss\.weights has 3 entries .* predicts 2"):
        WeightedMSE([1.0, 0.1, 0.1])(FOUND, TRUTH)


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(InputError, match=r"\(1, 2, 1, 2\) but the truth \(1, 1, 1, 2\)"):
        layer_errors(FOUND, TRUTH[:, :1])


def test_weights_stay_out_of_checkpoints():
    assert not WeightedMSE([1.0, 0.1]).state_dict()
