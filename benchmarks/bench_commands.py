"""Wall time until a command answers, beside bare Python and the imports it must avoid."""

import statistics
import subprocess
import sys
from collections.abc import Callable

from _table import machine, parser, show, times

HEAVY = "python -c 'import lightning.pytorch'"
CALLS = {
    "python -c pass": ("-c", "pass"),
    "python -c 'import hydra'": ("-c", "import hydra"),
    HEAVY: ("-c", "import lightning.pytorch"),
    "python -m sem3d.train --cfg job": ("-m", "sem3d.train", "--cfg", "job"),
    "python -m sem3d.train --help": ("-m", "sem3d.train", "--help"),
    "python -m sem3d.generate --help": ("-m", "sem3d.generate", "--help"),
    "python -m sem3d.report --help": ("-m", "sem3d.report", "--help"),
}


def main() -> None:
    read = parser(__doc__)
    read.add_argument("--repeats", type=int, default=5, help="runs, their median is shown")
    options = read.parse_args()
    found = {n: statistics.median(times(run(c), options.repeats)) for n, c in CALLS.items()}
    table = [(name, seconds, seconds / found[HEAVY]) for name, seconds in found.items()]
    columns = ("command", "s", "of lightning's import")
    show(f"Start-up on {machine()}", columns, table, f"median of {options.repeats} warm runs")


def run(arguments: tuple[str, ...]) -> Callable[[], object]:
    """Return the call of one command, its output thrown away."""
    call = [sys.executable, *arguments]
    return lambda: subprocess.run(call, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
