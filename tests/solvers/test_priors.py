import pytest
import torch

from sem3d.errors import InputError
from sem3d.solvers.priors import Flat, Levels, Prior, SpikeAndSlab
from sem3d.solvers.search import states_of
from sem3d.specimen import LayerStack

STACK = LayerStack(("Au", "Al"), (15, 150))
STATES = states_of(STACK)


def probability(prior: Prior) -> torch.Tensor:
    return prior.log_probability(STATES, STACK).exp()


def mass(p: torch.Tensor, layer: int, thickness: float) -> float:
    return float(p[STATES[layer] == thickness].sum() / p.sum())


def test_flat_holds_all_states_alike() -> None:
    assert (Flat().log_probability(STATES, STACK) == 0).all()


@pytest.mark.parametrize(("absent", "each"), [(0.6, (0.6, 0.6)), ([0.3, 0.8], (0.3, 0.8))])
def test_spike_and_slab(absent: float | list[float], each: tuple[float, float]) -> None:
    p = probability(SpikeAndSlab(absent))
    assert p.sum() == pytest.approx(1)
    for layer, limit in enumerate(STACK.limits_nm):
        assert mass(p, layer, 0) == pytest.approx(each[layer])
        for thickness in (1, limit // 2, limit):
            assert mass(p, layer, thickness) == pytest.approx((1 - each[layer]) / limit)
    both = (torch.tensor([[3.0], [40.0]]) == STATES).all(0)
    assert p[both].item() == pytest.approx((1 - each[0]) / 15 * (1 - each[1]) / 150)


def test_levels_of_one_layer_leave_the_other_flat() -> None:
    p = probability(Levels({"Al": {0: 3, 75: 1}}, rest=0.1))
    assert mass(p, 0, 0) == pytest.approx(1 / 16)
    assert mass(p, 1, 75) == pytest.approx(0.9 / 4 + 0.1 / 151)
    assert mass(p, 1, 0) == pytest.approx(0.9 * 3 / 4 + 0.1 / 151)
    assert mass(p, 1, 74) == pytest.approx(0.1 / 151)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: SpikeAndSlab(1.0), "prior.absent is 1.0; give probabilities"),
        (lambda: probability(SpikeAndSlab([0.5])), "prior.absent has 1 numbers; give one for each"),
        (lambda: probability(Levels({"Ag": {0: 1}})), "prior.weights names 'Ag'"),
        (lambda: probability(Levels({"Au": {}})), "prior.weights.Au is {}"),
        (lambda: probability(Levels({"Au": {0: 1, 5: -1}})), "give weights"),
        (lambda: probability(Levels({"Au": {0: 1}}, rest=0)), "0 < rest < 1"),
        (lambda: probability(Levels({"Au": {0: 1, 5.5: 1}})), "5.5 nm"),
    ],
)
def test_impossible_priors_are_told(make, told: str) -> None:
    with pytest.raises(InputError) as error:
        make()
    assert told in str(error.value)
