import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.datamodule.augment import Transform, dihedral, inverse
from sem3d.errors import InputError
from sem3d.geometry.voxelise import voxelise
from sem3d.simulate.noise import GaussianNoise
from sem3d.specimen import LayerStack

STACK = LayerStack(("Au", "Al"), (15, 150))


def batch(n: int = 5, y: int = 12, x: int = 12) -> dict[str, torch.Tensor]:
    """Scans that carry their own thickness, so that a mismatch shows."""
    generator = torch.Generator().manual_seed(4)
    maps = torch.stack(
        [torch.randint(0, top + 1, (n, y, x), generator=generator) for top in (15, 150)], 1
    )
    scan = torch.cat([maps, maps.sum(1, keepdim=True)], 1).half()
    return {"scan": scan, "thickness_nm": maps.to(torch.uint8), "index": torch.arange(n) + 3}


def transform(**settings: object) -> Transform:
    given_ = {"noise": GaussianNoise(0.0), "seed": 0, "split": "train"} | settings
    return Transform(stack=STACK, **given_)  # type: ignore[arg-type]


def test_eight_elements_are_distinct_and_closed() -> None:
    image = torch.arange(9).reshape(3, 3)
    orbit = {tuple(dihedral(image, k).flatten().tolist()) for k in range(8)}
    assert len(orbit) == 8
    twice = {
        tuple(dihedral(dihedral(image, a), b).flatten().tolist())
        for a in range(8)
        for b in range(8)
    }
    assert twice == orbit


@pytest.mark.parametrize("element", range(8))
def test_every_element_is_undone(element: int) -> None:
    image = torch.arange(12).reshape(3, 4)
    assert torch.equal(dihedral(dihedral(image, element), inverse(element)), image)


@given(epoch=st.integers(0, 50))
def test_scan_and_maps_move_together(epoch: int) -> None:
    out = transform(symmetries=True, crop=(6, 8))(batch(), epoch)
    assert out["scan"].shape == (5, 3, 6, 8)
    torch.testing.assert_close(out["scan"][:, :2], out["thickness_nm"])
    assert torch.equal(out["labels"], voxelise(out["thickness_nm"]))


def test_every_symmetry_is_drawn_and_only_flips_on_oblong_fields() -> None:
    for x, expected in ((12, 8), (9, 4)):
        single = {k: v[:1] for k, v in batch(x=x).items()}
        augment = transform(symmetries=True)
        seen = {augment(single, epoch)["scan"].numpy().tobytes() for epoch in range(80)}
        assert len(seen) == expected


def test_a_sample_does_not_depend_on_its_batch() -> None:
    augment = transform(symmetries=True, crop=(6, 6), noise=GaussianNoise((0.0, 0.05)))
    whole = augment(batch(), 7)
    part = augment({k: v[[3, 1]] for k, v in batch().items()}, 7)
    for name in ("scan", "thickness_nm", "labels"):
        assert torch.equal(part[name], whole[name][[3, 1]])


def test_epochs_differ_in_training_and_evaluation_never_changes() -> None:
    augment = transform(symmetries=True, noise=GaussianNoise(0.02))
    assert not torch.equal(augment(batch(), 0)["scan"], augment(batch(), 1)["scan"])
    fixed = transform(split="val", noise=GaussianNoise(0.02))
    assert torch.equal(fixed(batch())["scan"], fixed(batch())["scan"])


def test_gathered_buffers_are_not_written() -> None:
    given_ = batch()
    before = {k: v.clone() for k, v in given_.items()}
    transform(symmetries=True, noise=GaussianNoise(0.05))(given_)
    assert all(torch.equal(given_[k], before[k]) for k in before)


def test_crop_larger_than_the_field_is_refused() -> None:
    with pytest.raises(InputError, match=r"crop=\[20, 20\] is larger than the field \[12, 12\]"):
        transform(crop=(20, 20))(batch())
