"""What a user gets wrong is told in one sentence, with exit status 2 and without a traceback."""

from pathlib import Path

import pytest

from tests.commands.conftest import QUICK, SMALL, Commands


def refused(commands: Commands, name: str, *overrides: str) -> str:
    """The one line that a command ends with."""
    done = commands.run(name, *overrides)
    assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("error: ").strip()


@pytest.mark.parametrize(
    ("name", "override", "told"),
    [
        ("train", "trainer.max_epoch=3", "'trainer.max_epoch', did you mean 'trainer.max_epochs'?"),
        ("train", "model=unit", "there is no model=unit, did you mean 'unet'?"),
        ("train", "+x=3", "'+x=3' adds a key that nothing reads"),
        ("generate", "dataset=store", "dataset.root is not set; give dataset.root=..."),
        ("evaluate", "examples=1", "nothing to score; give checkpoint=... or solver=..."),
        ("evaluate", "solver=null", "a config group is set to null; leave it out"),
        ("report", "runs=[", "'runs=[' is not understood"),
    ],
)
def test_configuration(commands: Commands, name: str, override: str, told: str) -> None:
    assert told in refused(commands, name, override)
    assert not list(commands.folder.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (("dataset=layers",), "layers.zarr (11,400 samples) is missing; write it with `python -m"),
        ((*SMALL, "+geometry.field.cell=3"), "PerlinField has no 'cell', did you mean 'cells'?"),
    ],
)
def test_datasets(commands: Commands, overrides: tuple[str, ...], told: str) -> None:
    assert told in refused(commands, "train", *overrides)
    assert not (commands.folder / "data").exists()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """A folder with a finished run called "run" and its dataset."""
    commands = Commands(tmp_path_factory.mktemp("trained"))
    commands.succeed("train", *SMALL, *QUICK, "debug=tiny", "name=run")
    return commands


@pytest.fixture
def checkpoint(trained: Commands) -> Path:
    return trained.folder / "out" / "runs" / "run" / "checkpoints" / "best.ckpt"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (("loss=mse",), "loss MSE compares thickness_nm but task VoxelTask predicts labels"),
        (("+model.width=[4]",), "model: ResUNet has no 'width', did you mean 'widths'?"),
        (("dataset.seed=1",), "holds a dataset of another recipe (seed is 0 there, 1 here)"),
        (("name=run", "optimizer.lr=0.5"), "holds a run with other settings of optimizer"),
    ],
)
def test_training(trained: Commands, overrides: tuple[str, ...], told: str) -> None:
    other = [] if "name=run" in overrides else ["name=other", "fresh=true"]
    assert told in refused(trained, "train", *SMALL, *QUICK, "debug=tiny", *other, *overrides)


@pytest.mark.slow
def test_evaluation(trained: Commands, checkpoint: Path) -> None:
    def told(*overrides: str) -> str:
        return refused(trained, "evaluate", *SMALL, *overrides)

    assert "none.ckpt does not exist; train" in told("checkpoint=none.ckpt")
    half = checkpoint.with_name("half.ckpt")
    half.write_bytes(checkpoint.read_bytes()[:999])
    assert "half.ckpt is not a readable sem3d checkpoint" in told(f"checkpoint={half}")


@pytest.mark.slow
def test_a_network_of_other_energies(trained: Commands, checkpoint: Path) -> None:
    other = (*SMALL, "dataset.name=two", "acquisition.energies_keV=[5,30]")
    trained.succeed("generate", *other)
    assert (
        "two.zarr has 2 energies (5..30 keV) but the network was trained on 31 (5..35 keV); "
        "use a checkpoint trained on these energies"
    ) in refused(trained, "evaluate", *other, f"checkpoint={checkpoint}")


@pytest.mark.slow
def test_a_report_of_nothing(commands: Commands) -> None:
    assert "no result files under" in refused(commands, "report")


@pytest.mark.slow
def test_settings_of_solvers(commands: Commands) -> None:
    """Values of the wrong kind, which no type check stops outside the tests."""
    for override, told in (
        ("energies_keV=5", "energies_keV is 5; give a list"),
        ("solver.prior=flat", "solver.prior is 'flat'; give a prior"),
        ("solver.sweeps=1.5", "solver.sweeps is 1.5; give a whole number"),
        ("noise.eval.level=[0.01,0.02]", "a range; give one number"),
    ):
        done = commands.run("evaluate", *SMALL, "solver=potts", override)
        assert done.returncode == 2, done.stderr
        assert told in done.stderr
    assert not list((commands.folder / "out").rglob("*.json"))
