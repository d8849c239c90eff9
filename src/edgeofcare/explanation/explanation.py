"""What an explanation holds: contributions, reasons in words, and the source rows behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.about import About
from edgeofcare.explanation.agreement import Agreement, agreement_of
from edgeofcare.explanation.cells import look_at
from edgeofcare.explanation.concept_groups import summed_by_concept
from edgeofcare.explanation.readable import Readable
from edgeofcare.explanation.spread import ReasonSpread
from edgeofcare.explanation.summary import summary_frame
from edgeofcare.explanation.wording_file import Wording, default_wording
from edgeofcare.features.evidence import evidence_index
from edgeofcare.features.feature import Feature
from edgeofcare.models.rows import ROW_NAMES
from edgeofcare.models.spread import RefitArrays
from edgeofcare.records.records import Records

if TYPE_CHECKING:
    pass

__all__ = ["Explanation"]

_REASON_COLUMNS = [
    "direction",
    "feature",
    "concept",
    "value",
    "sentence",
    "contribution",
    "odds_multiplier",
    "evidence",
]


class Explanation(Readable):
    """Why risks are what they are: contributions, reasons in words, and the source rows behind them.

    Made by :func:`edgeofcare.explain`. It cannot be changed: its properties hand out copies. Reasons and evidence
    carry the authority's own keys and stay with the authority; the repr and :meth:`summary` hold none.

    Parameters
    ----------
    contributions : DataFrame of float64, shape (n_rows, n_features)
        In calibrated log-odds, on the index (household_id, child_id, index_date).
    base : float
        Log-odds before any feature is known.
    scores : DataFrame
        ``log_odds`` and ``risk`` of each row, as the model gives them; ``risk_low`` and ``risk_high`` with refits.
    values : DataFrame of float64, shape (n_rows, n_features)
        The features.
    specs : tuple of Feature or None
        The spec of each column; None where it is no feature of the library.
    records : Records, optional
        The case records behind the features.
    refits : sequence of RefitArrays
        The model fitted again on resampled households; none by default.
    concepts : DataFrame of float64, shape (n_rows, n_concepts), optional
        Contributions of concepts; what their features add up to if left out, which is the same for a regression.
    wording : Wording, optional
        Sentences of a wording file; those of the library if left out.
    about : About, optional
        What is predicted, and by which model.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("h1", "c1", pd.Timestamp("2024-01-01"))], names=ROW_NAMES)
    >>> values = pd.DataFrame({"missing.count.90d": [3.0], "cp_plan.active": [0.0]}, index=index)
    >>> contributions = pd.DataFrame({"missing.count.90d": [0.7], "cp_plan.active": [-0.2]}, index=index)
    >>> scores = pd.DataFrame({"log_odds": [-2.5], "risk": [0.0759]}, index=index)
    >>> from edgeofcare.features.names import parse_feature
    >>> why = Explanation(contributions, -3.0, scores, values, specs=tuple(map(parse_feature, values)))
    >>> why
    Explanation(1 row, 2 features, without records)
    >>> why.reasons().reset_index()[["rank", "direction", "sentence"]]
       rank direction                                           sentence
    0     1    raises  3 missing episodes began in the 90 days before...
    1     2    lowers                   No child protection plan is open.
    """

    def __init__(
        self,
        contributions: pd.DataFrame,
        base: float,
        scores: pd.DataFrame,
        values: pd.DataFrame,
        *,
        specs: tuple[Feature | None, ...],
        records: Records | None = None,
        refits: Sequence[RefitArrays] = (),
        concepts: pd.DataFrame | None = None,
        wording: Wording | None = None,
        about: About | None = None,
    ) -> None:
        self._contributions = contributions.copy()
        self._base = float(base)
        self._scores = scores.copy()
        self._values = values.copy()
        self._specs = tuple(specs)
        self._names = np.asarray([str(name) for name in values.columns])
        self._records = records
        self._refits = tuple(refits)
        self._concepts = summed_by_concept(contributions) if concepts is None else concepts.copy()
        self._spread = ReasonSpread(refits, self._contributions, self._values, self._concepts) if refits else None
        self._wording = default_wording() if wording is None else wording
        self._about = About() if about is None else about

    @property
    def contributions(self) -> pd.DataFrame:
        """What each feature adds to the calibrated log-odds; a row adds up to its log-odds less the base."""
        return self._contributions.copy()

    @property
    def concept_contributions(self) -> pd.DataFrame:
        """What each concept adds to the calibrated log-odds; a row adds up to its log-odds less the base.

        Exact Shapley values of the game in which the features of a concept are known or unknown together. For trees
        they differ a little from what the contributions of its features add up to.
        """
        return self._concepts.copy()

    @property
    def base(self) -> float:
        """Where every row starts: the calibrated log-odds of the average child in training.

        For trees it is the average of their margins under the counts of training rows in their branches, for a
        regression the margin at the training means; then calibrated. It is the average in log-odds, so its risk is
        not the mean risk of training children, but somewhat lower.
        """
        return self._base

    @property
    def log_odds(self) -> pd.Series:
        """Calibrated log-odds of each row, as the model gives them."""
        return self._scores["log_odds"].copy()

    @property
    def risk(self) -> pd.Series:
        """Calibrated probability of each row, as the model gives it."""
        return self._scores["risk"].copy()

    @property
    def risk_interval(self) -> pd.DataFrame | None:
        """``risk_low`` and ``risk_high`` of each row, from the spread over refits; None where the model has none."""
        ends = ["risk_low", "risk_high"]
        return self._scores[ends].copy() if set(ends) <= set(self._scores) else None

    @property
    def values(self) -> pd.DataFrame:
        """The features of each row."""
        return self._values.copy()

    @property
    def spread(self) -> ReasonSpread | None:
        """What each refit adds, how far that moves and the bands; None where the model has no refits."""
        return self._spread

    def agreement(self) -> Agreement:
        """How far the refits of the model give the same reasons for these rows.

        Returns
        -------
        Agreement
            Tidy measures and a sentence, fit to share; :func:`edgeofcare.save_model` puts them into the model file.

        Raises
        ------
        SpecError
            If the model has no refits.
        """
        if self._spread is None:
            msg = "The model has no refits to agree with. Fit it with make_risk_model(..., refits=20)."
            raise SpecError(msg)
        return agreement_of(self._spread, self._values.index)

    @property
    def about(self) -> About:
        """Target, horizon, reference, model and versions."""
        return self._about

    def reasons(self, top: int = 5, *, bands: bool = True) -> pd.DataFrame:
        """The features that moved each risk most, in words.

        Parameters
        ----------
        top : int, default 5
            Most reasons for each row.
        bands : bool, default True
            Whether bands and ties are told where the model has refits, which takes as long as explaining it that often.

        Returns
        -------
        DataFrame
            On the index of the rows and ``rank`` (1 is the largest contribution in size; ties by feature name):
            ``direction`` ("raises" or "lowers" the risk), ``feature``, ``concept``, ``value``, ``sentence``,
            ``contribution`` (calibrated log-odds), ``odds_multiplier`` (its exponential) and ``evidence``: a tuple of
            (table, row key, ISO date on which it happened, began or, for a feature of ends, ended), empty without
            records. Features that add exactly nothing are left out. With refits also ``band`` ("strong", "some" or
            "slight") and ``tied``: reasons too close to be told apart share a rank, and the next number is skipped.

        Raises
        ------
        SpecError
            If ``top`` is not a whole number of 1 or more.
        """
        frame = self._reasons(range(len(self._values)), top)
        return frame if self._spread is None or not bands else self._with_bands(frame, self._spread, top)

    def row(self, row: int | tuple) -> Explanation:
        """The explanation of one row alone.

        Parameters
        ----------
        row : int or tuple
            Position of the row, or its (household_id, child_id, index_date).

        Returns
        -------
        Explanation
            With one row.

        Raises
        ------
        SpecError
            If there is no such row.
        """
        one = [self._position(row)]
        frames = (frame.iloc[one] for frame in (self._contributions, self._scores, self._values))
        contributions, scores, values = frames
        more: Any = {"specs": self._specs, "records": self._records, "wording": self._wording, "about": self._about}
        more |= {"refits": self._refits, "concepts": self._concepts.iloc[one]}
        return Explanation(contributions, self._base, scores, values, **more)

    def evidence(self, row: int | tuple, feature: Feature | str) -> pd.DataFrame:
        """The source rows behind one value.

        Parameters
        ----------
        row : int or tuple
            Position of the row, or its (household_id, child_id, index_date).
        feature : Feature or str
            One of the columns.

        Returns
        -------
        DataFrame
            ``table``, ``row_key``, ``date``, ``end_date`` and ``known``, oldest first.

        Raises
        ------
        SpecError
            If there are no records, or no such row or feature.
        """
        if self._records is None:
            msg = "There are no source rows without records. Call explain with records=..."
            raise SpecError(msg)
        name, names = getattr(feature, "name", feature), list(self._values.columns)
        found = (
            self._evidence(self._position(row), names.index(name)) if isinstance(name, str) and name in names else None
        )
        if found is None:
            msg = "That feature is not a column of what was explained, or is no feature of the library."
            raise SpecError(msg)
        return found

    def summary(self) -> pd.DataFrame:
        """How much each feature and each concept moves the risks, on average over the rows.

        Returns
        -------
        DataFrame
            ``level`` ("concept" or "feature"), ``name``, ``concept`` and ``mean_size``: the mean of the absolute
            contribution in log-odds, largest first within a level. Shareable: it holds no row; with fewer than 10
            children ``mean_size`` is NaN and ``note`` says so.
        """
        return summary_frame(self._contributions, self._concepts)

    def __len__(self) -> int:
        """How many rows were explained."""
        return len(self._values)

    def __repr__(self) -> str:
        """Counts only."""
        rows, columns = self._values.shape
        return (
            f"Explanation({rows:,} row{'s' if rows != 1 else ''}, {columns} feature{'s' if columns != 1 else ''}, "
            f"{'with' if self._records is not None else 'without'} records)"
        )

    def _position(self, row: int | tuple) -> int:
        """Where a row stands."""
        if isinstance(row, int | np.integer) and not isinstance(row, bool):
            if -len(self) <= row < len(self):
                return int(row) % len(self)
            msg = f"There are {len(self)} rows; the position asked for is beyond them."
            raise SpecError(msg)
        same = (
            self._named(row)
            if isinstance(row, tuple | list) and len(row) == len(ROW_NAMES)
            else np.zeros(1, dtype=bool)
        )
        if same.sum() != 1:
            msg = "A row is named by its (household_id, child_id, index_date); no single row has the name given."
            raise SpecError(msg)
        return int(same.argmax())

    def _named(self, row: tuple | list) -> np.ndarray:
        """Which rows have a name; none where it holds no date."""
        try:
            wanted = (row[0], row[1], pd.Timestamp(row[2]))
            levels = [self._values.index.get_level_values(name) for name in ROW_NAMES]
            found = [level.isin([value]) for level, value in zip(levels, wanted, strict=True)]
        except (ArithmeticError, TypeError, ValueError):
            return np.zeros(len(self), dtype=bool)
        return np.logical_and.reduce(found)

    def _evidence(self, position: int, column: int) -> pd.DataFrame | None:
        """Source rows behind a cell."""
        spec = self._specs[column]
        if self._records is None or spec is None:
            return None
        return evidence_index(self._records).evidence(self._values.index[position], spec).cited()

    def _reasons(self, positions: Any, top: int) -> pd.DataFrame:
        """Reasons of some rows."""
        if not isinstance(top, int | np.integer) or isinstance(top, bool) or top < 1:
            msg = f"top must be a whole number of 1 or more; got {top!r}."
            raise SpecError(msg)
        found: list[int] = []
        ranks: list[int] = []
        reasons: list[dict[str, Any]] = []
        for position in positions:
            order = self._order(position)[:top]
            found += [position] * len(order)
            ranks += range(1, len(order) + 1)
            reasons += [self._reason(position, column) for column in order]
        rows = self._values.index.take(np.asarray(found, dtype=np.intp))
        levels = [rows.get_level_values(name) for name in ROW_NAMES]
        index = pd.MultiIndex.from_arrays([*levels, np.asarray(ranks, dtype=np.int64)], names=[*ROW_NAMES, "rank"])
        return pd.DataFrame(reasons, index=index, columns=_REASON_COLUMNS)

    def _order(self, position: int) -> list[int]:
        """Features of a row from the largest contribution to the smallest, without those that add nothing."""
        size = np.abs(self._contributions.iloc[position].to_numpy())
        return [int(column) for column in np.lexsort((self._names, -size)) if size[column] > 0]

    def _with_bands(self, frame: pd.DataFrame, spread: ReasonSpread, top: int) -> pd.DataFrame:
        """Reasons of all rows with band and tie, and ranks that ties share."""
        told = spread.ranked([self._order(position) for position in range(len(self))], top)
        levels = [frame.index.get_level_values(name) for name in ROW_NAMES]
        index = pd.MultiIndex.from_arrays([*levels, told["rank"].to_numpy()], names=frame.index.names)
        return frame.set_axis(index).assign(band=told["band"].to_numpy(), tied=told["tied"].to_numpy())

    def _reason(self, position: int, column: int) -> dict[str, Any]:
        """One reason."""
        cell = look_at(self, position, column)
        return {
            "direction": "raises" if cell.contribution > 0 else "lowers",
            "feature": cell.feature,
            "concept": cell.concept,
            "value": cell.value,
            "sentence": cell.sentence,
            "contribution": cell.contribution,
            "odds_multiplier": math.exp(cell.contribution),
            "evidence": cell.evidence,
        }
