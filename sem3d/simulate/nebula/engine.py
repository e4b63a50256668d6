"""The engine `nebula`: the same specimens and beams, traced by the external program Nebula."""

import contextlib
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from sem3d import __version__
from sem3d.errors import InputError
from sem3d.geometry.triangles import to_text
from sem3d.simulate.nebula.box import box_triangles
from sem3d.simulate.nebula.chosen_materials import check_energies, material_file
from sem3d.simulate.nebula.material_file import MaterialFile
from sem3d.simulate.nebula.primaries import Primaries
from sem3d.simulate.nebula.program import TESTED, Program
from sem3d.simulate.nebula.records import count_records
from sem3d.specimen import Beam, LayeredSpecimen, Scan, VoxelSpecimen, check_dose

BINARY: Final = "nebula_cpu_mt"
_DETECTOR_NM: Final = 2.0  # above the place where electrons start


class Nebula:
    """Electron tracing by an installed Nebula, with the materials of its companion cstool.

    See docs/nebula.md. Nebula's threads share one stream of random numbers: counts agree
    statistically when they are made again, not bit by bit.

    Args:
        binary: path or name of the program; None takes the environment variable ``SEM3D_NEBULA``,
            or else `BINARY`.
        materials: material file by name of the specimen's material; a relative path starts from
            the folder ``SEM3D_NEBULA_MATERIALS`` if that is set.
        electrons: dose where the beam does not tell it, electrons per pixel and energy.
        threshold_eV: slower electrons are dropped; counted from the vacuum level [eV].
        e_cut_eV: slower electrons are not counted [eV].
        uniform: spread electrons evenly over their pixel; otherwise the beam's spot does.
        start_nm: height above the specimen where electrons start [nm].
        version: Nebula's version; another one is refused.
        timeout_s: longest run [s].
        keep_files: folder for the files of every run, None: they are deleted.

    Raises:
        InputError: a number out of range.
    """

    incidental: ClassVar[tuple[str, ...]] = ("binary", "timeout_s", "keep_files")
    """Settings that change no count."""

    def __init__(
        self,
        binary: str | None = None,
        materials: Mapping[str, str] | None = None,
        electrons: int = 200,
        threshold_eV: float = 50.0,
        e_cut_eV: float = 50.0,
        uniform: bool = False,
        start_nm: float = 3.0,
        version: str = TESTED,
        timeout_s: float = 3600.0,
        keep_files: str | None = None,
    ) -> None:
        check_dose(electrons, "simulator.electrons")
        if not 0 <= threshold_eV <= e_cut_eV < math.inf:
            raise InputError(
                f"simulator.threshold_eV is {threshold_eV} and e_cut_eV {e_cut_eV}; give 0 <= "
                "threshold_eV <= e_cut_eV"
            )
        for name, length in (("start_nm", start_nm), ("timeout_s", timeout_s)):
            if not 0 < length < math.inf:
                raise InputError(f"simulator.{name} is {length}; give a positive number")
        self.binary, self.version, self.timeout_s = binary, str(version), timeout_s
        self.materials = dict(materials or {})
        self.electrons, self.uniform, self.start_nm = electrons, uniform, start_nm
        self.threshold_eV, self.e_cut_eV = threshold_eV, e_cut_eV
        self.keep_files = keep_files

    def simulate(
        self,
        specimen: VoxelSpecimen | LayeredSpecimen,
        beam: Beam,
        seed: tuple[int, int] = (0, 0),
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Scan:
        """Return the scan (E, Y, X) of a specimen, one pixel per column of voxels.

        Args:
            specimen: the voxels.
            beam: energies, dose, spot and tilt.
            seed: two numbers of 32 bits, e.g. of the dataset and of the sample.
            on_progress: called with electrons done and wanted; may raise to stop.

        Raises:
            InputError: no voxel specimen, walls or energies that Nebula cannot do, a material
                without file, or a run that failed.
        """
        if not isinstance(specimen, VoxelSpecimen):
            raise InputError(
                f"simulator=nebula needs voxels, not a {type(specimen).__name__}; choose a "
                "voxel geometry, e.g. geometry=inclusions"
            )
        electrons = beam.electrons or self.electrons
        primaries = Primaries(specimen, beam, electrons, self.start_nm, self.uniform)
        files = {name: material_file(name, self.materials) for name in _names(specimen)}
        check_energies(files.values(), beam, self.e_cut_eV)
        if files:
            counts, version = self._counts(primaries, files, seed, on_progress)
        else:  # nothing to meet: Nebula does not start without a material
            counts, version = np.zeros(primaries.shape, np.int64), "not run: the box is empty"
        told = self.provenance | {
            "electrons": electrons,
            "seed": list(seed),
            "program": version,
            "materials_sha256": {name: file.sha256 for name, file in files.items()},
        }
        signal = (counts / electrons).astype(np.float32)
        return Scan(signal, beam, told, counts.astype(np.int32), electrons)

    @property
    def provenance(self) -> dict[str, Any]:
        """Engine and every setting, for stores and result files."""
        return {
            "engine": "nebula",
            "sem3d": __version__,
            "version": self.version,
            "threshold_eV": self.threshold_eV,
            "e_cut_eV": self.e_cut_eV,
            "uniform": self.uniform,
            "start_nm": self.start_nm,
            "materials_sha256": {
                name: material_file(name, self.materials).sha256 for name in self.materials
            },
        }

    def _counts(
        self,
        primaries: Primaries,
        files: Mapping[str, MaterialFile],
        seed: tuple[int, int],
        on_progress: Callable[[int, int], None] | None,
    ) -> tuple[np.ndarray, str]:
        """Write Nebula's files, run it, count its electrons; all in one folder."""
        beam = primaries.beam
        triangles = box_triangles(
            primaries.specimen,
            {name: number for number, name in enumerate(files)},
            self.start_nm + _DETECTOR_NM,
            beam.energies_keV[-1],
            self.e_cut_eV,
        )
        binary = self.binary or os.environ.get("SEM3D_NEBULA") or BINARY
        program = Program(binary, self.version, self.timeout_s)
        program.located()  # before anything is written
        for_program, for_beam = np.random.SeedSequence(seed).spawn(2)
        number = int(for_program.generate_state(1)[0])
        total = len(primaries)

        def tell(share: float) -> None:
            if on_progress is not None:
                on_progress(int(share * total), total)

        with self._folder(seed) as folder:
            (folder / "geometry.tri").write_text(to_text(triangles))
            primaries.write(folder / "primaries.pri", for_beam)
            paths = [file.path for file in files.values()]
            line = program.run(folder, paths, self.threshold_eV, number, tell)
            counts = count_records(folder / "detected.det", primaries.shape, self.e_cut_eV)
        tell(1.0)
        return counts, line

    @contextlib.contextmanager
    def _folder(self, seed: tuple[int, int]) -> Iterator[Path]:
        if self.keep_files is None:
            with tempfile.TemporaryDirectory(prefix="sem3d-nebula-") as folder:
                yield Path(folder)
        else:
            kept = Path(self.keep_files) / "-".join(f"{word:08x}" for word in seed)
            kept.mkdir(parents=True, exist_ok=True)
            yield kept


def _names(specimen: VoxelSpecimen) -> list[str]:
    """Materials that electrons can meet, each once: Nebula warns of any other."""
    box = specimen.box
    present = [name for k, name in enumerate(box.materials, 1) if (specimen.labels == k).any()]
    below = [] if box.bottom in ("absorb", *present) else [box.bottom]
    return present + below
