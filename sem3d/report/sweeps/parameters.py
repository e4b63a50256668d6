"""The swept settings: their values in order, as words, and where they stand on an axis."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from sem3d.figures.sweeps.axes import Axis
from sem3d.runtime.sweeps.folder import Plan

DIGITS: Final = (3, 4, 5, 6, 9)
"""Significant digits of numbers as shown: the first that tells all values apart."""

WIDE: Final = 100
"""Ratio of the largest to the smallest value above which the scale is logarithmic."""

CLOSE: Final = 0.02
"""Part of the axis below which values cannot be told apart: all are then spaced evenly."""


@dataclass(frozen=True)
class Parameter(Axis):
    """A swept setting.

    Its name is the last part of the key where this tells the settings apart. Numbers that span
    decades stand on a logarithmic scale, others on the scale, linear or logarithmic, that spaces
    them more evenly. Anything else is spaced evenly, as are numbers too close to be told apart.

    Attributes:
        key: dotted, as in configurations.
        values: as in overrides: numbers rising, anything else in the order of the plan.
    """

    key: str
    values: tuple[str, ...]

    def shown(self, value: str) -> str:
        """Return a value as it is shown."""
        return self.labels[self.values.index(value)]


def bare(key: str) -> str:
    """Return a key without the plus signs by which an override adds it: ``++model.embedding``."""
    return key.lstrip("+")


def plain_keys(plan: Plan) -> Plan:
    """Return a plan for reading: its keys are those of a run's configuration.

    The sweep's own plan keeps keys as in overrides, which are made of it.
    """
    return replace(
        plan,
        parameters={bare(key): values for key, values in plan.parameters.items()},
        jobs={n: {bare(key): v for key, v in job.items()} for n, job in plan.jobs.items()},
    )


def parameters(plan: Plan) -> list[Parameter]:
    """Return the swept settings of a plan in its order."""
    short = short_names(list(plan.parameters))
    return [_parameter(key, short[key], values) for key, values in plan.parameters.items()]


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Return the last part of every dotted key, or the whole keys where this is ambiguous."""
    last = [key.rsplit(".", 1)[-1] for key in keys]
    return dict(zip(keys, last if len(set(last)) == len(last) else keys, strict=True))


def _parameter(key: str, name: str, values: Sequence[str]) -> Parameter:
    numbers = {value: number for value in values if (number := _number(value)) is not None}
    if len(numbers) < len(values):
        words = tuple(values)
        return Parameter(name, words, tuple(_even(len(words))), False, key, words)
    ordered = sorted(values, key=numbers.__getitem__)
    rising = [numbers[value] for value in ordered]
    return Parameter(
        name, tuple(_labels(ordered, rising)), _places(rising), True, key, tuple(ordered)
    )


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _labels(values: Sequence[str], numbers: Sequence[float]) -> list[str]:
    """Return numbers in as few digits as tell them apart, else the values as they are."""
    for digits in DIGITS:
        shown = [_short(f"{number:.{digits}g}") for number in numbers]
        if len(set(shown)) == len(shown):
            return shown
    return list(values)


def _short(number: str) -> str:
    mantissa, e, exponent = number.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def _places(rising: Sequence[float]) -> tuple[float, ...]:
    scales = [list(rising)]
    if rising[0] > 0:
        scales.append([math.log(number) for number in rising])
    wide = rising[0] > 0 and rising[-1] > WIDE * rising[0]
    spaced = scales[-1] if wide else min(scales, key=_unevenness)
    low, high = spaced[0], spaced[-1]
    if any(b - a <= CLOSE * (high - low) for a, b in pairwise(spaced)):
        return tuple(_even(len(spaced)))
    return tuple((value - low) / (high - low) for value in spaced) if high > low else (0.5,)


def _unevenness(places: Sequence[float]) -> float:
    """Largest gap over the smallest."""
    gaps = [b - a for a, b in pairwise(places)]
    return max(gaps) / min(gaps) if gaps and min(gaps) > 0 else math.inf


def _even(count: int) -> list[float]:
    return [n / (count - 1) for n in range(count)] if count > 1 else [0.5] * count


def settings(found: Sequence[Parameter], values: Mapping[str, str]) -> str:
    """Return the values of a job as shown, ``lr 0.001, weight_decay 0.01``."""
    return ", ".join(f"{one.name} {one.shown(values[one.key])}" for one in found)
