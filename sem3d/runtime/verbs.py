"""Command lines of several verbs, ``python -m sem3d.<name> VERB ...``, for what needs no Hydra."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any


def with_verbs(name: str, description: str, examples: str) -> tuple[ArgumentParser, Any]:
    """Return the parser of a command and the place to which its verbs are added.

    Args:
        name: the command, e.g. "mesh".
        description: first lines of its help.
        examples: last lines of its help.
    """
    top = ArgumentParser(
        prog=f"python -m sem3d.{name}",
        description=description,
        epilog=examples,
        formatter_class=RawDescriptionHelpFormatter,
    )
    return top, top.add_subparsers(metavar="VERB", required=True)
