"""The nouns of the data flow: layer stack, specimen, beam, scan, reconstruction."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from sem3d.errors import InputError, did_you_mean
from sem3d.units import AXES, UNITS

SIDES: Final = ("mirror", "periodic", "absorb")
"""What the side walls of a voxel box may do."""


@dataclass(frozen=True)
class LayerStack:
    """Which layers a layered specimen may carry, lowest first, and how thick each may be.

    Attributes:
        materials: layer materials from the substrate upward, e.g. ``("Au", "Al")``.
        limits_nm: largest thickness of each layer [nm].
        substrate: material of the half space below.
        height_nm: voxel height of the label volume [nm].
        slices: number of voxels along z.

    Raises:
        InputError: the lists disagree or a limit is not positive.
    """

    materials: Sequence[str]
    limits_nm: Sequence[int]
    substrate: str = "Si"
    height_nm: float = 10.0
    slices: int = 16

    def __post_init__(self) -> None:
        object.__setattr__(self, "materials", tuple(self.materials))
        object.__setattr__(self, "limits_nm", tuple(int(n) for n in self.limits_nm))
        if len(self.materials) != len(self.limits_nm) or not self.materials:
            raise InputError(
                f"stack has {len(self.materials)} materials but {len(self.limits_nm)} limits_nm; "
                "give one limit per layer"
            )
        if min(self.limits_nm) <= 0:
            raise InputError(f"stack.limits_nm is {self.limits_nm}; limits must be at least 1 nm")
        if self.slices < 1 or self.height_nm <= 0:
            raise InputError(
                f"stack has {self.slices} slices of {self.height_nm} nm; both must be positive"
            )

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the label classes; class 0 is empty space above the specimen."""
        return ("none", *self.materials)


@dataclass(frozen=True)
class LayeredSpecimen:
    """Stacked layers on a substrate, one column per pixel.

    Attributes:
        thickness_nm: (L, Y, X), lowest layer first [nm].
        stack: the layers' materials and limits.

    Raises:
        InputError: wrong number of layers, non-finite thickness or thickness beyond the limits.
    """

    thickness_nm: np.ndarray
    stack: LayerStack

    def __post_init__(self) -> None:
        check_thickness(self.thickness_nm, self.stack)


