"""What a reader of an explanation must know of the model behind it: target, horizon, reference, versions."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.explanation.reference import REFERENCE
from edgeofcare.task import Task
from edgeofcare.version import VERSION

if TYPE_CHECKING:
    from edgeofcare.explanation.named_reference import Reference

__all__ = ["About", "about_model"]


@dataclass(frozen=True)
class About:
    """What is predicted, by which model, compared with whom.

    Parameters
    ----------
    task : Task, optional
        Target, horizon, gap and population; None where the model was fitted without one.
    kind : str
        "boosting" or "logistic"; empty if not known.
    model_id : str, optional
        Of a model that was loaded from a model file; a model that was not saved has none.
    slope, intercept : float
        The line of the calibration.
    calibration_version : int, optional
        1 for the line that was fitted; one more each time it was re-anchored.
    trained_until : str, optional
        Last index date of training, as ISO text.
    agreement : str, optional
        How far refits of the model give the same reasons, where the model file says so.
    reference : str
        Whom contributions compare the child with: the average child in training, or the name of a reference cohort.
    cohort : mapping
        Size of the reference cohort (``rows``, ``children``, ``households``), fewest children that a count tells of
        (``least``) and digest of the model that it was counted for; empty without one.
    trained_with : mapping of str to str
        Versions at the time of training, where the model file says so.
    versions : mapping of str to str
        Versions that the explanation was made with.

    Examples
    --------
    >>> About(Task(horizon="180D"), kind="logistic").horizon_days
    180
    """

    task: Task | None = None
    kind: str = ""
    model_id: str | None = None
    slope: float = 1.0
    intercept: float = 0.0
    calibration_version: int | None = None
    trained_until: str | None = None
    agreement: str | None = None
    reference: str = REFERENCE
    cohort: Mapping[str, Any] = field(default_factory=dict)
    trained_with: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=lambda: _versions())

    def __post_init__(self) -> None:
        """Keep copies that nobody can change."""
        for name in ("cohort", "trained_with", "versions"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def horizon_days(self) -> int | None:
        """Length of the outcome window in days, where it is known."""
        return None if self.task is None else self.task.horizon_days

    @property
    def start(self) -> str:
        """Where contributions start, in words."""
        return f"the average of {self.reference}" if self.cohort else self.reference

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain text and numbers, ready for JSON.

        Returns
        -------
        dict
            Without anything of a child.
        """
        return {
            "task": None if self.task is None else self.task.to_dict(),
            "kind": self.kind,
            "model_id": self.model_id,
            "calibration": {"slope": self.slope, "intercept": self.intercept, "version": self.calibration_version},
            "trained_until": self.trained_until,
            "agreement": self.agreement,
            "reference": self.reference,
            "reference_cohort": dict(self.cohort) or None,
            "trained_with": dict(self.trained_with),
            "versions": dict(self.versions),
            "decision_support_only": True,
        }


def about_model(model: Any, *, slope: float, intercept: float, reference: Reference | None = None) -> About:
    """Read what a fitted classifier or a loaded model says of itself.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        The model.
    slope, intercept : float
        The line of its calibration.
    reference : Reference, optional
        The cohort that contributions compare with; the average child in training if left out.

    Returns
    -------
    About
        What it says; nothing is guessed.
    """
    manifest = getattr(model, "manifest", None)
    said: Mapping[str, Any] = manifest if isinstance(manifest, Mapping) else {}
    line = getattr(model, "calibration_", None)
    version = said.get("calibration", {}).get("version") if line is None else getattr(line, "version", None)
    return About(
        task=getattr(model, "task", None),
        kind=str(getattr(model, "kind", "")),
        model_id=getattr(model, "model_id", None),
        slope=slope,
        intercept=intercept,
        calibration_version=version,
        trained_until=_day(getattr(model, "trained_until_", None)),
        reference=REFERENCE if reference is None else reference.name,
        cohort={} if reference is None else reference.to_dict(),
        agreement=_agreement(said, REFERENCE if reference is None else reference.name),
        trained_with={str(name): str(text) for name, text in said.get("versions", {}).items()},
    )


def _agreement(said: Mapping[str, Any], compared_with: str) -> str | None:
    """How far refits give the same reasons in this comparison, as a model file says; nothing where it does not."""
    try:
        if said["refits"]["agreement"].get("compared_with", REFERENCE) != compared_with:
            return None
        measures = said["refits"]["agreement"]["measures"]
        of_100 = {row["measure"]: int(100 * row["estimate"] + 1e-9) for row in measures if row["level"] == "concept"}
        signs, bands, first = (of_100[name] for name in ("signs", "bands", "top_three"))
        refits = int(said["refits"]["count"])
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
    return (
        f"Over {refits} refits, of 100 cases in the rows that were looked at: the three strongest concepts of a child "
        f"keep their direction in {signs} and their band in {bands}; concepts among the first three are so both times "
        f"in {first}."
    )


def _day(date: Any) -> str | None:
    """A date as ISO text, if there is one."""
    return None if date is None or pd.isna(date) else str(np.datetime64(date, "D"))


def _versions() -> dict[str, str]:
    """Versions of what is running."""
    found = {"edgeofcare": VERSION, "python": platform.python_version()}
    return found | {"numpy": np.__version__, "pandas": pd.__version__}
