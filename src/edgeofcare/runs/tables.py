"""The frames of an evaluation as plain tables with every digit, to be compared with those of another run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.reporting.shareable import shareable_groups

if TYPE_CHECKING:
    from edgeofcare.evaluation.report import Evaluation

__all__ = ["Table", "plain_table", "plain_tables"]

_ALL_OR_NONE = ("review all", "review none")

Table = dict[str, list[Any]]
"""Columns by name, each a list of text, whole numbers, floats and None."""


def plain_tables(evaluation: Evaluation, models: Iterable[str]) -> dict[str, Table]:
    """Every frame of an evaluation, and its verdict, with all digits.

    Parameters
    ----------
    evaluation : Evaluation
        What was found.
    models : iterable of str
        The model and its own baselines, as the evaluation names them.

    Returns
    -------
    dict of str to Table
        By the name of the attribute; empty frames apart. Frames of groups are left out whole where one is of a column
        of one's own, since such a column may hold free values and cannot be built again. Rows of other baselines are
        left out, since what they are is not recorded.

    Examples
    --------
    >>> from edgeofcare.evaluation.report import Evaluation
    >>> frame = pd.DataFrame({"measure": ["auroc"], "estimate": [0.71]})
    >>> list(plain_table(frame).items())
    [('measure', ['auroc']), ('estimate', [0.71])]
    """
    own = list(models)
    kept = ((name, _of_models(frame, own)) for name, frame in _frames(evaluation) if _is_known(frame))
    found = {name: plain_table(frame) for name, frame in kept if len(frame)}
    return found | {"verdict": {"conclusion": [evaluation.verdict().conclusion]}}


def _frames(evaluation: Evaluation) -> Iterator[tuple[str, pd.DataFrame]]:
    """Every frame that an evaluation holds, by name."""
    for field in fields(evaluation):
        value = getattr(evaluation, field.name)
        if isinstance(value, pd.DataFrame):
            yield field.name, value
        elif isinstance(value, Mapping):
            yield from ((f"{field.name}.{key}", each) for key, each in value.items() if isinstance(each, pd.DataFrame))


def _is_known(frame: pd.DataFrame) -> bool:
    """Whether no group of a frame is of a column of one's own."""
    return "by" not in frame or shareable_groups(frame)[1] == 0


def _of_models(frame: pd.DataFrame, own: list[str]) -> pd.DataFrame:
    """Rows of the model and its own baselines."""
    for column, more in (("model", [f"model minus {name}" for name in own]), ("strategy", list(_ALL_OR_NONE))):
        if column in frame:
            return frame.loc[frame[column].isin([*own, *more])]
    return frame


def plain_table(frame: pd.DataFrame) -> Table:
    """A frame as lists, its index apart.

    Parameters
    ----------
    frame : DataFrame
        Any tidy frame.

    Returns
    -------
    Table
        Every digit.

    Examples
    --------
    >>> plain_table(pd.DataFrame({"estimate": [0.5, float("nan")]}))
    {'estimate': [0.5, None]}
    """
    return {str(name): [_plain(value) for value in frame[name].tolist()] for name in frame.columns}


def _plain(value: Any) -> Any:
    """A cell as JSON can hold it: None where there is nothing, text for an infinite number."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return number + 0.0 if math.isfinite(number) else None if math.isnan(number) else str(number)
    return None if value is None or value is pd.NA else str(value)
