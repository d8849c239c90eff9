"""Say in plain English whether a model should be used, by criteria that were fixed before it was fitted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from edgeofcare.criteria import Criteria
from edgeofcare.evaluation._small import FEWEST_RESAMPLES, UNRELIABLE
from edgeofcare.evaluation.judgement.agreed_thresholds import NET_BENEFIT
from edgeofcare.evaluation.judgement.alarms import STOPS
from edgeofcare.evaluation.judgement.conclusions import DO_NOT_USE, USE, USE_WITH_CARE
from edgeofcare.evaluation.judgement.judge import (
    CRITERIA_COLUMNS,
    LEVEL,
    NO,
    OUTSIDE,
    UNKNOWN,
    YES,
    Number,
    judge,
    numbers_of,
)

__all__ = ["DO_NOT_USE", "USE", "USE_WITH_CARE", "Verdict", "make_verdict"]

_Table = dict[tuple[str, str], Number]
_NAMES = {
    "auroc": ("AUROC", ".3f"),
    NET_BENEFIT: ("Net benefit for each 1,000 rows", ".2f"),
    "ppv_at_capacity": ("PPV at capacity", ".3f"),
}


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether a model should be used, and why.

    Attributes
    ----------
    conclusion : str
        "use", "use with care" or "do not use".
    text : str
        Whole sentences, with intervals.
    criteria : DataFrame
        criterion, value, ci_low, ci_high, limit, met ("yes", "no" or "cannot be told"), why.

    Examples
    --------
    >>> print(Verdict("use", "Use it."))
    Use it.
    """

    conclusion: str
    text: str
    criteria: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CRITERIA_COLUMNS)), repr=False)

    def __str__(self) -> str:
        return self.text


def make_verdict(
    measures: pd.DataFrame,
    n_entrants: int | str,
    *,
    n_resamples: int,
    criteria: Criteria | None = None,
    groups: pd.DataFrame | None = None,
    alarms: pd.DataFrame | None = None,
) -> Verdict:
    """Hold what was measured against the criteria.

    Parameters
    ----------
    measures : DataFrame
        ``Evaluation.measures``.
    n_entrants : int or str
        Entrants among all rows, or a text where the number is suppressed.
    n_resamples : int
        Resamples of households behind the intervals. With fewer than 200 no interval is judged, so that no gain can be
        shown.
    criteria : Criteria, optional
        Those fixed before fitting; the defaults if left out.
    groups : DataFrame, optional
        ``Evaluation.groups``.
    alarms : DataFrame, optional
        From :func:`edgeofcare.evaluation.judgement.alarms.alarms`.

    Returns
    -------
    Verdict
        Conclusion, text and the table of criteria.

    Notes
    -----
    *Do not use*, if any of these holds: fewer than 30 entrants; no gain over the baseline shown, neither in AUROC nor
    in net benefit (nor can one be with fewer than 200 resamples: the ends of an interval then rest on fewer than five
    of them each, and no criterion that needs one can be told); either of them shown to be worse, or a net benefit that
    is no higher than the baseline's even as estimated; the interval of observed over expected wholly outside its
    limits; an open alarm that may mean that the model saw the future (until it is explained, no figure can be
    believed).
    *Use*, if every criterion is met. *Use with care* otherwise, with what is not met or cannot be told.

    Examples
    --------
    >>> columns = ["model", "stratum", "measure", "estimate", "ci_low", "ci_high"]
    >>> rows = [("model minus count_rule", "all rows", "auroc", 0.01, -0.02, 0.04),
    ...         ("model", "all rows", "auroc", 0.71, 0.66, 0.76), ("count_rule", "all rows", "auroc", 0.7, 0.65, 0.75)]
    >>> verdict = make_verdict(pd.DataFrame(rows, columns=columns), 120, n_resamples=1000)
    >>> verdict.conclusion
    'do not use'
    >>> verdict.text.split(". ")[1]
    'No gain over the count rule has been shown'
    """
    chosen = criteria or Criteria()
    found = judge(chosen, measures, n_entrants, n_resamples=n_resamples, groups=groups, alarms=alarms)
    label = chosen.baseline.replace("_", " ")
    if isinstance(n_entrants, str) or n_entrants < UNRELIABLE:
        text = (
            f"Do not use this model. Too few to tell: {n_entrants} entrants, and at least {UNRELIABLE} are needed for "
            "intervals to mean much. Pool years or authorities."
        )
        return Verdict(DO_NOT_USE, text, found)
    intervals = n_resamples >= FEWEST_RESAMPLES
    table = numbers_of(measures, intervals=intervals)
    reasons = [*_no_gain(table, chosen.baseline, intervals=intervals), *_against(found, chosen, alarms)]
    if not intervals:
        reasons.insert(0, _too_few(n_resamples))
    facts = [*_comparisons(table, chosen.baseline), _calibration_sentence(table)]
    if reasons:
        text = " ".join(["Do not use this model.", *reasons, *facts])
        return Verdict(DO_NOT_USE, text, found)
    open_points = found.loc[found["met"] != YES]
    if open_points.empty:
        lead = ["This model can be used.", f"All {len(found)} criteria are met."]
        return Verdict(USE, " ".join([*lead, f"It has been shown to beat the {label}.", *facts]), found)
    return Verdict(USE_WITH_CARE, " ".join(["Use this model with care.", *_points(open_points), *facts]), found)


