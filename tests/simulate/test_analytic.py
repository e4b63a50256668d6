import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.simulate.analytic import Analytic, AnalyticForward, LayerConstants
from sem3d.simulate.quirks import CORRECTED, ORIGINAL, Quirks
from sem3d.specimen import Beam, LayeredSpecimen, LayerStack

ENERGIES = [float(e) for e in range(5, 36)]


def seed_pixel(gold: float, al: float, energy: float, quirky: bool) -> float:
    """The report's formula for one pixel and energy, term by term in plain floats."""
    a_au, a_al = (1 / (0.49 * math.exp(-0.022 * (z + 2))) for z in (79, 13))
    m_au, m_al = gold * 19.3**0.91, al * 2.7**0.91

    def cover(mass: float, e: float, a: float) -> tuple[float, float]:
        psi = mass / (74 * e**1.55 - mass)
        return 1 - math.exp(-a * psi), psi

    xi_al, psi_al = cover(m_al, energy, a_al)
    xi_au, _ = cover(m_au, energy * math.exp(-(psi_al**0.45)), a_au)
    if not quirky:
        return 0.47 * xi_al + (1 - xi_al) * (0.90 * xi_au + 0.49 * (1 - xi_au))
    phi = xi_al if gold == 0 else xi_au * (1 - xi_al)
    return 0.49 * (1 - phi) + 0.90 * phi


def signal(quirks: Quirks, gold: np.ndarray, al: np.ndarray) -> torch.Tensor:
    """Signals (E, N) of N pixels in float64."""
    stack = LayerStack(("Au", "Al"), (15, 150))
    maps = torch.from_numpy(np.stack([gold, al]))[:, None, :].double()
    return AnalyticForward(stack, Beam(ENERGIES), quirks)(maps)[:, 0]


