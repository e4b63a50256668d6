"""``python -m sem3d.validate``: the Monte Carlo engine against measurements and limits."""

from pathlib import Path
from typing import Any

from sem3d.runtime.cli import command


def run(cfg: dict[str, Any]) -> None:
    """Simulate, write ``<output_dir>/validation``, print a table; exit status 1 if a check fails.

    Raises:
        InputError: quick is not true or false, or the seed or the threads are unusable.
    """
    from sem3d.errors import InputError
    from sem3d.report.validation import write_validation
    from sem3d.report.validation_terminal import progress_bar, show_checks
    from sem3d.validation.everything import FULL, QUICK, number_of_runs, validate
    from sem3d.validation.runner import Runner

    if type(cfg["quick"]) is not bool:
        raise InputError(f"quick is {cfg['quick']}; give true or false")
    runner = Runner(cfg["seed"], cfg["threads"])
    with progress_bar(number_of_runs()) as told:
        runner.told = told
        found = validate(runner, QUICK if cfg["quick"] else FULL)
    out = Path(cfg["output_dir"]) / "validation"
    write_validation(found, out)
    show_checks(found.checks)
    print(f"{len(found.failed)} of {len(found.checks)} checks failed; tables and figures: {out}")
    if found.failed:
        raise SystemExit(1)


if __name__ == "__main__":
    command("validate", run)
