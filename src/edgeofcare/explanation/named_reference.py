"""A reference cohort with its name: whom an explanation compares a child with, held as counts and never as rows."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.counting import recentred
from edgeofcare.explanation.paths import PathForm, path_form
from edgeofcare.explanation.reference import ReferenceCounts, ReferenceMeans
from edgeofcare.models.arrays import LinearArrays, TreeArrays, to_mapping
from edgeofcare.models.spread import RefitArrays

__all__ = [
    "FEWEST_HOUSEHOLDS",
    "LEAST_SHARED",
    "Reference",
    "STORED",
    "arrays_digest",
    "chosen_reference",
    "compared_form",
    "name_problem",
]

FEWEST_HOUSEHOLDS = 50
"""Households below which a cohort is refused: a mean of fewer says little, and too much of each."""
LEAST_SHARED = 10
"""Fewest children that a count in a model file may tell of."""

STORED = "stored"
"""Asks for the reference of the model file, where there is one."""

_LONGEST_NAME = 200


@dataclass(frozen=True, eq=False)
class Reference:
    """A reference cohort: whom an explanation compares a child with, held as counts and never as rows.

    Made by :func:`edgeofcare.make_reference` for one model, and refused for any other. Give it to
    :func:`edgeofcare.explain`, or put it into the model file with :func:`edgeofcare.save_model`. It holds no value,
    key or date of a child: for trees, how many rows meet each pattern of conditions at each leaf; for a regression,
    the mean of each feature and how often it is not known.

    Parameters
    ----------
    name : str
        What the cohort is, in words that a reader understands.
    rows, children, households : int
        How large it is.
    least : int
        Fewest children that a count tells of; rarer patterns are counted with similar ones.
    model : str
        SHA-256 of the arrays that it was counted for.
    parts : tuple of ReferenceCounts or ReferenceMeans
        Of the model, and of each of its refits where these were counted; one for all of a regression.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> task, features = eoc.Task(), ["child.age", "missing.count.365d", "cp_plan.active"]
    >>> records = eoc.make_records(300, random_state=0, authority="sample")
    >>> cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2022-04-01"))
    >>> X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X, y)
    >>> eoc.make_reference(model, X, name="All open cases, 2017 to 2022").name
    'All open cases, 2017 to 2022'
    """

    name: str
    rows: int
    children: int
    households: int
    least: int
    model: str
    parts: tuple[ReferenceCounts | ReferenceMeans, ...]
    _forms: dict[bytes | None, PathForm | LinearArrays] = field(default_factory=dict, init=False)
    _found_right: list[TreeArrays | LinearArrays] = field(default_factory=list, init=False)

    def __repr__(self) -> str:
        return (
            f"Reference({self.name!r}, {self.children:,} children of {self.households:,} households in "
            f"{self.rows:,} rows)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Name and size as plain text and numbers.

        Returns
        -------
        dict
            Ready for JSON, without anything of a child.
        """
        size = {"rows": self.rows, "children": self.children, "households": self.households}
        return {"name": self.name, **size, "least": self.least, "model": self.model, "parts": len(self.parts)}

    def holds(self, n_refits: int) -> bool:
        """Whether the refits of a model can be compared with this cohort as well.

        Parameters
        ----------
        n_refits : int
            How many there are.

        Returns
        -------
        bool
            Always for a regression, whose refits take the same means.
        """
        return isinstance(self.parts[0], ReferenceMeans) or len(self.parts) > n_refits

    def refuse_other(self, arrays: TreeArrays | LinearArrays, refits: Sequence[RefitArrays] = ()) -> None:
        """Refuse another model than the one that the cohort was counted for.

        Parameters
        ----------
        arrays : TreeArrays or LinearArrays
            The model.
        refits : sequence of RefitArrays
            Its refits.

        Raises
        ------
        SpecError
            If it was counted for another model, or for other refits.
        """
        known = [arrays, *(refit.arrays for refit in refits)][: len(self.parts)]
        if len(known) == len(self._found_right) and all(map(operator.is_, known, self._found_right)):
            return  # a loaded model has the same arrays each time
        if len(known) != len(self.parts) or arrays_digest(known) != self.model:
            msg = (
                "The reference was counted for another model. Count the cohort for this one: "
                "make_reference(model, X, name=...)."
            )
            raise SpecError(msg)
        self._found_right[:] = known

    def compared(
        self, arrays: TreeArrays | LinearArrays, *, groups: npt.NDArray[np.intp] | None = None, number: int = 0
    ) -> PathForm | LinearArrays:
        """The model, or a refit, in the form that contributions in comparison with this cohort are computed from.

        Parameters
        ----------
        arrays : TreeArrays or LinearArrays
            The model or the refit; that it is the right one is checked by :meth:`refuse_other`.
        groups : ndarray of int, optional
            Group of each column, for trees; a regression takes groups with its contributions.
        number : int, default 0
            0 for the model, then its refits from 1.

        Returns
        -------
        PathForm or LinearArrays
            For :func:`~edgeofcare.explanation.kernel.contributions`. That of the model is kept.
        """
        if number:
            return _compared(arrays, self.parts[min(number, len(self.parts) - 1)], groups)
        key = None if groups is None or isinstance(arrays, LinearArrays) else groups.tobytes()
        if key not in self._forms:
            self._forms[key] = _compared(arrays, self.parts[0], groups)
        return self._forms[key]


