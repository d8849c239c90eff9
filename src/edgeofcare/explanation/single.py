"""Reasons of one child without pandas: the concepts that move one risk, each with its sentence and source rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgeofcare.explanation.additivity import check_sum
from edgeofcare.explanation.bands import told_bands
from edgeofcare.explanation.cells import NOT_KNOWN, Behind, Cell, Observed, cell_of, record_of
from edgeofcare.explanation.concept_groups import concept_groups
from edgeofcare.explanation.concepts import Reason, carrier, moved_concepts
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.named_reference import Reference, compared_form
from edgeofcare.explanation.one_row import OneRow, row_conditions
from edgeofcare.explanation.paths import PathForm
from edgeofcare.explanation.source_rows import RowsOfChild
from edgeofcare.explanation.unseen import UNSEEN
from edgeofcare.explanation.wording_file import Wording, default_wording
from edgeofcare.features.single.row import SingleRow
from edgeofcare.features.specs.combined import Combined
from edgeofcare.made_once import made_once
from edgeofcare.models.arrays import LinearArrays, TreeArrays
from edgeofcare.models.recalibration import Recalibration
from edgeofcare.models.spread import RefitArrays

__all__ = ["ChildExplainer", "unknown_features"]

FloatArray = npt.NDArray[np.float64]


class ChildExplainer:
    """A model, ready to give the reasons of one child at a time; made once.

    Numbers, order, sentences and source rows are those of :meth:`edgeofcare.Explanation.reasons`.

    Parameters
    ----------
    arrays : TreeArrays or LinearArrays
        The model.
    line : Recalibration
        From margin to calibrated log-odds.
    names : sequence of str
        Features in the order of the columns.
    refits : sequence of RefitArrays, optional
        The model fitted again on resampled households.
    reference : Reference, optional
        The cohort that contributions compare with; the average child in training if left out.
    wording : Wording, optional
        Sentences of a wording file; those of the library if left out.
    form : PathForm or LinearArrays, optional
        The model by feature in the form that contributions are computed from, where it is there already.
    """

    def __init__(
        self,
        arrays: TreeArrays | LinearArrays,
        line: Recalibration,
        names: Sequence[str],
        *,
        refits: Sequence[RefitArrays] = (),
        reference: Reference | None = None,
        wording: Wording | None = None,
        form: PathForm | LinearArrays | None = None,
    ) -> None:
        self._line, self._names, self._refits = line, tuple(names), tuple(refits)
        self._wording = default_wording() if wording is None else wording
        self._groups, self._concepts = concept_groups(names)
        self._members = [np.flatnonzero(self._groups == place) for place in range(len(self._concepts))]
        self._reference = reference
        self._model = _split(arrays, self._groups, reference, form=form)

    @property
    def base(self) -> float:
        """Where every child starts, in calibrated log-odds."""
        return self._line.slope * self._model.base + self._line.intercept

    def reasons(
        self,
        row: SingleRow,
        log_odds: float,
        *,
        observed: Observed,
        top: int,
        bands: bool = False,
        numbers: FloatArray | None = None,
    ) -> list[Reason]:
        """The concepts that move one risk most, the largest first.

        Parameters
        ----------
        row : SingleRow
            The features of the child.
        log_odds : float
            Its score by the model, in calibrated log-odds.
        observed : Observed
            Its records.
        top : int
            Most concepts.
        bands : bool, default False
            Whether band and tie are told where the model has refits, which takes as long as explaining it that often.
        numbers : ndarray of float64, shape (n_features,), optional
            The features with codes as the model numbers them; as the row has them if left out.

        Returns
        -------
        list of Reason
            Ties by name of the concept; concepts that add exactly nothing are left out.

        Raises
        ------
        SpecError
            If the contributions do not add up to the log-odds.
        """
        values = np.asarray(row.values if numbers is None else numbers, dtype=np.float64)
        sums = self._line.slope * self._model.concepts(values)
        check_sum(self.base, sums[None], np.array([log_odds]))
        moved = moved_concepts(self._concepts, sums, self.base, log_odds, top)
        phi = self._line.slope * self._model.features(values, [place for place, _, _ in moved])
        certainty = self._certainty(values, sums) if bands and self._told else None
        reasons = []
        for place, total, points in moved:
            own = self._members[place]
            carried = int(own[carrier(phi[own], total, [self._names[member] for member in own])])
            cell = self._seen(row, carried, float(phi[carried]), observed, values)
            sure = {} if certainty is None else {name: told[place] for name, told in certainty.items()}
            reasons.append(Reason(self._concepts[place], total, points, cell, sure))
        return reasons

    def inside(
        self, row: SingleRow, concepts: Sequence[str], *, observed: Observed, numbers: FloatArray | None = None
    ) -> dict[str, list[Cell]]:
        """Every feature of some concepts that moves one risk, the largest first.

        Parameters
        ----------
        row : SingleRow
            The features of the child.
        concepts : sequence of str
            Names of concepts.
        observed : Observed
            Its records.
        numbers : ndarray of float64, shape (n_features,), optional
            As for :meth:`reasons`.

        Returns
        -------
        dict of str to list of Cell
            By concept; ties by name. A feature's contribution is its own, one feature at a time: those of a concept
            need not add up to that of the concept. Features that add exactly nothing are left out.
        """
        values = np.asarray(row.values if numbers is None else numbers, dtype=np.float64)
        places = [self._concepts.index(name) for name in concepts]
        phi = self._line.slope * self._model.features(values, places)
        found: dict[str, list[Cell]] = {}
        for name, place in zip(concepts, places, strict=True):
            own = [int(member) for member in self._members[place] if phi[member] != 0]
            own.sort(key=lambda member: (-abs(float(phi[member])), self._names[member]))
            found[name] = [self._seen(row, member, float(phi[member]), observed, values) for member in own]
        return found

    def _seen(self, row: SingleRow, position: int, contribution: float, observed: Observed, values: FloatArray) -> Cell:
        """What one feature says, and whether the model does not know its code."""
        cell = self._cell(row, position, contribution, observed)
        if isinstance(cell.value, str) and math.isnan(values[position]):
            return replace(cell, sentence=cell.sentence + UNSEEN)
        return cell

    def _cell(self, row: SingleRow, position: int, contribution: float, observed: Observed) -> Cell:
        """What one feature says."""
        return cell_of(
            row.features[position],
            self._names[position],
            _value(row, position),
            contribution,
            index_date=row.index_date,
            wording=self._wording,
            observed=observed,
            behind=_behind(row, position),
        )

    def _certainty(self, values: FloatArray, sums: FloatArray) -> dict[str, list]:
        """Band and tie of every concept."""
        parts = zip(self._splits, self._refits, strict=True)
        refits = np.stack([refit.slope * split.concepts(values) for split, refit in parts])
        band, tied = told_bands(self._concepts, sums, refits)
        return {"band": band.tolist(), "tied": tied.tolist()}

    @made_once
    def _splits(self) -> list[_Line | _Trees]:
        """Each refit, made once."""
        numbered = enumerate(self._refits, start=1)
        return [_split(refit.arrays, self._groups, self._reference, number) for number, refit in numbered]

    @property
    def _told(self) -> bool:
        """Whether there are refits, counted for the reference where there is one."""
        return bool(self._refits) and (self._reference is None or self._reference.holds(len(self._refits)))


class _Line:
    """Contributions to the margin of one row by a regression."""

    def __init__(self, arrays: LinearArrays, groups: npt.NDArray[np.intp]) -> None:
        self._arrays, self._groups = arrays, groups
        self.base = arrays.intercept

    def concepts(self, values: FloatArray) -> FloatArray:
        """What each concept adds."""
        return contributions(self._arrays, values[None], groups=self._groups)[0][0]

    def features(self, values: FloatArray, among: Sequence[int]) -> FloatArray:
        """What each feature adds."""
        return contributions(self._arrays, values[None])[0][0]


class _Trees:
    """Contributions to the margin of one row by trees; each form is made when it is first needed."""

    def __init__(
        self,
        arrays: TreeArrays,
        groups: npt.NDArray[np.intp],
        reference: Reference | None,
        number: int,
        form: PathForm | None = None,
    ) -> None:
        self._arrays, self._groups, self._reference, self._number = arrays, groups, reference, number
        self._form = _form(arrays, reference, number) if form is None else form
        self.base = self._form.base

    def concepts(self, values: FloatArray) -> FloatArray:
        """What each concept adds."""
        return self._by_concept.contributions(row_conditions(self._form, values))

    def features(self, values: FloatArray, among: Sequence[int]) -> FloatArray:
        """What each feature of some concepts adds; 0 for those of others."""
        phi = np.zeros(len(self._groups), dtype=np.float64)
        found = self._by_feature.contributions(row_conditions(self._form, values), among)
        phi[: len(found)] = found
        return phi

    @made_once
    def _by_concept(self) -> OneRow:
        """The trees laid out for concepts."""
        return OneRow(_form(self._arrays, self._reference, self._number, self._groups))

    @made_once
    def _by_feature(self) -> OneRow:
        """The trees laid out for features."""
        return OneRow(self._form, self._groups)


def _split(
    arrays: TreeArrays | LinearArrays,
    groups: npt.NDArray[np.intp],
    reference: Reference | None,
    number: int = 0,
    *,
    form: PathForm | LinearArrays | None = None,
) -> _Line | _Trees:
    """A model, or one of its refits by number, in the form that contributions to one row are computed from."""
    if isinstance(arrays, TreeArrays):
        return _Trees(arrays, groups, reference, number, form if isinstance(form, PathForm) else None)
    compared = compared_form(arrays, reference, number=number)
    assert isinstance(compared, LinearArrays)
    return _Line(compared, groups)


def _form(
    arrays: TreeArrays, reference: Reference | None, number: int, groups: npt.NDArray[np.intp] | None = None
) -> PathForm:
    """Trees in the form that contributions are computed from."""
    form = compared_form(arrays, reference, groups=groups, number=number)
    assert isinstance(form, PathForm)
    return form


def _value(row: SingleRow, position: int) -> float | str:
    """A value: a number, or the code that a place among the codes of a feature stands for."""
    codes, value = getattr(row.features[position], "categories", ()), float(row.values[position])
    return codes[int(value)] if codes and not math.isnan(value) else value


def unknown_features(row: SingleRow) -> tuple[str, ...]:
    """Names of the features whose value is not known, because the records do not reach or hold it.

    Parameters
    ----------
    row : SingleRow
        The features of the child.

    Returns
    -------
    tuple of str
        In the order of the features.
    """
    empty = np.flatnonzero(np.isnan(row.values)).tolist()
    return tuple(
        row.features[at].name for at in empty if record_of(row.features[at], math.nan, _behind(row, at)) == NOT_KNOWN
    )


def _behind(row: SingleRow, position: int) -> Behind:
    """What the records hold behind a feature."""
    rows, sources = RowsOfChild(row, position), RowsOfChild(row, position, cited=True)
    if not isinstance(row.features[position], Combined):
        return Behind(rows, sources, (row.unknown(position),))
    clauses = (row.part(position, 0)[3], row.part(position, 1)[3])
    return Behind(rows, sources, clauses, lambda which: row.part(position, which)[1])
