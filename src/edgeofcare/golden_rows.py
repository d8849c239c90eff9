"""Golden rows: made-up rows in every model file, with the scores and contributions that the model must give for them.

They are made from the thresholds, means and codes of the model itself, never from the rows of children.
"""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.named_reference import arrays_digest
from edgeofcare.explanation.saved_reference import reference_to_mapping
from edgeofcare.models.arrays import LinearArrays, TreeArrays, margin
from edgeofcare.models.recalibration import Recalibration
from edgeofcare.models.spread import refit_log_odds, risk_interval
from edgeofcare.saved_model import SavedModel

__all__ = ["GOLDEN_ROWS", "GOLDEN_TOLERANCE", "golden_names", "golden_problem", "make_golden", "saved_golden"]

GOLDEN_ROWS = 50
"""Rows in every file."""

GOLDEN_TOLERANCE = 1e-9
"""Most that a risk, a margin, an end of an interval or a contribution may differ from what is stored."""

FloatArray = npt.NDArray[np.float64]

_START = "golden."
_UNKNOWN = 10  # rows in which a feature is unknown, of those of golden rows
_DIGEST = 64  # letters of a SHA-256
_DEEPEST = 1_000  # splits on one path
_MOST_WORK = 8_000_000  # squared splits above each leaf, added up: about 1 GB while they are worked out


