"""Pictures of the reasons of one row show what the frames hold, however many and however long they are."""

from __future__ import annotations

import io
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.palette import LOWERS, RAISES
from edgeofcare.plotting.reasons import plot_reasons
from edgeofcare.plotting.sides import blocks_of, plot_sides
from edgeofcare.plotting.waterfall import plot_waterfall
from looks import overlapping, texts_of

LONG = "4 missing episodes began in the 90 days before the index date, the last of them 12 days before that, and more "
DRAW = {
    "bars": plot_reasons,
    "waterfall": lambda frame, ax=None, **more: plot_waterfall(frame, ax, base=-3.0, **more),
    "sides": plot_sides,
}


def reasons(*contributions, long=False, **columns):
    """Reasons of one row with these contributions."""
    count = len(contributions)
    sentences = [f"{LONG * 2 if long else ''}Sentence {place}." for place in range(count)]
    frame = pd.DataFrame(
        {
            "direction": np.where(np.array(contributions) > 0, "raises", "lowers"),
            "concept": [f"concept {place}" for place in range(count)],
            "sentence": sentences,
            "contribution": np.array(contributions, dtype=np.float64),
        }
    )
    return frame.assign(**columns)


def said(ax):
    """Every text on an axis of one's own."""
    return [text.get_text() for text in texts_of(ax.figure)]


def bars(ax):
    """Start and length of every bar."""
    return [(bar.get_x(), bar.get_width()) for bar in ax.patches if isinstance(bar, Rectangle)]


# ------------------------------------------------------------------------------------------------ all kinds

CASES = {
    "one": reasons(0.4),
    "twelve": reasons(*(0.9 / (place + 1) * (-1) ** place for place in range(12))),
    "all raise": reasons(0.9, 0.5, 0.2, long=True),
    "all lower": reasons(-0.9, -0.5, -0.2),
    "huge": reasons(4.0, -3.5, 0.1),
    "tiny": reasons(0.06, -0.055, 0.001),
    "tied": reasons(0.5, -0.5, 0.4, band=["strong", "some", "slight"], tied=[True, True, False]),
    "unknown": reasons(0.5, -0.3, 0.2, long=True, record=["recorded", "not known", "not known"]),
    "long": reasons(*np.linspace(1.0, -1.0, 8), long=True, band="strong", tied=True),
    "none": reasons(),
}


def test_texts_that_hide_each_other_are_found():
    ax = Figure().subplots()
    ax.text(0.5, 0.5, "one")
    ax.text(0.5, 0.5, "other")
    ax.text(2.0, 0.5, "outside")
    pairs, outside = overlapping(ax.figure, ax.texts)
    assert pairs == [("one", "other")]
    assert outside == ["outside"]


@pytest.mark.parametrize("kind", sorted(DRAW))
@pytest.mark.parametrize("case", sorted(CASES))
def test_no_text_hides_another_or_leaves_the_page(kind, case):
    figure = DRAW[kind](CASES[case]).figure
    assert overlapping(figure, texts_of(figure)) == ([], [])


@pytest.mark.parametrize("kind", sorted(DRAW))
def test_an_axis_can_be_given_and_nothing_global_changes(kind):
    before, ax = dict(mpl.rcParams), Figure(figsize=(9, 7)).subplots()
    assert DRAW[kind](CASES["long"], ax) is ax
    ax.figure.savefig(io.BytesIO(), format="png")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("kind", sorted(DRAW))
def test_a_frame_of_something_else_is_refused(kind):
    for column in ("direction", "concept", "sentence", "contribution"):
        with pytest.raises(SpecError, match=column):
            DRAW[kind](CASES["one"].drop(columns=column))
    with pytest.raises(SpecError, match="level"):
        DRAW[kind](CASES["one"], level="column")
    rows = pd.MultiIndex.from_tuples([("a", 1), ("b", 1)], names=["child", "rank"])
    with pytest.raises(SpecError, match="reasons of 2 rows"):
        DRAW[kind](reasons(0.5, 0.4).set_axis(rows))


