"""The files of an SSDA903 return: how each is recognised by its columns, and which columns are read.

Postcodes, pupil numbers, the mother's date of birth and everything not named here are never loaded.

Source: Department for Education, children looked after return (SSDA903), guides 2017/18 to 2026/27, as the public
validators of local authorities read them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["KINDS", "Kind", "kind_of", "plain_column", "return_year_of"]

_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_YEAR = re.compile(r"^(\d{4})(?:\.0)?(?:[/_-](\d{2}|\d{4}))?$")


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Parameters
    ----------
    name : str
        What it is called in messages.
    marks : tuple of str
        Columns by which it is told from every other kind.
    enough : int
        How many of the marks must be there.
    columns : mapping of str to tuple of str
        Our name of each column that is read, and the names that it has in returns. None is read of a kind whose
        content has no place in the records.
    required : tuple of str
        Our names of those without which the file cannot be used.
    dates : tuple of str
        Our names of those that are dates.
    """

    name: str
    marks: tuple[str, ...]
    enough: int = 1
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()


_CHILD = {"child": ("CHILD", "CHILDID", "CHILD_ID"), "authority": ("LA",), "year": ("YEAR",)}

_KINDS = (
    Kind(
        "episodes",
        ("DECOM", "RNE", "LS", "DEC", "REC", "PLACE"),
        3,
        {
            **_CHILD,
            "start": ("DECOM",),
            "end": ("DEC",),
            "start_reason": ("RNE",),
            "end_reason": ("REC",),
            "status": ("LS",),
            "need": ("CIN",),
            "place": ("PLACE", "PL"),
            "provider": ("PLACE_PROVIDER",),
            "change_reason": ("REASON_PLACE_CHANGE",),
            "urn": ("URN",),
        },
        ("child", "start", "end", "start_reason", "end_reason", "status"),
        ("start", "end"),
    ),
    Kind(
        "header",
        ("ETHNIC",),
        1,
        {**_CHILD, "sex": ("SEX",), "birth_date": ("DOB",), "ethnicity": ("ETHNIC",)},
        ("child", "birth_date"),
        ("birth_date",),
    ),
    Kind(
        "missing",
        ("MISSING", "MIS_START", "MIS_END"),
        2,
        {**_CHILD, "birth_date": ("DOB",), "type": ("MISSING",), "start": ("MIS_START",), "end": ("MIS_END",)},
        ("child", "start", "end"),
        ("birth_date", "start", "end"),
    ),
    Kind(
        "uasc",
        ("DUC",),
        1,
        {**_CHILD, "birth_date": ("DOB",), "end": ("DUC",)},
        ("child", "end"),
        ("birth_date", "end"),
    ),
    Kind("reviews", ("REVIEW", "REVIEW_CODE"), 2),
    Kind("outcomes (OC2)", ("SDQ_SCORE", "SDQ_REASON", "CONVICTED", "HEALTH_CHECK"), 2),
    Kind("care leavers (OC3)", ("IN_TOUCH", "ACTIV", "ACCOM"), 2),
    Kind("adoption (AD1)", ("DATE_INT", "DATE_MATCH", "NB_ADOPTR"), 2),
    Kind("placed for adoption", ("DATE_PLACED", "DATE_PLACED_CEASED", "REASON_PLACED_CEASED"), 2),
    Kind("previous permanence", ("PREV_PERM", "LA_PERM", "DATE_PERM"), 2),
    Kind("social worker episodes", ("SW_ID", "SW_DECOM", "SW_DEC"), 2),
    Kind("deprivation of liberty", ("DOLO_START", "DOLO_END"), 2),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""Every kind of file by name; those without columns are recognised and left unread."""


def plain_column(name: object) -> str:
    """A column name in capitals, without a byte order mark, quotes and surrounding spaces.

    Examples
    --------
    >>> plain_column(" Place provider")
    'PLACE_PROVIDER'
    """
    return re.sub(r"[\s_]+", "_", str(name).strip("\ufeff\"' \t\r\n")).upper()


def kind_of(columns: Collection[object]) -> Kind | None:
    """The kind of file that has these columns, or None where no kind is recognised.

    Parameters
    ----------
    columns : collection of str
        Names of the columns, as written.

    Returns
    -------
    Kind or None

    Examples
    --------
    >>> kind_of(["child", "dob", "missing", "mis_start", "mis_end"]).name
    'missing'
    """
    present = {plain_column(column) for column in columns}
    return next((kind for kind in _KINDS if len(present & set(kind.marks)) >= kind.enough), None)


def return_year_of(text: object) -> int | None:
    """The year in which a return ends, of the content of a YEAR column or a file's name; None if it is no year.

    Examples
    --------
    >>> return_year_of("2018"), return_year_of("2017/18"), return_year_of("soon")
    (2018, 2018, None)
    """
    found = _YEAR.match(str(text).strip())
    if not found:
        return None
    year = int(found.group(1)) + (found.group(2) is not None)
    return year if _FIRST_YEAR <= year <= _LAST_YEAR else None
