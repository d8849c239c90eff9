"""A property that threads share is made once, however many ask at once."""

from __future__ import annotations

import copy
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from edgeofcare.made_once import made_once


class Model:
    """Something that takes a while to prepare itself."""

    def __init__(self):
        self.made = 0

    @made_once
    def form(self):
        """What is prepared."""
        before = self.made
        time.sleep(0.05)
        self.made = before + 1
        return object()

    @made_once
    def broken(self):
        """What cannot be prepared the first time."""
        self.made += 1
        if self.made == 1:
            msg = "not yet"
            raise ValueError(msg)
        return "made"


def test_threads_that_ask_at_once_get_the_same_and_it_is_made_once():
    model, barrier = Model(), threading.Barrier(8, timeout=30)

    def ask(_):
        barrier.wait()
        return model.form

    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(ask, range(8)))
    assert model.made == 1
    assert all(each is found[0] for each in found)


def test_each_object_has_its_own_and_copies_take_what_is_made():
    one, other = Model(), Model()
    assert one.form is not other.form
    assert copy.copy(one).form is one.form
    assert copy.deepcopy(one).__dict__.keys() == {"made", "form"}


def test_what_fails_is_tried_again_and_leaves_no_lock_behind():
    model = Model()
    with pytest.raises(ValueError, match="not yet"):
        _ = model.broken
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(lambda: model.broken).result(timeout=10) == "made"


def test_on_the_class_it_is_itself():
    assert isinstance(Model.form, made_once)
