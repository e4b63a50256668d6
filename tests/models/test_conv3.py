import pytest
import torch

from sem3d.errors import InputError
from sem3d.models.conv3 import Conv3


def test_original_head_is_nm_and_never_negative():
    net = Conv3(4, (2,), head="original")
    assert net.link == "identity"
    assert net(torch.randn(2, 4, 9, 9)).min() == 0


def test_corrected_head_gives_logits_of_both_signs():
    net = Conv3(4, (2,))
    assert net.link == "sigmoid"
    assert net(torch.randn(4, 4, 16, 16)).min() < 0


@pytest.mark.parametrize(("kernel", "reach"), [(1, 0), (3, 4)])
def test_field_of_view_is_one_pixel_per_convolution(kernel, reach):
    net = Conv3(4, (2,), kernel=kernel).eval()
    scan = torch.rand(1, 4, 13, 13)
    changed = scan.clone()
    changed[..., 6, 6] += 5
    rows = (net(changed) != net(scan)).any(dim=(0, 1, 3)).nonzero().flatten()
    assert rows.tolist() == list(range(6 - reach, 6 + reach + 1))


@pytest.mark.parametrize("kernel", [0, 2, -1])
def test_even_kernels_are_refused(kernel):
    with pytest.raises(InputError, match=r"model\.kernel"):
        Conv3(4, (2,), kernel=kernel)


def test_unknown_head_is_refused():
    with pytest.raises(InputError, match=r"model\.head"):
        Conv3(4, (2,), head="new")
