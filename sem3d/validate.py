"""``python -m sem3d.validate``: the Monte Carlo engine against measurements; engines compared."""

from pathlib import Path
from typing import Any

from sem3d.runtime.cli import command


def run(cfg: dict[str, Any]) -> None:
    """Check the Monte Carlo engine, or set the engines beside each other, and print a table.

    Raises:
        InputError: quick or engines is not true or false, or the seed or the threads are unusable.
        SystemExit: a check failed: status 1.
    """
    from sem3d.errors import InputError
    from sem3d.validation.runner import Runner

    for key in ("quick", "engines"):
        if type(cfg[key]) is not bool:
            raise InputError(f"{key} is {cfg[key]}; give true or false")
    runner = Runner(cfg["seed"], cfg["threads"])
    out = Path(cfg["output_dir"]) / "validation"
    (_compare if cfg["engines"] else _check)(runner, cfg["quick"], out)


def _check(runner: Any, quick: bool, out: Path) -> None:
    from sem3d.report.validation import write_validation
    from sem3d.report.validation_terminal import progress_bar, show_checks
    from sem3d.validation.everything import FULL, QUICK, number_of_runs, validate

    with progress_bar(number_of_runs()) as told:
        runner.told = told
        found = validate(runner, QUICK if quick else FULL)
    write_validation(found, out)
    show_checks(found.checks)
    print(f"{len(found.failed)} of {len(found.checks)} checks failed; tables and figures: {out}")
    if found.failed:
        raise SystemExit(1)


def _compare(runner: Any, quick: bool, out: Path) -> None:
    from sem3d.report.validation_engines import show_engines, write_engines
    from sem3d.report.validation_terminal import progress_bar
    from sem3d.validation.engines import FULL, QUICK, compare, number_of_runs

    with progress_bar(number_of_runs()) as told:
        found = compare(QUICK if quick else FULL, runner.seed, runner.threads, told)
    write_engines(found, out)
    show_engines(found)
    print(f"table and figure: {out}/engines.csv, engines.png")


if __name__ == "__main__":
    command("validate", run)
