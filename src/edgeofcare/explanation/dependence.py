"""On what the contributions of concepts depend: values, groups of children, and each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.by_value import carrying_features, value_table
from edgeofcare.explanation.global_rows import GlobalRows, outcome_of, rows_of
from edgeofcare.explanation.household_draws import HouseholdDraws
from edgeofcare.explanation.proxies import GROUP_COLUMNS, PROXY_COLUMNS, Grouping, group_table, proxy_table
from edgeofcare.metrics._cells import SMALL
from edgeofcare.schema.audit import NOT_RECORDED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgeofcare.explanation.explanation import Explanation

__all__ = ["ConceptDependence", "concept_dependence"]


@dataclass(frozen=True, eq=False, repr=False)
class ConceptDependence:
    """On what the contributions of concepts depend.

    Made by :func:`edgeofcare.concept_dependence`. Shareable as long as the columns of ``by`` are audit columns: no row,
    no identifier, no number of fewer than 10 children; the values of a column of one's own are told as they are.

    Attributes
    ----------
    by_value : DataFrame
        concept, feature, value (in words; "unknown" where it is), low, high (lower end belongs to the bin; NaN where
        unknown), mean_contribution of the concept in log-odds, ci_low, ci_high, note.
    by_group : DataFrame
        by, group, concept, difference (mean contribution in the group less that in the rest), ci_low, ci_high, note.
        The differences of the concepts add up to that of "all concepts", which is the whole of it.
    proxies : DataFrame
        by, concept, share_told (of the variance of the contribution, 0 to 1), ci_low, ci_high, borne_out (slope of
        the outcome within groups: 1 as the model says, 0 not at all), borne_out_low, borne_out_high, reading, note;
        within a column of ``by`` the largest first.
    between : DataFrame
        concept, other, correlation of their contributions, ci_low, ci_high, note.
    """

    by_value: pd.DataFrame
    by_group: pd.DataFrame
    proxies: pd.DataFrame
    between: pd.DataFrame

    def __repr__(self) -> str:
        """Counts only."""
        return (
            f"ConceptDependence({self.by_value['feature'].nunique()} features by value, "
            f"{self.proxies['by'].nunique()} columns by group)"
        )

    @property
    def text(self) -> str:
        """Which concepts differ between groups, in plain words."""
        if self.proxies.empty:
            return "No groups were asked for: pass cohort= and by=."
        seen = self.proxies[self.proxies["ci_low"] > 0]
        said = [
            f"{row.concept} by {row.by}: groups tell {row.share_told:.0%} of what it adds ({row.reading})."
            for row in seen.itertuples()
        ]
        return " ".join(said) or "No concept was shown to differ between groups by more than chance."

    def plot(self, *, by: str | None = None, feature: str | None = None, top: int = 4) -> Figure:
        """Draw what concepts add by value, or through which concepts groups differ.

        Parameters
        ----------
        by : str, optional
            A column of the cohort: the differences of its groups are drawn instead of values.
        feature : str, optional
            One feature alone.
        top : int, default 4
            Most features, those whose concepts move most first.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; shareable as the frames are.

        Raises
        ------
        SpecError
            If there is no such column or feature, both are given, or ``top`` is not a whole number of 1 or more.
        """
        from edgeofcare.explanation.plots import dependence_figure

        return dependence_figure(self.by_value, self.by_group, by=by, feature=feature, top=top)


def concept_dependence(
    why: Explanation,
    *,
    cohort: pd.DataFrame | None = None,
    by: Sequence[str] | str | None = None,
    y: pd.Series | npt.ArrayLike | None = None,
    features: Iterable[str] | str | None = None,
    n_bins: int = 6,
    n_resamples: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> ConceptDependence:
    r"""Say on what the contributions of concepts depend, and which of them stand for a group of children.

    Parameters
    ----------
    why : Explanation
        Explained rows, best of children that the model was not fitted on.
    cohort : DataFrame, optional
        The cohort that the rows are from, with its columns for audit.
    by : str or sequence of str, optional
        Columns of the cohort, such as ``["sex", "ethnic_group"]``.
    y : Series or array of shape (n_rows,), optional
        Outcomes, 0 or 1, of the same rows; with them ``proxies`` says whether outcomes bear out a difference.
    features : iterable of str, optional
        Features by whose values the contribution of their concept is shown; of each concept the one that moves risks
        most if left out.
    n_bins : int, default 6
        Most bins of a feature, from 2. Neighbours are joined until each holds 10 children.
    n_resamples : int, default 1000
        How many times households are drawn.
    random_state : int or numpy.random.Generator, default 0
        Seed.

    Returns
    -------
    ConceptDependence
        Four tidy frames and a summary in words.

    Raises
    ------
    IndexNamesError
        If ``y`` is on another index.
    SpecError
        If ``by`` is no column of the cohort or there is no cohort, rows are not in it, or another argument is
        malformed.

    Notes
    -----
    **A proxy** is a concept whose contribution says which group a child belongs to, rather than how that child differs
    from others of the same group. Three numbers tell.

    *Difference.* The mean contribution in a group less that in all other rows. Every row starts from the same base, so
    that the differences of the concepts add up to the difference of the mean log-odds: it is known to the last digit
    through which concepts the model scores one group higher.

    *Share told.* With :math:`w_g` the share of rows in group :math:`g`, :math:`\bar\psi_g` the mean contribution there
    and :math:`s^2` its variance over all rows, groups tell

    .. math:: \eta^2 = \sum_g w_g (\bar\psi_g - \bar\psi)^2 / s^2

    of the variance. Chance alone gives more than 0, so what it gives, :math:`c`, is taken off: the mean of
    :math:`\sum_g w_g (d^*_g - d_g)^2 / s^2` over resamples of households, where :math:`d_g = \bar\psi_g - \bar\psi`.
    A resample holds that chance twice, and its :math:`\eta^2` less :math:`2c` gives the interval, cut at 0 and 1. Its
    lower end lies above 0 far more seldom than once in 40 if groups do not differ (about once in 1,300 for two large
    groups), which allows for many concepts and columns being looked at.

    *Borne out.* With :math:`y`, the outcome is regressed on the contribution within groups:
    :math:`\mathrm{logit}\,P(y_i = 1) = f_i - \psi_{ik} + \alpha_{g(i)} + \beta \psi_{ik}`. If children with a higher
    contribution enter care more often than others *of their own group*, as the model says, :math:`\beta` is 1; if the
    contribution tells their group and nothing else, it is 0. Groups with fewer than 10 entrants are taken together.
    The interval draws households and takes one step of Newton's method with each draw.

    The reading is "stands for the group" where the share told is above 0 and outcomes within groups bear the
    contribution out less than the model says and perhaps not at all (:math:`\beta` below 1, its interval holding 0);
    "differs, borne out within groups" where :math:`\beta` is above 0: the groups differ in something that tells the
    outcome among their own as well. That is no verdict of fairness: what is recorded more often of one group may be
    borne out by outcomes that are made more often of it too.

    By value, edges of bins are rounded to two significant digits where a feature has more values than bins, and the
    outer bins are open, so that none tells one child's value. Correlations between concepts are over rows.

    Examples
    --------
    >>> from edgeofcare.explanation.explain import explain
    >>> from edgeofcare.models.risk_model import make_risk_model
    >>> rng = np.random.default_rng(0)
    >>> index = pd.MultiIndex.from_arrays(
    ...     [[f"h{i}" for i in range(900)], [f"c{i}" for i in range(900)], [pd.Timestamp("2024-01-01")] * 900],
    ...     names=["household_id", "child_id", "index_date"],
    ... )
    >>> cohort = pd.DataFrame({"sex": rng.choice(["female", "male"], 900)}, index=index)
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(0.5 + (cohort["sex"] == "male"))} | {"child.age": 12.0},
    ...                  index=index).astype(float)
    >>> y = pd.Series((rng.random(900) < 0.05 + 0.1 * X["missing.count.90d"]) * 1, index=index)
    >>> why = explain(make_risk_model("logistic").fit(X, y), X)
    >>> depends = concept_dependence(why, cohort=cohort, by="sex", y=y, n_resamples=200)
    >>> depends.proxies[["concept", "reading"]].iloc[0].tolist()
    ['risks outside the home', 'differs, borne out within groups']
    """
    rows = rows_of(why)
    if isinstance(n_bins, bool) or not isinstance(n_bins, int | np.integer) or n_bins < 2:
        msg = "n_bins must be a whole number, at least 2; 6 is usual."
        raise SpecError(msg)
    groupings = _groupings(why, rows, cohort, by)
    outcome = None if y is None else outcome_of(y, why, rows)
    draws = HouseholdDraws(rows.household, n_resamples=n_resamples, random_state=random_state)
    groups = [group_table(rows, draws, each) for each in groupings]
    proxies = [proxy_table(rows, draws, each, outcome) for each in groupings]
    return ConceptDependence(
        by_value=value_table(why, rows, draws, carrying_features(why, features), int(n_bins)),
        by_group=pd.concat(groups, ignore_index=True) if groups else pd.DataFrame(columns=list(GROUP_COLUMNS)),
        proxies=pd.concat(proxies, ignore_index=True) if proxies else pd.DataFrame(columns=list(PROXY_COLUMNS)),
        between=_between(rows, draws),
    )


def _groupings(
    why: Explanation, rows: GlobalRows, cohort: pd.DataFrame | None, by: Sequence[str] | str | None
) -> list[Grouping]:
    """The group of each row by each column, what is missing as a group of its own."""
    if by is None:
        return []
    wanted = [by] if isinstance(by, str) else list(by)
    if not isinstance(cohort, pd.DataFrame):
        msg = "by= needs the cohort, which holds the columns to group by: pass cohort=."
        raise SpecError(msg)
    unknown = sum(name not in cohort.columns for name in wanted)
    if unknown:
        msg = f"{unknown} of {len(wanted)} entries of by= are no columns of the cohort; by= can use {_held(cohort)}."
        raise SpecError(msg)
    index = why.risk.index
    where = cohort.index.get_indexer(index) if cohort.index.is_unique else np.full(len(index), -1)
    if (absent := int((where < 0).sum())) > 0:
        msg = f"{absent} of {len(index)} explained rows are not in the cohort once; pass the cohort that X is from."
        raise SpecError(msg)
    found = []
    for name in wanted:
        column = cohort[name].iloc[where[rows.order]].astype(object)
        texts = column.where(column.notna(), NOT_RECORDED).astype(str).to_numpy(dtype=object)
        codes, names = pd.factorize(texts, sort=True)
        found.append(Grouping(name, [str(each) for each in names], codes.astype(np.int64)))
    return found


def _held(cohort: pd.DataFrame) -> str:
    """Columns of a cohort."""
    return ", ".join(map(str, cohort.columns))


def _between(rows: GlobalRows, draws: HouseholdDraws) -> pd.DataFrame:
    """Correlation of the contributions of every two concepts."""
    one, two = np.triu_indices(len(rows.concepts), k=1)
    centred = rows.psi - rows.psi.mean(axis=0)
    columns = np.column_stack([centred, centred**2, centred[:, one] * centred[:, two], np.ones(len(centred))])
    size = len(rows.concepts)

    def correlation(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Of each pair, from sums over rows."""
        means = sums[:, :-1] / sums[:, -1:]
        mean, variance = means[:, :size], means[:, size : 2 * size] - means[:, :size] ** 2
        scale = np.sqrt(np.maximum(variance[:, one] * variance[:, two], 0.0))
        shared = means[:, 2 * size :] - mean[:, one] * mean[:, two]
        return np.divide(shared, scale, out=np.full(shared.shape, np.nan), where=scale > 1e-12)

    low, high = draws.interval(correlation(draws.sums(columns)))
    made = correlation(columns.sum(axis=0, keepdims=True))[0]
    frame = pd.DataFrame({"concept": np.array(rows.concepts, dtype=object)[one]})
    frame = frame.assign(other=np.array(rows.concepts, dtype=object)[two], correlation=made, ci_low=low, ci_high=high)
    frame["note"] = f"suppressed: fewer than {SMALL} children" if rows.few else ""
    if rows.few:
        frame[["correlation", "ci_low", "ci_high"]] = np.nan
        return frame
    order = np.lexsort([frame["other"], frame["concept"], -frame["correlation"].abs().fillna(-1.0)])
    return frame.iloc[order].reset_index(drop=True)
