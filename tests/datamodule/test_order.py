import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.datamodule.order import EpochOrder
from sem3d.errors import InputError


@given(
    steps=st.integers(1, 9), per_rank=st.integers(1, 4), world=st.integers(1, 3),
    rest=st.integers(0, 3), seed=st.integers(0, 9), epoch=st.integers(0, 3),
)  # fmt: skip
def test_ranks_train_together_on_what_one_process_sees(
    steps: int, per_rank: int, world: int, rest: int, seed: int, epoch: int
) -> None:
    size = per_rank * world
    count = steps * size + min(rest, size - 1)
    orders = [EpochOrder(count, size, seed, rank, world) for rank in range(world)]
    alone = EpochOrder(count, size, seed)
    for order in (*orders, alone):
        order.set_epoch(epoch)
    assert len(alone) == steps
    for step, whole in enumerate(alone.batches()):
        shares = [order.batches()[step] for order in orders]
        assert sorted(np.concatenate(shares)) == sorted(whole)
        assert {len(s) for s in shares} == {per_rank}


@given(count=st.integers(1, 60), size=st.integers(1, 40), world=st.integers(1, 8))
def test_ranks_evaluate_every_sample_once_and_none_waits(count: int, size: int, world: int) -> None:
    if count < world:
        with pytest.raises(InputError, match=f"cannot be shared by {world} processes"):
            EpochOrder(count, size, None, 0, world)
        return
    orders = [EpochOrder(count, size, None, rank, world) for rank in range(world)]
    shares = [share for order in orders for share in order.batches()]
    assert sorted(np.concatenate(shares)) == list(range(count))
    assert all(len(share) for share in shares)
    assert len({len(order.batches()) for order in orders}) == 1


def test_epochs_differ_and_cover_all_samples() -> None:
    order = EpochOrder(12, 4, seed=1)
    first = np.concatenate(order.batches())
    order.set_epoch(1)
    second = np.concatenate(order.batches())
    assert sorted(first) == sorted(second) == list(range(12))
    assert first.tolist() != second.tolist()


def test_evaluation_keeps_order_and_the_last_batch() -> None:
    batches = EpochOrder(10, 4, seed=None).batches()
    assert [b.tolist() for b in batches] == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.mark.parametrize(
    ("size", "world", "why"), [(3, 2, "is not a multiple"), (64, 1, "exceeds the 20")]
)
def test_impossible_batches_are_refused(size: int, world: int, why: str) -> None:
    with pytest.raises(InputError, match=rf"batch_size={size} {why}"):
        EpochOrder(20, size, seed=0, world=world)
