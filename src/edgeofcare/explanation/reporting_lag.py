"""Whether records become visible as late as those that a loaded model was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeofcare.exceptions import SpecError

if TYPE_CHECKING:
    from edgeofcare.features.single.records import ChildRecords
    from edgeofcare.records.records import Records

__all__ = ["refuse_other_lag"]


def refuse_other_lag(model: Any, records: Records | ChildRecords, *, accept: bool = False) -> None:
    """Refuse records that become visible later or sooner than those of training.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        The model. A loaded one knows the reporting lag of training, if it was stated; of a fitted classifier nothing
        is known, so nothing is refused.
    records : Records or ChildRecords
        The case records.
    accept : bool, default False
        Whether another lag is accepted.

    Raises
    ------
    SpecError
        If the lag of a table is another one than in training, or ``records`` is something else.
    """
    if not hasattr(records, "reporting_lag"):
        msg = f"records is a {type(records).__name__}; expected case records, as edgeofcare.read_ssd gives them."
        raise SpecError(msg)
    trained = getattr(model, "reporting_lag", None)
    if accept or trained is None:
        return
    now = records.reporting_lag
    other = [
        f"{table} {now.get(table, 0)} days now, {trained.get(table, 0)} in training"
        for table in sorted({*trained, *now})
        if now.get(table, 0) != trained.get(table, 0)
    ]
    if other:
        msg = (
            f"The records declare another reporting lag than the model was trained with ({'; '.join(other)}), so "
            "features would not mean the same. Read the records with the reporting_lag of training, train again, "
            "or pass accept_lag=True."
        )
        raise SpecError(msg)
