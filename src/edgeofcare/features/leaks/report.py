"""What a leak check says: a report where nothing leaks, a message where something does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.features.leaks.scrambles import SCRAMBLES, Unit
from edgeofcare.features.plain import feature_to_dict
from edgeofcare.records.findings import counted

__all__ = ["NOTHING", "LeakReport", "Noticed", "hash_of_spec", "leak_message", "ordered", "plain_leaks"]

NOTHING = "nothing"
"""Stands for records that were not changed at all: a feature that differs then is not determined by them."""

_AT_ALL = ("although nothing was changed", "Make the feature give the same values each time: fix its seed.")
_WHAT = {NOTHING: _AT_ALL} | {each.name: (each.what, each.mend) for each in SCRAMBLES}
_TABLES_NAMED = 4

_SHOWN = 10
_FEWEST = 10
"""Smaller counts of case records stay out of what is saved."""


@dataclass(frozen=True)
class LeakReport:
    """What a leak check tried that found nothing. Shareable: it holds counts and names of features only.

    Parameters
    ----------
    rows : int
        Rows of the cohort that were tried.
    dates : int
        Index dates among them.
    features : tuple of str
        Names of the features.
    scrambles : tuple of (str, int)
        Each way in which records were changed, with the rows of case records that were changed, left out or added.
    snapshots : tuple of str
        Characteristics that the user asked for by name: they are snapshots at the extract, and were let pass as such.
    differences : int
        Values that differed: none, or there would be an error in place of a report.
    fingerprint : str
        That of the records that were checked.
    hashes : tuple of str
        Hash of each spec, in the order of the features; none where the features came from your own code, which has
        no hash.

    Examples
    --------
    >>> LeakReport(500, 24, ("child.age",), (("later rows", 9120),))
    LeakReport(500 rows, 24 index dates, 1 feature, 1 way of changing records: no difference)
    """

    rows: int
    dates: int
    features: tuple[str, ...]
    scrambles: tuple[tuple[str, int], ...]
    snapshots: tuple[str, ...] = ()
    differences: int = 0
    fingerprint: str = ""
    hashes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Counts only."""
        return f"LeakReport({self._counts}: no difference)"

    @property
    def _counts(self) -> str:
        """How much was tried."""
        parts = [counted(self.rows, "row"), counted(self.dates, "index date"), counted(len(self.features), "feature")]
        ways = counted(len(self.scrambles), "way of changing records", "ways of changing records")
        return ", ".join([*parts, ways])

    @property
    def sentence(self) -> str:
        """What was shown, in plain English."""
        said = (
            f"In {counted(self.rows, 'row')} of {counted(self.dates, 'index date')}, "
            f"{'the feature' if len(self.features) == 1 else f'all {len(self.features):,} features'} stayed the same "
            "to the last bit when everything that was not known before the index date, and everything of other "
            "households, was changed."
        )
        if self.snapshots:
            verb = "is a snapshot" if len(self.snapshots) == 1 else "are snapshots"
            said += f" {', '.join(self.snapshots)} {verb} at the extract, asked for by name."
        return said

    @property
    def own_code(self) -> bool:
        """Whether the features came from the user's own code and not from specs."""
        return not self.hashes

    @property
    def features_hash(self) -> str | None:
        """One hash of all specs, whatever their order; None for own code."""
        return hashlib.sha256("\n".join(sorted(self.hashes)).encode()).hexdigest() if self.hashes else None

    def refuse_other(self, specs: Iterable[Feature], fingerprint: str | None = None) -> None:
        """Refuse a report that is not about some features, or not about some records.

        Parameters
        ----------
        specs : iterable of Feature
            The features of a model; the report may be about more.
        fingerprint : str, optional
            That of the records on which the model was trained; without it records are not compared.

        Raises
        ------
        SpecError
            If it is about other features, about own code, or about other records.
        """
        listed = list(specs)
        missing = [spec.name for spec in listed if hash_of_spec(spec) not in self.hashes]
        problems = []
        if self.own_code:
            problems.append(
                "it is about code of your own, and not about these features, whatever its columns are called"
            )
        elif missing:
            shown = ", ".join(
                [*missing[:_SHOWN], *([f"{len(missing) - _SHOWN:,} more"] if len(missing) > _SHOWN else [])]
            )
            problems.append(f"it is not about {counted(len(missing), 'feature')} of {len(listed):,}: {shown}")
        if fingerprint is not None and fingerprint != self.fingerprint:
            problems.append("it is about other records than those given, or they have changed since")
        if problems:
            msg = (
                f"leaks cannot be used here: {'; '.join(problems)}. Give what edgeofcare.leak_check(records, cohort, "
                "features) returned for these features and records, or run it again."
            )
            raise SpecError(msg)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON takes it.

        Returns
        -------
        dict
            ``sentence``, ``rows``, ``dates``, ``features`` (names), ``scrambles`` (``name``, ``what`` and
            ``rows_changed`` of each, None for 1 to 9), ``snapshots``, ``differences``, ``records_fingerprint`` (as the
            records have it), ``own_code`` and ``features_hash`` (None for own code).
        """
        return {
            "sentence": self.sentence,
            "rows": self.rows,
            "dates": self.dates,
            "features": list(self.features),
            "scrambles": [
                {"name": name, "what": _WHAT[name][0], "rows_changed": None if 0 < changed < _FEWEST else changed}
                for name, changed in self.scrambles
            ],
            "snapshots": list(self.snapshots),
            "differences": self.differences,
            "records_fingerprint": self.fingerprint,
            "own_code": self.own_code,
            "features_hash": self.features_hash,
        }


def hash_of_spec(spec: Feature) -> str:
    """SHA-256 of all that a feature's spec says.

    Parameters
    ----------
    spec : Feature
        The feature.

    Returns
    -------
    str
        The same for specs that compare equal.
    """
    return hashlib.sha256(json.dumps(feature_to_dict(spec), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Noticed:
    """That a feature noticed a change.

    Parameters
    ----------
    rows : int
        Rows in which it was another.
    units : tuple of (str, str)
        Tables and columns through which, where that could be told.
    """

    rows: int
    units: tuple[Unit, ...] = ()

    def through(self) -> str:
        """The tables and columns in words."""
        named = [".".join(filter(None, unit)) for unit in self.units if unit[0]]
        more = len(named) - _TABLES_NAMED
        listed = [*named[:_TABLES_NAMED], *([f"{more} more"] if more > 0 else [])]
        return f" ({', '.join(listed)})" if listed else ""


def leak_message(leaks: Mapping[str, Mapping[str, Noticed]], *, rows: int, dates: int, features: int) -> str:
    """Say which features leak, in how many rows, through what, and what to do.

    Parameters
    ----------
    leaks : mapping of str to mapping of str to Noticed
        Feature name to way of changing records to what it noticed.
    rows, dates, features : int
        How much was tried.

    Returns
    -------
    str
        No child, date or value is in it.
    """
    verb = "rests" if len(leaks) == 1 else "rest"
    lines = [
        f"{len(leaks):,} of {counted(features, 'feature')} {verb} on what was not known before the index date, or on "
        f"other households ({counted(rows, 'row')} of {counted(dates, 'index date')} tried):"
    ]
    for name, noticed in leaks.items():
        for way, found in noticed.items():
            lines.append(f"  - {name}: changed in {counted(found.rows, 'row')} {_WHAT[way][0]}{found.through()}")
    ways = [way for way in _WHAT if any(way in noticed for noticed in leaks.values())]
    return "\n".join([*lines, "What to do:", *(f"  - {_WHAT[way][1]}" for way in ways)])


def ordered(leaks: Mapping[str, dict[str, Noticed]], names: Sequence[str]) -> dict[str, dict[str, Noticed]]:
    """The leaks in the order of the features; what only changed records have comes last."""
    place = {name: position for position, name in enumerate(names)}
    return {name: leaks[name] for name in sorted(leaks, key=lambda name: (place.get(name, len(place)), name))}


def plain_leaks(leaks: LeakReport | None, specs: Sequence[Feature], fingerprint: str | None) -> dict[str, Any] | None:
    """A leak check as JSON takes it, if it was one of some features and, where these are told, of some records.

    Parameters
    ----------
    leaks : LeakReport or None
        From :func:`edgeofcare.leak_check`.
    specs : sequence of Feature
        The features of a model.
    fingerprint : str or None
        That of the records on which it was trained, where they were stated.

    Returns
    -------
    dict or None
        What the model file holds of it.

    Raises
    ------
    SpecError
        If it is something else, or about other features or records.
    """
    if leaks is None:
        return None
    if not isinstance(leaks, LeakReport):
        msg = f"leaks is a {type(leaks).__name__}; expected what edgeofcare.leak_check returns."
        raise SpecError(msg)
    leaks.refuse_other(specs, fingerprint)
    return {name: value for name, value in leaks.to_dict().items() if name != "features"}
