import pytest
import torch

from sem3d.losses.lovasz import LovaszHinge, LovaszSoftmax, jaccard_steps
from sem3d.losses.one_hot import one_hot


def jaccard_loss(truth, wrong):
    """1 - IoU when the voxels of `wrong` are misclassified: the definition, with sets."""
    material = {i for i, t in enumerate(truth) if t}
    union = material | wrong
    return 1 - len(material - wrong) / len(union) if union else 0.0


def slow_lovasz(errors, truth):
    """Errors dotted with differences of the Jaccard loss, in Python floats."""
    total, wrong, before = 0.0, set(), 0.0
    for i in sorted(range(len(errors)), key=lambda i: -errors[i].item()):
        wrong.add(i)
        now = jaccard_loss(truth, wrong)
        total, before = total + errors[i] * (now - before), now
    return total


def slow_hinge(logits, labels):
    """Mean over volumes, in float64."""
    values = []
    for z, t in zip(logits.double(), labels.flatten(1).tolist(), strict=True):
        f = (z[1] - z[0]).flatten()
        errors = torch.stack([(1 - v if y else 1 + v) for v, y in zip(f, t, strict=True)])
        values.append(slow_lovasz(errors.relu(), t))
    return torch.stack(values).mean()


def slow_softmax(logits, labels):
    """Mean over volumes of the mean over the classes present, in float64."""
    values = []
    for z, t in zip(logits.double().softmax(1), labels.flatten(1), strict=True):
        present = [c for c in range(len(z)) if (t == c).any()]
        by_class = [
            slow_lovasz(((t == c).double() - z[c].flatten()).abs(), (t == c).tolist())
            for c in present
        ]
        values.append(sum(by_class) / len(by_class))
    return torch.stack(values).mean()


def random_case(classes, shape=(3, 2, 5, 6), seed=0):
    """Rare last class, missing from the last volume."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 2 * classes, shape, generator=random, dtype=torch.uint8)
    labels[labels >= classes] = 0
    labels[-1][labels[-1] == classes - 1] = 0
    return torch.randn(shape[0], classes, *shape[1:], generator=random), labels


def slope(loss, logits, labels):
    logits = logits.detach().clone().requires_grad_()
    return torch.autograd.grad(loss(logits, labels), logits)[0]


CASES = [(LovaszHinge, slow_hinge, 2), (LovaszSoftmax, slow_softmax, 3)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("loss", "slow", "classes"), CASES)
def test_value_and_gradient_equal_the_definition(loss, slow, classes, seed):
    logits, labels = random_case(classes, seed=seed)
    expected = slow(logits, labels)
    assert loss()(logits, labels).item() == pytest.approx(expected.item(), rel=1e-5)
    torch.testing.assert_close(
        slope(loss(), logits, labels),
        slope(slow, logits, labels),
        rtol=1e-4, atol=1e-7,
    )  # fmt: skip


def test_steps_by_hand():
    # wrong first: a false voxel, then one of two of the material, another false one, the last
    errors = torch.tensor([0.2, 0.9, 0.5, 0.4])
    truth = torch.tensor([True, False, True, False])
    # IoU goes 1, 2/3, 1/3, 1/4, 0
    expected = torch.tensor([1 / 4, 1 / 3, 1 / 3, 1 / 12])
    torch.testing.assert_close(jaccard_steps(errors, truth), expected)


def test_hinge_by_hand():
    # F = 2 and -1 in copper, -3 and 0.5 in silicon: errors 0, 2, 0, 1.5
    logits = torch.tensor([[0.0] * 4, [2.0, -1.0, -3.0, 0.5]]).view(1, 2, 1, 1, 4)
    labels = torch.tensor([1, 1, 0, 0], dtype=torch.uint8).view(1, 1, 1, 4)
    # IoU goes 1, 1/2 (a copper voxel lost), 1/3 (a silicon voxel gained)
    assert LovaszHinge()(logits, labels).item() == pytest.approx(2 * 1 / 2 + 1.5 * 1 / 6)


def test_confident_predictions_cost_one_minus_iou():
    truth = torch.tensor([1, 1, 1, 0, 0, 0], dtype=torch.uint8).view(1, 1, 1, 6)
    found = torch.tensor([1, 1, 0, 1, 0, 0], dtype=torch.uint8).view(1, 1, 1, 6)
    logits = 100 * one_hot(found, torch.zeros(1, 2, 1, 1, 6))
    assert LovaszSoftmax()(logits, truth).item() == pytest.approx(1 - (2 / 4 + 2 / 4) / 2)


def test_without_the_material_the_largest_false_positive_alone_pays():
    logits = torch.tensor([[0.0] * 3, [0.5, 2.0, -4.0]]).view(1, 2, 1, 1, 3).requires_grad_()
    value = LovaszHinge()(logits, torch.zeros(1, 1, 1, 3, dtype=torch.uint8))
    value.backward()
    assert value.item() == 3.0
    assert logits.grad[0, 1].flatten().tolist() == [0.0, 1.0, 0.0]


def test_a_class_that_is_missing_is_left_out():
    logits, labels = random_case(3)
    labels[labels == 2] = 0
    kept = slope(LovaszSoftmax(), logits, labels)
    with_it = labels.clone()
    with_it[:, 0, 0, 0] = 2
    assert not torch.equal(kept, slope(LovaszSoftmax(), logits, with_it))
    # without class 2 in the truth its probability matters only through the other classes
    two = torch.stack([logits[:, 0], logits[:, 1]], 1)
    far = torch.cat([two, torch.full_like(two[:, :1], -100.0)], 1)
    torch.testing.assert_close(LovaszSoftmax()(far, labels), LovaszSoftmax()(two, labels))


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("per_volume", [True, False])
@pytest.mark.parametrize("loss", [LovaszHinge, LovaszSoftmax])
def test_empty_and_full_volumes_are_finite_and_learnt(loss, per_volume, label):
    labels = torch.full((2, 2, 3, 4), label, dtype=torch.uint8)
    logits = torch.randn(2, 2, 2, 3, 4, generator=torch.Generator().manual_seed(0))
    slopes = slope(loss(per_volume), logits, labels)
    assert slopes.isfinite().all()
    right = slopes[:, label]
    assert (right <= 0).all()
    assert (right < 0).any()


@pytest.mark.parametrize("loss", [LovaszHinge, LovaszSoftmax])
def test_per_batch_is_one_volume_of_all_voxels(loss):
    logits, labels = random_case(2)
    one = logits.transpose(0, 1).reshape(1, 2, 1, 1, -1), labels.reshape(1, 1, 1, -1)
    together = loss(per_volume=False)(logits, labels)
    torch.testing.assert_close(together, loss()(*one))
    assert abs(together - loss()(logits, labels)) > 1e-3


@pytest.mark.parametrize("loss", [LovaszHinge, LovaszSoftmax])
@pytest.mark.parametrize("per_volume", [True, False])
@pytest.mark.parametrize("shape", [(4, 20, 20, 20), (1, 40, 40, 40)])
def test_large_volumes_keep_their_gradient_under_bf16_autocast(loss, per_volume, shape):
    """Differences of neighbouring Jaccard losses in float32 would miss this bound."""
    random = torch.Generator().manual_seed(2)
    labels = (torch.rand(shape, generator=random) < 0.13).to(torch.uint8)
    logits = torch.randn(shape[0], 2, *shape[1:], generator=random)
    exact = slope(loss(per_volume), logits.double(), labels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours = slope(loss(per_volume), logits, labels)
    assert (ours - exact).norm() / exact.norm() < 5e-5
