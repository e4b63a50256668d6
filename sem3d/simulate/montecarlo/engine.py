"""The engine `montecarlo`: backscattered electrons counted one by one."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from sem3d import __version__
from sem3d.chemistry import LIBRARY, material
from sem3d.errors import InputError, did_you_mean
from sem3d.simulate.montecarlo.cpu import Progress, simulate_on_cpu
from sem3d.simulate.montecarlo.cuda import simulate_on_gpu
from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.hard_collisions import MODELS
from sem3d.simulate.montecarlo.tasks import ExitSignal
from sem3d.simulate.montecarlo.transport_tables import TransportTables, tables_for
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid
from sem3d.specimen import Beam, LayeredSpecimen, Scan, VoxelBox, VoxelSpecimen, check_dose

BACKENDS: Final = ("cpu", "cuda")
DETECTORS: Final = ("count", "energy")
"""What an electron adds to the signal: 1, or its energy relative to the beam's."""


class MonteCarlo:
    """Single elastic scattering with Mott cross sections and continuous slowing-down.

    See docs/montecarlo.md. An electron's history depends on the seed, its pixel, energy and number
    only: neither threads nor order change a count.

    Args:
        electrons: dose where the beam does not tell it, electrons per pixel and energy.
        hard: fast secondary electrons: "none", "moller" or "dielectric".
        detector: "count", or "energy" for a detector whose signal grows with electron energy.
        e_cut_eV: slower electrons are absorbed and not counted [eV].
        polar_deg: exit angles to the outward normal that the detector sees [degrees].
        library: folder of materials added by ``python -m sem3d.materials add``.
        threads: processor threads of one scan.
        backend: "cpu" or "cuda"; a GPU gives statistically equal counts.

    Raises:
        InputError: an unknown option or no electron.
    """

    incidental: ClassVar[tuple[str, ...]] = ("threads",)
    """Settings that change no byte."""

    def __init__(
        self,
        electrons: int = 1000,
        hard: str = "none",
        detector: str = "count",
        e_cut_eV: float = 50.0,
        polar_deg: Sequence[float] = (0.0, 90.0),
        library: str | Path = LIBRARY,
        threads: int = 1,
        backend: str = "cpu",
    ) -> None:
        check_dose(electrons, "simulator.electrons")
        if hard not in MODELS:
            raise InputError(f"simulator.hard is {hard!r}{did_you_mean(hard, MODELS)}")
        if detector not in DETECTORS:
            raise InputError(
                f"simulator.detector is {detector!r}{did_you_mean(detector, DETECTORS)}"
            )
        if backend not in BACKENDS:
            raise InputError(f"simulator.backend is {backend!r}{did_you_mean(backend, BACKENDS)}")
        self.backend = backend
        self.electrons, self.hard, self.detector = electrons, hard, detector
        self.e_cut_eV, self.threads = e_cut_eV, threads
        self.polar_deg = (float(polar_deg[0]), float(polar_deg[1]))
        self.library = Path(library)

    def simulate(
        self,
        specimen: VoxelSpecimen | LayeredSpecimen,
        beam: Beam,
        seed: tuple[int, int] = (0, 0),
        on_progress: Progress | None = None,
    ) -> Scan:
        """Return the scan (E, Y, X) of a specimen, one pixel per column of voxels.

        Args:
            specimen: the voxels.
            beam: energies, dose, spot and tilt.
            seed: two numbers of 32 bits, e.g. of the dataset and of the sample.
            on_progress: called with electrons done and wanted; may raise to stop.

        Raises:
            InputError: no voxel specimen, a material without data, or energies outside the tables.
        """
        if not isinstance(specimen, VoxelSpecimen):
            raise InputError(
                f"simulator=montecarlo needs voxels, not a {type(specimen).__name__}; choose a "
                "voxel geometry, e.g. geometry=inclusions"
            )
        electrons = beam.electrons or self.electrons
        tables = self.tables(specimen.box)
        asked = self._grid(specimen), self._beam(beam), tables, seed, electrons
        if self.backend == "cuda":
            found = simulate_on_gpu(*asked, on_progress=on_progress)
        else:
            found = simulate_on_cpu(*asked, threads=self.threads, on_progress=on_progress)
        signal = self._signal(found, beam, electrons)
        told = self.provenance | {
            "electrons": electrons,
            "seed": list(seed),
            "densities_g_cm3": {
                name: material(name, self.library).density_g_cm3 for name in tables.names
            },
            "tables_sha256": tables.sha256,
        }
        return Scan(signal, beam, told, found.counts.astype(np.int32), electrons)

    def tables(self, box: VoxelBox) -> TransportTables:
        """Return the tables of the box's materials and of what lies below it."""
        return _tables(_names(box), self.hard, self.library)

    @property
    def provenance(self) -> dict[str, Any]:
        """Engine, models and every setting, for stores and result files."""
        return {
            "engine": "montecarlo",
            "sem3d": __version__,
            "elastic": "mott-salvat1987-fm",
            "stopping": "joy-luo1989",
            "hard": self.hard,
            "detector": self.detector,
            "backend": self.backend,
            "e_cut_eV": self.e_cut_eV,
            "polar_deg": list(self.polar_deg),
        }

    def _grid(self, specimen: VoxelSpecimen) -> VoxelGrid:
        box = specimen.box
        below = 0 if box.bottom == "absorb" else 1 + _names(box).index(box.bottom)
        dz, dy, dx = box.voxel_nm
        return VoxelGrid(specimen.labels, (dz, dy, dx), box.sides, below)

    def _beam(self, beam: Beam) -> ElectronBeam:
        return ElectronBeam(
            beam.energies_keV,
            spot_sigma_nm=beam.spot_sigma_nm,
            tilt_deg=beam.tilt_deg,
            e_cut_eV=self.e_cut_eV,
            polar_deg=self.polar_deg,
        )

    def _signal(self, found: ExitSignal, beam: Beam, electrons: int) -> np.ndarray:
        if self.detector == "count":
            return (found.counts / electrons).astype(np.float32)
        full = 1000 * np.array(beam.energies_keV)[:, None, None]
        return (found.energy_eV / (electrons * full)).astype(np.float32)


def _names(box: VoxelBox) -> tuple[str, ...]:
    """Materials in label order; what lies below comes last unless it is among them."""
    below = () if box.bottom in ("absorb", *box.materials) else (box.bottom,)
    return (*box.materials, *below)


@lru_cache(maxsize=16)
def _tables(names: tuple[str, ...], hard: str, library: Path) -> TransportTables:
    return tables_for([material(name, library) for name in names], hard, library)
