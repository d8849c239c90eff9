"""Which groups an audit has something to say about, with no more false alarms than stated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edgeofcare.exceptions import SpecError

__all__ = ["FALSE_DISCOVERY_RATE", "FINDING_COLUMNS", "benjamini_hochberg", "group_findings"]

#: Expected share of false findings among all; with no true difference, the chance of any.
FALSE_DISCOVERY_RATE = 0.05
FINDING_COLUMNS = (
    "by",
    "group",
    "measure",
    "size",
    "estimate",
    "difference",
    "difference_low",
    "difference_high",
    "comparisons",
    "finding",
    "check",
)
#: An observed/expected ratio whose whole interval lies beyond is called material.
MATERIAL = (0.8, 1.25)
_NEEDED = (*FINDING_COLUMNS[:3], *FINDING_COLUMNS[4:8], "ci_low", "ci_high", "against", "p_value", "note")


class _Asked(NamedTuple):
    """A comparison that is made, and what to check where it finds something."""

    measure: str
    against: str
    check: str


_QUESTIONS = (
    _Asked(
        "observed_expected_ratio",
        "ideal",
        "Compare with the ratio of all rows: if that is off as well, re-anchor the model first. Then check whether "
        "events of this group are recorded as fully and as early as those of others, and whether practice or law "
        "changed for it between training and test.",
    ),
    _Asked(
        "auroc",
        "the rest",
        "Check which features are empty or rare in this group, and how many entrants it had in training. A group with "
        "a narrower spread of true risk has a lower AUROC even under a perfect model.",
    ),
    _Asked(
        "true_positive_rate",
        "the rest",
        "Compare base rates and calibration of the groups first: with unequal base rates, calibrated risks give "
        "unequal shares of entries found. Then check the recording of what raises the risk in this group.",
    ),
)


def benjamini_hochberg(p_values: Sequence[float] | NDArray[np.float64], rate: float) -> NDArray[np.bool_]:
    """Comparisons that stand when a share of at most ``rate`` of them is expected to be false.

    Parameters
    ----------
    p_values : array-like of shape (m,)
        One for each comparison.
    rate : float
        False discovery rate.

    Returns
    -------
    ndarray of bool, shape (m,)
        The comparisons up to the largest k whose k-th smallest p-value is at most ``rate * k / m``.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.9], 0.05).tolist()
    [True, False, False, False]
    """
    values = np.asarray(p_values, dtype=np.float64)
    ordered = np.sort(values)
    stands = np.flatnonzero(ordered <= rate * np.arange(1, values.size + 1) / max(values.size, 1))
    return values <= ordered[stands[-1]] if stands.size else np.zeros(values.size, dtype=np.bool_)


def group_findings(group_measures: pd.DataFrame, *, rate: float = FALSE_DISCOVERY_RATE) -> pd.DataFrame:
    """List the groups for which the risks are off, rank worse or better, or find more or fewer entries than elsewhere.

    Parameters
    ----------
    group_measures : DataFrame
        The long table of a group audit.
    rate : float
        False discovery rate over all comparisons.

    Returns
    -------
    DataFrame
        One row for each finding, in the order of the table: by, group, measure, size ("material" where the whole
        interval of an observed/expected ratio lies outside 0.8 to 1.25, else "shown"), estimate, difference with its
        interval (from 1 for observed/expected, from the rest for the others), comparisons (how many were made),
        finding (a sentence) and check (what to look at). No row where nothing is found.

    Raises
    ------
    SpecError
        If a column is missing.

    Notes
    -----
    Three comparisons are made for each group with at least 30 entrants: observed/expected with 1, and AUROC and true
    positive rate with the rest. All of them, over all columns and pairs, are one family for Benjamini and Hochberg, and
    a finding's own 95% interval must leave out no difference as well. A column of two groups is one comparison seen
    from two sides for AUROC and true positive rate: it is made and told once, for the first group.

    Examples
    --------
    >>> row = {"by": "sex", "group": "female", "measure": "observed_expected_ratio", "estimate": 1.5, "ci_low": 1.3,
    ...        "ci_high": 1.7, "against": "ideal", "difference": 0.5, "difference_low": 0.3, "difference_high": 0.7,
    ...        "p_value": 0.0001, "note": ""}
    >>> print(group_findings(pd.DataFrame([row]))["finding"].iloc[0])
    sex: female. For every 100 entries that the risks expected, 150 happened (95% interval 130 to 170): the risks of
    this group are too low. (1 comparison was made.)
    """
    missing = [name for name in _NEEDED if name not in group_measures.columns and name != "comparisons"]
    if missing:
        msg = f"The frame lacks {', '.join(missing)}; give the group measures of an Evaluation."
        raise SpecError(msg)
    asked = _asked(group_measures)
    if asked.empty:
        return pd.DataFrame(columns=list(FINDING_COLUMNS))
    stands = benjamini_hochberg(asked["p_value"].to_numpy(dtype=np.float64), rate)
    stands &= ((asked["difference_low"] > 0) | (asked["difference_high"] < 0)).to_numpy()
    found = asked.loc[stands].sort_index()
    return pd.DataFrame([_finding(row, len(asked)) for _, row in found.iterrows()], columns=list(FINDING_COLUMNS))


def _asked(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the comparisons that are made."""
    sound = (
        ~frame["note"].str.startswith(("suppressed", "rates", "unreliable", "not compared")) & frame["p_value"].notna()
    )
    parts = []
    for question in _QUESTIONS:
        part = frame.loc[sound & frame["measure"].eq(question.measure) & frame["against"].eq(question.against)]
        if question.against == "the rest":
            groups = frame.loc[frame["measure"] == question.measure].groupby("by")["group"].nunique()
            part = part.loc[~(part["by"].map(groups).eq(2) & part.duplicated("by"))]
        parts.append(part)
    return pd.concat(parts)


