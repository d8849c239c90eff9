"""Where each canonical column stands in a children in need (CIN) census return, layouts 2017 to 2026/27.

Letter case of element names does not matter. What is not named here is not taken in: pupil numbers, review dates of
plans, targets of conferences, counts of earlier plans, and pre-proceedings with family group decision making (2026/27).

Source: Department for Education, children in need census, technical specifications 2017 to 2026/27.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from xml.etree.ElementTree import Element

__all__ = ["CIN_COLUMNS", "CIN_MODULES", "IGNORED_MODULE", "NEVER_LOADED", "Rows", "child_rows"]

Rows = dict[str, list[dict[str, str]]]
"""For each table, one mapping of column to text for each element; a column without text is not in it."""

NEVER_LOADED = ("UPN", "FormerUPN", "UPNunknown")
"""Pupil numbers: the reader never takes them in."""

IGNORED_MODULE = "PreProceedingsandFGDM"
"""The module of 2026/27 that is counted and left behind."""

CIN_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "assessments": "Assessments",
        "cin_plans": "CINPlanDates",
        "s47_enquiries": "Section47",
        "cp_plans": "ChildProtectionPlans",
    }
)
"""The module of a case that each canonical table is read from."""

CIN_COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "children": {
            "child_id": "LAchildID",
            "birth_date": "PersonBirthDate",
            "expected_birth_date": "ExpectedPersonBirthDate",
            "sex": "Sex",
            "gender": "GenderCurrent",
            "death_date": "PersonDeathDate",
            "ethnicity": "Ethnicity",
        },
        "referrals": {
            "start_date": "CINreferralDate",
            "end_date": "CINclosureDate",
            "source": "ReferralSource",
            "need": "PrimaryNeedCode",
            "nfa": "ReferralNFA",
            "close_reason": "ReasonForClosure",
            "conference": "DateOfInitialCPC",
        },
        "assessments": {
            "start_date": "AssessmentActualStartDate",
            "end_date": "AssessmentAuthorisationDate",
        },
        "cin_plans": {"start_date": "CINPlanStartDate", "end_date": "CINPlanEndDate"},
        "s47_enquiries": {"start_date": "S47ActualStartDate", "conference": "DateOfInitialCPC"},
        "cp_plans": {
            "start_date": "CPPstartDate",
            "end_date": "CPPendDate",
            "initial_category": "InitialCategoryOfAbuse",
            "latest_category": "LatestCategoryOfAbuse",
        },
    }
)
"""For each table, canonical column (or a column that the reader turns into one) to element."""

_CASE, _FACTOR, _DISABILITY = "cindetails", "assessmentfactors", "disability"
_ABOUT_THE_CHILD = ("childidentifiers", "childcharacteristics")


def child_rows(child: Element, rows: Rows) -> None:
    """Add what one ``Child`` element says to the rows of each table.

    Parameters
    ----------
    child : Element
        The element, its names without namespaces.
    rows : dict of str to list of dict
        Rows of each table as text; those of a child carry its ``child_id``, and those of a case the ``case_start``.
        Factors of an assessment are one text, in order, each once.
    """
    about: dict[str, str] = {}
    for part in child:
        if part.tag.lower() in _ABOUT_THE_CHILD:
            about = _leaves(part) | about
    person = _columns(about, "children")
    own = {"child_id": person["child_id"]} if "child_id" in person else {}
    rows["children"].append(person)
    for code in _texts(child, _DISABILITY):
        rows["disabilities"].append({**own, "code": code})
    for case in _parts(child, _CASE):
        _case_rows(case, own, rows)


def _case_rows(case: Element, own: Mapping[str, str], rows: Rows) -> None:
    """Add what one case says: the referral, and all that happened under it."""
    referral = _columns(_leaves(case), "referrals")
    rows["referrals"].append({**own, **referral})
    started = {**own, "case_start": referral["start_date"]} if "start_date" in referral else own
    for name, module in CIN_MODULES.items():
        for element in _parts(case, module.lower()):
            row = {**started, **_columns(_leaves(element), name)}
            if name == "assessments" and (factors := sorted(set(_texts(element, _FACTOR)))):
                row["factors"] = " ".join(factors)
            rows[name].append(row)
    for _ in _parts(case, IGNORED_MODULE.lower()):
        rows["ignored"].append({})


def _parts(element: Element, name: str) -> Iterator[Element]:
    """The direct parts of an element with that name in lower case."""
    return (part for part in element if part.tag.lower() == name)


def _leaves(element: Element) -> dict[str, str]:
    """The texts directly within an element, by name in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for part in element:
        if not len(part) and part.text and (text := part.text.strip()):
            found.setdefault(part.tag.lower(), text)
    return found


def _texts(element: Element, name: str) -> list[str]:
    """The texts of all elements of a name, however deep."""
    deep = (part for part in element.iter() if part.tag.lower() == name and not len(part))
    return [text for part in deep if part.text and (text := "".join(part.text.split()))]


def _columns(found: Mapping[str, str], table: str) -> dict[str, str]:
    """The columns of a table, from texts by element name."""
    return {
        column: found[element.lower()] for column, element in CIN_COLUMNS[table].items() if element.lower() in found
    }
