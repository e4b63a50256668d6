"""How an attempt ended, read from its exit status and its log."""

import re
import signal
from pathlib import Path
from typing import Final

from sem3d.runtime.sweeps.folder import State

STOPPED: Final = (130, 138, 140, 143, -signal.SIGINT, -signal.SIGTERM)
"""Statuses of a training that saved and stopped: Ctrl-C, SIGUSR1, SIGUSR2, SIGTERM."""
COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
TELLING: Final = (
    re.compile(r"error: (?!rank \d+ ended)(.+)"),  # that rank tells why itself
    re.compile(r"((?:\w+\.)*\w+(?:Error|Exception|Interrupt)\b.*)"),
    re.compile(r"(.+; run the same command again.*)"),
)
"""What a training says last: one sentence, the end of a traceback, a stop."""
TAIL: Final = 20_000
"""Bytes of a log that are searched for the reason of a failure."""


def outcome(status: int, is_done: bool, words: str) -> tuple[State, str, str]:
    """Return the state of an ended attempt, the reason in one sentence, and a traceback if any.

    Args:
        status: exit status, negative for a signal.
        is_done: whether the run has marked itself as done; what goes wrong later undoes nothing.
        words: the end of its log.
    """
    if is_done:
        late = status != 0 and status not in STOPPED
        return "done", f"{outcome(status, False, words)[1]}, after it was done" if late else "", ""
    last = reason(words)
    if status == 0 or status in STOPPED:
        return "interrupted", last, ""
    head = words.find("Traceback (most recent call last)")
    traceback = words[head:] if head >= 0 else ""
    if status < 0:
        name = {s.value: s.name for s in signal.Signals}.get(-status, "real-time")
        hint = "; out of memory?" if name == "SIGKILL" else ""
        return "failed", f"ended by signal {-status} ({name}){hint}", traceback
    return "failed", last, traceback


def reason(words: str) -> str:
    """Return the line of a log that tells why it ends: others may write after it."""
    lines = [line.strip() for line in COLOUR.sub("", words).splitlines() if line.strip()]
    for pattern in TELLING:
        for line in reversed(lines):
            if found := pattern.fullmatch(line):
                return found[1]
    return lines[-1] if lines else "no output"


def last_words(log: Path, start: int) -> str:
    """Return the end of a log, nothing before byte `start`."""
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - TAIL))
        return file.read().decode(errors="replace")
