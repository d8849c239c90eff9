"""Intervals from resampling whole households, for every measure and for paired differences between models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, check_columns, check_rows, logit
from edgeofcare.metrics._confusion import AT_CAPACITY, AT_THRESHOLD, Choice
from edgeofcare.metrics._engine import Engine, choice_of_all, estimates
from edgeofcare.metrics._households import household_codes
from edgeofcare.metrics._prepared import Source, prepare
from edgeofcare.metrics._result import AtThreshold, BootstrapResult, percentile_interval

__all__ = [
    "MEASURES",
    "THRESHOLD_MEASURES",
    "AtThreshold",
    "BootstrapResult",
    "household_bootstrap",
    "percentile_interval",
]

#: Measures that :func:`household_bootstrap` knows, in the order in which they are reported.
MEASURES = (
    "auroc",
    "average_precision",
    "prevalence",
    "brier_score",
    "scaled_brier_score",
    "log_loss",
    "d2_log_loss",
    "brier_miscalibration",
    "brier_discrimination",
    "brier_uncertainty",
    "observed_expected_ratio",
    "calibration_in_the_large",
    "calibration_slope",
    "integrated_calibration_index",
    "e50",
    "e90",
    "ppv_at_capacity",
    "recall_at_capacity",
    "entrants_found_at_capacity",
    "number_needed_to_review",
    "lift_at_capacity",
    "selection_rate_at_capacity",
    "specificity_at_capacity",
    "false_positive_rate_at_capacity",
    "npv_at_capacity",
    "false_omission_rate_at_capacity",
    "f1_at_capacity",
)
#: Measures of reviewing at or above a threshold, for :meth:`BootstrapResult.at_threshold`.
THRESHOLD_MEASURES = AT_THRESHOLD
_AT_CAPACITY = frozenset(AT_CAPACITY)


def household_bootstrap(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    household: ArrayLike,
    *,
    measures: Sequence[str] | None = None,
    baselines: Mapping[str, ArrayLike] | None = None,
    score: Mapping[str, ArrayLike] | ArrayLike | None = None,
    selected: Mapping[str, ArrayLike] | ArrayLike | None = None,
    child: ArrayLike | None = None,
    grid: ArrayLike | None = None,
    thresholds: ArrayLike | None = None,
    n_resamples: int = 1000,
    random_state: int | np.random.Generator = 0,
    confidence: float = 0.95,
) -> BootstrapResult:
    """Measures with intervals that know that rows of one household are not independent.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks between 0 and 1.
    household : array-like of shape (n,)
        Household of each row; households are drawn whole, with replacement.
    measures : sequence of str, optional
        Some of :data:`MEASURES`; all that the arguments allow if None.
    baselines : mapping of str to array-like of shape (n,), optional
        Risks of the rules to beat, measured on the same resamples, so that differences are paired.
    score : array-like or mapping of str to array-like, optional
        What ranks the rows in ``auroc`` and ``average_precision`` (the risks themselves if None): one array for the
        model, or a mapping from ``"model"`` and names of baselines.
    selected : array-like or mapping of str to array-like, optional
        Share of each row that capacity allows to be reviewed, 0 to 1 (see ``top_k_share``); as for ``score``.
        The choice is made once, as a team does, and not made anew in each resample.
    child : array-like of shape (n,), optional
        Child of each row, for ``entrants_found_at_capacity``.
    grid : array-like of shape (m,), optional
        Risks at which the calibration curve of the model is refitted in each resample.
    thresholds : array-like of shape (t,), optional
        Risks, at least 0 and below 1, of reviewing at or above which the measures are kept of each resample:
        :data:`THRESHOLD_MEASURES`, through :meth:`BootstrapResult.at_threshold`.
    n_resamples : int
        How many resamples.
    random_state : int or numpy.random.Generator
        Seed.
    confidence : float
        Coverage that the intervals aim at.

    Returns
    -------
    BootstrapResult
        Estimates, samples and percentile intervals.

    Raises
    ------
    SpecError
        If an array is malformed, or a measure is unknown or lacks what it needs.

    Notes
    -----
    Each resample draws as many households as there are. Ratios of sums come from one product of household counts and
    household sums, kept in fixed point; AUROC and average precision from the counts at the scores that have an event,
    with ties taken together; calibration-in-the-large, slope, curve and what is read from it (integrated calibration
    index, ``e50`` and ``e90``: the median and the 90th percentile of the same distance) are refitted to convergence,
    and the isotonic fit behind the parts of the Brier score anew. With more than 2,048 distinct risks, the refits see
    neighbouring risks taken together in about as many bins: that moves the slope by about a hundredth of its standard
    error, ``e50`` and ``e90`` by a few hundredths and ``brier_miscalibration`` (down) by a fifth; the estimates are
    never binned. A measure that is undefined in a resample (no event drawn) is left out
    of the percentiles. Row order and threads do not change a digit.

    Average distances such as the integrated calibration index cannot fall below 0, and each resample adds noise to
    them: their intervals lean upwards in small samples. So do those of ``brier_miscalibration`` and
    ``brier_discrimination``, which are themselves biased up in small samples: an isotonic fit follows noise.

    ``f1_at_capacity`` mixes finding entrants with sparing others at a rate that nobody chose. It is there for
    comparison with what others publish, and not for choosing between models or thresholds.

    References
    ----------
    Field and Welsh (2007), Journal of the Royal Statistical Society B 69, 369-390.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> household = np.repeat(np.arange(200), 3)
    >>> y_prob = rng.uniform(0.02, 0.5, 600)
    >>> y_true = (rng.uniform(size=600) < y_prob).astype(int)
    >>> result = household_bootstrap(y_true, y_prob, household, n_resamples=200)
    >>> low, high = result.interval("auroc")
    >>> low < result.estimates["model"]["auroc"] < high
    True
    """
    rows = check_columns(y_true=y_true, y_prob=y_prob)
    codes, size = household_codes(household, rows["y_true"].size)
    risks = {"model": rows["y_prob"], **_baselines(rows["y_true"], baselines or {})}
    scores, chosen = _by_model(score, "score", risks), _by_model(selected, "selected", risks)
    children = None if child is None else household_codes(child, codes.size, "child")[0]
    sources = {}
    for name, risk in risks.items():
        check_rows(y_true, risk)
        check_rows(y_true, scores.get(name, risk), probability=False)
        source = Source(codes, rows["y_true"], risk, scores.get(name, risk), chosen.get(name), children)
        sources[name] = source
    wanted = {name: _measures(measures, source) for name, source in sources.items()}
    cuts = _open_points(thresholds, "thresholds", zero=True)
    points = _open_points(grid, "grid", zero=False)
    prepared = {name: prepare(source, size, cuts) for name, source in sources.items()}
    engine = Engine(prepared, wanted, cuts, None if points is None else logit(points))
    engine.run(size, n_resamples, np.random.default_rng(random_state))
    n_cuts = 0 if cuts is None else cuts.size
    return BootstrapResult(
        estimates={name: estimates(prepared[name], wanted[name], sources[name], size) for name in sources},
        samples=engine.samples,
        n_households=size,
        n_resamples=n_resamples,
        confidence=confidence,
        curve=engine.curve,
        thresholds=cuts,
        choices=_with_everyone(engine.choices),
        choices_made=_with_everyone({name: choice_of_all(each, n_cuts) for name, each in prepared.items() if n_cuts}),
    )


def _with_everyone(choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """Choices by name, with that of reviewing all after the model's."""
    out = {}
    for name, choice in choices.items():
        out[name] = choice
        if name == "model":
            events, rows = (np.broadcast_to(each, choice.found.shape) for each in (choice.events, choice.rows))
            out["review all"] = Choice(events, rows, choice.events, choice.rows)
    return out


