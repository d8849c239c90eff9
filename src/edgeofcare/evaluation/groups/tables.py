"""Tables of groups: which rows belong to which group, and which groups must stay hidden so that no sum tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edgeofcare.cohort import AUDIT_COLUMNS
from edgeofcare.evaluation._inputs import Scored, check_index, kind
from edgeofcare.evaluation._small import COMPLEMENT, EITHER, FEW_WITHOUT, HIDDEN, SMALL, Cell, hidden_cells, write_cells
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Ints
from edgeofcare.schema.audit import NOT_RECORDED, from_audit_list

__all__ = [
    "PAIR",
    "Columns",
    "GroupTable",
    "audit_only",
    "check_groups",
    "column_problems",
    "group_tables",
    "hidden_groups",
    "hidden_pairs",
    "hidden_too",
    "nestings",
    "written",
]

#: Between the two columns of a pair, and between its two groups.
PAIR = " x "
_BY = "by= takes columns and pairs of different columns, such as by=['sex', ('sex', 'ethnic_group')]"
# A small cell of a pair must be left so uncertain, as in _small.
_UNCERTAIN = 5

Flags = NDArray[np.bool_]
Columns = Mapping[str, tuple[pd.Series, ...]]


@dataclass(frozen=True)
class GroupTable:
    """One table of groups: the group of each row, and how the table hangs together with the others.

    A table by one column has ``shape`` (groups,); one by a pair has (groups of the first, groups of the second), and a
    group for every combination, so that one without rows cannot be told from a small one. ``within`` holds, for each
    column in which a column of this table is nested (ethnicities in ethnic groups), that column's axis and the coarse
    group of each of its groups.
    """

    by: str
    names: tuple[str, ...]
    code: Ints
    shape: tuple[int, ...]
    within: tuple[tuple[int, Ints], ...]

    @property
    def plain(self) -> bool:
        """Whether there are no totals but the whole."""
        return len(self.shape) == 1 and not self.within


def audit_only(by: str, groups: Iterable[str]) -> bool:
    """Whether a table is by audit columns alone, and all of its groups come from their lists.

    Parameters
    ----------
    by : str
        A column, or two joined by " x ".
    groups : iterable of str
        Every group of the table, those of a pair joined in the same way.

    Returns
    -------
    bool
        False for a column of one's own, which may hold free values such as names; and for an audit column with values
        of one's own.

    Examples
    --------
    >>> audit_only("sex", ["female", "male"]), audit_only("sex", ["female", "Jane"]), audit_only("worker", ["female"])
    (True, False, False)
    >>> audit_only("sex x age", ["female x 14"]), audit_only("sex x age", ["female x Jane"])
    (True, False)
    """
    columns = by.split(PAIR)
    if len(columns) > 2 or not set(columns) <= set(AUDIT_COLUMNS):
        return False
    return all(_from_lists(columns, str(group)) for group in groups)


def _from_lists(columns: Sequence[str], group: str) -> bool:
    """Whether a group, or each part of a pair of groups, is from its column's list; a name may hold " x " itself."""
    if len(columns) == 1:
        return from_audit_list(columns[0], group)
    parts = group.split(PAIR)
    cuts = ((PAIR.join(parts[:i]), PAIR.join(parts[i:])) for i in range(1, len(parts)))
    return any(all(map(from_audit_list, columns, cut)) for cut in cuts)


def check_groups(
    cohort: pd.DataFrame | None, by: Sequence[str | Sequence[str]] | str | None, X: pd.DataFrame
) -> Columns | None:
    """Columns of the cohort to group by, as text, on the rows of X; two for each pair."""
    if problems := column_problems(cohort, by):
        raise SpecError(" ".join(problems))
    if by is None or cohort is None:
        return None
    wanted = [_one_or_two(columns) for columns in _listed(by)]
    where = check_index(cohort.index, "cohort").get_indexer(X.index)
    absent = int((where < 0).sum())
    if absent:
        msg = f"{absent} of {len(X)} rows of X are not in the cohort; pass the cohort that X was built from."
        raise SpecError(msg)
    texts = {name: _text(cohort[name].iloc[where]) for names in wanted for name in names}
    return {PAIR.join(map(str, names)): tuple(texts[name] for name in names) for names in wanted}


