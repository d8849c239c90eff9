"""The same risk for different children: tables of measures by group, with small groups suppressed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation._small import HIDDEN, SMALL, Cell, interval_note, nearest_five
from edgeofcare.evaluation.groups.children import (
    children_of_groups,
    expected_in_groups,
    kinds_at_capacity,
    rounded_shares,
    share_children,
)
from edgeofcare.evaluation.groups.draws import MEASURES, GroupDraws, draw_groups
from edgeofcare.evaluation.groups.tables import (
    PAIR,
    Columns,
    GroupTable,
    audit_only,
    check_groups,
    group_tables,
    hidden_groups,
    hidden_too,
    nestings,
    written,
)
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.metrics.bootstrap import percentile_interval

__all__ = [
    "GROUP_COLUMNS",
    "GROUP_MEASURE_COLUMNS",
    "PAIR",
    "GroupAudit",
    "audit_groups",
    "audit_only",
    "check_groups",
    "group_rows",
]

#: Of the wide table: those of the first release first, in their order.
GROUP_COLUMNS = (
    "by",
    "group",
    "rows",
    "children",
    "entrants",
    "base_rate",
    "mean_risk",
    "observed_expected_ratio",
    "oe_low",
    "oe_high",
    "auroc",
    "auroc_low",
    "auroc_high",
    "selection_rate",
    "ppv",
    "note",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
    "false_omission_rate",
    "calibration_in_the_large",
    "calibration_slope",
    "list_share",
    "entry_share",
)
GROUP_MEASURE_COLUMNS = (
    "by",
    "group",
    "measure",
    "estimate",
    "ci_low",
    "ci_high",
    "against",
    "difference",
    "difference_low",
    "difference_high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "p_value",
    "note",
)
#: What a group is compared with: all rows that are not in it, and what a measure of calibration should be.
THE_REST, IDEAL = "the rest", "ideal"
_IDEALS = {"observed_expected_ratio": 1.0, "calibration_in_the_large": 0.0, "calibration_slope": 1.0}
OF_REVIEWED = ("selection_rate", "list_share", "list_minus_entry_share")
AT_CAPACITY = ("true_positive_rate", "false_positive_rate", "false_negative_rate", "ppv", "false_omission_rate")
_RATED = (*MEASURES[:8], "list_share", "entry_share", "list_minus_entry_share")
_NO_REST = ("list_share", "entry_share", "list_minus_entry_share")
FEW_REVIEWED = (
    f"rates at capacity suppressed: fewer than {SMALL} children of a kind (reviewed or not, entered or not), "
    "here or elsewhere"
)
SHARED = "counts to the nearest 5: children change group"
FEW_BESIDE = f"not compared: fewer than {SMALL} entrants beside the group, or the reference is suppressed"
# Decimal places that are shown: enough for a reader, too few to solve for how many rows of a group had an outcome.
_RATES, _RATIOS = 3, 2

_Row = dict[str, str | int | float]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class GroupAudit:
    """Measures by group.

    Attributes
    ----------
    groups : DataFrame
        One row for each group; columns :data:`GROUP_COLUMNS`.
    measures : DataFrame
        One row for each group, measure and comparison; columns :data:`GROUP_MEASURE_COLUMNS`.
    """

    groups: pd.DataFrame
    measures: pd.DataFrame

    @classmethod
    def empty(cls) -> GroupAudit:
        """Of no groups."""
        return cls(pd.DataFrame(columns=list(GROUP_COLUMNS)), pd.DataFrame(columns=list(GROUP_MEASURE_COLUMNS)))


@dataclass(frozen=True)
class _Shown:
    """One table with what may be shown of it."""

    table: GroupTable
    cells: list[Cell]
    entrants: Ints
    at_capacity: _Flags
    reviewed: _Flags
    draws: GroupDraws
    listed: bool
    shared: bool


def audit_groups(
    rows: Scored,
    columns: Columns,
    selected: Floats | None,
    *,
    reference: Mapping[str, str] | None = None,
    n_resamples: int = 1000,
    random_state: int = 0,
) -> GroupAudit:
    """Measure each group of each column and pair, and compare it with the rest and with a reference.

    Parameters
    ----------
    rows : Scored
        Rows with outcome, risks and scores.
    columns : mapping of str to tuple of Series
        From :func:`check_groups`.
    selected : ndarray of shape (n,) or None
        Share of each row that is reviewed at capacity, in the order of ``rows``.
    reference : mapping of str to str, optional
        Group that the others of a column or pair are also compared with, by its name: ``{"sex": "female"}``; of a
        pair, ``{"sex x ethnic_group": "female x White"}``.
    n_resamples : int
        Resamples of households, the same for all groups.
    random_state : int
        Seed of the resamples.

    Returns
    -------
    GroupAudit
        The wide and the long table.

    Raises
    ------
    SpecError
        If a reference is of no column asked for, or is no group of it.

    Notes
    -----
    Differences and ratios compare group and rest (or reference) in each resample. ``p_value`` is two-sided, from the
    difference (the logarithm of the ratio, for observed/expected) over its standard deviation in the resamples, and
    Student's t with one degree of freedom less than the entrants of the group.

    Groups are hidden by their entrants, by the rules of :func:`hidden_groups`, and then by their children without an
    entry, by the same rules. Where children change group from one index date to another (as they do in bands of age),
    the children of all groups add up to more than there are, and the excess would be the few who changed: ``children``
    and ``entrants`` of such a table are given to the nearest 5, and at least 10, ``entry_share`` is worked out from
    numbers of entrants so rounded, and the note says so. What depends on who is reviewed is
    hidden also where, of the children of a group that are reviewed or missed, with an entry or without, one kind is
    fewer than 10, and where the totals would give such a number away; shares of those reviewed where, of the children
    reviewed or missed, one kind is. Where these shares are hidden the rates are too: base rate, PPV and true positive
    rate would give them back.
    """
    tables = group_tables(rows, columns)
    _check_reference(tables, reference or {})
    nested = nestings(tables)
    entrants = [children_of_groups(rows, table, rows.y == 1) for table in tables]
    by_entrants = hidden_groups(tables, entrants, nested)
    others = [children_of_groups(rows, table, rows.y >= 0) - own for table, own in zip(tables, entrants, strict=True)]
    hidden = hidden_groups(tables, others, nested, by_entrants)
    unlisted = hidden
    for part in [] if selected is None else [selected, 1 - selected]:
        unlisted = hidden_groups(tables, [expected_in_groups(rows, table, part) for table in tables], nested, unlisted)
    few = unlisted
    for kind in kinds_at_capacity(rows, selected):
        few = hidden_groups(tables, [expected_in_groups(rows, table, kind) for table in tables], nested, few)
    draws = draw_groups(rows, tables, selected, n_resamples, random_state)
    shown = []
    for i, table in enumerate(tables):
        cells = hidden_too(written(table, entrants[i], by_entrants[i]), hidden[i])
        shared = share_children(rows, table)
        held = rounded_shares(draws[i], entrants[i]) if shared else draws[i]
        listed = selected is not None
        shown.append(_Shown(table, cells, entrants[i], few[i], unlisted[i], held, listed=listed, shared=shared))
    wide = [row for each in shown for row in _wide_rows(rows, each)]
    named = reference or {}
    long = [row for each in shown for row in _long_rows(each, rows.n_entrants, named.get(each.table.by))]
    return GroupAudit(
        pd.DataFrame(wide, columns=list(GROUP_COLUMNS)), pd.DataFrame(long, columns=list(GROUP_MEASURE_COLUMNS))
    )


def group_rows(
    rows: Scored, columns: Columns, selected: Floats | None, n_resamples: int, random_state: int
) -> Iterator[_Row]:
    """Rows of the wide table alone."""
    audit = audit_groups(rows, columns, selected, n_resamples=n_resamples, random_state=random_state)
    for row in audit.groups.to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def _check_reference(tables: Sequence[GroupTable], reference: Mapping[str, str]) -> None:
    """Refuse a reference that is nowhere."""
    groups = {table.by: table.names for table in tables}
    bad = [by for by, group in reference.items() if group not in groups.get(by, ())]
    if bad:
        msg = (
            f"reference names a column that by= does not, or a group that it has not: {', '.join(map(repr, bad))}. "
            "Give a group of a column of by=, such as reference={'sex': 'female'}."
        )
        raise SpecError(msg)


def _decimals(measure: str) -> int:
    """Decimal places of a measure."""
    return _RATES if measure in _RATED else _RATIOS


def _wide_rows(rows: Scored, shown: _Shown) -> Iterator[_Row]:
    """One row for each group of a table; nothing at all but why, where it is hidden."""
    table = shown.table
    children = children_of_groups(rows, table, rows.y >= 0)
    exact = (children, shown.entrants)
    children, entrants = (nearest_five(n).astype(np.int64) if shown.shared else n for n in exact)
    sizes = np.bincount(table.code, minlength=len(table.names))
    for i, (name, cell) in enumerate(zip(table.names, shown.cells, strict=True)):
        out: _Row = dict.fromkeys(GROUP_COLUMNS, float("nan"))
        out |= {"by": table.by, "group": name, "rows": HIDDEN, "children": HIDDEN}
        out |= {"entrants": cell.entrants, "note": cell.note}
        if not cell.hidden:
            few = FEW_REVIEWED if shown.listed and shown.at_capacity[i] else ""
            why = (interval_note(int(entrants[i])), few, SHARED if shown.shared else "")
            out |= {"entrants": int(entrants[i]), "note": "; ".join(note for note in why if note)}
            out |= {"rows": int(sizes[i]), "children": int(children[i])}
            out |= {measure: _estimate(shown, measure, i) for measure in MEASURES if measure in out}
            for short, measure in (("oe", "observed_expected_ratio"), ("auroc", "auroc")):
                low, high = _interval(shown.draws.drawn[measure][i], measure)
                out |= {f"{short}_low": low, f"{short}_high": high}
        yield out


def _few(shown: _Shown, measure: str, i: int) -> bool:
    """Whether a measure rests on who is reviewed, and tells of few children."""
    return bool((measure in AT_CAPACITY and shown.at_capacity[i]) or (measure in OF_REVIEWED and shown.reviewed[i]))


def _estimate(shown: _Shown, measure: str, i: int) -> float:
    """Rounded measure of a group that is not hidden."""
    if _few(shown, measure, i):
        return float("nan")
    return round(float(shown.draws.estimate[measure][i]), _decimals(measure))


def _interval(samples: Floats, measure: str) -> tuple[float, float]:
    """Rounded percentiles of the resamples of a measure or of a difference."""
    low, high = percentile_interval(samples)
    return round(float(low), _decimals(measure)) + 0.0, round(float(high), _decimals(measure)) + 0.0


def _long_rows(shown: _Shown, total: int, reference: str | None) -> Iterator[_Row]:
    """One row for each group, measure and comparison of a table."""
    for i, (name, cell) in enumerate(zip(shown.table.names, shown.cells, strict=True)):
        for measure in MEASURES:
            row: _Row = dict.fromkeys(GROUP_MEASURE_COLUMNS, float("nan"))
            row |= {"by": shown.table.by, "group": name, "measure": measure, "against": "", "note": cell.note}
            dark = cell.hidden or _few(shown, measure, i)
            if not cell.hidden and dark and shown.listed:
                row["note"] = FEW_REVIEWED
            if not dark:
                row["estimate"] = _estimate(shown, measure, i)
                row["ci_low"], row["ci_high"] = _interval(shown.draws.drawn[measure][i], measure)
            for against in _comparators(measure, name, reference):
                compared = {} if dark else _compare(shown, measure, i, against, total)
                yield row | {"against": against} | compared


def _comparators(measure: str, group: str, reference: str | None) -> list[str]:
    """What a measure of a group is compared with; nothing ("") for the shares."""
    if measure in _NO_REST:
        return [""]
    named = [reference] if reference is not None and reference != group else []
    return [THE_REST, *named, *([IDEAL] if measure in _IDEALS else [])]


def _compare(shown: _Shown, measure: str, i: int, against: str, total: int) -> _Row:
    """Difference of a group from something else, its interval, and for rates their ratio."""
    if against == "":
        return {}
    draws, entrants = shown.draws, int(shown.entrants[i])
    own, own_drawn = float(draws.estimate[measure][i]), draws.drawn[measure][i]
    if against == IDEAL:
        other, other_drawn = _IDEALS[measure], np.full_like(own_drawn, _IDEALS[measure])
    elif against == THE_REST:
        other, other_drawn = float(draws.rest[measure][i]), draws.drawn_rest[measure][i]
        if total - entrants < SMALL:
            return {"note": FEW_BESIDE}
    else:
        j = shown.table.names.index(against)
        other, other_drawn = float(draws.estimate[measure][j]), draws.drawn[measure][j]
        if shown.cells[j].hidden or _few(shown, measure, j):
            return {"note": FEW_BESIDE}
    low, high = _interval(own_drawn - other_drawn, measure)
    out: _Row = {
        "difference": round(own - other, _decimals(measure)) + 0.0,
        "difference_low": low,
        "difference_high": high,
        "p_value": _p_value(measure, own, other, own_drawn, other_drawn, entrants),
    }
    if measure in _RATED and against != IDEAL:
        out |= _ratio(own, other, own_drawn, other_drawn)
    return out


def _ratio(own: float, other: float, own_drawn: Floats, other_drawn: Floats) -> _Row:
    """Ratio of two rates with its interval."""
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = own_drawn / other_drawn
    low, high = percentile_interval(np.where(np.isfinite(drawn), drawn, np.nan))
    ratio = own / other if other > 0 else float("nan")
    return {
        "ratio": round(ratio, _RATIOS),
        "ratio_low": round(float(low), _RATIOS),
        "ratio_high": round(float(high), _RATIOS),
    }


def _p_value(measure: str, own: float, other: float, own_drawn: Floats, other_drawn: Floats, entrants: int) -> float:
    """Two-sided p-value of no difference."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = measure == "observed_expected_ratio"
        gap = float(np.log(own / other)) if ratio else own - other
        gaps = np.log(own_drawn / other_drawn) if ratio else own_drawn - other_drawn
    gaps = gaps[np.isfinite(gaps)]
    spread = float(gaps.std(ddof=1)) if gaps.size > 1 else 0.0
    if not spread > 0 or not np.isfinite(gap):
        return float("nan")
    return round(2 * float(student.sf(abs(gap) / spread, entrants - 1)), 4)
