import re

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from sem3d.runtime.names import LONGEST, override, run_name

RESUNET: dict[str, str | None] = {"experiment": None, "model": "resunet"}

PAIRS = st.dictionaries(
    st.from_regex(r"[a-z]{1,6}(\.[a-z]{1,6})?", fullmatch=True),
    st.integers(-999, 999).map(str) | st.floats(-1e3, 1e3).map(str),
    min_size=1,
    max_size=4,
)


def dirname(pairs: dict[str, str]) -> str:
    """What Hydra makes of overrides."""
    return ",".join(f"{key}={value}" for key, value in sorted(pairs.items()))


def test_model_and_dataset() -> None:
    assert run_name(RESUNET, "layers", "") == "resunet-layers"


def test_names_need_no_quoting() -> None:
    assert run_name(RESUNET, "a b/c", "dataset.name='a b/c'") == "resunet-a-b-c"


def test_two_models_of_one_experiment_differ() -> None:
    choices = RESUNET | {"experiment": "demo"}
    assert run_name(choices, "x", "model=unet") == "demo-x+model-unet"


def test_an_experiment_stands_for_its_model() -> None:
    choices = RESUNET | {"experiment": "demo"}
    assert run_name(choices, "mixed_demo", "") == "demo-mixed_demo"


@pytest.mark.parametrize(
    ("overrides", "tail"),
    [
        ("optimizer.lr=1e-4", "optimizer.lr-1e-4"),
        ("loss=mse,seed=2", "loss-mse+seed-2"),
        ("model.widths=[32,64],seed=1", "model.widths-32-64+seed-1"),
        ("+model.x={a:1,b=2}", "model.x-a-1+b-2"),
        ("loss.class_weights=[0.5,2,1]", "loss.class_weights-0.5-2-1"),
        ("dataset.seed=3,dataset=layers_demo", "dataset.seed-3"),
    ],
)
def test_settings_are_readable(overrides: str, tail: str) -> None:
    assert run_name(RESUNET, "layers", overrides) == f"resunet-layers+{tail}"


@pytest.mark.parametrize(("one", "other"), [("1", "-1"), ("1e-4", "1e+4"), ("[1,1]", "[1,-1]")])
def test_signs_are_kept(one: str, other: str) -> None:
    assert run_name(RESUNET, "layers", f"a.b={one}") != run_name(RESUNET, "layers", f"a.b={other}")


@given(PAIRS)
def test_nothing_in_a_name_needs_quoting(pairs: dict[str, str]) -> None:
    assert re.fullmatch(r"[\w.+-]+", run_name(RESUNET, "layers", dirname(pairs)))


@given(PAIRS, PAIRS)
def test_names_differ_exactly_when_settings_do(a: dict[str, str], b: dict[str, str]) -> None:
    names = [run_name(RESUNET, "layers", dirname(pairs)) for pairs in (a, b)]
    assert (names[0] == names[1]) == (a == b)


@pytest.mark.parametrize("value", ["outputs/a b/x,y=1/best.ckpt", "null", "1", "-1e-5", "1e-5", ""])
def test_what_hydra_would_read_otherwise_is_quoted(value: str) -> None:
    assert override("name", value) == f"name='{value}'"


def test_plain_paths_and_names_stay_readable() -> None:
    for value in ("out/lr-0.1+lam-0.5/best.ckpt", "/data/x.ckpt", "demo-lr-0.004+seed-1"):
        assert override("name", value) == f"name={value}"


@given(st.text(st.characters(exclude_categories=["C"]), max_size=30))
def test_any_value_arrives(value: str) -> None:
    (parsed,) = OverridesParser.create().parse_overrides([override("name", value)])
    assert parsed.value() == value


def test_long_names_end_in_a_digest_of_all_settings() -> None:
    start = ",".join(f"group{n}.key=value" for n in range(20))
    names = {run_name(RESUNET, "layers", f"{start},last.key={n}") for n in range(5)}
    assert len(names) == 5
    assert {len(name) for name in names} == {len("resunet-layers+") + LONGEST + 9}
