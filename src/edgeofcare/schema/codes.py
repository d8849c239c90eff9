"""The code lists of the national returns, as canonical codes with their plain meaning.

Sources: Department for Education, children in need census and SSDA903 guides, as used by the Standard Safeguarding
Dataset (SSD) specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CARE_STATUSES", "CODE_LISTS", "ETHNIC_GROUPS", "REMAND", "SHORT_BREAKS"]

SHORT_BREAKS = ("V1", "V3", "V4")
"""Legal statuses of short breaks, which are not an entry into care."""

REMAND = ("J1", "J2", "J3")
"""Legal statuses that follow from a criminal charge or sentence."""

_LEGAL_STATUS = {
    "C1": "interim care order",
    "C2": "full care order",
    "D1": "freeing order",
    "E1": "placement order",
    "V1": "short break, legacy code",
    "V2": "accommodated under section 20",
    "V3": "short-break series, episodes recorded",
    "V4": "short-break series, agreement recorded",
    "L1": "police protection in local authority accommodation",
    "L2": "emergency protection order",
    "L3": "child assessment order",
    "J1": "remanded to local authority or youth detention accommodation",
    "J2": "placed under the Police and Criminal Evidence Act",
    "J3": "sentenced to a youth rehabilitation order with residence",
    "NONE": "not a looked-after status",
}

CARE_STATUSES = tuple(code for code in _LEGAL_STATUS if code != "NONE")
"""Legal statuses under which a child is looked after."""

_ETHNICITY = {
    "WBRI": "White British",
    "WIRI": "White Irish",
    "WIRT": "Traveller of Irish heritage",
    "WROM": "Gypsy or Roma",
    "WOTH": "any other White background",
    "MWBC": "White and Black Caribbean",
    "MWBA": "White and Black African",
    "MWAS": "White and Asian",
    "MOTH": "any other Mixed background",
    "AIND": "Indian",
    "APKN": "Pakistani",
    "ABAN": "Bangladeshi",
    "CHNE": "Chinese",
    "AOTH": "any other Asian background",
    "BCRB": "Black Caribbean",
    "BAFR": "Black African",
    "BOTH": "any other Black background",
    "OOTH": "any other ethnic group",
    "REFU": "refused",
    "NOBT": "not yet obtained",
}

ETHNIC_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("WBRI", "WIRI", "WIRT", "WROM", "WOTH"), "White"),
        **dict.fromkeys(("MWBC", "MWBA", "MWAS", "MOTH"), "Mixed"),
        **dict.fromkeys(("AIND", "APKN", "ABAN", "CHNE", "AOTH"), "Asian"),
        **dict.fromkeys(("BCRB", "BAFR", "BOTH"), "Black"),
        "OOTH": "Other",
        **dict.fromkeys(("REFU", "NOBT", "UNKNOWN"), "Unknown"),
    }
)
"""Five ethnic groups, and "Unknown", of each ethnicity code."""

_SOURCE = {
    "1A": "individual: family member",
    "1B": "individual: acquaintance",
    "1C": "individual: self",
    "1D": "individual: other",
    "2A": "school",
    "2B": "education services",
    "3A": "health: general practitioner",
    "3B": "health visitor",
    "3C": "school nurse",
    "3D": "other primary health services",
    "3E": "accident and emergency",
    "3F": "other health services",
    "4": "housing",
    "5A": "local authority social care",
    "5B": "other local authority service",
    "5C": "another local authority",
    "5D": "early help",
    "6": "police",
    "7": "other legal agency",
    "8": "other",
    "9": "anonymous",
    "10": "unknown",
}

_NEED = {
    "N0": "not stated",
    "N1": "abuse or neglect",
    "N2": "child's disability",
    "N3": "parental disability or illness",
    "N4": "family in acute stress",
    "N5": "family dysfunction",
    "N6": "socially unacceptable behaviour",
    "N7": "low income",
    "N8": "absent parenting",
    "N9": "not in need",
}

_FACTOR = {
    "1A": "alcohol misuse by the child",
    "1B": "alcohol misuse by a parent",
    "1C": "alcohol misuse by someone else at home",
    "2A": "drug misuse by the child",
    "2B": "drug misuse by a parent",
    "2C": "drug misuse by someone else at home",
    "3A": "domestic abuse of the child",
    "3B": "domestic abuse of a parent",
    "3C": "domestic abuse of someone else at home",
    "4A": "mental health of the child",
    "4B": "mental health of a parent",
    "4C": "mental health of someone else at home",
    "5A": "learning disability of the child",
    "5B": "learning disability of a parent",
    "5C": "learning disability of someone else at home",
    "6A": "physical disability or illness of the child",
    "6B": "physical disability or illness of a parent",
    "6C": "physical disability or illness of someone else at home",
    "7A": "young carer",
    "8B": "private fostering: overseas children who intend to return",
    "8C": "private fostering: overseas children who intend to stay",
    "8D": "private fostering: UK children in educational placements",
    "8E": "private fostering: UK children whose family cannot care",
    "8F": "private fostering: other",
    "9A": "unaccompanied asylum-seeking child",
    "10A": "going missing",
    "11A": "child sexual exploitation",
    "12A": "trafficking",
    "13A": "gangs",
    "14A": "socially unacceptable behaviour",
    "15A": "self-harm",
    "16A": "neglect",
    "17A": "emotional abuse",
    "18A": "physical abuse, earlier code",
    "18B": "physical abuse by another child",
    "18C": "physical abuse by an adult",
    "19A": "sexual abuse, earlier code",
    "19B": "sexual abuse by another child",
    "19C": "sexual abuse by an adult",
    "20": "other factor",
    "21": "no factors identified",
    "22A": "female genital mutilation",
    "23A": "abuse linked to faith or belief",
    "24A": "child criminal exploitation",
}

_CLOSURE = {
    "RC1": "adopted",
    "RC2": "died",
    "RC3": "child arrangements order",
    "RC4": "special guardianship order",
    "RC5": "transferred to another authority",
    "RC6": "transferred to adult services",
    "RC7": "services ended for another reason",
    "RC8": "closed after assessment, no further action",
    "RC9": "stepped down to early help",
}

_ABUSE = {
    "NEG": "neglect",
    "PHY": "physical abuse",
    "SAB": "sexual abuse",
    "EMO": "emotional abuse",
    "MUL": "multiple categories",
}

_START_REASON = {
    "S": "started to be looked after",
    "L": "change of legal status",
    "P": "change of placement and carer",
    "T": "change of placement, same carer",
    "B": "change of legal status, placement and carer",
    "U": "change of legal status and placement, same carer",
}

_END_REASON = {
    "X1": "the episode ended and another began",
    "E11": "adopted, application unopposed",
    "E12": "adopted, consent dispensed with",
    "E2": "died",
    "E3": "care taken over by another authority",
    "E4A": "returned home, planned",
    "E4B": "returned home, unplanned",
    "E13": "left to live with someone without parental responsibility",
    "E41": "child arrangements order",
    "E45": "special guardianship to former foster carers, unopposed",
    "E46": "special guardianship to former foster carers",
    "E47": "special guardianship to others, unopposed",
    "E48": "special guardianship to others",
    "E5": "moved into independent living, supported",
    "E6": "moved into independent living",
    "E7": "transferred to residential adult care",
    "E8": "ended for another reason",
    "E9": "sentenced to custody",
    "E14": "remand ended",
    "E15": "age assessed as 18 or over",
    "E16": "moved abroad",
    "E17": "aged 18 and stayed with carers",
}

_SEX = {"F": "female", "M": "male", "U": "not known"}

_MISSING_TYPE = {"M": "missing", "A": "absent without authorisation"}

CODE_LISTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "abuse": MappingProxyType(_ABUSE),
        "closure": MappingProxyType(_CLOSURE),
        "end_reason": MappingProxyType(_END_REASON),
        "ethnicity": MappingProxyType(_ETHNICITY),
        "factor": MappingProxyType(_FACTOR),
        "legal_status": MappingProxyType(_LEGAL_STATUS),
        "missing_type": MappingProxyType(_MISSING_TYPE),
        "need": MappingProxyType(_NEED),
        "sex": MappingProxyType(_SEX),
        "source": MappingProxyType(_SOURCE),
        "start_reason": MappingProxyType(_START_REASON),
    }
)
"""Every code list: canonical code to plain meaning."""
