"""Yields out of the table: what was counted, smooth between, and ready for solvers."""

import dataclasses
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.runtime.build import build
from sem3d.simulate.column_file import read
from sem3d.simulate.column_table import ColumnTable
from sem3d.simulate.column_table_build import column
from sem3d.simulate.montecarlo.engine import MonteCarlo
from sem3d.simulate.noise import GaussianNoise
from sem3d.solvers.lookup import LookUp
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.tikhonov import Tikhonov
from sem3d.specimen import Beam, LayeredSpecimen, LayerStack, Scan
from sem3d.validation.runner import Runner, half_space

STACK = LayerStack(("Au", "Al"), (15, 150))
BEAM = Beam([float(e) for e in range(5, 36)])


@pytest.fixture(scope="module")
def engine():
    return ColumnTable()


def at(engine, gold, al, *energies):
    maps = torch.tensor([gold, al], dtype=torch.float64)[:, None, None]
    return engine.forward(STACK, Beam(energies))(maps)[:, 0, 0].numpy()


def test_every_count_is_reproduced_within_its_noise(engine):
    table = read()
    nodes = np.stack(np.meshgrid(*table.thickness_nm, indexing="ij"))
    model = engine.forward(STACK, Beam(table.energies_keV.tolist()))
    found = model(torch.from_numpy(nodes)).movedim(0, -1).numpy()
    strain = (table.counts / table.electrons - found) / np.sqrt(
        found * (1 - found) / table.electrons
    )
    assert np.abs(strain).max() < 5
    assert strain.mean() == pytest.approx(0, abs=0.1)
    assert strain.std() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("gold", "al", "energy"), [(7.5, 95.0, 5.5), (1.75, 20.0, 8.5)])
def test_a_fresh_simulation_between_the_nodes_agrees(engine, gold, al, energy):
    electrons = 10_000
    specimen = column(STACK, (gold, al))
    scan = MonteCarlo().simulate(specimen, Beam([energy], electrons=electrons), seed=(77, 1))
    expected = at(engine, gold, al, energy)[0]
    error = np.sqrt(expected * (1 - expected) / electrons)
    assert abs(scan.signal.item() - expected) < 4 * error + 0.01 * expected


def test_without_layers_it_is_bulk_silicon(engine):
    energies = [5.0, 12.0]
    for y in Runner(5).yields("bulk Si", half_space(), "Si", "none", energies, 10_000):
        assert at(engine, 0, 0, y.energy_keV)[0] == pytest.approx(y.value, abs=4 * y.error + 0.002)


def test_gold_shines_and_aluminium_hides_it(engine):
    gold = np.array([at(engine, d, 0, 5, 10, 20, 35) for d in range(0, 16, 3)])
    assert (np.diff(gold, axis=0) > 0).all()
    hidden = np.array([at(engine, 15, d, 5) for d in range(20, 151, 10)])
    assert (np.diff(hidden, axis=0) < 0).all()


@given(share=st.tuples(*[st.floats(0.01, 0.99)] * 2), present=st.sampled_from([(0,), (1,), (0, 1)]))
@settings(max_examples=15)
def test_linearise_is_the_model_and_its_finite_differences(engine, share, present):
    model = engine.forward(STACK, Beam([5, 9.3, 35]))
    limits = torch.tensor(STACK.limits_nm, dtype=torch.float64)
    thickness = (limits * torch.tensor(share, dtype=torch.float64))[list(present), None]
    signal, slope = model.linearise(thickness, present)

    def columns(present_nm):
        maps = torch.zeros(2, 1, dtype=torch.float64)
        maps[list(present)] = present_nm
        return model.columns(maps[:, None])[:, 0]

    torch.testing.assert_close(signal, columns(thickness))
    for k in range(len(present)):
        step = torch.zeros_like(thickness)
        step[k] = 1e-4
        difference = (columns(thickness + step) - columns(thickness - step)) / 2e-4
        torch.testing.assert_close(slope[k], difference, rtol=1e-5, atol=1e-9)


