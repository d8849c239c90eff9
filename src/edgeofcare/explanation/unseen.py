"""Codes that a model does not know and takes as unknown, told wherever such a value is shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["UNSEEN", "unseen_counts", "unseen_note"]

UNSEEN = " The model has learned nothing about this value and treats it as unknown."
"""Said of such a value, after its sentence."""


def unseen_counts(explanation: Explanation) -> dict[str, int]:
    """Count the rows with a code that the model does not know.

    Parameters
    ----------
    explanation : Explanation
        From :func:`edgeofcare.explain`.

    Returns
    -------
    dict of str to int
        By feature that holds codes.
    """
    import pandas as pd

    values, numbers = explanation._values, explanation._numbers
    coded = [place for place, dtype in enumerate(values.dtypes) if not pd.api.types.is_numeric_dtype(dtype)]
    return {
        str(values.columns[place]): int((values.iloc[:, place].notna() & numbers.iloc[:, place].isna()).sum())
        for place in coded
    }


def unseen_note(explanation: Explanation, position: int, column: int) -> str:
    """Say of one value that the model treats it as unknown, where it does although the records give one.

    Parameters
    ----------
    explanation : Explanation
        From :func:`edgeofcare.explain`.
    position, column : int
        Which value.

    Returns
    -------
    str
        A sentence that begins with a space, or nothing.
    """
    given = explanation._values.iloc[:, column].iloc[position]
    number = explanation._numbers.iloc[:, column].iloc[position]
    return UNSEEN if isinstance(given, str) and math.isnan(number) else ""
