"""How edgeofcare works, in sentences that are true of every run and that documents quote."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["METHOD"]

METHOD: Mapping[str, str] = MappingProxyType(
    {
        "how_missing": (
            "A feature is unknown where the records do not reach far enough back. Boosted trees give unknown values a "
            "branch of their own; the regression imputes within the training rows and marks them. No row is left out "
            "for "
            "an unknown feature."
        ),
        "how_time": (
            "Features see only what was known before the index date; outcomes are looked for from the index date on, "
            "after "
            "the gap."
        ),
        "how_predictors": (
            "The default features stand in a published catalogue, each with its sentence, reason, source and blind "
            "spot. "
            "They were fixed before any outcome was seen and are not selected by it; the regression and the trees "
            "shrink "
            "them."
        ),
        "how_scaled": (
            "Counts, days and yes or no, as recorded. Trees need no scaling; the regression scales within the "
            "training rows."
        ),
        "how_tuned": (
            "Whole households are left out in turn. The rows left out choose the number of trees and fit the "
            "recalibration; "
            "nothing that learns sees the test period."
        ),
        "how_measured": (
            "Discrimination (AUROC, average precision), calibration (O/E, level, slope, curve), overall (Brier "
            "score, log "
            "loss), classification at capacity and net benefit, each beside the rules that the model would replace."
        ),
        "how_clusters": (
            "The unit is the household: intervals resample households, and results are shown for households seen and "
            "never "
            "seen in training."
        ),
        "how_predicted": (
            "Predictions in the test period come from the fitted model itself. The saved model file holds arrays and "
            "plain "
            "text, and the scorer that reads it gives the same risks."
        ),
        "how_imbalance": (
            "No class was weighted or resampled. Entries are rare, so precision stands beside the rate of entry."
        ),
        "how_output": (
            "A calibrated probability with its main reasons. There is no fixed threshold: a team takes as many of the "
            "highest risks as it can review."
        ),
        "how_fairness": (
            "Sex, ethnicity and plans for special needs are for audit and are no features unless somebody asks for "
            "each by "
            "name. Every measure is shown by group with its interval."
        ),
        "how_quality": "Records are checked before use: dates, codes, links and gaps, by table and month.",
        "how_unavailable": (
            "A table that is absent or does not reach back makes its features unknown, which the model handles; "
            "unknown "
            "columns, wrong dates and wrong codes are refused with a message."
        ),
        "how_used": "An analyst runs it on an extract; staff see a risk with its reasons and the records behind each.",
        "how_code": "The code is open, under the licence that comes with it.",
        "how_model_file": (
            "The model file holds every array, feature, setting and hash that is needed to score, and no child's data."
        ),
        "how_outcome_blind": (
            "The outcome is derived from dated records by rule, by the same rule for every child, without sight of any "
            "feature."
        ),
        "how_limits": (
            "Entry into care is a decision of services: a model learns their habits with their errors. Children "
            "without an "
            "open case are not scored."
        ),
        "how_human": (
            "There is no function that opens, closes, refers or refuses. A professional decides with everything else "
            "that "
            "is known."
        ),
        "how_override": (
            "Every scored row carries the model, the index date and its reasons, so that a score can be recorded and "
            "contested."
        ),
    }
)
"""Key to sentence; the same in every run."""
