"""The same children through SSD of SystemC, SSD of Mosaic, and CIN census with SSDA903: not one cell differs.

Compared by child and index date, since a census has no family links and so no households. Windows and clocks are made
equal: the returns cover the years of the extract, one for one, and nothing is entered late, because a yearly return
does not say when a thing was entered and an extract with recorded dates does.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.feature import TableFeature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.combined import Combined
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap
from edgeofcare.outcome import label_outcome
from edgeofcare.records.cin_census.read import read_cin_census
from edgeofcare.records.combine import combine
from edgeofcare.records.records import Records
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.records.ssda903.read import read_ssda903
from edgeofcare.schema.codes import CODE_LISTS, SHORT_BREAKS
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.cin_census import write_cin_census
from edgeofcare.synthetic.writers.ssd import write_ssd
from edgeofcare.synthetic.writers.ssda903 import write_ssda903
from edgeofcare.task import Task

FROM, UNTIL, YEARS = "2017-04-01", "2025-03-31", 8
SEEDS = (5, 17, 29)
CHILDREN = 1500
DATES = quarters("2018-04-01", "2024-03-31")
SOURCES = ("systemc", "mosaic", "returns")

INFERRED = {"s47_enquiries": ("end_date",)}
"""Columns that a census has no element for and its reader fills by inference: no value of theirs is comparable."""

NOT_HELD = {
    "systemc": {},
    "mosaic": {"cp_plans": ("other_authority",)},
    "returns": {
        "assessments": ("nfa",),
        "cp_plans": ("other_authority",),
        "initial_conferences": ("transfer_in",),
        "missing_episodes": ("interview_accepted", "interview_offered"),
        "placements": ("distance",),
        "s47_enquiries": ("nfa",),
    },
}
"""Optional columns that a source does not hold."""

EVERY_SPELL = ("referral", "assessment", "cin_plan", "cp_plan")
CODED = (
    ("referral.source", "source"),
    ("referral.close_reason", "closure"),
    ("assessment.factor", "factor"),
    ("cp_plan.initial_category", "abuse"),
    ("legal_status.status", "legal_status"),
    ("care.status", "legal_status"),
    ("care.end_reason", "end_reason"),
)


def further_features():
    """Features beyond the default ones: every measure of every spell that both know, and every code of a list."""
    names = [f"{noun}.{measure}" for noun in EVERY_SPELL for measure in ("active", "days_since", "days_since_end",
             "count.90d", "count_ended.365d", "days_in.365d")]  # fmt: skip
    names += ["care.count_ended.365d", "care.days_since", "s47.days_since", "s47.days_in.365d", "s47.active",
              "conference.days_since", "referral.nfa_yes.count.365d", "assessment.nfa_yes.count.365d"]  # fmt: skip
    codes = [(column, code) for column, listed in CODED for code in CODE_LISTS[listed]]
    told_apart = [(c, code) for c, code in codes if code not in ("NONE", *SHORT_BREAKS)]  # SystemC: V3 and V4 are one
    return [parse_feature(name) for name in (*names, *(f"{c}_{code}.count.1095d" for c, code in told_apart))]


def supported(records, spec):
    """Whether records hold everything that a feature rests on: its table, and a value in each column that it uses."""
    if isinstance(spec, Combined):
        return supported(records, spec.first) and supported(records, spec.second)
    if not isinstance(spec, TableFeature):
        return True
    if isinstance(spec, Overlap) and not records.observed(
        "care_episodes" if spec.other == "care_periods" else spec.other
    ):
        return False
    name = "care_episodes" if spec.table == "care_periods" else spec.table
    uses_end = isinstance(spec, (Active, DaysIn)) or getattr(spec, "edge", "") == "end"
    filters = (*spec.where, *spec.unless, *getattr(spec, "of", ()))
    columns = [column for column, _ in filters] + ["end_date"] * uses_end + [getattr(spec, "value", "")]
    if not records.observed(name) or set(columns) & set(INFERRED.get(name, ())):
        return False
    frame = records.table(name)
    # A flag that a source only ever sets, or only ever leaves out, tells nothing apart.
    least = {column: 2 if frame[column].dtype == "boolean" else 1 for column in columns if column in frame}
    return all(frame[column].nunique() >= few for column, few in least.items())


@dataclass(frozen=True)
class Read:
    """The three sources of one made authority, as read, and what no return tells of it."""

    made: Records
    records: dict[str, Records]
    untold_deaths: int


@pytest.fixture(scope="module", params=SEEDS)
def read(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    made = make_records(
        CHILDREN, request.param, observed_from=FROM, observed_until=UNTIL, late_recording=False, authority="sample"
    )
    write_cin_census(made, folder / "cin", years=YEARS)
    write_ssda903(made, folder / "903", years=YEARS)
    returns = combine(
        read_cin_census(folder / "cin", observed_until=UNTIL), read_ssda903(folder / "903", observed_until=UNTIL)
    )
    # A child who dies when no case and no care is open is in no return of that year: the extract is made to forget it.
    children, told = made.table("children"), returns.table("children").dropna(subset=["death_date"])
    untold = children["death_date"].notna() & ~children["child_id"].isin(told["child_id"])
    tables = {name: made.table(name) for name in TABLES}
    tables["children"] = children.assign(death_date=children["death_date"].mask(untold))
    records = {"returns": returns}
    for flavour in ("systemc", "mosaic"):
        write_ssd(tables, folder / flavour, flavour=flavour, observed_until=UNTIL)
        records[flavour] = read_ssd(folder / flavour, observed_from=FROM, observed_until=UNTIL)
    return Read(made, records, int(untold.sum()))


def answers(records, task, features):
    """Cohort, labels and features by child and index date."""
    cohort = build_cohort(records, task, index_dates=DATES)
    details = label_outcome(records, cohort, task, details=True)
    X = build_features(records, cohort, features)
    return [frame.droplevel("household_id").sort_index() for frame in (cohort, details, X)]


def test_windows_and_clocks_are_equal(read):
    returns = read.records["returns"]
    shared = [name for name in TABLES if name in returns.observed_from and returns.observed(name)]
    assert {"referrals", "cp_plans", "care_episodes", "legal_statuses"} <= set(shared)
    for name in shared:
        for records in read.records.values():
            assert records.observed_from[name] == pd.Timestamp(FROM), name
            assert records.reporting_lag[name] == 0
    assert {str(records.observed_until.date()) for records in read.records.values()} == {UNTIL}
    assert read.untold_deaths <= 0.005 * CHILDREN


def test_same_cohort_entries_and_features(read):
    task = Task(uasc="include")
    returns = read.records["returns"]
    asked = list({spec.name: spec for spec in (*default_features(), *further_features())}.values())
    features = [spec for spec in asked if supported(returns, spec)]
    columns = [name for name in ("sex", "ethnicity", "ehc_plan") if returns.table("children")[name].isna().all()]
    assert columns == ["ehc_plan"]
    columns += ["disability_or_ehc"]  # which says less without the plans
    found = {name: answers(read.records[name], task, features) for name in SOURCES}
    cohort, details, X = found["returns"]
    assert len(cohort) > 2000
    assert details["entered_care"].sum() > 100
    assert set(details["end_reason"]) >= {"end_of_window", "turned_18", "entered_care", "moved_away"}
    assert len(set(X) & {spec.name for spec in default_features()}) >= 45
    assert X.shape[1] >= 160
    assert ((X.notna() & (X != 0)).sum() > 0).sum() >= 110  # so many columns say something of somebody
    for name in ("systemc", "mosaic"):
        for one, other in zip(found[name], (cohort, details, X), strict=True):
            pd.testing.assert_frame_equal(
                one.drop(columns=columns, errors="ignore"),
                other.drop(columns=columns, errors="ignore"),
                check_exact=True,
            )


def test_without_asylum_seekers_only_the_days_before_care_differ(read):
    """A return lists a child as an unaccompanied asylum seeker from entry into care on, an extract from referral on."""
    task, features = Task(), [spec for spec in default_features() if supported(read.records["returns"], spec)]
    found = {name: answers(read.records[name], task, features) for name in SOURCES}
    between = found["returns"][0].index.difference(found["systemc"][0].index)
    status = read.made.table("immigration_statuses").query("uasc").set_index("child_id")["start_date"]
    entry = read.made.table("care_episodes").groupby("child_id")["start_date"].min()
    for child, day in between:
        assert status[child] < day <= entry[child]
    assert len(between) <= 5
    for one, other, third in zip(*found.values(), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        returned = third.drop(index=between, errors="ignore")
        plans = ["ehc_plan", "disability_or_ehc"]  # no return holds them
        pd.testing.assert_frame_equal(
            one.drop(columns=plans, errors="ignore"), returned.drop(columns=plans, errors="ignore"), check_exact=True
        )
    assert found["returns"][1]["entered_care"].sum() > 100


def test_what_the_returns_cannot_tell_is_unknown_and_not_zero(read):
    returns = read.records["returns"]
    lacking = [spec for spec in default_features() if not supported(returns, spec)]
    plain = [spec for spec in lacking if isinstance(spec, TableFeature)]
    whole = [spec for spec in plain if not returns.observed(spec.table)]
    assert {spec.table for spec in whole} == {
        "contacts", "early_help", "missing_episodes", "offences", "worker_involvements"
    }  # fmt: skip
    cohort = build_cohort(returns, Task(), index_dates=DATES[-1:])
    assert build_features(returns, cohort, whole).isna().all(axis=None)
    assert {name: dict(records.absent_columns) for name, records in read.records.items()} == NOT_HELD
    names = ["assessment.nfa_yes.count.365d", "conference.transfer_in_yes.count.365d", "s47.nfa_no.count.365d"]
    assert build_features(returns, cohort, names).isna().all(axis=None)
