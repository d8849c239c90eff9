"""Sentences: plain English, right grammar, never a code name."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.explanation.wording import _WRITERS, reason_sentence
from edgeofcare.explanation.wording_whole import WHOLE
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.child import Calendar
from edgeofcare.features.specs.combined import Combined
from spec_strategies import EVERY_KIND, every_spec

NAN = float("nan")
DAY = pd.Timestamp("2024-01-31")

SENTENCES = [
    ("missing.count.365d", 0, "No missing episode began in the 365 days before the index date."),
    ("missing.count.90d", 1, "1 missing episode began in the 90 days before the index date."),
    ("missing.count.90d", NAN, "Unknown: the records of missing episodes do not reach back 90 days."),
    ("missing.count.1d", 1234, "1,234 missing episodes began in the 1 day before the index date."),
    ("missing.days_in.365d", 3, "Missing overnight on 3 of the 365 days before the index date."),
    ("missing.days_since_end", 3, "3 days since the last missing episode ended."),
    ("cp_plan.active", 0, "No child protection plan is open."),
    ("cp_plan.active", 1, "A child protection plan is open."),
    ("cp_plan.active", 2, "2 child protection plans are open."),
    ("cp_plan.active", NAN, "Unknown: the records of child protection plans do not reach the index date."),
    ("assessment.active", 1, "An assessment is open."),
    ("early_help.active", 1, "An early help episode is open."),
    ("cp_plan.days_since_end", NAN, "No child protection plan that has ended is on record."),
    (
        "cp_plan.initial_category_NEG.count.1095d",
        2,
        "2 child protection plans for neglect began in the 1,095 days before the index date.",
    ),
    ("contact.days_since", 14, "14 days since the last contact."),
    ("contact.days_since", 1, "1 day since the last contact."),
    ("contact.days_since", NAN, "No contact is on record."),
    (
        "contact.days_since.90d",
        NAN,
        "No contact is on record in the 90 days before the index date, or the records do not reach back 90 days.",
    ),
    ("contact.source_6.count.365d", 1, "1 contact from the police was made in the 365 days before the index date."),
    (
        "contact.source_2A+2B+6.count.90d",
        2,
        "2 contacts from a school, education services or the police were made in the 90 days before the index date.",
    ),
    (
        "referral.nfa_yes.count.1095d",
        2,
        "2 referrals that led to no further action were made in the 1,095 days before the index date.",
    ),
    ("referral.count_ended.90d", 1, "1 referral was closed in the 90 days before the index date."),
    ("assessment.count_ended.90d", 2, "2 assessments were completed in the 90 days before the index date."),
    (
        "conference.count.365d",
        1,
        "1 initial child protection conference was held in the 365 days before the index date.",
    ),
    ("s47.count.365d", 2, "2 section 47 enquiries began in the 365 days before the index date."),
    ("offence.count.365d", 2, "2 offences took place in the 365 days before the index date."),
    ("worker.count.365d", 2, "2 allocations of a worker were made in the 365 days before the index date."),
    ("worker.distinct_worker.365d", 0, "No worker was newly allocated in the 365 days before the index date."),
    ("worker.distinct_worker.365d", 1, "1 worker was newly allocated in the 365 days before the index date."),
    (
        "worker.distinct_worker.365d",
        2,
        "2 different workers were newly allocated in the 365 days before the index date.",
    ),
    ("care.days_in.1095d", 120, "Looked after on 120 of the 1,095 days before the index date."),
    ("care.days_in.1095d", 0, "Looked after on none of the 1,095 days before the index date."),
    ("care.status_C2.active", 1, "A period of care (full care order) is open."),
    ("cin_plan.days_in.365d", 7, "A child in need plan was open on 7 of the 365 days before the index date."),
    (
        "assessment.factor_24A.count.365d",
        0,
        "No assessment in the 365 days before the index date identified child criminal exploitation as a factor.",
    ),
    (
        "assessment.factor_24A.count.365d",
        1,
        "An assessment in the 365 days before the index date identified child criminal exploitation as a factor.",
    ),
    (
        "assessment.factor_24A.count.365d",
        3,
        "3 assessments in the 365 days before the index date identified child criminal exploitation as a factor.",
    ),
    (
        "assessment.factor_18A+18B+18C.count.365d",
        3,
        "Assessments in the 365 days before the index date identified physical abuse as a factor 3 times.",
    ),
    (
        "assessment.factor.count.365d",
        1,
        "1 factor was identified by assessments in the 365 days before the index date.",
    ),
    (
        "assessment.factor_24A.days_since",
        9,
        "9 days since an assessment last identified child criminal exploitation as a factor.",
    ),
    (
        "assessment.factor.distinct_factor.1095d",
        4,
        "4 different factors were identified by assessments in the 1,095 days before the index date.",
    ),
    ("referral.distinct_source.365d", 0, "No referral in the 365 days before the index date has a source on record."),
    (
        "referral.distinct_source.365d",
        2,
        "2 different sources are on record for referrals in the 365 days before the index date.",
    ),
    (
        "cp_plan.distinct_initial_category.90d",
        2,
        "2 different initial categories are on record for child protection plans in the 90 days before the index date.",
    ),
    (
        "legal_status.status_V3+V4.count.1095d",
        1,
        "1 legal status (short-break series) began in the 1,095 days before the index date.",
    ),
    (
        "legal_status.distinct_status.90d",
        2,
        "2 different statuses are on record for legal statuses in the 90 days before the index date.",
    ),
    (
        "placement.sum_distance.365d",
        12.5,
        "Distances of placements in the 365 days before the index date add up to 12.5 miles.",
    ),
    (
        "placement.mean_distance.365d",
        1,
        "The mean distance of placements in the 365 days before the index date is 1 mile.",
    ),
    (
        "placement.max_distance.365d",
        1500,
        "The largest distance of placements in the 365 days before the index date is 1,500 miles.",
    ),
    (
        "placement.max_distance.365d",
        NAN,
        "No placement with a distance is on record in the 365 days before the index date, or the records do not reach "
        "back 365 days.",
    ),
    ("missing.days_since_first", 30, "30 days since the first missing episode began."),
    ("missing.days_since_first", NAN, "No missing episode is on record."),
    (
        "contact.days_since_first.90d",
        30,
        "30 days since the first contact, looking back 90 days.",
    ),
    (
        "assessment.factor_24A.days_since_first",
        9,
        "9 days since an assessment first identified child criminal exploitation as a factor.",
    ),
    (
        "missing.trend.90d",
        2,
        "2 more missing episodes began in the 90 days before the index date than in the 90 days before those.",
    ),
    (
        "contact.trend.90d",
        -1,
        "1 fewer contact was made in the 90 days before the index date than in the 90 days before those.",
    ),
    (
        "contact.trend.90d",
        0,
        "No change: as many contacts were made in the 90 days before the index date as in the 90 days before those.",
    ),
    ("contact.trend.90d", NAN, "Unknown: the records of contacts do not reach back 180 days."),
    (
        "missing.rate.1825d",
        0.04167,
        "0.042 missing episodes began for each 365 days, in as much of the 1,825 days before the index date as the "
        "records cover.",
    ),
    (
        "missing.rate.1825d",
        0,
        "No missing episode began in as much of the 1,825 days before the index date as the records cover.",
    ),
    (
        "missing.rate.1825d",
        NAN,
        "Unknown: the records of missing episodes cover fewer than 91 days before the index date.",
    ),
    (
        "referral.share_source_6.1095d",
        0.3333,
        "33% of the referrals in the 1,095 days before the index date came from the police.",
    ),
    (
        "referral.share_source_6.1095d",
        0,
        "None of the referrals in the 1,095 days before the index date came from the police.",
    ),
    (
        "referral.share_nfa_yes.90d",
        1,
        "All referrals in the 90 days before the index date were ones that led to no further action.",
    ),
    (
        "cp_plan.share_initial_category_NEG.90d",
        0.001,
        "Fewer than 1% of the child protection plans in the 90 days before the index date were for neglect.",
    ),
    (
        "referral.share_source_6.90d",
        NAN,
        "No referral is on record in the 90 days before the index date, or the records do not reach back 90 days.",
    ),
    ("referral.last_source", "6", "The source of the last referral is the police."),
    (
        "referral.last_source.90d",
        "6",
        "The source of the last referral in the 90 days before the index date is the police.",
    ),
    ("referral.last_source", NAN, "No referral with a source is on record."),
    ("placement.last_distance", 12.25, "The distance of the last placement is 12.2 miles."),
    ("cp_plan.total_days", 400, "A child protection plan was open on 400 days before the index date."),
    ("cp_plan.total_days", 0, "A child protection plan was open on none of the days before the index date."),
    (
        "missing.overlap_cp_plan.365d",
        3,
        "Missing overnight while a child protection plan was open on 3 of the 365 days before the index date.",
    ),
    (
        "cp_plan.overlap_care.365d",
        0,
        "A child protection plan was open while looked after on none of the 365 days before the index date.",
    ),
    (
        "missing.overlap_cp_plan.365d",
        NAN,
        "Unknown: the records of missing episodes or child protection plans do not reach back 365 days.",
    ),
    ("worker.active", 1, "A worker is allocated."),
    ("worker.active", 0, "No worker is allocated."),
    ("sibling.number_0_17", 0, "No sibling aged 0 to 17 is on record."),
    ("sibling.number_0_17", 1, "1 sibling aged 0 to 17 is on record."),
    ("sibling_undated.number_0_4", 2, "2 siblings (undated links included) aged 0 to 4 are on record."),
    (
        "sibling.number_0_17",
        NAN,
        "Unknown: the records do not say who the siblings are, or not since when that was known.",
    ),
    ("calendar.month", 4, "The month of the index date is April."),
    ("calendar.year", 2024, "The year of the index date is 2024."),
    ("sibling.missing.count.90d", 1, "1 missing episode of a sibling began in the 90 days before the index date."),
    ("sibling.missing.count.90d", 2, "2 missing episodes of siblings began in the 90 days before the index date."),
    (
        "sibling.missing.count.90d",
        NAN,
        "Unknown: the records of missing episodes of siblings do not reach back 90 days, or do not say who the "
        "siblings are.",
    ),
    (
        "sibling_undated.contact.source_6.count.90d",
        2,
        "2 contacts of siblings (undated links included) from the police were made in the 90 days before the index "
        "date.",
    ),
    ("sibling.cp_plan.active", 1, "A child protection plan of a sibling is open."),
    (
        "sibling.care.days_in.365d",
        5,
        "A period of care of a sibling was open on 5 of the 365 days before the index date.",
    ),
    (
        "sibling.assessment.factor_24A.count.365d",
        1,
        "An assessment of a sibling in the 365 days before the index date identified child criminal exploitation as a "
        "factor.",
    ),
    (
        "sibling.worker.distinct_worker.365d",
        2,
        "2 different workers are on record for allocations of a worker of siblings in the 365 days before the index "
        "date.",
    ),
    (
        "contact.not_source_6.count.90d",
        2,
        "2 contacts not from the police were made in the 90 days before the index date.",
    ),
    (
        "referral.not_nfa_yes.count.90d",
        1,
        "1 referral other than those that led to no further action was made in the 90 days before the index date.",
    ),
    (
        "missing.not_type_A.count.90d",
        0,
        "No missing episode (not absent without authorisation) began in the 90 days before the index date.",
    ),
    (
        "assessment.factor.not_factor_24A.count.90d",
        2,
        "2 factors other than child criminal exploitation were identified by assessments in the 90 days before the "
        "index date.",
    ),
    ("care.not_status_C2.active", 1, "A period of care (not full care order) is open."),
    (
        "missing.count.90d / missing.count.1095d",
        0.5,
        "The number of missing episodes that began in the 90 days before the index date is 0.5 times the number of "
        "missing episodes that began in the 1,095 days before the index date.",
    ),
    (
        "missing.count.90d / contact.count.90d",
        0,
        "No missing episode for any contact in the 90 days before the index date.",
    ),
    (
        "missing.count.90d / contact.count.90d",
        NAN,
        "Not known: how many missing episodes there were for each contact in the 90 days before the index date.",
    ),
    (
        "referral.days_since - contact.days_since",
        -12,
        "The days since the last referral began are 12 less than the days since the last contact.",
    ),
    (
        "referral.count.90d - contact.count.90d",
        0,
        "As many referrals as contacts in the 90 days before the index date.",
    ),
    (
        "referral.count.90d - contact.count.90d",
        NAN,
        "Not known: how many more or fewer referrals than contacts there were in the 90 days before the index date.",
    ),
    (
        "assessment.factor_21.count.365d",
        1,
        "1 assessment without any factor was completed in the 365 days before the index date.",
    ),
    ("assessment.factor_21.days_since", 9, "9 days since the last assessment without any factor."),
    (
        "care.end_reason_E4A.count_ended.365d",
        2,
        "2 periods of care (returned home, planned) ended in the 365 days before the index date.",
    ),
    (
        "conference.transfer_in_yes.count.365d",
        1,
        "1 initial child protection conference because of a move from elsewhere was held in the 365 days before the "
        "index date.",
    ),
    (
        "conference.count.1095d / s47.count.1095d",
        0.5,
        "0.5 initial child protection conferences for each section 47 enquiry in the 1,095 days before the index date.",
    ),
    (
        "referral.days_in.365d - worker.days_in.365d",
        -12,
        "12 fewer days with a referral open than days with a worker in the 365 days before the index date.",
    ),
    ("referral.total_days / child.age", 53.3, "53.3 days with a referral open for each year of age."),
    (
        "contact.days_since / contact.count.90d",
        2,
        "The days since the last contact are 2 times the number of contacts in the 90 days before the index date.",
    ),
    ("child.age", 15.7, "Aged 15."),
    ("child.age", NAN, "The age is unknown."),
    ("child.sex_F", 1, "Sex is recorded as female."),
    ("child.sex_F", 0, "Sex is recorded as other than female."),
    ("child.sex_F", NAN, "Sex is not recorded."),
    ("child.ethnicity_WBRI", 1, "Ethnicity is recorded as White British."),
    ("child.ehc_plan_yes", 1, "An education, health and care plan is on record."),
    ("child.ehc_plan_yes", 0, "No education, health and care plan is on record."),
    ("child.ehc_plan_no", 1, "No education, health and care plan is on record."),
    ("child.ehc_plan_no", NAN, "Whether there is an education, health and care plan is not recorded."),
]


@pytest.mark.parametrize(("name", "value", "said"), SENTENCES, ids=[f"{name}={v}" for name, v, _ in SENTENCES])
def test_sentence(name, value, said):
    assert reason_sentence(parse_feature(name), value if isinstance(value, str) else float(value)) == said


def rows(*days, ended=()):
    """Evidence that began, and perhaps ended, some days before the index date."""
    dates = [DAY - pd.Timedelta(days=day) for day in days]
    ends = [DAY - pd.Timedelta(days=day) for day in ended] or [pd.NaT] * len(dates)
    frame = pd.DataFrame({"date": dates, "end_date": ends})
    return frame.astype("datetime64[s]")


@pytest.mark.parametrize(
    ("name", "value", "evidence", "end"),
    [
        ("missing.count.90d", 1, rows(12), "before the index date, 12 days before."),
        ("missing.count.90d", 4, rows(80, 12, 60, 33), "before the index date, the last of them 12 days before."),
        ("missing.count.90d", 2, rows(3, 1), "before the index date, the last of them 1 day before."),
        ("missing.count.2000d", 1, rows(1500), "before the index date, 1,500 days before."),
        ("cp_plan.count_ended.365d", 2, rows(600, 500, ended=(7, 90)), "the last of them 7 days before."),
        ("assessment.factor_24A.count.90d", 1, rows(12), "child criminal exploitation as a factor, 12 days before."),
        ("assessment.factor_24A.count.90d", 2, rows(15, 12), "as a factor, the last of them 12 days before."),
        ("assessment.factor_3A+3B.count.90d", 2, rows(15, 12), "as a factor 2 times, the last time 12 days before."),
        ("worker.distinct_worker.90d", 2, rows(15, 12, 40), "before the index date, most recently 12 days before."),
        ("missing.count.90d", 0, rows(), "No missing episode began in the 90 days before the index date."),
        ("contact.days_since", 12, rows(12), "12 days since the last contact."),
        ("contact.days_since", NAN, rows(12), "Unknown: the records of contacts do not reach the index date."),
        ("contact.days_since.90d", NAN, rows(12), "Unknown: the records of contacts do not reach back 90 days."),
    ],
)
def test_sentence_with_source_rows(name, value, evidence, end):
    assert reason_sentence(parse_feature(name), float(value), evidence, DAY).endswith(end)


TWO = [
    ("missing.trend.90d", 2, rows(1, 2, 90, 91),
     "3 missing episodes began in the 90 days before @, against 1 in the 90 days before those."),
    ("missing.trend.90d", 1, rows(90),
     "1 missing episode began in the 90 days before @, and none in the 90 days before those."),
    ("missing.trend.90d", 0, rows(),
     "No missing episode began in the 90 days before @, and none in the 90 days before those."),
    ("contact.trend.90d", -2, rows(91, 180),
     "No contact was made in the 90 days before @, against 2 in the 90 days before those."),
    ("contact.share_source_6.90d", 0.375, rows(*range(1, 9)),
     "8 contacts were made in the 90 days before @, of which 3 came from the police."),
    ("referral.share_nfa_yes.90d", 0, rows(3),
     "1 referral was made in the 90 days before @, of which none led to no further action."),
    ("cp_plan.share_initial_category_NEG.90d", 0.5, rows(3, 4),
     "2 child protection plans began in the 90 days before @, of which 1 was for neglect."),
    ("referral.rate.2555d", 4 * 365 / 1460, rows(3, 4, 5, 6),
     "4 referrals were made in the 2,555 days before @; the records cover 1,460 of these days."),
    ("referral.rate.2555d", 0, rows(),
     "No referral was made in as much of the 2,555 days before @ as the records cover."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "evidence", "said"), TWO, ids=[f"{name}={v}" for name, v, *_ in TWO])
def test_two_numbers_from_the_source_rows(name, value, evidence, said):
    assert reason_sentence(parse_feature(name), float(value), evidence, DAY) == said.replace("@", "the index date")


OF_PARTS = [
    ("contact.count.365d - referral.count.365d", (4, 1),
     "4 contacts were made in the 365 days before @, and 1 referral was made in that time."),
    ("missing.count.90d - missing.count.365d", (0, 2),
     "No missing episode began in the 90 days before @, and 2 missing episodes began in the 365 days before @."),
    ("conference.count.1095d / s47.count.1095d", (1, 2),
     "1 initial child protection conference was held in the 1,095 days before @, and 2 section 47 enquiries began "
     "in that time."),
    ("referral.days_in.365d - worker.days_in.365d", (300, 0),
     "A referral was open on 300 of the 365 days before @, and a worker was allocated on none of them."),
    ("assessment.factor_24A.count.90d - assessment.factor_16A.count.90d", (0, 1),
     "No assessment in the 90 days before @ identified child criminal exploitation as a factor, and an assessment "
     "in that time identified neglect as a factor."),
    ("referral.days_since_end - referral.days_since", (42, 12),
     "A referral was last closed 42 days before @, and one was last made 12 days before that date."),
    ("missing.days_since_end - missing.days_since", (1, 3),
     "A missing episode last ended 1 day before @, and one last began 3 days before that date."),
    ("contact.days_since - contact.count.90d", (14, 2),
     "14 days since the last contact, and 2 contacts were made in the 90 days before @."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parts", "said"), OF_PARTS, ids=[name for name, *_ in OF_PARTS])
def test_both_parts_of_a_ratio_or_a_difference(name, parts, said):
    spec, said = parse_feature(name), said.replace("@", "the index date")
    value = parts[0] / parts[1] if " / " in name else parts[0] - parts[1]
    assert reason_sentence(spec, float(value), None, DAY, parts=tuple(map(float, parts))) == said
    assert reason_sentence(spec, float(value) + 1, None, DAY, parts=tuple(map(float, parts))) != said, "another value"


@pytest.mark.parametrize(("days", "years"), [(4747, "12 years"), (4748, "13 years"), (364, "0 years"), (365, "1 year")])
def test_a_life_is_told_in_birthdays(days, years):
    age, spec = days / 365.25, parse_feature("referral.total_days / child.age")
    said = reason_sentence(spec, 30 / age, None, pd.Timestamp("2021-03-01"), parts=(30.0, age))
    assert said == f"A referral was open on 30 days before the index date, in a life of {years} so far."


def test_nothing_there_is_told_from_records_that_do_not_reach():
    spec, nothing = (
        parse_feature("contact.days_since.90d"),
        "No contact is on record in the 90 days before the index date",
    )
    assert reason_sentence(spec, NAN, reached=True) == f"{nothing}."
    assert reason_sentence(spec, NAN) == f"{nothing}, or the records do not reach back 90 days."
    assert reason_sentence(spec, NAN, reached=False) == "Unknown: the records of contacts do not reach back 90 days."


@pytest.mark.parametrize(("born", "years"), [("2009-01-31", 15), ("2009-02-01", 14), ("2008-02-29", 15)])
def test_age_goes_by_the_birthday(born, years):
    evidence = pd.DataFrame({"date": [pd.Timestamp(born)]})
    value = (DAY - pd.Timestamp(born)).days / 365.25
    assert reason_sentence(parse_feature("child.age"), value, evidence, DAY) == f"Aged {years}."


@pytest.mark.parametrize("value", [0.0, 1.0, 3.0, NAN])
def test_every_default_feature_has_a_sentence(value):
    for spec in default_features():
        said = reason_sentence(spec, value)
        assert re.fullmatch(r"[A-Z\d][^._]*\.", said), spec.name
        assert spec.name not in said
        assert "nan" not in said.lower().replace("maintenance", "")
        assert not re.search(r"\b\d+d\b|\b(0|1) \w+s (was|began|were)\b", said)
        if value == 0 and spec.empty == 0:
            assert re.match(r"No |.* none of ", said), spec.name
            assert " 0 " not in said


@settings(max_examples=150)
@given(spec=every_spec(), value=st.sampled_from([0.0, 1.0, 2.0, 0.25, NAN]))
def test_every_kind_and_scope_has_a_sentence_of_its_own(spec, value):
    assert type(spec) in {**_WRITERS, **WHOLE}
    said = reason_sentence(spec, 1.0 if isinstance(spec, Calendar) and value < 1 else value)
    assert re.match(r"[A-Z\d]", said)
    assert said.endswith(".")
    assert "  " not in said
    assert spec.name not in said
    assert "_" not in said
    assert not said.startswith(spec.sentence.rstrip(".") + ":"), "the plain way out is for other kinds"
    scoped = [spec.first, spec.second] if isinstance(spec, Combined) else [spec]
    assert ("sibling" in said) == any(getattr(each, "scope", "child") != "child" for each in scoped)
    assert ("undated links included" in said) <= ("sibling" in said)


def test_every_kind_of_feature_has_a_writer():
    assert set(EVERY_KIND) == {*_WRITERS, *WHOLE}


def test_the_place_of_a_code_is_told_as_the_code():
    spec = parse_feature("referral.last_source")
    assert reason_sentence(spec, float(spec.categories.index("6"))) == reason_sentence(spec, "6")


def test_no_two_default_features_say_the_same():
    for value in (0.0, 1.0, 3.0):
        said = [reason_sentence(spec, value) for spec in default_features()]
        assert len(set(said)) == len(said)


@dataclass(frozen=True)
class Distance(Feature):
    """A kind of feature that the wording does not know."""

    @property
    def name(self):
        return "school.distance"

    @property
    def sentence(self):
        return "Miles from home to school."


def test_other_kinds_of_feature():
    assert reason_sentence(Distance(), 2.5) == "Miles from home to school: 2.5."
    assert reason_sentence(Distance(), NAN) == "Miles from home to school: unknown."
    assert reason_sentence(None, 1234.5) == "A feature of your own is 1,234.5."
    assert reason_sentence(None, NAN) == "A feature of your own is unknown."


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1218.0, "The last referral was made 1,218 days after one had last been closed."),
        (1.0, "The last referral was made 1 day after one had last been closed."),
        (0.0, "The last referral was made on the day on which one had last been closed."),
        (NAN, "Not known: how long after the end of one referral the next began."),
        (-30.0, "The last referral to end did so 30 days after the last one began."),
    ],
)
def test_a_start_after_an_end_is_said_as_a_return(value, said):
    assert reason_sentence(parse_feature("referral.days_since_end - referral.days_since"), value) == said
