"""Example arrays of voxel specimens."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from sem3d.report.examples import check_agreement, read_arrays
from sem3d.report.results import Result


@dataclass(frozen=True)
class Example:
    """One sample: labels true and found (Z, Y, X), and the probability of the last material."""

    truth: UInt8[np.ndarray, "Z Y X"]
    labels: UInt8[np.ndarray, "Z Y X"]
    probability: Float[np.ndarray, "Z Y X"] | None
    body: int

    def above(self, threshold: float) -> UInt8[np.ndarray, "Z Y X"]:
        """Return the labels with the body where its probability is above the threshold.

        Elsewhere stands what was found, and where that is the body too the label below it.
        """
        assert self.probability is not None
        rest = np.where(self.labels == self.body, self.body - 1, self.labels)
        return np.where(self.probability > threshold, self.body, rest).astype(np.uint8)


def read_volumes(result: Result) -> dict[int, Example]:
    """Return the examples beside a result file by sample index.

    Raises:
        InputError: the file is missing or truncated, lacks an array, or its arrays disagree.
    """
    path = result.path.with_suffix(".npz")
    arrays = read_arrays(path, skip=("scan",))
    true, found = arrays["true_labels"], arrays["predicted_labels"]
    graded = arrays.get("probability")
    shapes = {true.shape, found.shape, true.shape if graded is None else graded.shape}
    same = len(shapes) == 1 and len(arrays["index"]) == len(true)
    check_agreement(same, () if graded is None else (graded,), arrays, path)
    body = len(result.dataset.classes) - 1
    return {
        int(index): Example(true[n], found[n], None if graded is None else graded[n], body)
        for n, index in enumerate(arrays["index"])
    }
