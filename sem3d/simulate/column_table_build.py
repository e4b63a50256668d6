"""Simulate a table of columns: ``python -m sem3d.simulate.column_table_build``.

Without options it makes the shipped table anew, minutes on two cores; the same command
continues a killed run. For another stack name a file and the layers, lowest first, each by
material, greatest thickness [nm] and number of simulated thicknesses:

    python -m sem3d.simulate.column_table_build --file CuAl.npz --layer Cu 50 8 --layer Al 100 10
"""

import argparse
import hashlib
import itertools
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64, Int32
from rich.progress import track

from sem3d.errors import InputError
from sem3d.simulate.column_file import SHIPPED, ColumnFile, write
from sem3d.simulate.column_fit import ColumnFit, fit_counts, spread
from sem3d.simulate.montecarlo.engine import MonteCarlo
from sem3d.specimen import Beam, LayerStack, VoxelBox, VoxelSpecimen

PER_NM: Final = 8
"""Voxels per nm of depth; simulated thicknesses are whole voxels, so that interfaces are exact."""
FEWEST: Final = 3
"""Thicknesses of a layer, or energies."""
SHIPPED_LAYERS: Final = (("Au", 15, 8), ("Al", 150, 12))
"""Material, greatest thickness [nm] and simulated thicknesses of the shipped table's layers."""
_WIDE_NM = 1000.0  # of the column, which repeats sideways without end


def thicknesses(limit_nm: int, n: int) -> Float64[np.ndarray, "_"]:
    """Return about n thicknesses from 0 to the limit [nm], in whole voxels, dense at both ends."""
    return np.unique((PER_NM * spread(0, limit_nm, n)).round()) / PER_NM


def energies(low_keV: float, high_keV: float, n: int) -> Float64[np.ndarray, "_"]:
    """Return n energies [keV], dense at both ends in the logarithm."""
    return np.exp(spread(math.log(low_keV), math.log(high_keV), n)).round(2)


def column(stack: LayerStack, thickness_nm: Sequence[float]) -> VoxelSpecimen:
    """Return layers of some thickness [nm], lowest first, above one voxel of the substrate."""
    downward = (*reversed(stack.materials), stack.substrate)
    materials = tuple(dict.fromkeys((*stack.materials, stack.substrate)))
    voxels = [*(round(PER_NM * d) for d in reversed(thickness_nm)), 1]
    labels = np.repeat([1 + materials.index(name) for name in downward], voxels)
    size = 1 / PER_NM, _WIDE_NM, _WIDE_NM
    shape = len(labels), 1, 1
    box = VoxelBox(materials, shape, size, sides="periodic", bottom=stack.substrate)
    return VoxelSpecimen(labels.astype(np.uint8).reshape(shape), box)


def build(
    stack: LayerStack,
    thickness_nm: Sequence[Float64[np.ndarray, "_"]],
    beam: Beam,
    seed: int,
    path: Path,
    engine: MonteCarlo,
) -> ColumnFit:
    """Simulate all columns, fit, and write the table.

    Args:
        stack: materials of the layers.
        thickness_nm: to be simulated, of each layer, from 0 on [nm].
        beam: energies, and electrons behind each count.
        seed: of the random numbers; every column is a sample of its own.
        path: file to write; unfinished work lies beside it, under a name that tells its settings.
        engine: what counts.

    Raises:
        InputError: too few thicknesses or energies, or a material without cross sections.
    """
    energies_keV = np.array(beam.energies_keV)
    axes = *thickness_nm, energies_keV
    if min(map(len, axes)) < FEWEST or not beam.electrons:
        raise InputError(
            f"a column table needs electrons, {FEWEST} thicknesses of every layer, {1 / PER_NM} nm "
            f"apart or more, and {FEWEST} energies; give more steps or thicker layers"
        )
    columns = [column(stack, place) for place in itertools.product(*thickness_nm)]
    told = engine.provenance | {
        "seed": seed,
        "tables_sha256": engine.tables(columns[0].box).sha256,
    }
    settings = repr((stack, [list(axis) for axis in axes], beam.electrons, sorted(told.items())))
    kept = path.with_name(f".{path.name}.{hashlib.sha256(settings.encode()).hexdigest()[:12]}.npy")
    counts = _count(columns, beam, seed, engine, kept).reshape([len(axis) for axis in axes])
    table = ColumnFile(
        materials=tuple(stack.materials),
        substrate=stack.substrate,
        thickness_nm=tuple(thickness_nm),
        energies_keV=energies_keV,
        counts=counts,
        electrons=beam.electrons,
        coefficients=np.zeros(counts.shape),
        engine=told,
    )
    found = fit_counts(table.axes, counts, beam.electrons)
    write(replace(table, coefficients=found.coefficients), path)
    kept.unlink()
    return found


def _count(
    columns: Sequence[VoxelSpecimen], beam: Beam, seed: int, engine: MonteCarlo, kept: Path
) -> Int32[np.ndarray, "columns E"]:
    """Count every column; what is done stays in the file `kept`."""
    done = list(np.load(kept)) if kept.is_file() else []
    for number in track(range(len(done), len(columns)), "columns", total=len(columns)):
        scan = engine.simulate(columns[number], beam, (seed, number))
        done.append(np.asarray(scan.counts)[:, 0, 0])
        partial = kept.with_suffix(".partial.npy")
        np.save(partial, done)
        partial.replace(kept)
    return np.array(done, np.int32)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and build.

    Raises:
        InputError: see `build`, or another table would take the place of the shipped one.
    """
    options = _options()
    told = options.parse_args(arguments)
    changed = [k for k, v in vars(told).items() if v != options.get_default(k)]
    if told.file == SHIPPED and {*changed} - {"threads"}:
        raise InputError(f"the shipped table has no other {changed[0]}; name a file by --file")
    names, limits, steps = zip(*(told.layer or SHIPPED_LAYERS), strict=True)
    stack = LayerStack(names, [_whole(limit) for limit in limits], told.substrate)
    thickness = [thicknesses(d, _whole(n)) for d, n in zip(stack.limits_nm, steps, strict=True)]
    low, high, n = told.energies
    beam = Beam(energies(low, high, int(n)).tolist(), electrons=told.electrons)
    found = build(stack, thickness, beam, told.seed, told.file, MonteCarlo(threads=told.threads))
    degrees = " x ".join(str(n) for n in found.coefficients.shape)
    print(
        f"{told.file}: {degrees} polynomials, chi2 {found.chi2:.0f} for {found.freedom} degrees "
        "of freedom"
    )


def _whole(text: str | int) -> int:
    if not str(text).isdigit():
        raise InputError(f"--layer has {text!r}; give MATERIAL NM STEPS, e.g. Cu 50 8")
    return int(text)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Simulate a table of columns.")
    add = parser.add_argument
    add("--file", type=Path, default=SHIPPED, help="file to write")
    add(
        "--layer",
        nargs=3,
        action="append",
        metavar=("MATERIAL", "NM", "STEPS"),
        help="from the substrate upward; Au 15 8, then Al 150 12",
    )
    add("--substrate", default="Si", help="material of the half space below")
    add("--energies", nargs=3, type=float, default=(5, 35, 14), metavar=("KEV", "KEV", "STEPS"))
    add("--electrons", type=int, default=15_000, help="beam electrons behind each count")
    add("--seed", type=int, default=1)
    add("--threads", type=int, default=2)
    return parser


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
