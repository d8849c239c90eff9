"""Compare two records of a run: step by step, number by number, version by version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.runs.digests import Digest
from edgeofcare.runs.record import RunRecord
from edgeofcare.runs.tables import Table

__all__ = [
    "DIFFERS",
    "IDENTICAL",
    "NOT_COMPARED",
    "ROUNDING",
    "compare_environments",
    "compare_numbers",
    "compare_steps",
]

IDENTICAL, ROUNDING, DIFFERS, NOT_COMPARED = "identical", "differs by rounding", "differs", "not compared"
_COUNTED = ("rows", "children", "households", "entrants", "index_dates")
_SAID = ("domain", "note", "conclusion", "what_it_means", "what_to_check", "why")
_HIDDEN = ("<", "suppressed")
_NOTHING = "no such row"

_Key = tuple[Any, ...]


def compare_steps(recorded: RunRecord, found: RunRecord, largest: Mapping[str, float]) -> pd.DataFrame:
    """Say of each step whether it gave the same.

    Parameters
    ----------
    recorded, found : RunRecord
        The saved run, and the same run again.
    largest : mapping of str to float
        Largest absolute difference of a number, for the steps of which that is known.

    Returns
    -------
    DataFrame
        step, verdict ("identical", "differs by rounding": the same to 9 decimals, "differs", or "not compared": one of
        the two has no digest), largest_difference (NaN where it is not known), recorded, found (digests).

    Examples
    --------
    >>> one = RunRecord({}, {}, {"labels": Digest("a", "a"), "risks": Digest("b", "c")}, {})
    >>> other = RunRecord({}, {}, {"labels": Digest("a", "a"), "risks": Digest("d", "c")}, {})
    >>> compare_steps(one, other, {"risks": 1e-16})[["step", "verdict"]].to_numpy().tolist()
    [['labels', 'identical'], ['risks', 'differs by rounding']]
    """
    rows = []
    for name in dict.fromkeys([*recorded.steps, *found.steps]):
        before, now = recorded.steps.get(name, Digest(None, None)), found.steps.get(name, Digest(None, None))
        verdict = _step_verdict(before, now)
        known = 0.0 if verdict == IDENTICAL else largest.get(name, np.nan)
        rows.append((name, verdict, known, before.exact, now.exact))
    return pd.DataFrame(rows, columns=["step", "verdict", "largest_difference", "recorded", "found"])


def _step_verdict(before: Digest, now: Digest) -> str:
    """Whether two digests are of the same."""
    if before.exact is None or now.exact is None:
        return NOT_COMPARED
    if before.exact == now.exact:
        return IDENTICAL
    return ROUNDING if before.rounded == now.rounded else DIFFERS


def compare_numbers(recorded: Mapping[str, Table], found: Mapping[str, Table]) -> pd.DataFrame:
    """Compare every cell of the tables of two evaluations.

    Parameters
    ----------
    recorded, found : mapping of str to Table
        As :func:`edgeofcare.runs.tables.plain_tables` gives them.

    Returns
    -------
    DataFrame
        table, row (its labels), column, recorded, found (text, with every digit; empty for nothing), difference (found
        less recorded, NaN where one of them is no number), identical. Rows are matched by their labels, and by their
        order where several have the same. A table that only one of them has is left out.

    Examples
    --------
    >>> one = {"measures": {"measure": ["auroc"], "estimate": [0.71]}}
    >>> other = {"measures": {"measure": ["auroc"], "estimate": [0.715]}}
    >>> compare_numbers(one, other)[["row", "column", "recorded", "found"]].to_numpy().tolist()
    [['auroc', 'estimate', '0.71', '0.715']]
    """
    rows = [
        (name, *cell)
        for name, table in recorded.items()
        if name in found
        for cell in _compare_table(table, found[name])
    ]
    return pd.DataFrame(rows, columns=["table", "row", "column", "recorded", "found", "difference", "identical"])


def _compare_table(before: Table, now: Table) -> Iterator[tuple[str, str, str, str, float, bool]]:
    """Each cell of two tables beside the other."""
    labels = [name for name in now if name in before and _is_label(name, before) and _is_label(name, now)]
    values = [name for name in dict.fromkeys([*now, *before]) if name not in labels]
    ours, theirs = _by_key(before, labels), _by_key(now, labels)
    for key in dict.fromkeys([*ours, *theirs]):
        row = _row_name(key)
        if key not in ours or key not in theirs:
            yield (row, "", _NOTHING if key not in ours else "", _NOTHING if key not in theirs else "", np.nan, False)
            continue
        for name in values:
            yield (row, name, *_compare_cells(ours[key].get(name), theirs[key].get(name)))


def _is_label(name: str, table: Table) -> bool:
    """Whether a column names its rows: text in every row, but no count that may be hidden and no sentence."""
    cells = table[name]
    text = all(isinstance(cell, str) for cell in cells)
    return text and name not in (*_COUNTED, *_SAID) and not any(cell.startswith(_HIDDEN) for cell in cells)


def _by_key(table: Table, labels: list[str]) -> dict[_Key, dict[str, Any]]:
    """Rows by their labels, and a number to tell those with the same labels apart."""
    seen: Counter[_Key] = Counter()
    rows = {}
    for cells in zip(*table.values(), strict=True):
        row = dict(zip(table, cells, strict=True))
        key = tuple(row[name] for name in labels)
        seen[key] += 1
        rows[(*key, seen[key])] = row
    return rows


def _row_name(key: _Key) -> str:
    """Labels of a row in words, with its number where it is not the first with these."""
    *labels, number = key
    return ", ".join([*labels, *([f"row {number}"] if number > 1 or not labels else [])])


def _compare_cells(before: Any, now: Any) -> tuple[str, str, float, bool]:
    """Two cells as text, by how much they differ, and whether they do not."""
    numbers = all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in (before, now))
    same = before == now and isinstance(before, str) == isinstance(now, str)
    return _text(before), _text(now), float(now - before) if numbers else np.nan, same


def _text(cell: Any) -> str:
    """A cell with every digit."""
    return "" if cell is None else repr(cell) if isinstance(cell, float) else str(cell)


def compare_environments(recorded: Mapping[str, str], found: Mapping[str, str]) -> pd.DataFrame:
    """Set versions, platform and limits of threads beside each other.

    Parameters
    ----------
    recorded, found : mapping of str to str
        As :func:`edgeofcare.runs.environment.environment` gives them.

    Returns
    -------
    DataFrame
        name, recorded, found, same.

    Examples
    --------
    >>> compare_environments({"python": "3.11.7"}, {"python": "3.13.0"})["same"].tolist()
    [False]
    """
    names = dict.fromkeys([*found, *recorded])
    rows = [(name, recorded.get(name, "none"), found.get(name, "none")) for name in names]
    frame = pd.DataFrame(rows, columns=["name", "recorded", "found"])
    return frame.assign(same=frame["recorded"].eq(frame["found"]))
