"""What every loss of conf/loss must do; a new yaml is found by itself."""

from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

CONF = Path(__file__).parents[2] / "conf" / "loss"
MAPS, VOLUMES = (3, 2, 5, 4), (3, 3, 2, 5, 4)


@pytest.fixture(params=sorted(CONF.glob("*.yaml")), ids=lambda path: path.stem)
def loss(request):
    return instantiate(OmegaConf.load(request.param))


def truth_for(loss, seed=0):
    """Thickness of 0..3 nm with empty pixels, or labels where volume 2 has no material."""
    random = torch.Generator().manual_seed(seed)
    if loss.target == "thickness_nm":
        return torch.randint(0, 4, MAPS, generator=random).float()
    labels = torch.randint(0, 3, (3, 2, 5, 4), generator=random, dtype=torch.uint8)
    labels[1][labels[1] == 1] = 0
    labels[2] = 0
    return labels


def prediction_for(loss, seed=1):
    shape = MAPS if loss.target == "thickness_nm" else VOLUMES
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def gradient(loss, prediction, truth):
    prediction = prediction.detach().requires_grad_()
    return torch.autograd.grad(loss(prediction, truth), prediction)[0]


def decoded(loss, prediction):
    if loss.target == "thickness_nm":
        return prediction
    return prediction.argmax(1).to(torch.uint8)


def judged(loss, answer):
    """What a loss can teach: where its one material is, if it knows no other."""
    materials = {m.material for m in loss.modules() if hasattr(m, "material")}
    return answer == VOLUMES[1] + materials.pop() if materials else answer


def test_names_what_it_is_compared_with(loss):
    assert loss.target in ("thickness_nm", "labels")


def test_scalar_and_positive_away_from_the_truth(loss):
    value = loss(prediction_for(loss), truth_for(loss))
    assert value.shape == ()
    assert value > 0.1


def test_descent_from_an_undecided_prediction_ends_at_the_truth(loss):
    truth = truth_for(loss)
    prediction = torch.full_like(prediction_for(loss), 0.5).requires_grad_()
    optimiser = torch.optim.Adam([prediction], lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        loss(prediction, truth).backward()
        optimiser.step()
    final = decoded(loss, prediction.detach())
    ours, theirs = judged(loss, final), judged(loss, truth.expand_as(final))
    torch.testing.assert_close(ours, theirs, atol=0.02, rtol=0)


def test_batch_is_the_mean_of_its_samples(loss):
    prediction, truth = prediction_for(loss), truth_for(loss)
    samples = zip(prediction.split(1), truth.split(1), strict=True)
    alone = [loss(p, t) for p, t in samples]
    torch.testing.assert_close(loss(prediction, truth), torch.stack(alone).mean())


def test_float32_gradient_equals_float64_gradient(loss):
    prediction, truth = prediction_for(loss), truth_for(loss)
    exact = gradient(loss, prediction.double(), truth)
    assert exact.dtype == torch.float64
    torch.testing.assert_close(
        gradient(loss, prediction, truth).double(), exact, rtol=1e-5, atol=1e-8
    )


def test_bf16_autocast_changes_nothing_but_the_rounding_of_the_prediction(loss):
    prediction, truth = prediction_for(loss).bfloat16(), truth_for(loss)
    exact = gradient(loss, prediction.double(), truth)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value, slope = loss(prediction, truth), gradient(loss, prediction, truth)
    assert value.dtype == torch.float32
    assert value == loss(prediction.float(), truth)
    assert torch.nn.functional.cosine_similarity(slope.flatten().double(), exact.flatten(), 0) > (
        0.9999
    )


@pytest.mark.parametrize("scale", [1e4, 1e9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_extreme_predictions_keep_value_and_gradient_finite(loss, scale, dtype):
    prediction, truth = (scale * prediction_for(loss)).to(dtype), truth_for(loss)
    assert loss(prediction, truth).isfinite()
    assert gradient(loss, prediction, truth).isfinite().all()


def test_empty_specimens_keep_value_and_gradient_finite(loss):
    nothing = torch.zeros_like(truth_for(loss))
    assert loss(prediction_for(loss), nothing).isfinite()
    assert gradient(loss, prediction_for(loss), nothing).isfinite().all()
