"""The bars of a change lead from one risk to the other, and say which way they go."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.explanation.change_plots import change_figure


def bars_of(figure):
    """Start and length of every bar."""
    return [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches]


def moved(*changes):
    """Concepts with some changes."""
    return pd.DataFrame({"concept": [f"concept {n}" for n in range(len(changes))], "change": changes})


def test_bars_follow_each_other_from_the_earlier_to_the_later_score():
    figure = change_figure(moved(0.5, -0.25, 0.125, 0.0), log_odds=(-3.0, -2.625))
    assert bars_of(figure) == [(-3.0, 0.5), (-2.5, -0.25), (-2.75, 0.125)]
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["raised by 0.50", "lowered by 0.25", "raised by 0.12", "4.7%", "6.8%"]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["earlier date", "concept 0", "concept 1", "concept 2", "later date"]


@pytest.mark.parametrize(
    ("top", "names"), [(1, ["concept 0", "all else"]), (2, ["concept 0", "concept 1", "concept 2"])]
)
def test_the_rest_is_one_bar_where_it_is_more_than_one_concept(top, names):
    figure = change_figure(moved(0.5, -0.25, 0.125), log_odds=(-3.0, -2.625), top=top)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[1:-1] == names
    start, length = bars_of(figure)[-1]
    assert start + length == -2.625


def test_nothing_that_moved_is_drawn_as_nothing():
    figure = change_figure(moved(0.0), log_odds=(-3.0, -3.0))
    assert bars_of(figure) == []
    assert figure.axes[0].get_title(loc="left") == "Risk from 4.7% to 4.7%"


def test_raising_and_lowering_differ_in_colour_and_neither_is_red_or_green():
    colours = [bar.get_facecolor()[:3] for bar in change_figure(moved(0.5, -0.2), log_odds=(0.0, 0.3)).axes[0].patches]
    assert colours[0] != colours[1]
    (red, _, blue), (other_red, _, other_blue) = colours
    assert red > blue
    assert other_blue > other_red
