"""How many entrants are asked for, by whom and what for, so that several numbers on one page do not seem at odds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.evaluation.planning.entrants import AUROC_WITHIN, RATIO_WITHIN, SLOPE_WITHIN, TEST, TRAINING
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.reporting.sections import ReportSections

__all__ = ["entrants_needed", "what_each_is_for"]

_REQUIRED = ("auroc", "observed_expected_ratio")
_FOR = {
    "auroc": f"an interval of the AUROC that reaches no further than {AUROC_WITHIN:g} to each side",
    "observed_expected_ratio": f"one of observed over expected within {1 / RATIO_WITHIN:g} to {RATIO_WITHIN:g}",
    "calibration_slope": f"one of the calibration slope of {SLOPE_WITHIN:g} to each side",
}


def entrants_needed(sections: ReportSections) -> int:
    """Entrants of the test period that the look at the sample size asks for.

    Parameters
    ----------
    sections : ReportSections
        With ``sample_size``, or without.

    Returns
    -------
    int
        The larger of those for AUROC and for observed over expected; 0 where nobody looked.

    Examples
    --------
    >>> frame = pd.DataFrame({"part": "test period", "quantity": ["auroc", "calibration_slope"],
    ...                       "entrants_needed": [163, 223]})
    >>> entrants_needed(ReportSections(sample_size=frame))
    163
    """
    asked = _asked(sections, TEST)
    return max((asked[name] for name in _REQUIRED if name in asked), default=0)


def what_each_is_for(evaluation: Evaluation, sections: ReportSections) -> str:
    """Each number of entrants that is asked for, with its purpose, in one paragraph.

    Parameters
    ----------
    evaluation : Evaluation
        Whose criteria hold the least number for a verdict.
    sections : ReportSections
        With ``sample_size``, or without.

    Returns
    -------
    str
        Empty where the sample size was not looked at.
    """
    asked, trained = _asked(sections, TEST), _asked(sections, TRAINING)
    named = [(name, f"{asked[name]:,} for {purpose}") for name, purpose in _FOR.items() if name in asked]
    if len(named) < len(_FOR):
        return ""
    least = evaluation.criteria.min_entrants
    judged, slope = " and ".join(said for name, said in named if name in _REQUIRED), named[-1][1]
    parts = [
        f"What each number of entrants is for. Of the test period, {least:,} is the least that the criteria, fixed "
        "before fitting, ask for a verdict.",
        f"For narrow intervals it takes more: {judged}; the larger of these is called needed above.",
        f"It takes {slope}; that is for information and is not asked for.",
    ]
    if "entrants_per_feature" in trained:
        parts.append(
            f"In training, {trained['entrants_per_feature']:,} is for a regression without penalty on all features, "
            "which the models here are not."
        )
    return " ".join(parts)


def _asked(sections: ReportSections, part: str) -> dict[str, int]:
    """By quantity, the entrants that a part needs."""
    frame = sections.frame("sample_size")
    if frame is None or not {"part", "quantity", "entrants_needed"} <= set(frame.columns):
        return {}
    kept = frame[(frame["part"] == part) & frame["entrants_needed"].notna()]
    needed = pd.to_numeric(kept["entrants_needed"]).to_numpy(dtype=np.float64)
    return {str(name): int(count) for name, count in zip(kept["quantity"], needed, strict=True)}
