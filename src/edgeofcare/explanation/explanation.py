"""What an explanation holds: contributions, reasons in words, and the source rows behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.about import About
from edgeofcare.explanation.agreement import Agreement, agreement_of
from edgeofcare.explanation.concept_groups import summed_by_concept
from edgeofcare.explanation.named_reference import Reference
from edgeofcare.explanation.readable import Readable
from edgeofcare.explanation.row_position import row_position
from edgeofcare.explanation.spread import ReasonSpread
from edgeofcare.explanation.summary import summary_frame
from edgeofcare.explanation.unseen import unseen_counts
from edgeofcare.explanation.wording_file import Wording, default_wording
from edgeofcare.features.evidence import evidence_index
from edgeofcare.features.feature import Feature
from edgeofcare.models.spread import RefitArrays
from edgeofcare.records.records import Records

__all__ = ["Explanation"]


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
    values : DataFrame, shape (n_rows, n_features)
        The features: numbers, or codes.
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
        What is predicted, by which model, and compared with whom.
    numbers : DataFrame of float64, optional
        The features as the model takes them, with numbers for codes; ``values`` if left out.
    reference : Reference, optional
        The cohort that contributions compare with; the average child in training if left out.

    Examples
    --------
    >>> names = ["household_id", "child_id", "index_date"]
    >>> index = pd.MultiIndex.from_tuples([("h1", "c1", pd.Timestamp("2024-01-01"))], names=names)
    >>> values = pd.DataFrame({"missing.count.90d": [3.0], "cp_plan.active": [0.0]}, index=index)
    >>> contributions = pd.DataFrame({"missing.count.90d": [0.7], "cp_plan.active": [-0.2]}, index=index)
    >>> scores = pd.DataFrame({"log_odds": [-2.5], "risk": [0.0759]}, index=index)
    >>> from edgeofcare.features.names import parse_feature
    >>> why = Explanation(contributions, -3.0, scores, values, specs=tuple(map(parse_feature, values)))
    >>> why
    Explanation(1 row, 2 features, without records)
    >>> reasons = why.reasons()
    >>> reasons["direction"].tolist(), reasons["sentence"].iloc[0]
    (['raises', 'lowers'], '3 missing episodes began in the 90 days before 1 January 2024.')
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
        numbers: pd.DataFrame | None = None,
        reference: Reference | None = None,
    ) -> None:
        self._contributions = contributions.copy()
        self._base = float(base)
        self._scores = scores.copy()
        self._values = values.copy()
        self._numbers = self._values if numbers is None else numbers
        self._specs = tuple(specs)
        self._names = np.asarray([str(name) for name in values.columns])
        self._records = records
        self._refits = tuple(refits)
        self._concepts = summed_by_concept(contributions) if concepts is None else concepts.copy()
        self._reference = reference
        parts = (self._contributions, self._numbers, self._concepts)
        told = bool(refits) and (reference is None or reference.holds(len(self._refits)))
        self._spread = ReasonSpread(self._refits, *parts, reference) if told else None
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
        """Where every row starts: the calibrated log-odds of the average child in training, or of a reference cohort.

        Of training: for trees the average of their margins under the counts of training rows in their branches, for a
        regression the margin at the training means; then calibrated. Of a cohort: the mean of its calibrated log-odds,
        but for what pooling rare patterns moves. Either is an average in log-odds, so its risk is not the mean risk of
        those children, but somewhat lower where risks are low.
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
    def unseen(self) -> dict[str, int]:
        """Rows with a code that the model does not know, by feature that holds codes; it takes them as unknown."""
        return unseen_counts(self)

    @property
    def spread(self) -> ReasonSpread | None:
        """What each refit adds, how far that moves and the bands; None without refits, or where none were counted.

        A reference that was made with ``refits=False`` says nothing of how sure a comparison with it is.
        """
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
            If the model has no refits, or those were not counted for the reference.
        """
        if self._spread is None:
            msg = "There are no refits to agree with. Fit the model with make_risk_model(..., refits=20); a reference "
            msg += "has them with make_reference(..., refits=True)."
            raise SpecError(msg)
        return agreement_of(self._spread, self._values.index)

    @property
    def about(self) -> About:
        """Target, horizon, reference, model and versions."""
        return self._about

    @property
    def reference(self) -> Reference | None:
        """The cohort that contributions compare with; None for the average child in training."""
        return self._reference

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
        one = [row_position(self._values.index, row)]
        frames = (frame.iloc[one] for frame in (self._contributions, self._scores, self._values))
        contributions, scores, values = frames
        more: Any = {"specs": self._specs, "records": self._records, "wording": self._wording, "about": self._about}
        more |= {"refits": self._refits, "concepts": self._concepts.iloc[one], "numbers": self._numbers.iloc[one]}
        more["reference"] = self._reference
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
            self._evidence(row_position(self._values.index, row), names.index(name))
            if isinstance(name, str) and name in names
            else None
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

    def _evidence(self, position: int, column: int) -> pd.DataFrame | None:
        """Source rows behind a cell."""
        spec = self._specs[column]
        if self._records is None or spec is None:
            return None
        return evidence_index(self._records).evidence(self._values.index[position], spec).cited()
