"""A picture of transport shows what the frames hold."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.transport import plot_transport

MEASURES = pd.DataFrame(
    {
        "train": ["all others"] * 4 + ["North"],
        "test": ["West", "North", "South", "North", "South"],
        "model": ["model"] * 3 + ["count_rule", "model"],
        "measure": "auroc",
        "estimate": [0.75, 0.7, np.nan, 0.6, 0.65],
    }
).assign(ci_low=lambda frame: frame["estimate"] - 0.1, ci_high=lambda frame: frame["estimate"] + 0.1)
SPREAD = pd.DataFrame(
    {
        "train": ["all others", "North"],
        "measure": "auroc",
        "estimate": [0.72, 0.65],
        "ci_low": [0.68, 0.6],
        "ci_high": [0.76, 0.7],
        "prediction_low": [0.55, np.nan],
        "prediction_high": [0.88, np.nan],
    }
)


def drawn(ax):
    """Points, and the plain lines that are neither at chance nor between rows."""
    points = [container.lines[0].get_xdata().tolist() for container in ax.containers]
    return points, [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "|"]


def test_authorities_the_mean_and_the_next_one_are_drawn():
    ax = Figure().subplots()
    assert plot_transport(MEASURES, ax, spread=SPREAD) is ax
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["North", "South", "West", "mean, and next authority"]
    points, reach = drawn(ax)
    assert points[0][0] == 0.7
    assert points[0][2] == 0.75
    assert points[1] == [0.72]
    assert reach == [[0.55, 0.88]]
    assert [text.get_text().strip() for text in ax.texts] == ["suppressed"]
    ax.figure.savefig(io.BytesIO())


def test_without_a_prediction_interval_or_a_spread_there_is_no_line():
    assert drawn(plot_transport(MEASURES, spread=SPREAD, train="North")) == ([[0.65], [0.65]], [])
    assert len(drawn(plot_transport(MEASURES))[0]) == 1


def test_observed_over_expected_is_drawn_around_one():
    frame = MEASURES.assign(measure="observed_expected_ratio")
    ax = plot_transport(frame, measure="observed_expected_ratio")
    assert ax.get_title(loc="left") == "Observed over expected, by authority"
    assert 1.0 in [line.get_xdata()[0] for line in ax.lines]


def test_nothing_to_show_is_said():
    assert "nothing to show" in plot_transport(MEASURES.assign(estimate=np.nan)).texts[0].get_text()


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(SpecError, match="use one of auroc"):
        plot_transport(MEASURES, measure="brier_score")
    with pytest.raises(SpecError, match="lack ci_low"):
        plot_transport(MEASURES.drop(columns="ci_low"))
    with pytest.raises(SpecError, match="lack prediction_low"):
        plot_transport(MEASURES, spread=SPREAD.drop(columns="prediction_low"))
    with pytest.raises(SpecError, match="trained on 'East'"):
        plot_transport(MEASURES, train="East")
