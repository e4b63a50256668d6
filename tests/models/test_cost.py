"""Parameters and multiply-adds, by hand for small modules and against the published networks."""

import csv
from importlib import import_module
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

from sem3d.models.cost import count_macs, count_parameters

TABLE = list(
    csv.DictReader(Path(__file__).with_name("published_counts.csv").read_text().splitlines())
)


def build(row):
    """Build a network of the table without memory for its weights."""
    module, name = row["class"].split(".")
    arguments = yaml.safe_load("{" + row["arguments"] + "}")
    outputs = tuple(int(n) for n in row["outputs"].split())
    with torch.device("meta"):
        return getattr(import_module(f"sem3d.models.{module}"), name)(
            int(row["energies"]), outputs, **arguments
        )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["network"])
def test_network_has_the_published_size(row):
    net, energies = build(row), int(row["energies"])
    y, x = map(int, row["field"].split())
    params, macs = count_parameters(net), count_macs(net, energies, (y, x))
    print(f"{row['network']}: {params:,} parameters, {macs / 1e9:.3f} G multiply-adds")
    assert params + int(row["unused_params"]) == int(row["params"])
    assert macs == pytest.approx(float(row["macs"]), rel=0.01)


def test_original_uvnet_weighs_14_103_megabytes_in_float32():
    (row,) = (r for r in TABLE if r["network"] == "hybrid UVNet")
    assert 4 * count_parameters(build(row)) / 1e6 == pytest.approx(14.103, abs=0.001)


def test_parameters_are_counted_without_buffers():
    assert count_parameters(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))) == 3 * 4 + 4 + 2 * 4


@pytest.mark.parametrize(
    ("module", "macs"),
    [
        (nn.Conv2d(2, 3, 3, padding=1), 2 * 3 * 9 * 35),
        (nn.Conv2d(2, 4, 3, padding=1, groups=2), 2 * 2 * 9 * 35),
        (nn.ConvTranspose2d(2, 3, 2, stride=2), 2 * 3 * 4 * 35),
        (nn.Linear(7, 6), 2 * 5 * 7 * 6),
        (nn.BatchNorm2d(2), 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_multiply_adds_by_hand(module, macs):
    assert count_macs(module, 2, (5, 7)) == macs


def test_counting_leaves_the_model_alone():
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3))
    before = {name: t.clone() for name, t in net.state_dict().items()}
    count_macs(net, 2, (8, 8))
    assert net.training
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, before[name]), name
