"""What features are wanted of whom and when, in a form that travels between processes and machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import as_features
from edgeofcare.scale.files import digest
from edgeofcare.task import Task

__all__ = ["FeatureJob"]

_DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class FeatureJob:
    """A cohort, its features and its labels, said once for all parts.

    Parameters
    ----------
    task : Task
        Who is eligible, and the outcome window.
    index_dates : iterable of dates
        Days on which children are scored; kept as sorted text.
    features : iterable of Feature or str
        What to build, in the order of the columns; kept as names.
    labels : bool, default True
        Whether to add the label and the follow-up.
    dtype : {"float32", "float64"}, default "float32"
        Of the feature columns.

    Raises
    ------
    SpecError
        If any of them is not understood.

    Examples
    --------
    >>> job = FeatureJob(Task(), ["2023-04-01"], ["child.age", "missing.count.90d"])
    >>> FeatureJob.from_dict(job.to_dict()) == job
    True
    """

    task: Task
    index_dates: tuple[str, ...]
    features: tuple[str, ...]
    labels: bool = True
    dtype: str = "float32"

    def __post_init__(self) -> None:
        """Keep dates and features as text, and refuse what is not understood."""
        if not isinstance(self.task, Task):
            msg = "task must be a Task."
            raise SpecError(msg)
        dates: Any = self.index_dates
        if isinstance(dates, str) or not isinstance(dates, Iterable):
            msg = "index_dates must be a list of dates such as ['2023-04-01', '2023-07-01']."
            raise SpecError(msg)
        days = sorted(str(pd.Timestamp(one_date(day, "each of index_dates")).date()) for day in dates)
        if not days or len(set(days)) < len(days):
            msg = "index_dates must hold at least one date, and each day once."
            raise SpecError(msg)
        if not isinstance(self.labels, bool) or self.dtype not in _DTYPES:
            msg = f"labels must be True or False, and dtype one of {', '.join(map(repr, _DTYPES))}."
            raise SpecError(msg)
        object.__setattr__(self, "index_dates", tuple(days))
        object.__setattr__(self, "features", tuple(spec.name for spec in as_features(self.features)))
        self.specs()

    def specs(self) -> list[Feature]:
        """The features as specs.

        Returns
        -------
        list of Feature
            In the order of the columns.
        """
        return as_features(self.features)

    def to_dict(self) -> dict[str, Any]:
        """Everything that is wanted, ready for JSON.

        Returns
        -------
        dict
            Name of each choice to its value.
        """
        return {
            "task": self.task.to_dict(),
            "index_dates": list(self.index_dates),
            "features": list(self.features),
            "labels": self.labels,
            "dtype": self.dtype,
        }

    @classmethod
    def from_dict(cls, choices: Mapping[str, Any]) -> FeatureJob:
        """Rebuild a job from :meth:`to_dict`.

        Parameters
        ----------
        choices : mapping
            As :meth:`to_dict` gives it.

        Returns
        -------
        FeatureJob
            An equal job.

        Raises
        ------
        SpecError
            If a choice is missing or not one of this version.
        """
        if set(choices) != set(cls.__dataclass_fields__):
            msg = "The job is not one of this version: its choices have other names."
            raise SpecError(msg)
        return cls(**{**choices, "task": Task.from_dict(choices["task"])})

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that is wanted."""
        return digest(json.dumps(self.to_dict(), sort_keys=True).encode())
