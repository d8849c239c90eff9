"""Pictures of a group audit and of unequal recording."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.groups import GROUP_MEASURE_LABELS, plot_group_measures, plot_recording_sensitivity


@pytest.fixture
def measures():
    frame = pd.DataFrame(
        {
            "by": "sex",
            "group": ["female", "female", "male", "male", "not known", "not known"],
            "measure": "calibration_slope",
            "estimate": [0.8, 0.8, 0.7, 0.7, np.nan, np.nan],
            "against": ["the rest", "ideal"] * 3,
            "note": ["", "", "caution: few", "caution: few", "suppressed", "suppressed"],
        }
    )
    low, high = frame["estimate"] - 0.1, frame["estimate"] + 0.2
    frame = frame.assign(ci_low=low, ci_high=high, difference=frame["estimate"] - 0.5)
    return frame.assign(difference_low=low - 0.5, difference_high=high - 0.5)


def test_every_group_has_one_line_and_hidden_ones_are_named(measures):
    ax = Figure().subplots()
    assert plot_group_measures(measures, ax, measure="calibration_slope") is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["sex: female", "sex: male", "sex: not known"]
    assert [text.get_text().strip() for text in ax.texts] == ["suppressed"]
    points = [(line.get_xdata()[0], line.get_markerfacecolor()) for line in ax.lines if line.get_marker() == "o"]
    assert points[0][0] == 0.8
    assert [face for x, face in points if x == 0.7] == ["white"]
    ax.figure.savefig(io.BytesIO())


def test_a_difference_is_drawn_around_zero(measures):
    ax = plot_group_measures(measures, measure="calibration_slope", against="the rest")
    assert ax.get_xlabel() == "difference from the rest: calibration slope"
    assert ax.lines[0].get_xdata()[0] == 0.0
    assert 0.3 in [round(x, 6) for line in ax.lines for x in line.get_xdata()]


def test_shares_are_in_per_cent(measures):
    frame = measures.assign(measure="ppv")
    ax = plot_group_measures(frame, measure="ppv")
    assert ax.get_xlabel().endswith("%")
    assert ax.xaxis.get_major_formatter()(0.25, 0) == "25"


def test_nothing_to_show_is_said(measures):
    hidden = measures.assign(estimate=np.nan)
    assert "nothing to show" in plot_group_measures(hidden, measure="calibration_slope").texts[0].get_text()


def test_wrong_frames_and_measures_are_refused(measures):
    with pytest.raises(SpecError, match="use one of"):
        plot_group_measures(measures, measure="accuracy")
    with pytest.raises(SpecError, match="The frame lacks"):
        plot_group_measures(measures.drop(columns="note"))
    with pytest.raises(SpecError, match="use one of"):
        plot_recording_sensitivity(sensitivity(), measure="accuracy")


def sensitivity():
    """Two groups at two shares."""
    return pd.DataFrame(
        {
            "unrecorded": [0.0, 0.4] * 2,
            "group": ["Black"] * 2 + ["the rest"] * 2,
            "measure": "true_positive_rate",
            "truth": [0.4, 0.2, 0.4, 0.42],
            "as_recorded": [0.5, 0.3, 0.4, 0.41],
        }
    )


def test_truth_is_a_line_and_outcomes_are_hollow():
    ax = plot_recording_sensitivity(sensitivity(), measure="true_positive_rate")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["Black, true risk", "Black, outcomes", "the rest, true risk", "the rest, outcomes"]
    assert ax.lines[0].get_ydata().tolist() == [0.4, 0.2]
    assert ax.lines[1].get_linestyle() == "None"
    ax.figure.savefig(io.BytesIO())


def test_every_measure_of_an_audit_has_a_label():
    from edgeofcare.evaluation.groups.draws import MEASURES

    assert set(GROUP_MEASURE_LABELS) == set(MEASURES)
