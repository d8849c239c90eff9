"""What the synthetic England claims to reproduce: every target with its figure, and what is not claimed and why.

The figures are those of the Department for Education for England, year ending 31 March 2025, unless a label names
another year. Counts for each 10,000 children are divided by the referrals, because the records hold known children.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NOT_CLAIMED", "SHOWN", "TARGETS", "Target"]

REFERRALS = 519.4
CARE_STARTS = 32_270
INCIDENTS = 86_900


@dataclass(frozen=True)
class Target:
    """One figure.

    Parameters
    ----------
    key : str
        Name of the measure.
    label : str
        What it is.
    value : float
        The figure.
    panel : str
        Part of the picture.
    """

    key: str
    label: str
    value: float
    panel: str


def _targets(panel: str, prefix: str, rows: dict[str, tuple[str, float]]) -> tuple[Target, ...]:
    """Targets of one panel whose keys begin alike."""
    return tuple(Target(f"{prefix}{key}", label, value, panel) for key, (label, value) in rows.items())


_FLOWS = _targets(
    "For each referral",
    "per_10k_0_17.",
    {
        "cin_31mar": ("children in need on 31 March", 330.3 / REFERRALS),
        "s47": ("section 47 enquiries", 189.3 / REFERRALS),
        "icpc": ("initial conferences", 59.2 / REFERRALS),
        "cpp_starts": ("child protection plans begun", 50.8 / REFERRALS),
        "cpp_31mar": ("child protection plans on 31 March", 40.6 / REFERRALS),
        "cla_starts": ("children starting to be looked after", 26 / REFERRALS),
        "cla_ceased": ("children ceasing to be looked after", 28 / REFERRALS),
        "cla_31mar": ("children looked after on 31 March", 67 / REFERRALS),
    },
)
_FRONT_DOOR = _targets(
    "Referrals and plans",
    "",
    {
        "rereferral_12m_share": ("referred again within 12 months", 0.226),
        "referral_nfa_share": ("referral without further action", 0.065),
        "assessed_not_in_need_share": ("assessed and not in need", 0.308),
        "referral_source.police": ("referred by the police", 0.283),
        "referral_source.school": ("referred by schools", 0.206),
        "referral_source.health": ("referred by health services", 0.152),
        "cpp_second_or_subsequent": ("second or later protection plan", 0.245),
        "cpp_category.NEG": ("plan for neglect (2020)", 0.505),
        "cpp_category.EMO": ("plan for emotional abuse (2020)", 0.357),
        "cpp_category.PHY": ("plan for physical abuse (2020)", 0.074),
        "education.cin_ehcp": ("in need, of school age: EHC plan", 0.314),
        "education.suspended_ge1_2023_24.cin": ("in need: suspended in the year (2023/24)", 0.1424),
    },
)
_STARTS = _targets(
    "Starting to be looked after",
    "cla_starts.",
    {
        "u1": ("under 1", 5_140 / CARE_STARTS),
        "1_4": ("1 to 4", 4_430 / CARE_STARTS),
        "5_9": ("5 to 9", 4_920 / CARE_STARTS),
        "10_15": ("10 to 15", 8_660 / CARE_STARTS),
        "16_plus": ("16 and over", 9_110 / CARE_STARTS),
        "uasc": ("unaccompanied asylum-seeking", 6_950 / CARE_STARTS),
        "male": ("male", 19_500 / CARE_STARTS),
    },
)
_LEGAL = _targets(
    "Starting to be looked after",
    "cla_starts_legal.",
    {
        "s20": ("section 20", 0.57),
        "ico": ("interim care order", 0.31),
        "police_protection": ("police protection", 0.09),
        "remand": ("remand", 0.02),
        "epo": ("emergency protection order", 0.01),
    },
)
_NEED = _targets(
    "Starting to be looked after",
    "cla_starts_need.",
    {
        "abuse_neglect": ("need: abuse or neglect", 0.57),
        "disability": ("need: disability", 0.02),
        "parental_illness": ("need: parental illness", 0.02),
        "family_acute_stress": ("need: acute stress", 0.07),
        "family_dysfunction": ("need: family dysfunction", 0.09),
        "socially_unacceptable_behaviour": ("need: behaviour", 0.02),
        "absent_parenting": ("need: absent parenting", 0.21),
    },
)
_FACTORS = _targets(
    "Factors found at assessments",
    "assessment_factor_prevalence.",
    {
        "parent_mental_health": ("mental health of a parent", 0.335),
        "domestic_abuse_parent": ("domestic abuse, parent", 0.317),
        "emotional_abuse": ("emotional abuse", 0.190),
        "child_mental_health": ("mental health of the child", 0.176),
        "neglect": ("neglect", 0.176),
        "alcohol_parent": ("alcohol, parent", 0.143),
        "drugs_parent": ("drugs, parent", 0.141),
        "child_learning_disability": ("learning disability of the child", 0.123),
        "physical_abuse_adult_on_child": ("physical abuse by an adult", 0.120),
        "domestic_abuse_child": ("domestic abuse, child", 0.113),
        "socially_unacceptable_behaviour": ("behaviour", 0.070),
        "self_harm": ("self-harm", 0.050),
        "drugs_child": ("drugs, child", 0.048),
        "young_carer": ("young carer", 0.037),
        "sexual_abuse_adult_on_child": ("sexual abuse by an adult", 0.037),
        "going_missing": ("going missing", 0.033),
        "cce": ("criminal exploitation", 0.032),
        "cse": ("sexual exploitation", 0.024),
        "alcohol_child": ("alcohol, child", 0.021),
        "gangs": ("gangs", 0.017),
        "trafficking": ("trafficking", 0.004),
    },
)
_CARE = _targets(
    "In care and after",
    "",
    {
        "cla_missing_share_of_year": ("went missing in the year", 0.11),
        "reentry.within_1y_2012": ("entered again within a year (2012)", 0.144),
        "missing_incidents.10_15": ("missing incidents of ages 10 to 15", 38_060 / INCIDENTS),
        "missing_incidents.16_plus": ("missing incidents of ages 16 and over", 48_690 / INCIDENTS),
    },
)
_COUNTS = _targets(
    "Missing incidents",
    "missing_incidents.",
    {
        "each": ("a year, of each child who went missing (2022)", 6.3),
        "total": ("a year, for each child in care on 31 March", INCIDENTS / 81_770),
    },
)
TARGETS = (*_FLOWS, *_FRONT_DOOR, *_STARTS, *_LEGAL, *_NEED, *_FACTORS, *_CARE, *_COUNTS)
"""Every figure that the synthetic England claims."""

SHOWN = (
    *_targets(
        "",
        "cin_open.",
        {
            "0": ("open cases: under 3 months", 0.267),
            "1": ("3 to 6 months", 0.110),
            "2": ("6 to 12 months", 0.131),
            "3": ("1 to 2 years", 0.137),
            "4": ("2 years and over", 0.356),
        },
    ),
    *_targets(
        "",
        "cpp_open.",
        {
            "0": ("open protection plans: to 3 months", 0.315),
            "1": ("3 to 6 months", 0.255),
            "2": ("6 to 12 months", 0.263),
            "3": ("1 to 2 years", 0.144),
            "4": ("2 years and over", 0.023),
        },
    ),
    *_targets(
        "",
        "cla_age.",
        {
            "u1": ("looked after on 31 March: under 1", 0.04),
            "1_4": ("1 to 4", 0.12),
            "5_9": ("5 to 9", 0.18),
            "10_15": ("10 to 15", 0.38),
            "16_plus": ("16 and over", 0.27),
        },
    ),
    *_targets(
        "",
        "ceased.",
        {
            "at_18": ("ceased to be looked after: at 18", 0.40),
            "home": ("returned home", 0.19),
            "guardianship": ("special guardianship", 0.12),
            "adopted": ("adopted", 0.09),
            "10_15": ("aged 10 to 15", 0.14),
            "16_17": ("aged 16 or 17", 0.12),
        },
    ),
    *_targets(
        "",
        "",
        {
            "cpp_category.SAB": ("plan for sexual abuse (2020)", 0.038),
            "cpp_category.MUL": ("plan for several categories (2020)", 0.026),
            "education.suspended_ge1_2023_24.cla": ("looked after: suspended in the year (2023/24)", 0.1455),
            "education.permanent_exclusion_2023_24.cin": ("in need: permanently excluded (2023/24)", 0.0103),
            "ethnicity.black": ("adolescents who enter: Black (2011 to 2015)", 0.09),
            "ethnicity.mixed": ("adolescents who enter: Mixed (2011 to 2015)", 0.07),
        },
    ),
)
"""Figures that are measured beside the others, but not claimed."""

NOT_CLAIMED = (
    (
        "rates for each 10,000 children, shares by 18 of all children, offending among all pupils",
        "the records hold only children known to the service, so there is no population to divide by",
    ),
    ("care applications to court (Cafcass)", "there is no court in the records"),
    (
        "free school meals, support for special needs, absence, EHC plans of looked-after children",
        "no table of the records holds them, or they were not fitted",
    ),
    (
        "how long cases have been open",
        "the published stock of children in need holds care leavers over 18, whose cases are old; ours ends at 18",
    ),
    ("ages and destinations of looked-after children", "measured below; only some were fitted, by hand"),
    ("return to care within five years", "not fitted; exits of 2008, before today's orders"),
    ("spread between authorities", "one invented authority has none"),
    (
        "share of open adolescent cases that enters within 12 months, 6 to 12%",
        "an assumption that divides by pupils of mainstream secondary schools; see the notes below",
    ),
    (
        "ethnic groups among entrants, other than as shown below",
        "groups differ in how many are known to the service, and not in what happens to them afterwards",
    ),
    (
        "odds ratios of single events",
        "none was found for missing episodes, exploitation or self-harm; the log rates are priors within given ranges",
    ),
)
"""What is not claimed, and why."""
