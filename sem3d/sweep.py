"""``python -m sem3d.sweep``: how sweeps stand, their best runs, tables and figures."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sem3d.errors import InputError
from sem3d.runtime.cli import one_sentence
from sem3d.runtime.verbs import with_verbs

if TYPE_CHECKING:
    from rich.console import Console

EXAMPLES = """examples:
  python -m sem3d.sweep list
  python -m sem3d.sweep status first --follow
  python -m sem3d.sweep best first --top 3
  python -m sem3d.sweep table first --csv first.csv
  python -m sem3d.sweep figures outputs/sweeps/first"""


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
    description = (
        "Look at sweeps, while they run and afterwards; python -m sem3d.train -m "
        "starts and continues them."
    )
    top, verbs = with_verbs("sweep", description, EXAMPLES)
    place = ArgumentParser(add_help=False)
    place.add_argument(
        "--output-dir",
        type=Path,
        default=Path("outputs"),
        help="folder that holds sweeps/ (%(default)s)",
    )
    one = ArgumentParser(add_help=False, parents=[place])
    one.add_argument("name", help="of the sweep, or the path of its folder")

    def verb(name: str, run: Callable[[Namespace], None], told: str) -> ArgumentParser:
        """Add a verb that is told in one line."""
        parent = place if name == "list" else one
        added = verbs.add_parser(name, parents=[parent], help=told, description=told)
        added.set_defaults(run=run)
        return added

    verb("list", _list, "all sweeps and how many jobs are done")
    added = verb("status", _status, "counts, running jobs, failures, time left")
    added.add_argument(
        "--follow", action="store_true", help="redraw until the sweep ends or Ctrl-C"
    )
    added = verb("best", _best, "best runs, their checkpoints and how to evaluate them")
    added.add_argument("--top", type=_count, default=5, help="how many (%(default)s)")
    added = verb("table", _table, "all jobs by score; writes table.csv into the sweep's folder")
    added.add_argument("--csv", type=Path, metavar="FILE", help="write it here as well")
    verb("figures", _figures, "write the figures into the sweep's folder")
    added = verb("workspace", _workspace, "make a workspace for it in Weights & Biases")
    added.add_argument("--entity", required=True, help="user or team there")
    added.add_argument("--project", default="sem3d", help="project there (%(default)s)")
    return top


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no positive whole number")
    return int(text)


def _folder(asked: Namespace) -> Path:
    """Return the folder that was named, by its path or by its name below the output folder.

    Raises:
        InputError: it is the folder of a job.
    """
    from sem3d.runtime.sweeps.folder import PLAN

    given, below = Path(asked.name), asked.output_dir / "sweeps" / asked.name
    if (below / PLAN).is_file():
        return below
    if not (given / PLAN).is_file() and (given.parent / PLAN).is_file() and given.is_dir():
        raise InputError(f"{given} is a job of the sweep {given.parent}; give that folder")
    return given if given.is_dir() or len(given.parts) > 1 else below


def _console(*, soft_wrap: bool = True) -> "Console":
    """Return the terminal; where lines are wrapped softly, paths can be copied whole."""
    import sys

    from rich.console import Console

    from sem3d.report.terminal import WIDTH

    return Console(
        width=None if sys.stdout.isatty() else WIDTH, highlight=False, soft_wrap=soft_wrap
    )


def _list(asked: Namespace) -> None:
    from sem3d.report.sweeps.listing import listing

    print(listing(asked.output_dir / "sweeps"))


def _status(asked: Namespace) -> None:
    from sem3d.report.sweeps.status import follow, show

    (follow if asked.follow else show)(_folder(asked), _console(soft_wrap=not asked.follow))


def _best(asked: Namespace) -> None:
    from sem3d.report.sweeps.best import best_runs
    from sem3d.report.sweeps.outcomes import read_sweep

    print(best_runs(read_sweep(_folder(asked)), asked.top))


def _table(asked: Namespace) -> None:
    from sem3d.report.sweeps.outcomes import read_sweep
    from sem3d.report.sweeps.tables import shown_table, write_table

    sweep = read_sweep(_folder(asked))
    if asked.csv and asked.csv.is_dir():
        raise InputError(f"--csv {asked.csv} is a folder; give a file")
    if asked.csv and not asked.csv.parent.is_dir():
        raise InputError(f"--csv {asked.csv}: there is no folder {asked.csv.parent}; make it first")
    _console().print(shown_table(sweep))
    print(write_table(sweep))
    if asked.csv:
        print(write_table(sweep, asked.csv))


def _figures(asked: Namespace) -> None:
    from sem3d.report.sweeps.closing import write_figures
    from sem3d.report.sweeps.outcomes import read_sweep

    written = write_figures(read_sweep(_folder(asked)))
    print("\n".join(map(str, written)) or "no job has a score yet: nothing to draw")


def _workspace(asked: Namespace) -> None:
    from sem3d.report.sweeps.workspace import save
    from sem3d.runtime.sweeps.folder import SweepFolder

    print(save(SweepFolder(_folder(asked)).plan(), asked.entity, asked.project))


if __name__ == "__main__":
    with one_sentence("sweep"):
        main()
