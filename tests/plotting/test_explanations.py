"""Pictures of global summaries show what the frames hold."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.explanations import (
    plot_concept_dependence,
    plot_concept_groups,
    plot_concept_importance,
    plot_concept_interactions,
)

ENDS = {"ci_low": [0.4, 0.1], "ci_high": [0.6, 0.3]}
IMPORTANCE = pd.DataFrame(
    {"concept": ["school", "household"], "mean_size": [0.5, 0.2], **ENDS, "place_low": [1, 1], "place_high": [1, 2]}
)
PAIRS = pd.DataFrame({"concept": ["a", "a"], "other": ["b", "c"], "mean_size": [0.5, 0.2], **ENDS})
VALUES = pd.DataFrame(
    {
        "concept": "school",
        "feature": ["one"] * 3 + ["two"],
        "value": ["0", "1 or more", "unknown", "any"],
        "mean_contribution": [-0.2, 0.4, 0.1, 0.0],
        "ci_low": [-0.3, 0.3, 0.0, -0.1],
        "ci_high": [-0.1, 0.5, 0.2, 0.1],
    }
)
GROUPS = pd.DataFrame(
    {
        "by": "sex",
        "group": np.repeat(["female", "male", "not recorded"], 3),
        "concept": ["household", "school", "all concepts"] * 3,
        "difference": [0.1, 0.3, 0.4, -0.1, -0.3, -0.4, np.nan, np.nan, np.nan],
    }
).assign(ci_low=lambda frame: frame["difference"] - 0.1, ci_high=lambda frame: frame["difference"] + 0.1)
DRAWN = [
    (plot_concept_importance, IMPORTANCE, "mean_size"),
    (plot_concept_dependence, VALUES, "mean_contribution"),
    (plot_concept_groups, GROUPS, "difference"),
    (plot_concept_interactions, PAIRS, "mean_size"),
]


def ticks(labels):
    return [label.get_text() for label in labels]


def points(ax, axis="x"):
    return [getattr(container.lines[0], f"get_{axis}data")().tolist() for container in ax.containers]


def test_importance_has_a_row_a_concept_with_its_places():
    ax = plot_concept_importance(IMPORTANCE, Figure().subplots())
    assert ticks(ax.get_yticklabels()) == ["school", "household"]
    assert points(ax) == [[0.5, 0.2]]
    assert [text.get_text() for text in ax.texts] == ["place 1", "place 1 to 2"]


def test_dependence_keeps_the_unknown_apart():
    ax = plot_concept_dependence(VALUES, Figure().subplots())
    assert ticks(ax.get_xticklabels()) == ["0", "1 or more", "unknown"]
    assert points(ax, "y") == [[-0.2, 0.4], [0.1]]
    assert ax.containers[1].lines[0].get_markerfacecolor() == "white"
    assert ax.lines[1].get_ydata().tolist() == [-0.2, 0.4]  # the line does not lead to the unknown
    assert points(plot_concept_dependence(VALUES, feature="two"), "y")[0] == [0.0]


def test_groups_have_a_marker_each_and_the_whole_comes_last():
    ax = plot_concept_groups(GROUPS, Figure().subplots())
    assert ticks(ax.get_yticklabels()) == ["school", "household", "all concepts"]
    assert points(ax) == [[0.3, 0.1, 0.4], [-0.3, -0.1, -0.4]]
    assert ticks(ax.get_legend().get_texts()) == ["not recorded: suppressed", "female", "male"]


def test_interactions_have_a_row_a_pair():
    ax = plot_concept_interactions(PAIRS, Figure().subplots(), top=1)
    assert ticks(ax.get_yticklabels()) == ["a with b"]
    assert points(ax) == [[0.5]]


@pytest.mark.parametrize(("draw", "frame", "number"), DRAWN)
def test_what_is_suppressed_is_not_drawn(draw, frame, number):
    ax = draw(frame.assign(**{number: np.nan}))
    assert ax.texts[0].get_text() == "nothing to show: too few children"
    assert ax.containers == []


@pytest.mark.parametrize(("draw", "frame", "number"), DRAWN)
def test_a_frame_of_something_else_is_refused(draw, frame, number):
    with pytest.raises(SpecError, match=number):
        draw(frame.drop(columns=number))


def test_a_part_that_is_not_there_is_refused():
    with pytest.raises(SpecError, match="feature"):
        plot_concept_dependence(VALUES, feature="three")
    with pytest.raises(SpecError, match="by is"):
        plot_concept_groups(GROUPS, by="age")


@pytest.mark.parametrize(("draw", "frame", "number"), DRAWN)
def test_pictures_can_be_drawn(draw, frame, number):
    draw(frame).figure.savefig(io.BytesIO(), format="png")