def column_problems(cohort: pd.DataFrame | None, by: Sequence[str | Sequence[str]] | str | None) -> list[str]:
    """What is wrong with the columns to group by."""
    if by is None:
        return []
    if not isinstance(by, str | Sequence | pd.Index):
        return [f"by is a {kind(by)}; {_BY}."]
    wanted = [_one_or_two(columns) for columns in _listed(by)]
    odd = sum(not _usable(names) for names in wanted)
    problems = [f"{odd} of {len(wanted)} entries of by= cannot be used; {_BY}."] if odd else []
    joined = dict.fromkeys(name for names in wanted for name in names if isinstance(name, str) and PAIR in name)
    if joined:
        listed = ", ".join(map(repr, joined))
        problems.append(f"by= cannot use {listed}: {PAIR!r} stands between the columns of a pair; rename the column.")
    if cohort is None:
        return [*problems, "by= needs the cohort, which holds the columns to group by: pass cohort=."]
    if isinstance(cohort, pd.DataFrame) and not odd:
        held = ", ".join(map(str, cohort.columns))
        unknown = dict.fromkeys(name for names in wanted for name in names if name not in cohort.columns)
        problems += [f"cohort has no column {', '.join(map(repr, unknown))}; by= can use {held}."] if unknown else []
    return problems


def _listed(by: Sequence[str | Sequence[str]] | str) -> list[str | Sequence[str]]:
    """Columns and pairs, one after the other."""
    return [by] if isinstance(by, str) else list(by)


def _one_or_two(columns: str | Sequence[str]) -> tuple[str, ...]:
    """The names of a column or a pair."""
    return (columns,) if isinstance(columns, str) or not isinstance(columns, Sequence) else tuple(columns)


def _usable(names: tuple[str, ...]) -> bool:
    """Whether names are those of a column, or of a pair of different ones."""
    return len(names) in (1, 2) and all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _text(column: pd.Series) -> pd.Series:
    """A column as text, with a name for what is missing."""
    return column.astype(object).where(column.notna(), NOT_RECORDED).astype(str)


def group_tables(rows: Scored, columns: Columns) -> list[GroupTable]:
    """Code the group of each row of every table, rows in the order of ``rows``, groups in the order of their names."""
    held: dict[str, tuple[Ints, list[str]]] = {}
    for by, parts in columns.items():
        for name, part in zip(by.split(PAIR), parts, strict=True) if len(parts) == 2 else ((by, parts[0]),):
            if name not in held:
                codes, names = pd.factorize(part.to_numpy(dtype=object), sort=True)
                held[name] = codes.astype(np.int64)[rows.order], [str(each) for each in names]
    coarse = {
        (fine, other): parent
        for fine in held
        for other in held
        if fine != other and (parent := _parents(held[fine][0], held[other][0])) is not None
    }
    return [_table(by, by.split(PAIR) if len(parts) == 2 else [by], held, coarse) for by, parts in columns.items()]


def _parents(fine: Ints, coarse: Ints) -> Ints | None:
    """Coarse group of each fine one, or None where a fine group lies in several."""
    parent = np.zeros(int(fine.max()) + 1, dtype=np.int64)
    parent[fine] = coarse
    return parent if (parent[fine] == coarse).all() else None


