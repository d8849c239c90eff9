"""Validation rules of the children in need census that touch our fields.

The census nests plans and assessments in the referral that they belong to. Our tables do not carry that link, so a rule
about "the referral" is judged against the child's referrals as a whole; its sentence says so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.records.rules.rule import Facts, Rule, given, missing

__all__ = ["CIN_RULES"]

_REFERRALS = ("referrals",)
_LONGEST_ID = 20
_PREGNANCY = pd.Timedelta(days=280)
_FEWEST_CODES = 8
_SURE_AFTER = pd.Timedelta(days=365)
_NO_FACTOR = "21"

_COHORT = "Cases look open that are not, or the reverse: children are scored who should not be, or are left out."
_TWICE = "The same work is counted twice, or seems to go on for ever: counts and durations are too high."
_ORDER = "Events stand in the wrong order, so that a feature sees work before the referral that it followed from."
_CLOSING = "Why a case closed is not known, so a child who moved away or was adopted looks at risk with no entry."
_FACTORS = "Factors, among the strongest features, are missing or say nothing for these assessments."
_CATEGORY = "Features that split child protection plans by category leave these plans out."
_AUDIT = "Disability is for audit: groups by it are too small or wrong."
_AGE = "Ages are wrong: children are scored who should not be, or are left out."
_LOST = "The rows are left out, so that part of the child's history is not there."
_JOIN = "The child cannot be told from another, or not be joined to its entry into care."

_ACTIVITY = (
    ("assessments", "start_date"),
    ("assessments", "end_date"),
    ("s47_enquiries", "start_date"),
    ("initial_conferences", "date"),
    ("cp_plans", "end_date"),
    ("cin_plans", "start_date"),
    ("cin_plans", "end_date"),
)
_BEGUN = (_ACTIVITY[0], _ACTIVITY[2], _ACTIVITY[3])


def _before_referral(name: str, date: str, facts: Facts) -> np.ndarray:
    """Rows from before the child's first referral, where the window would have held an earlier one."""
    held = facts.case_on(name, date)
    first_day = facts.observed_from.get("referrals")
    sure = np.ones(len(held), dtype=bool) if first_day is None else (held["day"] >= first_day + _SURE_AFTER)
    return (held["day"] < held["first"]).to_numpy(dtype=bool) & np.asarray(sure, dtype=bool)


def _after_closure(facts: Facts) -> int:
    """Dates of work that fall after all of the child's referrals up to then have closed."""
    return sum(int((held["reach"] < held["day"]).sum()) for held in (facts.case_on(*each) for each in _ACTIVITY))


def _dates(activity: tuple[tuple[str, str], ...], facts: Facts) -> int:
    """How many dates of work there are."""
    return sum(int(facts.tables[name][date].notna().sum()) for name, date in activity)


def _on_no_action(activity: tuple[tuple[str, str], ...], facts: Facts) -> int:
    """Rows whose child's latest referral up to then led to no further action."""
    return sum(int((facts.case_on(*each)["no_action"] == True).sum()) for each in activity)  # noqa: E712  may be missing


def _open_cases(facts: Facts) -> pd.DataFrame:
    """Referrals that are open and led to more than nothing."""
    referrals = facts.referrals
    return referrals[referrals["end_date"].isna() & ~referrals["nfa"].fillna(value=False).astype(bool)]


def _several_open(frame: pd.DataFrame) -> np.ndarray:
    """Open rows of a child who has more than one of them."""
    left_open = frame[frame["end_date"].isna()]
    return left_open["child_id"].duplicated(keep=False).to_numpy(dtype=bool)


def _not_the_latest(facts: Facts) -> np.ndarray:
    """Open cases of a child who has a later referral."""
    latest = facts.referrals.groupby("child_id")["start_date"].max()
    cases = _open_cases(facts)
    return cases["start_date"].to_numpy() < latest.reindex(cases["child_id"]).to_numpy()


def _overlapping_referrals(facts: Facts) -> np.ndarray:
    """Referrals that begin while an earlier one runs; one without further action and without an end does not run."""
    table = facts.tables["referrals"]
    idle = table["end_date"].isna() & table["nfa"].fillna(value=False).astype(bool)
    counted = Facts(
        {"referrals": table.assign(end_date=table["end_date"].where(~idle, table["start_date"]))},
        observed_until=facts.observed_until,
        observed_from=facts.observed_from,
    ).referrals
    return (counted["start_date"] < counted["reached"]).to_numpy(dtype=bool)


def _overlapping(name: str, facts: Facts, *, same_day: bool) -> np.ndarray:
    """Rows that begin while an earlier one of the child runs, or, if so asked, on the day on which it ends."""
    spells = facts.in_order(name)
    begins, reached = spells["start_date"], spells["reached"]
    return ((begins <= reached) if same_day else (begins < reached)).to_numpy(dtype=bool)


