"""What is refused as outcomes of a roll-out, and what is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import IndexNamesError, LeakageError, SpecError
from edgeofcare.tracking.rollout.contamination import count_contamination
from edgeofcare.tracking.rollout.rows import read_past, read_rows
from rollouts import drawn, one_row, planted

DESIGN = drawn()
OUTCOMES = planted(DESIGN, seed=4)


def test_sums_by_team_and_period_are_those_of_the_frame():
    rows = read_rows(OUTCOMES, DESIGN)
    frame = OUTCOMES.reset_index()
    entries = frame.pivot_table(index="team", columns="index_date", values="entered_care", aggfunc="sum")
    days = frame.pivot_table(index="team", columns="index_date", values="followup_days", aggfunc="sum")
    assert np.array_equal(rows.entries, entries.to_numpy())
    assert rows.time == pytest.approx(days.to_numpy() / 90)
    assert rows.by_household(rows.entered).sum(axis=0) == pytest.approx(rows.entries.ravel())


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        ({"team": "Team Z"}, SpecError, "1 row of .* not in the design"),
        ({"team": None}, SpecError, "1 row of .* have no team"),
        ({"complete": False, "end_reason": "end_of_extract"}, LeakageError, "follow-up of 1 row .* not complete"),
        ({"followup_days": 91}, SpecError, r"1 row were followed for more than the 90 days.*Task\(horizon='90D'\)"),
        ({"entered_care": 2}, SpecError, "neither 0 nor 1 in 1 row"),
        ({"followup_days": -1}, SpecError, "missing or below 0 in 1 row"),
        ({"entered_care": "yes"}, SpecError, "neither 0 nor 1 in 1 row"),
        ({"entered_care": pd.NA}, SpecError, "neither 0 nor 1 in 1 row"),
        ({"followup_days": "long"}, SpecError, "missing or below 0 in 1 row"),
        ({"complete": None}, SpecError, "complete is neither True nor False in 1 row"),
        ({"complete": "False"}, SpecError, "complete is neither True nor False in 1 row"),
    ],
)
def test_rows_that_cannot_be_compared_are_refused(values, error, said):
    with pytest.raises(error, match=said):
        read_rows(one_row(OUTCOMES, **values), DESIGN)
    with pytest.raises(error, match=said):
        read_past(one_row(OUTCOMES, **values), DESIGN)


@pytest.mark.parametrize("unknown", [None, np.nan, pd.NA, "False"])
def test_scores_of_which_nobody_knows_whether_they_were_shown_are_refused(unknown):
    told = OUTCOMES.assign(shown=[unknown] * 3 + [True] * (len(OUTCOMES) - 3), complete=["False"] * len(OUTCOMES))
    with pytest.raises(SpecError, match=r"complete is neither .* in [\d,]+ rows\. shown is neither .* in 3 rows"):
        read_rows(told, DESIGN)
    read_past(told.assign(complete=True), DESIGN)  # nothing was shown then, so nothing is asked


@pytest.mark.parametrize("dtype", ["Int64", object, "boolean"])
def test_numbers_of_any_type_are_read(dtype):
    rows = read_rows(OUTCOMES.astype({"entered_care": dtype, "followup_days": "Int64"}), DESIGN)
    assert np.array_equal(rows.entered, read_rows(OUTCOMES, DESIGN).entered)
    assert np.array_equal(rows.days, read_rows(OUTCOMES, DESIGN).days)


@pytest.mark.parametrize("dtype", ["boolean", object])
def test_booleans_of_any_type_are_read(dtype):
    flags = OUTCOMES.assign(shown=np.arange(len(OUTCOMES)) % 2 == 0).astype({"shown": dtype, "complete": dtype})
    assert read_rows(flags, DESIGN).shown.sum() == (len(OUTCOMES) + 1) // 2


def test_other_things_are_refused():
    with pytest.raises(SpecError, match="outcomes is a Series"):
        read_rows(OUTCOMES["entered_care"], DESIGN)
    with pytest.raises(SpecError, match="lacks team, complete"):
        read_rows(OUTCOMES.drop(columns=["team", "complete"]), DESIGN)
    with pytest.raises(SpecError, match="no rows"):
        read_rows(OUTCOMES.iloc[:0], DESIGN)
    with pytest.raises(SpecError, match="design is a DataFrame"):
        read_rows(OUTCOMES, DESIGN.to_frame())
    with pytest.raises(IndexNamesError):
        read_rows(OUTCOMES.reset_index(), DESIGN)
    later = OUTCOMES.rename(index=lambda day: day + pd.Timedelta(days=1), level="index_date")
    with pytest.raises(SpecError, match="not the first day of a period"):
        read_rows(later, DESIGN)


def test_outcomes_without_a_row_at_risk_are_refused():
    cared_for = OUTCOMES.assign(end_reason="already_looked_after")
    for read in (read_rows, read_past):
        with pytest.raises(SpecError, match="nobody was at risk"):
            read(cared_for, DESIGN)


def test_a_team_without_a_row_is_named():
    with pytest.raises(SpecError, match=r"2 of the 8 teams of the design have no row .*: Team A, Team C\."):
        read_rows(OUTCOMES[~OUTCOMES["team"].isin(["Team A", "Team C"])], DESIGN)
    cared_for = OUTCOMES["end_reason"].mask(OUTCOMES["team"] == "Team B", "already_looked_after")
    with pytest.raises(SpecError, match=r"1 of the 8 teams .*: Team B\."):
        read_rows(OUTCOMES.assign(end_reason=cared_for), DESIGN)


def test_a_child_with_two_households_on_a_day_is_refused():
    again = OUTCOMES.iloc[:2].rename(index=lambda _: "OTHER", level="household_id")
    for read in (read_rows, read_past):
        with pytest.raises(SpecError, match=r"2 rows of .* give a child again on the same index date") as error:
            read(pd.concat([OUTCOMES, again]), DESIGN)
        assert not any(key in str(error.value) for key in ("OTHER", *OUTCOMES.index[0][:2]))


def test_no_message_holds_a_key():
    with pytest.raises(SpecError) as error:
        read_rows(one_row(OUTCOMES, team="Team Z"), DESIGN)
    assert not any(key in str(error.value) for key in ("Team Z", *OUTCOMES.index[0][:2]))


def test_children_who_moved_away_count_for_as_long_as_they_were_there():
    moved = one_row(OUTCOMES, complete=False, end_reason="moved_away", followup_days=30, entered_care=0)
    rows, whole = read_rows(moved, DESIGN), read_rows(OUTCOMES, DESIGN)
    assert rows.moved == 1
    assert whole.days.sum() - rows.days.sum() == OUTCOMES["followup_days"].iloc[0] - 30


def test_children_who_were_not_at_risk_are_left_out():
    rows = read_rows(one_row(OUTCOMES, complete=False, end_reason="already_looked_after", followup_days=0), DESIGN)
    assert rows.left_out == 1
    assert rows.cell.size == len(OUTCOMES) - 1


def test_the_last_dates_serve_as_periods():
    rows, dates = read_past(OUTCOMES, drawn(periods=DESIGN.periods[:4]))
    assert dates == 7
    assert np.array_equal(rows.entries, read_rows(OUTCOMES, DESIGN).entries[:, -4:])


def test_fewer_dates_serve_again_with_other_households():
    past = OUTCOMES[OUTCOMES.index.get_level_values("index_date") < DESIGN.periods[3]]
    rows, dates = read_past(past, DESIGN)
    first = read_rows(past, DESIGN).entries[:, :3]
    assert dates == 3
    assert np.array_equal(rows.entries, np.concatenate([first, first, first[:, :1]], axis=1))
    homes = [set(rows.household[np.isin(rows.period, periods)]) for periods in ([0, 1, 2], [3, 4, 5], [6])]
    assert not homes[0] & homes[1]
    assert not homes[1] & homes[2]


def _told(outcomes):
    """Rows of each kind."""
    design = DESIGN
    found = count_contamination(read_rows(outcomes, design), design.exposures()[design.chosen])
    return dict(zip(found["kind"], found["rows"], strict=True))


def _case(rows):
    """Outcomes of the whole roll-out and some rows more: (household, child, period, team)."""
    index = pd.MultiIndex.from_tuples(
        [(home, child, DESIGN.periods[period]) for home, child, period, _ in rows], names=OUTCOMES.index.names
    )
    added = {"entered_care": 0, "followup_days": 90, "end_reason": "end_of_window", "complete": True, "labelled": True}
    return pd.concat([OUTCOMES, pd.DataFrame({"team": [row[3] for row in rows], **added}, index=index)])


def test_a_child_or_household_from_a_team_with_the_score_is_counted():
    first, last = DESIGN.steps.idxmin(), DESIGN.steps.idxmax()
    assert _told(OUTCOMES) == {"child_from_exposed_team": 0, "household_in_exposed_team": 0}
    moving = [(f"Hx{n}", f"x{n}", period, team) for n in range(12) for period, team in ((1, first), (2, last))]
    assert _told(_case(moving)) == {"child_from_exposed_team": 12, "household_in_exposed_team": 0}
    siblings = [(f"Hx{n}", f"x{n}{child}", 2, team) for n in range(3) for child, team in (("a", first), ("b", last))]
    assert _told(_case(siblings)) == {"child_from_exposed_team": 0, "household_in_exposed_team": "<10"}
    before = [(f"Hx{n}", f"x{n}", period, team) for n in range(12) for period, team in ((2, first), (1, last))]
    assert _told(_case(before)) == {"child_from_exposed_team": 0, "household_in_exposed_team": 0}


def test_scores_shown_too_early_or_not_at_all_are_counted():
    exposed = DESIGN.to_frame().set_index(["team", "period"])["exposed"]
    places = pd.MultiIndex.from_arrays([OUTCOMES["team"], OUTCOMES.index.get_level_values("index_date")])
    uses = exposed.reindex(places).to_numpy()
    shown = uses.copy()
    shown[np.flatnonzero(~uses)[:20]] = True
    shown[np.flatnonzero(uses)[:30]] = False
    told = _told(OUTCOMES.assign(shown=shown))
    assert (told["shown_early"], told["not_shown"]) == (20, 30)
