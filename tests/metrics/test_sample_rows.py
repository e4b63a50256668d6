import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.metrics.sample_rows import SampleRows


class Total(SampleRows):
    """Smallest user of the rows: one value per sample, summed."""

    def __init__(self):
        super().__init__(2, torch.float64)

    def update(self, index, values):
        self.add_rows(index, values.double()[:, None])

    def compute(self):
        return float(self.sorted_rows()[:, 1].sum())


def filled(indices, values):
    metric = Total()
    metric.update(torch.tensor(indices), torch.tensor(values))
    return metric


def test_table_is_sorted_and_repeats_count_once():
    metric = filled([7, 2, 5], [0.7, 0.2, 0.5])
    metric.update(torch.tensor([2, 9]), torch.tensor([0.2, 0.9]))
    assert metric.table()[:, 0].tolist() == [2, 5, 7, 9]
    assert metric.compute() == pytest.approx(0.2 + 0.5 + 0.7 + 0.9)


def test_repeats_that_differ_leave_the_same_row_in_any_order():
    one, other = filled([3, 3], [1.0, 2.0]), filled([3, 3], [2.0, 1.0])
    assert np.array_equal(one.table(), other.table())


@given(st.permutations(range(8)), st.integers(1, 8))
def test_order_and_batch_size_never_show(order, size):
    values = [10.0**-k for k in range(8)]  # their float sum depends on the order
    metric = Total()
    for part in torch.tensor(order).split(size):
        metric.update(part, torch.tensor(values)[part])
    assert metric.compute() == filled(list(range(8)), values).compute()


def test_table_does_not_disturb_the_metric():
    metric = filled([1], [1.0])
    metric.table()
    metric.update(torch.tensor([2]), torch.tensor([2.0]))
    assert metric.compute() == 3


def test_reset_forgets():
    metric = filled([1], [1.0])
    metric.reset()
    metric.update(torch.tensor([2]), torch.tensor([2.0]))
    assert metric.table().tolist() == [[2, 2]]


def test_no_sample_is_an_input_error():
    with pytest.raises(InputError, match="Total has seen no sample; evaluate at least one"):
        Total().table()


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
def test_no_sample_is_an_input_error_in_compute():
    with pytest.raises(InputError, match="no sample"):
        Total().compute()
