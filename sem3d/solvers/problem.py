"""What a solver must know of the microscope and the specimen, and nothing of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from sem3d.simulate.noise import Noise
from sem3d.specimen import Beam, LayerStack


@runtime_checkable
class LinearisedForward(Protocol):
    """A forward model with its derivative; see `sem3d.simulate.analytic.AnalyticForward`."""

    def columns(self, thickness_nm: Float[Tensor, "*B L Y X"]) -> Float[Tensor, "*B E Y X"]:
        """Signal of independent pixels."""

    def linearise(
        self, thickness_nm: Float[Tensor, "L *field"], present: Any
    ) -> tuple[Float[Tensor, "E *field"], Float[Tensor, "L E *field"]]:
        """Signal and derivative by thickness where the layers `present` are there."""


@runtime_checkable
class Engine(Protocol):
    """A layered forward model that solvers can invert; see `sem3d.simulate.analytic.Analytic`."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Name and settings, as in the scans that it simulates."""

    def forward(self, stack: LayerStack, beam: Beam) -> LinearisedForward:
        """Return the model for any thickness."""

    def table(self, stack: LayerStack, beam: Beam) -> Any:
        """Return the model at every whole nm, see `sem3d.simulate.lookup.LookupForward`."""


@dataclass(frozen=True)
class LayeredProblem:
    """The physics to invert.

    Attributes:
        engine: forward model.
        stack: layers that may be present, and their limits.
        beam: energies of the scans, or the subset of them that is to be used.
        noise: kind of noise; its amount is estimated from each scan unless a solver is told.
    """

    engine: Engine
    stack: LayerStack
    beam: Beam
    noise: Noise
