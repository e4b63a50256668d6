"""Is this scan what the solver's physics describes? If not, say what it looks like."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError
from sem3d.solvers.problem import LayeredProblem
from sem3d.specimen import Beam, Scan

MARGIN = 0.1
"""Relative distance from the model's brightest and darkest state at which a pixel is off."""
SHARE = 0.2
"""Share of pixels off the model from which the scan is refused: borders and specks are not."""


def choose_energies(scan: Scan, beam: Beam) -> Float[np.ndarray, "E Y X"]:
    """Return the images of a scan at the energies of `beam`, float32.

    Raises:
        InputError: the scan lacks one of the energies.
    """
    have = {energy: n for n, energy in enumerate(scan.beam.energies_keV)}
    missing = [energy for energy in beam.energies_keV if energy not in have]
    if missing:
        raise InputError(
            f"the solver is built for {missing[0]:g} keV but the scan has the energies "
            f"{', '.join(f'{e:g}' for e in have)} keV; build it with beam=scan.beam or a subset"
        )
    return scan.signal[[have[energy] for energy in beam.energies_keV]].astype(np.float32)


def check_scan(
    scan: Float[Tensor, "B images Y X"], table: Float[Tensor, "E S"], problem: LayeredProblem
) -> None:
    """Raise `InputError` unless a batch of scans can be what the model predicts.

    Args:
        scan: the scans.
        table: signal of every state the model knows.
        problem: its energies and materials.
    """
    energies = len(problem.beam.energies_keV)
    if scan.shape[1] != energies:
        raise InputError(
            f"scan has {scan.shape[1]} images but the solver is built for {energies} energies; "
            "give one image per energy"
        )
    if not torch.isfinite(scan).all() or scan.min() < 0:
        bad = ~torch.isfinite(scan) | (scan < 0)
        b, n, y, x = (int(i) for i in bad.nonzero()[0])
        raise InputError(
            f"scan holds {float(scan[b, n, y, x]):g} at {problem.beam.energies_keV[n]:g} keV, "
            f"y {y}, x {x}; a backscatter signal is finite and not negative: mask or repair it"
        )
    _check_scale(scan.mean(1), table, problem)


def _check_scale(mean: Tensor, table: Tensor, problem: LayeredProblem) -> None:
    """The mean over energies must lie between the darkest and the brightest state."""
    predicted = table.mean(0)
    low, high = float(predicted.min()), float(predicted.max())
    off = (mean < low * (1 - MARGIN)) | (mean > high * (1 + MARGIN))
    if off.float().mean() <= SHARE:
        return
    bare = float(table[:, 0].mean())  # state 0: no layer
    darkest, brightest = (float(q) for q in mean.flatten().sort().values[[0, -1]])
    raise InputError(
        f"the scan's mean over energies spans {darkest:.3g}..{brightest:.3g} but the model "
        f"{low:.3g}..{high:.3g}: it is not on the model's scale, where bare "
        f"{problem.stack.substrate} is {bare:.3g}; divide it by the signal of bare "
        f"{problem.stack.substrate} and multiply by {bare:.3g}"
    )