def _table(
    by: str,
    columns: list[str],
    held: Mapping[str, tuple[Ints, list[str]]],
    coarse: Mapping[tuple[str, str], Ints],
) -> GroupTable:
    """One table from the codes of its column or its two."""
    codes = [held[name][0] for name in columns]
    names = [held[name][1] for name in columns]
    within = tuple(
        (axis, parent)
        for axis, name in enumerate(columns)
        for (fine, other), parent in coarse.items()
        if fine == name and other not in columns
    )
    shape = tuple(len(each) for each in names)
    if len(columns) == 1:
        return GroupTable(by, tuple(names[0]), codes[0], shape, within)
    pairs = tuple(f"{first}{PAIR}{second}" for first in names[0] for second in names[1])
    return GroupTable(by, pairs, codes[0] * shape[1] + codes[1], shape, within)


def nestings(tables: Sequence[GroupTable]) -> list[tuple[int, int, Ints]]:
    """Tables each of whose groups lies in one group of another: positions of both, and the coarse group (-1: empty)."""
    out = []
    for i, fine in enumerate(tables):
        held = np.bincount(fine.code, minlength=len(fine.names)) > 0
        for j, other in enumerate(tables):
            parent = _parents(fine.code, other.code) if i != j else None
            if parent is not None:
                whole = np.full(held.size, -1, dtype=np.int64)
                whole[: parent.size] = parent
                out.append((i, j, np.where(held, whole, -1)))
    return out


def hidden_groups(
    tables: Sequence[GroupTable],
    counts: Sequence[Ints],
    nested: Sequence[tuple[int, int, Ints]],
    already: Sequence[Flags] | None = None,
) -> list[Flags]:
    """Groups of each table to hide, given a count for each group, so that no table gives away one of another.

    Three rules. (1) In a table by one column, the small groups and as many more as :func:`hidden_cells` takes, within
    all rows and again within each group of a coarser column. (2) In a table by a pair, whole lines (see
    :func:`hidden_pairs`). (3) What is hidden in a table is hidden in every finer one. Groups that are hidden
    ``already``, by another count, stay hidden and serve to cover small ones.
    """
    before = [np.zeros(each.size, dtype=np.bool_) for each in counts] if already is None else already
    hidden = [_hidden_in(*each) for each in zip(tables, counts, before, strict=True)]
    changed = True
    while changed:
        changed = False
        for fine, other, parent in nested:
            more = hidden[fine] | ((parent >= 0) & hidden[other][parent])
            changed = changed or bool((more != hidden[fine]).any())
            hidden[fine] = more
    return hidden


def _hidden_in(table: GroupTable, counts: Ints, already: Flags) -> Flags:
    """Groups of one table to hide, by the first two rules."""
    if len(table.shape) == 2:
        return _hidden_pairs(table, counts.reshape(table.shape)) | already
    hidden = _covered(counts, already)
    for _, parent in table.within:
        for group in np.unique(parent):
            block = np.flatnonzero(parent == group)
            hidden[block] = _covered(counts[block], hidden[block])
    return hidden


def _covered(counts: Ints, already: Flags) -> Flags:
    """Hide small cells, and the next smallest until they are covered; those hidden already cover as well."""
    if not already.any():
        return hidden_cells(counts.astype(np.float64))
    hidden = already | (counts < SMALL)
    order = np.flatnonzero(~hidden)[np.argsort(counts[~hidden], kind="stable")]
    for group in order:
        small = counts[hidden] < SMALL
        # Cells hidden for another reason may be larger than those shown, so nobody can tell how large they are.
        if not small.any() or (hidden.sum() > 1 and _range(counts[hidden], small) >= _UNCERTAIN):
            break
        hidden[group] = True
    return hidden


def _range(counts: Ints, small: Flags) -> int:
    """How far apart the least and the most are that a small cell among hidden ones can be, given their sum."""
    total, others = int(counts.sum()), int((~small).sum())
    least = 0 if others else max(0, total - (SMALL - 1) * (int(small.sum()) - 1))
    return min(SMALL - 1, total - SMALL * others) - least


