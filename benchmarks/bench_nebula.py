"""What the adapter to the external program Nebula adds to Nebula's own time, and its memory.

A silicon film of 20 x 20 x 20 nm with a 5 nm copper cube 5 nm deep, at 20 energies. With the
environment variables SEM3D_NEBULA and SEM3D_NEBULA_MATERIALS (a folder with silicon.mat and
copper.mat) Nebula runs too; otherwise its time is estimated from a stated rate.
"""

import os
import resource
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _table import machine, parser, show, times

from sem3d.geometry.triangles import to_text
from sem3d.simulate.nebula.box import box_triangles
from sem3d.simulate.nebula.primaries import Primaries
from sem3d.simulate.nebula.program import Program
from sem3d.simulate.nebula.records import RECORD, count_records
from sem3d.specimen import Beam, VoxelBox, VoxelSpecimen

BOX = VoxelBox(("Si", "Cu"), (20, 20, 20))
NUMBERS = {"Si": 0, "Cu": 1}
SHAPE = (20, 20, 20)
# Backscatter only, one core, mean over the energies: measured once, elsewhere.
STATED_RATE = 0.07e6
RETURNED = 0.1  # share of electrons that come back, roughly: for files made here
REPEATS = 3


def main() -> None:
    read = parser(__doc__)
    read.add_argument("--electrons", type=int, default=100, help="per pixel and energy")
    read.add_argument("--records", type=int, default=4_000_000, help="detected, for their rate")
    options = read.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shares(Path(folder), options.electrons)
        rate(Path(folder) / "many.det", options.records)
        memory(Path(folder), options.electrons)


def shares(folder: Path, electrons: int) -> None:
    """Print the adapter's steps and what they are of the run."""
    beam = primaries(electrons)
    detected(folder / "detected.det", int(RETURNED * len(beam)))
    steps: dict[str, Callable[[], object]] = {
        "geometry": lambda: (folder / "geometry.tri").write_text(geometry()),
        "primaries": lambda: beam.write(folder / "primaries.pri", np.random.SeedSequence(0)),
        "counting": lambda: count_records(folder / "detected.det", SHAPE, 50.0),
    }
    seconds = {name: min(times(step, REPEATS)) for name, step in steps.items()}
    live = "SEM3D_NEBULA" in os.environ and "SEM3D_NEBULA_MATERIALS" in os.environ
    core_s, what = (
        (nebula(folder), "measured, processor time of its threads")
        if live
        else (len(beam) / STATED_RATE, f"not run: {STATED_RATE:,.0f} electrons/s, measured once")
    )
    rows = [(name, s * 1e3, f"{s / core_s:.2%}") for name, s in seconds.items()]
    total = sum(seconds.values())
    rows += [("adapter", total * 1e3, f"{total / core_s:.2%}"), ("Nebula", core_s * 1e3, "100%")]
    note = f"{electrons} electrons per pixel and energy, {len(beam):,} in all; Nebula: {what}"
    show(f"Nebula on {machine()}", ("part", "ms", "of Nebula's time"), rows, note)


def nebula(folder: Path) -> float:
    """Run Nebula on the files of a folder; return its processor time [s]."""
    kept = Path(os.environ["SEM3D_NEBULA_MATERIALS"])
    used = _children()
    program = Program(os.environ["SEM3D_NEBULA"])
    start = time.perf_counter()
    program.run(folder, [kept / "silicon.mat", kept / "copper.mat"], 50.0, 1)
    print(f"Nebula took {time.perf_counter() - start:.1f} s by the clock")
    return _children() - used


def rate(path: Path, count: int) -> None:
    """Print how fast detected electrons are counted."""
    detected(path, count)
    seconds = min(times(lambda: count_records(path, SHAPE, 50.0), REPEATS))
    rows = [(f"{count:,} records, {path.stat().st_size / 1e6:,.0f} MB", count / seconds / 1e6)]
    show("Counting", ("file", "million records/s"), rows)
    path.unlink()


def memory(folder: Path, electrons: int) -> None:
    """Print the adapter's peak memory at two doses."""
    rows = []
    for dose in (electrons, 10 * electrons):
        beam = primaries(dose)
        detected(folder / "detected.det", int(RETURNED * len(beam)))
        tracemalloc.start()
        geometry()
        beam.write(folder / "primaries.pri", np.random.SeedSequence(0))
        count_records(folder / "detected.det", SHAPE, 50.0)
        rows.append((f"{dose} electrons", tracemalloc.get_traced_memory()[1] / 1e6))
        tracemalloc.stop()
    show("Peak memory of the adapter", ("dose", "MB"), rows)


def specimen() -> VoxelSpecimen:
    """Return the film with the cube."""
    labels = np.ones(BOX.shape, np.uint8)
    labels[5:10, 7:12, 7:12] = 2
    return VoxelSpecimen(labels, BOX)


def geometry() -> str:
    """Return the content of its `.tri` file."""
    return to_text(box_triangles(specimen(), NUMBERS, 5.0, 10.0))


def primaries(electrons: int) -> Primaries:
    """Return the beam at 20 energies."""
    return Primaries(specimen(), Beam([0.5 * k for k in range(1, 21)]), electrons, 3.0)


def detected(path: Path, count: int) -> None:
    """Write as many records as Nebula might, in random order."""
    rng = np.random.default_rng(0)
    records = np.zeros(count, RECORD)
    records["px"], records["py"] = rng.integers(0, 400, count), rng.integers(0, 20, count)
    records["energy_eV"] = rng.uniform(0, 1000, count)
    records.tofile(path)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
