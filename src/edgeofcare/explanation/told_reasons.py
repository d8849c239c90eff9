"""The reasons of one row as pictures need them: all of them, under headings, ties with one rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.child_page import _heading
from edgeofcare.explanation.concepts import concept_frame, concept_reasons
from edgeofcare.models.rows import ROW_NAMES

if TYPE_CHECKING:
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
    if level == "feature":
        return one.reasons(max(1, one.contributions.shape[1]))
    frame = concept_frame(one, max(1, one.concept_contributions.shape[1]))
    reasons = concept_reasons(one, 0)
    if one.spread is not None:
        ranks = one.spread.told(0, "concept")["rank"].loc[[reason.concept for reason in reasons]]
        levels = [frame.index.get_level_values(name) for name in ROW_NAMES]
        frame = frame.set_axis(pd.MultiIndex.from_arrays([*levels, ranks.to_numpy()], names=frame.index.names))
    return frame.assign(concept=[_heading(reason) for reason in reasons])
