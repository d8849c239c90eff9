"""Features of a column's values: their sum, mean, largest and last, and how many different ones there were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import TableFeature, checked_column
from edgeofcare.features.phrases import column_said, columns_said, covers
from edgeofcare.schema.codes import CODE_LISTS

__all__ = ["Distinct", "Last", "Max", "Mean", "Sum"]


@dataclass(frozen=True)
class _ValueFeature(TableFeature):
    """A feature of a number column."""

    value: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The words of the name after the table and its filters."""
        return (f"{self.measure}_{self.value}", f"{self.lookback}d")

    @property
    def known_columns(self) -> tuple[str, ...]:
        """The date columns that must have passed for a row to count, besides its own date."""
        return tuple(sorted({*super().known_columns, self.source.column(self.value).known}))

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        unit = self.source.column(self.value).unit
        word = {"sum": "Sum of the", "mean": "Mean", "max": "Largest"}[self.measure]
        of = f"{column_said(self.value)} ({unit})" if unit else column_said(self.value)
        return f"{word} {of} of {self._events()}."


@dataclass(frozen=True)
class _NumberFeature(_ValueFeature):
    """A feature of a number column."""

    def __post_init__(self) -> None:
        """Refuse columns that are no numbers."""
        super().__post_init__()
        checked_column(self.source, self.value, ("number",))


@dataclass(frozen=True)
class Sum(_NumberFeature):
    """Sum of a number over the window, exact to a millionth.

    Examples
    --------
    >>> Sum("placements", "365D", value="distance").name
    'placement.sum_distance.365d'
    """

    measure: ClassVar[str] = "sum"
    empty: ClassVar[float] = 0.0


@dataclass(frozen=True)
class Mean(_NumberFeature):
    """Mean of a number over the window; NaN where there is none.

    Examples
    --------
    >>> Mean("placements", "365D", value="distance").sentence
    'Mean distance (miles) of placements that began in the 365 days before the index date.'
    """

    measure: ClassVar[str] = "mean"


@dataclass(frozen=True)
class Max(_NumberFeature):
    """Largest number over the window; NaN where there is none.

    Examples
    --------
    >>> Max("placements", "365D", value="distance").name
    'placement.max_distance.365d'
    """

    measure: ClassVar[str] = "max"


@dataclass(frozen=True)
class Distinct(_ValueFeature):
    """How many different codes of a column there were in the window.

    Examples
    --------
    >>> Distinct("worker_involvements", "365D", value="worker").name
    'worker.distinct_worker.365d'
    """

    measure: ClassVar[str] = "distinct"
    empty: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        """Refuse columns without codes."""
        super().__post_init__()
        checked_column(self.source, self.value, ("code", "id"))

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        of = "" if covers(self.source, self.value) else f"{columns_said(self.value)} of "
        return f"Number of different {of}{self._events()}."


@dataclass(frozen=True)
class Last(_ValueFeature):
    """The number, or the code, of the last row before the index date that has one.

    Rows of one day are ordered by when they were known and then by row key. A code comes back as a pandas category
    with every code of its list; a column without a fixed list has no categories to give, so :class:`Count` its codes
    instead.

    Examples
    --------
    >>> Last("referrals", value="source").name
    'referral.last_source'
    """

    measure: ClassVar[str] = "last"
    needs_lookback: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse columns that are no numbers and have no list of codes."""
        super().__post_init__()
        column = checked_column(self.source, self.value, ("number", "code"))
        if column.kind == "code" and not self.categories:
            msg = (
                f"{self.table}: {self.value!r} has no fixed list of codes, so its last one cannot be a feature. Count "
                "each code that matters, or learn them with edgeofcare.learn_levels."
            )
            raise SpecError(msg)

    @property
    def categories(self) -> tuple[str, ...]:
        """Every code that the value can have, sorted; nothing for a number."""
        return tuple(sorted(CODE_LISTS.get(self.source.column(self.value).codes or "", ())))

    @property
    def parts(self) -> tuple[str, ...]:
        """The words of the name after the table and its filters."""
        word = f"last_{self.value}"
        return (word,) if self.lookback is None else (word, f"{self.lookback}d")

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        if covers(self.source, self.value):
            return f"The last {self._events(many=False)}."
        unit, said = self.source.column(self.value).unit, column_said(self.value)
        return f"{said[0].upper()}{said[1:]}{f' ({unit})' if unit else ''} of the last {self._events(many=False)}."
