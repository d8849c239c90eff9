"""Pictures of stability show what the frame holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.stability import plot_agreement, plot_spread, stability_figure

FRAME = pd.DataFrame(
    [
        ("seeds", "list_overlap", 0.9, 0.8, 1.0),
        ("seeds", "rank_correlation", 0.99, 0.98, 1.0),
        ("seeds", "risk_ratio", 1.1, 1.0, 1.3),
        ("resampled households", "list_overlap", 0.6, 0.5, 0.7),
        ("resampled households", "rank_correlation", 0.9, 0.85, 0.95),
        ("resampled households", "risk_ratio", 1.8, 1.3, 3.0),
    ],
    columns=["kind", "measure", "estimate", "low", "high"],
)


def test_agreement_has_a_row_a_measure_and_a_point_a_kind():
    ax = plot_agreement(FRAME, Figure().subplots())
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "children on both of two lists",
        "rank correlation of the scores",
    ]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["seeds", "resampled households"]
    drawn = [container.lines[0].get_xdata().tolist() for container in ax.containers]
    assert drawn == [[0.9, 0.99], [0.6, 0.9]]


def test_the_legend_stands_above_the_points():
    ax = plot_agreement(FRAME, Figure(figsize=(6.4, 4.8)).subplots())
    ax.figure.draw_without_rendering()
    legend = ax.get_legend().get_window_extent()
    heights = [ax.transData.transform((0, place))[1] for line in ax.containers for place in line.lines[0].get_ydata()]
    assert legend.y0 > max(heights)


def test_spread_has_a_row_a_kind():
    ax = plot_spread(FRAME, Figure().subplots())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["seeds", "resampled households"]
    assert [container.lines[0].get_xdata().item() for container in ax.containers] == [1.1, 1.8]


@pytest.mark.parametrize("draw", [plot_agreement, plot_spread])
def test_what_is_suppressed_is_not_drawn(draw):
    hidden = FRAME.assign(estimate=np.nan, low=np.nan, high=np.nan)
    ax = draw(hidden)
    assert ax.texts[0].get_text() == "nothing to show"
    assert ax.containers == []


@pytest.mark.parametrize("draw", [plot_agreement, plot_spread, stability_figure])
def test_a_frame_of_something_else_is_refused(draw):
    with pytest.raises(SpecError, match="lacks kind"):
        draw(FRAME.drop(columns="kind"))
