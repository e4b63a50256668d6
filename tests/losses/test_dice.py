import torch

from sem3d.losses.dice import Dice, dice_loss
from sem3d.losses.one_hot import one_hot


def test_half_overlap_by_hand():
    # class 1: p = 1/2 in its two voxels, 0 elsewhere: 1 - 2 * 1 / (1 + 2)
    probability = torch.tensor([[0.5, 0.5, 1.0], [0.5, 0.5, 0.0]]).view(1, 2, 1, 1, 3)
    labels = torch.tensor([1, 1, 0], dtype=torch.uint8).view(1, 1, 1, 3)
    value = dice_loss(probability, one_hot(labels, probability))
    torch.testing.assert_close(value, torch.tensor([1 / 3]))


def test_mean_over_volumes_of_the_softmax():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 2, 4, 4, generator=random)
    labels = torch.randint(0, 3, (2, 2, 4, 4), generator=random, dtype=torch.uint8)
    expected = dice_loss(logits.softmax(1), one_hot(labels, logits)).mean()
    torch.testing.assert_close(Dice()(logits, labels), expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert Dice()(logits.bfloat16(), labels).dtype == torch.float32
