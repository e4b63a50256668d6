import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.datamodule.order import EpochOrder
from sem3d.errors import InputError


@given(
    count=st.integers(1, 40), per_rank=st.integers(1, 4), world=st.integers(1, 3),
    seed=st.one_of(st.none(), st.integers(0, 9)), epoch=st.integers(0, 3),
)  # fmt: skip
def test_ranks_together_see_what_one_process_sees(
    count: int, per_rank: int, world: int, seed: int | None, epoch: int
) -> None:
    size = per_rank * world
    if seed is not None and size > count:
        return
    orders = [EpochOrder(count, size, seed, rank, world) for rank in range(world)]
    alone = EpochOrder(count, size, seed)
    for order in (*orders, alone):
        order.set_epoch(epoch)
    for step, whole in enumerate(alone.batches()):
        shares = [order.batches()[step] for order in orders]
        assert sorted(np.concatenate(shares)) == sorted(whole)
        if seed is not None:
            assert {len(s) for s in shares} == {per_rank}


def test_epochs_differ_and_cover_all_samples() -> None:
    order = EpochOrder(12, 4, seed=1)
    first = np.concatenate(order.batches())
    order.set_epoch(1)
    second = np.concatenate(order.batches())
    assert sorted(first) == sorted(second) == list(range(12))
    assert first.tolist() != second.tolist()


def test_evaluation_keeps_order_and_the_last_batch() -> None:
    batches = EpochOrder(10, 4, seed=None).batches()
    assert [b.tolist() for b in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize(
    ("size", "world", "why"), [(3, 2, "is not a multiple"), (64, 1, "exceeds the 20")]
)
def test_impossible_batches_are_refused(size: int, world: int, why: str) -> None:
    with pytest.raises(InputError, match=rf"batch_size={size} {why}"):
        EpochOrder(20, size, seed=0, world=world)
