"""Share a network's weights over processes, gathered one part at a time where they are used."""

from typing import Final

import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor

PART: Final = 1_000_000
"""Least parameters of a part: smaller ones would cost more calls than they save memory."""


def share(network: nn.Module, mesh: DeviceMesh, part: int = PART) -> None:
    """Share the weights of `network` over the processes of a one-dimensional `mesh`, in place.

    Parts of `part` parameters or more are gathered for their forward and backward pass alone.
    They are whole modules, the smallest that are large enough. Each process must hold the same
    weights; a network that is shared already stays as it is.

    Args:
        network: called as a whole, or by its method ``stages``.
        mesh: one process per device.
        part: least number of parameters.
    """
    if isinstance(network, FSDPModule):
        return
    for module in network.modules():
        if getattr(module, "inplace", False):  # would overwrite what a part has returned
            module.inplace = False  # type: ignore[assignment]
    for module in [*parts(network, part), network]:
        # the whole network too: its weights may change between two validation steps
        fully_shard(module, mesh=mesh, reshard_after_forward=True)
    if hasattr(network, "stages"):
        register_fsdp_forward_method(network, "stages")


def parts(network: nn.Module, least: int) -> list[nn.Module]:
    """The modules below `network` that have `least` parameters outside of smaller parts."""
    found: list[nn.Module] = []

    def left(module: nn.Module) -> int:
        here = sum(p.numel() for p in module.parameters(recurse=False))
        count = here + sum(left(child) for child in module.children())
        called = not isinstance(module, nn.ModuleList)
        if count < least or module is network or not called:
            return count
        found.append(module)
        return 0

    left(network)
    return found


def own(tensor: Tensor) -> Tensor:
    """Return this process's share of a shared tensor, in the same memory; others as they are."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def whole(tensor: Tensor) -> Tensor:
    """Return the whole of a shared tensor on the CPU, a plain tensor as it is; every rank calls."""
    return tensor.full_tensor().cpu() if isinstance(tensor, DTensor) else tensor


def same_buffers(module: nn.Module) -> None:
    """Give every process the buffers of rank 0."""
    for buffer in module.buffers():
        dist.broadcast(buffer, src=0)
