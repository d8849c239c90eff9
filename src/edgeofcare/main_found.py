"""What the main job hands on while it works: what it has made, and what was found beside the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from edgeofcare.evaluation.report import Evaluation
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.reporting.sections import ReportSections
from edgeofcare.splitting import Split
from edgeofcare.task import Task

__all__ = ["Made", "MainChecks"]


@dataclass(frozen=True, eq=False, repr=False)
class MainChecks:
    """What was found beside the evaluation of the last year; nothing personal in it.

    Attributes
    ----------
    frames : mapping of str to DataFrame
        By check: ``sample_size``, ``expected``, ``origins``, ``stability``; and what drives the scores.
    said : mapping of str to str
        The same in sentences.
    points : mapping of str to str
        The one sentence of each that somebody with two minutes should read.
    not_looked_at : mapping of str to str
        Checks that were left out or could not be made, with the reason.

    Examples
    --------
    >>> MainChecks(frames={"expected": pd.DataFrame()}, not_looked_at={"origins": "too short"})
    MainChecks(expected; not looked at: origins)
    """

    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, str] = field(default_factory=dict)
    not_looked_at: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Names only."""
        absent = f"not looked at: {', '.join(self.not_looked_at)}" if self.not_looked_at else ""
        return f"MainChecks({'; '.join(part for part in (', '.join(self.frames), absent) if part)})"

    def and_also(self, other: MainChecks) -> MainChecks:
        """These checks and those of another.

        Parameters
        ----------
        other : MainChecks
            More checks.

        Returns
        -------
        MainChecks
            Both.
        """
        names = self.__dataclass_fields__
        return MainChecks(**{name: {**getattr(self, name), **getattr(other, name)} for name in names})

    def sections(self) -> ReportSections:
        """The parts of a report that these checks fill.

        Returns
        -------
        ReportSections
            For :func:`edgeofcare.write_report` and :func:`edgeofcare.write_documents`.
        """
        parts: dict[str, Any] = dict(self.frames)
        return ReportSections(
            **parts, said=self.said, points=tuple(self.points.values()), not_looked_at=self.not_looked_at
        )


class Made(NamedTuple):
    """What the main job has made when its evaluation is done."""

    task: Task
    cohort: pd.DataFrame
    X: pd.DataFrame
    y: pd.Series
    split: Split
    model: RiskClassifier
    evaluation: Evaluation
