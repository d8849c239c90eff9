"""What was usual when a model was made: counts and figures of its reference rows, to hold later months against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.tracking.monitoring.chance import Level
from edgeofcare.tracking.monitoring.codes import CodeUse
from edgeofcare.tracking.monitoring.drift import Drift
from edgeofcare.tracking.monitoring.entries import EntriesUsual
from edgeofcare.tracking.monitoring.feedback import Gap
from edgeofcare.tracking.monitoring.lists import ListUsual

__all__ = ["MonitoringBaseline"]

_VERSION = 1


@dataclass(frozen=True, repr=False)
class MonitoringBaseline:
    """What was usual when a model was made; made by :func:`edgeofcare.monitoring_baseline`.

    It holds counts, shares and codes of the schema's own lists: no identifier, no date of a child, and no count of
    fewer than 10 children. What cannot be judged with so few rows is left out.

    Attributes
    ----------
    months : tuple of str
        Months of the first and last reference date.
    capacity : int or None
        Children on the list of a date.
    rows, households : int
        Reference rows, and their households.
    features, groups, lag : Drift or None
        Shares, and how far a month drifts by chance: of features and risks, of who is scored and listed, and of the
        days until a row is recorded.
    telling : mapping of str to float
        Share of households in which each feature tells something.
    volume : mapping of str to Level
        What is recorded in four weeks, by table.
    children : mapping of str to float
        How the number of scored households changes.
    codes : mapping of str to CodeUse
        Codes of each column.
    late : mapping of str to tuple of int
        Rows of the last four weeks that an extract did not have yet, and all of them, by table; where two extracts
        were given.
    entries : EntriesUsual or None
        When entries can be seen.
    lists : mapping of str to ListUsual
        What the list finds.
    recording : Gap or None
        Recording on either side of the cut.
    """

    months: tuple[str, str]
    capacity: int | None
    rows: int
    households: int
    features: Drift | None
    groups: Drift | None
    lag: Drift | None
    telling: Mapping[str, float]
    volume: Mapping[str, Level]
    children: Mapping[str, float]
    codes: Mapping[str, CodeUse]
    late: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    entries: EntriesUsual | None = None
    lists: Mapping[str, ListUsual] = field(default_factory=dict)
    recording: Gap | None = None

    def __repr__(self) -> str:
        period = self.months[0] if self.months[0] == self.months[1] else f"{self.months[0]} to {self.months[1]}"
        return f"MonitoringBaseline({period}, {self.rows:,} rows, {len(self.telling)} features)"

    def to_dict(self) -> dict[str, Any]:
        """As plain values, as a model file or JSON can hold them.

        Returns
        -------
        dict
            What :meth:`from_dict` reads.
        """
        drift = {name: _plain(getattr(self, name)) for name in ("features", "groups", "lag")}
        return {
            "version": _VERSION,
            "months": list(self.months),
            "capacity": self.capacity,
            "rows": self.rows,
            "households": self.households,
            **drift,
            "telling": dict(self.telling),
            "volume": {name: asdict(each) for name, each in self.volume.items()},
            "children": dict(self.children),
            "codes": {name: {**asdict(each), "rare": list(each.rare)} for name, each in self.codes.items()},
            "late": {name: list(each) for name, each in self.late.items()},
            "entries": _plain(self.entries),
            "lists": {stage: each.to_dict() for stage, each in self.lists.items()},
            "recording": _plain(self.recording),
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> MonitoringBaseline:
        """From plain values.

        Parameters
        ----------
        said : mapping
            As :meth:`to_dict` gives it, also after JSON.

        Returns
        -------
        MonitoringBaseline

        Raises
        ------
        SpecError
            If it is of another version, or something is missing.
        """
        if not isinstance(said, Mapping) or said.get("version") != _VERSION:
            msg = f"This is no monitoring baseline of version {_VERSION}; make it with monitoring_baseline."
            raise SpecError(msg)
        try:
            return _read(said)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            msg = "The monitoring baseline is damaged: something is missing or of another type. Make it anew."
            raise SpecError(msg) from error


def _plain(part: Any) -> Any:
    """A part as plain values; None where it is not there."""
    return None if part is None else part.to_dict()


def _read(said: Mapping[str, Any]) -> MonitoringBaseline:
    """A baseline from plain values."""
    drift = {
        name: None if said[name] is None else Drift.from_dict(said[name]) for name in ("features", "groups", "lag")
    }
    first, last = said["months"]
    return MonitoringBaseline(
        months=(str(first), str(last)),
        capacity=None if said["capacity"] is None else int(said["capacity"]),
        rows=int(said["rows"]),
        households=int(said["households"]),
        **drift,
        telling={name: float(value) for name, value in said["telling"].items()},
        volume={name: Level(**each) for name, each in said["volume"].items()},
        children={name: float(value) for name, value in said["children"].items()},
        codes={
            name: CodeUse(int(each["households"]), dict(each["codes"]), tuple(each["rare"]), Level(**each["filled"]))
            for name, each in said["codes"].items()
        },
        late={name: (int(each[0]), int(each[1])) for name, each in said["late"].items()},
        entries=None if said["entries"] is None else EntriesUsual.from_dict(said["entries"]),
        lists={stage: ListUsual(**each) for stage, each in said["lists"].items()},
        recording=None if said["recording"] is None else Gap(**said["recording"]),
    )
