"""What all solvers share: the call, the checks of a scan, labels and residual."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sem3d.errors import InputError
from sem3d.geometry.voxelise import voxelise
from sem3d.memory import free_memory
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.scan_checks import (
    SignalScale,
    check_batch,
    check_physics,
    check_scan,
    choose_energies,
    warn_of_misfit,
)
from sem3d.solvers.search import Estimate
from sem3d.solvers.signal_space import SignalSpace
from sem3d.specimen import Reconstruction, Scan

WORKING_COPIES = 4
"""Copies of a scan that are alive at a time: raised, stabilised, expected, their difference."""


class Solver(nn.Module, ABC):
    """Inverts the physics of a layered problem, pixel by pixel or with neighbours.

    Called with a `Scan` it returns a `Reconstruction` of numpy arrays; called with a batch of scans
    (B, E, Y, X) it returns one of tensors with the batch axis first, like a trained network.
    ``solver.to("cuda")`` moves the work to a GPU.

    Args:
        problem: the physics.
        level: standard deviation of the stabilised noise (the relative noise; for counting noise
            1 / sqrt(electrons)); None estimates it from each scan.

    Raises:
        InputError: the level is not a positive number or the physics does not hold.
    """

    bare: Tensor
    pixelwise: ClassVar[bool] = True
    """Whether a pixel is found without its neighbours: large fields are then done in tiles."""
    explains: ClassVar[bool] = True
    """Whether a large residual means that the model does not describe the scan."""
    tile_pixels: int = 1 << 18
    bytes_per_pixel: int = 0
    """What `recover` keeps beyond the scan, where it needs the whole field."""

    def __init__(self, problem: LayeredProblem, level: float | None = None) -> None:
        super().__init__()
        if level is not None and not 0 < level < 1:
            raise InputError(
                f"solver.level is {level}; give a relative noise between 0 and 1 or null"
            )
        self.problem, self.level = problem, level
        self.model = problem.engine.forward(problem.stack, problem.beam)
        table = problem.engine.table(problem.stack, problem.beam).table
        self.space = SignalSpace(table, problem.noise.statistics)
        self.scale = SignalScale.of(table)
        self.register_buffer("bare", table[:, :1].clone())  # state 0: no layer

    @abstractmethod
    def recover(self, stabilised: Float[Tensor, "E Y X"], level: float) -> Estimate:
        """Find the layers in one stabilised scan, see `SignalSpace`, of known noise."""

    def forward(self, scan: Scan | Float[Tensor, "B E Y X"]) -> Reconstruction:
        """Reconstruct one scan or a batch.

        Raises:
            InputError: other energies, a negative or non-finite signal, a signal far from the
                model's, or a field beyond the memory.
        """
        if isinstance(scan, Scan):
            check_physics(scan.provenance, self.problem.engine.provenance, "the scan")
            batch = torch.from_numpy(choose_energies(scan, self.problem.beam))[None]
            found = self.forward(batch.to(self.space.mean.device))
            return _first_as_numpy(found)
        scan = check_batch(scan)
        check_scan(scan, self.scale, self.problem)
        with torch.inference_mode():
            single = [self._single(one) for one in scan]
        return _stack(single)

    def _single(self, signal: Tensor) -> Reconstruction:
        level = self.level or self.space.estimate_level(signal)
        if not self.pixelwise:
            self._check_memory(signal)
            return self._told(self._rows(signal, level))
        rows = max(1, self.tile_pixels // signal.shape[-1])
        return self._told(_join([self._rows(tile, level) for tile in signal.split(rows, 1)]))

    def _told(self, found: Reconstruction) -> Reconstruction:
        if self.explains:
            warn_of_misfit(found.residual)
        return found

    def _rows(self, signal: Tensor, level: float) -> Reconstruction:
        stabilised = self.space.unbiased(signal, level)
        thickness, deviation, ambiguity = self.recover(stabilised, level)
        stack = self.problem.stack
        labels = voxelise(thickness, stack.height_nm, stack.slices)
        residual = self._residual(stabilised, thickness, level)
        return Reconstruction(labels, thickness, deviation, residual, ambiguity)

    def _check_memory(self, signal: Tensor) -> None:
        each = WORKING_COPIES * signal.element_size() * len(signal) + self.bytes_per_pixel
        needed = signal[0].numel() * each
        free = free_memory(signal.device)
        if needed > free:
            y, x = signal.shape[1:]
            raise InputError(
                f"a field of {y} x {x} pixels needs about {needed / 2**30:.1f} GiB in "
                f"{type(self).__name__} but {free / 2**30:.1f} GiB are free; cut the field into "
                "pieces that overlap, or take a solver of single pixels, e.g. lookup_map"
            )

    def _residual(self, stabilised: Tensor, thickness: Tensor, level: float) -> Tensor:
        expected = self.space.stabilise(self.model.columns(thickness.to(stabilised)))
        return (stabilised - expected).div_(level).square_().mean(0).float()


def _arrays(found: Reconstruction) -> dict[str, Any]:
    """Return what was found by name, without what is None."""
    named = {field.name: getattr(found, field.name) for field in fields(found)}
    return {name: values for name, values in named.items() if values is not None}


def _join(tiles: Sequence[Reconstruction]) -> Reconstruction:
    """Return tiles of rows as one field."""
    parts = [_arrays(tile) for tile in tiles]
    return Reconstruction(**{n: torch.cat([p[n] for p in parts], -2) for n in parts[0]})


def _stack(single: Sequence[Reconstruction]) -> Reconstruction:
    """Return reconstructions as one with a batch axis."""
    parts = [_arrays(one) for one in single]
    return Reconstruction(**{n: torch.stack([p[n] for p in parts]) for n in parts[0]})


def _first_as_numpy(batch: Reconstruction) -> Reconstruction:
    """Return the first of a batch as numpy arrays."""
    return Reconstruction(**{n: values[0].cpu().numpy() for n, values in _arrays(batch).items()})
