"""Intervals from resampling whole households, for every measure and for paired differences between models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, check_columns, check_rows, logit
from edgeofcare.metrics._engine import Engine, estimates
from edgeofcare.metrics._households import household_codes
from edgeofcare.metrics._prepared import Source, prepare

__all__ = ["MEASURES", "BootstrapResult", "household_bootstrap", "percentile_interval"]

#: Measures that :func:`household_bootstrap` knows, in the order in which they are reported.
MEASURES = (
    "auroc",
    "average_precision",
    "prevalence",
    "brier_score",
    "scaled_brier_score",
    "log_loss",
    "observed_expected_ratio",
    "calibration_in_the_large",
    "calibration_slope",
    "integrated_calibration_index",
    "ppv_at_capacity",
    "recall_at_capacity",
    "entrants_found_at_capacity",
    "number_needed_to_review",
)
_AT_CAPACITY = frozenset({"ppv_at_capacity", "recall_at_capacity", "number_needed_to_review"})
_UNDEFINED_ALLOWED = 0.05


@dataclass(frozen=True)
class BootstrapResult:
    """Estimates, and the same measures in every resample of households.

    Attributes
    ----------
    estimates : dict of str to dict of str to float
        Measures of the rows themselves: ``estimates["model"]["auroc"]``.
    samples : dict of str to dict of str to ndarray of shape (n_resamples,)
        Measures of each resample, the same resamples for every set of predictions.
    curve : ndarray of shape (n_resamples, m) or None
        Calibration curve of the model at the grid, in each resample.
    net_benefit : dict of str to ndarray of shape (n_resamples, t)
        Net benefit at the thresholds, in each resample; with the rules "review all" beside the predictions.
    n_households, n_resamples : int
        Households that were resampled, and how often.
    confidence : float
        Coverage that intervals aim at.
    """

    estimates: Mapping[str, Mapping[str, float]]
    samples: Mapping[str, Mapping[str, Floats]]
    n_households: int
    n_resamples: int
    confidence: float
    curve: Floats | None = field(default=None, repr=False)
    net_benefit: Mapping[str, Floats] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        counts = f"{self.n_resamples} resamples of {self.n_households} households"
        return f"BootstrapResult({counts}; {', '.join(self.estimates)})"

    def interval(self, measure: str, model: str = "model", *, minus: str | None = None) -> tuple[float, float]:
        """Percentile interval of a measure, or of its difference from another set of predictions.

        Parameters
        ----------
        measure : str
            One of :data:`MEASURES`.
        model : str
            ``"model"`` or the name of a baseline.
        minus : str, optional
            Subtract this set of predictions, resample by resample.

        Returns
        -------
        tuple of float
            Lower and upper end; NaN where the measure is undefined in more than 1 resample in 20.
        """
        drawn = self.samples[model][measure]
        if minus is not None:
            drawn = drawn - self.samples[minus][measure]
        if self.n_households < 2:
            return float("nan"), float("nan")
        low, high = percentile_interval(drawn, self.confidence)
        return float(low), float(high)

    def rows(self) -> list[dict[str, str | float]]:
        """One dictionary for each model and measure, ready for :class:`pandas.DataFrame`.

        Returns
        -------
        list of dict
            Keys model, measure, estimate, ci_low, ci_high.
        """
        out: list[dict[str, str | float]] = []
        for model, measures in self.estimates.items():
            for measure, estimate in measures.items():
                low, high = self.interval(measure, model)
                row: dict[str, str | float] = {"model": model, "measure": measure, "estimate": estimate}
                out.append({**row, "ci_low": low, "ci_high": high})
        return out


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
        Risks, at least 0 and below 1, at which net benefit is computed in each resample.
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
    household sums, kept in fixed point; AUROC and average precision from one cumulative count along the sorted rows,
    with ties taken together; calibration-in-the-large, slope, curve and integrated calibration index are refitted to
    convergence. With more than 2,048 distinct risks, the refits see neighbouring risks taken together in about as
    many bins: that moves them by about a hundredth of their standard error, and the estimates are never binned. A
    measure that is undefined in a resample (no event drawn) is left out of the percentiles. Row order and threads do
    not change a digit.

    Average distances such as the integrated calibration index cannot fall below 0, and each resample adds noise to
    them: their intervals lean upwards in small samples.

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
    return BootstrapResult(
        estimates={name: estimates(prepared[name], wanted[name], sources[name], size) for name in sources},
        samples=engine.samples,
        n_households=size,
        n_resamples=n_resamples,
        confidence=confidence,
        curve=None if points is None else np.array(engine.curve).reshape(n_resamples, points.size),
        net_benefit=engine.net_benefit,
    )


def percentile_interval(samples: Floats, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Percentiles of resamples along their first axis; NaN where more than 1 resample in 20 is undefined.

    Parameters
    ----------
    samples : ndarray of shape (n_resamples, ...)
        Measures of each resample.
    confidence : float
        Coverage, between 0 and 1.

    Returns
    -------
    tuple of ndarray
        Lower and upper ends.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = percentile_interval(np.arange(101.0), 0.9)
    >>> round(float(low), 6), round(float(high), 6)
    (5.0, 95.0)
    """
    if not 0 < confidence < 1:
        msg = "confidence must lie between 0 and 1; 0.95 is usual."
        raise SpecError(msg)
    undefined = ~np.isfinite(samples)
    unusable = undefined.mean(axis=0) > _UNDEFINED_ALLOWED
    filled = np.where(undefined & ~unusable, np.nan, np.where(unusable, 0.0, samples))
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.where(unusable, np.nan, low), np.where(unusable, np.nan, high)


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
