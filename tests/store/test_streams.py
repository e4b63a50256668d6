import itertools

import numpy as np
import torch

from sem3d.store.streams import PURPOSES, SPLITS, seed_sequence, torch_generator


def test_every_key_has_its_own_stream() -> None:
    keys = itertools.product((0, 1), PURPOSES, SPLITS, (0, 1, 2), (0, 1))
    states = {int(seed_sequence(*key).generate_state(1, np.uint64)[0]) for key in keys}
    assert len(states) == 2 * len(PURPOSES) * 3 * 3 * 2


def test_torch_generator_follows_the_sequence() -> None:
    draws = [
        torch.rand(4, generator=torch_generator(seed_sequence(5, "noise", "val", i)))
        for i in (0, 0, 1)
    ]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
