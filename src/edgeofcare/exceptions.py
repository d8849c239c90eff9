"""The errors of edgeofcare: each says what is wrong, where, and what to do, and quotes no value of a row.

The one exception is a legal status that no code map knows: its text and count are quoted, because it has to be mapped.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "EdgeOfCareError",
    "IndexNamesError",
    "LeakageError",
    "LedgerError",
    "ModelFileError",
    "NotEligibleError",
    "RecordsError",
    "RequestError",
    "SpecError",
    "UnfitModelError",
]


class EdgeOfCareError(ValueError):
    """Base of every error that edgeofcare raises on purpose.

    It is a :class:`ValueError`, so code that already guards against bad values catches it.

    Examples
    --------
    >>> issubclass(EdgeOfCareError, ValueError)
    True
    """


class RecordsError(EdgeOfCareError):
    """The case records cannot be used as they are.

    All problems of one input are collected and raised at once, one line each. A line names the table, the
    column and the count of rows, and quotes no value of a row. The one exception is a legal status that no code map
    knows: its text is quoted, because it has to be mapped.

    Parameters
    ----------
    problems : sequence of str or str
        One sentence for each problem.

    Examples
    --------
    >>> print(RecordsError(["children: column 'birth_date' is missing."]))
    The records cannot be used (1 problem):
      - children: column 'birth_date' is missing.
    """

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        count = f"{len(self.problems)} problem" + ("s" if len(self.problems) > 1 else "")
        super().__init__(
            "\n".join([f"The records cannot be used ({count}):", *(f"  - {problem}" for problem in self.problems)])
        )

    def __reduce__(self) -> tuple[type[RecordsError], tuple[tuple[str, ...]]]:
        """Rebuild from the list of problems, so that the error survives a trip between processes."""
        return type(self), (self.problems,)


class LeakageError(EdgeOfCareError):
    """A result would rest on something that was not known at the time, or not yet observed.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> records = eoc.make_records(100, random_state=0)
    >>> eoc.build_cohort(records, eoc.Task(), index_dates=["2035-04-01"])
    Traceback (most recent call last):
    edgeofcare.exceptions.LeakageError: 1 index date of 1 lie more than one day after observed_until ...
    """


class SpecError(EdgeOfCareError):
    """A task, feature or option is not one that edgeofcare understands.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> eoc.Task(remand="ignore")
    Traceback (most recent call last):
    edgeofcare.exceptions.SpecError: The task cannot be used: remand must be one of 'competing', 'entry'; got 'ignore'.
    """


class IndexNamesError(EdgeOfCareError):
    """Rows do not carry the index (household_id, child_id, index_date).

    Examples
    --------
    >>> import pandas as pd
    >>> import edgeofcare as eoc
    >>> eoc.temporal_split(pd.DataFrame({"age": [14]}), eoc.Task(), test_from="2023-04-01")
    Traceback (most recent call last):
    edgeofcare.exceptions.IndexNamesError: The cohort must be as build_cohort gives it: with the index ...
    """


class ModelFileError(EdgeOfCareError):
    """A model file is missing, damaged, altered, unsafe or from a newer version.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> try:
    ...     eoc.load_model("no_such_file.eoc")
    ... except eoc.ModelFileError:
    ...     "not a model file"
    'not a model file'
    """


class LedgerError(EdgeOfCareError):
    """A ledger cannot be opened, read or written, or is from a newer version.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> try:
    ...     eoc.Ledger("no_such_ledger.db", create=False)
    ... except eoc.LedgerError:
    ...     "no ledger"
    'no ledger'
    """


class UnfitModelError(SpecError):
    """A model is not to be used: its evaluation says "do not use", or it has expired by the index date.

    Examples
    --------
    >>> issubclass(UnfitModelError, SpecError)
    True
    """


class NotEligibleError(SpecError):
    """A child is not one whom the model is for, as known on the index date.

    Parameters
    ----------
    reasons : sequence of str or str
        One clause for each rule that the child does not meet; nothing of the child beside.

    Examples
    --------
    >>> print(NotEligibleError(["no open case, as known"]))
    The model is not for this child on the index date: no open case, as known. A score would mean nothing...
    """

    def __init__(self, reasons: Sequence[str] | str) -> None:
        self.reasons = (reasons,) if isinstance(reasons, str) else tuple(reasons)
        super().__init__(
            f"The model is not for this child on the index date: {'; '.join(self.reasons)}. A score would mean "
            "nothing. Pass eligible_only=False where it is made for another reason than to act on it."
        )

    def __reduce__(self) -> tuple[type[NotEligibleError], tuple[tuple[str, ...]]]:
        """Rebuild from the list of reasons, so that the error survives a trip between processes."""
        return type(self), (self.reasons,)


class RequestError(EdgeOfCareError):
    """A request for scores cannot be answered as it is.

    All problems are collected and raised at once. A child is told by its position in the list, 0 being the first;
    no key and no value is quoted.

    Parameters
    ----------
    problems : sequence of str or str
        One sentence for each problem.

    Examples
    --------
    >>> print(RequestError(["children[0]: observed_until must be an ISO date."]))
    The request cannot be answered (1 problem):
      - children[0]: observed_until must be an ISO date.
    """

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        count = f"{len(self.problems)} problem" + ("s" if len(self.problems) > 1 else "")
        lines = [f"The request cannot be answered ({count}):", *(f"  - {problem}" for problem in self.problems)]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[RequestError], tuple[tuple[str, ...]]]:
        """Rebuild from the list of problems, so that the error survives a trip between processes."""
        return type(self), (self.problems,)
