r"""Overlap of the copper that MED-SEM finds with the true one, by threshold.

Of every specimen: the best of the thresholds 0.5 to 0.9, as published, and the solver's own, fixed
on validation specimens; mean over its noise draws. The datasets are written by

    python -m sem3d.generate dataset=voxels dataset.name=med_sem \
      'dataset.splits={train: 24, val: 16, test: 0}'
    python -m sem3d.generate dataset=nanocube
    python -m sem3d.generate dataset=nanowire
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from _config import compose
from _table import machine, parser, show, times
from torch import Tensor

from sem3d.runtime.build import build
from sem3d.solvers.voxel_problem import VoxelProblem
from sem3d.solvers.voxel_solver import VoxelSolver
from sem3d.store.reader import ScanStore

SOLVERS = ("med_sem", "med_sem_calibrated")
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
CASES = {"nanocube": ("1", "2", "3", "4"), "nanowire": ("2 nm", "4 nm", "6 nm", "8 nm", "10 nm")}


def main() -> None:
    read = parser(__doc__)
    read.add_argument("--data-dir", type=Path, default=Path("data"))
    read.add_argument("--tuning", default="med_sem", help="name of the inclusions dataset")
    read.add_argument("--electrons", type=int, help="fewer than the datasets', by thinning")
    read.add_argument("--device", default="cpu", help="cpu or cuda")
    options = read.parse_args()
    tuning = [(options.tuning, split, (split,)) for split in ("train", "val")]
    named = [(dataset, "test", cases) for dataset, cases in CASES.items()]
    for name in SOLVERS:
        rows = []
        for dataset, split, cases in tuning + named:
            store = ScanStore(options.data_dir / f"{dataset}.zarr")
            solver = solver_for(name, store, options.electrons).to(options.device)
            yields, labels = read_split(store, split, solver.problem.beam.electrons or 0)
            yields = yields.to(options.device)
            seconds = min(times(partial(solver, yields), 1)) / len(yields)
            found = described(solver, yields, labels, cases)
            rows += [(f"{dataset} {row[0]}", *row[1:], seconds) for row in found]
        columns = ["specimens", "best", "at", f"at {solver.threshold:g}", "s per volume"]
        note = f"{solver.problem.beam.electrons} electrons per pixel and energy"
        show(f"{name} on {machine(options.device)}", columns, rows, note)


def solver_for(name: str, store: ScanStore, electrons: int | None) -> VoxelSolver:
    """Build a solver for the box, energies and dose of a dataset."""
    cfg = compose("evaluate", f"solver={name}", "simulator=montecarlo")
    beam = replace(store.beam, electrons=electrons or store.beam.electrons)
    problem = VoxelProblem(store.box, beam, build(cfg["simulator"], "simulator"))
    return build(cfg["solver"], "solver", problem=problem)


def read_split(store: ScanStore, split: str, electrons: int) -> tuple[Tensor, np.ndarray]:
    """Return yields (B, E, Y, X) of `electrons` per pixel and the true labels."""
    counts, labels = (store.read(split, n, 0, store.count(split)) for n in ("counts", "labels"))
    share = electrons / (store.beam.electrons or electrons)
    if share < 1:
        counts = np.random.default_rng(0).binomial(counts, share)
    return torch.from_numpy(counts / electrons).float(), labels


def overlaps(score: np.ndarray, true: np.ndarray, threshold: float) -> np.ndarray:
    """Intersection over union of copper of every sample."""
    ours = score >= threshold
    union = (ours | true).sum((1, 2, 3))
    return (ours & true).sum((1, 2, 3)) / np.maximum(union, 1)


def described(
    solver: VoxelSolver, yields: Tensor, labels: np.ndarray, cases: Sequence[str]
) -> Iterator[tuple[str, float, float, float]]:
    """Case, best overlap, its threshold and the overlap at the solver's own threshold.

    Samples go through the cases in turns.
    """
    score = solver(yields).probability.cpu().numpy()
    true = labels == len(solver.problem.box.materials)

    def means(threshold: float) -> np.ndarray:
        return overlaps(score, true, threshold).reshape(-1, len(cases)).mean(0)

    each = np.stack([means(t) for t in THRESHOLDS])
    for case, values, own in zip(cases, each.T, means(solver.threshold), strict=True):
        best = int(values.argmax())
        yield case, values[best], THRESHOLDS[best], own


if __name__ == "__main__":
    main()
