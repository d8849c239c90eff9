"""Which two concepts say more together than each on its own."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.coalitions import expected_margins
from edgeofcare.explanation.concept_groups import concept_groups
from edgeofcare.explanation.explain import _check_rows, _Parts, _parts
from edgeofcare.explanation.household_draws import HouseholdDraws
from edgeofcare.explanation.kernel import contributions
from edgeofcare.metrics._cells import SMALL
from edgeofcare.metrics._households import household_codes
from edgeofcare.models.rows import ROW_NAMES
from edgeofcare.models.vocabulary import in_numbers

if TYPE_CHECKING:
    from edgeofcare.explanation.explain import _Scored
    from edgeofcare.models.risk_model import RiskClassifier

__all__ = ["concept_interactions"]

FloatArray = npt.NDArray[np.float64]

_ROUNDING = 1e-12  # log-odds
_NUMBERS = ["mean_size", "ci_low", "ci_high", "mean", "share_of_pair"]


def concept_interactions(
    model: RiskClassifier | _Scored,
    X: pd.DataFrame,
    *,
    top: int = 6,
    n_resamples: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> pd.DataFrame:
    r"""Say which two concepts move the risks together by more, or by less, than each alone.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        Fitted, or loaded from a model file.
    X : DataFrame of float64, shape (n_rows, n_features)
        Rows on the index (household_id, child_id, index_date); the columns of training, in their order. A thousand or
        two are enough: it takes as long as explaining them several times.
    top : int, default 6
        How many concepts are paired: those that move these rows most by themselves. From 2.
    n_resamples : int, default 1000
        How many times households are drawn.
    random_state : int or numpy.random.Generator, default 0
        Seed.

    Returns
    -------
    DataFrame
        One row for each pair, the largest first, ties by name: ``concept`` and ``other``; ``mean_size``, the mean
        absolute interaction in calibrated log-odds, with ``ci_low`` and ``ci_high``; ``mean``, with its sign: above 0
        where on average the two together raise the risk more than the sum of both; ``share_of_pair``, the mean size
        over the mean absolute effect of the two together; ``note``. Shareable: it holds no row, and no number of
        fewer than 10 children.

    Raises
    ------
    IndexNamesError
        If the rows have no names.
    SpecError
        If the columns are not those of the model, or ``top`` or ``n_resamples`` is malformed.

    Notes
    -----
    Let :math:`v(S)` be the calibrated log-odds that are expected of a row if the concepts in :math:`S` are known: the
    game of which the contributions are the Shapley values. All concepts but the two, :math:`a` and :math:`b`, play as
    one, :math:`r`. The interaction of a row is the mean of what is left over when nothing else is known and when
    everything is,

    .. math::

        I_{ab} = \tfrac12 \big[v(ab) - v(a) - v(b) + v(\emptyset)\big]
               + \tfrac12 \big[v(abr) - v(ar) - v(br) + v(r)\big]

    which is the exact Shapley interaction index of the game among the three. It is a part of the contributions, which
    share it between the concepts, and not something on top of them. A regression has none: its log-odds are a sum.
    Effects on the *risk* are never sums, and this does not say whether two things interact in the world, nor in its
    causes. What the contribution of two concepts merged into one differs by from the sum of theirs would not do: it
    is 0 for any interaction of two, whatever its size.

    References
    ----------
    Grabisch, M. and Roubens, M. (1999). An axiomatic approach to the concept of interaction among players in
    cooperative games. International Journal of Game Theory, 28, 547-565.

    Examples
    --------
    >>> from edgeofcare.models.risk_model import make_risk_model
    >>> rng = np.random.default_rng(0)
    >>> index = pd.MultiIndex.from_arrays(
    ...     [[f"h{i}" for i in range(400)], [f"c{i}" for i in range(400)], [pd.Timestamp("2024-01-01")] * 400],
    ...     names=ROW_NAMES,
    ... )
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(0.5, 400), "child.age": rng.integers(10, 18, 400)},
    ...                  index=index).astype(float)
    >>> y = pd.Series((rng.random(400) < 0.1 + 0.2 * X["missing.count.90d"]) * 1, index=index)
    >>> found = concept_interactions(make_risk_model("logistic").fit(X, y), X, n_resamples=100)
    >>> found[["concept", "other", "mean_size"]]
            concept                   other  mean_size
    0  age and time  risks outside the home        0.0
    """
    if isinstance(top, bool) or not isinstance(top, int | np.integer) or top < 2:
        msg = "top must be a whole number, at least 2; 6 is usual."
        raise SpecError(msg)
    parts = _parts(model)
    _check_rows(X, parts.names, parts.vocabularies)
    values = in_numbers(X, parts.vocabularies).to_numpy(dtype=np.float64)
    codes = [household_codes(np.asarray(X.index.get_level_values(name)), len(X), name)[0] for name in ROW_NAMES]
    order = np.lexsort([*values.T, *codes[::-1]])
    household, child = codes[0][order], codes[1][order]
    groups, names = concept_groups(parts.names)
    table = values[order]
    few = len(np.unique(child)) < SMALL
    pairs = list(combinations(range(len(names)) if few else _strongest(parts, table, groups, names, int(top)), 2))
    found, together = _interactions(parts, table, groups, pairs)
    draws = HouseholdDraws(household, n_resamples=n_resamples, random_state=random_state)
    sums = draws.sums(np.column_stack([np.abs(found), np.ones(len(table))]))
    low, high = draws.interval(sums[:, :-1] / sums[:, -1:])
    size, whole = np.abs(found).mean(axis=0), np.abs(together).mean(axis=0)
    share = np.divide(size, whole, out=np.full(len(size), np.nan), where=whole > 0)
    ends = {"concept": [names[one] for one, _ in pairs], "other": [names[other] for _, other in pairs]}
    numbers = dict(zip(_NUMBERS, (size, low, high, found.mean(axis=0), share), strict=True))
    frame = pd.DataFrame({**ends, **numbers, "note": ""})
    if few:
        frame[_NUMBERS], frame["note"] = np.nan, f"suppressed: fewer than {SMALL} children"
        return frame
    return frame.sort_values(["mean_size", "concept", "other"], ascending=[False, True, True], ignore_index=True)


def _strongest(parts: _Parts, table: FloatArray, groups: npt.NDArray[np.intp], names: list[str], top: int) -> list[int]:
    """Concepts with the largest mean contributions, in the order of their names."""
    size = np.abs(contributions(parts.arrays, table, groups=groups)[0]).mean(axis=0)
    return sorted(np.lexsort((names, -size))[:top].tolist())


def _interactions(
    parts: _Parts, table: FloatArray, groups: npt.NDArray[np.intp], pairs: list[tuple[int, int]]
) -> tuple[FloatArray, FloatArray]:
    """Interaction of each pair in each row, and the effect of the two together, shape (rows, pairs)."""
    size = int(groups.max()) + 1
    ones = [frozenset({one}) for one in sorted({one for pair in pairs for one in pair})]
    sets = [frozenset(), *ones, *map(frozenset, pairs)]
    known = np.array([[place in each for place in range(size)] for each in sets], dtype=np.bool_).reshape(-1, size)
    margins = parts.slope * expected_margins(parts.arrays, table, groups, np.concatenate([known, ~known]))
    alone = dict(zip(sets, margins[: len(sets)], strict=True))
    without = dict(zip(sets, margins[len(sets) :], strict=True))
    found, together = np.empty((len(table), len(pairs))), np.empty((len(table), len(pairs)))
    for place, (one, other) in enumerate(pairs):
        a, b, none, both = frozenset({one}), frozenset({other}), sets[0], frozenset({one, other})
        first = alone[both] - alone[a] - alone[b] + alone[none]
        last = without[none] - without[b] - without[a] + without[both]
        found[:, place] = (first + last) / 2
        together[:, place] = (alone[both] - alone[none] + without[none] - without[both]) / 2
    return np.where(np.abs(found) < _ROUNDING, 0.0, found), together
