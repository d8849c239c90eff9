"""What the synthetic England changes in the assumptions of the sample.

"Fitted" marks a value that was adjusted until the records met the target named beside it, and that has no source of
its own.
"""

from __future__ import annotations

from dataclasses import replace

from edgeofcare.synthetic.world.settings import Settings, shares

__all__ = ["ENGLAND"]

_BASE = Settings()

_ETHNICITY = shares(
    WBRI=67, WIRI=0.8, WIRT=0.4, WROM=0.8, WOTH=5, MWBC=2.7, MWBA=1.2, MWAS=1.2, MOTH=1.9, AIND=1.5, APKN=3.2,
    ABAN=1.6, CHNE=0.3, AOTH=1.6, BCRB=2.4, BAFR=4.8, BOTH=1.8, OOTH=1.8, REFU=0.6, NOBT=2.2,
)  # fmt: skip
_FACTOR_SCALE = shares(
    _4B=0.867, _3B=0.892, _17A=0.694, _4A=1.07, _16A=0.739, _1B=0.887, _2B=0.861, _5A=1.29, _18C=0.7, _3A=0.862,
    _14A=0.789, _15A=1.2, _2A=1.26, _7A=1.27, _19C=0.717, _24A=1.19, _11A=1.24, _1A=1.06, _13A=1.09, _12A=0.964,
    _10A=1.3,
)  # fmt: skip
_SOURCE_YOUNG = shares(
    _1A=5.49, _1B=0.915, _1C=0.274, _1D=1.83, _2A=21.5, _2B=1.83, _3A=2.07, _3B=5.18, _3C=2.07, _3D=1.04,
    _3E=4.14, _3F=4.14, _4=1.37, _5A=7.32, _5B=4.57, _5C=4.57, _5D=1.83, _6=28.5, _7=1.83, _8=3.66, _9=2.74,
    _10=0.915,
)  # fmt: skip
_SOURCE_ADOLESCENT = shares(
    _1A=4.56, _1B=0.912, _1C=1.82, _1D=0.912, _2A=25.8, _2B=3.65, _3A=2.07, _3C=2.07, _3D=1.03, _3E=5.16,
    _3F=4.13, _4=1.82, _5A=6.38, _5B=5.47, _5C=3.65, _5D=1.82, _6=34.7, _7=2.74, _8=3.65, _9=1.82, _10=0.912,
)  # fmt: skip
_NEVER_CLOSED = shares(
    cin_plans=0.03, cp_plans=0.0005, early_help=0.04, missing_episodes=0.006, referrals=0.001,
    s47_enquiries=0.006, worker_involvements=0.02,
)  # fmt: skip

