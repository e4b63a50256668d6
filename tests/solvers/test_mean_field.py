"""Beliefs worked out by hand."""

import torch

from sem3d.solvers.mean_field import DIAGONAL, MeanField, neighbours

STATES = torch.tensor([[0.0, 1.0, 2.0]], dtype=torch.float64)
ALIKE = torch.zeros(3, dtype=torch.float64)
THICKNESS = torch.tensor([[0.0, 4.0, 10.0]], dtype=torch.float64)


def test_neighbours_of_one_pixel_and_of_a_border() -> None:
    point = torch.zeros(1, 4, 5)
    point[0, 1, 2] = 1
    d = DIAGONAL
    around = torch.tensor([[d, 1, d], [1, 0, 1], [d, 1, d]])
    torch.testing.assert_close(neighbours(point)[0, :3, 1:4], around)
    torch.testing.assert_close(neighbours(point).sum(), around.sum())
    torch.testing.assert_close(neighbours(torch.ones(1, 3, 3))[0, 0, 0], torch.tensor(2 + d))


def test_without_coupling_beliefs_are_posteriors() -> None:
    data = torch.tensor([[[0.2, 0.9, 1.4]]])
    prior = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64).log()
    belief = MeanField(data, STATES, 0.5).sweep(torch.zeros(3, 1, 3), prior, 0.0)
    expected = (prior[:, None] - (data[0] - STATES.T) ** 2 / (2 * 0.5**2)).softmax(0)
    torch.testing.assert_close(belief[:, 0].double(), expected, atol=1e-6, rtol=1e-5)


def test_coupling_adds_to_the_log_belief() -> None:
    field = MeanField(torch.full((1, 1, 2), 0.5), STATES, 1.0)
    belief = torch.zeros(3, 1, 2)
    belief[1] = 1
    renewed = field.sweep(belief, ALIKE, 1.5)
    torch.testing.assert_close((renewed[1] / renewed[0]).log(), torch.full((1, 2), 1.5))


def test_states_with_a_common_part_support_each_other() -> None:
    parts = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    field = MeanField(torch.ones(1, 1, 2), STATES, 1.0, parts)
    belief = torch.tensor([0.0, 1.0]).reshape(2, 1, 1).expand(2, 1, 2)
    renewed = field.sweep(belief, ALIKE, 0.7)
    weights = torch.tensor([-0.5, 0.7, 0.7 - 0.5]).softmax(0)
    torch.testing.assert_close(renewed[:, 0, 0], torch.stack([weights[0], weights[1:].sum()]))


def test_estimate_is_the_best_state_with_moments() -> None:
    field = MeanField(torch.full((1, 1, 1), 1.2), STATES, 0.5)
    best, deviation, ambiguity = field.estimate(torch.zeros(3, 1, 1), ALIKE, 0.0, THICKNESS)
    q = (-((1.2 - STATES[0]) ** 2) / (2 * 0.5**2)).softmax(0)
    assert best.item() == 4
    expected = (q @ (THICKNESS[0] - 4) ** 2).sqrt()
    torch.testing.assert_close(deviation[0, 0, 0], expected.float())
    torch.testing.assert_close(ambiguity[0, 0].double(), q[0], atol=1e-6, rtol=1e-4)