def _starts_within(inner: str, outer: str, facts: Facts) -> np.ndarray:
    """Rows of one table that begin within a spell of the same child in another; on its last day is not within."""
    starts = facts.tables[inner][["child_id", "start_date", "row_key"]]
    spells = facts.tables[outer][["child_id", "start_date", "end_date"]]
    pairs = starts.merge(spells, on="child_id", suffixes=("", "_outer"))
    within = (pairs["start_date"] >= pairs["start_date_outer"]) & ~(pairs["start_date"] >= pairs["end_date"])
    return starts["row_key"].isin(pairs.loc[within, "row_key"]).to_numpy(dtype=bool)


def _open_with_open(facts: Facts) -> np.ndarray:
    """Open child in need plans of children with an open child protection plan."""
    plans, protection = facts.tables["cin_plans"], facts.tables["cp_plans"]
    protected = protection.loc[protection["end_date"].isna(), "child_id"]
    return missing(plans["end_date"]) & plans["child_id"].isin(protected).to_numpy(dtype=bool)


def _none_and_others(facts: Facts) -> np.ndarray:
    """Factors beside a statement that there are none, in the same assessment (told by child and day)."""
    factors = facts.tables["assessment_factors"]
    none = (factors["factor"] == _NO_FACTOR).groupby([factors["child_id"], factors["date"]]).transform("any")
    return none.to_numpy(dtype=bool) & (factors["factor"] != _NO_FACTOR).to_numpy(dtype=bool)


def _without_factors(facts: Facts) -> np.ndarray:
    """Completed assessments without a factor, where factors are loaded at all and had begun by then."""
    done = facts.tables["assessments"].dropna(subset=["end_date"])
    factors = facts.tables["assessment_factors"]
    if factors.empty:
        return np.zeros(len(done), dtype=bool)
    first_day = facts.observed_from.get("assessment_factors")
    done = done if first_day is None else done[done["end_date"] >= first_day]
    told = pd.MultiIndex.from_frame(factors[["child_id", "date"]])
    return ~pd.MultiIndex.from_frame(done[["child_id", "end_date"]]).isin(told)


def _disability_none_and_others(facts: Facts) -> np.ndarray:
    """Disabilities of children who are also said to have none."""
    held = facts.tables["disabilities"]
    denied = held["child_id"].isin(held.loc[held["code"] == "NONE", "child_id"])
    return denied.to_numpy(dtype=bool) & given(held["code"]) & (held["code"] != "NONE").to_numpy(dtype=bool)


def _few_codes(facts: Facts) -> bool:
    """Whether fewer than eight disability codes are in use."""
    return facts.seen("disabilities") and facts.tables["disabilities"]["code"].nunique() < _FEWEST_CODES


def _one_code_each(facts: Facts) -> bool:
    """Whether no child has more than one disability."""
    held = facts.tables["disabilities"]
    held = held[held["code"].notna() & (held["code"] != "NONE")]
    return len(held) > 0 and not held["child_id"].duplicated().any()


def _born_too_late(facts: Facts) -> np.ndarray:
    """Referrals of more than 40 weeks before the birth."""
    referrals = facts.tables["referrals"]
    return referrals["start_date"].to_numpy() < facts.births(referrals) - _PREGNANCY.to_timedelta64()


