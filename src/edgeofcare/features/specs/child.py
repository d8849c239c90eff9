"""Features of the child, of the day, and of who the child's siblings are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import SCOPES, Feature
from edgeofcare.features.phrases import column_said
from edgeofcare.features.sources import CHARACTERISTICS
from edgeofcare.schema.codes import CODE_LISTS

__all__ = ["Age", "Calendar", "Characteristic", "Siblings"]

_OLDEST = 25


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
        return f"Whether the child's {column_said(self.column)} is recorded as {said}."


@dataclass(frozen=True)
class Calendar(Feature):
    """The month (1 to 12) or the year of the index date.

    The year is what a model cannot have seen on later dates: ask for it only to describe the past.

    Parameters
    ----------
    part : {"month", "year"}
        What of the date.

    Examples
    --------
    >>> Calendar("month").name
    'calendar.month'
    """

    part: str

    def __post_init__(self) -> None:
        """Refuse other parts of a date."""
        if self.part not in ("month", "year"):
            msg = f"Calendar gives the 'month' or the 'year' of the index date; got {self.part!r}."
            raise SpecError(msg)

    @property
    def name(self) -> str:
        """The column name."""
        return f"calendar.{self.part}"

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        return f"{self.part.capitalize()} of the index date."


@dataclass(frozen=True)
class Siblings(Feature):
    """How many siblings of some ages the child has, of those born and linked before the index date.

    Parameters
    ----------
    ages : tuple of int, default (0, 17)
        Youngest and oldest age in completed years on the index date, both included.
    scope : {"siblings", "undated_siblings"}, default "siblings"
        Whether links without a date are taken as well.

    Examples
    --------
    >>> Siblings((0, 4), scope="undated_siblings").name
    'sibling_undated.number_0_4'
    """

    ages: tuple[int, int] = (0, 17)
    scope: str = "siblings"

    empty: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        """Refuse ages and scopes that there are not."""
        ages = tuple(self.ages)
        whole = all(isinstance(age, int) and not isinstance(age, bool) for age in ages)
        if self.scope not in SCOPES or self.scope == "child":
            msg = "The scope of Siblings must be 'siblings' or 'undated_siblings'."
            raise SpecError(msg)
        if len(ages) != 2 or not whole or not 0 <= ages[0] <= ages[1] <= _OLDEST:
            msg = f"Siblings needs two whole ages from 0 to {_OLDEST}, the youngest first: (0, 17)."
            raise SpecError(msg)
        object.__setattr__(self, "ages", ages)

    @property
    def name(self) -> str:
        """The column name."""
        return f"{SCOPES[self.scope]}number_{self.ages[0]}_{self.ages[1]}"

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        links = " (undated links included)" if self.scope == "undated_siblings" else ""
        return f"Number of siblings{links} aged {self.ages[0]} to {self.ages[1]} on the index date."