@pytest.mark.parametrize("quirks", [ORIGINAL, CORRECTED], ids=["original", "corrected"])
def test_agrees_with_the_per_pixel_formula_on_the_whole_grid(quirks: Quirks) -> None:
    gold, al = (g.ravel().astype(float) for g in np.meshgrid(np.arange(16), np.arange(151)))
    found = signal(quirks, gold, al).numpy()
    expected = [
        [seed_pixel(g, a, e, quirks is ORIGINAL) for g, a in zip(gold, al, strict=True)]
        for e in ENERGIES
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


TABULATED = {  # (Au, Al) nm: signal at 5, 8, 15, 35 keV, from the published constants
    (5, 0): ((0.7621, 0.6519, 0.5592, 0.5097), (0.7621, 0.6519, 0.5592, 0.5097)),
    (15, 0): ((0.8924, 0.8208, 0.6686, 0.5467), (0.8924, 0.8208, 0.6686, 0.5467)),
    (0, 30): ((0.5825, 0.5356, 0.5074, 0.4947), (0.4855, 0.4878, 0.4892, 0.4898)),
    (10, 75): ((0.6857, 0.7489, 0.6443, 0.5352), (0.6753, 0.7435, 0.6422, 0.5346)),
    (15, 150): ((0.5456, 0.6901, 0.6926, 0.5587), (0.5283, 0.6800, 0.6885, 0.5576)),
}


@pytest.mark.parametrize("thickness", TABULATED, ids=str)
@pytest.mark.parametrize("mode", [0, 1], ids=["original", "corrected"])
def test_tabulated_values(thickness: tuple[int, int], mode: int) -> None:
    gold, al = (np.array([float(d)]) for d in thickness)
    found = signal((ORIGINAL, CORRECTED)[mode], gold, al)[[0, 3, 10, 30], 0]
    np.testing.assert_allclose(found, TABULATED[thickness][mode], atol=5e-5)


@given(gold=st.floats(0.05, 15), al=st.floats(0.05, 150))
@pytest.mark.parametrize("quirks", [ORIGINAL, CORRECTED], ids=["original", "corrected"])
def test_gradient_agrees_with_finite_differences(quirks: Quirks, gold: float, al: float) -> None:
    model = AnalyticForward(LayerStack(("Au", "Al"), (15, 150)), Beam([5.0, 9.0, 35.0]), quirks)
    at = torch.tensor([gold, al], dtype=torch.float64)[:, None, None]
    jacobian = torch.autograd.functional.jacobian(model, at)[:, 0, 0, :, 0, 0]
    for layer in (0, 1):
        step = torch.zeros_like(at)
        step[layer] = 1e-4 * at[layer]
        slope = (model(at + step) - model(at - step))[:, 0, 0] / (2 * step[layer, 0, 0])
        torch.testing.assert_close(jacobian[:, layer], slope, rtol=1e-5, atol=1e-9)


def test_gradient_is_finite_where_a_layer_vanishes() -> None:
    model = AnalyticForward(LayerStack(("Au", "Al"), (15, 150)), Beam(ENERGIES), CORRECTED)
    maps = torch.zeros(2, 3, 3, requires_grad=True)
    model(maps).sum().backward()
    assert maps.grad is not None
    assert torch.isfinite(maps.grad).all()


def test_bare_substrate_is_its_own_signal() -> None:
    bare = np.zeros(1)
    assert torch.all(signal(ORIGINAL, bare, bare) == 0.49)
    torch.testing.assert_close(
        signal(CORRECTED, bare, bare), torch.full((31, 1), 0.49, dtype=torch.float64)
    )


@given(gold=st.floats(0, 14.9), more=st.floats(0.01, 0.1))
def test_more_gold_is_brighter_and_signals_stay_between_the_bulk_values(
    gold: float, more: float
) -> None:
    thin, thick = (signal(CORRECTED, np.array([g]), np.zeros(1)) for g in (gold, gold + more))
    assert (thick > thin).all()
    assert ((thick >= 0.49) & (thick <= 0.90)).all()


def test_deep_energies_see_less_of_a_thin_layer() -> None:
    by_energy = signal(CORRECTED, np.array([5.0]), np.zeros(1))[:, 0]
    assert (by_energy.diff() < 0).all()


def test_one_and_three_layers_by_the_general_formula() -> None:
    copper = LayerConstants(29, 8.96, 0.7)
    engine = Analytic(constants={"Cu": copper})
    beam = Beam([9.0, 20.0])
    three = engine.forward(LayerStack(("Au", "Cu", "Al"), (15, 20, 150)), beam)
    two = engine.forward(LayerStack(("Au", "Al"), (15, 150)), beam)
    one = engine.forward(LayerStack(("Au",), (15,)), beam)
    maps = torch.tensor([7.0, 0.0, 40.0], dtype=torch.float64)[:, None, None]
    torch.testing.assert_close(three(maps), two(maps[[0, 2]]), rtol=0, atol=1e-12)
    torch.testing.assert_close(two(maps[[0, 1]]), one(maps[:1]), rtol=0, atol=1e-12)


def test_batches_and_dtypes() -> None:
    model = AnalyticForward(LayerStack(("Au", "Al"), (15, 150)), Beam(ENERGIES), ORIGINAL)
    maps = torch.rand(3, 4, 2, 5, 6) * torch.tensor([15.0, 150.0])[:, None, None]
    batched = model(maps)
    assert batched.shape == (3, 4, 31, 5, 6)
    assert batched.dtype == torch.float32
    torch.testing.assert_close(batched[1, 2], model(maps[1, 2]))


def test_simulate_returns_a_scan_and_uses_the_exact_table(stack: LayerStack, beam: Beam) -> None:
    rng = np.random.default_rng(0)
    maps = np.stack([rng.integers(0, 16, (9, 7)), rng.integers(0, 151, (9, 7))]).astype(np.uint8)
    engine = Analytic(ORIGINAL)
    by_table = engine.simulate(LayeredSpecimen(maps, stack), beam)
    by_formula = engine.simulate(LayeredSpecimen(maps.astype(np.float64), stack), beam)
    np.testing.assert_allclose(by_table.signal, by_formula.signal, rtol=0, atol=1e-7)
    assert by_table.signal.shape == (31, 9, 7)
    assert by_table.provenance["quirks"]["al_alone_as_gold"]


def test_limits_beyond_the_model_are_refused() -> None:
    AnalyticForward(LayerStack(("Au", "Al"), (16, 150)), Beam([5.0]))
    with pytest.raises(InputError, match=r"ends at 16\.1 nm Au .* at 5 keV.* allows 17 nm"):
        AnalyticForward(LayerStack(("Au", "Al"), (17, 150)), Beam([5.0]))
    with pytest.raises(InputError, match=r"ends at 363\.\d nm Al"):
        AnalyticForward(LayerStack(("Al",), (364,)), Beam([5.0]))
    AnalyticForward(LayerStack(("Au", "Al"), (17, 150)), Beam([6.0]))


def test_material_without_constants_is_named() -> None:
    with pytest.raises(InputError, match=r"'Cu' has no constants.*simulator\.constants\.Cu"):
        AnalyticForward(LayerStack(("Cu",), (15,)), Beam([5.0]))


def test_two_layer_quirks_refuse_other_stacks() -> None:
    with pytest.raises(InputError, match="describe two layers but the stack has 1"):
        AnalyticForward(LayerStack(("Au",), (15,)), Beam([5.0]), ORIGINAL)


def test_thickness_outside_the_model_is_refused(stack: LayerStack) -> None:
    maps = np.zeros((2, 4, 4))
    maps[0, 1, 1] = 15.5
    with pytest.raises(InputError, match=r"Au thickness spans 0\.\.15\.5 nm but .* 0\.\.15 nm"):
        LayeredSpecimen(maps, stack)


@pytest.mark.parametrize("quirks", [ORIGINAL, CORRECTED], ids=["original", "corrected"])
@pytest.mark.parametrize("present", [(0,), (1,), (0, 1)], ids=str)
@given(share=st.tuples(*[st.floats(0.004, 0.996)] * 2))
def test_linearise_is_the_model_and_its_finite_differences(
    quirks: Quirks, present: tuple[int, ...], share: tuple[float, float]
) -> None:
    stack = LayerStack(("Au", "Al"), (15, 150))
    model = AnalyticForward(stack, Beam(range(5, 36)), quirks)
    limits = torch.tensor(stack.limits_nm, dtype=torch.float64)
    thickness = (limits * torch.tensor(share, dtype=torch.float64))[list(present), None]
    signal, slope = model.linearise(thickness, present)

    def columns(present_nm: torch.Tensor) -> torch.Tensor:
        maps = torch.zeros(2, 1, dtype=torch.float64)
        maps[list(present)] = present_nm
        return model.columns(maps[:, None])[:, 0]

    torch.testing.assert_close(signal, columns(thickness))
    step = 1e-4 * thickness
    for k in range(len(present)):
        shift = torch.zeros_like(thickness)
        shift[k] = step[k]
        difference = (columns(thickness + shift) - columns(thickness - shift)) / (2 * step[k])
        torch.testing.assert_close(slope[k], difference, rtol=1e-5, atol=1e-8)


def test_linearise_three_layers_with_one_absent() -> None:
    model = AnalyticForward(LayerStack(("Al", "Au", "Al"), (20, 3, 30)), Beam([5, 10, 20]))
    thickness = torch.tensor([[11.0], [25.0]], dtype=torch.float64)
    signal, slope = model.linearise(thickness, (0, 2))
    maps = torch.stack([thickness[0], torch.zeros(1), thickness[1]])[:, None].double()
    maps.requires_grad_()
    expected = model.columns(maps)[:, 0]
    torch.testing.assert_close(signal, expected.detach())
    for n in range(3):
        (gradient,) = torch.autograd.grad(expected[n].sum(), maps, retain_graph=True)
        torch.testing.assert_close(slope[:, n, 0], gradient[[0, 2], 0, 0])


@pytest.mark.parametrize("beam", [Beam([10], tilt_deg=20.0), Beam([10], spot_sigma_nm=2.0)])
def test_a_tilted_or_wide_beam_is_refused(beam: Beam) -> None:
    with pytest.raises(InputError, match="model holds for a point beam at normal incidence"):
        Analytic().forward(LayerStack(("Au",), (5,)), beam)
