"""Limits: token buckets, bodies counted as they come, and work that is given up on."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.exceptions import SpecError
from edgeofcare.service.limits import Limits, Rates
from edgeofcare.service.problems import Refused
from edgeofcare.service.work import Workers


@given(st.floats(0.1, 100), st.integers(1, 50), st.lists(st.floats(0, 2), min_size=1, max_size=200))
def test_no_more_are_taken_than_burst_and_rate_allow(rate, burst, pauses):
    rates, now, taken, began = Rates(rate, burst), 0.0, 0, None
    for pause in pauses:
        now += pause
        began = now if began is None else began
        taken += rates.wait(b"a", now) == 0
        assert taken <= burst + rate * (now - began) + 1e-6


@given(st.floats(0.1, 100), st.integers(1, 20))
def test_who_waits_as_told_is_served(rate, burst):
    rates = Rates(rate, burst)
    assert [rates.wait(b"a", 0.0) for _ in range(burst)] == [0.0] * burst
    wait = rates.wait(b"a", 0.0)
    assert wait == pytest.approx(1 / rate)
    assert rates.wait(b"a", wait * (1 + 1e-9)) == 0


def test_each_token_has_its_own_bucket_and_the_oldest_is_forgotten():
    rates = Rates(1.0, 1, most=2)
    assert [rates.wait(key, 0.0) for key in (b"a", b"b", b"a", b"c")] == [0.0, 0.0, 1.0, 0.0]
    assert rates.wait(b"b", 0.0) == 0.0  # it was used longest ago
    assert rates.wait(b"c", 0.0) == 1.0


@pytest.mark.parametrize("name", [each.name for each in fields(Limits)])
def test_a_limit_of_nothing_or_without_end_is_refused(name):
    with pytest.raises(SpecError, match=name):
        Limits(**{name: 0})
    with pytest.raises(SpecError, match=name):
        Limits(**{name: float("nan")})
    with pytest.raises(SpecError, match=f"{name} must be above 0 and finite"):
        Limits(**{name: float("inf")})


def test_work_in_threads_does_not_hold_up_the_rest():
    go, workers = threading.Event(), Workers(Limits(threads=1))

    async def both():
        slow = asyncio.create_task(workers.run(lambda: go.wait(30)))
        await asyncio.sleep(0)
        go.set()  # reached while the thread waits
        return await slow

    assert asyncio.run(both()) is True


def test_work_that_takes_too_long_is_given_up_and_keeps_its_place_until_it_ends():
    go, workers = threading.Event(), Workers(Limits(threads=1, waiting=1, score_seconds=0.05))

    async def late():
        with pytest.raises(Refused) as caught:
            await workers.run(lambda: go.wait(30))
        with pytest.raises(Refused) as full:
            await workers.run(lambda: None)
        go.set()
        for _ in range(1000):
            try:
                return caught.value.status, full.value.status, await workers.run(lambda: "again")
            except Refused:
                await asyncio.sleep(0.01)
        return None

    assert asyncio.run(late()) == (503, 503, "again")


def test_work_that_was_given_up_before_it_began_is_not_done():
    go, done = threading.Event(), []
    workers = Workers(Limits(threads=1, score_seconds=0.05))

    async def late():
        one = asyncio.create_task(workers.run(lambda: go.wait(30)))
        two = asyncio.create_task(workers.run(lambda: done.append(2)))
        return await asyncio.gather(one, two, return_exceptions=True)

    found = asyncio.run(late())
    go.set()
    time.sleep(0.05)
    assert [type(each) for each in found] == [Refused, Refused]
    assert done == []


def test_errors_of_work_come_through():
    def fail():
        raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(Workers(Limits()).run(fail))
