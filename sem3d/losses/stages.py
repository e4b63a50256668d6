"""One loss after the other, by epoch."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from jaxtyping import Float, Num
from torch import Tensor, nn

from sem3d.errors import InputError
from sem3d.losses.combined import common_target


class Stages(nn.Module):
    """The first loss up to the first epoch given, the next one from there, and so on.

    The stage follows from the epoch alone, so a run that was killed continues in the right one.
    Values of different losses do not compare: choose the best checkpoint by a score, not by
    ``val/loss``.

    Attributes:
        losses: one per stage, all for one target.
        epochs: epochs, counted from 0, at which stages 1, 2, .. begin.
        stage: index of the loss in force; 0 until `at_epoch` is called.
        target: what the losses are compared with.

    Raises:
        InputError: targets differ, the epochs are not one fewer than the losses, or they do not
            rise from above 0.
    """

    def __init__(self, losses: Sequence[nn.Module], epochs: Sequence[int]) -> None:
        super().__init__()
        self.target = common_target(losses)
        if len(epochs) != len(losses) - 1:
            raise InputError(
                f"loss.epochs has {len(epochs)} entries for {len(losses)} losses; "
                "give the first epoch of every loss but the first"
            )
        if any(later <= earlier for earlier, later in pairwise([0, *epochs])):
            raise InputError(f"loss.epochs is {list(epochs)}; give rising epochs above 0")
        self.losses = nn.ModuleList(losses)
        self.epochs = tuple(epochs)
        self.stage = 0

    def at_epoch(self, epoch: int) -> None:
        """Put the loss of an epoch, counted from 0, in force."""
        self.stage = bisect_right(self.epochs, epoch)

    def forward(
        self, prediction: Float[Tensor, "..."], target: Num[Tensor, "..."]
    ) -> Float[Tensor, ""]:
        """Compare a prediction with the truth, as the loss in force does."""
        value: Tensor = self.losses[self.stage](prediction, target)
        return value
