"""Is this scan what the solver's physics describes? If not, say what it looks like."""

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError
from sem3d.solvers.problem import LayeredProblem
from sem3d.specimen import Beam, Scan

MARGIN = 0.1
"""Relative distance from the model's brightest and darkest state at which a pixel is off."""
MISFIT = 2.0
"""Median residual from which a scan is doubted."""
SHARE = 0.2
"""Share of pixels off the model from which the scan is refused: borders and specks are not."""


class SignalScale(NamedTuple):
    """Mean signal over the energies: of the darkest and brightest state and of bare substrate."""

    low: float
    high: float
    bare: float

    @classmethod
    def of(cls, table: Float[Tensor, "E S"]) -> "SignalScale":
        """Return the scale of a table whose first state is bare."""
        mean = table.mean(0)
        return cls(float(mean.min()), float(mean.max()), float(mean[0]))


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


def check_physics(told: Mapping[str, Any], assumed: Mapping[str, Any], what: str) -> None:
    """Raise `InputError` when `what` was simulated with other physics than the solver assumes.

    Args:
        told: provenance of the data; data of no engine, measured ones, are taken as they are.
        assumed: provenance of the solver's engine.
        what: the data, for the message.
    """
    if "engine" not in told:
        return
    for key, value in assumed.items():
        if told.get(key) != value:
            raise InputError(
                f"{what} was simulated with {key} = {told.get(key)} but the solver assumes "
                f"{value}; give it the engine of the data (simulator=... on the command line)"
            )


def check_batch(scans: object) -> Float[Tensor, "B E Y X"]:
    """Return scans as floating-point numbers of at least single precision.

    Raises:
        InputError: they are no tensor with a batch axis, or empty.
    """
    if not isinstance(scans, Tensor):
        raise InputError(
            f"a solver takes a Scan or a tensor (B, E, Y, X), not {type(scans).__name__}; "
            "make a Scan(signal, beam)"
        )
    if scans.ndim != 4 or not scans.numel():
        raise InputError(
            f"scans have the shape {tuple(scans.shape)}; give a batch (B, E, Y, X) with pixels, "
            "for a single scan scan[None]"
        )
    return scans.to(torch.promote_types(scans.dtype, torch.float32))


def warn_of_misfit(residual: Float[Tensor, "Y X"]) -> None:
    """Warn when the noise does not explain the misfit of most pixels."""
    if (median := float(residual.median())) > MISFIT:
        warnings.warn(
            f"the misfit is {median:.1f} times the noise variance in half of the pixels: the model "
            "does not describe this scan; check its scale, energies, layers and physics",
            stacklevel=4,
        )


def check_scan(
    scan: Float[Tensor, "B images Y X"], scale: SignalScale, problem: LayeredProblem
) -> None:
    """Raise `InputError` unless a batch of scans can be what the model predicts.

    Args:
        scan: the scans.
        scale: what the model predicts.
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
    _check_scale(scan.mean(1), scale, problem)


def _check_scale(mean: Tensor, scale: SignalScale, problem: LayeredProblem) -> None:
    """The mean over energies must lie between the darkest and the brightest state."""
    low, high, bare = scale
    off = (mean < low * (1 - MARGIN)) | (mean > high * (1 + MARGIN))
    if off.float().mean() <= SHARE:
        return
    substrate = problem.stack.substrate
    raise InputError(
        f"the scan's mean over energies spans {float(mean.min()):.3g}..{float(mean.max()):.3g} but "
        f"the model {low:.3g}..{high:.3g}: it is not on the model's scale, where bare {substrate} "
        f"is {bare:.3g}; divide it by the signal of bare {substrate} and multiply by {bare:.3g}"
    )