@dataclass(frozen=True)
class VoxelBox:
    """What the voxel specimens of one family share.

    Attributes:
        materials: label k = 1, 2, ... stands for ``materials[k - 1]``; 0 is vacuum.
        shape: voxels (Z, Y, X); z = 0 is the surface.
        voxel_nm: voxel size (dz, dy, dx) [nm].
        sides: what electrons meet at the side walls: "mirror", "periodic" or "absorb".
        bottom: what lies below: "absorb" takes every electron (a free film), a material's name
            is a half space of it.

    Raises:
        InputError: a size is not positive, a name is missing or repeated, or a side is unknown.
    """

    materials: Sequence[str]
    shape: Sequence[int]
    voxel_nm: Sequence[float] = (1.0, 1.0, 1.0)
    sides: str = "mirror"
    bottom: str = "absorb"

    def __post_init__(self) -> None:
        for name in ("materials", "shape", "voxel_nm"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.materials or len({*self.materials}) < len(self.materials):
            raise InputError(
                f"voxel box has the materials {list(self.materials)}; name each one once"
            )
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise InputError(f"voxel box has the shape {self.shape}; give (Z, Y, X) voxels")
        if len(self.voxel_nm) != 3 or not min(self.voxel_nm) > 0:
            raise InputError(f"voxel_nm is {self.voxel_nm}; give positive sizes (dz, dy, dx)")
        if self.sides not in SIDES:
            raise InputError(f"sides is {self.sides!r}{did_you_mean(self.sides, SIDES)}")

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the label classes; class 0 is empty space."""
        return ("none", *self.materials)

    @property
    def slices(self) -> int:
        """Number of voxels along z."""
        return int(self.shape[0])

    @property
    def height_nm(self) -> float:
        """Voxel height [nm]."""
        return float(self.voxel_nm[0])


@dataclass(frozen=True)
class VoxelSpecimen:
    """Materials on a voxel grid.

    Attributes:
        labels: (Z, Y, X) uint8, 0 = vacuum, k = ``box.materials[k - 1]``.
        box: what the specimen shares with others of its family.

    Raises:
        InputError: labels of another shape or type, or beyond the materials.
    """

    labels: np.ndarray
    box: VoxelBox

    def __post_init__(self) -> None:
        if self.labels.dtype != np.uint8:
            raise InputError(
                f"labels are {self.labels.dtype}; give whole numbers as uint8, 0 for vacuum"
            )
        if self.labels.shape != self.box.shape:
            raise InputError(
                f"labels have the shape {self.labels.shape} but the box {self.box.shape}; "
                "both are (Z, Y, X)"
            )
        if (highest := int(self.labels.max())) > len(self.box.materials):
            raise InputError(
                f"label {highest} lies beyond the {len(self.box.materials)} materials "
                f"{', '.join(self.box.materials)}; add a material or correct the labels"
            )


@dataclass(frozen=True)
class Beam:
    """How one field of view is imaged.

    Attributes:
        energies_keV: (E,) strictly increasing beam energies [keV].
        electrons: dose, electrons per pixel and energy, for engines that count; None takes the
            engine's word.
        spot_sigma_nm: standard deviation of the beam about the middle of its pixel [nm]; 0 is a
            point.
        tilt_deg: angle of the beam to the surface normal, towards +x [degrees].

    Raises:
        InputError: energies out of order, no electron, or a spot or tilt out of range.
    """

    energies_keV: Sequence[float]
    electrons: int | None = None
    spot_sigma_nm: float = 0.0
    tilt_deg: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.energies_keV, Iterable):
            raise InputError(f"energies_keV is {self.energies_keV}; give a list of energies")
        energies = tuple(float(e) for e in self.energies_keV)
        object.__setattr__(self, "energies_keV", energies)
        if not energies or not energies[0] > 0 or not all(np.diff(energies) > 0):  # also NaN
            raise InputError(
                f"energies_keV is {list(energies)}; give positive, strictly increasing energies"
            )
        if self.electrons is not None:
            check_dose(self.electrons, "electrons")
        if not 0 <= self.spot_sigma_nm < math.inf:
            raise InputError(f"spot_sigma_nm is {self.spot_sigma_nm}; give 0 or more nm")
        if not abs(self.tilt_deg) < 90:
            raise InputError(f"tilt_deg is {self.tilt_deg}; give less than 90 degrees")


@dataclass(frozen=True)
class Scan:
    """A multi-energy stack of backscatter images.

    Attributes:
        signal: (E, Y, X) backscatter signal.
        beam: the energies of the first axis.
        provenance: engine, its settings, noise and seed.
        counts: (E, Y, X) electrons counted, or None where the signal is no count.
        electrons: beam electrons per pixel and energy behind `counts`, or None.

    Raises:
        InputError: the stack does not match the energies or is not finite.
    """

    signal: np.ndarray
    beam: Beam
    provenance: Mapping[str, Any] = field(default_factory=dict)
    counts: np.ndarray | None = None
    electrons: int | None = None
    axes: tuple[str, ...] = AXES["scan"]
    unit: str = UNITS["scan"]

    def __post_init__(self) -> None:
        check_signal(self.signal, len(self.beam.energies_keV))


@dataclass(frozen=True)
class Reconstruction:
    """What a network or solver found.

    Attributes:
        labels: (Z, Y, X) uint8, 0 = empty, k = k-th material; a batch axis may lead.
        thickness_nm: (L, Y, X) [nm], or None when only voxels were predicted.
        uncertainty_nm: (L, Y, X) expected root mean square error of the thickness [nm], or None.
        residual: (Y, X) mean squared misfit over the energies in units of the noise variance: about
            1 where model and data agree; or None.
        ambiguity: (Y, X) posterior probability that another set of layers is present; or None.
        probability: (Z, Y, X) probability, or a score 0..1, of the last material; or None.
    """

    labels: Any
    thickness_nm: Any = None
    uncertainty_nm: Any = None
    residual: Any = None
    ambiguity: Any = None
    probability: Any = None


def check_dose(electrons: float, name: str) -> None:
    """Raise `InputError` unless a dose is a whole number of electrons, at least 1."""
    if electrons < 1 or electrons % 1:
        raise InputError(f"{name} is {electrons}; give a dose of at least 1, a whole number")


def check_thickness(thickness_nm: np.ndarray, stack: LayerStack) -> None:
    """Raise `InputError` unless `thickness_nm` (L, Y, X) [nm] is finite and inside the limits."""
    if thickness_nm.ndim != 3 or thickness_nm.shape[0] != len(stack.materials):
        raise InputError(
            f"thickness has shape {thickness_nm.shape}; expected ({len(stack.materials)}, Y, X) "
            f"for the layers {', '.join(stack.materials)}"
        )
    for name, limit, plane in zip(stack.materials, stack.limits_nm, thickness_nm, strict=True):
        low, high = float(np.min(plane)), float(np.max(plane))
        if not (low >= 0 and high <= limit):  # also catches NaN
            raise InputError(
                f"{name} thickness spans {low:g}..{high:g} nm but the model holds for "
                f"0..{limit} nm; clip the map or raise the layer's limit"
            )


def check_signal(signal: np.ndarray, energies: int) -> None:
    """Raise `InputError` unless `signal` is a finite (energies, Y, X) stack."""
    if signal.ndim != 3 or signal.shape[0] != energies:
        raise InputError(
            f"scan has shape {signal.shape}; expected ({energies}, Y, X), one image per energy"
        )
    if not np.isfinite(signal).all():
        n, y, x = np.argwhere(~np.isfinite(signal))[0]
        raise InputError(
            f"scan is not finite, first at energy index {n}, y {y}, x {x}; "
            "mask or repair the detector fault before reconstruction"
        )
