"""A family of counts whose codes are not known yet: :func:`edgeofcare.learn_levels` learns them from training rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import TableFeature, check_edge, checked_column
from edgeofcare.features.phrases import column_said
from edgeofcare.features.specs.events import Count

__all__ = ["Levels"]

_KEYS = ("worker",)
_MOST = 100


@dataclass(frozen=True)
class Levels(TableFeature):
    """A count for each of the most frequent codes of a column, and one for all others.

    It is not a feature yet: :func:`learn_levels` puts plain counts in its place.

    Parameters
    ----------
    column : str
        The column whose codes are counted.
    top : int, default 10
        How many codes have a count of their own, at most.
    edge : {"start", "end"}, default "start"
        For spells, whether starts or ends are counted.

    Raises
    ------
    SpecError
        If the table, column, window or a filter cannot be used, or the column holds keys of people.

    Examples
    --------
    >>> Levels("referrals", "365D", column="source", top=3).sentence
    'Number of referrals that began in the 365 days before the index date, for each of the 3 most frequent codes of...'
    """

    column: str = ""
    top: int = 10
    edge: str = "start"

    measure: ClassVar[str] = "count"

    def __post_init__(self) -> None:
        """Refuse columns without codes, and what Count refuses."""
        super().__post_init__()
        check_edge(self.source, self.edge)
        checked_column(self.source, self.column, ("code",))
        if self.column in _KEYS:
            msg = (
                f"{self.table}: {self.column!r} holds keys, which must not become features. Use Distinct to count them."
            )
            raise SpecError(msg)
        if self.column in dict((*self.where, *self.unless)):
            msg = f"Levels of {self.table}: {self.column!r} cannot be a filter as well."
            raise SpecError(msg)
        if isinstance(self.top, bool) or not isinstance(self.top, int) or not 1 <= self.top <= _MOST:
            msg = f"top must be a whole number from 1 to {_MOST}; got {self.top!r}."
            raise SpecError(msg)

    @property
    def name(self) -> str:
        """No name: its codes are not known yet."""
        msg = (
            f"Levels of {self.table} must be learned before features are built: "
            "features = learn_levels(records, training_cohort, features)."
        )
        raise SpecError(msg)

    @property
    def known_columns(self) -> tuple[str, ...]:
        """The date columns that must have passed for a row to count, besides its own date."""
        return tuple(sorted({*super().known_columns, self.source.column(self.column).known}))

    @property
    def sentence(self) -> str:
        """What it will say, in plain English."""
        rows = f"{self._rows()} that ended {self._window()}" if self.edge == "end" else self._events()
        return f"Number of {rows}, for each of the {self.top} most frequent codes of {column_said(self.column)}."

    def counts(self, codes: Iterable[str]) -> list[Count]:
        """The counts that it stands for, once its codes are known.

        Parameters
        ----------
        codes : iterable of str
            Codes that have a count of their own.

        Returns
        -------
        list of Count
            One for each code, and one for all other rows, those without a code among them.
        """
        listed = sorted(codes)
        each = [self._count({self.column: code}, {}) for code in codes]
        return [*each, self._count({}, {self.column: listed} if listed else {})]

    def _count(self, also: dict[str, str], not_also: dict[str, list[str]]) -> Count:
        """One of the counts."""
        where, unless = {**dict(self.where), **also}, {**dict(self.unless), **not_also}
        return Count(self.table, self.lookback, where, edge=self.edge, unless=unless, scope=self.scope)
