"""What a sweep would run and about how long: listed, nothing started."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from sem3d.report.sweeps.cost import training_flops
from sem3d.report.sweeps.parameters import bare, plain_keys
from sem3d.runtime.sweeps.checks import check_settings
from sem3d.runtime.sweeps.folder import Plan, SweepFolder
from sem3d.runtime.sweeps.plan import jobs_of, make_plan, pairs
from sem3d.runtime.times import told_time

COSTLESS: Final = ("optimizer", "schedule", "loss", "noise", "seed", "ema")
"""Settings that change no cost worth counting."""


def dry_run(config_name: str, conf: Path, overrides: Sequence[str]) -> str:
    """Return the configuration that all jobs share as yaml, then jobs and cost as comments.

    Args:
        config_name: of the command, e.g. "train".
        conf: the folder of configurations.
        overrides: of the command line.

    Raises:
        InputError: the dataset or network cannot be built, or a setting of the sweep does not fit.
        HydraException: an override does not fit.
    """
    with initialize_config_dir(str(conf), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        config = loader.load_configuration(config_name, list(overrides), RunMode.MULTIRUN)
        check_settings(config)
        folder = SweepFolder(Path(config.hydra.sweep.dir))
        plan = make_plan(config_name, config, None if config.fresh else folder.known())
        flops = _flops(config_name, config, plan)
    lines = [f"{len(plan.jobs)} jobs in {folder.path}:", *(f"  {name}" for name in plan.jobs)]
    lines += [f"{key}: {', '.join(values)}" for key, values in plain_keys(plan).parameters.items()]
    lines.append(_from_work(flops, config.sweep))
    if not config.fresh:
        lines += _from_measurement(folder, plan)
    head = "# settings of the first job; the others replace what they name\n"
    return head + OmegaConf.to_yaml(OmegaConf.create(plan.base)) + _commented(lines)


def _commented(lines: Sequence[str]) -> str:
    return "\n".join(f"# {line}" for line in lines)


def _flops(config_name: str, config: DictConfig, plan: Plan) -> float:
    """Return the work of all jobs; those that differ in nothing that costs are counted once."""
    own = pairs(jobs_of(config)[0])
    kinds: Counter[tuple[tuple[str, str], ...]] = Counter()
    for values in plan.jobs.values():
        costly = [(k, v) for k, v in values.items() if bare(k).split(".")[0] not in COSTLESS]
        kinds[tuple(costly)] += 1
    total = 0.0
    for kind, count in kinds.items():
        given = [f"{k}={v}" for k, v in (own | dict(kind)).items()]
        total += count * training_flops(_composed(config_name, given))
    return total


def _composed(config_name: str, overrides: list[str]) -> dict[str, Any]:
    """Return a job's plain configuration."""
    config = compose(config_name, [*overrides, "name=job", "folder=job"], True)
    given = {"choices": dict(config.hydra.runtime.choices), "overrides": overrides}
    kept = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    values = OmegaConf.to_container(kept, resolve=True)
    assert isinstance(values, dict)
    return {str(k): v for k, v in values.items()} | given


def _from_work(flops: float, sweep: DictConfig) -> str:
    hours = flops / (sweep.tflops * 1e12) / 3600
    told = f"{hours:,.0f} GPU hours" if hours >= 10 else f"{hours:.2g} GPU hours"
    if hours < 0.1:
        told = f"{told_time(3600 * hours)} of a GPU"
    halving = ", without what sweep.halving saves" if sweep.halving else ""
    return (
        f"{flops:.2g} floating-point operations in all: {told} at {sweep.tflops:g} TFLOP/s "
        f"sustained (an assumption: sweep.tflops){halving}"
    )


def _from_measurement(folder: SweepFolder, plan: Plan) -> Iterator[str]:
    """Yield what finished jobs of this plan say, if there are any."""
    found = [folder.job(name, values) for name, values in plan.jobs.items()]
    done = [job.record for job in found if job.state == "done"]
    if done:
        jobs, mean = len(found), sum(record.seconds for record in done) / len(done)
        on = f"{len(done[0].devices)} GPUs" if done[0].devices else "processors"
        yield (
            f"{len(done)} finished jobs took {told_time(mean)} each on {on} of {done[0].host}: "
            f"{told_time(mean * jobs)} for all, {told_time(mean * (jobs - len(done)))} for the rest"
        )
