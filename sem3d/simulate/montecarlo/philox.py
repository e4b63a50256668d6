"""Random numbers by counter: Philox4x32-10 of Salmon et al., SC11 (2011).

A block of four numbers is a function of a key and a counter, so a history depends on nothing that
ran before or beside it.

key: (dataset seed, sample); counter: (block, electron, image point, stage). An image point is
energy * ny * nx + row * nx + column; blocks count up within one electron and its secondaries.
"""

from typing import Final, NamedTuple

import numpy as np

from sem3d.simulate.montecarlo.compiled import device

STAGE_TRANSPORT: Final = 0
STAGE_SPECIMEN: Final = 1
STAGE_NOISE: Final = 2

_MULTIPLY_0 = np.uint64(0xD2511F53)
_MULTIPLY_1 = np.uint64(0xCD9E8D57)
_KEY_STEP_0 = np.uint32(0x9E3779B9)
_KEY_STEP_1 = np.uint32(0xBB67AE85)
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_LOWEST_BITS = np.uint32(8)
_ONE = np.uint32(1)
_PER_STEP = np.float32(2.0**-24)
_STAGE = np.uint32(STAGE_TRANSPORT)


class Stream(NamedTuple):
    """Where one electron draws: key (seed, sample) and counter words 1 and 2, all uint32."""

    seed: np.uint32
    sample: np.uint32
    electron: np.uint32
    point: np.uint32


@device
def philox(
    c0: np.uint32, c1: np.uint32, c2: np.uint32, c3: np.uint32, k0: np.uint32, k1: np.uint32
) -> tuple[np.uint32, np.uint32, np.uint32, np.uint32]:
    """Return the four uint32 of counter (c0, c1, c2, c3) under key (k0, k1)."""
    for _ in range(10):
        left = _MULTIPLY_0 * np.uint64(c0)
        right = _MULTIPLY_1 * np.uint64(c2)
        c0 = np.uint32(np.uint32(right >> _HALF) ^ c1 ^ k0)
        c1 = np.uint32(right & _LOW)
        c2 = np.uint32(np.uint32(left >> _HALF) ^ c3 ^ k1)
        c3 = np.uint32(left & _LOW)
        k0 = np.uint32(k0 + _KEY_STEP_0)
        k1 = np.uint32(k1 + _KEY_STEP_1)
    return c0, c1, c2, c3


@device
def draw(stream: Stream, block: np.uint32) -> tuple[np.uint32, np.uint32, np.uint32, np.uint32]:
    """Return one block of a stream of the transport."""
    return philox(block, stream.electron, stream.point, _STAGE, stream.seed, stream.sample)


@device
def uniform(bits: np.uint32) -> np.float32:
    """Return a float32 in (0, 1], one of 2^24 equidistant values, from 32 random bits."""
    return np.float32(np.int32((bits >> _LOWEST_BITS) + _ONE)) * _PER_STEP
