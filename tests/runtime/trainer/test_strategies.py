"""Names of strategies; what they do is in tests/commands/test_fsdp.py."""

from sem3d.runtime.trainer.strategies import FullySharded, named


def test_fsdp_is_ours_and_other_names_are_lightnings() -> None:
    assert isinstance(named("fsdp"), FullySharded)
    assert [named(name) for name in ("auto", "ddp")] == ["auto", "ddp"]
