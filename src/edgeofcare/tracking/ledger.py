"""The ledger: what was scored, shown, reviewed and overridden, and what happened after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.tracking.append import last
from edgeofcare.tracking.chain import head_text, parse_head
from edgeofcare.tracking.checks import entry_number, one_text
from edgeofcare.tracking.erase import erase_before, erase_child, rectify
from edgeofcare.tracking.frames import child_entries, kinds_of, latest_scores, log
from edgeofcare.tracking.store import open_store
from edgeofcare.tracking.verification import Verification, verify
from edgeofcare.tracking.writing import LedgerWriter

__all__ = ["Ledger"]


class Ledger(LedgerWriter):
    """What was scored, shown, reviewed, overridden with a reason, and what happened after: only appended, and chained.

    A ledger is a case record: it carries the authority's own keys and stays with the authority.

    Parameters
    ----------
    place : path, str or sqlalchemy.engine.URL
        A SQLite file, or the URL of a database that SQLAlchemy knows; ``env:NAME`` for a URL that an environment
        variable holds. A password is never needed in it (``EDGEOFCARE_DB_PASSWORD``).
    create : bool, default True
        Whether a ledger is made where there is none.

    Raises
    ------
    SpecError
        If SQLAlchemy is not installed (``pip install 'edgeofcare[sql]'``), or the place is not understood.
    LedgerError
        If there is no ledger and ``create`` is False, the place cannot be used, or its ledger is of a later version.

    Notes
    -----
    Each call that writes is one transaction: all of it is there afterwards, or nothing. Writers take turns, so that two
    programs never continue the chain from the same entry.

    **The chain.** Entry ``i`` holds ``digest_i = H(digest_{i-1}, sealed_i, sequence, kind, time, model id,
    removed)``, where ``sealed_i = H(salt_i, child, date, values)`` and H is SHA-256. Child, date, values and the
    random salt (the *payload*) stand in a table of their own and can be rectified or erased; without the salt,
    ``sealed_i`` says nothing of the child, and the chain still holds.

    **What a chain shows.** :meth:`verify` finds every entry and payload that was edited, moved, put in or taken out by
    somebody who did not write the rest of the chain anew. It cannot find, by itself, that the last entries were cut off
    with their payloads, or that somebody who may write to the database wrote the chain anew from some entry on: nothing
    in a file is secret from its writer. For this keep :meth:`head` elsewhere, out of the same people's reach, and give
    it to ``verify(head=...)``: all that stood in the ledger then is held to it. Nothing shows that what was written is
    true, that everything was written, or who wrote it: ``by`` is what the caller says, and who may write may add
    entries to the end. An erasure says how many payloads it took, not which, so that a payload taken by stealth would
    not show where one that was erased is put back from a copy at the same time.

    A rectified entry says which entry it corrects (``removed``, negative), so that values which were corrected do not
    come back unseen; those that were rectified in a ledger of format 1 are held to the counts alone.

    **A SQLite file** has a rollback journal, not a write-ahead log, which needs memory shared by all who open the
    file and so fails on network drives. Locks of network drives fail too, at times: where several machines write, use
    a server.

    Examples
    --------
    >>> import tempfile, edgeofcare as eoc
    >>> names = ["household_id", "child_id", "index_date"]
    >>> rows = [("H1", "c1", pd.Timestamp("2025-04-01")), ("H2", "c2", pd.Timestamp("2025-04-01"))]
    >>> index = pd.MultiIndex.from_tuples(rows, names=names)
    >>> scores = pd.DataFrame({"risk": [0.12, 0.03], "model_id": "44136fa355b3"}, index=index)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = eoc.Ledger(f"{folder}/ledger.db")
    ...     written = ledger.scored(scores), ledger.scored(scores)  # the second time there is nothing new
    ...     shown = ledger.shown(scores.iloc[[0]], by="worker 7", role="social worker")
    ...     kept = ledger.head()
    ...     kinds = ledger.history("c1")["kind"].tolist()
    ...     erased = ledger.erase("c1", by="data protection officer", ground="UK GDPR article 17(1)(d)")
    ...     found = ledger.verify(head=kept)
    >>> written, kinds, erased
    ((2, 0), ['scored', 'shown'], 2)
    >>> found
    The ledger holds: 4 entries, 2 payloads erased, 0 rectified. It holds the head that was kept.
    """

    def __init__(self, place: Any, *, create: bool = True) -> None:
        super().__init__(open_store(place, create=create))

    def __repr__(self) -> str:
        return f"Ledger({self._store.dialect})"

    # --------------------------------------------------------------------------------- rectifying and erasing

    def rectify(self, sequence: int, values: Mapping[str, Any], *, by: str, reason: str) -> None:
        """Correct what an entry says (UK GDPR article 16). Nothing of the wrong values is kept.

        Parameters
        ----------
        sequence : int
            The entry, as :meth:`entries` numbers it.
        values : mapping
            What is to be, by name: values of the entry, and ``household_id``, ``child_id`` or ``index_date`` where it
            was written of the wrong row. Values that are not named stay; but with another ``risk``, what was computed
            from the wrong one (``log_odds``, ``risk_low``, ``risk_high``, ``rank``) becomes unknown, unless named too.
        by : str
            Who does it.
        reason : str
            Why. It stands with the corrected values, and is erased with them.

        Raises
        ------
        SpecError
            If the entry's payload was erased, it has no such value, or one could not have been written.

        Notes
        -----
        An entry is appended that says when this was done, and the corrected entry keeps its number and place.
        """
        if not isinstance(values, Mapping):
            msg = "values must be a mapping of names to what is to be."
            raise SpecError(msg)
        told = {"by": one_text(by, "by"), "reason": one_text(reason, "reason")}
        number = entry_number(sequence)
        self._store.write(lambda connection: rectify(connection, number, values, **told))
        self._store.clean()

    def erase(self, child_id: str, *, by: str, ground: str) -> int:
        """Erase everything that the ledger holds about a child (UK GDPR article 17), and leave a chain that holds.

        Parameters
        ----------
        child_id : str
            The child.
        by : str
            Who does it. This stays.
        ground : str
            On which ground, such as ``"UK GDPR article 17(1)(d)"``. This stays, so it must say nothing of the child.

        Returns
        -------
        int
            Payloads erased; 0 where the ledger held nothing, and then no entry is written.

        Raises
        ------
        SpecError
            If ``by`` or ``ground`` holds the child's key.
        LedgerError
            If a SQLite file could not be rewritten; the payloads are gone then, and opening it again finishes this.

        Notes
        -----
        The appended entry says by whom, on which ground and how many payloads, not about what. Where the key of a
        household was made of the child's (as ``"H"`` and the smallest key of its children), the rows of the others
        are rectified to be named by the smallest of those who are left.

        A SQLite file is rewritten (``VACUUM``), for pages that were split may keep copies of a row that is deleted;
        that takes as much room again for a moment. On a server, dead rows go when it vacuums, and its logs and
        backups are its administrator's; so are backups and snapshots of a file. Free text about *another* child that
        names this one is not found: search your notes.
        """
        told = {"by": one_text(by, "by"), "ground": one_text(ground, "ground")}
        removed = self._store.write(lambda connection: erase_child(connection, child_id, **told))
        self._store.clean()
        return removed

    def retention(self, before: Any, *, by: str, ground: str = "The retention period has ended.") -> int:
        """Erase everything about children that was written before a day.

        Parameters
        ----------
        before : str or date
            The first day that is kept, by when an entry was written, in UTC.
        by : str
            Who does it.
        ground : str, optional
            On which ground.

        Returns
        -------
        int
            Payloads erased; entries about models stay.
        """
        told = {"by": one_text(by, "by"), "ground": one_text(ground, "ground")}
        removed = self._store.write(lambda connection: erase_before(connection, before, **told))
        self._store.clean()
        return removed

    # ----------------------------------------------------------------------------------------------- verifying

    def head(self) -> str:
        """The end of the chain, to keep elsewhere: it holds no identifier and may be shared.

        Returns
        -------
        str
            Number and digest of the last entry.
        """
        return head_text(self._store.read(last))

    def verify(self, *, head: str | None = None) -> Verification:
        """Say whether anything in the ledger was changed.

        Parameters
        ----------
        head : str, optional
            What :meth:`head` gave at an earlier time, kept elsewhere.

        Returns
        -------
        Verification
            What was found, and ``holds``. The class says what a chain can and cannot show.
        """
        kept = None if head is None else parse_head(head)
        return self._store.read(lambda connection: verify(connection, kept))

    # ------------------------------------------------------------------------------------------------- reading

    def entries(
        self, kinds: str | Iterable[str] | None = None, *, index_date: Any = None, model_id: str | None = None
    ) -> pd.DataFrame:
        """Entries about children, as they stand now; what was erased is not among them.

        Parameters
        ----------
        kinds : str or iterable of str, optional
            ``"scored"``, ``"shown"``, ``"reviewed"``, ``"overridden"``, ``"seen"``, ``"supported"`` or
            ``"happened"``; all, if left out.
        index_date : str or date, optional
            Of this day only.
        model_id : str, optional
            Of this model only.

        Returns
        -------
        DataFrame
            One row for each entry, in their order, on the index (household_id, child_id, index_date). Columns
            ``sequence``, ``time`` (when it was written, UTC), ``kind``, ``model_id``, and the values that occur;
            where one was rectified, ``rectified_by`` and ``rectified_because``.
        """
        return self._entries(kinds_of(kinds), index_date=index_date, model_id=model_id)

    def scores(self, *, index_date: Any = None, model_id: str | None = None, latest: bool = True) -> pd.DataFrame:
        """Risks that were written down.

        Parameters
        ----------
        index_date : str or date, optional
            Of this day only.
        model_id : str, optional
            Of this model only.
        latest : bool, default True
            Whether, of rows that one model scored again, the last score alone is given.

        Returns
        -------
        DataFrame
            As :meth:`entries`.
        """
        found = self._entries(("scored",), index_date=index_date, model_id=model_id)
        if "risk" not in found:
            found["risk"] = np.zeros(len(found))  # there is no row
        return latest_scores(found) if latest else found

    def history(self, child_id: str) -> pd.DataFrame:
        """Everything that the ledger holds about one child.

        Parameters
        ----------
        child_id : str
            The child.

        Returns
        -------
        DataFrame
            As :meth:`entries`.
        """
        return self._entries(kinds_of(None), child_id=str(child_id))

    def log(self) -> pd.DataFrame:
        """Entries about no child: models that were monitored or changed, and erasures.

        Returns
        -------
        DataFrame
            One row for each, in their order: ``sequence``, ``time``, ``kind``, ``model_id``, ``removed`` (payloads
            that an erasure took away), and the values that occur.
        """
        return self._store.read(log)

    # ------------------------------------------------------------------------------------------------- helpers

    def _entries(
        self,
        kinds: tuple[str, ...],
        *,
        child_id: str | None = None,
        index_date: Any = None,
        model_id: str | None = None,
    ) -> pd.DataFrame:
        """Entries about children."""
        only = {"child_id": child_id, "index_date": index_date, "model_id": model_id}
        return self._store.read(lambda connection: child_entries(connection, kinds, **only))
