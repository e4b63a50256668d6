"""Names of run folders: readable, without a clock, the same for the same settings."""

import hashlib
import re
from collections.abc import Mapping

LONGEST = 80


def run_name(choices: Mapping[str, str | None], dataset: str, overrides: str) -> str:
    """Return ``<experiment or model>-<dataset>`` and the settings that differ from it.

    Only characters that need no quoting, so that the folder can be an override's value.

    Args:
        choices: the chosen option of every configuration group.
        dataset: name of the dataset.
        overrides: Hydra's ``override_dirname``, ``key=value`` pairs joined by commas.
    """
    experiment = choices.get("experiment")
    head = f"{experiment or choices['model']}-{plain(dataset)}"
    told = ("dataset=", "dataset.name=") if experiment else ("dataset=", "dataset.name=", "model=")
    pairs = re.split(r",(?=[\w.@+~/]+=)", overrides)  # a comma inside a list is no separator
    pairs = [pair for pair in pairs if pair and not pair.startswith(told)]
    if not pairs:
        return head
    tail = "+".join(plain(pair) for pair in pairs)
    if len(tail) > LONGEST:
        tail = f"{tail[:LONGEST]}-{hashlib.sha256(overrides.encode()).hexdigest()[:8]}"
    return f"{head}+{tail}"


def override(key: str, value: str) -> str:
    """Return ``key=value`` for a command line of Hydra, quoted where the value is no plain path.

    A backslash of Hydra's grammar escapes quotes only.
    """
    if re.fullmatch(r"[\w./+-]*/[\w./+-]*|[a-z][\w.]*-[\w.+-]*", value, re.ASCII | re.I):
        return f"{key}={value}"
    safe = re.sub(r"(\\*)('|$)", lambda m: 2 * m[1] + ("\\'" if m[2] else ""), value)
    return f"{key}='{safe}'"


def plain(text: str) -> str:
    """Keep ASCII letters, digits, dots and signs; a dash for everything else."""
    return re.sub(r"[^\w.+-]+", "-", text, flags=re.ASCII).strip("+-")
