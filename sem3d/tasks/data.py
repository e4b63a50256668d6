"""What a task must know of its data, in plain numbers so that a checkpoint can carry it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sem3d.errors import InputError
from sem3d.specimen import LayerStack, VoxelBox

Volume = LayerStack | VoxelBox


@dataclass(frozen=True)
class DataSpec:
    """The data a network is built for and trained on.

    Attributes:
        energies_keV: (E,) beam energies [keV].
        volume: layers or voxel box: what labels stand for.
        labels: label values that training shows; class k of a network is ``labels[k]``.
        mean: (E,) mean training signal.
        std: (E,) standard deviation of the training signal.
        dose: lowest and highest dose trained on [electrons per pixel and energy]; None where the
            signal is no count.
        dataset: name and checksum of the training data.
    """

    energies_keV: Sequence[float]
    volume: Volume
    labels: Sequence[int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    dose: tuple[int, int] | None = None
    dataset: Mapping[str, str] = field(default_factory=dict)

    @property
    def stack(self) -> LayerStack:
        """The layers.

        Raises:
            InputError: the data are voxels.
        """
        if not isinstance(self.volume, LayerStack):
            raise InputError(
                "task=thickness predicts maps of layers, but the dataset holds voxels; use "
                "task=voxels, e.g. model=conv3_volume, unet_volume or stacked_unet_volume"
            )
        return self.volume

    @property
    def headline(self) -> str:
        """Name of the score that says most: of layers the report's, of voxels the last material's.

        The means over all classes would count empty space, which voxel specimens may not have.
        """
        if isinstance(self.volume, LayerStack):
            return "miou_report"
        return f"iou_present/{self.volume.materials[-1]}"

    @property
    def headline_label(self) -> str:
        """The headline in words."""
        if isinstance(self.volume, LayerStack):
            return "mIoU"
        return f"IoU of {self.volume.materials[-1]}"

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for checkpoints."""
        plain = asdict(self)
        return _listed(plain | {"volume": _listed(plain["volume"])})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "DataSpec":
        """Invert `to_dict`."""
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        kind = VoxelBox if "sides" in plain["volume"] else LayerStack
        return cls(**plain | {"volume": kind(**plain["volume"])})

    def check_store(self, energies_keV: Sequence[float], volume: Volume, what: str) -> None:
        """Raise `InputError` unless data has the energies, materials and voxels trained on."""
        ours, theirs = list(self.energies_keV), [float(e) for e in energies_keV]
        if ours != theirs:
            within = theirs[0] <= ours[0] and ours[-1] <= theirs[-1]
            raise InputError(
                f"{what} has {len(theirs)} energies ({theirs[0]:g}..{theirs[-1]:g} keV) but the "
                f"network was trained on {len(ours)} ({ours[0]:g}..{ours[-1]:g} keV); "
                "use a checkpoint trained on these energies"
                + (", or interpolate=true" if within else "")
            )
        if volume != self.volume:
            raise InputError(
                f"{what} holds {_difference(volume, self.volume)}; use a checkpoint trained on "
                "such specimens"
            )


def _difference(there: Volume, trained: Volume) -> str:
    """Say in what two volumes differ, as briefly as that can be."""
    if type(there) is not type(trained):
        return f"{there} but the network was trained on {trained}"
    ours, theirs = asdict(trained), asdict(there)
    odd = [f"{k}={theirs[k]} (trained on {ours[k]})" for k in ours if ours[k] != theirs[k]]
    return f"specimens with {', '.join(odd)}"


def _listed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
