import errno
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import hydra
import pytest
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sem3d.errors import InputError
from sem3d.runtime.cli import (
    CONF,
    PACKAGE,
    again,
    explain,
    one_line,
    one_sentence,
    plain,
    refuse_additions,
)


def compose(command: str, *overrides: str) -> DictConfig:
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        return hydra.compose(command, list(overrides))


def chosen(*overrides: str, **groups: str) -> Any:
    """What Hydra keeps of a command line."""
    return SimpleNamespace(
        runtime=SimpleNamespace(choices=groups),
        overrides=SimpleNamespace(task=list(overrides)),
    )


def sentence(command: str, *overrides: str) -> str:
    """What a user reads about overrides that Hydra cannot compose or resolve."""
    with pytest.raises((HydraException, OmegaConfBaseException)) as told:
        plain(compose(command, *overrides), chosen())
    return explain(told.value, command)


@pytest.mark.parametrize(
    ("line", "told"),
    [(["a=1"], "run the same command again"),
     (["-m", "fresh=True"], "run the same command again without fresh=true")],
)  # fmt: skip
def test_to_continue_is_not_to_delete(
    line: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["x", *line])
    assert again() == told


@pytest.mark.parametrize(
    ("command", "override", "expected"),
    [
        ("train", "trainer.max_epoch=3", "key 'trainer.max_epoch', did you mean 'trainer.max_epo"),
        ("train", "epochs=3", "unknown configuration key 'epochs'"),
        ("train", "modle=unet", "unknown configuration key 'modle', did you mean 'model'?"),
        ("train", "modle@x=unet", "config group 'modle' does not exist"),
        ("train", "model=unit", "there is no model=unit, did you mean 'unet'?"),
        ("train", "experiment=zzzzzz", "there is no experiment=zzzzzz; known: conv3_to_2d, demo"),
        ("generate", "geometry=perlins", "there is no geometry=perlins, did you mean 'perlin'?"),
        ("evaluate", "solver=lookupp", "there is no solver=lookupp, did you mean 'lookup'?"),
        ("report", "result=x", "unknown configuration key 'result', did you mean 'results'?"),
    ],
)
def test_a_typing_error_is_told_with_the_likely_spelling(
    command: str, override: str, expected: str
) -> None:
    assert expected in sentence(command, override)


@pytest.mark.parametrize(("words", "status"), [((), 130), ((143,), 143), (("by a library",), 130)])
def test_an_interrupt_has_a_status(words: tuple[Any, ...], status: int) -> None:
    with pytest.raises(SystemExit) as left, one_sentence("train"):
        raise KeyboardInterrupt(*words)
    assert left.value.code == status


def test_a_typing_error_inside_a_multirun_is_told_too() -> None:
    """Hydra is in use then."""
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        with pytest.raises(HydraException) as told:
            hydra.compose("train", ["seeed=1"])
        assert "'seeed', did you mean 'seed'?" in explain(told.value, "train")


def test_a_key_of_hydra_s_own_is_told_in_short() -> None:
    told = sentence("train", "hydra.launcher.njobs=2")
    assert told == (
        "unknown configuration key 'hydra.launcher.njobs'; --cfg hydra shows those of Hydra"
    )


def test_a_missing_value_is_named_by_its_whole_key() -> None:
    told = sentence("evaluate", "checkpoint=x", "dataset=store")
    assert told == "dataset.root is not set; give dataset.root=... on the command line"


def test_any_other_error_becomes_one_line() -> None:
    told = sentence("evaluate", "checkpoint=${nothing.here}")
    assert "nothing.here" in told
    assert "\n" not in told


ADDED = pytest.mark.parametrize(
    "override",
    [
        "+model.kernel=3",
        "+optimizer.betas=[0.9,0.99]",
        "+noise.train.x=1",
        "+simulator.constants.Cu={Z: 29, density_g_cm3: 8.96, signal: 0.7}",
        "++optimizer.lr=1",
        "optimizer.lr=1",
        "seed=1",
    ],
)


@ADDED
def test_arguments_of_targets_may_be_added(override: str) -> None:
    refuse_additions([override], compose("train", override))