CIN_RULES: tuple[Rule, ...] = (
    Rule("CIN 1103", "An assessment starts before the child's first referral.", ("assessments", "referrals"), _ORDER,
         lambda facts: _before_referral("assessments", "start_date", facts)),
    Rule("CIN 1104", "An initial child protection conference is held before the child's first referral.",
         ("initial_conferences", "referrals"), _ORDER,
         lambda facts: _before_referral("initial_conferences", "date", facts)),
    Rule("CIN 1105", "A child protection plan starts before the child's first referral.", ("cp_plans", "referrals"),
         _ORDER, lambda facts: _before_referral("cp_plans", "start_date", facts)),
    Rule("CIN 1570", "A child's identifier has more than 20 characters.", ("children",), _JOIN,
         lambda facts: facts.tables["children"]["child_id"].str.len() > _LONGEST_ID),
    Rule("CIN 2887Q", "Fewer than 8 disability codes are in use in the whole authority (counts as 1).",
         ("disabilities",), _AUDIT, _few_codes),
    Rule("CIN 2888Q", "No child in the whole authority has more than one disability (counts as 1).", ("disabilities",),
         _AUDIT, _one_code_each),
    Rule("CIN 2889", "A section 47 enquiry starts before the child's first referral.", ("s47_enquiries", "referrals"),
         _ORDER, lambda facts: _before_referral("s47_enquiries", "start_date", facts)),
    Rule("CIN 4000", "A child in need plan starts when the child's latest referral led to no further action.",
         ("cin_plans", "referrals"), _COHORT, lambda facts: _on_no_action((("cin_plans", "start_date"),), facts)),
    Rule("CIN 4001", "A child has an open child in need plan and an open child protection plan.",
         ("cin_plans", "cp_plans"), _COHORT, _open_with_open),
    Rule("CIN 4014", "A child in need plan begins before the child's last one is over.", ("cin_plans",), _TWICE,
         lambda facts: _overlapping("cin_plans", facts, same_day=True)),
    Rule("CIN 4015", "A child in need plan starts before the child's first referral.", ("cin_plans", "referrals"),
         _ORDER, lambda facts: _before_referral("cin_plans", "start_date", facts)),
    Rule("CIN 4016", "A child in need plan starts during a child protection plan.", ("cin_plans", "cp_plans"), _TWICE,
         lambda facts: _starts_within("cin_plans", "cp_plans", facts)),
    Rule("CIN 4017", "A child protection plan starts during a child in need plan.", ("cp_plans", "cin_plans"), _TWICE,
         lambda facts: _starts_within("cp_plans", "cin_plans", facts)),
    Rule("CIN 8500", "A child has no identifier.", ("children",), _JOIN),
    Rule("CIN 8510", "A child's identifier is used more than once.", ("children",), _JOIN),
    Rule("CIN 8525Q", "A child has neither a date of birth nor an expected one.", ("children",), _LOST),
    Rule("CIN 8565", "Work is dated after all of the child's referrals up to then have closed.",
         ("referrals", "assessments", "s47_enquiries", "initial_conferences", "cp_plans", "cin_plans"), _COHORT,
         _after_closure, lambda facts: _dates(_ACTIVITY, facts)),
    Rule("CIN 8600", "A referral has no date that can be read.", _REFERRALS, _LOST),
    Rule("CIN 8606", "A referral is more than 40 weeks before the child's birth.", ("referrals", "children"), _AGE,
         _born_too_late),
    Rule("CIN 8608", "An assessment is authorised before it starts.", ("assessments",), _LOST),
    Rule("CIN 8620", "A case closes after the end of the extract.", _REFERRALS, _COHORT),
    Rule("CIN 8630", "A case closes before its referral.", _REFERRALS, _LOST),
    Rule("CIN 8790", "A child is said to have no disability, and has one recorded.", ("disabilities",), _AUDIT,
         _disability_none_and_others),
    Rule("CIN 8805", "A case is closed without a reason.", _REFERRALS, _CLOSING,
         lambda facts: given(facts.referrals["end_date"]) & missing(facts.referrals["close_reason"])),
    Rule("CIN 8810", "A case has a reason for closing and no closing date.", _REFERRALS, _COHORT,
         lambda facts: missing(facts.referrals["end_date"]) & given(facts.referrals["close_reason"])),
    Rule("CIN 8815", "A child has more than one open referral, not counting those without further action.", _REFERRALS,
         _COHORT, lambda facts: _several_open(_open_cases(facts))),
    Rule("CIN 8816", "An open referral is not the child's latest.", _REFERRALS, _COHORT, _not_the_latest),
    Rule("CIN 8820", "A referral is made while an earlier one of the child is open.", _REFERRALS, _TWICE,
         _overlapping_referrals),
    Rule("CIN 8831", "An assessment, enquiry or conference begins when the child's latest referral led to no further "
         "action.", ("referrals", "assessments", "s47_enquiries", "initial_conferences"), _COHORT,
         lambda facts: _on_no_action(_BEGUN, facts), lambda facts: _dates(_BEGUN, facts)),
    Rule("CIN 8832", "A child protection plan starts when the child's latest referral led to no further action.",
         ("cp_plans", "referrals"), _COHORT, lambda facts: _on_no_action((("cp_plans", "start_date"),), facts)),
    Rule("CIN 8839", "A child has more than one open section 47 enquiry.", ("s47_enquiries",), _TWICE,
         lambda facts: _several_open(facts.tables["s47_enquiries"])),
    Rule("CIN 8869", "A factor is recorded beside the statement that there are none (21).", ("assessment_factors",),
         _FACTORS, _none_and_others),
    Rule("CIN 8890", "A section 47 enquiry starts while another of the child goes on.", ("s47_enquiries",), _TWICE,
         lambda facts: _overlapping("s47_enquiries", facts, same_day=False)),
    Rule("CIN 8896", "A child has more than one open assessment.", ("assessments",), _TWICE,
         lambda facts: _several_open(facts.tables["assessments"])),
    Rule("CIN 8897Q", "A completed assessment has no factor.", ("assessments", "assessment_factors"), _FACTORS,
         _without_factors),
    Rule("CIN 8898", "A factor is recorded twice in one assessment (told by child and day).", ("assessment_factors",),
         _TWICE, lambda facts: facts.tables["assessment_factors"].duplicated(["child_id", "date", "factor"])),
    Rule("CIN 8905", "A child protection plan has no initial category of abuse.", ("cp_plans",), _CATEGORY,
         lambda facts: missing(facts.tables["cp_plans"]["initial_category"])),
    Rule("CIN 8910", "A child protection plan has no latest category of abuse.", ("cp_plans",), _CATEGORY,
         lambda facts: missing(facts.tables["cp_plans"]["latest_category"])),
    Rule("CIN 8935", "A child has more than one open child protection plan.", ("cp_plans",), _TWICE,
         lambda facts: _several_open(facts.tables["cp_plans"])),
    Rule("CIN 8940", "A child protection plan begins before the child's last one is over.", ("cp_plans",), _TWICE,
         lambda facts: _overlapping("cp_plans", facts, same_day=True)),
)  # fmt: skip
"""Rules of the children in need census, by number."""
