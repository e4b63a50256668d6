"""``python -m sem3d.materials``: the material library and the material files of Nebula."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sem3d.chemistry import LIBRARY, Material, known_materials, material
from sem3d.runtime.cli import one_sentence
from sem3d.runtime.verbs import with_verbs

if TYPE_CHECKING:
    from sem3d.simulate.nebula.inspection import Inspection

ENERGIES_KEV = (1.0, 5.0, 10.0, 20.0)
YIELD_ELECTRONS = 5000

EXAMPLES = """examples:
  python -m sem3d.materials add Al2O3 3.97
  python -m sem3d.materials add Ge 5.323 --source "CRC Handbook"
  python -m sem3d.materials add SiO2 2.65 --name quartz
  python -m sem3d.materials inspect silicon.mat"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the verb on the command line, or in `arguments`.

    Raises:
        InputError: what was given is no good.
        SystemExit: a wrong command line, or problems of a file: status 2.
    """
    asked = parser().parse_args(arguments)
    asked.run(asked)


def parser() -> ArgumentParser:
    """Return the command line with its verbs."""
    description = "Materials of the Monte Carlo engine, and material files of Nebula."
    top, verbs = with_verbs("materials", description, EXAMPLES)
    known = ArgumentParser(add_help=False)
    known.add_argument(
        "--library", type=Path, default=LIBRARY, help="folder of added materials (%(default)s)"
    )

    verb = verbs.add_parser("add", parents=[known], help="make a material known by its name")
    verb.add_argument("formula", help="atoms per formula unit, e.g. Al2O3")
    verb.add_argument("density", type=float, help="mass density [g/cm3]")
    verb.add_argument("--name", default="", help="what to call it; the formula if left out")
    verb.add_argument("--source", default="", help="where the density comes from")
    verb.set_defaults(run=_add)

    verb = verbs.add_parser("list", parents=[known], help="all materials, shipped and added")
    verb.set_defaults(run=_list)

    verb = verbs.add_parser("show", parents=[known], help="what electrons meet in a material")
    verb.add_argument("name")
    verb.set_defaults(run=_show)

    verb = verbs.add_parser("inspect", help="check a material file of Nebula")
    verb.add_argument("file", type=Path)
    verb.set_defaults(run=_inspect)

    verb = verbs.add_parser("compact", help="write a small copy of a material file of Nebula")
    verb.add_argument("file", type=Path)
    verb.add_argument("out", type=Path)
    verb.set_defaults(run=_compact)
    return top


def _add(asked: Namespace) -> None:
    from rich.console import Console
    from rich.progress import track

    from sem3d.simulate.montecarlo.library import add

    def shown(things: Iterable[Any], title: str) -> Iterable[Any]:
        return track(things, title, console=Console(stderr=True))

    new = add(asked.formula, asked.density, asked.name, asked.source, asked.library, shown)
    _print(new, asked.library)


def _show(asked: Namespace) -> None:
    _print(material(asked.name, asked.library), asked.library)


def _list(asked: Namespace) -> None:
    for name in known_materials(asked.library):
        print(_line(material(name, asked.library)))


def _line(known: Material) -> str:
    return f"{known.name:<10} {known.density_g_cm3:7.3f} g/cm3   {known.source}"


def _print(known: Material, library: Path) -> None:
    """Print density, composition and a table over the energies."""
    import numpy as np

    from sem3d.simulate.montecarlo.properties import bulk_yield, properties

    energies = np.array(ENERGIES_KEV)
    found = properties(known.name, energies, library)
    eta = bulk_yield(known.name, energies, YIELD_ELECTRONS, library)
    error = np.sqrt(eta * (1 - eta) / YIELD_ELECTRONS)
    weights = ", ".join(f"{s} {100 * w:.1f} %" for s, w in known.weight_fractions.items())
    print(_line(known))
    print(f"weight: {weights}; mean Z {known.mean_Z:.2f}")
    _row("energy [keV]", energies, "g")
    _row("mean free path [nm]", found.free_path_nm, ".2f")
    _row("transport mean free path [nm]", found.transport_nm, ".1f")
    _row("stopping power [eV/nm]", found.stopping_eV_nm, ".2f")
    _row("range to 32 eV [nm]", found.range_nm, ".0f")
    _row("backscatter coefficient", eta, ".3f")
    _row("  its standard error", error, ".3f")


def _row(title: str, values: Iterable[float], form: str) -> None:
    print(f"{title:<30}" + "".join(f"{value:>9{form}}" for value in values))


def _inspect(asked: Namespace) -> None:
    import sys

    from sem3d.simulate.nebula.inspection import inspect
    from sem3d.simulate.nebula.material_file import problems

    if found := problems(asked.file):
        print(*(f"{asked.file}: {problem}" for problem in found), sep="\n", file=sys.stderr)
        raise SystemExit(2)
    _print_file(inspect(asked.file))


def _print_file(found: "Inspection") -> None:
    """Print what a material file says of itself."""
    file = found.material
    low, high = file.energy_range_eV
    print(f"{file.name}, {'metal' if file.metal else 'with band gap'}, by cstool {file.version}")
    print(", ".join(f"{k.replace('_', ' ')} {v:g} {u}" for k, (v, u) in found.quantities.items()))
    print(f"energies {low:g} to {high:g} eV; SHA-256 {file.sha256}")
    for name, shape in found.shapes.items():
        print(f"{name:<30}{' x '.join(map(str, shape)):>18}")
    _row("energy [eV]", found.energies_eV, "g")
    _row("elastic free path [nm]", found.elastic_nm, ".2f")
    _row("transport mean free path [nm]", found.transport_nm, ".1f")
    _row("inelastic free path [nm]", found.inelastic_nm, ".2f")
    _row("stopping power [eV/nm]", found.stopping_eV_nm, ".2f")


def _compact(asked: Namespace) -> None:
    from sem3d.simulate.nebula.compact_file import compact

    compact(asked.file, asked.out)
    before, after = (path.stat().st_size / 1e6 for path in (asked.file, asked.out))
    print(f"{asked.file}: {before:.1f} MB; {asked.out}: {after:.1f} MB")


if __name__ == "__main__":
    with one_sentence("materials"):
        main()
