"""What a model file holds of a model, as plain arrays and facts."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from edgeofcare.explanation.named_reference import Reference
from edgeofcare.models.arrays import LinearArrays, TreeArrays
from edgeofcare.models.recalibration import Recalibration
from edgeofcare.models.spread import RefitArrays

if TYPE_CHECKING:
    from edgeofcare.task import Task

__all__ = ["SavedModel"]


class SavedModel:
    """A model as its file holds it; :class:`edgeofcare.Scorer` scores with it.

    Parameters
    ----------
    arrays : TreeArrays or LinearArrays
        The model as plain arrays.
    feature_names : sequence of str
        Features in the order of the columns.
    task : Task
        Horizon, ages and population that the model is for.
    slope, intercept : float
        The line from margin to calibrated log-odds.
    prevalence : float, optional
        Share of training rows that entered care.
    reporting_lag : mapping of str to int, optional
        Days from an event until it could be seen in training, by table.
    refits : sequence of RefitArrays
        The model fitted again on resampled households.
    vocabularies : mapping of str to sequence of str, optional
        Codes that the model knows, for each feature that is a category.
    reference : Reference, optional
        The cohort that explanations compare a child with.
    manifest_json : bytes
        Everything that the model file says of the model.
    """

    def __init__(
        self,
        arrays: TreeArrays | LinearArrays,
        *,
        feature_names: Sequence[str],
        task: Task,
        slope: float,
        intercept: float,
        prevalence: float | None = None,
        reporting_lag: Mapping[str, int] | None = None,
        refits: Sequence[RefitArrays] = (),
        vocabularies: Mapping[str, Sequence[str]] | None = None,
        reference: Reference | None = None,
        manifest_json: bytes = b"{}",
    ) -> None:
        self._arrays = arrays
        self._feature_names = tuple(feature_names)
        self._task = task
        self._calibration = Recalibration(slope, intercept, "model file", 0, 0)
        self._prevalence = prevalence
        self._reporting_lag = None if reporting_lag is None else MappingProxyType(dict(reporting_lag))
        self._refits = tuple(refits)
        self._vocabularies = {name: tuple(codes) for name, codes in (vocabularies or {}).items()}
        self._reference = reference
        if reference is not None:
            reference.refuse_other(arrays, self._refits)
        self._manifest_json = manifest_json

    @property
    def kind(self) -> str:
        """What the model is."""
        return self._arrays.kind

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features in the order of the columns."""
        return self._feature_names

    @property
    def task(self) -> Task:
        """Horizon, ages and population that the model is for."""
        return self._task

    @property
    def arrays(self) -> TreeArrays | LinearArrays:
        """The model as plain arrays."""
        return self._arrays

    @property
    def slope(self) -> float:
        """What the margin is multiplied by; above zero."""
        return self._calibration.slope

    @property
    def intercept(self) -> float:
        """What is added after the slope, in log-odds."""
        return self._calibration.intercept

    @property
    def prevalence(self) -> float | None:
        """Share of training rows that entered care."""
        return self._prevalence

    @property
    def reporting_lag(self) -> Mapping[str, int] | None:
        """Days from an event until it could be seen in training, by table."""
        return self._reporting_lag

    @property
    def refits(self) -> tuple[RefitArrays, ...]:
        """The model fitted again on resampled households."""
        return self._refits

    @property
    def vocabularies(self) -> Mapping[str, tuple[str, ...]]:
        """Codes that the model knows, for each feature that is a category."""
        return MappingProxyType(self._vocabularies)

    @property
    def reference(self) -> Reference | None:
        """The cohort that explanations compare a child with; None for the average child in training."""
        return self._reference

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Everything that the model file says of the model; a copy."""
        return MappingProxyType(json.loads(self._manifest_json))

    @property
    def expires(self) -> dt.date | None:
        """Last day on which the model is to be used; None where the authority gave none."""
        said = self._said.get("expires")
        return None if said is None else dt.date.fromisoformat(said)

    @property
    def verdict(self) -> str | None:
        """What the evaluation in the file concludes: "use", "use with care" or "do not use"; None without one."""
        evaluation = self._said.get("evaluation")
        return None if evaluation is None else str(evaluation["verdict"]["conclusion"])

    @cached_property
    def _said(self) -> dict[str, Any]:
        """The manifest, read once; never handed out."""
        found: dict[str, Any] = json.loads(self._manifest_json)
        return found

    @cached_property
    def model_id(self) -> str:
        """Short name of exactly this model."""
        return hashlib.sha256(self._manifest_json).hexdigest()[:12]
