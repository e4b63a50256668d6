"""One comparison with a tolerance: the value, what it is held against, and the verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isinf


@dataclass(frozen=True)
class Check:
    """A value that shall lie between two limits.

    Attributes:
        family: what is compared with what, shared by checks that belong together.
        name: where, e.g. an energy.
        value: ours.
        reference: what it is held against, None for a plain limit.
        low: least accepted value; both limits infinite: the value is only reported.
        high: largest accepted value.
        tolerance: the limits in words.
    """

    family: str
    name: str
    value: float
    reference: float | None
    low: float
    high: float
    tolerance: str

    @property
    def reported(self) -> bool:
        """Whether it has no limits."""
        return isinf(self.low) and isinf(self.high)

    @property
    def passed(self) -> bool:
        """Whether the value keeps its limits; a value that is not a number does not."""
        return self.low <= self.value <= self.high

    @property
    def verdict(self) -> str:
        """One word for the table."""
        if self.reported:
            return "reported"
        return "pass" if self.passed else "FAIL"

    @property
    def strain(self) -> float:
        """Deviation as a share of the tolerance, or of the reference without one; for sorting."""
        if self.value != self.value:
            return inf
        deviation = self.value - (self.reference or 0)
        if self.reported or self.reference is None:
            return abs(deviation) / abs(self.reference or 1)
        limit = self.high if deviation > 0 else self.low
        return abs(deviation) / max(abs(limit - self.reference), 1e-12)


def within(
    family: str, name: str, value: float, reference: float, difference: float, more: str = ""
) -> Check:
    """Return a check of an absolute difference; `more` says in words where it comes from."""
    limits = reference - difference, reference + difference
    return Check(family, name, value, reference, *limits, more or f"±{difference:.3g}")


def within_share(
    family: str, name: str, value: float, reference: float, share: float, error: float = 0
) -> Check:
    """Return a check of a relative difference, widened by a statistical `error` of the value."""
    told = f"±{share:.0%}" + (f" ± {error:.2g} (statistics)" if error else "")
    return within(family, name, value, reference, share * abs(reference) + error, told)


def inside(family: str, name: str, value: float, low: float, high: float) -> Check:
    """Return a check of two limits around no particular value."""
    return Check(family, name, value, (low + high) / 2, low, high, f"{low:.3g} to {high:.3g}")


def at_least(family: str, name: str, value: float, low: float) -> Check:
    """Return a check of a lower limit."""
    return Check(family, name, value, None, low, inf, f"at least {low:.2g}")


def at_most(family: str, name: str, value: float, high: float) -> Check:
    """Return a check of an upper limit."""
    return Check(family, name, value, None, -inf, high, f"at most {high:.2g}")


def report_only(family: str, name: str, value: float, reference: float) -> Check:
    """Return a comparison without limits."""
    return Check(family, name, value, reference, -inf, inf, "none")


def families(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """Return the checks by family, in the order of their first."""
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(check.family, []).append(check)
    return found


def worst(checks: Iterable[Check]) -> Check:
    """Return the check that is nearest to failing, or fails most."""
    return max(checks, key=lambda check: (not check.passed, check.strain))