def _baselines(y_true: Floats, given: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    """Risks of the baselines, under names that mean nothing else here."""
    taken = sorted({"model", "review all", "y_true", "y_prob"} & set(given))
    if taken:
        msg = f"A baseline cannot be named {', '.join(taken)}; give it another name."
        raise SpecError(msg)
    return {name: risk for name, risk in check_columns(y_true=y_true, **given).items() if name != "y_true"}


def _by_model(
    given: Mapping[str, ArrayLike] | ArrayLike | None, name: str, risks: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Arrays by name of the set of predictions; a bare array is the model's."""
    if given is None:
        return {}
    arrays = dict(given) if isinstance(given, Mapping) else {"model": given}
    unknown = len(set(arrays) - set(risks))
    if unknown:
        msg = f"{name} names {unknown} sets of predictions that are not there; use 'model' or a baseline's name."
        raise SpecError(msg)
    out = check_columns(y_prob=risks["model"], **arrays)
    out.pop("y_prob")
    if name == "selected" and any(((part < 0) | (part > 1) | np.isnan(part)).any() for part in out.values()):
        msg = "selected has values outside [0, 1]; give the share of each row that is reviewed."
        raise SpecError(msg)
    return out


def _open_points(given: ArrayLike | None, name: str, *, zero: bool) -> Floats | None:
    """Risks of a grid, below 1 and above 0 (or at 0 where that is allowed)."""
    if given is None:
        return None
    points = check_columns(**{name: given})[name]
    bad = int(np.count_nonzero(~((points < 1) & ((points >= 0) if zero else (points > 0)))))
    if bad:
        msg = f"{name} has {bad} of {points.size} values that are not risks below 1 and above 0."
        raise SpecError(msg)
    return points


def _measures(given: Sequence[str] | None, source: Source) -> tuple[str, ...]:
    """Measures to compute for one set of predictions, in the order of reporting."""
    possible = set(MEASURES)
    if source.selected is None:
        possible -= _AT_CAPACITY
    if source.selected is None or source.child is None:
        possible -= {"entrants_found_at_capacity"}
    if given is None:
        return tuple(measure for measure in MEASURES if measure in possible)
    unknown = ["a bare string"] if isinstance(given, str) else sorted(set(given) - set(MEASURES))
    if unknown:
        msg = f"Unknown measures: {', '.join(unknown)}. Choose from {', '.join(MEASURES)}."
        raise SpecError(msg)
    return tuple(measure for measure in MEASURES if measure in given and measure in possible)
