"""The leak check lets honest features pass, and finds every planted leak and the way it got in."""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.exceptions import IndexNamesError, LeakageError, RecordsError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.leak_check import leak_check
from edgeofcare.features.leaks.report import hash_of_spec
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.features.plain import feature_from_dict, feature_to_dict
from edgeofcare.features.siblings import sibling_links
from edgeofcare.features.specs.child import Characteristic, Siblings
from edgeofcare.features.specs.events import Count
from edgeofcare.records.declared import links_of
from edgeofcare.records.records import Records
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task
from planted_leaks import LATE, LEAKS, OTHER, closed_window, counted, latest_category, pairs
from strategies import DATED, INDEX_DAYS, any_spec, every_spec, histories, row_index

HONEST = ["missing.count.365d", "referral.count.1095d", "cp_plan.active"]
N = 150


@pytest.fixture(scope="module")
def records():
    return make_records(500, random_state=3, authority="sample")


@pytest.fixture(scope="module")
def cohort(records):
    return build_cohort(records, Task(), index_dates=quarters("2018-04-01", "2024-01-31"))


def remade(records, **tables):
    """The same records with other tables."""
    return Records(
        {name: tables.get(name, records.table(name)) for name in TABLES},
        observed_until=records.observed_until,
        observed_from=records.observed_from,
        reporting_lag=records.reporting_lag,
        findings=records.findings(),
        links=links_of(None, tables.get("relationships", records.table("relationships"))),
        absent_columns=records.absent_columns,
    )


def planted(name, leak):
    """Own code with three honest features and one that leaks."""

    def features(records, cohort):
        return build_features(records, cohort, HONEST).assign(**{name: leak(records, cohort)})

    return features


def message_of(records, cohort, features, **options):
    """What the check says, after looking that it tells nothing of any child."""
    with pytest.raises(LeakageError) as raised:
        leak_check(records, cohort, features, n=N, **options)
    said = str(raised.value)
    assert not re.search(r"\d{4}-\d{2}-\d{2}", said)
    words = set(re.split(r"[^A-Za-z0-9]+", said))
    assert not words & {*records.table("children")["child_id"], *records.households}
    assert not any(name in said for name in HONEST)
    assert "What to do:" in said
    return said


@pytest.mark.parametrize("name", LEAKS)
def test_each_planted_leak_is_named_with_the_ways_it_got_in_and_no_other(records, cohort, name):
    leak, ways, through = LEAKS[name]
    said = message_of(records, cohort, planted(name, leak))
    assert said.startswith("1 of 4 features rests on")
    lines = [line for line in said.splitlines() if line.startswith(f"  - {name}: changed in ")]
    assert len(lines) == len(ways)
    for way in ways:
        assert sum(way in line for line in lines) == 1
    assert all(line.endswith(through) for line in lines)


def test_every_leak_is_listed_at_once(records, cohort):
    def features(records, cohort):
        made = build_features(records, cohort, HONEST)
        return made.assign(b=closed_window(records, cohort), a=latest_category(records, cohort))

    said = message_of(records, cohort, features)
    assert said.startswith("2 of 5 features rest on")
    assert said.index("  - b: ") < said.index("  - a: ")


def test_default_features_pass(records, cohort):
    features = default_features()
    report = leak_check(records, cohort, features, n=200)
    assert report.differences == 0
    assert 200 <= report.rows < 220
    assert report.dates > 15
    assert report.features == tuple(spec.name for spec in features)
    tried = dict(report.scrambles)
    assert {"later rows", "late rows", "ends", "told at end", "snapshots", "other households", "order"} <= set(tried)
    assert min(tried["late rows"], tried["ends"], tried["told at end"]) > 100, "too little was changed to tell anything"


# The other way round: whatever is declared of the records, an honest feature is never blamed.
@settings(max_examples=10, deadline=None)
@given(st.data())
def test_no_feature_of_any_history_is_blamed(data):
    tables = tuple(data.draw(st.lists(st.sampled_from(DATED), min_size=1, max_size=3, unique=True)))
    history = data.draw(histories(tables=tables, observed=True))
    spec = data.draw(any_spec(tables))
    cohort = row_index(history.child_ids, INDEX_DAYS)
    assert leak_check(history.records(), cohort, [spec], n=100, random_state=len(tables)).rows == len(cohort)


def test_the_report_can_be_shared(records, cohort):
    report = leak_check(records, cohort, HONEST, n=40)
    told = json.loads(json.dumps(report.to_dict()))
    assert told["differences"] == 0
    assert told["features"] == HONEST
    assert told["sentence"] == report.sentence
    assert [each["name"] for each in told["scrambles"]] == [name for name, _ in report.scrambles]
    assert re.fullmatch(
        r"LeakReport\(\d+ rows, \d+ index dates, 3 features, \d ways of changing records: no difference\)", repr(report)
    )
    assert not re.search(r"\d{4}-\d{2}-\d{2}", json.dumps(told))
    with pytest.raises(FrozenInstanceError):
        report.rows = 1


