"""The method by which records are checked; apart from them, because the check itself works on records."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeofcare.records.quality.quality import Quality
    from edgeofcare.records.records import Records

__all__ = ["checked"]


def checked(self: Records, *, earlier: Records | None = None) -> Quality:
    """Check the extract: what is there, what is wrong, how late rows appear, and what it can be used for.

    Parameters
    ----------
    self : Records
        The records that are checked.
    earlier : Records, optional
        An earlier extract of the same authority, to measure how late rows appear where there is no recorded date.

    Returns
    -------
    Quality
        Tables of what was found, and a verdict: "ready to train", "ready to score only" or "not ready".

    Raises
    ------
    SpecError
        If ``earlier`` does not end earlier.
    RecordsError
        If ``earlier`` is of another authority.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> make_records(300, random_state=0).quality().breaks.empty
    True
    """
    from edgeofcare.records.quality.quality import check_records

    return check_records(self, earlier=earlier)
