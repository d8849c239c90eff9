"""The model that the service scores with, and how another takes its place without a request being lost."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeofcare.exceptions import EdgeOfCareError
from edgeofcare.model_facts import is_over, model_facts
from edgeofcare.scorer import Scorer
from edgeofcare.service.logs import Log, place_of
from edgeofcare.service.measures import Measures

__all__ = ["Served"]

_AGAIN = 30.0  # seconds after which a file that was refused twice is read again
_SAID = (
    "model_id", "schema_version", "package_version", "kind", "decision_support_only", "task", "refits", "expires",
    "expired",
)  # fmt: skip

Signature = tuple[tuple[int, int, int], tuple[int, int, int] | None] | None


class Served:
    """A loaded model and the file that it came from.

    A request takes ``scorer`` once and keeps it, so that a model which changes meanwhile changes nothing for it.

    Parameters
    ----------
    path : str or path
        The model file.
    load : callable
        Reads and checks a model file; raises an :class:`edgeofcare.exceptions.EdgeOfCareError` for one that is bad.
    log : Log
        Where changes are told.
    measures : Measures
        Where they are counted.

    Raises
    ------
    EdgeOfCareError
        If the first model cannot be loaded.
    """

    def __init__(
        self, path: str | os.PathLike[str], load: Callable[[Path], Scorer], log: Log, measures: Measures
    ) -> None:
        self._path, self._load, self._log, self._measures = Path(path), load, log, measures
        self._lock = threading.Lock()
        self._looked_at = self._last = self._signature()
        self.scorer = _ready(load(self._path))
        self.refused, self._again = False, 0.0

    def facts(self) -> dict[str, Any]:
        """What the service says of its model; nothing personal.

        Returns
        -------
        dict
            Ready for JSON: some of what :func:`edgeofcare.inspect_model` says, and whether a newer file was refused.
        """
        return _summary(self.scorer) | {"newer_file_refused": self.refused}

    def told(self) -> None:
        """Bring the measures up to date."""
        self._measures.serves(self.scorer.model_id, expired=is_expired(self.scorer))

    def look(self, *, now: bool = False) -> str:
        """See whether the file has changed, and take the new model if it is a good one.

        A file that has changed is read when two looks find it the same, so that it is not read while it is written.
        One that is refused is read again at the next look and then every half minute: the disk, a key or the memory may
        have failed for a moment. It is told and counted once.

        Parameters
        ----------
        now : bool, default False
            Whether the file is read whether it changed or not.

        Returns
        -------
        {"same", "served", "refused"}
            What became of it.
        """
        with self._lock:
            found, last = self._signature(), self._last
            self._last = found
            new = found != self._looked_at
            due = new or (self.refused and time.monotonic() >= self._again)
            if not now and (found is None or found != last or not due):
                return "same"
            self._looked_at = found
            return self._changed(first=new or now)

    def _changed(self, *, first: bool) -> str:
        """Read the file, and take its model if it is a good one; say so if it is not, the first time."""
        before = self.scorer.model_id
        try:
            scorer = _ready(self._load(self._path))
        except Exception as error:
            self.refused, self._again = True, time.monotonic() + (0.0 if first else _AGAIN)
            if not first:
                return "same"
            told = {"problem": str(error)} if isinstance(error, EdgeOfCareError) else {}
            self._log.write("model refused", model_id=before, **place_of(error), **told)
            self._measures.reloaded("refused")
            return "refused"
        self.scorer, self.refused = scorer, False
        self._log.write("model served", model_id=scorer.model_id, before=before)
        self._measures.reloaded("served")
        return "served"

    def _signature(self) -> Signature:
        """What tells that the file, or the signature beside it, has changed; None while the file is not there."""
        beside = self._path.with_name(f"{self._path.name}.sig")
        found = [_told_by_the_disk(path) for path in (self._path, beside)]
        return None if found[0] is None else (found[0], found[1])


def _told_by_the_disk(path: Path) -> tuple[int, int, int] | None:
    """Time, size and number of a file; None while it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def is_expired(scorer: Scorer) -> bool:
    """Whether the model's last day of use is over, by the clock in UTC.

    Parameters
    ----------
    scorer : Scorer
        The model.

    Returns
    -------
    bool
        False where it has no such date.
    """
    return is_over(scorer.expires, _today())


def _summary(scorer: Scorer) -> dict[str, Any]:
    """What `edgeofcare inspect` says of a model, cut down to what a case system needs to know."""
    facts = model_facts(scorer, _today())
    return {
        **{name: facts[name] for name in _SAID},
        "features": [feature["name"] for feature in facts["features"]],
        "compared_with": (facts["reference"] or {}).get("name"),
        "reporting_lag": facts["training"]["reporting_lags"],
        "verdict": (facts["verdict"] or {}).get("conclusion"),
    }


def _today() -> dt.date:
    """The day, in UTC."""
    return dt.datetime.now(dt.UTC).date()


def _ready(scorer: Scorer) -> Scorer:
    """The model with everything made that does not depend on a child, so that no request waits for it."""
    _ = scorer._of_child, scorer.model_id
    return scorer