def _too_few(n_resamples: int) -> str:
    """Why nothing can be told from few resamples, and what to do."""
    made = "1 resample" if n_resamples == 1 else f"{n_resamples} resamples"
    return (
        f"Too few resamples to tell: {made}, and at least {FEWEST_RESAMPLES} are needed for an interval to judge by. "
        "Evaluate again with n_resamples=1000."
    )


def _no_gain(table: _Table, baseline: str, *, intervals: bool) -> list[str]:
    """Why the model has not been shown to beat the rule; nothing if it has, or if intervals cannot tell."""
    label, minus = baseline.replace("_", " "), f"model minus {baseline}"
    gains = [table[minus, name] for name in ("auroc", NET_BENEFIT) if (minus, name) in table]
    if not gains:
        return [f"The model has no baseline named {baseline}, so it has not been shown to beat a simple rule."]
    if any(gain.high < 0 for gain in gains):
        return [f"The model is worse than the {label}."]
    if intervals and not any(gain.low > 0 for gain in gains):
        return [f"No gain over the {label} has been shown."]
    if table.get((minus, NET_BENEFIT), Number(1.0)).value <= 0:
        return [f"At the agreed thresholds the model finds no more than the {label}."]
    return []


def _against(found: pd.DataFrame, criteria: Criteria, alarms: pd.DataFrame | None) -> list[str]:
    """What else speaks against the model; nothing if it may be used."""
    reasons = []
    if found.loc[found["criterion"] == LEVEL, "why"].iloc[0] == OUTSIDE:
        low, high = criteria.observed_expected
        reasons.append(f"Its risks are wrong on average: the whole interval is outside {low:g} to {high:g}.")
    if alarms is not None and len(alarms):
        ringing = alarms.loc[alarms["open"].astype(bool) & alarms["alarm"].isin(STOPS)]
        reasons += [f"{row['what_it_means']} {row['what_to_check']}" for _, row in ringing.iterrows()]
    return reasons


def _points(open_points: pd.DataFrame) -> list[str]:
    """One sentence for the criteria that are not met, and one for those that cannot be told."""
    parts = []
    for met, words in ((NO, "Not met"), (UNKNOWN, "Cannot be told")):
        rows = open_points.loc[open_points["met"] == met, ["criterion", "why"]].astype(str).to_numpy().tolist()
        named = [f"{criterion} ({why[:1].lower()}{why[1:].rstrip('.')})" for criterion, why in rows]
        parts += [f"{words}: {'; '.join(named)}."] if named else []
    return parts


def _comparisons(table: _Table, baseline: str) -> list[str]:
    """A sentence on each measure that was compared with the baseline; none where the difference is suppressed."""
    return [
        _compare(table, measure, baseline)
        for measure in _NAMES
        if all(
            np.isfinite(table.get((name, measure), Number()).value)
            for name in ("model", baseline, f"model minus {baseline}")
        )
    ]


def _compare(table: _Table, measure: str, baseline: str) -> str:
    """Both values, and their difference with its interval, where there is one to judge by."""
    name, form = _NAMES[measure]
    ours, theirs = table["model", measure][0], table[baseline, measure][0]
    gain, low, high = table[f"model minus {baseline}", measure]
    both = (
        f"{name} {ours:{form}} against {theirs:{form}} of the {baseline.replace('_', ' ')}: difference {gain:+{form}}"
    )
    if not (np.isfinite(low) and np.isfinite(high)):
        return f"{both}, without an interval to judge it by."
    judged = "better" if low > 0 else "worse" if high < 0 else "no gain shown"
    return f"{both} (95% interval {low:+{form}} to {high:+{form}}), {judged}."


def _calibration_sentence(table: _Table) -> str:
    """Say whether the risks are right on average."""
    ratio, low, high = found = table.get(("model", "observed_expected_ratio"), Number())
    if not found.known:
        return "Whether the risks are right on average cannot be told."
    if low > 1:
        judged = "the risks are too low on average"
    elif high < 1:
        judged = "the risks are too high on average"
    else:
        judged = "no sign that the risks are too high or too low on average"
    return (
        f"For every 100 entries that the risks expected, {100 * ratio:.0f} happened "
        f"(95% interval {100 * low:.0f} to {100 * high:.0f}): {judged}."
    )