_PEOPLE = replace(
    _BASE.people,
    burn_in_years=18,  # no source: a whole childhood
    only_minors=True,  # no source
    extra=0.6,  # no source: so that enough of them are seen in the extract
    # no source: set so that most referrals are of younger children
    first_age_shares=(0.0, 0.2, 0.33, 0.65, 0.85, 0.915, 0.97, 1.0),
    uasc=0.026,  # fitted: 22 % of starts to be looked after
    uasc_ages=(15.0, 2.75),  # DfE 2022: about 13 % of those looked after were under 16
    uasc_male=0.95,  # no source
    male=0.51,  # fitted: 60 % of starts to be looked after
    ehc_plan=0.295,  # fitted: 31 % of children in need of school age
    # near the Office for National Statistics for adolescents who entered care, 2011 to 2015: Black 9 %, Mixed
    # 7 %; no source for the rest
    ethnicity=_ETHNICITY,
)
_FRONT_DOOR = replace(
    _BASE.front_door,
    household_contact=0.01,  # no source
    child_contact=0.0165,  # no source
    recent_contact=0.8,  # no source
    recent_referral=0.722,  # fitted: 22.6 % of referrals are repeats within 12 months
    newborn_contact=1.0,  # no source
    age_on_contact=-0.07,  # no source
    assessment_nfa=0.461,  # fitted: 30.8 % of referrals assessed and not in need
    factor_scale=_FACTOR_SCALE,  # fitted: share of assessments with each factor
    source_young=_SOURCE_YOUNG,  # fitted: police 28.3 %, schools 20.6 %, health 15.2 %
    source_adolescent=_SOURCE_ADOLESCENT,  # fitted: the same
)
_PLANS = replace(
    _BASE.plans,
    s47_at_referral=0.158,  # fitted: 189 enquiries to 519 referrals
    s47=0.0121,  # fitted: the same
    s47_conference=0.236,  # fitted: 59 conferences to 189 enquiries
    led_to_plan=0.857,  # fitted: 51 plans to 59 conferences
    cin_plan=0.55,  # no source
    cin_end=0.158,  # fitted: 330 children in need to 519 referrals
    prior_plan=0.21,  # fitted: 24.5 % of plans are second or later in a childhood
    need_on_cin_end=0.6,  # no source
    disabled_on_end=-1.4,  # no source
    danger_on_end=-1.4,  # no source
    adolescent_on_end=0.75,  # no source
    cp_end_early=-0.5,  # near DfE 2025: durations of open plans
    cp_end=0.216,  # fitted: 40.6 open plans to 50.8 begun
    close_idle=0.6,  # no source
)
_ADOLESCENCE = replace(
    _BASE.adolescence,
    burst=0.00527,  # fitted: going missing is found in 3.3 % of assessments
    burst_end=0.123,  # fitted: 6.3 incidents for each looked-after child who went missing
    care_on_burst=-0.599,  # fitted: 11 % of looked-after children in the year; care takes away part of what need adds
    peak_age=16.6,  # fitted: 56 % of incidents at 16 and over
    isolated=0.00211,  # fitted: as for runs
    only_recent=True,  # no source
    remand=0.00871,  # fitted: 2 % of starts to be looked after
)
_SCHOOL = replace(
    _BASE.school,
    suspension=0.00381,  # fitted: 14.2 % of children in need in a year
    looked_after=-0.9,  # near 14.6 % of looked-after children in a year
    permanent=0.05,  # near 1 % of children in need in a year
)
_CARE = replace(
    _BASE.care,
    adolescent=0.000191,  # fitted: 27 % of starts at 10 to 15
    need=0.8,  # no source
    missing_many=1.3,  # prior 3 to 6 for three or more
    cp_plan=1.2,  # prior 3 to 6
    exploited=1.0,  # prior 2 to 4
    prior_care=1.0,  # prior 5 to 10 together with the months after care
    self_harm=0.8,  # prior 1.5 to 3
    recent_s47=0.3,  # no source
    suspended=0.6,  # prior 1.5 to 2.5
    excluded=0.9,  # prior 2 to 4
    parents=0.4,  # prior 1.3 to 2
    domestic_abuse=0.4,  # prior 1.3 to 2
    recent_exit=1.0,  # fitted: 14.4 % enter again within a year
    ages_16_17=-0.119,  # fitted: 28 % of starts at 16 and over
    ages_14_16=0.2,  # no source
    ages_10_11=-0.35,  # no source
    closed=7.59e-6,  # no source: about one in ten adolescent entries comes without an open case
    newborn=2.0,  # no source
    ages_5_9=-0.37,  # fitted: 15 % of starts at 5 to 9
    infant=0.00376,  # fitted: 16 % of starts under 1
    young=0.000392,  # fitted: 14 % of starts at 1 to 4
    short_break_converts=0.0025,  # no source
    # fitted, under 10: section 20 57 % of all starts, interim orders 31 %, police protection 9 %
    status=shares(V2=27.4, C1=60.5, L1=10.2, L2=1.94, C2=0.574),
    status_adolescent=shares(V2=70.5, C1=13.3, L1=14.2, L2=0.517, C2=0.485),  # fitted: the same
    need_adolescent=shares(N1=66.0, N2=0.7, N3=1.58, N4=14.1, N5=15.2, N6=3.17),  # fitted: the same
    need_code=shares(N1=80.1, N2=0.5, N3=4.23, N4=5.7, N5=9.15),  # fitted, under 10: needs of all starts
    status_c1_c2=0.13,  # no source
    status_c2_e1=0.0412,  # near DfE 2025: 9 % of those who ceased were adopted
    adopted=0.13,  # no source
    settling=0.5,  # no source
    home_young=1.15,  # no source
    guardianship_early=1.8,  # no source
    special_guardianship=0.0052,  # near DfE 2025: 12 % of those who ceased
    home_v2=0.00939,  # fitted: 67 looked after to 26 starts; 19 % of those who ceased went home
    home_c=0.00125,  # fitted: the same
    other_exit=0.00626,  # fitted: the same
    remand_need=shares(N6=55, N1=20, N5=15, N4=10),  # no source
)
_RECORDING = replace(
    _BASE.recording,
    never_closed=_NEVER_CLOSED,  # no source: plans and cases seldom, so that the stocks are those of open work
)

ENGLAND = replace(
    _BASE,
    people=_PEOPLE,
    front_door=_FRONT_DOOR,
    plans=_PLANS,
    adolescence=_ADOLESCENCE,
    school=_SCHOOL,
    care=_CARE,
    recording=_RECORDING,
)
"""The assumptions of ``authority="england"``."""
