import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.models.padding import margins, on_padded

sides = st.integers(1, 40)
multiples = st.sampled_from([1, 2, 4, 8, 16])


@given(sides, multiples)
def test_padded_side_is_the_smallest_allowed(size, multiple):
    before, after = margins(size, multiple)
    padded = before + size + after
    assert padded % multiple == 0
    assert padded >= 2 * multiple
    assert padded == 2 * multiple or padded - multiple < size
    assert 0 <= before <= after <= before + 1


@given(sides, multiples, st.integers(0, 3))
def test_least_raises_small_sides_only(size, multiple, times):
    least = 8 * times * multiple
    free, raised = margins(size, multiple), margins(size, multiple, least)
    assert size + sum(raised) == max(size + sum(free), least)
    assert 0 <= raised[1] - raised[0] <= 1


@given(sides, sides, multiples)
def test_identity_returns_the_scan(y, x, multiple):
    scan = torch.rand(2, 3, y, x)
    assert torch.equal(on_padded(lambda s: s, scan, multiple), scan)


def test_edges_are_replicated():
    scan, seen = torch.arange(6.0).reshape(1, 1, 2, 3), []
    on_padded(lambda s: seen.append(s) or s, scan, 4)
    (padded,) = seen
    assert padded.shape == (1, 1, 8, 8)
    assert (padded[..., :4, :3] == scan[..., 0, 0]).all()
    assert (padded[..., 4:, 4:] == scan[..., -1, -1]).all()


def test_leading_axes_of_the_result_are_kept():
    scan = torch.rand(2, 3, 5, 6)
    out = on_padded(lambda s: torch.stack([s, -s]), scan, 4)
    assert torch.equal(out, torch.stack([scan, -scan]))


def test_least_is_passed_on():
    seen = []
    on_padded(lambda s: seen.append(s) or s, torch.rand(1, 1, 3, 20), 1, least=16)
    assert seen[0].shape == (1, 1, 16, 20)


def test_fields_that_fit_are_left_alone():
    scan, seen = torch.rand(1, 1, 8, 12), []
    on_padded(lambda s: seen.append(s) or s, scan, 4)
    assert torch.equal(seen[0], scan)
