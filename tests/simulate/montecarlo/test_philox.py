import numpy as np
import pytest
from numba import njit

from sem3d.simulate.montecarlo.philox import Stream, draw, philox, uniform


def words(*values: int) -> tuple[np.uint32, ...]:
    return tuple(np.uint32(v) for v in values)


@njit
def blocks(stream: Stream, count: int) -> np.ndarray:
    found = np.empty((count, 4), np.float32)
    for k in range(count):
        b0, b1, b2, b3 = draw(stream, np.uint32(k))
        found[k] = uniform(b0), uniform(b1), uniform(b2), uniform(b3)
    return found


@pytest.mark.parametrize(
    ("word", "known"),
    [
        (0x00000000, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (0xFFFFFFFF, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ],
)
def test_known_answers_of_the_authors(word: int, known: tuple[int, ...]) -> None:
    assert philox(*words(*[word] * 6)) == known


def test_the_counter_is_block_electron_point_stage() -> None:
    stream = Stream(*words(11, 12, 3, 4))
    assert draw(stream, np.uint32(7)) == philox(*words(7, 3, 4, 0, 11, 12))


def test_uniform_numbers_lie_in_a_half_open_interval() -> None:
    assert uniform(np.uint32(0)) == np.float32(2.0**-24)
    assert uniform(np.uint32(0xFFFFFFFF)) == 1
    assert uniform(np.uint32(0x80000000)) == np.float32(0.5 + 2.0**-24)


def test_blocks_are_uniform_and_independent() -> None:
    found = blocks(Stream(*words(1, 2, 3, 4)), 200_000).astype(float)
    assert np.abs(found.mean(0) - 0.5).max() < 5 / np.sqrt(12 * len(found))
    assert np.abs(found.var(0) * 12 - 1).max() < 0.01
    following = np.corrcoef(np.hstack([found[1:], found[:-1]]).T) - np.eye(8)
    assert np.abs(following).max() < 5 / np.sqrt(len(found))
