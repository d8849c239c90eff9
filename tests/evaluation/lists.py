"""Small pictures of lists: each line is a child's rows, and every child stands for many like it."""

from __future__ import annotations

import numpy as np

from edgeofcare.evaluation._inputs import Scored

__all__ = ["DAYS", "pictured"]

DAYS = np.array([0, 91, 182])


def pictured(children, copies=20):
    """Scored rows, the share of each that is listed, and follow-up, of ``copies`` children like each one given.

    A child is a list of rows (date 0 to 2, listed 0 to 1, outcome, follow-up in days).
    """
    table = [
        (number * copies + copy, *row) for number, rows in enumerate(children) for copy in range(copies) for row in rows
    ]
    child, date, listed, y, followup = (np.array(column) for column in zip(*table, strict=True))
    child, date, y, listed = child.astype(int), date.astype(int), y.astype(float), listed.astype(float)
    rows = Scored(child, child, date, DAYS, y, {"model": listed}, {"model": listed}, np.arange(y.size))
    return rows, {"model": listed}, followup.astype(float)
