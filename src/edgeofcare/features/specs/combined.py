"""Features made of two others: how large one is beside the other, and how much larger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.features.specs.numbers import Last

__all__ = ["Combined", "Difference", "Ratio"]


@dataclass(frozen=True)
class Combined(Feature):
    """Two features and a sign between them; use one of its kinds."""

    first: Feature
    second: Feature

    sign: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Refuse combinations of combinations, and of codes."""
        kind = type(self).__name__
        for part in (self.first, self.second):
            if not isinstance(part, Feature) or isinstance(part, Combined):
                msg = f"A {kind.lower()} is made of two plain features, such as Count and Age."
                raise SpecError(msg)
            if isinstance(part, Last) and part.categories:
                msg = f"A {kind.lower()} needs numbers; {part.name} is a code."
                raise SpecError(msg)

    @property
    def name(self) -> str:
        """The column name: both names with the sign between them."""
        return f"{self.first.name} {self.sign} {self.second.name}"

    def _sentence(self, words: str) -> str:
        """Both sentences with words between them."""
        second = self.second.sentence
        return f"{self.first.sentence[:-1]}, {words} the {second[0].lower()}{second[1:]}"


@dataclass(frozen=True)
class Ratio(Combined):
    """One feature divided by another; NaN where either is unknown or the second is zero.

    Examples
    --------
    >>> from edgeofcare.features.specs.events import Count
    >>> Ratio(Count("missing_episodes", "90D"), Count("missing_episodes", "365D")).name
    'missing.count.90d / missing.count.365d'
    """

    sign: ClassVar[str] = "/"

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        return self._sentence("divided by")


@dataclass(frozen=True)
class Difference(Combined):
    """One feature less another; NaN where either is unknown.

    Examples
    --------
    >>> from edgeofcare.features.specs.events import DaysSince
    >>> Difference(DaysSince("referrals"), DaysSince("contacts")).sentence
    'Days since the last referral began, less the days since the last contact.'
    """

    sign: ClassVar[str] = "-"

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        return self._sentence("less")