def test_a_report_says_what_it_is_about_and_is_refused_for_anything_else(records, cohort):
    report = leak_check(records, cohort, HONEST, n=20)
    specs = as_features(HONEST)
    assert report.fingerprint == records.fingerprint
    assert report.features_hash == replace(report, hashes=report.hashes[::-1]).features_hash
    told = report.to_dict()
    assert (told["records_fingerprint"], told["own_code"]) == (records.fingerprint, False)
    assert told["features_hash"] == report.features_hash
    report.refuse_other(specs, records.fingerprint)
    report.refuse_other(specs[:1])
    changed = remade(records, contacts=records.table("contacts").iloc[1:])
    with pytest.raises(SpecError, match="about other records than those given"):
        report.refuse_other(specs, changed.fingerprint)
    with pytest.raises(SpecError, match=r"not about 1 feature of 4: missing\.count\.30d\. Give what"):
        report.refuse_other([*specs, parse_feature("missing.count.30d")])
    with pytest.raises(SpecError, match="10 more; it is about other records"):
        report.refuse_other([Count("contacts", days) for days in range(1, 21)], "")


def test_a_check_of_own_code_vouches_for_no_specs(records, cohort):
    report = leak_check(records, cohort, lambda records, cohort: build_features(records, cohort, HONEST), n=20)
    assert list(report.features) == HONEST
    assert report.own_code
    assert report.features_hash is None
    assert report.fingerprint == records.fingerprint
    with pytest.raises(SpecError, match="about code of your own, and not about these features, whatever its columns"):
        report.refuse_other(as_features(HONEST), records.fingerprint)


@settings(max_examples=100, deadline=None)
@given(every_spec(), every_spec())
def test_specs_have_one_hash_if_and_only_if_they_are_equal(first, second):
    assert (hash_of_spec(first) == hash_of_spec(second)) == (first == second)
    assert hash_of_spec(first) == hash_of_spec(feature_from_dict(feature_to_dict(first)))


def test_the_same_seed_tells_the_same(records, cohort):
    features = planted("contacts_to_date", closed_window)
    first, again = (message_of(records, cohort, features, random_state=5) for _ in range(2))
    assert first == again
    assert leak_check(records, cohort, HONEST, n=40) == leak_check(records, cohort, HONEST, n=40)


def test_records_and_cohort_stay_as_they_are(records, cohort):
    before, index = records.fingerprint, cohort.index.copy()

    def greedy(records, cohort):
        made = build_features(records, cohort, HONEST)
        cohort["more"] = 1
        return made

    leak_check(records, cohort, greedy, n=20)
    assert remade(records).fingerprint == before
    assert cohort.index.equals(index)
    assert "more" not in cohort


def test_what_is_not_determined_is_told_apart_from_a_leak(records, cohort):
    rng = np.random.default_rng(0)
    said = message_of(records, cohort, planted("noise", lambda records, cohort: rng.normal(size=len(cohort))))
    assert said.count("  - noise: ") == 1
    assert "although nothing was changed" in said


def test_a_column_that_only_the_future_makes(records, cohort):
    def one_column_each(records, cohort):
        made = build_features(records, cohort, HONEST)
        commonest = records.table("assessment_factors")["factor"].value_counts().index[:3]
        return made.assign(**{f"factor_{code}": 1.0 for code in commonest})

    said = message_of(records, cohort, one_column_each)
    assert OTHER in said
    assert "  - factor_" in said


def test_a_snapshot_asked_for_by_name_is_reported(records, cohort):
    report = leak_check(records, cohort, [Characteristic("sex", "F"), *HONEST], n=40)
    assert report.snapshots == ("child.sex_F",)
    assert "child.sex_F is a snapshot" in report.sentence


def test_a_sum_may_be_added_up_in_another_order(records, cohort):
    def mean_age(records, cohort):
        seen = pairs(records, cohort, "contacts")
        seen = seen[seen["known"] < seen["index_date"]]
        days = (seen["index_date"] - seen["date"]).dt.days.to_numpy() / 7
        return np.bincount(seen["row"], weights=days, minlength=len(cohort))

    assert leak_check(records, cohort, planted("weeks", mean_age), n=60).differences == 0


def dated_links(records, entered):
    """The records with a day on which each link was entered."""
    links = records.table("relationships")
    return remade(records, relationships=links.assign(recorded_date=entered(links)))


def test_links_that_were_entered_later(records, cohort):
    days = pd.date_range("2016-01-01", "2024-12-31", periods=50).as_unit("s")
    dated = dated_links(records, lambda links: days[np.arange(len(links)) % 50].to_numpy())

    def linked(records, cohort):
        links = records.table("relationships").dropna(subset=["recorded_date"])
        size = links.groupby("related_id")["child_id"].transform("nunique")
        most = links.assign(size=size).groupby("child_id")["size"].max()
        return most.reindex(cohort.index.get_level_values("child_id")).to_numpy()

    said = message_of(dated, cohort, planted("family_size", linked))
    assert "links between children that were entered on or after the index date" in said
    assert "(relationships)" in said
    honest = [Siblings(), Count("missing_episodes", "365D", scope="siblings")]
    report = leak_check(dated, cohort, honest, n=N)
    assert dict(report.scrambles)["later links"] > 50


