"""Every option of every group fits every command that has the group."""

import pytest

from sem3d.runtime.build import TARGET, build, check_arguments, locate
from tests.contracts.conftest import COMMANDS, GROUPS, compose, groups, options, targets

CHOICES = [
    (command, f"{group}={option}")
    for command in COMMANDS
    for group in groups(command)
    for option in options(group)
]

BUILT = ("acquisition", "geometry", "simulator", "noise", "executor", "loss")
"""Nodes that need nothing but themselves."""


@pytest.mark.parametrize(("command", "choice"), CHOICES)
def test_option_composes_and_its_classes_take_its_arguments(command: str, choice: str) -> None:
    cfg = compose(command, choice)
    for path, node in targets(cfg):
        arguments = {key: value for key, value in node.items() if key != TARGET}
        check_arguments(locate(node[TARGET], path), arguments, path)
    for name in BUILT:
        if name in cfg:
            build(cfg[name], name)


def test_every_group_is_used_by_a_command() -> None:
    assert {group for command in COMMANDS for group in groups(command)} == set(GROUPS)


def test_the_tests_see_what_there_is() -> None:
    assert {"train", "generate", "evaluate", "report"} <= set(COMMANDS)
    assert len(CHOICES) > 80
    assert len(list(targets(compose("train")))) >= 9


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_agree_on_what_they_share(command: str) -> None:
    """A dataset is the same whether it is generated, trained on or evaluated."""
    ours, theirs = compose(command), compose("train")
    for group in ("acquisition", "geometry", "simulator", "dataset"):
        assert ours.get(group, theirs[group]) == theirs[group]
