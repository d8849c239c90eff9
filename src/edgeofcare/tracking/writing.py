"""Writing in a ledger what was scored, shown, reviewed, overridden and done, and what happened after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.tracking.append import append, append_new
from edgeofcare.tracking.checks import about_rows, check_model_id, check_risks, one_text, optional_text
from edgeofcare.tracking.events import Entry, moment, row_entries
from edgeofcare.tracking.frames import RESERVED
from edgeofcare.tracking.store import Store
from edgeofcare.tracking.values import body_text, writable

__all__ = ["LedgerWriter"]


class LedgerWriter:
    """The part of a ledger that writes entries; use :class:`edgeofcare.Ledger`.

    Parameters
    ----------
    store : Store
        Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def scored(self, scores: pd.DataFrame, *, again: bool = False) -> int:
        """Write down what a model gave, one entry for each row.

        The same scores written twice make no second entry, so a job that was stopped is simply run again.

        Parameters
        ----------
        scores : DataFrame
            As :meth:`edgeofcare.Scorer.score` gives it: ``risk``, ``model_id`` and any other columns, on the index
            (household_id, child_id, index_date).
        again : bool, default False
            Whether rows whose newest score in the ledger, for the same child, day and model, has other values were
            scored again. They are refused otherwise.

        Returns
        -------
        int
            Entries written.

        Raises
        ------
        IndexNamesError
            If the rows do not carry the index, or one is there twice.
        SpecError
            If there is no risk or model id, a risk is no probability, a value cannot be kept, or rows are held with
            other values. Nothing is written then.
        """
        frame = about_rows(scores, "scored")
        missing = {"risk", "model_id"} - {str(name) for name in frame.columns}
        if missing:
            msg = f"scored: column {' and '.join(sorted(missing))} is missing; give what Scorer.score gave."
            raise SpecError(msg)
        check_risks(frame["risk"])
        if frame["risk"].dtype.kind not in "iuf":  # numbers that were read as text
            frame = frame.assign(risk=frame["risk"].astype(object).astype("float64"))
        return self._write_rows(frame, "scored", {}, None, once=not again)

    def shown(self, rows: Any, *, by: str, role: str | None = None, when: Any = None, model_id: str = "") -> int:
        """Write down that scores were shown to somebody.

        Parameters
        ----------
        rows : DataFrame, Series or MultiIndex
            The rows that were shown, on the index. A column ``model_id`` says of which model; others are not kept.
        by : str
            Who looked at them: the person's key in your systems, not a name.
        role : str, optional
            The person's role.
        when : str, date or datetime, optional
            A day, or a datetime with a time zone; now, if left out.
        model_id : str, optional
            The model, where the rows have no such column.

        Returns
        -------
        int
            Entries written; none where the ledger holds exactly this already.
        """
        return self._happening("shown", rows, when, model_id, by=by, role=role)

    def reviewed(
        self,
        rows: Any,
        *,
        by: str,
        role: str | None = None,
        when: Any = None,
        note: str | None = None,
        model_id: str = "",
    ) -> int:
        """Write down that somebody reviewed the cases of children.

        Parameters
        ----------
        rows : DataFrame, Series or MultiIndex
            As for :meth:`shown`.
        by : str
            Who reviewed.
        role : str, optional
            The person's role.
        when : str, date or datetime, optional
            As for :meth:`shown`.
        note : str, optional
            What came of it; of these children alone, without names.
        model_id : str, optional
            As for :meth:`shown`.

        Returns
        -------
        int
            Entries written.
        """
        return self._happening("reviewed", rows, when, model_id, by=by, role=role, note=note)

    def overridden(
        self, rows: Any, *, by: str, reason: str, role: str | None = None, when: Any = None, model_id: str = ""
    ) -> int:
        """Write down that a professional decided otherwise than the score suggests.

        Parameters
        ----------
        rows : DataFrame, Series or MultiIndex
            As for :meth:`shown`.
        by : str
            Who decided.
        reason : str
            Why; of these children alone, without names.
        role : str, optional
            The person's role.
        when : str, date or datetime, optional
            As for :meth:`shown`.
        model_id : str, optional
            As for :meth:`shown`.

        Returns
        -------
        int
            Entries written.
        """
        return self._happening("overridden", rows, when, model_id, by=by, role=role, reason=one_text(reason, "reason"))

    def seen(self, rows: Any, *, by: str, role: str | None = None, when: Any = None, model_id: str = "") -> int:
        """Write down that children were seen.

        Parameters
        ----------
        rows : DataFrame, Series or MultiIndex
            As for :meth:`shown`.
        by : str
            Who saw them.
        role : str, optional
            The person's role.
        when : str, date or datetime, optional
            As for :meth:`shown`.
        model_id : str, optional
            As for :meth:`shown`.

        Returns
        -------
        int
            Entries written.
        """
        return self._happening("seen", rows, when, model_id, by=by, role=role)

    def supported(
        self, rows: Any, *, by: str, support: str, role: str | None = None, when: Any = None, model_id: str = ""
    ) -> int:
        """Write down that support was given.

        Parameters
        ----------
        rows : DataFrame, Series or MultiIndex
            As for :meth:`shown`.
        by : str
            Who gave or arranged it.
        support : str
            Which support.
        role : str, optional
            The person's role.
        when : str, date or datetime, optional
            As for :meth:`shown`.
        model_id : str, optional
            As for :meth:`shown`.

        Returns
        -------
        int
            Entries written.
        """
        return self._happening(
            "supported", rows, when, model_id, by=by, role=role, support=one_text(support, "support")
        )

    def happened(self, outcomes: pd.DataFrame | pd.Series, *, model_id: str = "") -> int:
        """Write down what happened after.

        Parameters
        ----------
        outcomes : Series or DataFrame
            On the index, as :func:`edgeofcare.label_outcome` gives it, with or without ``details=True``.
        model_id : str, optional
            As for :meth:`shown`.

        Returns
        -------
        int
            Entries written. An outcome that the ledger says already makes no second entry; another one, as when more
            time has passed, does, and so does one that comes back after another.
        """
        frame = about_rows(outcomes, "happened")
        if not len(frame.columns):
            msg = "happened: there is no column; give what label_outcome gave."
            raise SpecError(msg)
        return self._write_rows(frame, "happened", {}, model_id)

    def monitored(self, findings: Mapping[str, Any], *, model_id: str, by: str | None = None) -> int:
        """Write down that a model was monitored.

        Parameters
        ----------
        findings : mapping
            What was found: counts, figures and words, and nothing of a child, for this is never erased.
        model_id : str
            The model.
        by : str, optional
            Who did it.

        Returns
        -------
        int
            1.
        """
        if not isinstance(findings, Mapping):
            msg = "findings must be a mapping of names to counts, figures and words."
            raise SpecError(msg)
        body = body_text({"findings": findings, "by": optional_text(by, "by")})
        return self._write_one("monitored", model_id, body)

    def model_changed(self, *, model_id: str, by: str, reason: str, was: str | None = None) -> int:
        """Write down that another model came into use.

        Parameters
        ----------
        model_id : str
            The model from now on.
        by : str
            Who decided it.
        reason : str
            Why.
        was : str, optional
            The model until now.

        Returns
        -------
        int
            1.
        """
        values = {"by": one_text(by, "by"), "reason": one_text(reason, "reason")}
        body = body_text({**values, "was": None if was is None else check_model_id(was)})
        return self._write_one("model_changed", model_id, body)

    def _happening(self, kind: str, rows: Any, when: Any, model_id: str, *, by: str, **values: Any) -> int:
        """Write down what somebody did."""
        frame = about_rows(rows, kind)
        given = {
            "by": one_text(by, "by"),
            "when": moment(when),
            **{name: optional_text(value, name) for name, value in values.items()},
        }
        kept = {name: value for name, value in given.items() if value is not None}
        return self._write_rows(frame[[name for name in ("model_id",) if name in frame]], kind, kept, model_id)

    def _write_rows(
        self, frame: pd.DataFrame, kind: str, given: Mapping[str, Any], model_id: str | None, *, once: bool = False
    ) -> int:
        """Write an entry for each row that the ledger does not hold yet."""
        taken = sorted({str(name) for name in frame.columns} & set(RESERVED))
        if taken or not frame.columns.is_unique:
            msg = f"{kind}: columns must have names of their own, each once, not {', '.join(RESERVED)}."
            raise SpecError(msg)
        if unread := sum(not writable(str(name)) for name in frame.columns):
            msg = f"{kind}: {unread:,} of {len(frame.columns):,} columns have names that are not valid Unicode."
            raise SpecError(msg)
        model = check_model_id(model_id) if model_id else ""
        chunks = row_entries(frame, kind, given, model)
        return self._store.write(lambda connection: append_new(connection, chunks, once=once))

    def _write_one(self, kind: str, model_id: str, body: str) -> int:
        """Write an entry about no child."""
        entry = Entry(kind, check_model_id(model_id), None, None, None, body)
        self._store.write(lambda connection: append(connection, [entry]))
        return 1
