"""Say in plain English whether a model has been shown to beat the count rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.evaluation._small import UNRELIABLE

__all__ = ["Verdict", "make_verdict"]

_Table = dict[tuple[str, str], tuple[float, float, float]]
_NAMES = {"auroc": "AUROC", "ppv_at_capacity": "PPV at capacity"}


@dataclass(frozen=True)
class Verdict:
    """What an evaluation has and has not shown.

    Attributes
    ----------
    conclusion : str
        One of "gain shown", "no gain shown", "worse than the count rule", "too few to tell", "no baseline".
    text : str
        Whole sentences, with intervals.
    """

    conclusion: str
    text: str

    def __str__(self) -> str:
        return self.text


def make_verdict(measures: pd.DataFrame, n_entrants: int | str, *, baseline: str = "count_rule") -> Verdict:
    """Compare the model with a rule, and its risks with what happened.

    Parameters
    ----------
    measures : DataFrame
        ``Evaluation.measures``.
    n_entrants : int or str
        Entrants among all rows, or a text where the number is suppressed.
    baseline : str
        Name of the rule to beat.

    Returns
    -------
    Verdict
        Conclusion and text.
    """
    if isinstance(n_entrants, str) or n_entrants < UNRELIABLE:
        found = n_entrants if isinstance(n_entrants, str) else f"{n_entrants}"
        text = f"Too few to tell: {found} entrants, and at least {UNRELIABLE} are needed for intervals to mean much."
        return Verdict("too few to tell", text)
    table = _numbers(measures)
    label = baseline.replace("_", " ")
    if (f"model minus {baseline}", "auroc") not in table:
        text = f"The model has no baseline named {baseline}, so it has not been shown to beat a simple rule."
        return Verdict("no baseline", f"{text} {_calibration_sentence(table)}")
    signs, sentences = {}, []
    for measure in _NAMES:
        if (f"model minus {baseline}", measure) in table:
            signs[measure], sentence = _compare(table, measure, baseline)
            sentences.append(sentence)
    conclusion = _conclude(list(signs.values()), label)
    lead = {
        "gain shown": f"The model has been shown to beat the {label}.",
        "no gain shown": f"No gain over the {label} has been shown.",
    }.get(conclusion, f"The model is worse than the {label}.")
    return Verdict(conclusion, " ".join([lead, *sentences, _calibration_sentence(table)]))


def _numbers(measures: pd.DataFrame) -> _Table:
    """Estimate and interval of all rows, by model and measure."""
    whole = measures.loc[measures["stratum"] == "all rows"]
    keys = zip(whole["model"].astype(str), whole["measure"].astype(str), strict=True)
    values = whole[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    return {key: (float(row[0]), float(row[1]), float(row[2])) for key, row in zip(keys, values, strict=True)}


def _conclude(signs: list[int], label: str) -> str:
    """Gain if some measure shows one and none shows a loss."""
    if min(signs) < 0:
        return f"worse than the {label}"
    return "gain shown" if max(signs) > 0 else "no gain shown"


def _compare(table: _Table, measure: str, baseline: str) -> tuple[int, str]:
    """Sign of a difference whose interval leaves out zero (else 0), and a sentence on it."""
    ours, theirs = table["model", measure][0], table[baseline, measure][0]
    gain, low, high = table[f"model minus {baseline}", measure]
    sign = 1 if low > 0 else -1 if high < 0 else 0
    judged = {1: "better", -1: "worse", 0: "no gain shown"}[sign]
    sentence = (
        f"{_NAMES[measure]} {ours:.3f} against {theirs:.3f}: difference {gain:+.3f} "
        f"(95% interval {low:+.3f} to {high:+.3f}), {judged}."
    )
    return sign, sentence


def _calibration_sentence(table: _Table) -> str:
    """Say whether the risks are right on average."""
    ratio, low, high = table["model", "observed_expected_ratio"]
    if not np.isfinite([ratio, low, high]).all():
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
