"""Whether a model that is fitted again on resampled households would give the same reasons."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.bands import agreement_of_signs, bands
from edgeofcare.explanation.reference import REFERENCE
from edgeofcare.explanation.spread import LEVELS, ReasonSpread
from edgeofcare.models.spread import refit_spread

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgeofcare.models.risk_model import RiskClassifier

__all__ = ["AGREEMENT_COLUMNS", "Agreement", "agreement_of", "plain_agreement"]

AGREEMENT_COLUMNS = ("level", "measure", "estimate", "low", "high", "refits", "note")
_TOP = 3
_LEAST_CHILDREN = 10
_MOST_ROWS = 500


@dataclass(frozen=True, eq=False, repr=False)
class Agreement:
    """How far the refits of a model give the reasons that the model gives.

    Made by :meth:`Explanation.agreement`. Shareable: no row, no identifier.

    Attributes
    ----------
    table : DataFrame
        level ("concept" or "feature"), measure, estimate, low, high, refits, note. ``signs`` and ``bands``: the share
        of the model's three largest reasons of a row to which a refit gives the same direction, or the same band.
        ``top_three``: the share of the reasons among the three largest of the model or the refit that are among those
        of both (Jaccard). The mean over refits, the lowest and the highest refit, each a mean over rows.
    children : int or None
        Children whose reasons were looked at; None where they are fewer than 10, and then nothing is shown.
    refits : str
        Digest of the refits that it is about.
    compared_with : str
        Whom the contributions compared the children with.
    """

    table: pd.DataFrame
    children: int | None
    refits: str
    compared_with: str = REFERENCE

    def __repr__(self) -> str:
        """Counts only."""
        return f"Agreement({self.n_refits} refits, {self.children or f'fewer than {_LEAST_CHILDREN}'} children)"

    @property
    def n_refits(self) -> int:
        """How many refits there are."""
        return int(self.table["refits"].iloc[0])

    @property
    def text(self) -> str:
        """What was found, in plain words."""
        if self.children is None:
            return f"Agreement of reasons: suppressed, fewer than {_LEAST_CHILDREN} children."
        rows = self.table[self.table["level"].eq("concept")].set_index("measure")["estimate"]
        whom = "" if self.compared_with == REFERENCE else f" Children were compared with {self.compared_with}."
        return (
            f"Over {self.n_refits} refits on resampled households, the three strongest concepts of a child keep their "
            f"direction in {rows['signs']:.0%} of cases and their band in {rows['bands']:.0%}; of the concepts among "
            f"the first three before or after, {rows['top_three']:.0%} are among them both times.{whom}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The agreement as plain text and numbers.

        Returns
        -------
        dict
            Ready for JSON.
        """
        rows = self.table.to_dict("records")
        plain = [{str(name): None if value != value else value for name, value in row.items()} for row in rows]
        return {"children": self.children, "measures": plain, "compared_with": self.compared_with}

    def refuse_other(self, model: RiskClassifier) -> None:
        """Refuse a model that has other refits.

        Parameters
        ----------
        model : RiskClassifier
            Fitted.

        Raises
        ------
        SpecError
            If the agreement is about other refits than those of the model.
        """
        if _digest([(refit.slope, refit.shift) for refit in model.refits_]) != self.refits:
            msg = (
                f"agreement is about {self.n_refits} refits that are not those of this model, which has "
                f"{len(model.refits_)}. Explain rows with this model and pass explanation.agreement()."
            )
            raise SpecError(msg)


def agreement_of(spread: ReasonSpread, index: pd.Index) -> Agreement:
    """Compare the reasons of every refit with those of the model.

    Parameters
    ----------
    spread : ReasonSpread
        What the model and its refits add.
    index : Index
        The rows, named (household_id, child_id, index_date). Of more than 500, 500 evenly spaced by name are taken.

    Returns
    -------
    Agreement
        Tidy measures; NaN with fewer than 10 children.
    """
    order = np.asarray(index.argsort())
    rows = order[np.unique(np.linspace(0, len(order) - 1, min(_MOST_ROWS, len(order))).astype(np.intp))]
    children = int(index[rows].get_level_values("child_id").nunique())
    few = children < _LEAST_CHILDREN
    note = f"suppressed: fewer than {_LEAST_CHILDREN} children" if few else ""
    found = []
    for level in LEVELS:
        for measure, shares in _shares(spread, level, rows).items():
            numbers = (np.nan,) * 3 if few else (float(shares.mean()), float(shares.min()), float(shares.max()))
            found.append((level, measure, *numbers, len(spread), note))
    table = pd.DataFrame(found, columns=list(AGREEMENT_COLUMNS))
    return Agreement(table, None if few else children, _digest(spread.lines), spread.compared_with)


def plain_agreement(agreement: Agreement | None, model: RiskClassifier) -> dict[str, Any] | None:
    """An agreement as JSON takes it, if it is of the refits of a model.

    Parameters
    ----------
    agreement : Agreement or None
        From :meth:`Explanation.agreement`.
    model : RiskClassifier
        Fitted.

    Returns
    -------
    dict or None
        What the model file holds of it.

    Raises
    ------
    SpecError
        If it is something else, or about other refits.
    """
    if agreement is None:
        return None
    if not isinstance(agreement, Agreement):
        msg = f"agreement is a {type(agreement).__name__}; expected what Explanation.agreement returns."
        raise SpecError(msg)
    agreement.refuse_other(model)
    return agreement.to_dict()


def _shares(spread: ReasonSpread, level: str, rows: npt.NDArray[np.intp]) -> dict[str, npt.NDArray[np.float64]]:
    """Share of agreement of each refit, by measure."""
    own, refits = spread.model(level, rows.tolist()), spread.contributions(level, rows.tolist())
    by_name = np.argsort(spread.names(level), kind="stable")
    own, refits = own[:, by_name], refits[:, :, by_name]
    sd, first = refit_spread(refits), _first(own)
    band = bands(own, sd, agreement_of_signs(own, refits))
    again = [bands(each, sd, agreement_of_signs(each, refits)) for each in refits]
    return {
        "signs": np.array([_mean((np.sign(each) == np.sign(own))[first]) for each in refits]),
        "bands": np.array([_mean((each == band)[first]) for each in again]),
        "top_three": np.array([_shared(first, _first(each)) for each in refits]),
    }


def _first(found: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which reasons are among the three largest of their row; none that adds nothing."""
    size = np.abs(found)
    place = np.argsort(np.argsort(-size, axis=1, kind="stable"), axis=1, kind="stable")
    chosen: npt.NDArray[np.bool_] = (place < _TOP) & (size > 0)
    return chosen


def _mean(same: npt.NDArray[np.bool_]) -> float:
    """Share that is true; 1 where there is nothing to differ about."""
    return float(same.mean()) if same.size else 1.0


def _shared(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """Reasons in both sets among those in either, averaged over rows; 1 for two empty sets."""
    both, either = (one & other).sum(axis=1), (one | other).sum(axis=1)
    return float(np.where(either > 0, both / np.maximum(either, 1), 1.0).mean())


def _digest(lines: Any) -> str:
    """Digest of the slopes and shifts of refits, which re-anchoring leaves as they are."""
    return hashlib.sha256(np.asarray(lines, dtype="<f8").tobytes()).hexdigest()
