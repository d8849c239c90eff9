"""The pre-flight check: silent on a steady extract, loud on a broken one, and nothing personal in it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.records.quality.breaks import level_changes
from edgeofcare.records.quality.months import month_levels
from edgeofcare.records.quality.quality import unreadable
from edgeofcare.records.quality.verdict import NOT_READY, SCORE_ONLY, TRAIN, Evidence, reach_verdict
from edgeofcare.records.quality.windows import entrants_in, index_dates
from edgeofcare.records.records import Records
from edgeofcare.records.rules.rule import Facts
from edgeofcare.synthetic.records import make_records
from tiny_tables import records_of

UNTIL, FROM = "2025-03-31", "2015-04-01"


@pytest.fixture(scope="module")
def made():
    """A steady authority."""
    return make_records(4000, random_state=1, authority="sample")


@pytest.fixture(scope="module")
def small():
    """A small authority."""
    return make_records(800, random_state=4, authority="sample")


@pytest.fixture(scope="module")
def quality(made):
    return made.quality()


@pytest.fixture(scope="module")
def broken(made):
    """The same authority with contacts halved, missing episodes silent, a new factor, and referrals that stop."""
    tables = {name: made.table(name) for name in made}
    contacts, missing = tables["contacts"], tables["missing_episodes"]
    factors, referrals = tables["assessment_factors"], tables["referrals"]
    tables["contacts"] = contacts[(contacts["date"] < "2020-06-01") | (np.arange(len(contacts)) % 2 == 0)]
    tables["missing_episodes"] = missing[~missing["start_date"].between("2021-03-10", "2021-10-20")]
    tables["assessment_factors"] = factors[(factors["factor"] != "24A") | (factors["date"] >= "2019-04-01")]
    tables["referrals"] = referrals[referrals["start_date"] < "2024-12-20"]
    return Records.from_tables(tables, observed_until=UNTIL, observed_from=FROM).quality()


def test_a_steady_extract_gives_no_alarm_and_is_ready(quality):
    assert quality.breaks.empty
    assert quality.codes.empty
    assert quality.verdict == TRAIN
    assert quality.problems.loc[quality.problems["kind"].isin(["verdict", "break", "codes", "window"])].empty


def test_another_steady_extract_gives_no_alarm():
    found = make_records(2000, random_state=2, authority="sample").quality()
    assert found.breaks.empty
    assert found.codes.empty


def test_breaks_are_found_where_they_are(broken):
    found = {(each.table, each.kind): f"{each.month:%Y-%m}" for each in broken.breaks.itertuples()}
    assert found == {
        ("contacts", "drop"): "2020-06",
        ("missing_episodes", "silence"): "2021-04",
        ("referrals", "stops early"): "2024-12",
    }
    contacts = broken.breaks.set_index("table").loc["contacts"]
    assert contacts["after"] / contacts["before"] == pytest.approx(0.5, abs=0.1)
    assert "missing_episodes has no row for 6 whole months from April 2021." in set(broken.breaks["sentence"])


def test_a_code_that_comes_into_use_is_found(broken):
    assert broken.codes[["table", "column", "code", "change"]].to_numpy().tolist() == [
        ["assessment_factors", "factor", "24A", "appears"]
    ]
    assert pd.Timestamp("2019-04-01") <= broken.codes["month"].iloc[0] <= pd.Timestamp("2019-06-01")


def test_a_code_that_goes_out_of_use_and_a_column_that_begins_to_be_filled(made):
    tables = {name: made.table(name) for name in made}
    contacts = tables["contacts"]
    early = contacts["date"] < "2020-01-01"
    tables["contacts"] = contacts.assign(source=contacts["source"].mask(early))
    referrals = tables["referrals"]
    gone = (referrals["source"] == "6") & (referrals["start_date"] >= "2021-01-01")
    tables["referrals"] = referrals.assign(source=referrals["source"].mask(gone, "7"))
    found = Records.from_tables(tables, observed_until=UNTIL, observed_from=FROM).quality().codes
    found = {(each.table, each.code, each.change): each.month.year for each in found.itertuples()}
    assert found[("contacts", "(any value)", "appears")] == 2020
    assert found[("referrals", "6", "vanishes")] == 2020


def test_a_referral_table_that_stops_makes_the_extract_not_ready(broken):
    assert broken.verdict == NOT_READY
    (reason,) = broken.reasons
    assert reason.startswith("referrals stops about 3 months before the end of the extract")


def test_each_problem_says_what_it_does(broken):
    assert broken.problems["effect"].str.endswith(".").all()
    assert set(broken.problems["kind"]) >= {"verdict", "break", "codes", "rule", "column", "lag"}


# --------------------------------------------------------------------------------------------- level changes


def series(rng, rate, *, season=0.3, scatter=1.5, factor=1.0, at=70, size=120):
    """Monthly counts with seasons and more scatter than chance, times a factor from a month on."""
    mean = rate * (1 + season * np.sin(2 * np.pi * np.arange(size) / 12))
    mean[at:] *= factor
    return rng.negative_binomial(mean / (scatter - 1), 1 / scatter).astype(np.float64)


def test_steady_series_hardly_ever_change_level():
    rng = np.random.default_rng(0)
    alarms = [len(level_changes(series(rng, rate))) for rate in (5, 10, 30, 100, 400) for _ in range(40)]
    assert sum(alarms) <= 1


@pytest.mark.parametrize(("rate", "power"), [(30, 0.6), (60, 0.9), (200, 1.0)])
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_level_that_halves_or_doubles_is_found_within_two_months(rate, power, factor):
    rng = np.random.default_rng(1)
    found = []
    for _ in range(20):
        changes = level_changes(series(rng, rate * max(1.0, 1 / factor), factor=factor))
        near = changes[(changes["position"] - 70).abs() <= 2]
        found.append(bool(((near["change"] > 0) == (factor > 1)).any()))
    assert np.mean(found) >= power


def test_a_level_that_grows_by_a_third_a_year_is_no_break():
    rng = np.random.default_rng(2)
    grown = [rng.poisson(80 * 1.33 ** (np.arange(96) / 12)).astype(np.float64) for _ in range(20)]
    assert sum(len(level_changes(each)) for each in grown) == 0


def test_months_without_a_count_are_left_out():
    gap = np.full(40, 100.0)
    gap[:14] = np.nan
    assert level_changes(gap).empty
    assert level_changes(np.full(30, np.nan)).empty
    assert level_changes(np.zeros(0)).empty


def test_a_break_in_the_first_year_is_found_if_it_is_large():
    rng = np.random.default_rng(4)
    changes = level_changes(series(rng, 200, season=0.0, factor=0.3, at=8, size=60))
    assert changes["position"].tolist() == [8]


# -------------------------------------------------------------------------------------------------- verdict


def evidence(**changed):
    """What an extract that is ready to train shows, with some of it changed."""
    dates = pd.DataFrame({"index_date": pd.date_range("2018-01-01", periods=20, freq="QS"), "usable": True})
    sound = {
        "observed": dict.fromkeys(("referrals", "cin_plans", "cp_plans", "care_episodes", "legal_statuses"), True),
        "scoring_only": "",
        "stops": {},
        "index_dates": dates,
        "entrants": 100,
        "no_status": 0.05,
    }
    return Evidence(**(sound | changed))


FEW_DATES = evidence().index_dates.head(4)
WITHOUT_CARE = evidence().observed | {"care_episodes": False}
WITHOUT_STATUS = evidence().observed | {"legal_statuses": False}


@pytest.mark.parametrize(
    ("changed", "verdict", "word"),
    [
        ({}, TRAIN, "20 quarterly index dates"),
        ({"stops": {"referrals": 60, "care_episodes": 60, "contacts": 900}}, TRAIN, "100 children"),
        ({"stops": {"referrals": 61}}, NOT_READY, "referrals stops"),
        ({"stops": {"care_episodes": 61}}, NOT_READY, "care_episodes stops"),
        ({"observed": {"care_episodes": True, "legal_statuses": True}}, NOT_READY, "No referral and no plan"),
        ({"observed": evidence().observed | {"referrals": False}}, TRAIN, "index dates"),
        ({"observed": WITHOUT_CARE}, SCORE_ONLY, "care_episodes: nothing is there"),
        ({"observed": WITHOUT_STATUS}, SCORE_ONLY, "legal_statuses: nothing is there"),
        ({"scoring_only": "Annex A looks back 12 months."}, SCORE_ONLY, "Annex A"),
        ({"no_status": 0.051}, SCORE_ONLY, "5% of care episodes have no legal status"),
        ({"index_dates": FEW_DATES}, SCORE_ONLY, "4 quarterly index dates"),
        ({"index_dates": FEW_DATES.assign(usable=False)}, SCORE_ONLY, "0 quarterly index dates"),
        ({"entrants": 99}, SCORE_ONLY, "99 children"),
        ({"entrants": 9}, SCORE_ONLY, "Fewer than 10 children"),
    ],
)
def test_the_verdict_follows_its_rules(changed, verdict, word):
    found, reasons = reach_verdict(evidence(**changed))
    assert found == verdict
    assert any(word in reason for reason in reasons)


def test_reasons_are_told_together():
    _, reasons = reach_verdict(evidence(scoring_only="Because.", entrants=50, no_status=0.2))
    assert len(reasons) == 3


def test_records_without_care_or_cases(small):
    tables = {name: small.table(name) for name in small}
    for name in ("care_episodes", "legal_statuses", "placements"):
        del tables[name]
    absent = ("care_episodes", "legal_statuses")
    census = Records.from_tables(tables, observed_until=UNTIL, absent=absent)
    assert census.quality().verdict == SCORE_ONLY
    held = ("children", "care_episodes", "legal_statuses", "placements", "missing_episodes")
    returns = Records.from_tables(
        {name: small.table(name) for name in held}, observed_until=UNTIL, absent=("referrals",)
    )
    assert returns.quality().verdict == NOT_READY


# -------------------------------------------------------------------------------------------- windows and counts


def test_index_dates_see_what_the_window_allows():
    text = "child, start, end, nfa\nann, 2021-05-01, 2023-02-01, N\nbob, 2021-05-01, , Y\ncat, 2020-01-01, , N"
    records = records_of(
        {"cat": "2006-01-01", "bob": "2008-01-01"},
        referrals=text,
        until="2024-12-31",
        options={"observed_from": {"referrals": "2021-01-01"}, "reporting_lag": {"care_episodes": 10}},
    )
    dates = index_dates(records).set_index("index_date")
    assert dates.index[0] == pd.Timestamp("2021-01-01")
    assert dates.index[-1] == pd.Timestamp("2025-01-01")
    assert dates["children"].loc["2021-04-01":"2021-07-01"].tolist() == [1, 2], "only what began before the day"
    assert dates["children"].loc["2023-04-01":"2024-04-01"].tolist() == [1, 1, 1, 0, 0], "cat turned 18"
    assert dates.index[dates["lookback_seen"]].min() == pd.Timestamp("2022-01-01")
    assert dates.index[dates["outcome_complete"]].max() == pd.Timestamp("2023-10-01"), "ten days are not seen yet"


def test_entrants_are_children_of_the_ages_who_began_care():
    episodes = """
        child, start, end
        ann, 2022-01-10, 2022-02-01
        ann, 2022-02-01, 2022-03-01
        ann, 2022-09-01,
        bob, 2022-01-10, 2022-01-15
        cat, 2022-01-10,
        dan, 2021-12-31,
        eve, 2021-01-01, 2022-06-01
        eve, 2022-06-01,
    """
    statuses = "child, start, end, status\nann, 2022-01-01, , V2\nbob, 2022-01-01, , V3\ncat, 2022-01-01, , C1"
    records = records_of({"cat": "2013-01-10"}, care_episodes=episodes, legal_statuses=statuses)
    facts = Facts({name: records.table(name) for name in records}, observed_until=records.observed_until,
                  observed_from=records.observed_from)  # fmt: skip
    assert entrants_in(facts, pd.Timestamp("2022-01-01"), pd.Timestamp("2022-12-31")) == 1


def test_entrants_are_those_that_a_label_counts():
    """Neither remand nor unaccompanied children; short breaks that become care do."""
    episodes = """
        child, start, end
        ann, 2022-01-10,
        bob, 2022-01-10,
        cat, 2021-06-01, 2022-01-10
        cat, 2022-01-10,
        dan, 2022-01-10,
    """
    statuses = """
        child, start, end, status
        ann, 2022-01-10, , J1
        bob, 2022-01-10, , V2
        cat, 2021-06-01, 2022-01-10, V4
        cat, 2022-01-10, , V2
        dan, 2022-01-10, , V2
    """
    arrived = "child, start, end, uasc\nbob, 2022-01-05, , Y"
    factors = "child, date, factor\ndan, 2022-02-05, 9A"
    records = records_of(
        care_episodes=episodes, legal_statuses=statuses, immigration_statuses=arrived, assessment_factors=factors
    )
    facts = Facts({name: records.table(name) for name in records}, observed_until=records.observed_until,
                  observed_from=records.observed_from)  # fmt: skip
    assert entrants_in(facts, pd.Timestamp("2022-01-01"), pd.Timestamp("2022-12-31")) == 2, "cat and dan"
    assert entrants_in(facts, pd.Timestamp("2021-01-01"), pd.Timestamp("2021-12-31")) == 0


def test_no_index_date_is_usable_before_care_can_be_trusted():
    """``label_outcome`` refuses such index dates, so the verdict must not rest on them."""
    tables = {
        "referrals": "child, start, end, nfa\nann, 2016-01-01, , N",
        "care_episodes": "child, start, end\nbob, 2022-06-01,",
        "legal_statuses": "child, start, end, status\nbob, 2022-06-01, , V2",
    }
    names = ("referrals", "cin_plans", "cp_plans", "care_episodes", "legal_statuses")
    firsts = {name: "2022-04-01" if name in ("care_episodes", "legal_statuses") else "2016-01-01" for name in names}
    dates = index_dates(records_of(options={"observed_from": firsts}, **tables))
    assert dates.loc[dates["usable"], "index_date"].min() == pd.Timestamp("2022-04-01")


def test_months_add_up_to_the_rows(quality):
    dated = quality.tables[quality.tables["first_month"].notna()].set_index("table")["rows"]
    assert quality.months.groupby("table")["rows"].sum()[dated.index].tolist() == dated.tolist()
    assert quality.months["rows"].min() == 0
    shares = quality.columns["missing"] / quality.columns["rows"]
    assert quality.columns["share"].to_numpy() == pytest.approx(shares.to_numpy())


def test_small_tables_are_compared_by_longer_units():
    months = pd.date_range("2020-01-01", "2023-12-01", freq="MS").as_unit("s")
    frames = [pd.DataFrame({"table": f"of {rows}", "month": months, "rows": rows}) for rows in (1, 2, 7, 20)]
    window = pd.DataFrame(
        {
            "table": [frame["table"][0] for frame in frames],
            "observed": True,
            "observed_from": pd.Timestamp("2020-02-01"),
            "observed_until": pd.Timestamp("2023-12-31"),
        }
    )
    levels = month_levels(pd.concat(frames), window)
    assert levels.drop_duplicates("table")["unit"].tolist() == ["", "year", "quarter", "month"]
    known = levels[levels["level"].notna()]
    assert set(known["level"]) == {1.0}
    assert known.groupby("table")["month"].min().dt.strftime("%Y-%m").to_dict() == {
        "of 2": "2021-01", "of 7": "2020-04", "of 20": "2020-02",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ what is shown


def test_nothing_personal_is_shown(made, broken):
    shown = str(broken) + repr(broken) + broken._repr_html_()
    keys = set(made.table("children")["child_id"])
    assert not keys & set(re.findall(r"\w+", shown))
    assert not re.search(r"\d{4}-\d{2}-\d{2}", shown.replace(UNTIL, ""))


def test_small_counts_are_hidden_where_it_is_shown():
    records = records_of(referrals="child, start, end\n" + "\n".join(f"c{n}, 2020-01-{n + 1:02d}, " for n in range(7)))
    found = records.quality()
    assert found.tables.set_index("table").loc["referrals", ["rows", "children"]].tolist() == [7, 7]
    line = next(line for line in str(found).splitlines() if line.strip().startswith("referrals"))
    assert line.split() == ["referrals", "<10", "<10"]


def test_the_repr_is_short(quality):
    assert repr(quality).startswith("Quality(ready to train; records observed until 2025-03-31; 0 breaks in tables")
    assert len(repr(quality)) < 200


def test_an_earlier_extract_measures_the_lag(small):
    tables = {
        name: small.table(name).drop(columns=["recorded_date", "end_recorded_date"], errors="ignore") for name in small
    }
    later = Records.from_tables(tables, observed_until=UNTIL, observed_from=FROM)
    assert later.quality().lag.empty
    contacts = tables["contacts"]
    tables["contacts"] = contacts[~contacts["date"].between("2024-09-15", "2024-09-30")]
    earlier = Records.from_tables(tables, observed_until="2024-09-30", observed_from=FROM)
    lag = later.quality(earlier=earlier).lag.set_index(["table", "event"])
    assert lag.loc[("contacts", "start"), "lag_95"] == 16
    assert lag.loc[("cp_plans", "start"), "lag_95"] == 0
    with pytest.raises(SpecError, match="must end after"):
        earlier.quality(earlier=later)


def test_records_that_cannot_be_read_are_not_ready():
    found = unreadable(["children: the table has no rows."], None)
    assert found.verdict == NOT_READY
    assert found.reasons == ("children: the table has no rows.",)
    assert str(found).startswith("Records.\n\nVerdict: NOT READY")
    assert "no rows" in found._repr_html_()


def test_own_tables_are_checked_as_well(made):
    child = made.table("children")["child_id"].head(300)
    frame = pd.DataFrame({"who": child, "day": pd.date_range("2018-01-01", periods=300, freq="5D")})
    found = made.with_events("suspensions", frame, child_id="who", date="day").quality()
    assert "suspensions" in set(found.tables["table"])
    assert ("suspensions", "stops early") in set(zip(found.breaks["table"], found.breaks["kind"], strict=True))
