"""What a network costs: parameters and multiply-adds."""

import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(model: nn.Module) -> int:
    """Return the number of learnt parameters."""
    return sum(p.numel() for p in model.parameters())


def count_macs(model: nn.Module, energies: int, field: tuple[int, int]) -> int:
    """Return the multiply-adds of the convolutions and linear layers, one forward per sample.

    Nothing is computed: the model runs on tensors without memory and keeps its weights and
    running statistics.

    Args:
        model: network on scans (B, E, Y, X).
        energies: number E of beam energies.
        field: (Y, X) [pixels].
    """
    state = {name: t.to("meta") for name, t in model.state_dict().items()}
    scan = torch.empty(1, energies, *field, device="meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        functional_call(model, state, scan)
    return counter.get_total_flops() // 2
