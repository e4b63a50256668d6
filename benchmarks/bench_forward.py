"""Structures per second of the layered forward model, against loops over pixels.

The loops run on every 16th row only, for their time is proportional to the pixels, and are scaled.
The table of LookupForward is built before the clock starts: Analytic builds it once per stack.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from _config import compose
from _loops import STRIDE, plain_loop, published_loop
from _table import machine, parser, show, times
from torch import Tensor

from sem3d.runtime.build import build

STRUCTURES = 8


def main() -> None:
    read = parser(__doc__)
    read.add_argument("--repeats", type=int, default=40, help="timed calls, the fastest counts")
    options = read.parse_args()
    cfg = compose("generate", "dataset=layers")
    geometry, engine, beam = (build(cfg[k]) for k in ("geometry", "simulator", "acquisition"))
    rng = np.random.default_rng(0)
    maps = [torch.from_numpy(geometry(rng).thickness_nm) for _ in range(STRUCTURES)]
    energies = [float(e) for e in beam.energies_keV]
    model = engine.forward(geometry.stack, beam)
    lookup = engine.table(geometry.stack, beam)
    floats = [m.float() for m in maps]

    peers = {
        "loop, plain floats": lambda: [plain_loop(m, energies) for m in maps],
        "loop, as published": lambda: [published_loop(m, energies) for m in maps],
    }
    ours = {
        "AnalyticForward, float32": lambda: [model(m) for m in floats],
        "LookupForward, integer nm": lambda: [lookup(m) for m in maps],
    }
    with torch.no_grad():
        rows = [(name, 1, rate(call, 2) / STRIDE) for name, call in peers.items()]
        for threads in (1, 2):
            torch.set_num_threads(threads)
            rows += [(n, threads, rate(c, options.repeats)) for n, c in ours.items()]
    columns = ("31x128x128 stack", "threads", "structures/s", "x plain floats", "x as published")
    table = [(*row, row[2] / rows[0][2], row[2] / rows[1][2]) for row in rows]
    loops = plain_loop(maps[0], energies), published_loop(maps[0], energies)
    worst = difference(model(floats[0]), *loops)
    notes = (
        f"loops: every {STRIDE}th row, scaled; {STRUCTURES} structures, one per call",
        f"largest difference between a loop and the model: {worst:.0e}",
    )
    show(f"Forward model on {machine()}", columns, table, *notes)


def rate(call: Callable[[], object], repeats: int) -> float:
    """Structures per second of a call that makes `STRUCTURES` of them."""
    return STRUCTURES / min(times(call, repeats))


def difference(model: Tensor, *loops: Any) -> float:
    """Largest absolute difference between the model's signal (E, Y, X) and the loops'."""
    ours = model[:, ::STRIDE].double().numpy()
    return max(float(np.abs(ours - np.array(loop)).max()) for loop in loops)


if __name__ == "__main__":
    main()
