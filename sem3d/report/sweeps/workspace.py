"""A Weights & Biases workspace made for one sweep: what decided, the curves, the pictures."""

import warnings
from pathlib import Path
from typing import Any, Final

from sem3d.errors import InputError
from sem3d.report.sweeps.parameters import plain_keys
from sem3d.runtime.cli import CONF
from sem3d.runtime.sweeps.folder import Plan
from sem3d.runtime.trainer.loggers import best_name

PICTURES: Final = ("overview", "slices")
"""What `sem3d.report.publish` shows at the end of a run."""

WIDE: Final = 20
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""


def save(plan: Plan, entity: str, project: str) -> str:
    """Build the workspace of a sweep, save it to a project and return its address.

    Raises:
        InputError: the package is missing, or the server does not take it.
    """
    workspace = build(plan, entity, project)
    try:
        return workspace.save().url
    except Exception as error:
        told = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"workspace of {entity}/{project} is not saved ({told}); check the network, the names "
            "and `wandb login`"
        ) from error


def build(plan: Plan, entity: str, project: str) -> Any:
    """Build the workspace of a sweep; needs no network.

    Args:
        plan: of the sweep; its runs are those of the group with its name.
        entity: user or team.
        project: where the runs are.

    Raises:
        InputError: the package wandb-workspaces is missing.
    """
    ws, wr, expr = _package()
    plan = plain_keys(plan)
    best, keys = best_name(plan.monitor), {key: setting(key) for key in plan.parameters}
    columns = [
        wr.ParallelCoordinatesPlotColumn(wr.Config(name), display_name=key, log=_wide(plan, key))
        for key, name in keys.items()
    ]
    columns.append(wr.ParallelCoordinatesPlotColumn(wr.SummaryMetric(best)))
    decided = [
        wr.ParallelCoordinatesPlot(columns=columns),
        wr.ParameterImportancePlot(with_respect_to=best),
        *(
            wr.ScatterPlot(x=wr.Config(name), y=wr.SummaryMetric(best), log_x=_wide(plan, key))
            for key, name in keys.items()
        ),
    ]
    curves = (best, plan.monitor, "val/loss", "train/loss", "train/lr")
    sections = {
        "What decided": decided,
        "Curves": [wr.LinePlot(x="epoch", y=[name]) for name in curves],
        "Pictures": [wr.MediaBrowser(media_keys=[name]) for name in PICTURES],
    }
    return ws.Workspace(
        entity=entity,
        project=project,
        name=plan.name,
        sections=[ws.Section(name=n, panels=p, is_open=True) for n, p in sections.items()],
        settings=ws.WorkspaceSettings(x_axis="epoch", max_runs=100),
        runset_settings=ws.RunsetSettings(filters=expr.And(expr.Metric("Group") == plan.name)),
    )


def setting(key: str) -> str:
    """Where a run's configuration tells a swept setting; a group tells its choice."""
    return f"choices.{key}" if Path(CONF, key).is_dir() else key


def _wide(plan: Plan, key: str) -> bool | None:
    """True where the values of a setting are numbers that span decades."""
    try:
        values = [float(value) for value in plan.parameters[key]]
    except ValueError:
        return None
    return (min(values) > 0 and max(values) >= WIDE * min(values)) or None


def _package() -> tuple[Any, Any, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of its own use of pydantic
            from wandb_workspaces import expr
            from wandb_workspaces import workspaces as ws
            from wandb_workspaces.reports import v2 as wr
    except ImportError as error:
        raise InputError(
            "the package wandb-workspaces is missing; install it with `pip install 'sem3d[wandb]'`"
        ) from error
    return ws, wr, expr
