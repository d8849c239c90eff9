"""The kinds of feature: small frozen specs that each ask one question about the time before a day.

Every spec has a ``name`` that reads aloud and parses back (:func:`edgeofcare.features.names.parse_feature`), one plain
``sentence``, and an ``empty`` value for a child with nothing in the window. A window that reaches further back than
the table can be trusted is unknown (NaN), whatever the spec.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature, TableFeature, check_edge, check_spell, checked_column, label
from edgeofcare.features.sources import CHARACTERISTICS
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import SPELL

__all__ = ["Active", "Age", "Characteristic", "Count", "DaysIn", "DaysSince", "Distinct", "Max", "Mean", "Sum"]


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
    'Number of assessment factors (factor child criminal exploitation) in the 365 days before the index date.'
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
    needs_lookback: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse the end of an event."""
        super().__post_init__()
        check_edge(self.source, self.edge)

    @property
    def parts(self) -> tuple[str, ...]:
        """The words of the name after the table and its filters."""
        word = "days_since_end" if self.edge == "end" else "days_since"
        return (word,) if self.lookback is None else (word, f"{self.lookback}d")

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        verb = {"end": " ended", "start": " began" if self.source.kind == SPELL else ""}[self.edge]
        within = "" if self.lookback is None else f", looking back {self.lookback} days"
        return f"Days since the last {self._rows(many=False)}{verb}{within}."


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
        return f"Days with at least one of the {self._rows()} {self._window()}."


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
        word = {"sum": "Sum", "mean": "Mean", "max": "Largest", "distinct": "Number of different"}[self.measure]
        of = f"{label(self.value)} ({unit})" if unit else label(self.value)
        return f"{word} {of} of {self._rows()} {self._window()}."


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
    'Mean distance (miles) of placements in the 365 days before the index date.'
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


@dataclass(frozen=True)
class Age(Feature):
    """Age on the index date in years: days lived divided by 365.25.

    Examples
    --------
    >>> Age().name
    'child.age'
    """

    @property
    def name(self) -> str:
        """The column name."""
        return "child.age"

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        return "Age on the index date, in years."


@dataclass(frozen=True)
class Characteristic(Feature):
    """Whether a characteristic of the child has a value: 1 or 0, and NaN where it is not recorded.

    Sex, ethnicity and an education, health and care plan are protected or close to it, and are held as a snapshot at
    the extract. They are features only where someone asks for each by this name, and the model file records it.

    Parameters
    ----------
    column : {"sex", "ethnicity", "ehc_plan"}
        The characteristic.
    code : str
        The value, ``"yes"`` or ``"no"`` for a plan.

    Examples
    --------
    >>> Characteristic("sex", "F").name
    'child.sex_F'
    """

    column: str
    code: str

    def __post_init__(self) -> None:
        """Refuse characteristics and values that are not known."""
        codes = {"sex": CODE_LISTS["sex"], "ethnicity": CODE_LISTS["ethnicity"], "ehc_plan": ("yes", "no")}
        if self.column not in CHARACTERISTICS or self.code not in codes[self.column]:
            msg = f"There is no characteristic {self.column!r} with the value {self.code!r}."
            raise SpecError(msg)

    @property
    def name(self) -> str:
        """The column name."""
        return f"child.{self.column}_{self.code}"

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        said = CODE_LISTS.get(self.column, {}).get(self.code, self.code)
        return f"Whether the child's {label(self.column)} is recorded as {said}."