def chosen_reference(
    model: Any, given: Any, arrays: TreeArrays | LinearArrays, refits: Sequence[RefitArrays] = ()
) -> Reference | None:
    """The cohort that rows are compared with.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        The model; a loaded one may hold a reference.
    given : Reference, "stored" or None
        What the caller asked for.
    arrays : TreeArrays or LinearArrays
        The model.
    refits : sequence of RefitArrays
        Its refits.

    Returns
    -------
    Reference or None
        None for the average child in training.

    Raises
    ------
    SpecError
        If something else was asked for, or a reference of another model.
    """
    if given is not None and not isinstance(given, Reference) and not (isinstance(given, str) and given == STORED):
        msg = (
            f"reference is a {type(given).__name__}; expected what make_reference returns, {STORED!r} for that of the "
            "model file, or None for the average child in training."
        )
        raise SpecError(msg)
    own = getattr(model, "reference", None)
    found = own if isinstance(given, str) else given
    if isinstance(found, Reference):
        found.refuse_other(arrays, refits)
        return found
    return None


def compared_form(
    arrays: TreeArrays | LinearArrays,
    reference: Reference | None,
    *,
    groups: npt.NDArray[np.intp] | None = None,
    number: int = 0,
) -> PathForm | LinearArrays:
    """A model in the form that contributions are computed from, compared with a cohort or with training.

    Parameters
    ----------
    arrays : TreeArrays or LinearArrays
        The model or a refit.
    reference : Reference or None
        The cohort; None for the average child in training.
    groups : ndarray of int, optional
        Group of each column, for trees; a regression takes groups with its contributions.
    number : int, default 0
        0 for the model, then its refits from 1.

    Returns
    -------
    PathForm or LinearArrays
        For :func:`~edgeofcare.explanation.kernel.contributions`.
    """
    if reference is not None:
        return reference.compared(arrays, groups=groups, number=number)
    return arrays if isinstance(arrays, LinearArrays) else path_form(arrays, groups=groups)


def arrays_digest(models: Sequence[TreeArrays | LinearArrays]) -> str:
    """Digest the arrays of a model and of refits: the same before it is saved and after it is loaded.

    Parameters
    ----------
    models : sequence of TreeArrays or LinearArrays
        The model first.

    Returns
    -------
    str
        SHA-256. The line of the calibration has no part in it, so a re-anchored model keeps its reference.
    """
    digest = hashlib.sha256()
    for number, arrays in enumerate(models):
        for name, array in sorted(to_mapping(arrays).items()):
            digest.update(f"{number} {arrays.kind} {name} {array.shape} {array.dtype.kind}\n".encode())
            digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def name_problem(name: object) -> str:
    """Say what is wrong with the name of a cohort.

    Parameters
    ----------
    name : object
        What was given.

    Returns
    -------
    str
        Empty if it can be used.

    Examples
    --------
    >>> name_problem("Adolescents with a CIN plan, 2023/24"), name_problem(" ")
    ('', 'name is empty; expected what the cohort is, in words')
    """
    if not isinstance(name, str) or not name.strip():
        return "name is empty; expected what the cohort is, in words"
    if not name.isprintable() or name != name.strip() or len(name) > _LONGEST_NAME:
        return f"name must be one line of at most {_LONGEST_NAME} letters, without spaces at its ends"
    return ""


def _compared(
    arrays: TreeArrays | LinearArrays, part: ReferenceCounts | ReferenceMeans, groups: npt.NDArray[np.intp] | None
) -> PathForm | LinearArrays:
    """One model compared with its part of a reference."""
    if isinstance(arrays, LinearArrays) and isinstance(part, ReferenceMeans):
        return recentred(arrays, part)
    if isinstance(arrays, TreeArrays) and isinstance(part, ReferenceCounts):
        return path_form(arrays, groups=groups, reference=part)
    msg = "The reference was counted for another kind of model. Count it for this one."
    raise SpecError(msg)
