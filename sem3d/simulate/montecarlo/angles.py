"""Scattering angles by tail probability: dense where the backward hemisphere sits."""

import numpy as np
from jaxtyping import Float

from sem3d.simulate.montecarlo.elastic import MU
from sem3d.simulate.montecarlo.energy_grid import TAILS

_EDGES = np.append(0.0, MU)  # the forward peak is flat below the first angle


def _cells(density: Float[np.ndarray, "N 600"]) -> Float[np.ndarray, "N 600"]:
    """Return the weight of each of the 600 cells between angles, (N, 600)."""
    padded = np.concatenate([density[..., :1], density], axis=-1)
    return (padded[..., 1:] + padded[..., :-1]) / 2 * np.diff(_EDGES)


def total(density: Float[np.ndarray, "N 600"]) -> Float[np.ndarray, "N"]:
    """Integrate (N, 600), given on `elastic.MU`, over all angles: (N,)."""
    return _cells(density).sum(-1)


def mean_mu(density: Float[np.ndarray, "N 600"]) -> Float[np.ndarray, "N"]:
    """Return the mean of mu = (1 - cos theta) / 2 for each density (N, 600): (N,)."""
    return _cells(density) @ ((_EDGES[1:] + _EDGES[:-1]) / 2) / total(density)


def beyond(density: Float[np.ndarray, "N 600"], mu: float) -> Float[np.ndarray, "N"]:
    """Integrate (N, 600) over the angles beyond `mu`: (N,)."""
    tails = _tails(density)
    return np.array([np.interp(mu, _EDGES, row) for row in tails])


def _tails(density: Float[np.ndarray, "N 600"]) -> Float[np.ndarray, "N 601"]:
    """Integrate from every edge (601,) to the far end, summed from there."""
    summed = np.cumsum(_cells(density)[..., ::-1], axis=-1)[..., ::-1]
    return np.concatenate([summed, np.zeros_like(summed[..., :1])], axis=-1)


def tail_quantiles(density: Float[np.ndarray, "N 600"]) -> Float[np.ndarray, "N 321"]:
    """Return mu(r), r = P(mu' > mu), on `energy_grid.TAILS` (N, 321) for densities (N, 600)."""
    tails = _tails(density)
    tails /= tails[:, :1]
    return np.stack([np.interp(TAILS, row[::-1], _EDGES[::-1]) for row in tails])