# ------------------------------------------------------------------------------------------------ bars


def test_bars_are_as_long_as_the_contributions_and_say_how_sure_they_are():
    ax = plot_reasons(CASES["tied"], numbers=True, start=0.03, risk=0.05, interval=(0.04, 0.06))
    assert [width for _, width in bars(ax)] == [0.5, -0.5, 0.4]
    assert [bar.get_facecolor()[:3] for bar in ax.patches] == [
        mpl.colors.to_rgb(colour) for colour in (RAISES, LOWERS, RAISES)
    ]
    words = [text.get_text() for text in ax.texts]
    assert words[:3] == ["\N{MULTIPLICATION SIGN}1.65, strong, tied", "\N{MULTIPLICATION SIGN}0.61, some, tied",
                         "\N{MULTIPLICATION SIGN}1.49, slight"]  # fmt: skip
    assert ax.get_title(loc="left") == "Risk 5.0% (4.0% to 6.0%), from a starting point of 3.0%"
    assert ax.get_yticklabels()[0].get_text() == "Concept 0\nSentence 0."
    features = plot_reasons(CASES["tied"], level="feature")
    assert features.get_yticklabels()[0].get_text() == "Sentence 0."


def test_bars_say_only_the_directions_that_there_are():
    assert not any(text.startswith("◂ lowers") for text in said(plot_reasons(CASES["all raise"])))
    assert not any(text.endswith("raises the risk ▸") for text in said(plot_reasons(CASES["all lower"])))
    assert "nothing moved this risk" in said(plot_reasons(CASES["none"]))


# ------------------------------------------------------------------------------------------------ waterfall


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.parametrize("top", [1, 3, 8])
def test_a_waterfall_leads_from_the_base_to_the_log_odds(case, top):
    frame = CASES[case]
    ax = plot_waterfall(frame, base=-3.0, top=top)
    found = bars(ax)
    ends = [start + width for start, width in found]
    assert [start for start, _ in found] == pytest.approx([-3.0, *ends[:-1]][: len(found)], abs=1e-12)
    total = -3.0 + frame["contribution"].sum()
    assert [-3.0, *ends][-1] == pytest.approx(total, abs=1e-12)
    marks = next(line for line in ax.lines if line.get_marker() == "D")
    assert marks.get_xdata()[0] == -3.0
    assert marks.get_xdata()[1] == pytest.approx(total, abs=1e-12)


def test_a_waterfall_gathers_what_moves_little_and_says_how_many():
    ax = plot_waterfall(reasons(0.5, -0.25, 0.04, 0.03, -0.02), base=-3.0)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["the average child", "Concept 0", "Concept 1", "all others (3)", "this child"]
    assert [text.get_text() for text in ax.texts[:3]] == ["raises by 0.50", "lowers by 0.25", "raises by 0.05"]
    assert bars(ax)[-1][1] == pytest.approx(0.05)
    alone = plot_waterfall(reasons(0.5, 0.04), base=-3.0)
    assert [label.get_text() for label in alone.get_yticklabels()][1:-1] == ["Concept 0", "Concept 1"]


def test_a_waterfall_shows_the_interval_and_both_scales():
    ax = plot_waterfall(CASES["tied"], base=-3.0, interval=(0.04, 0.12))
    line = next(line for line in ax.lines if line.get_marker() == "|")
    assert 1 / (1 + np.exp(-np.array(line.get_xdata()))) == pytest.approx([0.04, 0.12])
    above = ax.child_axes[0]
    risks = [float(label.get_text().rstrip("%")) / 100 for label in above.get_xticklabels()]
    assert len(risks) >= 3
    assert 1 / (1 + np.exp(-above.get_xticks())) == pytest.approx(risks, abs=5e-4)


