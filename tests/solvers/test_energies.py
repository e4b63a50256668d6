"""Best energies against exhaustive search and published comparisons."""

import itertools
import math

import pytest
import torch

from sem3d.errors import InputError
from sem3d.simulate.analytic import Analytic
from sem3d.simulate.noise import GaussianNoise
from sem3d.simulate.quirks import CORRECTED, ORIGINAL
from sem3d.solvers.energies import (
    EnergyDesign,
    SpecimenClass,
    select_energies,
    states_seen,
    whole_box,
)  # fmt: skip
from sem3d.solvers.limits import cramer_rao
from sem3d.solvers.problem import LayeredProblem
from sem3d.specimen import Beam, LayerStack

STACK = LayerStack(("Au", "Al"), (15, 150))


def problem(energies=range(5, 36), quirks=ORIGINAL, stack=STACK):
    return LayeredProblem(Analytic(quirks), stack, Beam(energies), GaussianNoise(0.02))


def covered_gold(states=20):
    """Gold under aluminium, at thicknesses for which limits are published."""
    gold, aluminium = torch.tensor([1, 5, 10, 15]), torch.tensor([1, 10, 30, 90, 150])
    both = torch.cartesian_prod(gold, aluminium).T.double()[:, :states]
    return SpecimenClass(both, torch.full_like(both[0], 1 / both.shape[1]))


@pytest.mark.parametrize("quirks", [ORIGINAL, CORRECTED])
@pytest.mark.parametrize("energies", [range(5, 36, 4), (5, 6, 7, 8, 9, 12, 20)])
def test_as_good_as_exhaustive_search(quirks, energies):
    physics = problem(energies, quirks)
    design = EnergyDesign(physics, 0.02)
    for selection in select_energies(physics, 0.02):
        count = len(selection.energies_keV)
        sets = itertools.combinations(design.all_energies, count)
        assert selection.information_bits == pytest.approx(max(map(design.bits, sets)), rel=1e-9)


def test_exchange_beats_adding_alone():
    """The best three are not the best two and another: 10 keV is given up for 11."""
    chosen = [s.energies_keV for s in select_energies(problem(), 0.02)]
    assert chosen[1] == (5, 10)
    assert chosen[2] == (5, 6, 11)
    assert all(len(set(energies)) == n + 1 for n, energies in enumerate(chosen))


@pytest.mark.parametrize(
    ("energies", "gold", "aluminium"),
    [
        (range(5, 16), 1.36, 1.04),
        (range(5, 36, 5), 2.2, 1.4),
        (range(10, 36), 1.4, 7.0),
    ],
)
def test_subsets_cost_what_was_published(energies, gold, aluminium):
    """The published medians do not name their states, the other values do."""
    both = covered_gold().thickness_nm
    ratio = cramer_rao(problem(energies), both, 0.02) / cramer_rao(problem(), both, 0.02)
    median = ratio.median(1).values.tolist()
    assert median == pytest.approx([gold, aluminium], rel=0.05)


def test_ratio_is_that_of_the_bound_where_the_prior_does_not_matter():
    both = covered_gold(15)  # an odd number has one median
    design = EnergyDesign(problem(), 0.001, both)
    few = cramer_rao(problem(range(5, 36, 5)), both.thickness_nm, 0.001)
    ratio = (few / cramer_rao(problem(), both.thickness_nm, 0.001)).median(1).values
    assert design.std_ratio(range(0, 31, 5)) == pytest.approx(ratio.tolist(), rel=1e-3)


def test_all_energies_keep_everything_and_more_keep_more():
    found = select_energies(problem(range(5, 36, 3)), 0.02)
    retained = [selection.retained for selection in found]
    assert retained == sorted(retained)
    assert retained[-1] == pytest.approx(1)
    assert found[-1].std_ratio == pytest.approx((1, 1))
    assert min(found[0].std_ratio) > 1


def test_information_of_one_layer_by_hand():
    """One state, one layer: half log2 of prior variance over posterior variance."""
    stack = LayerStack(("Au",), (12,))
    state = SpecimenClass(torch.tensor([[6.0]]).double(), torch.ones(1).double())
    physics = problem([10, 20], CORRECTED, stack)
    deviation = cramer_rao(physics, state.thickness_nm, 0.02).item()
    found = select_energies(physics, 0.02, state)[-1].information_bits
    assert found == pytest.approx(0.5 * math.log2(1 + 12 / deviation**2))  # (12 / sqrt 12)^2 = 12


def test_what_matters_decides():
    """Thick aluminium hides low energies from gold; bare gold is best seen by them."""
    weight = torch.ones(1).double()
    bare, covered = (
        select_energies(
            problem(), 0.02, SpecimenClass(torch.tensor([[5.0], [al]]).double(), weight)
        )
        for al in (0.0, 150.0)
    )
    assert bare[0].energies_keV[0] < 8
    assert max(bare[5].energies_keV) < max(covered[5].energies_keV)


def test_whole_box_weighs_sets_alike():
    box = whole_box(LayerStack(("Au", "Al"), (3, 5)))
    assert box.weight.sum().item() == pytest.approx(1)
    both = (box.thickness_nm > 0).all(0)
    assert both.sum() == 15
    assert box.weight[both].sum().item() == pytest.approx(1 / 3)
    assert box.thickness_nm[0, ~both].unique().tolist() == [0, 1, 2, 3]
    assert (box.thickness_nm.sum(0) > 0).all()


def test_large_boxes_are_taken_in_steps():
    box = whole_box(LayerStack(("Au", "Al", "Au"), (15, 150, 15)))
    assert box.thickness_nm.shape[1] <= 7 * 1024
    assert box.thickness_nm.amax(1).tolist() == [15, 150, 15]
    assert box.weight.sum().item() == pytest.approx(1)


def test_states_of_specimens_weigh_by_their_pixels():
    maps = torch.zeros(1, 2, 2, 3)
    maps[0, 0, 0] = 5
    maps[0, 1, 0, 0] = 20
    found = states_seen(maps)
    assert found.thickness_nm.T.tolist() == [[5, 0], [5, 20]]
    assert found.weight.tolist() == pytest.approx([2 / 3, 1 / 3])
    with pytest.raises(InputError, match="carry no layer"):
        states_seen(torch.zeros(1, 2, 2, 3))


def test_a_layer_that_never_occurs_has_no_ratio():
    only = SpecimenClass(torch.tensor([[5.0], [0.0]]).double(), torch.ones(1).double())
    gold, aluminium = select_energies(problem([5, 10, 20]), 0.02, only)[0].std_ratio
    assert gold > 1
    assert math.isnan(aluminium)
