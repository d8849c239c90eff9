"""Which concepts move the risks of a population, and how sure their order is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.concept_groups import concept_groups
from edgeofcare.explanation.global_rows import GlobalRows, outcome_of, rows_of
from edgeofcare.explanation.household_draws import HouseholdDraws
from edgeofcare.metrics._cells import SMALL

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["concept_importance", "plain_importance"]

FloatArray = npt.NDArray[np.float64]

_LOSS = ["loss_without", "loss_low", "loss_high"]
_NUMBERS = ("mean_size", "ci_low", "ci_high", "share", "place_low", "place_high", *_LOSS)


def concept_importance(
    why: Explanation,
    *,
    y: pd.Series | npt.ArrayLike | None = None,
    n_resamples: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> pd.DataFrame:
    r"""Say how much each concept moves the risks of a population, with intervals.

    Parameters
    ----------
    why : Explanation
        Explained rows, best of children that the model was not fitted on.
    y : Series or array of shape (n_rows,), optional
        Outcomes, 0 or 1, of the same rows. With them the frame also says what each concept is worth.
    n_resamples : int, default 1000
        How many times households are drawn.
    random_state : int or numpy.random.Generator, default 0
        Seed.

    Returns
    -------
    DataFrame
        One row for each concept, the largest first, ties by name: ``concept``; ``mean_size``, the mean absolute
        contribution in calibrated log-odds, with the ends ``ci_low`` and ``ci_high`` of its 95% interval; ``share``
        of the sizes of all concepts; ``place_low`` and ``place_high``, the places in the order that it may have;
        ``note``. With ``y`` also ``loss_without``, the rise of the log loss for each row if the contribution of the
        concept is left out, with ``loss_low`` and ``loss_high``. Shareable: it holds no row, and no number of fewer
        than 10 children (of ``loss_without``: 10 entrants).

    Raises
    ------
    IndexNamesError
        If ``y`` is on another index.
    SpecError
        If ``y`` is something else than 0 and 1, or ``n_resamples`` is not a whole number of 1 or more.

    Notes
    -----
    With :math:`\psi_{ik}` the contribution of concept :math:`k` in row :math:`i` of :math:`n`, the mean size is
    :math:`\frac{1}{n} \sum_i |\psi_{ik}|`. Whole households are drawn for the intervals, the model stays as it is:
    they say how far other children would change the size, and not how far another fit would
    (:meth:`Explanation.agreement` does). A size cannot fall below 0, so an interval above 0 is no evidence by itself.

    A concept may have any place from 1 more than the number of concepts that are surely larger to the last that those
    that are surely smaller leave. One is surely larger than another if the 95% interval of the difference of their
    sizes, taken resample by resample, lies above 0. Concepts whose places overlap are not told apart.

    With log-odds :math:`f_i`, leaving a concept out scores the row by :math:`f_i - \psi_{ik}`, with nothing fitted
    again: a size says what moves the risks, ``loss_without`` whether it moves them to where the outcomes are. On rows
    that the model was fitted on it flatters.

    References
    ----------
    Lundberg, S. M. et al. (2020). From local explanations to global understanding with explainable AI for trees. Nature
    Machine Intelligence, 2, 56-67.

    Examples
    --------
    >>> from edgeofcare.explanation.explain import explain
    >>> from edgeofcare.models.risk_model import make_risk_model
    >>> rng = np.random.default_rng(0)
    >>> index = pd.MultiIndex.from_arrays(
    ...     [[f"h{i}" for i in range(400)], [f"c{i}" for i in range(400)], [pd.Timestamp("2024-01-01")] * 400],
    ...     names=["household_id", "child_id", "index_date"],
    ... )
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(0.5, 400), "child.age": rng.integers(10, 18, 400)},
    ...                  index=index).astype(float)
    >>> y = pd.Series((rng.random(400) < 0.1 + 0.2 * X["missing.count.90d"]) * 1, index=index)
    >>> why = explain(make_risk_model("logistic").fit(X, y), X)
    >>> concept_importance(why, n_resamples=200)[["concept", "place_low", "place_high"]]
                      concept  place_low  place_high
    0  risks outside the home          1           1
    1            age and time          2           2
    """
    rows = rows_of(why)
    draws = HouseholdDraws(rows.household, n_resamples=n_resamples, random_state=random_state)
    outcome = None if y is None else outcome_of(y, why, rows)
    found = _sizes(rows, draws)
    if outcome is not None:
        found = found.assign(**_losses(rows, draws, outcome))
    found.insert(len(found.columns), "note", "")
    if rows.few:
        return _hidden(found)
    if outcome is not None and rows.entrants(outcome) < SMALL:
        found[_LOSS] = np.nan
        found["note"] = f"loss suppressed: fewer than {SMALL} entrants"
    return found.sort_values(["mean_size", "concept"], ascending=[False, True], ignore_index=True)


def plain_importance(frame: pd.DataFrame, features: Iterable[str]) -> list[dict[str, Any]]:
    """Importance of concepts as JSON takes it, if it is of those of some features.

    Parameters
    ----------
    frame : DataFrame
        From :func:`concept_importance`.
    features : iterable of str
        Names of the features of a model.

    Returns
    -------
    list of dict
        Numbers by concept, None where there is none; what the model file holds.

    Raises
    ------
    SpecError
        If it is something else, or about other concepts.

    Examples
    --------
    >>> frame = pd.DataFrame({"concept": ["age and time"], "mean_size": [0.2], "note": [""]})
    >>> plain_importance(frame, ["child.age"])
    [{'concept': 'age and time', 'mean_size': 0.2}]
    """
    concepts = concept_groups(features)[1]
    if not isinstance(frame, pd.DataFrame) or not {"concept", "mean_size"} <= set(frame.columns):
        msg = f"importance is a {type(frame).__name__}; expected the frame that concept_importance returns."
        raise SpecError(msg)
    if sorted(map(str, frame["concept"])) != concepts:
        msg = (
            f"importance is about {len(frame)} concepts that are not the {len(concepts)} of this model. Explain rows "
            "with this model and pass concept_importance of that."
        )
        raise SpecError(msg)
    names = [name for name in _NUMBERS if name in frame]
    numbers = zip(*(frame[name].astype(np.float64).tolist() for name in names), strict=True)
    return [
        {
            "concept": str(concept),
            **{name: None if np.isnan(each) else each for name, each in zip(names, row, strict=True)},
        }
        for concept, row in zip(frame["concept"], numbers, strict=True)
    ]


def _sizes(rows: GlobalRows, draws: HouseholdDraws) -> pd.DataFrame:
    """Mean sizes, intervals, shares and places."""
    size = np.abs(rows.psi)
    mean = size.mean(axis=0)
    sums = draws.sums(np.column_stack([size, np.ones(len(size))]))
    drawn = sums[:, :-1] / sums[:, -1:]
    low, high = draws.interval(drawn)
    total = float(mean.sum())
    first, last = _places(drawn, draws)
    columns = {"concept": rows.concepts, "mean_size": mean, "ci_low": low, "ci_high": high}
    columns["share"] = mean / total if total > 0 else np.full(len(mean), np.nan)
    return pd.DataFrame({**columns, "place_low": first, "place_high": last})


def _places(drawn: FloatArray, draws: HouseholdDraws) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last place that each concept may have."""
    low, _ = draws.interval(drawn[:, :, None] - drawn[:, None, :])
    larger = low > 0
    return 1 + larger.sum(axis=0), len(larger) - larger.sum(axis=1)


def _losses(rows: GlobalRows, draws: HouseholdDraws, y: FloatArray) -> dict[str, FloatArray]:
    """Rise of the log loss for each concept whose contribution is left out."""
    f = rows.log_odds[:, None]
    without = f - rows.psi
    rise = (np.logaddexp(0.0, without) - y[:, None] * without) - (np.logaddexp(0.0, f) - y[:, None] * f)
    sums = draws.sums(np.column_stack([rise, np.ones(len(rise))]))
    return dict(zip(_LOSS, (rise.mean(axis=0), *draws.interval(sums[:, :-1] / sums[:, -1:])), strict=True))


def _hidden(found: pd.DataFrame) -> pd.DataFrame:
    """The names of the concepts alone: neither sizes nor their order are shown of few children."""
    numbers = [name for name in found.columns if name not in ("concept", "note")]
    out = found.sort_values("concept", ignore_index=True).astype(dict.fromkeys(numbers, np.float64))
    out[numbers] = np.nan
    return out.assign(note=f"suppressed: fewer than {SMALL} children")