def _finding(row: pd.Series, comparisons: int) -> dict[str, object]:
    """One finding as a row."""
    check = next(question.check for question in _QUESTIONS if question.measure == row["measure"])
    material = row["measure"] == "observed_expected_ratio" and (
        row["ci_high"] < MATERIAL[0] or row["ci_low"] > MATERIAL[1]
    )
    made = "1 comparison was" if comparisons == 1 else f"{comparisons} comparisons were"
    text = f"{str(row['by']).replace('_', ' ')}: {row['group']}. {_sentence(row)} ({made} made.)"
    held = {name: row[name] for name in FINDING_COLUMNS if name in row.index}
    return held | {
        "size": "material" if material else "shown",
        "comparisons": comparisons,
        "finding": text,
        "check": check,
    }


def _sentence(row: pd.Series) -> str:
    """What was found, with its interval."""
    if row["measure"] == "observed_expected_ratio":
        judged = "too low" if row["difference"] > 0 else "too high"
        return (
            f"For every 100 entries that the risks expected, {100 * row['estimate']:.0f} happened (95% interval "
            f"{100 * row['ci_low']:.0f} to {100 * row['ci_high']:.0f}): the risks of this group are {judged}."
        )
    low, high = float(row["difference_low"]), float(row["difference_high"])
    if row["measure"] == "auroc":
        interval = f"95% interval {low:+.2f} to {high:+.2f}"
        judged = "better" if row["difference"] > 0 else "worse"
        gap = f"AUROC {row['estimate']:.2f}, {row['difference']:+.2f} from the rest ({interval})"
        return f"{gap}: its children are ranked {judged} than others."
    judged = "a larger" if row["difference"] > 0 else "a smaller"
    return (
        f"At capacity {row['estimate']:.0%} of the entries of this group were reviewed, {100 * row['difference']:+.0f} "
        f"points from the rest (95% interval {100 * low:+.0f} to {100 * high:+.0f} points): {judged} share than "
        "elsewhere."
    )
