"""The reasons of one row as pictures need them: all of them, under headings, ties with one rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.child_page import heading
from edgeofcare.explanation.concepts import concept_reasons

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.explanation.explanation import Explanation

__all__ = ["checked_top", "reasons_to_draw"]


def checked_top(top: int) -> int:
    """A number of reasons, refused where it is none.

    Parameters
    ----------
    top : int
        What was given.

    Returns
    -------
    int
        1 or more.

    Raises
    ------
    SpecError
        If it is not a whole number of 1 or more.
    """
    if not isinstance(top, int | np.integer) or isinstance(top, bool) or top < 1:
        msg = f"top must be a whole number of 1 or more; got {top!r}."
        raise SpecError(msg)
    return int(top)


def reasons_to_draw(one: Explanation, level: str) -> pd.DataFrame:
    """All reasons of one row, with headings that read well on whichever side they stand.

    Parameters
    ----------
    one : Explanation
        With one row.
    level : {"concept", "feature"}
        What a reason is of.

    Returns
    -------
    DataFrame
        As ``Explanation.reasons`` gives them; ties share a rank.
    """
    frame = one.reasons(max(1, one.contributions.shape[1]), level=level)
    if level == "feature":
        return frame
    reasons = concept_reasons(one, 0, certainty=False)
    return frame.assign(concept=[heading(reason, one._wording.page) for reason in reasons])
