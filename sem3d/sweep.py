"""``python -m sem3d.sweep``: how sweeps stand, their best runs, tables and figures."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sem3d.runtime.cli import one_sentence

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
    top = ArgumentParser(
        prog="python -m sem3d.sweep",
        description="Look at sweeps, while they run and afterwards; python -m sem3d.train -m "
        "starts and continues them.",
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    verbs = top.add_subparsers(metavar="VERB", required=True)
    place = ArgumentParser(add_help=False)
    place.add_argument(
        "--output-dir",
        type=Path,
        default=Path("outputs"),
        help="its sweeps/ are meant (%(default)s)",
    )
    one = ArgumentParser(add_help=False, parents=[place])
    one.add_argument("name", help="of the sweep, or the path of its folder")

    verb = verbs.add_parser("list", parents=[place], help="all sweeps and how many jobs are done")
    verb.set_defaults(run=_list)

    verb = verbs.add_parser(
        "status", parents=[one], help="counts, running jobs, failures, time left"
    )
    verb.add_argument("--follow", action="store_true", help="redraw until the sweep ends or Ctrl-C")
    verb.set_defaults(run=_status)

    verb = verbs.add_parser("best", parents=[one], help="best runs, checkpoints, how to evaluate")
    verb.add_argument("--top", type=_count, default=5, help="how many (%(default)s)")
    verb.set_defaults(run=_best)

    verb = verbs.add_parser("table", parents=[one], help="all jobs by score; writes table.csv")
    verb.add_argument("--csv", type=Path, metavar="FILE", help="write it here as well")
    verb.set_defaults(run=_table)

    verb = verbs.add_parser(
        "figures", parents=[one], help="write the figures into the sweep's folder"
    )
    verb.set_defaults(run=_figures)

    verb = verbs.add_parser(
        "workspace", parents=[one], help="make a workspace for it in Weights & Biases"
    )
    verb.add_argument("--entity", required=True, help="user or team there")
    verb.add_argument("--project", default="sem3d", help="project there (%(default)s)")
    verb.set_defaults(run=_workspace)
    return top


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no positive whole number")
    return int(text)


def _folder(asked: Namespace) -> Path:
    """Return the folder that was named, by its path or by its name below the output folder."""
    from sem3d.runtime.sweeps.folder import PLAN

    given = Path(asked.name)
    return given if (given / PLAN).is_file() else asked.output_dir / "sweeps" / asked.name


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
