"""All sweeps below a folder, a line each."""

from collections import Counter
from pathlib import Path
from typing import get_args

from sem3d.errors import InputError
from sem3d.runtime.sweeps.folder import PLAN, State, SweepFolder


def listing(sweeps: Path) -> str:
    """Return name and jobs by state of every sweep; a damaged one says so."""
    paths = sorted(plan.parent for plan in sweeps.glob(f"*/{PLAN}"))
    if not paths:
        return f"no sweep in {sweeps}; start one by python -m sem3d.train -m ..."
    width = max(len(path.name) for path in paths)
    return "\n".join(f"{path.name:<{width}}  {_line(SweepFolder(path))}" for path in paths)


def _line(folder: SweepFolder) -> str:
    try:
        found = Counter(job.state for job in folder.jobs())
    except InputError as error:
        return str(error)
    told = ", ".join(f"{found[state]} {state}" for state in get_args(State) if found[state])
    running = "  (runs)" if folder.is_running else ""
    return f"{told_jobs(found.total())}: {told}{running}"


def told_jobs(count: int) -> str:
    """Return a number of jobs in words."""
    return "1 job" if count == 1 else f"{count} jobs"
