"""The entries of a model file's manifest, each read without trust."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from edgeofcare.features.feature import Feature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.child import Characteristic
from edgeofcare.model_archive import refuse
from edgeofcare.models.arrays import LinearArrays, TreeArrays
from edgeofcare.models.calibration_history import Anchoring
from edgeofcare.models.recalibration import Recalibration
from edgeofcare.schema.own import own_table
from edgeofcare.schema.tables import TABLES
from edgeofcare.task import Task

__all__ = [
    "FORMAT",
    "KINDS",
    "SCHEMA_VERSION",
    "calibration_line",
    "certainly",
    "read_entry",
    "feature_concepts",
    "feature_names",
    "finite_number",
    "lags_or_none",
    "protected",
    "same_task",
    "share_or_none",
    "whole_number",
]

SCHEMA_VERSION = 4
"""Layout that is written, and the newest that is read.

1 was the first; 2 added refits and references, 3 codes, 4 golden rows, concepts, wording, card, verdict and expiry.
"""

FORMAT = "edgeofcare model"
KINDS = (TreeArrays.kind, LinearArrays.kind)

_MOST_FEATURES = 10_000
_LONGEST_CONCEPT = 100

T = TypeVar("T")


def read_entry(name: str, read: Callable[[], T]) -> T:
    """Read one entry of the manifest, or refuse the file by the name of the entry.

    Parameters
    ----------
    name : str
        The entry.
    read : callable
        Reads it; whatever is raised for an entry that cannot be, refuses the file.

    Returns
    -------
    object
        What was read.

    Raises
    ------
    ModelFileError
        If it cannot be read; the message quotes nothing of the file.
    """
    try:
        return read()
    except (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError):
        pass  # the error below must not carry this one, which may quote the file
    refuse(f"Its manifest has no usable '{name}'.")


def whole_number(value: Any) -> int:
    """A whole number above zero.

    Parameters
    ----------
    value : object
        What stands in the file.

    Returns
    -------
    int
        The same, checked.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError or ValueError
        If it is something else.
    """
    if type(value) is not int or value < 1:
        raise ValueError
    return value


def finite_number(value: Any) -> float:
    """A finite number.

    Parameters
    ----------
    value : object
        What stands in the file.

    Returns
    -------
    float
        The same, checked.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError or ValueError
        If it is something else.
    """
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def calibration_line(entry: Mapping[str, Any]) -> Recalibration:
    """The line, whose history must lead to it; files written before there were versions have the first.

    Parameters
    ----------
    entry : mapping
        Slope, intercept, version and history.

    Returns
    -------
    Recalibration
        The same, checked.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError or ValueError
        If it is something else.
    """
    history = [Anchoring.from_dict(move) for move in entry.get("history", ())]
    line = finite_number(entry["slope"]), finite_number(entry["intercept"])
    return Recalibration(*line, "model file", 0, 0, version=whole_number(entry.get("version", 1)), history=history)


def share_or_none(value: Any) -> float | None:
    """A number between 0 and 1, or nothing.

    Parameters
    ----------
    value : object
        What stands in the file.

    Returns
    -------
    float or None
        The same, checked.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError or ValueError
        If it is something else.
    """
    if value is not None and not 0 < finite_number(value) < 1:
        raise ValueError
    return value


def lags_or_none(value: Any) -> Mapping[str, int] | None:
    """Days by table, or nothing.

    Parameters
    ----------
    value : object
        What stands in the file.

    Returns
    -------
    mapping of str to int, or None
        The same, checked.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError or ValueError
        If it is something else.
    """
    if value is None:
        return None
    if any(type(days) is not int or days < 0 for days in value.values()):
        raise ValueError
    for name in set(value) - set(TABLES):
        own_table(name)  # refuses what no table can be called
    return dict(value)


def same_task(choices: Any) -> Task:
    """A task that says the same when it is written again.

    Parameters
    ----------
    choices : object
        What stands in the file.

    Returns
    -------
    Task
        The same, checked.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError or ValueError
        If it is something else.
    """
    task = Task.from_dict(choices)
    if task.to_dict() != choices or type(task.early_help) is not bool:
        raise ValueError
    return task


def feature_names(features: Any) -> list[str]:
    """Names that lead to features of this version, each once.

    Parameters
    ----------
    features : object
        What stands in the file.

    Returns
    -------
    list of str
        The same, checked.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError or ValueError
        If it is something else.
    """
    names = [feature["name"] for feature in features]
    if not 0 < len(names) <= _MOST_FEATURES or len(set(names)) != len(names):
        raise ValueError
    return [parse_feature(name).name for name in names]


def feature_concepts(features: Any) -> list[str]:
    """The concept of each feature, in words.

    Parameters
    ----------
    features : object
        What stands in the file.

    Returns
    -------
    list of str
        The same, checked; those of a later version may have other names than those of this one.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError or ValueError
        If it is something else.
    """
    concepts = [feature["concept"] for feature in features]
    if not all(type(name) is str and 0 < len(name) <= _LONGEST_CONCEPT and name.isprintable() for name in concepts):
        raise ValueError
    return concepts


def certainly(value: Any) -> bool:
    """True, and nothing like it.

    Parameters
    ----------
    value : object
        What stands in the file.

    Returns
    -------
    bool
        The same, checked.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError or ValueError
        If it is something else.
    """
    if value is not True:
        raise ValueError
    return True


def protected(specs: Iterable[Feature]) -> list[str]:
    """Names of the features that are protected characteristics, or close to it.

    Parameters
    ----------
    specs : iterable of Feature
        Features of a model.

    Returns
    -------
    list of str
        In their order.
    """
    return [spec.name for spec in specs if isinstance(spec, Characteristic)]
