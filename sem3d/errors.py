"""The one exception that means: what was given is wrong, and here is what to do."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input, in one sentence: the file or key, the problem, the remedy.

    Commands print it without a traceback and exit with status 2.
    """


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``", did you mean 'x'?"`` for the closest known word, else the known words."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f", did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