def make_golden(model: SavedModel) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Make the golden rows of a model with what it gives for them.

    Parameters
    ----------
    model : SavedModel
        The model.

    Returns
    -------
    entry : dict
        What the manifest says of them: how many there are, and the digest of the model that they are of.
    arrays : dict of str to ndarray of float64
        ``golden.values`` (rows by features, row after row), ``golden.margin``, ``golden.risk``,
        ``golden.contributions`` (as the values), ``golden.base`` and, with refits, ``golden.interval``.

    Raises
    ------
    SpecError
        If the trees are so deep, or so many, that no file of them would be read.
    """
    if problem := _vast(model.arrays):
        msg = f"The model cannot be saved. {problem} Fit it with smaller or fewer trees."
        raise SpecError(msg)
    digest = _digest(model)
    table = _table(model, np.random.default_rng(int(digest, 16)))
    arrays = {f"{_START}values": table.ravel(), **_answers(model, table)}
    return {"golden": {"rows": GOLDEN_ROWS, "model": digest}}, arrays


def golden_names(n_refits: int) -> list[str]:
    """Names of the arrays of golden rows.

    Parameters
    ----------
    n_refits : int
        How many refits the model has.

    Returns
    -------
    list of str
        For :func:`~edgeofcare.model_archive.read_arrays`.

    Examples
    --------
    >>> golden_names(0)
    ['golden.values', 'golden.margin', 'golden.risk', 'golden.contributions', 'golden.base']
    """
    names = ["values", "margin", "risk", "contributions", "base", *(["interval"] if n_refits else [])]
    return [f"{_START}{name}" for name in names]


def saved_golden(manifest: Mapping[str, Any]) -> str:
    """Read what a manifest says of its golden rows.

    Parameters
    ----------
    manifest : mapping
        What stands in the file, not yet trusted.

    Returns
    -------
    str
        Digest of the model that they are of.

    Raises
    ------
    LookupError, TypeError or ValueError
        If it says anything else.

    Examples
    --------
    >>> saved_golden({"golden": {"rows": 50, "model": "0" * 64}})[:4]
    '0000'
    """
    entry = manifest["golden"]
    digest = entry["model"]
    right = type(entry["rows"]) is int and entry["rows"] == GOLDEN_ROWS and set(entry) == {"rows", "model"}
    if not right or type(digest) is not str or len(digest) != _DIGEST or not set(digest) <= set(string.hexdigits):
        raise ValueError
    return digest


def golden_problem(model: SavedModel, said: str, arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """Replay the golden rows with numpy alone.

    Parameters
    ----------
    model : SavedModel
        The model that was read.
    said : str
        Digest of the model that they are of, from :func:`saved_golden`.
    arrays : mapping of str to ndarray
        Every name of :func:`golden_names`; others are passed over.

    Returns
    -------
    str
        What is wrong, as a sentence; empty where the model gives what is stored.
    """
    stored = {name: arrays[name] for name in golden_names(len(model.refits))}
    if problem := _shape_problem(stored, len(model.feature_names)) or _vast(model.arrays):
        return problem
    if _digest(model) != said:
        return "Its golden rows are those of another model: its arrays, calibration, features or codes were altered."
    table = stored.pop(f"{_START}values").reshape(GOLDEN_ROWS, -1)
    try:
        with np.errstate(all="ignore"):
            found = _answers(model, table)
            wrong = [name for name, array in stored.items() if not _same(found[name], array)]
    except (ArithmeticError, ValueError):  # sums that overflow
        wrong = [""]
    if not wrong:
        return ""
    return (
        f"For its {GOLDEN_ROWS} golden rows it gives other scores or contributions than those stored with them, so it "
        "was altered, or this computer does not calculate as the one that wrote it."
    )


def _same(found: FloatArray, stored: FloatArray) -> bool:
    """Whether numbers agree; NaN agrees with nothing."""
    return bool((np.abs(found - stored) <= GOLDEN_TOLERANCE).all())


def _digest(model: SavedModel) -> str:
    """Digest of everything that a score or a contribution comes from."""
    said = {
        "arrays": arrays_digest([model.arrays, *(refit.arrays for refit in model.refits)]),
        "lines": [[refit.slope, refit.shift] for refit in model.refits],
        "calibration": [model.slope, model.intercept],
        "features": list(model.feature_names),
        "vocabularies": {name: list(codes) for name, codes in model.vocabularies.items()},
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for name, array in sorted(reference_to_mapping(model.reference).items()):
        digest.update(f"{name} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def _answers(model: SavedModel, table: FloatArray) -> dict[str, FloatArray]:
    """What the model gives for the rows: by name, row after row."""
    line = Recalibration(model.slope, model.intercept, "", 0, 0)
    own = margin(model.arrays, table)
    phi, base = contributions(model.form, table, compiled=False)
    found = {
        "margin": own,
        "risk": line.risk(own),
        "contributions": (line.slope * phi).ravel(),
        "base": np.array(line.slope * base + line.intercept),
    }
    if model.refits:
        ends = risk_interval(line.log_odds(own), refit_log_odds(model.refits, model.intercept, table))
        found["interval"] = ends.ravel()
    return {f"{_START}{name}": np.asarray(array, dtype=np.float64) for name, array in found.items()}


def _table(model: SavedModel, rng: np.random.Generator) -> FloatArray:
    """Values of every feature: on and beside thresholds or about the mean, codes, and unknown; the first row is none.

    The values of a feature are spread over all its thresholds in the model and its refits, so that a threshold that
    moved far is found by a contribution.
    """
    every = [model.arrays, *(refit.arrays for refit in model.refits)]
    names = model.feature_names
    table = np.stack([_column(every, at, len(model.vocabularies.get(names[at], ())), rng) for at in range(len(names))])
    table = np.ascontiguousarray(table.T)
    table[0] = np.nan
    return table


def _column(every: list[TreeArrays | LinearArrays], column: int, codes: int, rng: np.random.Generator) -> FloatArray:
    """Values of one feature."""
    if codes:
        known = np.arange(codes, dtype=np.float64)
    elif isinstance(every[0], LinearArrays):
        center = every[0].center[column]
        known = center + rng.normal(size=GOLDEN_ROWS) * (1 + abs(center))
    else:
        known = _about_thresholds([each for each in every if isinstance(each, TreeArrays)], column)
    spread = np.linspace(0, len(known) - 1, GOLDEN_ROWS - _UNKNOWN).round().astype(np.intp)
    return rng.permutation(np.concatenate([known[spread], np.full(_UNKNOWN, np.nan)]))


def _about_thresholds(trees: list[TreeArrays], column: int) -> FloatArray:
    """On each threshold of a feature, a step above it, and beyond them all; 0 to 9 where it has none."""
    found = np.unique(np.concatenate([each.threshold[each.feature == column] for each in trees]))
    found = found[np.isfinite(found)]
    if not len(found):
        return np.arange(10.0)
    return np.sort(np.concatenate([found, np.nextafter(found, np.inf), [found[0] - 1, found[-1] + 1]]))


def _shape_problem(stored: Mapping[str, npt.NDArray[Any]], n_features: int) -> str:
    """Say whether an array has another kind or length, or holds what is no number; empty if none does."""
    sizes = {"values": n_features, "contributions": n_features, "margin": 1, "risk": 1, "interval": 2}
    for name, array in stored.items():
        short = name.removeprefix(_START)
        shape = () if short == "base" else (GOLDEN_ROWS * sizes[short],)
        wrong = np.isinf(array) if short == "values" else ~np.isfinite(array)
        if array.dtype != np.float64 or array.shape != shape or wrong.any():
            return f"Its golden rows cannot be used: '{name}' is not {GOLDEN_ROWS} rows of finite numbers."
    return ""


def _vast(arrays: TreeArrays | LinearArrays) -> str:
    """Say whether trees are so deep that they could not be replayed; empty if not."""
    if isinstance(arrays, LinearArrays):
        return ""
    level, work, depth = arrays.tree_start[:-1], 0, 0
    while len(level) and depth <= _DEEPEST and work <= _MOST_WORK:
        leaf = arrays.feature[level] < 0
        work += depth**2 * int(leaf.sum())
        level = level[~leaf]
        level = np.concatenate([arrays.left[level], arrays.right[level]])
        depth += 1
    if len(level) or work > _MOST_WORK:
        return f"Its trees have more than {_DEEPEST:,} levels, or so many and deep leaves that they are not replayed."
    return ""
