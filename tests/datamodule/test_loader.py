import torch

from sem3d.datamodule.loader import GatherLoader
from sem3d.datamodule.order import EpochOrder


def loader(seed: int | None = 0) -> GatherLoader:
    arrays = {
        "scan": torch.arange(40).reshape(20, 2).half(),
        "thickness_nm": torch.arange(20, dtype=torch.uint8)[:, None],
    }
    return GatherLoader(arrays, EpochOrder(20, 6, seed))


def indices(batches: object) -> list[list[int]]:
    return [b["index"].tolist() for b in batches]  # type: ignore[attr-defined]


def test_rows_belong_to_their_index() -> None:
    for batch in loader():
        torch.testing.assert_close(batch["scan"][:, 0], 2.0 * batch["index"].half())
        assert torch.equal(batch["thickness_nm"][:, 0].long(), batch["index"])


def test_a_batch_survives_the_next_one() -> None:
    stream = iter(loader())
    first = next(stream)
    kept = first["scan"].clone()
    next(stream)
    assert torch.equal(first["scan"], kept)


def test_buffers_are_kept() -> None:
    places = [batch["scan"].data_ptr() for batch in loader()]
    assert len(set(places)) == 2


def test_resumes_inside_an_epoch() -> None:
    whole = loader()
    expected = indices(whole)
    interrupted = loader()
    stream = iter(interrupted)
    head = [next(stream)["index"].tolist()]
    resumed = loader()
    resumed.load_state_dict(interrupted.state_dict())
    assert head + indices(resumed) == expected


def test_a_finished_epoch_is_followed_by_a_whole_one() -> None:
    done = loader()
    list(done)
    resumed = loader()
    resumed.load_state_dict(done.state_dict())
    resumed.sampler.set_epoch(1)
    assert len(indices(resumed)) == 3
    assert indices(resumed) == indices(resumed)


def test_batches_of_an_evaluation_are_of_equal_size() -> None:
    assert [len(i) for i in indices(loader(seed=None))] == [5, 5, 5, 5]
