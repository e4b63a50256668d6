"""Pixels per second of every solver, against loops over pixels.

Peers: SciPy's bounded least squares from one start in each set of layers, and NumPy's search of the
table, one pixel at a time. They run on some pixels only and are scaled.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _config import compose
from _loops import column
from _table import machine, parser, show, times
from scipy.optimize import least_squares

from sem3d.runtime.build import TARGET, build, locate
from sem3d.runtime.cli import CONF
from sem3d.simulate.noise import GaussianNoise
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.solver import Solver

LEVEL = 0.02
PEER_PIXELS = 200
STARTS = ((), (7.0, None), (None, 50.0), (7.0, 50.0))
"""Thickness of gold and aluminium to start from, None where a layer is absent."""


def main() -> None:
    read = parser(__doc__)
    read.add_argument("--side", type=int, default=128, help="pixels along y and x of the field")
    read.add_argument("--device", default="cpu", help="cpu or cuda")
    read.add_argument("--repeats", type=int, default=5, help="timed calls, the fastest counts")
    read.add_argument("--solvers", nargs="*", default=names(), help="which solvers")
    options = read.parse_args()
    problem, scan = example(options.side)
    energies = np.array(problem.beam.energies_keV)
    table = problem.engine.table(problem.stack, problem.beam).table.log().numpy()
    pixels = scan.flatten(1).T[:: max(1, options.side**2 // PEER_PIXELS)].numpy()
    peers = {
        "loop, SciPy least_squares": lambda: [fit(p, energies) for p in pixels],
        "loop, NumPy search of the table": lambda: [search(p, table) for p in pixels],
    }
    rows = [(name, 1, len(pixels) / min(times(call, 2))) for name, call in peers.items()]
    for name in options.solvers:
        solver = build(compose("evaluate", f"solver={name}")["solver"], "solver", problem=problem)
        for threads in (1, 2) if options.device == "cpu" else (0,):
            torch.set_num_threads(threads or 1)
            rows.append((name, threads, rate(solver, scan, options)))
    columns = ["solver", "threads", "pixels/s", "x SciPy", "x NumPy", "s per field"]
    lines = [(*r, r[2] / rows[0][2], r[2] / rows[1][2], options.side**2 / r[2]) for r in rows]
    notes = (
        f"field of {options.side} x {options.side} pixels, 31 energies, {LEVEL:.0%} noise, with "
        "labels, uncertainty, ambiguity and residual",
        f"loops: {len(pixels)} pixels, scaled; they give a thickness only",
    )
    show(f"Solvers on {machine(options.device)}", columns, lines, *notes)


def names() -> list[str]:
    """Every solver of layers in conf/solver."""
    every = sorted(path.stem for path in (Path(CONF) / "solver").glob("*.yaml"))
    targets = {name: compose("evaluate", f"solver={name}")["solver"][TARGET] for name in every}
    return [name for name in every if issubclass(locate(targets[name], name), Solver)]


def example(side: int) -> tuple[LayeredProblem, torch.Tensor]:
    """Problem of the report and the noisy scan (E, Y, X) of a random specimen."""
    shape = f"geometry.shape=[{side},{side}]"
    cfg = compose("generate", "dataset=layers", shape)
    geometry, engine, beam = (build(cfg[k]) for k in ("geometry", "simulator", "acquisition"))
    noise = GaussianNoise(LEVEL)
    specimen = geometry(np.random.default_rng(0))
    signal = torch.from_numpy(engine.simulate(specimen, beam).signal)
    problem = LayeredProblem(engine, geometry.stack, beam, noise)
    return problem, noise(signal, torch.Generator().manual_seed(0))


def rate(solver: Any, scan: torch.Tensor, options: Any) -> float:
    """Pixels per second of a solver."""
    batch = scan[None].to(options.device)
    solver = solver.to(options.device)

    def call() -> None:
        solver(batch)
        if options.device == "cuda":
            torch.cuda.synchronize()

    return scan[0].numel() / min(times(call, options.repeats))


def fit(pixel: np.ndarray, energies: np.ndarray) -> np.ndarray:
    """Thickness (gold, aluminium) of one pixel: the best fit of four sets of layers by BIC."""
    data = np.log(pixel)
    fits = [_fit_set(data, start, energies) for start in STARTS]
    return min(fits, key=lambda found: found[0])[1]


def _fit_set(
    data: np.ndarray, start: tuple[float | None, ...], energies: np.ndarray
) -> tuple[float, np.ndarray]:
    free = [k for k, d in enumerate(start) if d is not None]
    thickness = np.zeros(2)

    def misfit(values: Any) -> np.ndarray:
        thickness[free] = values
        return (np.log(column(*thickness, energies)) - data) / LEVEL

    if not free:
        return float((misfit(()) ** 2).sum()), thickness
    limits = np.array([15.0, 150.0])[free]
    found = least_squares(misfit, [start[k] for k in free], bounds=(0.05, limits), x_scale=limits)
    thickness[free] = found.x
    return 2 * found.cost + len(free) * math.log(len(data)), thickness


def search(pixel: np.ndarray, table: np.ndarray) -> int:
    """Most likely state of one pixel."""
    return int(((table - np.log(pixel)[:, None]) ** 2).sum(0).argmin())


if __name__ == "__main__":
    main()