@pytest.mark.parametrize(("share", "name"), [(0, "sibling_undated.number_0_17"), (0.7, "sibling.number_0_17")])
def test_whether_siblings_are_known_is_not_read_off_the_links_of_others(records, cohort, monkeypatch, share, name):
    links = records.table("relationships")
    entered = pd.Series(pd.Timestamp("2015-01-01").as_unit("s"), links.index)
    home = np.unique(records.households.reindex(links["child_id"]).to_numpy(dtype=str), return_inverse=True)[1]
    told = links.assign(recorded_date=entered.where(home < share * home.max()).astype("datetime64[s]"))
    some = remade(records, relationships=told)
    assert some.links == ("dated" if share else "undated")
    assert leak_check(some, cohort, [name], n=N).differences == 0

    def read_off(records, scope):
        """The siblings as they were found before records declared their links."""
        rows = records.table("relationships")
        known = rows["recorded_date"].notna().any() if scope == "siblings" else len(rows)
        return sibling_links(records, scope) if known else None

    monkeypatch.setattr("edgeofcare.features.people.sibling_links", read_off)
    said = message_of(some, cohort, [*HONEST, name])
    assert OTHER in said
    assert "(relationships)" in said


def test_a_reporting_lag_hides_rows_that_have_no_day_of_entry(records, cohort):
    lagged = Records(
        {name: records.table(name) for name in TABLES},
        observed_until=records.observed_until,
        observed_from=records.observed_from,
        reporting_lag=dict(records.reporting_lag) | {"assessment_factors": 30},
        findings=records.findings(),
        links=records.links,
        absent_columns=records.absent_columns,
    )

    def without_lag(records, cohort):
        seen = pairs(records, cohort, "assessment_factors")
        return counted(cohort, seen[seen["date"] < seen["index_date"]])

    said = message_of(lagged, cohort, planted("factors", without_lag))
    assert LATE in said
    assert leak_check(lagged, cohort, ["assessment.factor.count.365d"], n=60).differences == 0
    assert leak_check(records, cohort, planted("factors", without_lag), n=60).differences == 0


def test_own_tables_are_changed_as_well(records, cohort):
    missing = records.table("missing_episodes")
    own = records.with_events(
        "suspensions", missing.assign(days=1.5, kind="fixed"), date="start_date", value="days", category="kind"
    )
    assert leak_check(own, cohort, ["suspensions.count.365d", "suspensions.sum_value.365d"], n=60).differences == 0

    def ever(records, cohort):
        return cohort.index.get_level_values("child_id").isin(records.table("suspensions")["child_id"])

    assert "(suspensions)" in message_of(own, cohort, planted("ever", ever))


def test_a_household_is_drawn_on_several_dates_where_there_are_few(records, cohort):
    home, date = (cohort.index.get_level_values(name) for name in ("household_id", "index_date"))
    few = cohort[home.isin(home.unique()[:20]) & (date >= "2023-07-01")]
    assert few.groupby("household_id").size().max() > 1
    report = leak_check(records, few, HONEST, n=10_000)
    assert report.rows == len(few)


def test_an_error_in_own_code_says_when_it_happened(records, cohort):
    def fragile(given, cohort):
        if given is not records:
            raise ZeroDivisionError
        return build_features(given, cohort, HONEST)

    with pytest.raises(ZeroDivisionError) as raised:
        leak_check(records, cohort, fragile, n=10)
    assert raised.value.__notes__ == ["This happened in leak_check, when everything of other households was changed."]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda records, cohort: [1],
        lambda records, cohort: build_features(records, cohort, HONEST).iloc[1:],
        lambda records, cohort: build_features(records, cohort, HONEST).reset_index(drop=True),
        lambda records, cohort: pd.DataFrame(index=cohort.index),
    ],
)
def test_a_function_that_gives_no_features_is_refused(records, cohort, wrong):
    with pytest.raises(SpecError, match=r"[Tt]he function"):
        leak_check(records, cohort, wrong, n=10)


def test_what_cannot_be_checked_is_refused(records, cohort):
    with pytest.raises(IndexNamesError):
        leak_check(records, cohort.reset_index(), HONEST)
    with pytest.raises(SpecError, match="no rows"):
        leak_check(records, cohort.iloc[:0], HONEST)
    with pytest.raises(SpecError, match="n must be"):
        leak_check(records, cohort, HONEST, n=0)
    with pytest.raises(SpecError, match="no features"):
        leak_check(records, cohort, [])
    strangers = cohort.rename(index={cohort.index[0][1]: "nobody"}, level="child_id")
    with pytest.raises(RecordsError, match="not in these records"):
        leak_check(records, strangers, HONEST)


def test_progress_is_shown_where_it_is_asked_for(records, cohort, capsys):
    leak_check(records, cohort, HONEST, n=5, progress=True)
    assert "Leak check" in capsys.readouterr().err
    leak_check(records, cohort, HONEST, n=5, progress=False)
    assert capsys.readouterr().err == ""