def test_autograd_agrees_with_finite_differences(engine):
    model = engine.forward(STACK, Beam([5, 20]))
    maps = torch.tensor([0.0, 3.0, 15.0, 0.0, 150.0, 70.0], dtype=torch.float64).reshape(2, 1, 3)
    assert torch.autograd.gradcheck(model, maps.requires_grad_())


def test_batches_and_dtypes(engine):
    model = engine.forward(STACK, BEAM)
    maps = torch.rand(3, 4, 2, 5, 6) * torch.tensor([15.0, 150.0])[:, None, None]
    batched = model(maps)
    assert (batched.shape, batched.dtype) == ((3, 4, 31, 5, 6), torch.float32)
    torch.testing.assert_close(batched[1, 2], model(maps[1, 2]))
    torch.testing.assert_close(batched.double(), model(maps.double()), rtol=1e-5, atol=0)


def test_simulate_returns_the_yields_and_tells_their_table(engine):
    maps = np.random.default_rng(0).integers(0, [[[16]], [[151]]], (2, 9, 7)).astype(np.uint8)
    whole = engine.simulate(LayeredSpecimen(maps, STACK), BEAM)
    exact = engine.simulate(LayeredSpecimen(maps.astype(np.float64), STACK), BEAM)
    np.testing.assert_allclose(whole.signal, exact.signal, rtol=1e-6)
    assert (whole.signal.shape, whole.signal.dtype) == ((31, 9, 7), np.float32)
    assert whole.provenance["table_sha256"] == read().sha256
    assert whole.provenance["table_engine"]["tables_sha256"]


def test_it_travels_to_other_processes(engine):
    again = pickle.loads(pickle.dumps(engine))
    assert again.provenance == engine.provenance
    np.testing.assert_array_equal(at(again, 3, 40, 7), at(engine, 3, 40, 7))


@pytest.mark.parametrize("solver", [LookUp, Tikhonov])
def test_solvers_find_what_was_there(engine, solver):
    problem = LayeredProblem(engine, STACK, BEAM, GaussianNoise(0.02))
    rng = np.random.default_rng(3)
    maps = np.stack([rng.integers(3, 16, (6, 7)), rng.integers(20, 151, (6, 7))]).astype(np.uint8)
    scan = engine.simulate(LayeredSpecimen(maps, STACK), BEAM)
    found = solver(problem, level=1e-5)(scan)
    np.testing.assert_allclose(found.thickness_nm, maps, atol=0.1)


def test_a_solver_refuses_scans_of_other_physics(engine):
    problem = LayeredProblem(engine, STACK, BEAM, GaussianNoise(0.02))
    other = {"engine": "column_table", "columns": "Al on Au on Si", "table_sha256": "0"}
    scan = Scan(np.full((31, 4, 4), 0.2, np.float32), BEAM, other)
    with pytest.raises(InputError, match="simulated with table_sha256 = 0 but the solver assumes"):
        LookUp(problem)(scan)


@pytest.mark.parametrize(
    ("stack", "beam", "told"),
    [
        ({"materials": ("Cu", "Al")}, {}, "holds Al on Au on Si but the stack is Al on Cu on Si"),
        ({"materials": ("Al", "Au")}, {}, "the stack is Au on Al on Si; make a table of it with"),
        ({"substrate": "Cu"}, {}, "the stack is Al on Au on Cu"),
        ({"limits_nm": (16, 150)}, {}, "ends at 15 nm Au, the stack allows 16 nm"),
        ({}, {"energies_keV": (4.9, 7)}, "beam has 4.9 keV but the column table holds 5 to 35 keV"),
        ({}, {"tilt_deg": 5.0}, "holds for a point beam at normal incidence"),
        ({}, {"spot_sigma_nm": 1.0}, "holds for a point beam at normal incidence"),
    ],
)
def test_what_the_table_does_not_hold_is_refused(engine, stack, beam, told):
    with pytest.raises(InputError, match=told):
        engine.forward(dataclasses.replace(STACK, **stack), dataclasses.replace(BEAM, **beam))


def test_a_missing_table_is_named():
    node = {"_target_": "sem3d.simulate.column_table.ColumnTable", "table": "nowhere.npz"}
    with pytest.raises(InputError, match=r"nowhere\.npz or its .* correct simulator\.table"):
        build(node, "simulator")
