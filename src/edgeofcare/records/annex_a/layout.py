"""Where each value stands in the lists of an Annex A workbook.

Annex A is the child-level workbook that an authority prepares for an inspection. Its headers vary between years and
authorities, so a column is found by its words: its usual header first, then a pattern. Headers are compared in lower
case with anything but letters and digits as one space.

Source: Ofsted, child-level data for the inspection of local authority children's services (ILACS), Annex A.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["LISTS", "AnnexColumn", "AnnexList", "plain_header"]


def plain_header(text: object) -> str:
    """A header as lower-case words.

    Examples
    --------
    >>> plain_header(" Child's  Legal-Status (Y/N))")
    'child s legal status y n'
    """
    return re.sub(r"[^a-z0-9]+", " ", str(text).lower()).strip()


@dataclass(frozen=True)
class AnnexColumn:
    """One column of a list.

    Parameters
    ----------
    name : str
        What the reader calls it.
    header : str
        Its usual header.
    pattern : str
        Regular expression that finds other wordings of the header.
    kind : {"id", "date", "code", "flag"}
        How its values are read.
    required : bool
        Whether the list cannot be used without it.
    """

    name: str
    header: str
    pattern: str
    kind: str
    required: bool = False

    def rank(self, header: str) -> int | None:
        """How well a header (in plain words) fits: 0 the usual one, 1 another wording, None not at all."""
        if header == plain_header(self.header):
            return 0
        return 1 if re.search(self.pattern, header) else None


@dataclass(frozen=True)
class AnnexList:
    """One list of the workbook.

    Parameters
    ----------
    number : int
        1 to 8.
    title : str
        What it holds.
    columns : tuple of AnnexColumn
        The columns that are read; anything else is left behind.
    required : bool
        Whether records cannot be made without it.
    """

    number: int
    title: str
    columns: tuple[AnnexColumn, ...]
    required: bool = False

    @property
    def name(self) -> str:
        """``List 3 (referrals)``, for messages."""
        return f"List {self.number} ({self.title})"


_CHILD = (
    AnnexColumn(
        "child_id", "Child Unique ID", r"^(?!family|adopter).*\bunique id|^(la )?child (unique )?id", "id", True
    ),
    AnnexColumn("birth_date", "Date of Birth", r"\b(date of birth|birth date|dob)\b", "date"),
    AnnexColumn("sex", "Gender", r"^(gender|sex)\b", "code"),
    AnnexColumn("ethnicity", "Ethnicity", r"^ethnic", "code"),
)

LISTS = (
    AnnexList(
        1,
        "contacts",
        (
            *_CHILD,
            AnnexColumn("date", "Date of Contact", r"\bdate\b.*\bcontact|\bcontact\b.*\bdate\b", "date", True),
            AnnexColumn("source", "Contact Source", r"\bcontact\b.*\bsource|\bsource\b.*\bcontact\b", "code"),
        ),
    ),
    AnnexList(
        2,
        "early help",
        (
            *_CHILD,
            AnnexColumn(
                "start_date", "Assessment start date", r"(assessment|early help|episode)\b.*\bstart", "date", True
            ),
            AnnexColumn(
                "end_date", "Assessment completion date", r"\b(complet\w*|end|closure)\b.*\bdate", "date", True
            ),
        ),
    ),
    AnnexList(
        3,
        "referrals",
        (
            *_CHILD,
            AnnexColumn(
                "start_date", "Date of Referral", r"\bdate\b.*\breferral\b|\breferral\b.*\bdate\b", "date", True
            ),
            AnnexColumn("source", "Referral Source", r"\breferral source|source of referral", "code"),
            AnnexColumn("nfa", "Referral NFA?", r"\bnfa\b|no further action", "flag"),
        ),
        required=True,
    ),
    AnnexList(
        4,
        "assessments",
        (
            *_CHILD,
            AnnexColumn("start_date", "Continuous Assessment Start Date", r"\bassessment\b.*\bstart", "date", True),
            AnnexColumn(
                "end_date",
                "Continuous Assessment Date of Authorisation",
                r"\bdate\b.*\bauthori[sz]|\bauthori[sz]\w*\b.*\bdate\b",
                "date",
                True,
            ),
            AnnexColumn(
                "support",
                "Was the child assessed as requiring LA children's social care support?",
                r"\bassessed as requiring\b",
                "flag",
            ),
        ),
    ),
    AnnexList(
        5,
        "section 47 enquiries and conferences",
        (
            *_CHILD,
            AnnexColumn(
                "start_date",
                "Strategy discussion initiating Section 47 Enquiry Start Date",
                r"strategy discussion|\b(s47|section 47)\b.*\bstart",
                "date",
                True,
            ),
            AnnexColumn(
                "unnecessary",
                "Was an Initial Child Protection Conference deemed unnecessary?",
                r"\bdeemed unnecessary\b",
                "flag",
            ),
            AnnexColumn(
                "conference_date",
                "Date of Initial Child Protection Conference",
                r"\bdate\b.*\b(initial (child protection|cp) conference|icpc)\b|\bicpc\b.*\bdate\b",
                "date",
                True,
            ),
            AnnexColumn(
                "led_to_plan",
                "Did the Initial Child Protection Conference Result in a Child Protection Plan",
                r"\bresult\w*\b.*\b(plan|cpp)\b",
                "flag",
            ),
        ),
    ),
    AnnexList(
        6,
        "children in need",
        (
            *_CHILD,
            AnnexColumn(
                "start_date",
                "CIN Start Date",
                r"\b(cin|child(ren)? in need)\b.*\bstart|\bstart\b.*\b(cin|child(ren)? in need)\b",
                "date",
                True,
            ),
            AnnexColumn("need", "Primary Need Code", r"\bprimary need\b|\bneed code\b|\bcategory of need\b", "code"),
            AnnexColumn("end_date", "CIN Closure Date", r"\bclosure date\b|\bdate\b.*\bclosure\b", "date", True),
            AnnexColumn("close_reason", "Reason for Closure", r"\breason\b.*\bclos|\bclosure reason\b", "code"),
        ),
        required=True,
    ),
    AnnexList(
        7,
        "child protection plans",
        (
            *_CHILD,
            AnnexColumn("start_date", "Child Protection Plan Start Date", r"\b(plan|cpp)\b.*\bstart", "date", True),
            AnnexColumn("initial_category", "Initial Category of Abuse", r"\binitial category\b", "code"),
            AnnexColumn("latest_category", "Latest Category of Abuse", r"\blatest category\b", "code"),
            AnnexColumn(
                "end_date", "Child Protection Plan End Date", r"\b(plan|cpp)\b.*\b(end|ceased|closure)\b", "date", True
            ),
        ),
    ),
    AnnexList(
        8,
        "looked-after children",
        (
            *_CHILD,
            AnnexColumn(
                "start_date",
                "Date Started to be Looked After",
                r"\bstarted to be looked after\b|\blooked after\b.*\bstart",
                "date",
                True,
            ),
            AnnexColumn("need", "Child's Category of Need", r"\bcategory of need\b|\bneed code\b", "code"),
            AnnexColumn(
                "status_date",
                "Start date of current legal status",
                r"\bdate\b.*\blegal status\b|\blegal status\b.*\bdate\b",
                "date",
                True,
            ),
            AnnexColumn("status", "Child's Legal Status", r"^(?!.*\bdate\b).*\blegal status\b", "code", True),
            AnnexColumn(
                "end_date", "Date Ceased to be Looked After", r"\bdate\b.*\bceased\b|\bceased\b.*\bdate\b", "date", True
            ),
            AnnexColumn("end_reason", "Reason Ceased to be Looked After", r"\breason\b.*\bceased\b", "code"),
            AnnexColumn(
                "uasc",
                "Unaccompanied Asylum Seeking Child (UASC) within the Last 12 Months (Y/N))",
                r"\buasc\b|\bunaccompanied\b",
                "flag",
            ),
        ),
        required=True,
    ),
)
"""Lists 1 to 8. Lists 9 to 11 (care leavers, adoption, adopters) are not read."""
