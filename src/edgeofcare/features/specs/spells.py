"""Features of spells as a whole: whether they are open, how long they lasted, and where two kinds meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import TableFeature, check_spell
from edgeofcare.features.phrases import a
from edgeofcare.features.sources import source_of
from edgeofcare.schema.columns import Table

__all__ = ["Active", "DaysIn", "Overlap", "TotalDays"]


@dataclass(frozen=True)
class Active(TableFeature):
    """How many spells look open on the index date: start known before it, end not.

    Examples
    --------
    >>> Active("cp_plans").name
    'cp_plan.active'
    """

    measure: ClassVar[str] = "active"
    needs_lookback: ClassVar[bool] = False
    empty: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        """Refuse events, a lookback and filters that only the end makes known."""
        super().__post_init__()
        check_spell(self.source, type(self).__name__)
        if self.lookback is not None or "end_date" in self.known_columns:
            msg = f"Active of {self.table} takes no lookback, and no filter on what only the end makes known."
            raise SpecError(msg)

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        return f"Number of {self._rows()} open on the index date."


@dataclass(frozen=True)
class DaysIn(TableFeature):
    """Days of the window on which the child was in at least one spell.

    Examples
    --------
    >>> DaysIn("cin_plans", "365D").name
    'cin_plan.days_in.365d'
    """

    measure: ClassVar[str] = "days_in"
    empty: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        """Refuse events."""
        super().__post_init__()
        check_spell(self.source, type(self).__name__)

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        return f"Days on which at least one {self._rows(many=False)} was open {self._window()}."


@dataclass(frozen=True)
class TotalDays(DaysIn):
    """Days on which the child was in at least one spell, in all the time before the index date.

    Examples
    --------
    >>> TotalDays("cp_plans").name
    'cp_plan.total_days'
    """

    measure: ClassVar[str] = "total_days"
    needs_lookback: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse events and a lookback."""
        super().__post_init__()
        if self.lookback is not None:
            msg = f"TotalDays of {self.table} takes no lookback; DaysIn does."
            raise SpecError(msg)

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        return f"Days before the index date on which at least one {self._rows(many=False)} was open."


@dataclass(frozen=True)
class Overlap(DaysIn):
    """Days of the window on which the child was in a spell of one kind and in a spell of another.

    Parameters
    ----------
    other : str
        The other table of spells; the filters are those of the first.

    Examples
    --------
    >>> Overlap("missing_episodes", "365D", other="cp_plans").name
    'missing.overlap_cp_plan.365d'
    """

    other: str = ""

    measure: ClassVar[str] = "overlap"

    def __post_init__(self) -> None:
        """Refuse events, and a table with itself."""
        super().__post_init__()
        check_spell(self.other_source, type(self).__name__)
        if self.other == self.table:
            msg = f"Overlap of {self.table} needs another table in `other`."
            raise SpecError(msg)

    @property
    def other_source(self) -> Table:
        """The other table."""
        if not self.other:
            msg = "Overlap needs a table of spells in `other`, such as other='cp_plans'."
            raise SpecError(msg)
        return source_of(self.other)

    @property
    def parts(self) -> tuple[str, ...]:
        """The words of the name after the table and its filters."""
        return (f"overlap_{self.other_source.noun}", f"{self.lookback}d")

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        both = f"{a(self._rows(many=False))} and {a(self.other_source.singular)}"
        return f"Days on which {both} were open at once {self._window()}."
