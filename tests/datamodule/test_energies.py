import pytest
import torch

from sem3d.datamodule.energies import at_energies, interpolation
from sem3d.errors import InputError


def test_measured_energies_are_kept() -> None:
    scan = torch.rand(2, 3, 4, 5)
    weights = interpolation([1, 2, 4], [1, 2, 4], "x")
    assert torch.equal(at_energies(scan, weights), scan)


def test_straight_line_is_exact_in_between() -> None:
    measured, wanted = [1.0, 2.0, 4.0], [1.5, 3.0, 3.5]
    scan = torch.tensor(measured).view(1, 3, 1, 1)
    found = at_energies(scan, interpolation(measured, wanted, "x")).flatten()
    torch.testing.assert_close(found, torch.tensor(wanted))


@pytest.mark.parametrize("wanted", [[0.5, 2], [2, 5]])
def test_nothing_is_invented_beyond(wanted: list[float]) -> None:
    with pytest.raises(InputError, match=r"scan.zarr covers 1..4 keV but .* are needed"):
        interpolation([1, 2, 4], wanted, "scan.zarr")
