"""What the invented Triborough changes in the assumptions of the synthetic England.

Three small authorities of inner London in one profile (Hammersmith and Fulham, Kensington and Chelsea, Westminster):
children enter care older and more often in a crisis. The figures are those of the Department for Education for the
three in the year ending 31 March 2025, added up. "Fitted" marks a value that was adjusted until the records came near
them.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from edgeofcare.synthetic.authorities.england import ENGLAND
from edgeofcare.synthetic.world.settings import shares

__all__ = ["TRIBOROUGH"]

_ETHNICITY = shares(
    WBRI=33.8, WIRI=0.9, WIRT=0.4, WROM=0.9, WOTH=5.6, MWBC=4.8, MWBA=2.2, MWAS=2.2, MOTH=3.4, AIND=1.7,
    APKN=3.6, ABAN=1.8, CHNE=0.3, AOTH=1.8, BCRB=8.1, BAFR=16.1, BOTH=6.1, OOTH=6.1, REFU=0.7, NOBT=2.5,
)  # fmt: skip

_PEOPLE = replace(
    ENGLAND.people,
    first_age_shares=(0.0, 0.15, 0.26, 0.52, 0.72, 0.82, 0.94, 1.0),  # no source: older than England
    uasc=0.0196,  # fitted: about 18 % of starts to be looked after
    ethnicity=_ETHNICITY,  # no source
)
_FRONT_DOOR = replace(
    ENGLAND.front_door,
    recent_referral=0.587,  # no source: 20 % repeats within 12 months
    # as England, with half of the assessments finding another factor: two of the three
    factor_scale=MappingProxyType({**ENGLAND.front_door.factor_scale, "20": 3.4}),
)
_PLANS = replace(
    ENGLAND.plans,
    s47_at_referral=0.166,  # fitted: the same
    s47=0.0127,  # fitted: as many enquiries for each referral as England
    s47_conference=0.172,  # fitted: 274 open plans to 4,929 referrals
    led_to_plan=0.849,  # fitted: the same
    cin_end=0.085,  # fitted: 3,322 children in need to 4,929 referrals
    prior_plan=-0.567,  # fitted: 7.6 to 13.6 % of plans are second or later
    cp_end=0.216,  # fitted: the same
)
_ADOLESCENCE = replace(
    ENGLAND.adolescence,
    burst_end=0.136,  # no source
    care_on_burst=-0.3,  # fitted: 13 to 18 % of looked-after children in the year
    remand=0.0155,  # no source: about 3 % of starts
)
_CARE = replace(
    ENGLAND.care,
    adolescent=0.000238,  # fitted: 31 % of starts at 10 to 15
    ages_16_17=0.786,  # fitted: 34 % of starts at 16 and over
    closed=9.9e-6,  # fitted: the same
    ages_5_9=-0.45,  # fitted: the same
    infant=0.00354,  # fitted: 35 % of starts under 10
    young=0.000354,  # fitted: the same
    # fitted, under 10: section 20 60 % of all starts, police protection 18 %, interim orders 17 %
    status=shares(V2=32.7, C1=38.2, L1=25.3, L2=3.74, C2=0.747),
    status_adolescent=shares(V2=67.2, C1=8.05, L1=22.5, L2=0.797, C2=0.504),  # fitted: the same
    need_adolescent=shares(N1=41.6, N2=0.133, N3=2.49, N4=24.5, N5=25.1, N6=6.65),  # fitted: the same
    # fitted, under 10: abuse or neglect 39 % of all starts, acute stress 14 %
    need_code=shares(N1=61.0, N2=0.0956, N3=8.06, N4=12.0, N5=18.3),
    status_c2_e1=0.05,  # no source
    home_v2=0.00982,  # fitted: 489 looked after to 261 starts
    home_c=0.00131,  # fitted: the same
    other_exit=0.0115,  # fitted: the same
)

TRIBOROUGH = replace(
    ENGLAND,
    people=_PEOPLE,
    front_door=_FRONT_DOOR,
    plans=_PLANS,
    adolescence=_ADOLESCENCE,
    care=_CARE,
)
"""The assumptions of ``authority="triborough"``."""
