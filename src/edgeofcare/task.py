"""The prediction task: every choice of time and population, in one frozen object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import Any

from edgeofcare.exceptions import SpecError

__all__ = ["Task", "days"]

_CHOICES = {
    "population": ("open_case",),
    "short_breaks": ("exclude", "include"),
    "uasc": ("exclude", "include"),
    "remand": ("competing", "entry"),
    "incomplete": ("raise", "keep", "drop"),
}


def days(duration: str | int) -> int:
    """Whole days in a duration such as ``"365D"``.

    Parameters
    ----------
    duration : str or int
        A number of days, or a string of a whole number followed by ``D`` (days) or ``W`` (weeks).

    Returns
    -------
    int
        Days, zero or more.

    Raises
    ------
    SpecError
        If the duration is negative or is not a whole number of days.

    Examples
    --------
    >>> days("52W")
    364
    """
    text = f"{duration}D" if isinstance(duration, Integral) and not isinstance(duration, bool) else str(duration)
    match = re.fullmatch(r"([0-9]{1,6})([DW])", text.strip().upper())
    if match is None:
        msg = f"A duration must be a whole number of days such as '365D' or weeks such as '52W'; got {duration!r}."
        raise SpecError(msg)
    return int(match[1]) * {"D": 1, "W": 7}[match[2]]


@dataclass(frozen=True)
class Task:
    """What is predicted, for whom and over which window.

    Features see the time before ``index_date``. The outcome is looked for in
    ``[index_date + gap, index_date + gap + horizon)``. One task is passed to the cohort, the labels, the split,
    the model and its file, so that no two of them can disagree.

    Parameters
    ----------
    horizon : str, default "365D"
        Length of the outcome window.
    gap : str, default "0D"
        Days between the index date and the start of the outcome window.
    ages : tuple of int, default (10, 17)
        Youngest and oldest age in completed years on the index date, both included: ``(10, 17)`` is from the
        10th birthday until the day before the 18th.
    population : {"open_case"}
        Who is scored: children with an open referral, child in need plan or child protection plan who are alive
        and not looked after, as known on the index date.
    early_help : bool, default False
        Whether an open early help episode also makes a case open.
    short_breaks : {"exclude", "include"}
        Whether care under V1, V3 or V4 (a short break) counts as being looked after and as an entry.
    uasc : {"exclude", "include"}
        Unaccompanied asylum-seeking children: ``"exclude"`` leaves them out of the cohort, and an entry of a child
        who is one by that day ends the row as a competing event.
    remand : {"competing", "entry"}
        Entry on remand (J1, J2, J3): ``"competing"`` ends the row without counting as an entry.
    incomplete : {"raise", "keep", "drop"}
        What happens to a row whose follow-up was cut short, positives and negatives alike. ``"raise"`` refuses a
        window that passes ``observed_until`` and keeps, as seen, a row that a move to another authority cut short.
        ``"keep"`` keeps both as seen. ``"drop"`` removes both. A child who entered in the gap, or was already looked
        after on the index date, was not at risk and has no label whatever the choice.

    Raises
    ------
    SpecError
        If a choice is not one of those above.

    Examples
    --------
    >>> Task(horizon="180D").horizon_days
    180
    """

    horizon: str = "365D"
    gap: str = "0D"
    ages: tuple[int, int] = (10, 17)
    population: str = "open_case"
    early_help: bool = False
    short_breaks: str = "exclude"
    uasc: str = "exclude"
    remand: str = "competing"
    incomplete: str = "raise"

    def __post_init__(self) -> None:
        """Refuse choices that are not understood, all at once."""
        problems = [
            f"{name} must be one of {', '.join(map(repr, allowed))}; got {getattr(self, name)!r}"
            for name, allowed in _CHOICES.items()
            if getattr(self, name) not in allowed
        ]
        for name in ("horizon", "gap"):  # 365 and "52W" are kept in one form, so that equal tasks are equal
            object.__setattr__(self, name, f"{days(getattr(self, name))}D")
        if days(self.horizon) == 0:
            problems.append("horizon must be at least one day")
        ages = tuple(self.ages) if isinstance(self.ages, (tuple, list)) else ()
        if len(ages) == 2 and all(isinstance(age, Integral) for age in ages) and 0 <= ages[0] <= ages[1] <= 17:
            object.__setattr__(self, "ages", (int(ages[0]), int(ages[1])))
        else:
            problems.append("ages must be two whole numbers, youngest then oldest, from 0 to 17")
        if not isinstance(self.early_help, bool):
            problems.append("early_help must be True or False")
        if problems:
            msg = "The task cannot be used: " + "; ".join(problems) + "."
            raise SpecError(msg)

    @property
    def horizon_days(self) -> int:
        """Length of the outcome window in days."""
        return days(self.horizon)

    @property
    def gap_days(self) -> int:
        """Days between the index date and the outcome window."""
        return days(self.gap)

    def to_dict(self) -> dict[str, Any]:
        """Every choice, ready for JSON.

        Returns
        -------
        dict
            Name of each choice to its value, durations in days (``"365D"``) and ages as a list.

        Examples
        --------
        >>> Task(horizon="26W").to_dict()["horizon"]
        '182D'
        """
        return {**asdict(self), "ages": list(self.ages)}

    @classmethod
    def from_dict(cls, choices: Mapping[str, Any]) -> Task:
        """Rebuild a task from :meth:`to_dict`.

        Parameters
        ----------
        choices : mapping
            As :meth:`to_dict` gives it.

        Returns
        -------
        Task
            An equal task.

        Raises
        ------
        SpecError
            If a key is not a choice of this version.
        """
        unknown = sorted(set(choices) - set(cls.__dataclass_fields__))
        if unknown:
            msg = f"The task has choices that this version does not know: {', '.join(unknown)}."
            raise SpecError(msg)
        return cls(**{**choices, "ages": tuple(choices.get("ages", (10, 17)))})
