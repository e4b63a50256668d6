"""The whole validation: what is simulated with how many electrons, and all that is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sem3d.validation.bulk import ELEMENTS, BulkCurve, bulk_checks, bulk_curves
from sem3d.validation.checks import Check
from sem3d.validation.columns import COLUMNS, column_checks
from sem3d.validation.cross_sections import cross_section_checks
from sem3d.validation.nebula_specimens import load_specimens
from sem3d.validation.reference import Yield
from sem3d.validation.runner import PRESETS, Run, Runner
from sem3d.validation.silicon_film import film_checks, film_yields
from sem3d.validation.specimens import Contrast, Images, contrast_checks, contrasts, images
from sem3d.validation.thin_films import FILMS, thin_film_checks


@dataclass(frozen=True)
class Effort:
    """Electrons per energy.

    Attributes:
        bulk: of each element.
        thin: of each film of single scattering.
        film: of the silicon film, at energies that decide something and at the others.
        pixel: of each pixel with copper.
        column: of each layered column.
    """

    bulk: int
    thin: int
    film: tuple[int, int]
    pixel: int
    column: int


QUICK: Final = Effort(bulk=20_000, thin=10_000_000, film=(200_000, 20_000), pixel=200, column=3000)
FULL: Final = Effort(
    bulk=100_000, thin=30_000_000, film=(400_000, 200_000), pixel=2000, column=30_000
)


@dataclass(frozen=True)
class Validation:
    """Everything that was found.

    Attributes:
        checks: every comparison.
        bulk: backscatter of bulk elements.
        films: yields of the 20 nm Si film by preset.
        contrasts: of copper in silicon by Nebula and every preset.
        images: of copper in silicon.
        runs: what was simulated.
    """

    checks: Sequence[Check]
    bulk: Sequence[BulkCurve]
    films: Mapping[str, Sequence[Yield]]
    contrasts: Sequence[Contrast]
    images: Sequence[Images]
    runs: Sequence[Run]

    @property
    def failed(self) -> list[Check]:
        """Comparisons beyond their limits."""
        return [check for check in self.checks if not check.passed]


def number_of_runs() -> int:
    """Return how many runs `validate` makes."""
    per_preset = len(ELEMENTS) + 1 + 2 * len(load_specimens())
    return len(PRESETS) * per_preset + len(FILMS) + len(COLUMNS)


def validate(runner: Runner, effort: Effort) -> Validation:
    """Simulate and compare everything."""
    checks = [*cross_section_checks(), *thin_film_checks(runner, effort.thin)]
    bulk = bulk_curves(runner, effort.bulk)
    films = film_yields(runner, *effort.film)
    found = contrasts(runner, effort.pixel, films)
    checks += [*bulk_checks(bulk), *film_checks(films), *contrast_checks(found)]
    checks += column_checks(runner, effort.column)
    return Validation(checks, bulk, films, found, images(runner), runner.runs)
