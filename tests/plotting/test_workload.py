"""Pictures of lists: labelled, drawn from what is shown, and honest where nothing is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.workload import plot_lead_time, plot_workload


def workload():
    lists = [("capacity", 0.03), ("top 1%", 0.01), ("top 5%", 0.05)]
    rows = [
        (model, name, share, measure, level, level - 0.05, level + 0.05)
        for model in ("model", "count_rule", "prevalence", "model minus count_rule")
        for name, share in lists
        for measure, level in (("ppv", 0.5 - 5 * share), ("entrants_found", 10 * share))
    ]
    columns = ["model", "list", "share", "measure", "estimate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def lead_time():
    rows = [
        (model, 0, measure, at, level, level - 0.1, level + 0.1)
        for model in ("model", "count_rule", "model minus count_rule")
        for measure, at, level in (
            ("alerted", np.nan, 0.7),
            ("alerted_at_least", 30.0, 0.5),
            ("alerted_at_least", 60.0, np.nan),
            ("alerted_at_least", 90.0, 0.2),
            ("lead_time", 0.5, 120.0),
        )
    ]
    columns = ["model", "blackout_days", "measure", "at", "estimate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("measure", ["ppv", "entrants_found"])
def test_lists_are_drawn_by_length_with_capacity_and_count_rule(measure):
    ax = Figure().subplots()
    assert plot_workload(workload(), ax, measure=measure) is ax
    assert set(legend(ax)) == {"capacity", "model", "count rule"}
    assert ax.lines[0].get_xdata()[0] == 0.03
    ours = next(line for line in ax.lines if line.get_color() == "#0072B2" and len(line.get_xdata()) == 3)
    level = [0.45, 0.35, 0.25] if measure == "ppv" else [0.1, 0.3, 0.5]
    assert ours.get_ydata() == pytest.approx(level)
    assert ax.get_xlim()[0] < 0.01 < 0.05 < ax.get_xlim()[1]
    assert "%" in ax.get_ylabel()
    assert "%" in ax.get_xlabel()


def test_other_baselines_are_drawn_when_asked_for_or_when_there_is_no_count_rule():
    ax = plot_workload(workload(), models=["model", "prevalence"])
    assert set(legend(ax)) == {"capacity", "model", "prevalence"}
    frame = workload()
    ax = plot_workload(frame.loc[frame["model"] != "count_rule"])
    assert set(legend(ax)) == {"capacity", "model", "prevalence"}


def test_between_two_points_the_smaller_share_is_drawn():
    ax = plot_lead_time(lead_time())
    line = next(line for line in ax.lines if line.get_drawstyle() == "steps-pre")
    assert line.get_xdata().tolist() == [0, 30, 90]
    assert line.get_ydata().tolist() == [0.7, 0.5, 0.2]
    assert ax.get_xlim()[0] > ax.get_xlim()[1]
    assert set(legend(ax)) == {"model", "count rule", "95% interval"}
    assert "days" in ax.get_xlabel()


@pytest.mark.parametrize(("draw", "frame"), [(plot_workload, workload()), (plot_lead_time, lead_time())])
def test_what_is_suppressed_is_said_and_what_is_missing_refused(draw, frame):
    hidden = frame.assign(estimate=np.nan, ci_low=np.nan, ci_high=np.nan)
    assert "too few children" in draw(hidden).texts[0].get_text()
    with pytest.raises(SpecError, match="lacks estimate"):
        draw(frame.drop(columns="estimate"))


def test_an_unknown_measure_is_refused():
    with pytest.raises(SpecError, match="use one of"):
        plot_workload(workload(), measure="accuracy")
