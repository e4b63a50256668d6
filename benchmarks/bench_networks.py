"""Size and speed of every network of conf/model, in training and in inference.

Training is the task's own step and the default optimiser, inference is from scan to labels.
Operations count 2 per multiply-add of the network and 3 forward passes per training step. On a
processor only ratios to unet are printed; on a GPU, under bfloat16 autocast, absolute rates and
their share of the card's dense bfloat16 rate. The last column is one sample alone, in
milliseconds. ``--problem voxels`` takes 20 energies, 20x20 pixels and 2 classes x 20 slices in
place of 31 energies, 128x128 pixels and the report's layers; ratios are then to unet3d.
"""

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import torch
from _network import PROBLEMS, Network, Problem
from _table import machine, parser, show, times

from sem3d.runtime.cli import CONF

MODELS = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))
LAYERS = ["conv3", "unet", "unet_volume", "uvnet", "resunet"]
VOXELS = ["unet_volume", "uvnet", "unet3d", "resunet64", "voxnet_lite", "voxnet_moderate"]
DEFAULTS = {
    ("layers", "cpu"): {"batch": 2, "steps": 5, "models": LAYERS},
    ("layers", "cuda"): {"batch": 64, "steps": 20, "models": [*LAYERS, "stacked_unet"]},
    ("voxels", "cpu"): {"batch": 8, "steps": 3, "models": VOXELS},
    ("voxels", "cuda"): {"batch": 256, "steps": 20, "models": VOXELS},
}
WARM_UP = {"cpu": 1, "cuda": 5}
Row = dict[str, Any]


def main() -> None:
    options = arguments()
    warnings.simplefilter("ignore")  # of logging without a Trainer
    torch.set_float32_matmul_precision("high")
    problem = PROBLEMS[options.problem]
    rows = [measure(name, problem, options) for name in options.models]
    if options.out:
        facts = vars(options) | {"machine": machine(options.device), "rows": rows}
        options.out.write_text(json.dumps(facts, indent=2, default=str))
    tables = {"cpu": relative, "cuda": absolute}
    title, columns, cells = tables[options.device](rows, problem.peer, options.peak_tflops)
    precision = "bfloat16 autocast" if options.device == "cuda" else "float32"
    scan = f"{rows[0]['energies']}x{problem.field[0]}x{problem.field[1]}"
    note = f"batch {options.batch} of {scan}, {precision}, fastest of {options.steps} steps"
    sizes = [(r["model"], r["parameters"], r["gmac"]) for r in rows]
    alone = [r["alone_ms"] for r in rows]
    table = [(*size, *row, one) for size, row, one in zip(sizes, cells, alone, strict=True)]
    show(
        f"{title} on {machine(options.device)}",
        ("model", "parameters", "GMAC", *columns, "alone/ms"),
        table,
        note + (", compiled" if options.compile else ""),
    )


def arguments() -> argparse.Namespace:
    """Read the command line; what is left unset depends on the device."""
    read = parser(__doc__)
    found = "cuda" if torch.cuda.is_available() else "cpu"
    read.add_argument("--device", choices=tuple(DEFAULTS), default=found)
    read.add_argument("--problem", choices=tuple(PROBLEMS), default="layers")
    read.add_argument("--batch", type=int, help="samples per step")
    read.add_argument("--steps", type=int, help="timed steps")
    read.add_argument("--models", nargs="+", choices=MODELS, help="those of the problem")
    read.add_argument("--compile", action="store_true", help="torch.compile the networks")
    read.add_argument("--peak-tflops", type=float, default=790.0, help="dense bf16; H200 measured")
    read.add_argument("--out", type=Path, help="write the rows to this JSON file, too")
    options = read.parse_args()
    for name, value in DEFAULTS[options.problem, options.device].items():
        setattr(options, name, getattr(options, name) or value)
    return options


def measure(name: str, problem: Problem, options: argparse.Namespace) -> Row:
    """Return size, samples per second and TFLOP/s of one network."""
    network = Network(name, problem, options.device, options.batch, options.compile)
    warm_up = WARM_UP[options.device]
    row: Row = {"model": name, "energies": network.batch["scan"].shape[1]}
    row |= {"parameters": network.parameters, "gmac": network.macs / 1e9}
    for kind, step, passes in (("train", network.train, 3), ("infer", network.infer, 1)):
        rate = options.batch / min(times(step, options.steps, warm_up))
        row |= {f"{kind}_per_s": rate, f"{kind}_tflops": passes * 2 * network.macs * rate / 1e12}
    return row | {"alone_ms": 1e3 * min(times(network.infer_one, options.steps, warm_up))}


def relative(
    rows: list[Row], peer: str, _: float
) -> tuple[str, tuple[str, ...], list[list[float]]]:
    """Speed as ratios to the peer, or to the first network without it."""
    base = next((row for row in rows if row["model"] == peer), rows[0])
    keys = ("train_per_s", "infer_per_s", "train_tflops", "infer_tflops")
    columns = ("training", "inference", "FLOP/s training", "FLOP/s inference")
    cells = [[row[key] / base[key] for key in keys] for row in rows]
    return f"Networks, speed relative to {base['model']},", columns, cells


def absolute(rows: list[Row], _: str, peak: float) -> tuple[str, tuple[str, ...], list[list[Any]]]:
    """Samples per second, TFLOP/s and the share of the card's dense rate."""
    columns = ("train/s", "TFLOP/s", f"of {peak:g}", "infer/s", "TFLOP/s", f"of {peak:g}")

    def cells(row: Row, kind: str) -> tuple[float, float, str]:
        rate = row[f"{kind}_tflops"]
        return row[f"{kind}_per_s"], rate, f"{rate / peak:.1%}"

    return "Networks", columns, [[*cells(r, "train"), *cells(r, "infer")] for r in rows]


if __name__ == "__main__":
    main()
