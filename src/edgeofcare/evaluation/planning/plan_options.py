"""Check what a sample size is asked for, and say all that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.evaluation._inputs import kind
from edgeofcare.evaluation._options import is_whole
from edgeofcare.evaluation.planning.formulas import AUROC_RANGE
from edgeofcare.exceptions import SpecError
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.feature import Feature
from edgeofcare.records.records import Records
from edgeofcare.task import Task

__all__ = ["DESIGN_EFFECT", "check_planning", "measure_effects"]

DESIGN_EFFECT: Mapping[str, float] = MappingProxyType(
    {"auroc": 1.6, "observed_expected_ratio": 2.3, "calibration_slope": 1.5}
)
"""How much larger the variance of a measure is than that of so many unrelated children."""


def check_planning(records: Any, task: Any, features: Any, expected_auroc: Any, design_effect: Any) -> int:
    """Count the candidate features, or refuse options that cannot be used, all at once.

    Parameters
    ----------
    records, task, features, expected_auroc, design_effect
        As the caller of :func:`edgeofcare.sample_size` gave them.

    Returns
    -------
    int
        Candidate features.

    Raises
    ------
    SpecError
        With every problem.
    """
    low, high = AUROC_RANGE
    count, problems = _count(features), []
    if not isinstance(records, Records):
        problems.append(f"records is a {kind(records)}; expected Records, as read_ssd and make_records give them.")
    if not isinstance(task, Task):
        problems.append(f"task is a {kind(task)}; expected an edgeofcare.Task.")
    if count is None:
        problems.append("features must be a list of features or of their names, or a whole number of them.")
    elif count < 1:
        problems.append("features must hold at least one candidate feature.")
    if not _number(expected_auroc) or not low <= expected_auroc <= high:
        problems.append(f"expected_auroc must lie between {low} and {high}.")
    if not _effects_usable(design_effect):
        problems.append(f"design_effect must be 1 or more, for all measures or for some of {', '.join(DESIGN_EFFECT)}.")
    if problems or count is None:
        raise SpecError(" ".join(problems))
    return count


def measure_effects(given: Mapping[str, float] | float | None) -> dict[str, float]:
    """Design effect of each measure."""
    named = given if isinstance(given, Mapping) else {} if given is None else dict.fromkeys(DESIGN_EFFECT, given)
    return {**DESIGN_EFFECT, **{name: float(value) for name, value in named.items()}}


def _count(features: Any) -> int | None:
    """How many candidate features are given; None if they are no features. A name alone is one."""
    if features is None:
        return len(default_features())
    if isinstance(features, str | Feature):
        return 1
    if isinstance(features, int | np.integer):
        return int(features) if is_whole(features, -np.inf) else None
    if isinstance(features, Sequence | pd.Index | np.ndarray) and all(
        isinstance(each, str | Feature) for each in features
    ):
        return len(features)
    return None


def _number(value: Any) -> bool:
    """Whether a value is one finite number."""
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_) and bool(np.isfinite(float(value)))


def _effects_usable(given: Any) -> bool:
    """Whether a design effect is 1 or more, for all measures or by their names."""
    if isinstance(given, Mapping):
        return set(given) <= set(DESIGN_EFFECT) and all(_number(value) and value >= 1 for value in given.values())
    return given is None or (_number(given) and bool(given >= 1))
