import torch

from sem3d.losses.volume_mse import VolumeMSE

# two voxels, aluminium (2) over gold (1)
LABELS = torch.tensor([2, 1], dtype=torch.uint8).view(1, 2, 1, 1)


def volumes(*channels):
    return torch.tensor(channels).view(1, 3, 2, 1, 1)


def test_zero_at_the_one_hot_truth_whatever_channel_0_holds():
    truth = volumes([9.0, -9.0], [0.0, 1.0], [1.0, 0.0])
    assert VolumeMSE()(truth, LABELS) == 0


def test_mean_over_material_channels_and_voxels():
    found = volumes([0.0, 0.0], [0.5, 1.0], [0.0, 0.0])
    assert VolumeMSE()(found, LABELS) == (0.25 + 0.0 + 1.0 + 0.0) / 4


def test_channel_0_receives_no_gradient():
    found = volumes([0.3, 0.3], [0.3, 0.3], [0.3, 0.3]).requires_grad_()
    VolumeMSE()(found, LABELS).backward()
    assert found.grad[:, 0].count_nonzero() == 0
    assert found.grad[:, 1:].count_nonzero() == 4


def test_material_missing_from_a_volume_wants_its_channel_at_zero():
    empty = torch.zeros_like(LABELS)
    assert VolumeMSE()(volumes([0.0, 0.0], [0.0, 0.0], [0.0, 0.0]), empty) == 0
    assert VolumeMSE()(volumes([0.0, 0.0], [1.0, 0.0], [0.0, 0.0]), empty) == 0.25
