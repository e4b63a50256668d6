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
    head = f"{choices.get('experiment') or choices['model']}-{dataset}"
    if not overrides:
        return head
    pairs = re.split(r",(?=[\w.@+~/]+=)", overrides)  # a comma inside a list is no separator
    tail = "+".join(re.sub(r"[^\w.+-]+", "-", pair).strip("+-") for pair in pairs)
    if len(tail) > LONGEST:
        tail = f"{tail[:LONGEST]}-{hashlib.sha256(overrides.encode()).hexdigest()[:8]}"
    return f"{head}+{tail}"
