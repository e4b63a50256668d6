"""The figure shows what the two engines give."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from sem3d.report import columns


def test_both_models_of_every_column(monkeypatch):
    drawn = []
    monkeypatch.setattr(columns, "draw_columns", lambda shown: drawn.append(shown) or Figure())
    columns.columns_figure()
    (shown,) = drawn
    assert list(shown.columns)[:2] == ["Si", "5 nm Au on Si"]
    assert list(shown.columns)[-1] == "150 nm Al on 15 nm Au on Si"
    for signals in shown.columns.values():
        assert list(signals) == ["Monte Carlo", "analytic"]
        assert {signal.shape for signal in signals.values()} == {(31,)}
    np.testing.assert_allclose(shown.columns["Si"]["analytic"], 0.49, atol=1e-6)
    bare = shown.columns["Si"]["Monte Carlo"]
    assert bare[[0, -1]] == pytest.approx([0.18, 0.16], abs=0.005)
    shares = {
        name: {model: signal[0] / shown.columns["Si"][model][0] for model, signal in both.items()}
        for name, both in shown.columns.items()
    }
    for name, expected in {  # what docs/layers.md says of 5 keV
        "15 nm Au on Si": {"Monte Carlo": 2.1, "analytic": 1.8},
        "150 nm Al on Si": {"Monte Carlo": 0.94, "analytic": 0.97},
        "150 nm Al on 15 nm Au on Si": {"Monte Carlo": 0.95, "analytic": 1.08},
    }.items():
        assert shares[name] == pytest.approx(expected, abs=0.035), name
    for maps in shown.maps.values():
        assert all(relative.shape == (16, 151) for relative in maps.values())
        assert all(relative[0, 0] == 1 for relative in maps.values())
