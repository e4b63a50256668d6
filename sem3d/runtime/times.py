"""Lengths of time, as people write and read them."""

from sem3d.errors import InputError


def seconds(limit: str | float | None, key: str) -> float:
    """Return a time limit ``[[dd:]hh:]mm:ss`` in seconds; None is no limit.

    Args:
        limit: the setting.
        key: its name, for the message.

    Raises:
        InputError: the limit is not of this form.
    """
    if limit is None:
        return float("inf")
    parts = str(limit).split(":")
    if not (2 <= len(parts) <= 4 and all(p.isdecimal() for p in parts)):
        raise InputError(f"{key} is {limit!r}; write it as mm:ss, hh:mm:ss or dd:hh:mm:ss")
    weights = (86400, 3600, 60, 1)[-len(parts) :]
    return float(sum(int(p) * w for p, w in zip(parts, weights, strict=True)))


def told_time(length: float) -> str:
    """Return a length of time [s] as a reader wants it: ``31 s``, ``4 min``, ``7.5 h``, ``3 d``."""
    if length < 100:
        return f"{length:.0f} s"
    if length < 100 * 60:
        return f"{length / 60:.0f} min"
    return f"{length / 3600:.1f} h" if length < 48 * 3600 else f"{length / 86400:.1f} d"
