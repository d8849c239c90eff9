"""What each audit column of a cohort may hold: words of ours, so that a value of anyone's own can be told from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from edgeofcare.schema.codes import CODE_LISTS, ETHNIC_GROUPS

__all__ = ["NONE_RECORDED", "NOT_RECORDED", "NO_ETHNICITY", "RECORDED", "STATUS_NAMES", "from_audit_list"]

RECORDED, NONE_RECORDED, NOT_RECORDED = "recorded", "none recorded", "not recorded"

NO_ETHNICITY = "not obtained"
"""Refused, not obtained or missing: returns write one for another."""

STATUS_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "cp_plans": "child protection plan",
        "cin_plans": "child in need plan",
        "referrals": "referral",
        "early_help": "early help",
    }
)
"""What a case is called that is open by each table."""

_LISTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sex": frozenset({*CODE_LISTS["sex"], *CODE_LISTS["sex"].values()}),
        "ethnic_group": frozenset(ETHNIC_GROUPS.values()),
        "ethnicity": frozenset({*CODE_LISTS["ethnicity"], *CODE_LISTS["ethnicity"].values(), NO_ETHNICITY}),
        "disability": frozenset({RECORDED, NONE_RECORDED}),
        "ehc_plan": frozenset({"yes", "no"}),
        "disability_or_ehc": frozenset({RECORDED, NONE_RECORDED}),
        "need": frozenset({*CODE_LISTS["need"], *CODE_LISTS["need"].values()}),
        "status": frozenset(STATUS_NAMES.values()),
    }
)
# Ages and their bands; and any name of an authority, which the authority itself declares.
_PATTERNS = {"age": r"[0-9]{1,2}(\.0)?", "age_band": r"[0-9]{1,2}(-[0-9]{1,2}|\+)", "authority": r"(?s:.*)"}


def from_audit_list(column: str, value: str) -> bool:
    """Whether a value is one that an audit column holds, and not one of a user's own under its name.

    Parameters
    ----------
    column : str
        A column of the cohort.
    value : str
        A value of it, as text.

    Returns
    -------
    bool
        True for a code or word of the column's own list, for ages and age bands, for any name of an authority (which
        the authority declares), and for "not recorded" in each of these columns. False for everything else, which may
        be a name, and for every other column.

    Examples
    --------
    >>> [from_audit_list("sex", value) for value in ("female", "F", "not recorded", "Jane")]
    [True, True, True, False]
    """
    if value == NOT_RECORDED:
        return column in _LISTS or column in _PATTERNS
    return value in _LISTS.get(column, ()) or re.fullmatch(_PATTERNS.get(column, "(?!)"), value) is not None
