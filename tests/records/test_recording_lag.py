"""Recording lag: shares that never fall, delays that are known, and rows that came late, changed or went."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.lag.estimates import monotone_shares, shares_from_delays, smallest_lag
from edgeofcare.records.lag.recording_lag import recording_lag
from edgeofcare.records.records import Records
from edgeofcare.synthetic.records import make_records
from tiny_tables import records_of

FIRST, SECOND = "2024-06-30", "2024-12-31"


# ------------------------------------------------------------------------------------------------ estimates


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=60))
def test_shares_are_the_weighted_isotonic_regression(rows):
    ages, present = (np.array(each) for each in zip(*rows, strict=True))
    curve = monotone_shares(ages, present)
    fitted = IsotonicRegression().fit(curve["days"], curve["present"] / curve["rows"], sample_weight=curve["rows"])
    assert curve["share"].to_numpy() == pytest.approx(fitted.predict(curve["days"]))
    assert (np.diff(curve["share"]) >= 0).all()
    assert curve["rows"].sum() == len(rows)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=40))
def test_the_reverse_product_counts_those_at_risk(rows):
    delays, ages = np.array([(min(pair), max(pair)) for pair in rows]).T
    curve = shares_from_delays(delays, ages, longest=15)
    kept = delays <= 15
    for day, share in zip(curve["days"], curve["share"], strict=True):
        product = 1.0
        for later in np.unique(delays[kept & (delays > day)]):
            at_risk = (kept & (delays <= later) & (ages >= later)).sum()
            product *= 1 - (kept & (delays == later)).sum() / at_risk
        assert share == pytest.approx(product)


def test_what_the_end_of_the_extract_cuts_off_is_made_good():
    rng = np.random.default_rng(5)
    ages, delays = rng.integers(0, 200, 40_000), rng.geometric(0.02, 40_000) - 1
    seen = delays <= ages
    naive = (delays[seen] <= 20).mean()
    curve = shares_from_delays(delays[seen], ages[seen], longest=100).set_index("days")["share"]
    truth = (1 - 0.98**21) / (1 - 0.98**101)  # of the delays of at most 100 days
    assert abs(curve.loc[20] - truth) < 0.01
    assert naive - truth > 0.03, "without the correction short delays would be over-represented"


def test_the_smallest_lag_that_reaches_a_share():
    curve = pd.DataFrame({"days": [0, 3, 9], "share": [0.5, 0.9, 0.94]})
    assert smallest_lag(curve, 0.9) == 3
    assert np.isnan(smallest_lag(curve, 0.95))


# ------------------------------------------------------------------------------------------------- pictures

EARLIER = """
    row_key, child, start, end
    R1, ann, 2024-01-10, 2024-02-10
    R2, ann, 2024-06-20,
    R3, bob, 2024-05-01,
    R4, bob, 2024-03-01, 2024-04-01
"""
LATER = """
    row_key, child, start, end
    R1, ann, 2024-01-10, 2024-02-10
    R2, ann, 2024-06-20, 2024-06-25
    R3, bob, 2024-05-02, 2024-09-01
    R5, cat, 2024-06-28,
    R6, cat, 2024-06-30,
    R7, cat, 2024-07-01,
