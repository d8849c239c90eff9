"""The same risk for different children: a table of measures by group, with small groups suppressed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from edgeofcare.evaluation._inputs import Scored, check_index
from edgeofcare.evaluation._small import HIDDEN, SMALL, Cell, write_cells
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats
from edgeofcare.metrics.bootstrap import household_bootstrap

__all__ = ["GROUP_COLUMNS", "check_groups", "group_rows"]

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
)
UNKNOWN = "not recorded"
# Decimal places that are shown: enough for a reader, too few to solve for how many rows of a group had an outcome.
_RATES, _RATIOS = 3, 2


def check_groups(cohort: pd.DataFrame | None, by: Sequence[str] | str | None, X: pd.DataFrame) -> pd.DataFrame | None:
    """Columns of the cohort to group by, as text, on the rows of X."""
    if by is None:
        return None
    columns = [by] if isinstance(by, str) else list(by)
    if cohort is None:
        msg = "by= needs the cohort, which holds the columns to group by: pass cohort=."
        raise SpecError(msg)
    unknown = [column for column in columns if column not in cohort.columns]
    if unknown:
        msg = (
            f"cohort has no column {', '.join(map(repr, unknown))}; by= can use {', '.join(map(str, cohort.columns))}."
        )
        raise SpecError(msg)
    where = check_index(cohort.index, "cohort").get_indexer(X.index)
    absent = int((where < 0).sum())
    if absent:
        msg = f"{absent} of {len(X)} rows of X are not in the cohort; pass the cohort that X was built from."
        raise SpecError(msg)
    frame = cohort[columns].iloc[where]
    return frame.astype(object).where(frame.notna(), UNKNOWN).astype(str)


def group_rows(
    rows: Scored, groups: pd.DataFrame, selected: Floats | None, n_resamples: int, random_state: int
) -> Iterator[dict[str, str | int | float]]:
    """Measure each group of each column, in the order of its name."""
    for column in groups.columns:
        label = groups[column].to_numpy()[rows.order]
        names = sorted(set(label))
        parts = [label == name for name in names]
        cells = write_cells([rows.part(part).n_entrants for part in parts])
        for name, part, cell in zip(names, parts, cells, strict=True):
            share = None if selected is None else selected[part]
            measured = _measure(rows.part(part), share, n_resamples, random_state, cell)
            yield {"by": str(column), "group": str(name), **measured}


def _measure(
    rows: Scored, selected: Floats | None, n_resamples: int, random_state: int, cell: Cell
) -> dict[str, str | int | float]:
    """Measures of one group, rounded; nothing at all but why, where it is hidden."""
    out: dict[str, str | int | float] = dict.fromkeys(GROUP_COLUMNS[2:], float("nan"))
    out |= {"rows": HIDDEN, "children": HIDDEN, "entrants": cell.entrants, "note": cell.note}
    if cell.hidden:
        return out
    result = household_bootstrap(
        rows.y,
        rows.risk["model"],
        rows.household,
        measures=["auroc", "observed_expected_ratio"],
        score=rows.score["model"],
        n_resamples=n_resamples,
        random_state=random_state,
    )
    ratios = dict(result.estimates["model"])
    ratios["oe_low"], ratios["oe_high"] = result.interval("observed_expected_ratio")
    ratios["auroc_low"], ratios["auroc_high"] = result.interval("auroc")
    rates = {"base_rate": rows.y.mean(), "mean_risk": rows.risk["model"].mean(), **_reviewed(rows, selected)}
    out |= {"rows": int(rows.y.size), "children": int(np.unique(rows.child).size)}
    out |= {name: round(float(value), _RATIOS) for name, value in ratios.items()}
    return out | {name: round(float(value), _RATES) for name, value in rates.items()}


def _reviewed(rows: Scored, selected: Floats | None) -> dict[str, float]:
    """Share of rows that are reviewed, and of those that had an entry where at least 10 children are reviewed."""
    if selected is None:
        return {}
    total, children = float(selected.sum()), np.unique(rows.child[selected > 0]).size
    found = float((selected * rows.y).sum())
    return {
        "selection_rate": float(selected.mean()),
        "ppv": found / total if min(total, children) >= SMALL else float("nan"),
    }
