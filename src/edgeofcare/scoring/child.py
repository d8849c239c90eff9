"""One child from plain records to risk, interval, reasons and source rows, with numpy alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeofcare.dates import one_day, refuse_late
from edgeofcare.explanation.cells import Cell
from edgeofcare.explanation.named_reference import Reference
from edgeofcare.explanation.paths import PathForm
from edgeofcare.explanation.reference import REFERENCE
from edgeofcare.explanation.single import ChildExplainer, unknown_features
from edgeofcare.explanation.wording_file import Wording
from edgeofcare.features.names import as_features
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.features.single.row import SingleFeatures
from edgeofcare.features.specs.numbers import Last
from edgeofcare.models.arrays import LinearArrays, TreeArrays, margin
from edgeofcare.models.recalibration import Recalibration
from edgeofcare.models.spread import RefitArrays, refit_log_odds, risk_interval
from edgeofcare.models.vocabulary import renumbered
from edgeofcare.scoring.child_score import ChildReason, ChildScore

__all__ = ["ChildScorer", "child_records"]


class ChildScorer:
    """A saved model, ready for one child at a time: everything that does not depend on the child is made once.

    Parameters
    ----------
    arrays : TreeArrays or LinearArrays
        The model.
    line : Recalibration
        From margin to calibrated log-odds.
    names : sequence of str
        Features in the order of the columns.
    refits : sequence of RefitArrays
        The model fitted again on resampled households.
    vocabularies : mapping of str to sequence of str
        Codes of the features that hold them, as the model numbers them.
    reference : Reference or None
        The cohort that reasons compare a child with; None for the average child in training.
    model_id : str
        Short name of the model.
    wording : Wording, optional
        Sentences of a wording file; those of the library if left out.
    form : PathForm or LinearArrays, optional
        The model in the form that contributions are computed from, where it is there already.
    """

    def __init__(
        self,
        arrays: TreeArrays | LinearArrays,
        line: Recalibration,
        names: Sequence[str],
        *,
        refits: Sequence[RefitArrays],
        vocabularies: Mapping[str, Sequence[str]],
        reference: Reference | None,
        model_id: str,
        wording: Wording | None = None,
        form: PathForm | LinearArrays | None = None,
    ) -> None:
        self._arrays, self._line, self._refits, self._model_id = arrays, line, tuple(refits), model_id
        features = as_features(names)
        self._features, self._names, self._vocabularies = SingleFeatures(features), tuple(names), vocabularies
        self._codes = {spec.name: spec.categories for spec in features if isinstance(spec, Last)}
        more: dict[str, Any] = {"reference": reference, "wording": wording, "form": form}
        self._explainer = ChildExplainer(arrays, line, names, refits=refits, **more)
        self._compared_with = REFERENCE if reference is None else reference.name

    def score(
        self, records: ChildRecords, index_date: dt.date | np.datetime64 | str, *, top_reasons: int, bands: bool
    ) -> ChildScore:
        """Score one child.

        Parameters
        ----------
        records : ChildRecords
            The records of its household.
        index_date : str or date
            The day.
        top_reasons : int
            Most reasons.
        bands : bool
            Whether reasons say how sure they are, where the model has refits.

        Returns
        -------
        ChildScore
            The score.

        Raises
        ------
        LeakageError
            If the day is more than one day after the end of the records.
        SpecError
            If it is no date.
        """
        day = one_day(index_date, "index_date")
        refuse_late(day, records.observed_until, "index_date")
        row = self._features.row(records, day)
        held = np.array(row.values, dtype=np.float64)[None]
        table = renumbered(held, self._names, self._codes, self._vocabularies) if self._vocabularies else held
        own = margin(self._arrays, table)
        log_odds = self._line.log_odds(own)
        low, high = None, None
        if self._refits:
            ends = risk_interval(log_odds, refit_log_odds(self._refits, self._line.intercept, table))
            low, high = ends[0].tolist()
        reasons = []
        if top_reasons:
            options: dict[str, Any] = {"observed": records, "top": top_reasons, "bands": bands, "numbers": table[0]}
            reasons = self._explainer.reasons(row, float(log_odds[0]), **options)
        return ChildScore(
            risk=float(self._line.risk(own)[0]),
            risk_low=low,
            risk_high=high,
            log_odds=float(log_odds[0]),
            base=self._explainer.base,
            compared_with=self._compared_with,
            reasons=tuple(ChildReason.of(reason) for reason in reasons),
            unknown=unknown_features(row),
            model_id=self._model_id,
            index_date=str(day),
            data_until=str(records.observed_until),
            unseen=tuple(self._names[at] for at in np.flatnonzero(np.isnan(table[0]) & ~np.isnan(held[0])).tolist()),
        )

    def inside(
        self, records: ChildRecords, index_date: dt.date | np.datetime64 | str, concepts: Sequence[str]
    ) -> dict[str, list[Cell]]:
        """Every feature of some concepts that moves the risk of one child.

        Parameters
        ----------
        records : ChildRecords
            The records of its household.
        index_date : str or date
            The day.
        concepts : sequence of str
            Names of concepts.

        Returns
        -------
        dict of str to list of Cell
            As :meth:`ChildExplainer.inside` gives them.
        """
        row = self._features.row(records, one_day(index_date, "index_date"))
        numbers = np.array(row.values, dtype=np.float64)[None]
        if self._vocabularies:
            numbers = renumbered(numbers, self._names, self._codes, self._vocabularies)
        return self._explainer.inside(row, concepts, observed=records, numbers=numbers[0])


def child_records(records: ChildRecords | Mapping[str, Any]) -> ChildRecords:
    """Records of one child, read where they are plain.

    Parameters
    ----------
    records : ChildRecords or mapping
        The records, or what :meth:`ChildRecords.from_plain` reads.

    Returns
    -------
    ChildRecords
        The records.
    """
    return records if isinstance(records, ChildRecords) else ChildRecords.from_plain(records)
