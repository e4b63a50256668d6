import pytest
import torch
from torch import nn

from sem3d.errors import InputError
from sem3d.models.unet3d import UNet3d


def small(energies=6, outputs=(2, 6), widths=(4, 6, 8)):
    torch.manual_seed(0)
    return UNet3d(energies, outputs, widths).eval()


def test_as_many_slices_as_energies_are_taken_as_they_are():
    net, scan = small(8, (2, 8)), torch.rand(1, 8, 8, 12)
    torch.testing.assert_close(net(scan), net.head(net.body(scan[:, None])))


def test_energies_are_padded_by_replication_and_cut_again():
    net, scan = small(6), torch.rand(1, 6, 8, 8)
    volume = scan[:, None, torch.arange(8).sub(1).clamp(0, 5)]
    torch.testing.assert_close(net(scan), net.head(net.body(volume))[:, :, 1:7])


def test_odd_field_equals_the_field_padded_by_hand():
    net, scan = small(), torch.rand(1, 6, 9, 8)
    rows = torch.arange(12).sub(1).clamp(0, 8)
    torch.testing.assert_close(net(scan), net(scan[..., rows, :])[..., 1:10, :])


@pytest.mark.parametrize("slices", [1, 4, 9, 16])
def test_other_numbers_of_slices_are_interpolated_along_depth(slices):
    scan, net = torch.rand(1, 6, 8, 8), small(6, (2, 6))
    per_energy, found = net(scan), small(6, (2, slices))(scan)
    at = ((torch.arange(slices) + 0.5) * 6 / slices - 0.5).clamp(0, 5)
    low = at.floor().long().clamp(max=4)
    share = (at - low)[:, None, None]
    expected = per_energy[:, :, low] * (1 - share) + per_energy[:, :, low + 1] * share
    torch.testing.assert_close(found, expected)


def test_maps_are_the_mean_over_depth():
    scan, volume, maps = torch.rand(1, 6, 8, 8), small(6, (2, 6)), small(6, (2,))
    torch.testing.assert_close(maps(scan), volume(scan).mean(2))


def test_widths_set_levels_and_the_first_convolution_has_half():
    convs = [m for m in small().modules() if isinstance(m, nn.Conv3d)]
    assert [(c.in_channels, c.out_channels) for c in convs] == [
        (1, 2), (2, 4), (4, 4), (4, 6), (6, 6), (6, 8),
        (14, 6), (6, 6), (10, 4), (4, 4), (4, 2),
    ]  # fmt: skip
    assert [c.bias is None for c in convs] == [True] * 10 + [False]


def test_the_deep_end_of_the_volume_lies_at_the_high_energies():
    torch.manual_seed(0)
    net = UNet3d(32, (2, 16), widths=(4, 6)).eval()
    scan = torch.rand(1, 32, 8, 8)
    changed = scan.clone()
    changed[:, -1] += 1
    touched = (net(changed) != net(scan)).any(dim=(0, 1, 3, 4)).nonzero().flatten()
    assert touched.max() == 15
    assert touched.min() > 8


def test_no_widths_are_refused():
    with pytest.raises(InputError, match=r"model\.widths"):
        UNet3d(6, (2, 6), widths=())
