import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.metrics.voxel_scores import EPSILON, VoxelScores, count_voxels, voxel_scores

CLASSES = ("none", "Au", "Al")


def labels(*volumes):
    """One-row volumes (N, 1, 1, X) from lists of labels."""
    return torch.tensor(volumes, dtype=torch.uint8)[:, None, None]


def random_labels(samples, seed, classes=3):
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, classes, (samples, 2, 3, 4), generator=random, dtype=torch.uint8)


def scored(predicted, truth):
    metric = VoxelScores(CLASSES)
    metric.update(torch.arange(len(truth)), predicted, truth)
    return metric.compute()


def experimental_structure():
    """Labels (1, 16, 128, 128) of the structure of Artemov et al.: four quadrants, one square."""
    gold, aluminium = np.zeros((128, 128), int), np.zeros((128, 128), int)
    gold[64:106, 22:64], gold[64:106, 64:106], gold[22:64, 64:106] = 10, 15, 5
    aluminium[43:85, 43:85] = 150
    height = np.arange(16)[::-1, None, None]
    voxels = np.where(height < gold // 10 + aluminium // 10, 2, 0)
    return torch.from_numpy(np.where(height < gold // 10, 1, voxels).astype(np.uint8))[None]


def slow_scores(predicted, truth):
    """The definitions, one sample and class at a time, with sets of voxels."""
    rows = []
    for p, t in zip(predicted.flatten(1).tolist(), truth.flatten(1).tolist(), strict=True):
        for c in range(len(CLASSES)):
            found = {i for i, v in enumerate(p) if v == c}
            true = {i for i, v in enumerate(t) if v == c}
            rows.append((c, len(found & true), len(found | true), len(true)))

    def mean(values):
        return sum(values) / len(values) if values else 1.0

    def pooled(pairs):
        parts, wholes = zip(*pairs, strict=True)
        return sum(parts) / sum(wholes) if sum(wholes) else 1.0

    by_class = {}
    for c, name in enumerate(CLASSES):
        mine = [row[1:] for row in rows if row[0] == c]
        by_class[f"iou_report/{name}"] = mean([(i + EPSILON) / (u + EPSILON) for i, u, _ in mine])
        by_class[f"recall_report/{name}"] = mean(
            [(i + EPSILON) / (t + EPSILON) for i, _, t in mine]
        )
        by_class[f"iou_pooled/{name}"] = pooled([(i, u) for i, u, _ in mine])
        by_class[f"recall_pooled/{name}"] = pooled([(i, t) for i, _, t in mine])
        by_class[f"iou_present/{name}"] = mean(
            [(i + EPSILON) / (u + EPSILON) for i, u, t in mine if t]
        )
    means = {
        f"m{kind}": mean([v for k, v in by_class.items() if k.startswith(kind)])
        for kind in ("iou_report", "recall_report", "iou_pooled", "recall_pooled")
    }
    means["miou_present"] = mean([(i + EPSILON) / (u + EPSILON) for _, i, u, t in rows if t])
    means["macc"] = pooled([(i, t) for _, i, _, t in rows])
    return by_class | means


def test_counts_by_hand():
    counts = count_voxels(labels([0, 0, 1, 2, 2]), labels([0, 1, 1, 1, 2]), 3)
    assert counts.tolist() == [[[1, 2, 1], [1, 3, 3], [1, 2, 1]]]


def test_scores_by_hand():
    predicted = labels([0, 0, 1, 1], [0, 0, 0, 2])
    truth = labels([0, 1, 1, 1], [0, 0, 0, 0])
    s = scored(predicted, truth)
    close = {
        "iou_report/Au": (2 / 3 + 1) / 2,  # absent from both volumes of sample 1: counts 1
        "iou_report/Al": (1 + 0) / 2,  # predicted though absent: 0
        "recall_report/Al": 1,  # recall cannot see it
        "iou_pooled/none": 4 / 6,
        "iou_pooled/Al": 0,
        "recall_pooled/Al": 1,
        "iou_present/Au": 2 / 3,
        "iou_present/Al": 1,  # never present
        "miou_present": (1 / 2 + 2 / 3 + 3 / 4) / 3,
        "macc": 6 / 8,
    }
    assert {name: s[name] for name in close} == pytest.approx(close, abs=1e-6)


@given(samples=st.integers(1, 4), seed=st.integers(0, 999), classes=st.integers(1, 3))
def test_equals_the_definitions(samples, seed, classes):
    predicted = random_labels(samples, seed, classes)
    truth = random_labels(samples, seed + 1, 3)
    assert scored(predicted, truth) == pytest.approx(slow_scores(predicted, truth), rel=1e-12)


@given(order=st.permutations(range(6)), size=st.integers(1, 6), repeated=st.integers(0, 5))
def test_order_batches_and_repeats_never_change_a_bit(order, size, repeated):
    predicted, truth = random_labels(6, 0), random_labels(6, 1)
    metric = VoxelScores(CLASSES)
    for part in torch.tensor([*order, repeated]).split(size):
        metric.update(part, predicted[part], truth[part])
    assert metric.compute() == scored(predicted, truth)


def test_perfect_prediction_scores_1():
    truth = experimental_structure()
    assert set(scored(truth, truth).values()) == {1.0}


@pytest.mark.parametrize("label", [0, 1, 2])
def test_nothing_is_ever_nan(label):
    constant = torch.full((2, 2, 3, 4), label, dtype=torch.uint8)
    for predicted in (constant, torch.zeros_like(constant), random_labels(2, 0)):
        assert all(0 <= value <= 1 for value in scored(predicted, constant).values())


def test_experimental_structure_voxel_shares():
    shares = torch.bincount(experimental_structure().flatten()) / (16 * 128 * 128)
    assert shares.tolist() == pytest.approx([0.886, 0.013, 0.101], abs=5e-4)


def test_all_none_scores_of_the_experimental_structure():
    truth = experimental_structure()
    s = scored(torch.zeros_like(truth), truth)
    assert s["miou_report"] == pytest.approx(0.295, abs=5e-4)
    assert s["macc"] == pytest.approx(0.886, abs=5e-4)
    assert s["iou_report/none"] == pytest.approx(s["macc"])  # its union is the whole volume
    assert s["iou_pooled/Au"] == s["recall_pooled/Al"] == 0


def test_perfect_prediction_against_the_transposed_truth():
    """Nearly the hybrid UVNet row of Artemov et al., Tables 2.1 and 2.2."""
    found = experimental_structure()
    s = scored(found, found.transpose(2, 3).contiguous())
    means = [s["miou_report"], s["mrecall_report"], s["macc"]]
    assert means == pytest.approx([0.751, 0.820, 0.983], abs=6e-4)
    assert s["iou_report/Au"] == pytest.approx(1 / 3, abs=1e-6)
    assert s["recall_report/Au"] == pytest.approx(1 / 2, abs=1e-6)
    assert s["iou_report/Al"] == pytest.approx(0.935, abs=6e-4)
    assert s["recall_report/Al"] == pytest.approx(0.967, abs=6e-4)


def test_table_holds_the_counts_by_sample():
    metric = VoxelScores(("none", "Cu"))
    metric.update(torch.tensor([5, 3]), labels([0, 1], [1, 1]), labels([0, 1], [0, 1]))
    assert metric.table().tolist() == [[3, 0, 1, 1, 1, 2, 1], [5, 1, 1, 1, 1, 1, 1]]
    assert metric.table().dtype == np.int64


def test_scores_follow_from_a_stored_table():
    metric = VoxelScores(CLASSES)
    metric.update(torch.arange(4), random_labels(4, 2), random_labels(4, 3))
    counts = metric.table()[:, 1:].reshape(4, 3, 3)
    assert voxel_scores(counts, CLASSES) == metric.compute()


def test_many_classes_do_not_overflow_a_byte():
    volume = torch.arange(40, dtype=torch.uint8).view(1, 1, 5, 8)
    assert count_voxels(volume, volume, 40).eq(1).all()


@pytest.mark.parametrize("swap", [False, True])
def test_label_beyond_the_classes_is_an_input_error(swap):
    pair = (labels([0, 3]), labels([0, 0]))
    with pytest.raises(InputError, match="label 3 lies beyond the 3 classes"):
        count_voxels(*(pair[::-1] if swap else pair), 3)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_same_scores_on_cuda():
    predicted, truth = random_labels(6, 4), random_labels(6, 5)
    metric = VoxelScores(CLASSES).to("cuda")
    metric.update(torch.arange(6), predicted.cuda(), truth.cuda())
    assert metric.compute() == scored(predicted, truth)