"""


def extract(text, until, **options):
    return records_of(
        referrals=text, born=dict.fromkeys(("ann", "bob", "cat"), "2010-01-01"), until=until, options=options
    )


def test_late_changed_and_withdrawn_rows_are_told_apart():
    lag = recording_lag(extract(EARLIER, FIRST), extract(LATER, SECOND))
    start, end = lag.tables.set_index("event").loc[["start", "end"]].to_dict("records")
    assert (start["matched_by"], start["rows"], start["late"]) == ("row key", 5, 2), "R7 came after the earlier extract"
    assert (start["changed"], start["withdrawn"]) == (1, 1), "R3 moved by a day, R4 is gone"
    assert start["unseen_30d"] == pytest.approx(2 / 3)
    assert start["unseen_90d"] == pytest.approx(2 / 4)
    assert (end["rows"], end["late"]) == (2, 1), "the end of R2 was not known; that of R3 is later than the extract"
    assert lag.days_apart == 184
    curve = lag.curve[lag.curve["event"] == "start"]
    assert curve[["days", "rows", "present"]].to_numpy().tolist()[:3] == [[0, 1, 0], [2, 1, 0], [10, 1, 1]]
    assert np.isnan(start["lag_95"]), "five rows are too few to tell"
    assert lag.reporting_lag() == {}


def test_only_days_that_both_extracts_cover_are_compared():
    options = {"observed_from": {"referrals": "2024-05-01"}}
    lag = recording_lag(extract(EARLIER, FIRST), extract(LATER, SECOND, **options))
    start = lag.tables.set_index("event").loc["start"]
    assert (start["rows"], start["late"], start["withdrawn"]) == (4, 2, 0)


def test_keys_that_are_numbered_anew_are_replaced_by_child_and_date():
    renumbered = LATER.replace("R", "X9").replace("X9ow", "Row").replace("row_key", "row_key")
    same = recording_lag(extract(EARLIER, FIRST), extract(LATER, SECOND)).tables.set_index("event").loc["start"]
    lag = recording_lag(extract(EARLIER, FIRST), extract(renumbered, SECOND)).tables.set_index("event").loc["start"]
    assert (same["matched_by"], lag["matched_by"]) == ("row key", "child and date")
    assert (lag["rows"], lag["late"], lag["withdrawn"]) == (5, 3, 2), "a date that was corrected counts as both"


def test_keys_given_to_other_children_are_not_believed():
    swapped = LATER.replace("R1", "R0").replace("R2", "R1").replace("R3", "R2")
    lag = recording_lag(extract(EARLIER, FIRST), extract(swapped, SECOND)).tables.set_index("event").loc["start"]
    assert lag["matched_by"] == "child and date"


def test_several_rows_of_a_child_and_day_are_matched_one_by_one():
    days = ("ann, 2024-05-01", "ann, 2024-05-01", "bob, 2024-05-01")
    two = []
    for until, prefix in ((FIRST, "A"), (SECOND, "B")):
        rows = [f"{prefix}{number}, {day}" for number, day in enumerate(days)]
        two.append(records_of(contacts="\n".join(["row_key, child, date", *rows]), until=until))
    found = recording_lag(*two).tables.iloc[0]
    assert (found["matched_by"], found["rows"], found["late"], found["withdrawn"]) == ("child and date", 3, 0, 0)


def test_extracts_that_are_no_pair_are_refused():
    with pytest.raises(SpecError, match="must end after"):
        recording_lag(extract(LATER, SECOND), extract(EARLIER, FIRST))
    others = records_of(born=dict.fromkeys(("xan", "yan"), "2010-01-01"), until=SECOND, referrals="child, start, end")
    with pytest.raises(RecordsError, match="not of one authority") as caught:
        recording_lag(extract(EARLIER, FIRST), others)
    assert "xan" not in str(caught.value)
    with pytest.raises(RecordsError, match="no recorded dates"):
        recording_lag(extract(EARLIER, FIRST))
    with pytest.raises(SpecError, match="share must be"):
        recording_lag(extract(EARLIER, FIRST), extract(LATER, SECOND)).reporting_lag(0)


def test_one_extract_with_recorded_dates():
    late = ((2, 0), (5, 0), (9, 4), *((day, 0) for day in range(10, 17)))
    rows = [
        f"ann, 2024-0{month}-{day:02d}, 2024-0{month}-{day + lag:02d}" for month in range(1, 7) for day, lag in late
    ]
    records = records_of(contacts="\n".join(["child, date, recorded_date", *rows]), until=SECOND)
    lag = recording_lag(records)
    found = lag.tables.iloc[0]
    assert (found["matched_by"], found["rows"], found["late"], found["lag_50"], found["lag_95"]) == (
        "recorded date", 60, 6, 0, 4,
    )  # fmt: skip
    assert lag.reporting_lag() == {"contacts": 4}
    assert lag.reporting_lag(0.9) == {"contacts": 0}
    assert lag.days_apart is None
    shown = repr(lag) + lag._repr_html_()
    assert "contacts 4 days" in repr(lag)
    assert "ann" not in shown


def test_few_recorded_dates_tell_of_no_lag():
    """14 rows, each with a delay of its own: no lag is made of them, however many points the curve has."""
    days = pd.date_range("2024-01-01", periods=14, freq="5D")
    rows = [f"ann, {day.date()}, {(day + pd.Timedelta(days=3 * n)).date()}" for n, day in enumerate(days)]
    lag = recording_lag(records_of(contacts="\n".join(["child, date, recorded_date", *rows]), until=SECOND))
    assert lag.tables["rows"].tolist() == [14]
    assert lag.tables[["lag_50", "lag_95"]].isna().all(axis=None)
    assert lag.reporting_lag() == {}


def test_a_table_in_which_no_row_was_late_has_no_lag():
    """However long ago its last row was."""
    text = "\n".join(["row_key, child, date", *(f"C{n}, ann, 2024-01-{1 + n % 28:02d}" for n in range(60))])
    lag = recording_lag(records_of(contacts=text, until=FIRST), records_of(contacts=text, until=SECOND))
    assert lag.reporting_lag(1.0) == {"contacts": 0}


# ----------------------------------------------------------------------------------- extracts with known delays


def as_of(records, day):
    """The records as an extract of an earlier day would have held them."""
    frames = {}
    for name in records:
        frame, start = records.table(name), records.definition(name).start
        if start:
            frame = frame[frame[[start, "recorded_date"]].max(axis=1) <= day]
        if "end_date" in frame:
            unknown = frame[["end_date", "end_recorded_date"]].max(axis=1) > day
            ends = {name: frame[name].mask(unknown) for name in ("end_date", "end_recorded_date")}
            frame = frame.assign(**ends)
        frames[name] = frame
    return Records.from_tables(frames, observed_until=day, observed_from=dict(records.observed_from))


DAYS, LATE = np.array([0, 20, 60, 120]), np.array([0.7, 0.8, 0.95, 1.0])
"""Share of contacts that are recorded within so many days, straight lines between them."""


@pytest.fixture(scope="module")
def later():
    """Made records whose contacts are recorded with known delays."""
    made = make_records(4000, random_state=7, authority="sample")
    tables = {name: made.table(name) for name in made}
    contacts = tables["contacts"]
    drawn = np.random.default_rng(3).random(len(contacts))
    delay = np.where(drawn < LATE[0], 0, np.ceil(np.interp(drawn, LATE, DAYS)))
    recorded = contacts["date"] + pd.to_timedelta(delay, unit="D")
    contacts = contacts.assign(recorded_date=recorded.astype("datetime64[s]"))
    tables["contacts"] = contacts[recorded <= made.observed_until]
    return Records.from_tables(tables, observed_until=made.observed_until, observed_from="2015-04-01")


def shares_at(curve, days):
    """The share that had appeared within each number of days."""
    return curve["share"].to_numpy()[np.searchsorted(curve["days"].to_numpy(), days, side="right") - 1]


def test_known_delays_are_found_from_recorded_dates(later):
    lag = recording_lag(later)
    curve = lag.curve[lag.curve["table"] == "contacts"]
    days = np.array([0, 5, 20, 40, 60, 100])
    assert shares_at(curve, days) == pytest.approx(np.interp(days, DAYS, LATE), abs=0.012)
    assert lag.reporting_lag()["contacts"] == pytest.approx(60, abs=4)


def test_known_delays_are_found_from_two_extracts(later):
    """One day sees few events of each age, so the curve is compared on average over ages."""
    lag = recording_lag(as_of(later, pd.Timestamp("2024-06-30")), later)
    contacts = lag.tables[lag.tables["table"] == "contacts"].iloc[0]
    assert (contacts["matched_by"], contacts["changed"], contacts["withdrawn"]) == ("row key", 0, 0)
    truth = 1 - np.interp(np.arange(90), DAYS, LATE)
    assert contacts["unseen_30d"] == pytest.approx(truth[:30].mean(), abs=0.07)
    assert contacts["unseen_90d"] == pytest.approx(truth.mean(), abs=0.04)
    found = shares_at(lag.curve[lag.curve["table"] == "contacts"], np.arange(10, 90))
    assert found.mean() == pytest.approx(1 - truth[10:].mean(), abs=0.04)
    assert lag.reporting_lag()["contacts"] == pytest.approx(60, abs=25)
    assert lag.reporting_lag()["missing_episodes"] > 0
    assert lag.reporting_lag()["cp_plans"] == 0


def test_the_lag_can_be_declared_as_it_is(later):
    declared = recording_lag(later).reporting_lag()
    tables = {name: later.table(name) for name in later}
    again = Records.from_tables(tables, observed_until=later.observed_until, reporting_lag=declared)
    assert again.reporting_lag["contacts"] == declared["contacts"]
