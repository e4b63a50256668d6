"""What losses made of several others have in common."""

from collections.abc import Sequence

from torch import nn

from sem3d.errors import InputError


def common_target(losses: Sequence[nn.Module]) -> str:
    """Return what all of `losses` are compared with.

    Raises:
        InputError: there are none, or they are compared with different things.
    """
    targets = {str(loss.target) for loss in losses}
    if len(targets) != 1:
        told = ", ".join(sorted(targets)) or "nothing"
        raise InputError(f"loss.losses compare {told}; give losses of one and the same target")
    return targets.pop()
