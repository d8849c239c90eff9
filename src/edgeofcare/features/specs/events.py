"""Features of events, and of the starts and ends of spells: how many, how long ago, and how they change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import TableFeature, check_edge, frozen_filters
from edgeofcare.features.phrases import covers, filter_said
from edgeofcare.schema.columns import SPELL

__all__ = ["SHORTEST_EXPOSURE", "Count", "DaysSince", "DaysSinceFirst", "Rate", "Share", "Trend"]

SHORTEST_EXPOSURE = 91
"""Days of records that a rate needs; after fewer it is unknown."""


@dataclass(frozen=True)
class Count(TableFeature):
    """How many events happened, or spells began (or ended), in the window.

    Parameters
    ----------
    edge : {"start", "end"}, default "start"
        For spells, whether starts or ends are counted.

    Examples
    --------
    >>> Count("missing_episodes", "90D").name
    'missing.count.90d'
    >>> Count("assessment_factors", "365D", {"factor": "24A"}).sentence
    'Number of assessment factors "child criminal exploitation" in the 365 days before the index date.'
    """

    edge: str = "start"

    measure: ClassVar[str] = "count"
    empty: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        """Refuse the end of an event."""
        super().__post_init__()
        check_edge(self.source, self.edge)

    @property
    def parts(self) -> tuple[str, ...]:
        """The words of the name after the table and its filters."""
        return ("count_ended" if self.edge == "end" else "count", f"{self.lookback}d")

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        verb = {"end": " that ended", "start": " that began" if self.source.kind == SPELL else ""}[self.edge]
        return f"Number of {self._rows()}{verb} {self._window()}."


@dataclass(frozen=True)
class DaysSince(TableFeature):
    """Days from the last event, or the last start or end of a spell, to the index date; NaN if there was none.

    Parameters
    ----------
    edge : {"start", "end"}, default "start"
        For spells, whether the last start or the last end is meant.

    Examples
    --------
    >>> DaysSince("cp_plans", edge="end").name
    'cp_plan.days_since_end'
    """

    edge: str = "start"

    measure: ClassVar[str] = "days_since"
    which: ClassVar[str] = "last"
    needs_lookback: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse the end of an event."""
        super().__post_init__()
        check_edge(self.source, self.edge)

    @property
    def parts(self) -> tuple[str, ...]:
        """The words of the name after the table and its filters."""
        word = f"{self.measure}_end" if self.edge == "end" else self.measure
        return (word,) if self.lookback is None else (word, f"{self.lookback}d")

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        verb = {"end": " ended", "start": " began" if self.source.kind == SPELL else ""}[self.edge]
        within = "" if self.lookback is None else f", looking back {self.lookback} days"
        return f"Days since the {self.which} {self._rows(many=False)}{verb}{within}."


@dataclass(frozen=True)
class DaysSinceFirst(DaysSince):
    """Days from the first event, or the first start or end of a spell, to the index date; NaN if there was none.

    Examples
    --------
    >>> DaysSinceFirst("referrals").sentence
    'Days since the first referral began.'
    """

    measure: ClassVar[str] = "days_since_first"
    which: ClassVar[str] = "first"


@dataclass(frozen=True)
class Trend(TableFeature):
    """How many more events there were in the window than in the window of the same length before it.

    Both windows are seen as they were known before the index date. The value is unknown where the earlier window
    reaches further back than the table can be trusted.

    Examples
    --------
    >>> Trend("missing_episodes", "90D").name
    'missing.trend.90d'
    """

    measure: ClassVar[str] = "trend"
    empty: ClassVar[float] = 0.0

    @property
    def reach(self) -> int:
        """Days before the index date that the records must cover."""
        return 2 * int(self.lookback)

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        return f"Number of {self._events()}, less the number in the {self.lookback} days before those."


@dataclass(frozen=True)
class Rate(TableFeature):
    """Events in a year: how many there were in the window, for each 365 days of it that the records cover.

    The window is cut short at the date from which the table can be trusted and at the child's birth, so that a long
    lookback is of use where records are young. After fewer than 91 days of records the rate is unknown.

    Examples
    --------
    >>> Rate("missing_episodes", "1825D").name
    'missing.rate.1825d'
    """

    measure: ClassVar[str] = "rate"
    empty: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        """Refuse a window in which there can never be enough records."""
        super().__post_init__()
        if self.lookback < SHORTEST_EXPOSURE:
            msg = f"Rate of {self.table} needs a lookback of {SHORTEST_EXPOSURE} days or more; got {self.lookback}."
            raise SpecError(msg)

    @property
    def reach(self) -> int:
        """Days before the index date that the records must cover."""
        return SHORTEST_EXPOSURE

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        return f"Number of {self._events()}, for each 365 days that the records cover."


@dataclass(frozen=True)
class Share(TableFeature):
    """Which share of the rows in the window has one of some codes; NaN where there are no rows.

    Parameters
    ----------
    of : mapping
        One column to a code, or a list of codes. Rows without a code count among all rows.

    Examples
    --------
    >>> Share("referrals", "1095D", of={"source": "6"}).name
    'referral.share_source_6.1095d'
    """

    of: Any = ()

    measure: ClassVar[str] = "share"

    def __post_init__(self) -> None:
        """Freeze the codes whose share is asked for."""
        super().__post_init__()
        object.__setattr__(self, "of", frozen_filters(self.source, self.of))
        if len(self.of) != 1 or self.of[0][0] in dict((*self.where, *self.unless)):
            msg = (
                f"Share of {self.table} needs exactly one column in `of`, which no filter names: of={{'source': '6'}}."
            )
            raise SpecError(msg)

    @property
    def parts(self) -> tuple[str, ...]:
        """The words of the name after the table and its filters."""
        (column, codes), *_ = self.of
        return (f"share_{column}_{'+'.join(codes)}", f"{self.lookback}d")

    @property
    def known_columns(self) -> tuple[str, ...]:
        """The date columns that must have passed for a row to count, besides its own date."""
        return tuple(sorted({*super().known_columns, *(self.source.column(name).known for name, _ in self.of)}))

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        are = "that are " if covers(self.source, self.of[0][0]) else ""
        return f"Share {are}{filter_said(self.source, *self.of[0])} among {self._events()}."
