"""Checks of constructor arguments shared by the networks."""

from collections.abc import Iterable, Sequence

from sem3d.errors import InputError, did_you_mean


def checked_sizes(key: str, sizes: Sequence[int]) -> tuple[int, ...]:
    """Return `sizes` as a tuple.

    Raises:
        InputError: the list called `key` is empty or holds a number below 1.
    """
    if not sizes or min(sizes) < 1:
        raise InputError(f"model.{key} is {list(sizes)}; give at least one number, each 1 or more")
    return tuple(sizes)


def checked_choice(key: str, choice: str, known: Iterable[str]) -> str:
    """Return `choice`.

    Raises:
        InputError: `choice` is none of the `known` values of `key`.
    """
    known = tuple(known)
    if choice not in known:
        raise InputError(f"model.{key} has no {choice!r}{did_you_mean(choice, known)}")
    return choice
