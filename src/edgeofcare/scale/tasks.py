"""Doing the same thing to every part: in this process, on the cores, or on an engine that is there already."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, as_completed
from contextlib import closing
from typing import Any

from edgeofcare.exceptions import EdgeOfCareError, SpecError
from edgeofcare.records.findings import counted

__all__ = ["run_tasks"]

_Work = Callable[..., Any]
_Outcome = tuple[int, Any, BaseException | None]
_Outcomes = Generator[_Outcome, None, None]
_MOST_NAMED = 20


def run_tasks(
    work: _Work, tasks: Mapping[int, tuple], *, n_jobs: int = 1, executor: Any = None, retries: int = 2
) -> Iterator[tuple[int, Any]]:
    """Do the same work to every part, and do again what failed.

    Parameters
    ----------
    work : callable
        A function that can be imported, so that another process can call it.
    tasks : mapping of int to tuple
        Number of each part to the arguments of its work.
    n_jobs : int, default 1
        1 works in this process; more, or -1 for every core, uses that many processes (joblib's loky).
    executor : object with ``submit``, optional
        An engine in place of these: ``dask.distributed.Client.get_executor(pure=False)``, an executor of
        ``concurrent.futures``. It is used as it is and stays open.
    retries : int, default 2
        How often a part that failed is tried again.

    Yields
    ------
    int, object
        Number of a part and what the work returned, in the order in which they are done.

    Raises
    ------
    EdgeOfCareError
        If a part refuses the work, at once; or if worker processes die again and again.
    Exception
        What the work raised, if a part fails more often than ``retries``; all others are finished first. A note names
        the part.
    """
    _check(n_jobs, executor, retries)
    waiting, failures = dict(tasks), dict.fromkeys(tasks, 0)
    while waiting:
        errors: dict[int, BaseException] = {}
        with closing(_one_round(work, waiting.copy(), n_jobs, executor)) as outcomes:
            for number, result, error in outcomes:
                if error is None:
                    del waiting[number]
                    yield number, result
                    continue
                failures[number] += 1
                errors[number] = error
                if isinstance(error, EdgeOfCareError):
                    raise _named(error, [number], len(tasks))
        given_up = {number: error for number, error in errors.items() if failures[number] > retries}
        if given_up:
            raise _given_up(given_up, len(waiting), len(tasks), retries)


def _check(n_jobs: int, executor: Any, retries: int) -> None:
    """Refuse what cannot be used, before anything is done."""
    problems = []
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0:
        problems.append("n_jobs must be a number of processes, or -1 for one on every core")
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        problems.append("retries must be a whole number, 0 or more")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        problems.append("executor must have a method submit, as client.get_executor() of Dask gives it")
    if executor is not None and n_jobs != 1:
        problems.append("give n_jobs or executor, not both: an executor has its own number of workers")
    if problems:
        msg = "The parts cannot be worked on: " + "; ".join(problems) + "."
        raise SpecError(msg)


def _one_round(work: _Work, tasks: Mapping[int, tuple], n_jobs: int, executor: Any) -> _Outcomes:
    """Try every part once."""
    if executor is not None:
        return _submitted(work, tasks, executor)
    if n_jobs != 1:
        return _on_the_cores(work, tasks, n_jobs)
    return ((number, *_attempt(work, arguments)) for number, arguments in tasks.items())


def _attempt(work: _Work, arguments: tuple) -> tuple[Any, BaseException | None]:
    """What the work returned, or the error that it raised."""
    try:
        return work(*arguments), None
    except Exception as error:
        return None, error


def _portable(work: _Work, number: int, arguments: tuple) -> _Outcome:
    """One attempt in another process, whose error can travel back."""
    result, error = _attempt(work, arguments)
    if error is not None:
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301  (our own error, of this process)
        except Exception:
            error = RuntimeError(f"{type(error).__name__}, which cannot be sent between processes")
    return number, result, error


def _on_the_cores(work: _Work, tasks: Mapping[int, tuple], n_jobs: int) -> _Outcomes:
    """One round in processes of joblib; where one of them dies, every part that is not done failed with it."""
    from joblib import Parallel, delayed

    left = set(tasks)
    jobs = (delayed(_portable)(work, number, arguments) for number, arguments in tasks.items())
    parallel = Parallel(n_jobs, backend="loky", return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")
    try:
        with closing(parallel(jobs)) as outcomes:
            for outcome in outcomes:
                left.discard(outcome[0])
                yield outcome
    except BrokenExecutor as error:
        for number in sorted(left):
            yield number, None, error


def _submitted(work: _Work, tasks: Mapping[int, tuple], executor: Any) -> _Outcomes:
    """One round on an executor; one that takes no more work fails every part that it did not take."""
    futures: dict[Any, int] = {}
    refusal: BaseException | None = None
    for number, arguments in tasks.items():
        try:
            futures[executor.submit(work, *arguments)] = number
        except (BrokenExecutor, RuntimeError) as error:
            refusal = error
            break
    try:
        for future in as_completed(futures):
            yield (futures[future], *_result(future))
        for number in [number for number in tasks if number not in futures.values()]:
            yield number, None, refusal
    finally:
        for future in futures:
            future.cancel()


def _result(future: Any) -> tuple[Any, BaseException | None]:
    """What a future holds; work that the engine cancelled failed."""
    try:
        error = future.exception()
    except CancelledError as cancelled:
        return None, cancelled
    return (None, error) if error is not None else (future.result(), None)


def _named(error: BaseException, numbers: list[int], n_parts: int) -> BaseException:
    """The error with a note of the parts in which it happened."""
    shown = ", ".join(map(str, numbers[:_MOST_NAMED])) + (", ..." if len(numbers) > _MOST_NAMED else "")
    error.add_note(f"In part {shown} of 0 to {n_parts - 1}.")
    return error


def _given_up(errors: Mapping[int, BaseException], left: int, n_parts: int, retries: int) -> BaseException:
    """The error of the first part that failed too often, with the numbers of all of them."""
    numbers = sorted(errors)
    error = errors[numbers[0]]
    if not isinstance(error, BrokenExecutor):
        error.add_note(f"Tried {counted(retries + 1, 'time')}. Parts that are done are kept: repeat the call to go on.")
        return _named(error, numbers, n_parts)
    msg = (
        f"Worker processes died, or took no more work, {counted(retries + 1, 'time')}; {n_parts - left} of "
        f"{counted(n_parts, 'part')} are done and are kept. Often memory ran out: use fewer processes at a time, or "
        "write the records in more parts. Make a new executor if you gave one, and repeat the call to go on."
    )
    refused = EdgeOfCareError(msg)
    refused.__cause__ = error
    return _named(refused, numbers, n_parts)
