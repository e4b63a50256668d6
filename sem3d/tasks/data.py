"""What a task must know of its data, in plain numbers so that a checkpoint can carry it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sem3d.errors import InputError
from sem3d.specimen import LayerStack


@dataclass(frozen=True)
class DataSpec:
    """The data a network is built for and trained on.

    Attributes:
        energies_keV: (E,) beam energies [keV].
        materials: layer materials, lowest first.
        limits_nm: largest thickness per layer [nm].
        substrate: material below.
        height_nm: voxel height [nm].
        slices: voxels along z.
        mean: (E,) mean training signal.
        std: (E,) standard deviation of the training signal.
        dataset: name and checksum of the training data.
    """

    energies_keV: Sequence[float]
    materials: Sequence[str]
    limits_nm: Sequence[int]
    substrate: str
    height_nm: float
    slices: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    dataset: Mapping[str, str] = field(default_factory=dict)

    @property
    def stack(self) -> LayerStack:
        """The layers as a noun."""
        return LayerStack(
            self.materials, self.limits_nm, self.substrate, self.height_nm, self.slices
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for checkpoints."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "DataSpec":
        """Invert `to_dict`."""
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**plain)

    def check_store(self, energies_keV: Sequence[float], stack: LayerStack, what: str) -> None:
        """Raise `InputError` unless data has the energies, layers and voxels trained on."""
        ours, theirs = list(self.energies_keV), [float(e) for e in energies_keV]
        if ours != theirs:
            raise InputError(
                f"{what} has {len(theirs)} energies ({theirs[0]:g}..{theirs[-1]:g} keV) but the "
                f"network was trained on {len(ours)} ({ours[0]:g}..{ours[-1]:g} keV); "
                "use a checkpoint trained on these energies"
            )
        if stack != self.stack:
            raise InputError(
                f"{what} holds {stack} but the network was trained on {self.stack}; "
                "use a checkpoint trained on this stack"
            )
