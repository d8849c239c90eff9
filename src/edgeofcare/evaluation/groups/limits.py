"""What cannot hold together when groups differ in their base rates, with the numbers of an evaluation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError

__all__ = ["fairness_limits", "implied_false_positive_rate"]

_NEEDED = ("by", "group", "base_rate")
_RULE = (
    "Where base rates differ between groups and no model is perfect, risks that are calibrated within each group "
    "cannot also have equal error rates (Chouldechova 2017; Kleinberg, Mullainathan and Raghavan 2016)."
)
_CHOICE = (
    "This library calibrates: a risk should mean the same for every child. Unequal error rates then follow from "
    "unequal base rates, which are facts of the records: they can themselves come from unequal attention or recording."
)


def implied_false_positive_rate(base_rate: float, ppv: float, false_negative_rate: float) -> float:
    r"""False positive rate that follows from a base rate, a PPV and a false negative rate.

    Parameters
    ----------
    base_rate : float
        Share of rows with an entry, above 0 and below 1.
    ppv : float
        Share of the reviewed rows with an entry, above 0.
    false_negative_rate : float
        Share of the rows with an entry that are not reviewed.

    Returns
    -------
    float
        Share of the rows without an entry that are reviewed.

    Notes
    -----
    :math:`FPR = \tfrac{p}{1 - p} \tfrac{1 - PPV}{PPV} (1 - FNR)`: with equal PPV and equal FNR, groups with different
    base rates p must have different false positive rates.

    References
    ----------
    Chouldechova (2017), Big Data 5, 153-163.

    Examples
    --------
    >>> implied_false_positive_rate(0.2, 0.5, 0.5)
    0.125
    """
    return base_rate / (1 - base_rate) * (1 - ppv) / ppv * (1 - false_negative_rate)


def fairness_limits(groups: pd.DataFrame) -> str:
    """Say in plain words what cannot hold together, with the base rates of these groups.

    Parameters
    ----------
    groups : DataFrame
        ``Evaluation.groups``: by, group, base_rate and, for what would follow, ppv and false_negative_rate.

    Returns
    -------
    str
        The rule; for each column, the groups with the lowest and the highest base rate and, where it is shown whom
        capacity reaches, the false positive rate that equal PPV and equal false negative rate would force. Where no
        column has two groups that are shown, or all base rates are alike, it says so.

    Raises
    ------
    SpecError
        If a column is missing.

    References
    ----------
    Chouldechova (2017), Big Data 5, 153-163; Kleinberg, Mullainathan and Raghavan (2016), arXiv:1609.05807.

    Examples
    --------
    >>> table = pd.DataFrame({"by": "sex", "group": ["female", "male"], "base_rate": [0.04, 0.08]})
    >>> print(fairness_limits(table).split(". ")[1])
    By sex, 4.0% of the rows of female and 8.0% of those of male had an entry
    """
    missing = [name for name in _NEEDED if name not in groups.columns]
    if missing:
        msg = f"The frame lacks {', '.join(missing)}; give the groups of an Evaluation."
        raise SpecError(msg)
    shown = groups.loc[groups["base_rate"].notna()]
    tables = [part.reset_index(drop=True) for _, part in shown.groupby("by", sort=False) if len(part) > 1]
    if not tables:
        return "No column has two groups that are shown, so there are no base rates to compare."
    differ = [part for part in tables if part["base_rate"].max() > part["base_rate"].min()]
    if not differ:
        return "The base rates of the groups shown are alike, so calibration and equal error rates can hold together."
    return " ".join([_RULE, *(_sentences(part) for part in differ), _CHOICE])


def _sentences(table: pd.DataFrame) -> str:
    """The lowest and the highest base rate of one column, and what equal PPV and FNR would force."""
    rates = table["base_rate"].to_numpy(dtype=np.float64)
    low, high = table.iloc[int(rates.argmin())], table.iloc[int(rates.argmax())]
    by = str(low["by"]).replace("_", " ")
    text = (
        f"By {by}, {low['base_rate']:.1%} of the rows of {low['group']} and {high['base_rate']:.1%} of those of "
        f"{high['group']} had an entry."
    )
    if not {"ppv", "false_negative_rate"} <= set(table.columns):
        return text
    ppv, missed = float(low["ppv"]), float(low["false_negative_rate"])
    if not np.isfinite([ppv, missed]).all() or not 0 < ppv < 1 or missed >= 1:
        return text
    first, second = (implied_false_positive_rate(float(row["base_rate"]), ppv, missed) for row in (low, high))
    if min(low["base_rate"], 1 - high["base_rate"]) <= 0 or second > 1:
        return text
    return (
        f"{text} At capacity {ppv:.0%} of the reviewed rows of {low['group']} had an entry and {missed:.0%} of their "
        f"entries were not reviewed, which goes with {first:.1%} of their rows without an entry being reviewed; the "
        f"same two shares for {high['group']} would have to go with {second:.1%}."
    )
