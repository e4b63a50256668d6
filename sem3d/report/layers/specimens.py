"""Example specimens: the truth and what every predictor of one comparison made of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from sem3d.report.layers.examples import read_examples, thickness_of
from sem3d.report.layers.printed import reading_order
from sem3d.report.results import REFERENCE_NOISE, Dataset, Noise, Result


@dataclass(frozen=True)
class View:
    """One specimen as somebody sees it: labels (Z, Y, X) and thickness (L, Y, X) [nm].

    What a predictor says about its errors is None where it says nothing, as in
    `sem3d.specimen.Reconstruction`.
    """

    labels: UInt8[np.ndarray, "Z Y X"]
    thickness_nm: Float[np.ndarray, "L Y X"]
    uncertainty_nm: Float[np.ndarray, "L Y X"] | None = None
    residual: Float[np.ndarray, "Y X"] | None = None
    ambiguity: Float[np.ndarray, "Y X"] | None = None


@dataclass(frozen=True)
class Specimen:
    """One example: its scan, the truth and each predictor's view by predictor name."""

    index: int
    label: str
    scan: Float[np.ndarray, "E Y X"]
    energies_keV: Float[np.ndarray, " E"]
    truth: View
    predictions: Mapping[str, View]


@dataclass(frozen=True)
class Comparison:
    """Predictors evaluated on the same data with the same noise, and example specimens.

    Attributes:
        results: by predictor name, in reading order.
        specimens: examples, those that most predictors hold first.
    """

    results: Mapping[str, Result]
    specimens: tuple[Specimen, ...]

    @property
    def dataset(self) -> Dataset:
        """The data all predictors share."""
        return next(iter(self.results.values())).dataset

    @property
    def noise(self) -> Noise:
        """The noise all predictors share."""
        return next(iter(self.results.values())).noise

    @property
    def structures(self) -> str | None:
        """Which kind of structures the data are, see `Result.structures`."""
        return next(iter(self.results.values())).structures

    def best_of(self, names: Iterable[str]) -> str:
        """Return which of the predictors called `names` has the largest mIoU."""
        return max(names, key=lambda name: self.results[name].scores["miou_report"])


def compare(results: Iterable[Result], structures: str, count: int) -> Comparison | None:
    """Return the comparison for one kind of structures with `count` specimens, if there is any.

    Raises:
        InputError: an example file is missing, truncated or inconsistent.
    """
    named = unique_names(comparable(results, structures))
    return Comparison(named, _load_specimens(named, count)) if named else None


def comparable(results: Iterable[Result], structures: str) -> tuple[Result, ...]:
    """Return the results for one kind of structures that share data and noise, in reading order.

    Of several such groups the one with most predictors is taken, then the one nearest to the
    2 % noise of Artemov et al.
    """
    groups: dict[tuple[str, Noise], list[Result]] = {}
    for result in results:
        if result.structures == structures:
            groups.setdefault((result.dataset.label, result.noise), []).append(result)

    def size_then_noise(key: tuple[str, Noise]) -> tuple[int, bool, float, str]:
        data, noise = key
        far = abs(noise.amount - REFERENCE_NOISE.amount)
        return len(groups[key]), noise.kind == REFERENCE_NOISE.kind, -far, data

    best = max(groups, key=size_then_noise, default=None)
    return tuple(sorted(groups[best], key=reading_order)) if best else ()


def unique_names(results: Iterable[Result]) -> dict[str, Result]:
    """Return the results by predictor name; equal names are numbered in order."""
    seen: Counter[str] = Counter()
    named = {}
    for result in results:
        name = result.predictor.name
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name} ({seen[name]})"] = result
    return named


def load_views(result: Result) -> dict[int, View]:
    """Return what one predictor made of each of its examples, by sample index."""
    arrays = read_examples(result.path.with_suffix(".npz"), skip=("scan",))
    return {int(index): _predicted(arrays, n, result) for n, index in enumerate(arrays["index"])}


def load_truth(result: Result) -> tuple[int, View]:
    """Return the sample index and the truth of the first example."""
    arrays = read_examples(result.path.with_suffix(".npz"), skip=("scan",))
    return int(arrays["index"][0]), _true(arrays, 0)


def _load_specimens(named: Mapping[str, Result], count: int) -> tuple[Specimen, ...]:
    views = {name: load_views(result) for name, result in named.items()}
    uses = Counter(index for shown in views.values() for index in shown)
    return tuple(_specimen(index, named, views) for index, _ in uses.most_common(count))


def _specimen(
    index: int, named: Mapping[str, Result], views: Mapping[str, Mapping[int, View]]
) -> Specimen:
    holders = [name for name, shown in views.items() if index in shown]
    result = named[holders[0]]
    arrays = read_examples(result.path.with_suffix(".npz"))
    n = int(np.flatnonzero(arrays["index"] == index)[0])
    kind = "experimental" if result.structures == "experimental" else f"test {index}"
    return Specimen(
        index,
        f"{kind}, noise {result.noise.label}",
        arrays["scan"][n].astype(float),
        arrays["energies_keV"].astype(float),
        _true(arrays, n),
        {name: views[name][index] for name in holders},
    )


def _true(arrays: Mapping[str, np.ndarray], n: int) -> View:
    return View(arrays["true_labels"][n], arrays["true_thickness_nm"][n].astype(float))


def _predicted(arrays: Mapping[str, np.ndarray], n: int, result: Result) -> View:
    labels = arrays["predicted_labels"][n]
    said = [name for name in ("uncertainty_nm", "residual", "ambiguity") if name in arrays]
    doubts = {name: arrays[name][n].astype(float) for name in said}
    if "predicted_thickness_nm" in arrays:
        return View(labels, arrays["predicted_thickness_nm"][n].astype(float), **doubts)
    layers = len(result.dataset.classes) - 1
    return View(labels, thickness_of(labels, layers, result.dataset.height_nm), **doubts)
