"""``python -m sem3d.limits``: what a microscope can tell of its specimens, before it measures."""

from pathlib import Path
from typing import Any

from sem3d.runtime.cli import command


def run(cfg: dict[str, Any]) -> None:
    """Write figures and tables into ``<output_dir>/limits`` and print the main results."""
    from sem3d.errors import InputError
    from sem3d.report.limits import summary, work_out, write_limits
    from sem3d.runtime.build import build
    from sem3d.solvers.problem import LayeredProblem

    count = cfg["energies"]
    if not isinstance(count, int) or count < 1:
        raise InputError(f"energies is {count}; give how many to choose, at least 1")
    names = ("simulator", "geometry", "acquisition")
    engine, geometry, beam = (build(cfg[name], name) for name in names)
    noise = build(cfg["noise"]["eval"], "noise.eval")
    found = work_out(LayeredProblem(engine, geometry.stack, beam, noise), noise.deviation())
    out = Path(cfg["output_dir"]) / "limits"
    write_limits(found, count, out)
    print(*summary(found, count), sep="\n")
    print(f"figures and tables: {out}")


if __name__ == "__main__":
    command("limits", run)
