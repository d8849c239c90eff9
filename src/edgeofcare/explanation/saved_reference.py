"""A reference cohort as a model file holds it: a few arrays and an entry, written from counts, read without trust."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.named_reference import (
    FEWEST_HOUSEHOLDS,
    LEAST_SHARED,
    Reference,
    arrays_digest,
    name_problem,
)
from edgeofcare.explanation.paths import path_form
from edgeofcare.explanation.reference import LONGEST_PATH, ReferenceCounts, ReferenceMeans
from edgeofcare.models.array_checks import raise_problems
from edgeofcare.models.arrays import LinearArrays, TreeArrays
from edgeofcare.models.spread import RefitArrays

__all__ = [
    "plain_reference",
    "reference_from_mapping",
    "reference_names",
    "reference_to_mapping",
    "saved_reference",
]

_NAMES = {"boosting": ("patterns", "pattern", "count"), "logistic": ("mean", "missing")}
_MOST_ROWS = 2**31 - 1
_DIGEST = 64  # letters of a SHA-256
_ROUNDING = 1e-6  # of a row: shares of rows are kept as floating point


def plain_reference(
    reference: Reference | None, arrays: TreeArrays | LinearArrays, refits: Sequence[RefitArrays]
) -> dict[str, Any]:
    """Say what a model file holds of a reference, in plain text and numbers.

    Parameters
    ----------
    reference : Reference or None
        From :func:`edgeofcare.make_reference`.
    arrays : TreeArrays or LinearArrays
        The model that is saved.
    refits : sequence of RefitArrays
        Its refits.

    Returns
    -------
    dict
        The entry ``reference``; nothing without one, so that such a file is as it was before there were any.

    Raises
    ------
    SpecError
        If it is something else, of another model, or its counts tell of fewer than 10 children.
    """
    if reference is None:
        return {}
    if not isinstance(reference, Reference):
        msg = f"reference is a {type(reference).__name__}; expected what edgeofcare.make_reference returns."
        raise SpecError(msg)
    reference.refuse_other(arrays, refits)
    if reference.least < LEAST_SHARED:
        msg = (
            f"The reference was counted with least={reference.least}, so it is case data and cannot be saved in a "
            f"model file. Count it with least={LEAST_SHARED} or more."
        )
        raise SpecError(msg)
    return {"reference": reference.to_dict()}


def reference_to_mapping(reference: Reference | None) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a reference by name.

    Parameters
    ----------
    reference : Reference or None
        The reference.

    Returns
    -------
    dict of str to ndarray
        For trees ``reference.patterns`` (how many each leaf has, those of the refits after those of the model),
        ``reference.pattern`` and ``reference.count``; for a regression ``reference.mean`` and ``reference.missing``.
    """
    if reference is None:
        return {}
    counts = [part for part in reference.parts if isinstance(part, ReferenceCounts)]
    means = [part for part in reference.parts if isinstance(part, ReferenceMeans)]
    if means:
        return {"reference.mean": means[0].mean, "reference.missing": means[0].missing}
    return {
        "reference.patterns": np.concatenate([np.diff(part.first) for part in counts]).astype(np.int32),
        "reference.pattern": np.concatenate([part.pattern for part in counts]),
        "reference.count": np.concatenate([part.count for part in counts]),
    }


def reference_names(kind: str, manifest: Mapping[str, Any]) -> list[str]:
    """Return the names of the arrays of a reference.

    Parameters
    ----------
    kind : {"boosting", "logistic"}
        What the model is.
    manifest : mapping
        What stands in the file.

    Returns
    -------
    list of str
        Nothing without a reference.

    Examples
    --------
    >>> reference_names("logistic", {"reference": {}})
    ['reference.mean', 'reference.missing']
    """
    return [f"reference.{name}" for name in _NAMES[kind]] if "reference" in manifest else []


def saved_reference(manifest: Mapping[str, Any], n_refits: int) -> dict[str, Any] | None:
    """Return what a model file says of its reference; one without any does not say so.

    Parameters
    ----------
    manifest : mapping
        What stands in the file, not yet trusted.
    n_refits : int
        How many refits it holds.

    Returns
    -------
    dict or None
        Checked.

    Raises
    ------
    LookupError, TypeError or ValueError
        If it says what :func:`plain_reference` does not.
    """
    if "reference" not in manifest:
        return None
    entry = manifest["reference"]
    rows, children, households, least, parts = (
        entry[name] for name in ("rows", "children", "households", "least", "parts")
    )
    whole = all(type(number) is int for number in (rows, children, households, least, parts))
    digest = entry["model"]
    if (
        set(entry) != {"name", "rows", "children", "households", "least", "model", "parts"}
        or not whole
        or name_problem(entry["name"])
        or not FEWEST_HOUSEHOLDS <= households <= children <= rows <= _MOST_ROWS
        or not LEAST_SHARED <= least <= children
        or parts not in (1, 1 + n_refits)
        or len(digest) != _DIGEST
        or not set(digest) <= set(string.hexdigits)
    ):
        raise ValueError
    return dict(entry)


