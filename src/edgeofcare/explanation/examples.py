"""A few children in plain text, without any identifier, to show what an explanation looks like."""

from __future__ import annotations

import math

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.explanation import Explanation
from edgeofcare.explanation.reasons import row_reasons
from edgeofcare.features.specs.child import Age

__all__ = ["anonymous_examples"]

_AGE = Age().name
_AGE_BANDS = ((0, 9), (10, 12), (13, 15), (16, 17))


def anonymous_examples(explanation: Explanation, n: int = 3) -> list[str]:
    """Tell of a few rows in plain text, from the highest risk to the lowest, without any identifier, date or row key.

    Parameters
    ----------
    explanation : Explanation
        From :func:`edgeofcare.explain`.
    n : int, default 3
        Rows: evenly spaced by risk, so that three are the highest, the middle one and the lowest.

    Returns
    -------
    list of str
        One block of text for each row: its risk and its five strongest reasons, ages as bands. It is still about one
        child, so it stays with the authority unless the records are invented.

    Raises
    ------
    SpecError
        If ``n`` is below 1.
    """
    if n < 1:
        msg = f"n must be 1 or more; got {n}."
        raise SpecError(msg)
    order = np.argsort(-explanation.risk.to_numpy(), kind="stable")
    places = np.unique(np.round(np.linspace(0, len(order) - 1, min(n, len(order)))).astype(int))
    start = 1.0 / (1.0 + math.exp(-explanation.base))
    whose = explanation.about.start if explanation.about.cohort else "the average child"
    blocks = []
    for number, position in enumerate(order[places], start=1):
        head, *reasons = _told(explanation, int(position), top=5)
        lines = [f"Child {number}: {head} ({whose} starts from {start:.1%})", *reasons]
        blocks.append("\n  ".join(lines))
    return blocks


def _told(explanation: Explanation, position: int, top: int) -> list[str]:
    """Risk and reasons of a row in words, the age as a band."""
    lines = [f"risk {explanation.risk.iloc[position]:.1%}"]
    for reason in row_reasons(explanation, position, "concept", top, dated=False):
        cell = reason.cell
        lines.append(f"{reason.direction}  {_age_band(float(cell.value)) if cell.feature == _AGE else cell.sentence}")
    return lines


def _age_band(age: float) -> str:
    """A band of ages in words."""
    band = next((f"Aged {low} to {high}." for low, high in _AGE_BANDS if low <= age < high + 1), "")
    return band or ("The age is unknown." if math.isnan(age) else "Aged 18 or over.")
