"""Pictures: axes in, axes out, labelled, and drawn without pyplot."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from edgeofcare import plotting
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.exceptions import SpecError


@pytest.fixture(scope="module")
def evaluation():
    risk = np.geomspace(0.005, 0.4, 30)
    edges = [0.0, 0.05, 0.1, 1.0]
    outcomes = ["did not enter care", "entered care"]
    estimates = [
        (m, "all rows", k, 0.7, 0.6, 0.8, "") for m in ("model", "count_rule") for k in ("auroc", "ppv_at_capacity")
    ]
    ratio = ("observed_expected_ratio", 1.0, 0.9, 1.1)
    estimates += [("model", "all rows", *ratio, ""), ("model minus count_rule", "all rows", "auroc", 0.1, 0.0, 0.2, "")]
    columns = ["model", "stratum", "measure", "estimate", "ci_low", "ci_high", "note"]
    cuts = np.array([0.01, 0.05, 0.1])
    return Evaluation(
        measures=pd.DataFrame(estimates, columns=columns),
        groups=pd.DataFrame(
            {
                "by": ["age_band", "age_band"],
                "group": ["10-13", "14-17"],
                "observed_expected_ratio": [1.1, np.nan],
                "oe_low": [0.9, np.nan],
                "oe_high": [1.3, np.nan],
                "auroc": [0.8, np.nan],
                "auroc_low": [0.7, np.nan],
                "auroc_high": [0.9, np.nan],
            }
        ),
        counts=pd.DataFrame({"stratum": ["all rows"], "rows": [2000], "entrants": [80]}),
        calibration=pd.DataFrame(
            {"risk": risk, "observed": risk * 0.8, "ci_low": risk * 0.5, "ci_high": risk * 1.2, "rows": 20.0}
        ),
        decision_curve=pd.concat(
            pd.DataFrame(
                {"strategy": s, "threshold": cuts, "net_benefit": 0.03 - cuts / 4, "ci_low": 0.0, "ci_high": 0.04}
            )
            for s in ("model", "count_rule", "review all", "review none")
        ),
        risk_distribution=pd.DataFrame(
            {
                "risk_low": edges[:-1] * 2,
                "risk_high": edges[1:] * 2,
                "outcome": np.repeat(outcomes, 3),
                "rows": [900.0, 60.0, 40.0, np.nan, 20.0, 40.0],
                "note": "",
            }
        ),
        capacity=10,
        reviews_per_index_date=30,
        n_resamples=100,
        random_state=0,
    )


PLOTS = [
    (plotting.plot_calibration, "calibration"),
    (plotting.plot_risk_distribution, "risk_distribution"),
    (plotting.plot_decision_curve, "decision_curve"),
    (plotting.plot_measures, "measures"),
    (plotting.plot_groups, "groups"),
]


@pytest.mark.parametrize(("plot", "name"), PLOTS)
def test_takes_a_frame_and_an_axis_and_gives_the_axis_back(evaluation, plot, name):
    ax = Figure().subplots()
    assert plot(getattr(evaluation, name), ax) is ax
    assert ax.get_title(loc="left")
    assert ax.get_xlabel()
    ax.figure.savefig(io.BytesIO())


@pytest.mark.parametrize(("plot", "name"), PLOTS)
def test_an_empty_frame_says_that_there_is_nothing(evaluation, plot, name):
    ax = plot(getattr(evaluation, name).iloc[:0])
    assert "nothing to show" in ax.texts[0].get_text()
    ax.figure.savefig(io.BytesIO())


@pytest.mark.parametrize(("plot", "name"), PLOTS)
def test_a_frame_without_its_columns_is_refused(evaluation, plot, name):
    with pytest.raises(SpecError, match="The frame lacks"):
        plot(getattr(evaluation, name).iloc[:, :1])


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_calibration_is_zoomed_to_the_risks_and_in_per_cent(evaluation, scale):
    ax = plotting.plot_calibration(evaluation.calibration, scale=scale)
    low, high = ax.get_xlim()
    assert low == ax.get_ylim()[0]
    assert 0.4 < high < 0.6
    assert ax.xaxis.get_major_formatter()(0.05, 0) == "5"
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["observed = predicted", "95% band", "observed"]
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), evaluation.calibration["observed"])


def test_suppressed_cells_and_groups_are_marked(evaluation):
    bars = plotting.plot_risk_distribution(evaluation.risk_distribution)
    assert "suppressed (few rows)" in [text.get_text() for text in bars.get_legend().get_texts()]
    groups = plotting.plot_groups(evaluation.groups)
    assert "suppressed" in groups.texts[0].get_text()
    assert [label.get_text() for label in groups.get_yticklabels()] == ["age band: 10-13", "age band: 14-17"]


def test_a_decision_curve_stops_where_it_is_not_shown(evaluation):
    frame = evaluation.decision_curve.reset_index(drop=True)
    values = ["net_benefit", "ci_low", "ci_high"]
    frame.loc[(frame["strategy"] == "model") & (frame["threshold"] > 0.05), values] = np.nan
    frame.loc[(frame["strategy"] == "count_rule") & (frame["threshold"] > 0.01), values] = np.nan
    ax = plotting.plot_decision_curve(frame)
    assert np.isnan(ax.lines[0].get_ydata()).tolist() == [False, False, True]
    assert ax.get_xlim() == (0.01, 0.05)
    assert ax.get_ylim()[1] == pytest.approx(1.08 * 40)
    ax.figure.savefig(io.BytesIO())


@pytest.mark.parametrize("least", [0.01, 0.5], ids=["one threshold is left", "nothing is left"])
def test_a_decision_curve_of_next_to_nothing_is_drawn_or_says_so(evaluation, least):
    frame = evaluation.decision_curve.reset_index(drop=True)
    rule = frame["strategy"].str.startswith("review")
    frame.loc[~rule & (frame["threshold"] != least), ["net_benefit", "ci_low", "ci_high"]] = np.nan
    ax = plotting.plot_decision_curve(frame)
    assert bool(ax.texts) == (least == 0.5)
    assert ax.get_xlim()[0] < ax.get_xlim()[1]
    ax.figure.savefig(io.BytesIO())


def test_differences_are_not_drawn_among_the_measures(evaluation):
    ax = plotting.plot_measures(evaluation.measures)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["model", "count rule"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["AUROC", "PPV at capacity"]


def test_every_model_has_a_mark_of_its_own_and_a_place_inside_the_picture():
    names = ["model", "count_rule", "prevalence", "age_and_status", "ten_features", "last_model", "my_rule", "other"]
    rows = [(name, "all rows", k, 0.7, 0.6, 0.8) for name in names for k in ("auroc", "ppv_at_capacity")]
    frame = pd.DataFrame(rows, columns=["model", "stratum", "measure", "estimate", "ci_low", "ci_high"])
    ax = plotting.plot_measures(frame)
    points = [each.lines[0] for each in ax.containers]
    assert len({line.get_marker() for line in points}) == len(names)
    places = np.concatenate([line.get_ydata() for line in points])
    bottom, top = ax.get_ylim()
    assert top + 0.1 < places.min()
    assert places.max() < bottom - 0.1
    assert len(set(places.round(6))) == len(places)


def test_the_names_of_models_stand_below_the_picture_and_over_no_row(evaluation):
    ax = plotting.plot_measures(evaluation.measures)
    ax.figure.canvas.draw()
    assert ax.get_legend().get_window_extent().y1 < ax.get_window_extent().y0


@pytest.mark.parametrize("groups", [True, False], ids=["with groups", "without groups"])
def test_four_panels(evaluation, groups):
    import dataclasses

    shown = evaluation if groups else dataclasses.replace(evaluation, groups=evaluation.groups.iloc[:0])
    figure = shown.plot()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    last = "Observed over expected, by group" if groups else "Measures, all rows"
    assert titles == ["Calibration", "Decision curve", "Spread of risks", last]
    assert figure._repr_png_().startswith(b"\x89PNG")
    # Panels keep their share of the page: no stray artist may squeeze them.
    assert all(ax.get_position().width > 0.25 for ax in figure.axes)


@pytest.mark.parametrize(
    ("plot", "name", "kwargs"),
    [
        (plotting.plot_calibration, "calibration", {"scale": "cubic"}),
        (plotting.plot_groups, "groups", {"measure": "brier_score"}),
    ],
)
def test_unknown_options_are_refused(evaluation, plot, name, kwargs):
    with pytest.raises(SpecError, match="use"):
        plot(getattr(evaluation, name), **kwargs)


def test_pyplot_is_never_imported():
    code = "import sys, edgeofcare.plotting; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_evaluation_does_not_import_matplotlib_until_it_plots():
    code = "import sys, edgeofcare.evaluation.evaluate; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