@pytest.mark.parametrize(("base", "moved"), [(-7.0, 0.01), (-3.0, 0.1), (0.0, 5.0), (-3.0, 6.0), (4.0, -9.0)])
def test_marks_of_risk_are_there_and_apart(base, moved):
    ax = plot_waterfall(reasons(moved), base=base)
    assert len(ax.child_axes[0].get_xticks()) >= 2
    figure = ax.figure
    assert overlapping(figure, texts_of(figure)) == ([], [])


# ------------------------------------------------------------------------------------------------ sides


def blocks(ax):
    """Full blocks of each reason, in the order in which they are drawn."""
    full = [mpl.colors.to_hex(patch.get_facecolor()) != "#ffffff" for patch in ax.patches]
    return [sum(full[place : place + 10]) for place in range(0, len(full), 10)]


def test_sides_show_blocks_and_no_numbers_unless_asked():
    frame = reasons(0.7, -0.35, 0.2)
    ax = plot_sides(frame)
    assert blocks(ax) == [10, 3, 5]
    assert blocks_of([0.7, -0.35, 0.2]) == [10, 5, 3]
    assert not any(re.search(r"\d\.\d|odds", text) for text in said(ax))
    assert "odds \N{MULTIPLICATION SIGN}2.01" in said(plot_sides(frame, numbers=True))


def test_sides_stand_left_and_right():
    ax = plot_sides(reasons(0.7, -0.35, 0.2))
    where = {text.get_text(): text.get_position()[0] for text in ax.texts}
    assert where["Concept 0"] == where["Concept 2"] == where["▲ Raises the risk"] == 0.0
    assert where["Concept 1"] == where["▼ Lowers the risk"] > 0.5
    colours = [mpl.colors.to_hex(patch.get_facecolor()).upper() for patch in ax.patches]
    assert set(colours[:20]) == {RAISES, "#FFFFFF"}
    assert set(colours[20:]) == {LOWERS, "#FFFFFF"}


def test_sides_say_what_is_empty_left_out_tied_and_a_strength():
    assert "Nothing lowers it by much." in said(plot_sides(CASES["all raise"]))
    assert "Nothing raises it by much." in said(plot_sides(CASES["all lower"]))
    small = said(plot_sides(reasons(0.7, 0.04, 0.01)))
    assert "2 more things moved it less." in small
    assert "1 more thing moved it less." in said(plot_sides(reasons(0.7, 0.5), top=1))
    tied = said(plot_sides(reasons(0.7, -0.6, band=["strong", "some"], tied=True, strength=[False, True])))
    assert "strong, tied" in tied
    assert "some, tied, a strength on record" in tied
    assert any("Tied: too close to another reason" in text for text in tied)
    absent = said(plot_sides(reasons(-0.6, record="nothing recorded", strength=False)))
    assert "nothing recorded" in absent


def test_ties_that_share_a_rank_have_as_many_blocks():
    rows = pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("a", 3)], names=["child", "rank"])
    frame = reasons(0.69, 0.55, 0.1)
    assert blocks(plot_sides(frame)) == [10, 8, 1]
    assert blocks(plot_sides(frame.set_axis(rows))) == [9, 9, 1]


def test_what_was_not_known_stands_below_both_sides():
    ax = plot_sides(CASES["unknown"].assign(sentence="No records of contacts were received."))
    where = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert where["What was not known"] > where["Concept 0"]
    words = " ".join(said(ax))
    assert "Concept 1. No records of contacts were received. For want of it the estimate is lower." in words
    assert "Concept 2. No records of contacts were received. For want of it the estimate is higher." in words
    assert len(blocks(ax)) == 1


def test_sentences_are_whole():
    lines = " ".join(said(plot_sides(reasons(0.9, 0.5, 0.2, long=True))))
    for place in range(3):
        assert f"{' '.join((LONG * 2).split())} Sentence {place}." in lines