def test_groups_may_be_added() -> None:
    refuse_additions(["+experiment=demo"], compose("train", "experiment=demo"))


@pytest.mark.parametrize("override", ["+x=3", "+dataset.size=3", "+logger.x.y=3", "+hydr.x=1"])
def test_additions_that_nothing_reads_are_refused(override: str) -> None:
    with pytest.raises(InputError, match="adds a key that nothing reads"):
        refuse_additions(["seed=1", override], compose("train", override))


def test_plain_values_hold_no_configuration_objects() -> None:
    values = plain(compose("generate"), chosen("data_dir=data", dataset="layers"))
    assert values["choices"] == {"dataset": "layers"}
    assert values["overrides"] == ["data_dir=data"]
    assert values["dataset"]["root"] == "data/layers.zarr"
    assert only_plain(values)


def only_plain(tree: Any) -> bool:
    if type(tree) is dict:
        return all(type(k) is str and only_plain(v) for k, v in tree.items())
    if type(tree) is list:
        return all(only_plain(v) for v in tree)
    return tree is None or type(tree) in (str, int, float, bool)


@pytest.fixture
def leave(capsys: pytest.CaptureFixture[str]) -> Callable[[BaseException], tuple[Any, str]]:
    """Exit status and message of a command that ends with an error."""

    def run(error: BaseException) -> tuple[Any, str]:
        with pytest.raises(SystemExit) as left, one_sentence("train"):
            raise error
        out, err = capsys.readouterr()
        assert not out
        assert err.count("\n") == 1
        return left.value.code, err

    return run


def test_bad_input_is_told_in_one_sentence(leave: Any) -> None:
    assert leave(InputError("a is b; c")) == (2, "error: a is b; c\n")


def test_configuration_errors_are_told_in_one_sentence(leave: Any) -> None:
    status, told = leave(HydraException("first line\n   second line"))
    assert (status, told) == (2, "error: first line second line\n")


def test_an_interrupt_says_how_to_continue(leave: Any) -> None:
    status, told = leave(KeyboardInterrupt())
    assert status == 130
    assert told.startswith("interrupted: ")
    assert "same command again" in told


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_names_the_place(leave: Any, number: int) -> None:
    status, told = leave(OSError(number, "No space left on device", "outputs/last.ckpt"))
    assert status == 2
    assert told.startswith("error: the disk is full at outputs/last.ckpt; free some space")
    assert leave(OSError(number, "No space left on device"))[1].startswith("error: the disk is fu")


def test_an_unusable_folder_is_told(leave: Any) -> None:
    status, told = leave(NotADirectoryError(errno.ENOTDIR, "Not a directory", "data"))
    assert (status, told) == (2, "error: data: Not a directory; choose another folder\n")


def test_a_removed_setting_is_refused() -> None:
    with pytest.raises(InputError, match="'~schedule' removes a setting that is needed"):
        refuse_additions(["~schedule"], OmegaConf.create({}))


@pytest.mark.parametrize(
    "defect", [ValueError("x"), KeyError("x"), OSError(errno.EIO, "x"), SystemExit(3)]
)
def test_defects_pass_through(defect: BaseException) -> None:
    with pytest.raises(type(defect)) as passed, one_sentence("train"):
        raise defect
    assert passed.value is defect


def test_nothing_is_said_when_nothing_happened(capsys: pytest.CaptureFixture[str]) -> None:
    with one_sentence("train"):
        pass
    assert capsys.readouterr() == ("", "")


def test_every_command_has_a_configuration() -> None:
    for name in ("generate", "train", "evaluate", "report"):
        assert OmegaConf.is_dict(compose(name))


def test_our_warnings_are_one_line_and_others_name_their_place() -> None:
    ours = one_line("mind this", UserWarning, str(PACKAGE / "a" / "b.py"), 3)
    assert ours == "warning: mind this\n"
    other = one_line(UserWarning("mind that"), UserWarning, "/lib/c.py", 3, "some code")
    assert other == "warning: mind that (/lib/c.py:3)\n"