def _hidden_pairs(table: GroupTable, counts: Ints) -> Flags:
    """Cells of a pair, over all lines of the column with more groups and within each group of a coarser column."""
    axis = 0 if table.shape[0] > table.shape[1] else 1
    lines = counts if axis == 1 else counts.T
    hidden = hidden_pairs(lines)
    for where, parent in table.within:
        for group in np.unique(parent) if where == axis else ():
            block = np.flatnonzero(parent == group)
            hidden[:, block] |= hidden_pairs(lines[:, block])
    return np.ascontiguousarray(hidden if axis == 1 else hidden.T).reshape(-1)


def hidden_pairs(counts: Ints) -> Flags:
    """Cells of a two-way table to hide, so that its margins do not give away a small one.

    Rows and columns that would be hidden in a table of their own are hidden throughout: their margins are not shown.
    The rows among them are taken as one from here on, since the others give their sum. Then whole columns are hidden:
    every one with a small cell, and the next (by their smallest cell) until each small cell could be anything over a
    range of 5. With whole columns hidden and the margins of the others known, the cell in row i and column j lies
    between ``max(0, r_i + c_j - n)`` and ``min(r_i, c_j)``, where r and c are the margins of what is hidden and n its
    total, and every whole number between them is possible (the bounds of Frechet).

    Parameters
    ----------
    counts : ndarray of int64, shape (rows, columns)
        Counts of each cell.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
        Cells to hide.
    """
    rows, columns = (hidden_cells(counts.sum(axis=axis).astype(np.float64)) for axis in (1, 0))
    merged = counts[~rows] if not rows.any() else np.vstack([counts[~rows], counts[rows].sum(axis=0)])
    least = merged.min(axis=0)
    order = np.argsort(np.where(columns, -1, least), kind="stable")
    take = int((columns | (least < SMALL)).sum())
    while 0 < take < order.size and not _open(merged, order[:take], columns):
        take += 1
    hidden = np.zeros(counts.shape, dtype=np.bool_)
    hidden[:, order[:take]] = True
    hidden[rows] = True
    return hidden


def _open(counts: Ints, lines: Ints, unknown: Flags) -> bool:
    """Whether each small cell of some columns is open, when the margins of the unknown ones are known in sum alone."""
    known = lines[~unknown[lines]]
    rest = counts[:, lines[unknown[lines]]]
    table = np.column_stack([counts[:, known], rest.sum(axis=1)]) if rest.size else counts[:, known]
    across, down = table.sum(axis=1)[:, None], table.sum(axis=0)[None, :]
    most, least = np.minimum(across, down), np.maximum(0, across + down - table.sum())
    spread = (most - least)[:, : known.size][counts[:, known] < SMALL]
    # A cell of several columns whose sum alone is known can be nothing, or all that the sum can be.
    together = most[:, -1][(rest < SMALL).any(axis=1)] if rest.size else np.empty(0)
    return bool((spread >= _UNCERTAIN).all() and (together >= _UNCERTAIN).all())


def hidden_too(cells: Sequence[Cell], hidden: Flags) -> list[Cell]:
    """Cells as written by their entrants, with those hidden that have few children without an entry, or cover such."""
    without = Cell(hidden=True, entrants=HIDDEN, note=FEW_WITHOUT)
    return [without if hide and not cell.hidden else cell for cell, hide in zip(cells, hidden, strict=True)]


def written(table: GroupTable, entrants: Ints, hidden: Flags) -> list[Cell]:
    """How each group of a table is written: which are small is said only where there are no totals but the whole."""
    cells = write_cells(entrants.astype(np.float64))
    if table.plain and [cell.hidden for cell in cells] == hidden.tolist():
        return cells
    unnamed = Cell(hidden=True, entrants=HIDDEN, note=EITHER)
    if table.plain:
        more = Cell(hidden=True, entrants=HIDDEN, note=COMPLEMENT)
        return [cell if cell.hidden else more if hide else cell for cell, hide in zip(cells, hidden, strict=True)]
    return [unnamed if hide else write_cells([count])[0] for count, hide in zip(entrants, hidden, strict=True)]
