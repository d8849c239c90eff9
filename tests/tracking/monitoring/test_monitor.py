"""A monitored model: quiet months, planted changes, and what a run says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import IndexNamesError, LeakageError, SpecError
from edgeofcare.tracking.ledger import Ledger
from edgeofcare.tracking.monitoring.baseline import MonitoringBaseline
from edgeofcare.tracking.monitoring.learn import _outcomes, monitoring_baseline
from monitored import CAPACITY, CHANGE, FEATURES, REFERENCE, RUNS, TASK, simulation, watched

AFTER = RUNS[pd.Timestamp(CHANGE) < RUNS]


def test_quiet_months_raise_nothing() -> None:
    authority = watched()
    found = [authority.run(day) for day in RUNS]
    assert [each.alarms["about"].tolist() for each in found] == [[] for _ in RUNS]
    assert {"drift", "groups", "volume", "codes", "lag", "entries", "feedback"} <= set(found[-1].table["check"])


def raised(kind: str, about: str | None = None, **changed: object) -> list[int]:
    """Runs after the change that raised an alarm of a kind, from 1 on."""
    authority, found = watched(), []
    every = changed.pop("X", authority.X)
    for number, day in enumerate(AFTER, start=1):
        alarms = authority.run(day, X=every[authority.rows([day])], **changed).alarms
        mine = alarms["check"] == kind
        if (mine & ((alarms["about"] == about) if about else True)).any():
            found.append(number)
    return found


def test_a_code_that_is_merged_into_another_is_an_alarm() -> None:
    plant, authority = simulation(), watched()
    tables, code = plant.merge_code(authority.records, "contacts", "source", CHANGE)
    records = plant.again(authority.records, tables)
    assert min(raised("codes", "contacts.source", records=records)) <= 3
    said = authority.run(AFTER[-1], records=records).alarms
    assert f"code {code} vanishes" in said.loc[said["check"] == "codes", "happened"].iloc[0]


def test_late_recording_is_an_alarm() -> None:
    plant, authority = simulation(), watched()
    records = plant.again(authority.records, plant.late_from(authority.records, "contacts", CHANGE, 0))
    assert min(raised("lag", "contacts", records=records)) <= 3


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_a_feature_that_says_nothing_is_an_alarm_at_once(value: float) -> None:
    X = watched().X.copy()
    X.loc[watched().rows(AFTER), "missing.count.365d"] = value
    assert raised("loss", "missing.count.365d", X=X) == [1, 2, 3]


def test_an_end_of_entries_is_an_alarm() -> None:
    plant, authority = simulation(), watched()
    records = plant.again(authority.records, plant.drop_entries(authority.records, CHANGE, 1.0, 0))
    assert min(raised("entries", records=records)) <= 3
    row = authority.run(AFTER[-1], records=records).table.query("check == 'entries'").iloc[0]
    assert "Fewer children enter care" in row["means"]


def test_a_table_that_is_not_delivered_is_an_alarm() -> None:
    plant, authority = simulation(), watched()
    frame = authority.records.table("contacts")
    records = plant.again(authority.records, {"contacts": frame[frame["date"] < pd.Timestamp("2023-03-01")]})
    found = authority.run("2023-04-01", records=records)
    assert "contacts" in found.alarms.query("check == 'volume'")["about"].tolist()


def test_month_of_the_year_is_no_loss() -> None:
    assert watched().baseline.telling["calendar.month"] == 0
    assert "calendar.month" not in watched().baseline.features.bins


def test_what_became_known_later_does_not_matter() -> None:
    authority, day = watched(), RUNS[2]
    frame = authority.records.table("contacts")
    later = (frame[["date", "recorded_date"]].max(axis=1) >= day).to_numpy()
    records = simulation().again(authority.records, {"contacts": frame[~later]})
    assert later.sum() > 100
    pd.testing.assert_frame_equal(authority.run(day, records=records).table, authority.run(day).table)


def test_entries_recorded_long_after_the_horizon_are_none() -> None:
    authority, first, run = watched(), pd.Timestamp("2021-09-01"), "2022-10-01"
    X = authority.X[authority.rows([*REFERENCE, run])]
    scores = pd.DataFrame({"risk": authority.model.predict_proba(X)[:, 1]}, index=X.index)
    there = scores[scores.index.get_level_values("index_date") == first]
    top = there["risk"].nlargest(CAPACITY).index.get_level_values("child_id")
    frame = authority.records.table("care_episodes")
    moved = (frame["child_id"].isin(top) & frame["start_date"].between(first, "2022-08-31")).to_numpy()
    late = frame.assign(recorded_date=frame["recorded_date"].mask(moved, pd.Timestamp("2023-12-01")))
    both = [simulation().again(authority.records, {"care_episodes": each}) for each in (late, frame[~moved])]
    assert moved.sum() > 3
    found = [authority.run(run, scores=scores, records=each).table for each in both]
    one, other = (each[each["check"] == "capacity"].reset_index(drop=True) for each in found)
    assert "PPV at capacity" in one["measure"].tolist()
    pd.testing.assert_frame_equal(one, other)
    usual = scores.loc[scores.index.get_level_values("index_date") <= first, "risk"]
    learned = [_outcomes(each, usual, TASK, CAPACITY)[1]["whole"] for each in both]
    assert learned[0] == learned[1]


def test_order_of_rows_does_not_matter() -> None:
    authority = watched()
    mixed = authority.scores.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(authority.run(RUNS[-1], scores=mixed).table, authority.run(RUNS[-1]).table)


def test_a_child_scored_by_itself_is_no_run() -> None:
    authority, run = watched(), RUNS[-1]
    usual = authority.run(run)
    one = authority.scores.loc[authority.scores.index.get_level_values("index_date") == run].head(1)
    days = [run - pd.Timedelta(days=9), run + pd.Timedelta(days=9)]
    alone = [one.rename(index={run: day}, level="index_date") for day in days]
    both = pd.concat([authority.scores, *alone])
    said = "Scores of days that are no run, as of a child scored by itself, are left out."
    for changed in ({"index_date": None}, {}, {"runs": RUNS}):
        found = authority.run(run, scores=both, **changed)
        assert found.index_date == str(run.date())
        differs = found.table["happened"] != usual.table["happened"]
        assert found.table.loc[differs, "about"].tolist() == ["children scored"]
        assert said in found.table.loc[differs, "happened"].iloc[0]
        pd.testing.assert_frame_equal(found.table.drop(columns="happened"), usual.table.drop(columns="happened"))
    assert not usual.table["happened"].str.contains(said).any()


def test_features_and_cohort_are_built_where_they_are_not_given() -> None:
    authority = watched()
    built = authority.run(RUNS[0], X=None, cohort=None)
    pd.testing.assert_frame_equal(built.table, authority.run(RUNS[0]).table)


def test_households_that_are_called_otherwise_now_change_nothing() -> None:
    authority, day = watched(), RUNS[4]
    homes = authority.scores.index.get_level_values("household_id").unique()
    renamed = {home: f"{home}old" for home in homes[::5]}
    scores = authority.scores.rename(index=renamed, level="household_id")
    as_it_was = authority.run(day).table
    pd.testing.assert_frame_equal(authority.run(day, scores=scores).table, as_it_was)
    pd.testing.assert_frame_equal(authority.run(day, scores=scores, cohort=None).table, as_it_was)


def test_children_whom_the_records_no_longer_hold_are_left_out_of_the_groups_and_counted() -> None:
    authority, day = watched(), RUNS[4]
    now = authority.scores.xs(day, level="index_date", drop_level=False)
    gone = now.head(30).rename(index=lambda key: f"{key}gone", level="child_id")
    scores = pd.concat([authority.scores, gone.rename(index=lambda key: f"{key}gone", level="household_id")])
    rows = scores.xs(day, level="index_date", drop_level=False).index
    X = pd.concat([authority.X.loc[now.index], authority.X.loc[now.index[:30]].set_axis(gone.index)])
    found = authority.run(day, scores=scores, X=X.sample(frac=1, random_state=0), cohort=None).table
    groups = found[found["check"] == "groups"]
    assert len(rows) == len(now) + 30
    assert (
        groups["happened"]
        .str.endswith("Left out: 30 rows that the cohort, as the records stand now, does not hold.")
        .all()
    )
    assert not groups["happened"].str.contains("not recorded").any()
    with pytest.raises(IndexNamesError, match="lacks 30 of"):
        authority.run(day, scores=scores, X=X)
    with pytest.raises(IndexNamesError, match="rows give a child again"):
        authority.run(day, X=pd.concat([X, X.head(30).rename(index=str.lower, level="household_id")]))


def test_baseline_survives_json() -> None:
    authority = watched()
    said = json.loads(json.dumps(authority.baseline.to_dict()))
    assert MonitoringBaseline.from_dict(said).to_dict() == authority.baseline.to_dict()
    pd.testing.assert_frame_equal(authority.run(RUNS[0], baseline=said).table, authority.run(RUNS[0]).table)


def test_nothing_personal_is_in_what_is_shared() -> None:
    authority = watched()
    found = authority.run(RUNS[-1])
    shared = json.dumps(authority.baseline.to_dict()) + found.to_json() + found.to_html() + repr(found) + str(found)
    children = authority.records.table("children")
    identifiers = {*children["child_id"], *authority.records.households}
    assert not [key for key in identifiers if key in shared]
    births = {str(day.date()) for day in children["birth_date"]}
    assert not [day for day in births - {found.index_date} if f'"{day}"' in shared or f">{day}<" in shared]


def counts(said: object) -> list[int]:
    """Every whole number under a name that says it is a count."""
    if isinstance(said, dict):
        own = [each for name in ("counts",) for each in said.get(name, [])]
        codes = said.get("codes")
        own += (
            list(codes.values()) if isinstance(codes, dict) and all(isinstance(v, int) for v in codes.values()) else []
        )
        return own + [count for each in said.values() for count in counts(each)]
    return []


def test_baseline_holds_no_small_count() -> None:
    found = counts(watched().baseline.to_dict())
    assert len(found) > 50
    assert min(count for count in found if count) >= 10


def test_a_ledger_does_as_well_as_a_frame(tmp_path: Path) -> None:
    authority, day = watched(), RUNS[-1]
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.scored(authority.scores)
    listed = authority.scores.groupby(level="index_date")["risk"].nlargest(CAPACITY).droplevel(0)
    for run, share in zip(RUNS[:-1], (0, 0, 0, 16, 16, 16), strict=True):
        rows = listed[listed.index.get_level_values("index_date") == run]
        if share:
            some = authority.scores.loc[rows.index[:share]]
            ledger.overridden(some, by="worker 7", reason="known to the team", when=str(run.date()))
    found = authority.run(day, scores=ledger)
    row = found.table.query("check == 'override'").iloc[0]
    assert row["alarm"]
    assert "of the last three months, 48 were overridden" in row["happened"]
    others = found.table[found.table["check"] != "override"].drop(columns="alarm")
    plain = authority.run(day).table.drop(columns="alarm")
    pd.testing.assert_frame_equal(
        others.sort_values(["check", "about", "measure", "happened"], ignore_index=True),
        plain.sort_values(["check", "about", "measure", "happened"], ignore_index=True),
    )


def test_overrides_count_by_child_and_day_of_this_model_before_the_run(tmp_path: Path) -> None:
    authority, day = watched(), RUNS[-1]
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.scored(authority.scores)
    recent = authority.scores.index.get_level_values("index_date").isin(RUNS[3:6])
    listed = authority.scores[recent].groupby(level="index_date")["risk"].nlargest(CAPACITY).droplevel(0)
    rows = authority.scores.loc[listed.index]
    moved = rows.rename(index=lambda key: f"{key}new", level="household_id")
    given = {"by": "worker 7", "reason": "known to the team"}

    def share() -> float:
        return authority.run(day, scores=ledger).table.query("check == 'override'")["value"].iloc[0]

    ledger.overridden(rows, **given, when=str(day.date()))
    ledger.overridden(rows.assign(model_id="another"), **given, when="2023-03-02")
    assert share() == 0
    ledger.overridden(moved.iloc[:20], **given, when="2023-03-02")
    ledger.overridden(moved.iloc[20:30].drop(columns="model_id"), **given, when="2023-03-31")
    assert share() == pytest.approx(30 / 60)


def test_recording_that_follows_the_list_is_an_alarm() -> None:
    authority = watched()
    listed = authority.scores.groupby(level="index_date")["risk"].nlargest(CAPACITY).droplevel(0)
    rows = listed.index.to_frame(index=False)
    rows = rows[rows["index_date"] > pd.Timestamp("2022-12-15")]
    rows = rows.loc[rows.index.repeat(6)].reset_index(drop=True)
    frame = authority.records.table("contacts")
    more = pd.DataFrame(
        {
            "row_key": [f"listed{n}" for n in range(len(rows))],
            "child_id": rows["child_id"],
            "date": (rows["index_date"] + pd.Timedelta(days=7)).astype("datetime64[s]"),
        }
    )
    every = pd.concat([frame, more], ignore_index=True).astype(frame.dtypes)
    records = simulation().again(authority.records, {"contacts": every})
    assert "feedback" in authority.run("2023-04-01", records=records).alarms["check"].tolist()


def test_an_expired_model_is_an_alarm() -> None:
    authority = watched()

    class Loaded:
        """What a loaded model says."""

        feature_names, task, model_id = FEATURES, TASK, "one"
        manifest = {"expires": "2022-12-31"}  # noqa: RUF012
        log_odds = staticmethod(authority.model.log_odds)

    assert authority.run("2023-01-01", model=Loaded()).alarms["check"].tolist() == ["expiry"]
    assert authority.run("2022-12-01", model=Loaded()).alarms.empty


def test_what_cannot_be_monitored_is_refused() -> None:
    authority = watched()
    with pytest.raises(SpecError, match="no row of this index date"):
        authority.run("2023-01-15", X=None, cohort=None)
    with pytest.raises(LeakageError):
        authority.run("2030-01-01", X=None, cohort=None)
    with pytest.raises(SpecError, match="column risk"):
        authority.run(RUNS[0], scores=authority.scores[["model_id"]])
    with pytest.raises(IndexNamesError, match="lacks"):
        authority.run(RUNS[0], X=authority.X.head(5))
    with pytest.raises(SpecError, match="no monitoring baseline"):
        authority.run(RUNS[0], baseline={"version": 99})
    with pytest.raises(SpecError, match="damaged"):
        authority.run(RUNS[0], baseline={"version": 1})
    for wrong in (2.0, "a", None, True):
        with pytest.raises(SpecError, match="false_runs must be a number between 0 and 1"):
            authority.run(RUNS[0], false_runs=wrong)
    with pytest.raises(SpecError, match="fewer than 50 households"):
        monitoring_baseline(authority.model, authority.X.head(20), None, authority.records)


def test_scores_of_two_models_are_refused_with_what_to_give(tmp_path: Path) -> None:
    authority = watched()
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.scored(authority.scores)
    ledger.scored(authority.scores.tail(30).assign(model_id="two"))
    with pytest.raises(SpecError, match=r"30 of .* rows more than once, of 2 models.*ledger\.scores\(model_id="):
        authority.run(RUNS[0], scores=ledger)
    one = authority.run(RUNS[0], scores=ledger.scores(model_id="one"))
    pd.testing.assert_frame_equal(one.table, authority.run(RUNS[0]).table)


def test_a_run_is_told_in_words(tmp_path: Path) -> None:
    X = watched().X.assign(**{"missing.count.365d": np.nan})
    found = watched().run(RUNS[0], X=X[watched().rows([RUNS[0]])])
    assert repr(found).startswith("Monitoring(2022-10-01: 1 alarm in ")
    assert "What to do: Stop using the scores" in str(found)
    page = found.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page
    assert "<script" not in page
    assert "missing.count.365d is unknown for every child" in page
    said = json.loads(found.to_json(tmp_path / "run.json"))
    assert said["alarms"] == 1
    assert len(said["checks"]) == len(found.table)
    with pytest.raises(SpecError, match="cannot be written"):
        found.to_json(tmp_path / "none" / "run.json")


@pytest.mark.slow
def test_quiet_authorities_stay_quiet_and_planted_changes_are_found() -> None:
    plant = simulation()
    done = [plant.all_runs(seed) for seed in range(plant.AUTHORITIES)]
    assert sum(len(each.quiet) for each in done) == 200
    whole = plant.make(*plant.pooled([plant.made(seed) for seed in range(plant.AUTHORITIES)]))
    assert plant.promised(done, plant.fall_runs(whole)[0])
