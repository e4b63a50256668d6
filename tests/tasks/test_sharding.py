"""Shared networks compute what whole ones compute; several processes are in tests/commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor

from sem3d.tasks.sharding import own, parts, share, whole
from tests.models.test_contract import OUTPUTS, build, every_network, scan

pytestmark = pytest.mark.filterwarnings("ignore:.*returned a view tensor")


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[DeviceMesh]:
    """A group of this process alone."""
    dist.init_process_group("gloo", f"file://{tmp_path}/group", rank=0, world_size=1)
    yield init_device_mesh("cpu", (1,))
    dist.destroy_process_group()


def gradients(network: nn.Module, call: str) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    torch.manual_seed(3)  # dropout
    out = getattr(network, call)(scan(2, (16, 16)))
    (out.tanh() * torch.linspace(-1, 1, out.numel()).reshape(out.shape)).sum().backward()
    return out, {n: whole(p.grad) for n, p in network.named_parameters() if p.grad is not None}


@every_network
def test_a_shared_network_is_the_same_function(mesh: DeviceMesh, config: Path) -> None:
    """Every module with weights is a part here, so that none is used without being gathered."""
    plain, shared = build(config, OUTPUTS[1]), build(config, OUTPUTS[1])
    share(shared, mesh, part=1)
    assert all(isinstance(p, DTensor) for p in shared.parameters())
    call = "stages" if hasattr(plain, "stages") else "__call__"
    (out, ours), (expected, theirs) = gradients(shared, call), gradients(plain, call)
    torch.testing.assert_close(out, expected, rtol=1e-5, atol=1e-6)
    assert ours.keys() == theirs.keys()
    for name, gradient in theirs.items():
        torch.testing.assert_close(ours[name], gradient, rtol=1e-4, atol=1e-5, msg=name)


def test_weights_that_change_between_two_calls_are_seen(mesh: DeviceMesh) -> None:
    """As an average of weights does between validation and training."""
    network = nn.Sequential(nn.Linear(2, 1, bias=False))
    share(network, mesh)
    x = torch.ones(1, 2)
    with torch.no_grad():
        network(x)
        own(network[0].weight).fill_(2.0)
        assert network(x).item() == 4.0


def test_parts_are_the_smallest_modules_that_are_large_enough() -> None:
    small, large = nn.Linear(2, 2), nn.Linear(10, 10)
    pair = nn.Sequential(nn.Linear(5, 10), nn.Linear(10, 5))
    network = nn.Sequential(small, nn.ModuleList([large, pair]), nn.ReLU())
    assert parts(network, 100) == [large, pair]
    assert parts(network, 55) == [large, *pair]
    assert parts(network, 10**6) == []


def test_sharing_twice_is_sharing_once(mesh: DeviceMesh) -> None:
    network = nn.Sequential(nn.Linear(2, 1))
    share(network, mesh)
    before = dict(network.named_parameters())
    share(network, mesh)
    assert dict(network.named_parameters()).keys() == before.keys()
    assert all(a is b for a, b in zip(network.parameters(), before.values(), strict=True))


def test_plain_tensors_are_their_own_share() -> None:
    tensor = torch.ones(2)
    assert own(tensor) is tensor
    assert whole(tensor) is tensor
