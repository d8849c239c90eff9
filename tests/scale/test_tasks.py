"""Doing the same to every part, on engines that fail."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from edgeofcare.exceptions import EdgeOfCareError, SpecError
from edgeofcare.scale.tasks import run_tasks
from scale_work import always_dies, double, raises_unpicklable, refuses_odd

TASKS = {number: (number,) for number in range(6)}


def spawned(workers=2):
    """Processes that begin as they do on Windows."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_every_part_is_done_once(n_jobs):
    done = list(run_tasks(double, TASKS, n_jobs=n_jobs))
    assert sorted(done) == [(number, 2 * number) for number in range(6)]


@pytest.mark.parametrize("make", [lambda: ThreadPoolExecutor(2), spawned], ids=["threads", "spawned processes"])
def test_an_executor_is_used_as_it_is_and_stays_open(make):
    with make() as executor:
        assert dict(run_tasks(double, TASKS, executor=executor)) == {number: 2 * number for number in range(6)}
        assert executor.submit(double, 4).result() == 8


@pytest.mark.parametrize("how", ["here", "joblib", "threads"])
def test_failures_are_named_after_the_rest_is_done(how):
    with ThreadPoolExecutor(2) as executor:
        options = {"here": {}, "joblib": {"n_jobs": 2}, "threads": {"executor": executor}}[how]
        done = {}
        with pytest.raises(ArithmeticError, match="an odd number") as found:
            done.update(run_tasks(refuses_odd, TASKS, retries=1, **options))
    assert sorted(done) == [0, 2, 4]
    assert found.value.__notes__ == [
        "Tried 2 times. Parts that are done are kept: repeat the call to go on.",
        "In part 1, 3, 5 of 0 to 5.",
    ]


def test_many_failures_are_named_in_one_line():
    with pytest.raises(ArithmeticError) as found:
        list(run_tasks(refuses_odd, dict.fromkeys(range(50), (1,)), retries=0))
    assert found.value.__notes__[-1].endswith("18, 19, ... of 0 to 49.")


def test_an_error_that_cannot_travel_is_told_by_its_kind():
    with pytest.raises(RuntimeError, match="OwnError, which cannot be sent"):
        list(run_tasks(raises_unpicklable, {0: (0,)}, n_jobs=2, retries=0))


def test_a_part_that_kills_every_worker_of_joblib_ends_in_a_clear_error():
    done = {}
    with pytest.raises(EdgeOfCareError, match="Worker processes died") as found:
        done.update(run_tasks(always_dies, TASKS, n_jobs=2, retries=1))
    assert 3 not in done
    assert f"{len(done)} of 6 parts are done" in str(found.value)
    assert "3" in found.value.__notes__[0]


def test_an_executor_that_broke_and_takes_no_more_work_ends_in_a_clear_error():
    with spawned(1) as executor, pytest.raises(EdgeOfCareError, match="Make a new executor") as found:
        list(run_tasks(always_dies, TASKS, executor=executor))
    assert isinstance(found.value.__cause__, BrokenProcessPool)


class Recovers:
    """An engine whose workers die once, all at the same time, and come back."""

    def __init__(self):
        self.calls = 0

    def submit(self, work, *arguments):
        self.calls += 1
        future = Future()
        if self.calls in (3, 4):
            future.set_exception(BrokenProcessPool())
        elif self.calls == 5:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_result(work(*arguments))
        return future


def test_an_engine_that_recovers_is_used_again():
    engine = Recovers()
    assert dict(run_tasks(double, TASKS, executor=engine)) == {number: 2 * number for number in range(6)}
    assert engine.calls == 6 + 3


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"n_jobs": 0}, "n_jobs must be a number"),
        ({"n_jobs": True}, "n_jobs must be a number"),
        ({"retries": -1}, "retries must be"),
        ({"executor": object()}, "must have a method submit"),
        ({"executor": Recovers(), "n_jobs": 2}, "not both"),
    ],
)
def test_what_cannot_be_used_is_refused(options, why):
    with pytest.raises(SpecError, match=why):
        list(run_tasks(double, TASKS, **options))
