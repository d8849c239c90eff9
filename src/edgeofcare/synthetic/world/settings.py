"""Every assumption of the synthetic records, in one place.

A comment says where a value comes from. "DfE 2025" is the statistics for England of the year ending 31 March 2025
(Open Government Licence v3); "no source" marks a choice of ours. Rates are per month unless stated. The defaults make
the sample, a small authority with many adolescents that does not reproduce the statistics; what the other invented
authorities change is in :mod:`edgeofcare.synthetic.authorities.england` and
:mod:`edgeofcare.synthetic.authorities.triborough`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = [
    "AdolescenceRates",
    "CareRates",
    "FrontDoorRates",
    "PeopleRates",
    "PlanRates",
    "PolicyRates",
    "RecordingRates",
    "SchoolRates",
    "Settings",
    "shares",
]


def shares(**weights: float) -> Mapping[str, float]:
    """A read-only table of codes and weights; a leading underscore lets a code begin with a digit."""
    return MappingProxyType({code.lstrip("_"): weight for code, weight in weights.items()})


def _default(**weights: float) -> Mapping[str, float]:
    """A dataclass default that holds a table of codes and weights."""
    table: Mapping[str, float] = field(default_factory=lambda: shares(**weights))
    return table


@dataclass(frozen=True)
class PeopleRates:
    """Who the children are."""

    burn_in_years: int = 9  # no source: years simulated before the extract begins
    only_minors: bool = False  # no source: leaves out children who turn 18 before the extract begins
    extra: float = 0.0  # no source: share of children made beyond those asked for
    household_sizes: tuple[float, ...] = (0.46, 0.30, 0.14, 0.07, 0.03)  # no source: 1 to 5 children
    # no source: age in years when the household first comes to notice
    first_ages: tuple[float, ...] = (-0.35, 0.0, 1.0, 5.0, 10.0, 13.0, 16.0, 17.5)
    # no source: share below each of these ages
    first_age_shares: tuple[float, ...] = (0.0, 0.04, 0.12, 0.26, 0.45, 0.68, 0.93, 1.0)
    sibling_gap_years: tuple[float, float] = (1.0, 4.2)  # no source
    half_siblings: float = 0.08  # no source: child of a family whose mother is another woman
    shared_mothers: float = 0.06  # no source: family whose youngest child shares the mother of another family
    mother_unrecorded: float = 0.07  # no source
    family_unrecorded: float = 0.05  # no source
    uasc: float = 0.045  # no source as a share of known children; DfE 2025: 22 % of starts
    uasc_ages: tuple[float, float] = (14.6, 2.8)  # no source: youngest age on arrival, and years up to the oldest
    uasc_male: float = 0.93  # no source
    male: float = 0.52  # no source
    sex_unknown: float = 0.004  # no source
    disabled: float = 0.11  # no source
    short_breaks: float = 0.30  # no source: share of disabled children with a package
    ehc_plan: float = 0.20  # no source; DfE 2025: 31 % of children in need of school age
    ehc_plan_disabled: float = 0.65  # no source
    birth_estimated: float = 0.006  # no source
    uasc_birth_estimated: float = 0.6  # no source
    household_sd: float = 0.70  # no source: need of a household, on the log scale
    child_sd: float = 0.70  # no source: lasting need of a child
    process_sd: float = 0.70  # no source: slowly varying need of a child
    process_memory: float = 0.93  # no source: month to month
    need_on_parents: float = 0.45  # no source: log share for one unit of need of the household
    parental: Mapping[str, float] = _default(  # no source: share of households with a difficulty, at average need
        mental_health=0.36, domestic_abuse=0.34, alcohol=0.15, drugs=0.15, disability=0.07
    )
    ethnicity: Mapping[str, float] = _default(  # no source
        WBRI=62, WIRI=1, WIRT=0.4, WROM=0.8, WOTH=6, MWBC=3.5, MWBA=1.5, MWAS=1.6, MOTH=3, AIND=1.5, APKN=3.5,
        ABAN=2.2, CHNE=0.3, AOTH=2, BCRB=2.5, BAFR=4, BOTH=1.6, OOTH=2.2, REFU=0.6, NOBT=2.2,
    )  # fmt: skip
    uasc_ethnicity: Mapping[str, float] = _default(OOTH=38, BAFR=30, AOTH=18, WOTH=6, NOBT=8)  # no source
    disability: Mapping[str, float] = _default(  # no source
        LD=24, AUT=30, BEH=12, COMM=10, MOB=8, PC=4, HEAR=3, VIS=3, INC=2, HAND=1, CON=3, DDA=6
    )


@dataclass(frozen=True)
class FrontDoorRates:
    """Contacts, early help, referrals and assessments."""

    household_contact: float = 0.017  # no source: incident in a household that brings a contact about its children
    household_share: float = 0.60  # no source: child named in such a contact
    first_share: float = 0.85  # no source: child named in the first contact about the household
    child_contact: float = 0.017  # no source: contact about one child
    need_on_contact: float = 0.62  # no source: log rate for one unit of need
    recent_contact: float = 1.05  # no source: log rate if a contact in the last 6 months
    recent_referral: float = 0.0  # no source: log rate if a referral in the last 12 months
    newborn_contact: float = 0.0  # no source: log rate from 4 months before birth to 2 months after it
    age_on_contact: float = 0.0  # no source: log rate for each year of age
    open_contact: float = 0.55  # no source: log rate if the case is open
    referral: float = 0.58  # no source: contact becomes a referral, at average need
    first_referral: float = 0.78  # no source: the same for the first contact
    nfa: float = 0.065  # DfE 2025: 6.5 % of referrals
    nfa_not_closed: float = 0.35  # no source: such a referral has no closing date
    early_help: float = 0.16  # no source: contact becomes early help
    early_help_end: float = 0.15  # no source
    early_help_stops: float = 0.7  # no source: early help stops when a case is opened
    assessed: float = 0.92  # no source: referral is assessed
    assessment_days: tuple[int, int] = (25, 48)  # no source: days open; the guidance allows 45 working days
    assessment_late: float = 0.10  # no source: takes up to 20 days more
    assessment_nfa: float = 0.42  # no source, at average need; DfE 2025: 30.8 % of the assessed not in need
    reassessment: float = 0.045  # no source: new assessment of an open case
    factors_not_completed: float = 0.03  # no source
    # multiplies the chance that a factor is found; the factors not named keep theirs
    factor_scale: Mapping[str, float] = _default()
    source_young: Mapping[str, float] = _default(  # near DfE 2025: police 28, school 21, health 15
        _1A=6, _1B=1, _1C=0.3, _1D=2, _2A=20, _2B=2, _3A=2, _3B=5, _3C=2, _3D=1, _3E=4, _3F=4, _4=1.5, _5A=8, _5B=5,
        _5C=5, _5D=2, _6=27, _7=2, _8=4, _9=3, _10=1,
    )  # fmt: skip
    source_adolescent: Mapping[str, float] = _default(  # no source: more police and school
        _1A=5, _1B=1, _1C=2, _1D=1, _2A=24, _2B=4, _3A=2, _3C=2, _3D=1, _3E=5, _3F=4, _4=2, _5A=7, _5B=6, _5C=4, _5D=2,
        _6=33, _7=3, _8=4, _9=2, _10=1,
    )  # fmt: skip
    # no source: primary need of a referral, under 10
    need_young: Mapping[str, float] = _default(N1=60, N2=6, N3=4, N4=10, N5=12, N6=0.5, N7=1, N8=1, N9=2, N0=2)
    # no source: the same from 10
    need_adolescent: Mapping[str, float] = _default(N1=52, N2=6, N3=3, N4=11, N5=14, N6=6, N7=1, N8=2, N9=2, N0=2)
    need_disabled: Mapping[str, float] = _default(N1=25, N2=62, N4=7, N5=6)  # no source: of a disabled child


@dataclass(frozen=True)
class PlanRates:
    """Section 47 enquiries, conferences, plans and closure."""

    s47_at_referral: float = 0.17  # no source; DfE 2025: 189 enquiries to 519 referrals in all
    s47: float = 0.013  # no source: in an open case at average need
    need_on_s47: float = 0.55  # no source
    s47_days: tuple[int, int] = (6, 18)  # no source
    s47_conference: float = 0.34  # DfE 2025: 59 conferences to 189 enquiries
    s47_nfa: float = 0.42  # no source
    led_to_plan: float = 0.86  # DfE 2025: 51 plans to 59 conferences
    transfer_in: float = 0.02  # no source
    other_authority: float = 0.01  # no source
    cin_plan: float = 0.72  # no source: after an assessment that finds need
    cin_end: float = 0.058  # no source
    prior_plan: float = 0.0  # no source: log rate of enquiries if there was a child protection plan before
    need_on_end: float = 0.35  # no source: how much slower child protection plans end for one unit of need, log rate
    need_on_cin_end: float = 0.35  # no source: the same of child in need plans
    disabled_on_end: float = 0.0  # no source: log rate of the end of child in need plans of disabled children
    danger_on_end: float = 0.0  # no source: the same while a child is exploited or goes missing
    adolescent_on_end: float = 0.0  # no source: the same from 10
    cp_end_early: float = 0.0  # no source: log rate of the end of a child protection plan in its first six months
    cp_end: float = 0.085  # no source; DfE 2025: 2.3 % of plans had lasted two years
    cp_step_down: float = 0.65  # no source
    close_after_plan: float = 0.85  # no source
    close_idle: float = 0.15  # no source: open case with nothing under way
    worker_change: float = 0.055  # no source
    worker_change_on_entry: float = 0.5  # no source
    move_away: float = 0.0009  # no source: open case moves to another authority
    death: float = 0.00005  # no source
    category: Mapping[str, float] = _default(NEG=50.5, EMO=35.7, PHY=7.4, SAB=3.8, MUL=2.6)  # DfE 2020
    close_reason: Mapping[str, float] = _default(RC7=70, RC9=24, RC3=2, RC6=1)  # no source
    worker_reason: Mapping[str, float] = _default(  # no source
        MANAGE=30, LEFTRL=28, ORGRST=12, TSPROC=16, ABSENC=6, FCONTA=2, CHCHAN=2, PCCHAN=1, OTHERS=3
    )


@dataclass(frozen=True)
class AdolescenceRates:
    """Missing episodes, exploitation, self-harm and offences."""

    burst: float = 0.0055  # no source: a run of missing episodes begins
    burst_end: float = 0.30  # no source
    need_on_burst: float = 0.75  # no source
    exploited_on_burst: float = 1.1  # no source
    care_on_burst: float = 0.9  # no source
    peak_age: float = 14.8  # no source: age at which missing episodes are most likely
    burst_weeks: float = 0.42  # no source: chance of an episode in each week of a run
    isolated: float = 0.0022  # no source: a missing episode outside a run
    # no source: missing episodes and offences are entered only with an open case, in care, or 12 months after a contact
    only_recent: bool = False
    absent: float = 0.12  # no source: absent without authorisation, not missing
    exploitation: float = 0.0038  # no source
    exploitation_end: float = 0.06  # no source
    need_on_exploitation: float = 0.7  # no source
    self_harm: float = 0.0034  # no source
    self_harm_end: float = 0.05  # no source
    offence: float = 0.0022  # no source
    offence_exploited: float = 1.3  # no source
    remand: float = 0.035  # no source: after an offence


@dataclass(frozen=True)
class SchoolRates:
    """Suspensions and permanent exclusions from school, ages 5 to 16."""

    suspension: float = 0.0016  # no source: at average need, under 11
    secondary: float = 1.3  # no source: log rate from 11
    male: float = 0.45  # no source
    need: float = 0.35  # no source
    exploited: float = 0.8  # no source
    looked_after: float = 0.0  # no source: log rate in care
    again: float = 1.5  # no source: log rate if suspended in the last 90 days
    permanent: float = 0.012  # no source: share of suspensions that are permanent exclusions
    days: Mapping[str, float] = _default(_1=36, _2=28, _3=16, _4=6, _5=11, _10=3)  # no source: length of a suspension


@dataclass(frozen=True)
class CareRates:
    """Entry into care, and what follows."""

    # log hazards of entry of an adolescent on an open case; no published odds ratios were found for missing episodes,
    # exploitation or self-harm, so the odds ratios named here are priors without a source
    adolescent: float = 0.00088  # no source: rate at average need, with none of what follows
    need: float = 0.90  # no source
    missing_some: float = 0.7  # no source: 1 or 2 episodes in about 90 days
    missing_many: float = 1.6  # no source: prior odds ratio 3 to 6 for three or more
    cp_plan: float = 1.4  # no source: prior 3 to 6
    exploited: float = 1.2  # no source: prior 2 to 4
    prior_care: float = 1.2  # no source: prior 5 to 10 in all, part of which is shared need
    self_harm: float = 0.9  # no source: prior 1.5 to 3
    recent_s47: float = 0.8  # no source
    suspended: float = 0.0  # no source: prior 1.5 to 2.5, suspension in the last 120 days
    excluded: float = 0.0  # no source: prior 2 to 4, permanent exclusion in the last 12 months
    parents: float = 0.0  # no source: prior 1.3 to 2, a parent with mental ill health or who misuses alcohol or drugs
    domestic_abuse: float = 0.0  # no source: prior 1.3 to 2
    recent_exit: float = 0.0  # no source: left care in the last 12 months
    ages_16_17: float = 0.0  # no source
    ages_14_16: float = 0.35  # no source
    ages_10_11: float = -0.6  # no source
    closed: float = 0.00015  # no source: adolescent without an open case
    closed_young: float = 0.12  # no source: share of that rate under 10
    newborn: float = 0.0  # no source: log rate in the first month of life
    ages_5_9: float = 0.0  # no source
    infant: float = 0.022  # no source: under 1, open case; DfE 2025: 16 % of starts
    young: float = 0.0028  # no source: 1 to 9
    need_young: float = 0.7  # no source: log rate under 10 for one unit of need
    cp_plan_young: float = 1.4  # no source
    sibling: float = 0.35  # no source: a younger sibling enters with the child
    short_break_start: float = 0.05  # no source
    short_break_end: float = 0.022  # no source
    short_break_converts: float = 0.006  # no source: V4 becomes V2
    short_break_visit: float = 0.35  # no source: month with a V3 stay
    status: Mapping[str, float] = _default(V2=57, C1=29, L1=11, L2=1.5, C2=0.7)  # near DfE 2025: 57, 31, 9, 1, under 1
    status_adolescent: Mapping[str, float] = _default()  # no source: the same from 10; or empty
    need_adolescent: Mapping[str, float] = _default()  # no source: need on entry from 10; or empty
    # near DfE 2025 without unaccompanied children
    need_code: Mapping[str, float] = _default(N1=72, N2=2.5, N3=2.5, N4=9, N5=11, N6=2, N8=1)
    placement: Mapping[str, float] = _default(U1=22, U4=8, U6=36, K2=18, K3=4, P1=4, R1=2, Z14=1, U5=5)  # no source
    provider: Mapping[str, float] = _default(PR0=4, PR1=48, PR2=4, PR4=40, PR5=4)  # no source
    # no source: why a placement ended
    change_reason: Mapping[str, float] = _default(
        CARPL=38, CREQB=18, CHILD=10, STAND=8, LAREQ=9, PLACE=7, OTHER=8, ALLEG=2
    )
    move: float = 0.05  # no source: change of placement
    status_v2_c1: float = 0.02  # no source
    status_c1_c2: float = 0.09  # no source
    status_c2_e1: float = 0.05  # no source: under 5
    adopted: float = 0.07  # no source: after a placement order
    settling: float = 0.0  # no source: log rate of going home in the first six months of a period of care
    home_young: float = 0.0  # no source: log rate of going home under 10
    guardianship_early: float = 0.0  # no source: log rate of special guardianship under an interim order
    special_guardianship: float = 0.008  # no source; DfE 2025: 12 % of those who ceased
    home_v2: float = 0.055  # no source; DfE 2025: 19 % of those who ceased went home
    home_c: float = 0.008  # no source
    other_exit: float = 0.004  # no source
    remand_need: Mapping[str, float] = _default(N6=1)  # no source
    remand_end: float = 0.38  # no source
    transfer: float = 0.0007  # no source: care taken over by another authority
    close_on_entry: float = 0.08  # no source: the referral is closed soon after entry


@dataclass(frozen=True)
class RecordingRates:
    """How the events reach the extract."""

    late: float = 0.15  # no source
    # no source: delay in days of a late entry, about 50 on average
    late_days: tuple[float, ...] = (1.0, 13.0, 32.0, 64.0, 108.0, 215.0, 380.0)
    # no source: share below each of these delays
    late_shares: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)
    late_end: float = 0.12  # no source: ends of plans and cases
    never_closed: Mapping[str, float] = _default(  # no source: the end is never entered
        cin_plans=0.03,
        cp_plans=0.006,
        early_help=0.04,
        missing_episodes=0.006,
        referrals=0.006,
        s47_enquiries=0.006,
        worker_involvements=0.02,
    )
    code_missing: float = 0.015  # no source: source, need and reason codes
    duplicates: int = 4  # no source: exact copies in each of three tables
    orphans: int = 4  # no source: rows of a child who is not in the extract, in each of two tables


@dataclass(frozen=True)
class PolicyRates:
    """A change of policy, which moves the base rate from one month on."""

    month: tuple[int, int] = (0, 0)  # year and month in which it begins; zeros for none
    entry: float = 1.0  # multiplies the chance of entering care
    referral: float = 1.0  # multiplies the odds that a contact becomes a referral


@dataclass(frozen=True)
class Settings:
    """All assumptions together."""

    people: PeopleRates = field(default_factory=PeopleRates)
    front_door: FrontDoorRates = field(default_factory=FrontDoorRates)
    plans: PlanRates = field(default_factory=PlanRates)
    adolescence: AdolescenceRates = field(default_factory=AdolescenceRates)
    school: SchoolRates = field(default_factory=SchoolRates)
    care: CareRates = field(default_factory=CareRates)
    recording: RecordingRates = field(default_factory=RecordingRates)
    policy: PolicyRates = field(default_factory=PolicyRates)
