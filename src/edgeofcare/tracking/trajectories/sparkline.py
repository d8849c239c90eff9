"""A child's risk over time as a small line in a page, and the same in words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.explanation.child_words import of_100
from edgeofcare.explanation.page_words import ENGLISH
from edgeofcare.tracking.trajectories.rescore import scorer_names

__all__ = ["Sparkline", "scale_top", "sparkline"]

WIDTH, HEIGHT, _EDGE = 240, 60, 7
_TOPS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
_MOST_SAID = 13  # scores told in words: a year of months


class Sparkline(NamedTuple):
    """A line as SVG needs it.

    Parameters
    ----------
    lines : list of str
        Points of each stretch without a gap or a change of model.
    listed, others : list of (str, str)
        Centres of the days on the list, and of those off it.
    breaks : list of str
        Places at which the model changed.
    said : str
        The same in words.
    """

    lines: list[str]
    listed: list[tuple[str, str]]
    others: list[tuple[str, str]]
    breaks: list[str]
    said: str


def scale_top(risk: pd.Series) -> float:
    """Where the scale of all lines of a page ends.

    Parameters
    ----------
    risk : Series
        All risks that are drawn.

    Returns
    -------
    float
        A round risk above all of them.

    Examples
    --------
    >>> scale_top(pd.Series([0.12, 0.34]))
    0.4
    """
    most = float(risk.max())
    return next(top for top in _TOPS if top >= min(most, 1.0))


def sparkline(rows: pd.DataFrame, days: npt.NDArray[np.datetime64], *, top: float) -> Sparkline:
    """Draw one child's scores.

    Parameters
    ----------
    rows : DataFrame
        Its scores in the order of time, from :func:`edgeofcare.tracking.trajectories.runs.with_lists`.
    days : ndarray of datetime64
        Days on which anybody was scored, ascending: the axis of all lines of a page.
    top : float
        Risk at the upper edge.

    Returns
    -------
    Sparkline
        A gap where a run gave the child no score.

    Examples
    --------
    >>> when = np.array(["2025-04-01", "2025-05-01", "2025-06-01"], dtype="datetime64[s]")
    >>> rows = pd.DataFrame({"index_date": when, "risk": [0.05, 0.1, 0.12], "listed": [False, False, True],
    ...                      "model_id": "m1", "calibration_version": ""})
    >>> line = sparkline(rows, when, top=0.2)
    >>> len(line.lines), len(line.listed), line.said
    (1, 1, '1 April 2025: 5 of 100; 1 May 2025: 10 of 100; 1 June 2025: 12 of 100, on the list.')
    """
    when = rows["index_date"].to_numpy().astype("datetime64[D]")
    axis = days.astype("datetime64[D]")
    x = _across(when, axis)
    y = HEIGHT - _EDGE - (HEIGHT - 2 * _EDGE) * np.minimum(rows["risk"].to_numpy() / top, 1.0)
    listed = rows["listed"].to_numpy(dtype=bool)
    points = [(f"{one:.1f}", f"{other:.1f}") for one, other in zip(x, y, strict=True)]
    gaps = np.diff(np.searchsorted(axis, when)) > 1
    models = scorer_names(rows)
    changed = models[1:] != models[:-1]
    stretches = np.split(np.arange(len(rows)), np.flatnonzero(gaps | changed) + 1)
    return Sparkline(
        lines=[" ".join(",".join(points[place]) for place in part) for part in stretches if len(part) > 1],
        listed=[point for point, on in zip(points, listed, strict=True) if on],
        others=[point for point, on in zip(points, listed, strict=True) if not on],
        breaks=[f"{(x[place] + x[place + 1]) / 2:.1f}" for place in np.flatnonzero(changed)],
        said=_said(rows, gaps, changed),
    )


def _across(when: npt.NDArray[np.datetime64], axis: npt.NDArray[np.datetime64]) -> npt.NDArray[np.float64]:
    """How far across each day lies."""
    length = max(1, int((axis[-1] - axis[0]).astype(np.int64)))
    return np.asarray(_EDGE + (WIDTH - 2 * _EDGE) * (when - axis[0]).astype(np.int64) / length)


def _said(rows: pd.DataFrame, gaps: npt.NDArray[np.bool_], changed: npt.NDArray[np.bool_]) -> str:
    """The last scores in words, with gaps and changes of model."""
    said = []
    for place, (_, row) in enumerate(rows.iterrows()):
        words = f"{ENGLISH.day(row['index_date'])}: {of_100(float(row['risk']), bare=True)}"
        words += ", on the list" if row["listed"] else ""
        if place and gaps[place - 1]:
            words = f"no score for some time; {words}"
        if place and changed[place - 1]:
            words = f"another model or calibration from here; {words}"
        said.append(words)
    left = len(said) - _MOST_SAID
    first = f"{left} earlier scores are not told; " if left > 0 else ""
    return f"{first}{'; '.join(said[-_MOST_SAID:])}."