def reference_from_mapping(
    entry: Mapping[str, Any] | None,
    mapping: Mapping[str, npt.NDArray[Any]],
    arrays: TreeArrays | LinearArrays,
    refits: Sequence[RefitArrays],
) -> Reference | None:
    """Build a reference from named arrays, every count checked.

    Parameters
    ----------
    entry : mapping or None
        From :func:`saved_reference`.
    mapping : mapping of str to ndarray
        Every name of :func:`reference_names`; others are passed over.
    arrays : TreeArrays or LinearArrays
        The model, checked.
    refits : sequence of RefitArrays
        Its refits, checked.

    Returns
    -------
    Reference or None
        Safe to use.

    Raises
    ------
    ModelFileError
        If it is of another model; an array has another length or kind; a pattern is beyond the conditions of its path,
        comes twice or is out of order; a count is below the fewest children; those of a leaf do not add up to the
        rows; or a mean or a share cannot be.
    """
    if entry is None:
        return None
    models = [arrays, *(refit.arrays for refit in refits)][: entry["parts"]]
    other = arrays_digest(models) != entry["model"]
    raise_problems(arrays.kind, ["the reference was counted for another model"] if other else [])
    found = {name: mapping[f"reference.{name}"] for name in _NAMES[arrays.kind]}
    parts: Sequence[ReferenceCounts | ReferenceMeans]
    if isinstance(arrays, LinearArrays):
        raise_problems(arrays.kind, _mean_problems(found, len(arrays.weight), entry))
        parts = [ReferenceMeans(entry["rows"], entry["least"], found["mean"], found["missing"])]
    else:
        leaves = [np.diff(path_form(model).first) for model in models if isinstance(model, TreeArrays)]
        raise_problems(arrays.kind, _count_problems(found, np.concatenate(leaves), entry))
        parts = _counts(found, [len(each) for each in leaves], entry)
    size = {name: entry[name] for name in ("rows", "children", "households", "least", "model")}
    return Reference(entry["name"], **size, parts=tuple(parts))


def _counts(
    found: Mapping[str, npt.NDArray[Any]], leaves: Sequence[int], entry: Mapping[str, Any]
) -> list[ReferenceCounts]:
    """The counts of the model and of each refit."""
    first = np.append(0, np.cumsum(found["patterns"], dtype=np.int64))
    parts, leaf = [], 0
    for count in leaves:
        own = first[leaf : leaf + count + 1]
        rows = slice(own[0], own[-1])
        arrays = (own - own[0]).astype(np.int32), found["pattern"][rows], found["count"][rows]
        parts.append(ReferenceCounts(entry["rows"], entry["least"], *arrays))
        leaf += count
    return parts


def _kind_problems(found: Mapping[str, npt.NDArray[Any]], dtype: str) -> list[str]:
    """Say which arrays are of another kind."""
    return [
        f"array 'reference.{name}' is not one row of {dtype}"
        for name, array in found.items()
        if array.dtype != np.dtype(dtype) or array.ndim != 1
    ]


def _mean_problems(found: Mapping[str, npt.NDArray[Any]], n_features: int, entry: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with means and shares."""
    if problems := _kind_problems(found, "float64"):
        return problems
    if wrong := [name for name, array in found.items() if len(array) != n_features]:
        return [f"array 'reference.{name}' does not hold {n_features} numbers, one for each feature" for name in wrong]
    mean, missing = found["mean"], found["missing"]
    without = missing * entry["rows"]
    few = (missing > 0) & (missing < 1) & (np.minimum(without, entry["rows"] - without) < entry["least"] - _ROUNDING)
    checks = (
        ("mean", ~np.isfinite(mean), "that are not finite"),
        ("missing", ~((missing >= 0) & (missing <= 1)), "that are no share"),
        ("mean", (missing == 1) & (mean != 0), "of features that are never known"),
        ("missing", few, "that tell of fewer children than is allowed"),
    )
    return _told(checks)


def _count_problems(
    found: Mapping[str, npt.NDArray[Any]], length: npt.NDArray[np.intp], entry: Mapping[str, Any]
) -> list[str]:
    """Say what is wrong with patterns and counts, where paths of the leaves look at ``length`` features."""
    if problems := _kind_problems(found, "int32"):
        return problems
    patterns, pattern, count = found["patterns"], found["pattern"], found["count"]
    if len(patterns) != len(length) or (patterns < 1).any() or length.max(initial=0) > LONGEST_PATH:
        return [f"array 'reference.patterns' does not hold 1 or more for each of {len(length)} leaves"]
    total = int(patterns.sum(dtype=np.int64))
    if not total == len(pattern) == len(count):
        return [f"arrays 'reference.pattern' and 'reference.count' do not hold {total} values each"]
    leaf = np.repeat(np.arange(len(length)), patterns)
    again = np.append(False, (leaf[1:] == leaf[:-1]) & (pattern[1:] <= pattern[:-1]))
    sums = np.bincount(leaf, weights=count, minlength=len(length))
    checks = (
        ("pattern", (pattern < 0) | (pattern >= np.left_shift(1, length[leaf])), "beyond the conditions of their path"),
        ("pattern", again, "that come twice or are out of order"),
        ("count", count < entry["least"], "that tell of fewer children than is allowed"),
        ("count", sums != entry["rows"], "(leaves) that do not add up to the rows of the cohort"),
    )
    return _told(checks)


def _told(checks: Sequence[tuple[str, npt.NDArray[np.bool_], str]]) -> list[str]:
    """One clause for each check that fails."""
    bad = [(name, int(wrong.sum()), what) for name, wrong, what in checks]
    return [f"array 'reference.{name}' has {count} value(s) {what}" for name, count, what in bad if count]
