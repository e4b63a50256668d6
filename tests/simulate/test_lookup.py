import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.simulate.lookup import LookupForward
from sem3d.specimen import LayerStack


def mixed_radix(maps: torch.Tensor) -> torch.Tensor:
    """A forward model whose two "energies" tell every state apart."""
    weights = torch.tensor([10000.0, 100.0, 1.0], dtype=maps.dtype)[: maps.shape[-3]]
    code = (maps * weights[:, None, None]).sum(-3)
    return torch.stack([code, -code], dim=-3)


@given(
    limits=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    lead=st.lists(st.integers(1, 3), max_size=2),
    seed=st.integers(0, 99),
)
def test_equals_the_model_for_any_stack(limits: list[int], lead: list[int], seed: int) -> None:
    stack = LayerStack(("Au", "Al", "Cu")[: len(limits)], limits)
    generator = torch.Generator().manual_seed(seed)
    layers = [torch.randint(0, n + 1, (*lead, 4, 5), generator=generator) for n in limits]
    maps = torch.stack(layers, dim=-3).to(torch.uint8)
    table = LookupForward(mixed_radix, stack)
    assert torch.equal(table(maps), mixed_radix(maps.double()).float())


def test_too_many_states_are_refused_with_a_remedy() -> None:
    with pytest.raises(InputError, match=r"states.*use floating-point thickness maps"):
        LookupForward(mixed_radix, LayerStack(("Au", "Al", "Cu"), (999, 999, 999)))


def test_states_outside_the_table_are_refused() -> None:
    table = LookupForward(mixed_radix, LayerStack(("Au", "Al"), (3, 5)))
    for outside in ((0, 6), (-1, 0)):
        with pytest.raises(InputError, match=r"but the table ends at \[3, 5\] nm"):
            table(torch.tensor(outside)[:, None, None])
