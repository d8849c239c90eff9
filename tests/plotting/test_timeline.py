"""The picture of a timeline shows every row where it was, what was not known hollow, and windows up to the day."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.lanes import day_numbers, lanes_of, tracks_of
from edgeofcare.plotting.palette import GREY, LOWERS, RAISES
from edgeofcare.plotting.timeline import plot_timeline, timeline_figure
from looks import overlapping, texts_of

DAY, FIRST = "2022-01-01", "2019-01-01"
EVENTS = [  # table, start, end, hidden end, spell, known, ranks
    ("contacts", "2021-04-20", None, None, False, True, ()),
    ("contacts", "2021-12-20", None, None, False, False, ()),
    ("cp_plans", "2017-03-01", "2018-09-01", None, True, True, ()),
    ("cp_plans", "2018-06-01", "2019-12-15", None, True, True, (1,)),
    ("cp_plans", "2021-02-01", None, "2021-11-01", True, True, (1,)),
    ("cp_plans", "2021-06-01", None, None, True, True, ()),
    ("referrals", "2021-03-01", None, "2021-09-01", True, False, ()),
]
WINDOWS = [  # rank, direction, concept, table, kind, start, end
    (1, "raises", "Plans and statutory steps", "cp_plans", "window", "2020-01-02", DAY),
    (2, "lowers", "School", "contacts", "all time", None, DAY),
    (3, "lowers", "Age and time", "", "none", None, None),
]


def day_of(text):
    return day_numbers(pd.to_datetime([text]))[0]


def events(rows=EVENTS):
    columns = ["table", "start", "end", "hidden_end", "spell", "known", "ranks"]
    frame = pd.DataFrame(rows, columns=columns)
    dates = {name: pd.to_datetime(frame[name]) for name in ("start", "end", "hidden_end")}
    return frame.assign(lane=frame["table"].str.replace("_", " "), **dates)


def windows(rows=WINDOWS):
    columns = ["rank", "direction", "concept", "table", "kind", "start", "end"]
    frame = pd.DataFrame(rows, columns=columns)
    dates = {name: pd.to_datetime(frame[name]) for name in ("start", "end")}
    more = {
        "feature": "f",
        "sentence": "So it was.",
        "record": "recorded",
        "lane": frame["table"].str.replace("_", " "),
    }
    return frame.assign(**dates, **more)


def scores(risk=(0.02, np.nan, 0.03, 0.05), low=np.nan, high=np.nan, rule="open case, as known"):
    risk = np.array(risk, dtype=np.float64)
    days = np.linspace(day_of(FIRST), day_of(DAY), len(risk)).round().astype("int64").astype("datetime64[D]")
    eligible = ~np.isnan(risk)
    frame = pd.DataFrame({"index_date": days.astype("datetime64[s]"), "risk": risk, "risk_low": low, "risk_high": high})
    return frame.assign(eligible=eligible, rule=np.where(eligible, "", rule))


def drawn_rows(ax):
    """Start, end, face and line of every bar and marker of a row, from the top."""
    found = []
    for patch in ax.patches:
        if isinstance(patch, Rectangle) and patch.get_alpha() is None:
            x, width = patch.get_x(), patch.get_width()
            found.append((x, x + width, to_hex(patch.get_facecolor()).upper()))
    for marks in ax.collections:
        (x, _), face = marks.get_offsets()[0], to_hex(marks.get_facecolor()[0]).upper()
        found.append((float(x), float(x), face))
    return sorted(found)


# ------------------------------------------------------------------------------------------------ rows


def test_rows_stand_where_they_were_and_hollow_where_not_known():
    _, ax = plot_timeline(scores(), events(), windows())
    first, day = day_of(FIRST), day_of(DAY)
    assert drawn_rows(ax) == sorted(
        [
            (day_of("2021-04-20"), day_of("2021-04-20"), GREY),
            (day_of("2021-12-20"), day_of("2021-12-20"), "#FFFFFF"),
            (first, day_of("2019-12-15"), RAISES),
            (day_of("2021-02-01"), day, RAISES),  # looked open
            (day_of("2021-11-01"), day, "#FFFFFF"),  # had ended, which was not known
            (day_of("2021-06-01"), day, GREY),
            (day_of("2021-03-01"), day_of("2021-09-01"), "#FFFFFF"),
        ]
    )


def test_an_arrow_says_what_was_open_or_looked_so_and_what_began_before():
    _, ax = plot_timeline(scores(), events(), windows([]))
    marks = [(line.get_marker(), float(line.get_xdata()[0])) for line in ax.lines]
    assert sum(mark == (">", day_of(DAY)) for mark in marks) == 2
    assert sum(mark == ("<", day_of(FIRST)) for mark in marks) == 1


def test_rows_before_the_axis_are_counted():
    _, ax = plot_timeline(scores(), events(), windows())
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["Contacts", "Cp plans\n(1 earlier)", "Referrals"]


def test_spells_at_the_same_time_do_not_hide_each_other():
    lane = next(
        lane for lane in lanes_of(events(), windows(), first=day_of(FIRST), day=day_of(DAY)) if lane.name == "cp plans"
    )
    assert lane.tracks == [0, 0, 1]
    assert tracks_of([(0, 9), (1, 9), (2, 9), (3, 9), (4, 9), (5, 9), (6, 9)]) == [0, 1, 2, 3, 4, 5, 5]


def test_the_key_names_what_there_is():
    _, ax = plot_timeline(scores(), events(), windows())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "on record",
        "counts for what raises the risk, with its window",
        "counts for what lowers the risk, with its window",
        "not known yet on the index date",
        "open, or looked so, on the index date",
    ]
    _, ax = plot_timeline(scores(), events(EVENTS[:1]), windows([]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["on record"]


# ------------------------------------------------------------------------------------------------ windows


def test_windows_reach_from_their_first_day_to_the_index_date():
    _, ax = plot_timeline(scores(), events(), windows())
    shades = [patch for patch in ax.patches if patch.get_alpha() is not None]
    spans = {(patch.get_x(), patch.get_x() + patch.get_width()) for patch in shades}
    assert spans == {(day_of("2020-01-02"), day_of(DAY)), (day_of(FIRST), day_of(DAY))}
    assert {to_hex(patch.get_facecolor()).upper() for patch in shades} == {RAISES, LOWERS}
    words = [text.get_text() for text in ax.texts]
    assert "1 ▲ Plans and statutory steps, last 730 days" in words
    assert "2 ▼ School, at any time" in words
    assert "3 ▼ Age and time (lowers). So it was." in words[-1]


def test_other_kinds_of_window_are_told():
    rows = [
        (1, "raises", "A", "cp_plans", "on the day", DAY, DAY),
        (2, "raises", "B", "cp_plans", "earlier window", "2021-07-05", "2021-10-03"),
    ]
    frame = windows(rows).assign(record=["recorded", "recorded"], band=["strong", "some"], tied=[True, False])
    _, ax = plot_timeline(scores(), events(), frame)
    words = [text.get_text() for text in ax.texts]
    assert "1 ▲ A, on the day" in words
    assert "2 ▲ B, the 90 days before" in words
    assert "1 ▲ A (raises, strong, tied). So it was." in words[-1]
    _, ax = plot_timeline(scores(), events(), frame.assign(record="not known"))
    assert "2 ▲ B, not known" in [text.get_text() for text in ax.texts]


# ------------------------------------------------------------------------------------------------ scores


def test_the_line_stops_where_the_child_was_not_eligible():
    ax, _ = plot_timeline(scores(), events(), windows())
    line = ax.lines[0]
    np.testing.assert_array_equal(line.get_ydata(), [0.02, np.nan, 0.03, 0.05])
    cross = next(line for line in ax.lines if line.get_marker() == "X")
    assert cross.get_xdata().tolist() == [day_numbers(scores()["index_date"])[1]]
    words = [text.get_text() for text in texts_of(ax.figure)]
    assert "✕ not eligible, so no score (rule not met: open case, as known)" in words
    assert "5.0%" in words


def test_intervals_are_drawn_where_there_are_refits():
    frame = scores(low=[0.01, np.nan, 0.02, 0.03], high=[0.04, np.nan, 0.05, 0.09])
    ax, _ = plot_timeline(frame, events(), windows())
    segments = ax.containers[0].lines[2][0].get_segments()
    drawn = [[low, high] for (_, low), (_, high) in filter(len, segments) if not np.isnan(low)]
    assert np.array(drawn) == pytest.approx(np.array([[0.01, 0.04], [0.02, 0.05], [0.03, 0.09]]))
    assert ax.get_ylim()[1] > 0.09
    assert any("fitted again" in text.get_text() for text in ax.texts)
    ax, _ = plot_timeline(scores(), events(), windows())
    assert not any("fitted again" in text.get_text() for text in ax.texts)


def test_a_child_never_eligible_and_one_day_alone_can_be_drawn():
    ax, _ = plot_timeline(scores(risk=[np.nan, np.nan]), events(), windows())
    assert not any("%" in text.get_text() for text in ax.texts)
    _, below = plot_timeline(scores().tail(1), events(), windows())
    assert below.get_xlim()[0] < day_of("2020-01-02")


# ------------------------------------------------------------------------------------------------ looks


def many(count):
    """Rows of many tables, scattered over the years."""
    rng = np.random.default_rng(count)
    tables = ["contacts", "cp_plans", "initial_child_protection_conferences", "missing_episodes", "assessment_factors"]
    starts = day_of("2016-01-01") + rng.integers(0, 2190, count)
    rows = []
    for place, start in enumerate(np.sort(starts)):
        begin = np.datetime64(int(start), "D")
        end = None if rng.random() < 0.1 else min(begin + int(rng.integers(1, 200)), np.datetime64("2021-12-31"))
        ranks = (1,) if rng.random() < 0.2 else ()
        rows.append((tables[place % 5], begin, end, None, place % 5 in (1, 3), rng.random() > 0.1, ranks))
    return events(rows)


@pytest.mark.parametrize("count", [0, 1, 10, 300])
@pytest.mark.parametrize("long", [False, True])
def test_no_text_hides_another_or_leaves_the_page(count, long):
    rows = WINDOWS
    if long:
        rows = [
            (place, "raises", "Strengths and protective factors", table, "earlier window", "2019-03-01", "2021-05-01")
            for place, table in enumerate(["contacts", "contacts", "contacts", "cp_plans", "x", ""], start=1)
        ]
    rule = "aged 10 to 17; open case, as known; not looked after, as known; and more of them" if long else "age"
    sentence = "4 missing episodes began in the 90 days before 31 March 2025, the last of them 12 days before. " * 3
    frame = windows(rows).assign(sentence=sentence) if long else windows(rows)
    figure = timeline_figure(scores(low=0.01, high=0.2, rule=rule), many(count), frame)
    assert overlapping(figure, texts_of(figure)) == ([], [])


def test_axes_can_be_given_and_nothing_global_changes():
    before, axes = dict(mpl.rcParams), tuple(Figure(figsize=(9, 8)).subplots(2, 1))
    assert plot_timeline(scores(), events(), windows(), axes) == axes
    axes[0].figure.savefig(io.BytesIO(), format="png")
    assert dict(mpl.rcParams) == before


def test_frames_of_something_else_are_refused():
    with pytest.raises(SpecError, match="frame of scores lacks risk"):
        plot_timeline(scores().drop(columns="risk"), events(), windows())
    with pytest.raises(SpecError, match="frame of events lacks known"):
        plot_timeline(scores(), events().drop(columns="known"), windows())
    with pytest.raises(SpecError, match="frame of windows lacks kind"):
        plot_timeline(scores(), events(), windows().drop(columns="kind"))
    with pytest.raises(SpecError, match="no day"):
        plot_timeline(scores().head(0), events(), windows())
