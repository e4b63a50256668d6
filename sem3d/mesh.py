"""``python -m sem3d.mesh``: voxel specimens as meshes for other programs, and a look at meshes."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from sem3d.runtime.cli import one_sentence
from sem3d.runtime.verbs import with_verbs

EXAMPLES = """examples:
  python -m sem3d.mesh export data/nanocube.zarr 1 cube.stl --material Cu
  python -m sem3d.mesh export data/nanocube.zarr 1 film.tri
  python -m sem3d.mesh inspect part.stl
  python -m sem3d.generate dataset=nanocube dataset.name=part \\
      geometry=mesh 'geometry.files={Cu: part.stl}'"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the verb on the command line, or in `arguments`.

    Raises:
        InputError: what was given is no good.
        SystemExit: a wrong command line: status 2.
    """
    asked = parser().parse_args(arguments)
    asked.run(asked)


def parser() -> ArgumentParser:
    """Return the command line with its verbs."""
    description = "Voxel specimens as triangles in STL or .tri files; geometry=mesh reads them."
    top, verbs = with_verbs("mesh", description, EXAMPLES)

    verb = verbs.add_parser("export", help="write the surface of a sample of a voxel dataset")
    verb.add_argument("dataset", type=Path, help="folder of a dataset of voxels")
    verb.add_argument("sample", type=int, help="number of the sample, from 0")
    verb.add_argument("out", type=Path, help="file to write, .stl or .tri")
    verb.add_argument("--split", default="test", choices=("train", "val", "test"))
    verb.add_argument("--material", help="only this one; an .stl file holds one material")
    verb.add_argument("--text", action="store_true", help="an .stl file as text instead of binary")
    verb.set_defaults(run=_export)

    verb = verbs.add_parser("inspect", help="check meshes: extent, volume, closed or not")
    verb.add_argument("file", type=Path, help="an .stl or .tri file")
    verb.set_defaults(run=lambda asked: _inspect(asked.file))
    return top


def _export(asked: Namespace) -> None:
    from sem3d.errors import InputError
    from sem3d.files import write_atomic
    from sem3d.geometry.mesh_files import mesh_content
    from sem3d.specimen import VoxelSpecimen
    from sem3d.store.reader import ScanStore

    store = ScanStore(asked.dataset)
    box, count, sample = store.box, store.count(asked.split), asked.sample
    if not 0 <= sample < count:
        raise InputError(
            f"{asked.dataset} has {count} {asked.split} samples but no number {sample}; count from "
            "0, or choose another --split"
        )
    (labels,) = store.read(asked.split, "labels", sample, sample + 1)
    specimen = VoxelSpecimen(labels, box)
    write_atomic(asked.out, mesh_content(specimen, asked.out, asked.material, asked.text))
    _inspect(asked.out)


def _inspect(file: Path) -> None:
    """Print a line per solid of a mesh file."""
    from sem3d.geometry.mesh_files import read_solids
    from sem3d.geometry.mesh_voxels import check_closed, volume_of

    for number, corners in read_solids(file).items():
        name = f"{file}, material {number}" if file.suffix.lower() == ".tri" else str(file)
        check_closed(corners, name)
        low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
        spans = (f"{a} {p:g} to {q:g}" for a, p, q in zip("xyz", low, high, strict=True))
        told = f"{len(corners):,} triangles, closed, volume {volume_of(corners):g}"
        print(f"{name}: {told}, {', '.join(spans)}")


if __name__ == "__main__":
    with one_sentence("mesh"):
        main()
