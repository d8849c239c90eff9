"""JSON of a request: what parsers disagree on is refused, and what is refused is not quoted."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.service.problems import Refused
from edgeofcare.service.strict_json import DEPTH, read_json

LEAVES = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(LEAVES | TEXTS, lambda inside: st.lists(inside) | st.dictionaries(TEXTS, inside), max_leaves=20)

WRONG = {
    "nothing": b"",
    "cut off": b'{"child_id": "SECRET"',
    "two values": b'{"child_id": "SECRET"} 1',
    "a name twice": b'{"child_id": "SECRET", "child_id": "K2"}',
    "a name twice deeper": b'[{"a": {"SECRET": 1, "SECRET": 2}}]',
    "not a number": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "too large": b'{"a": 1e999}',
    "too long": b'{"a": 1' + b"0" * 5000 + b"}",
    "no UTF-8": b'{"a": "SECRET \xff"}',
    "UTF-16": '{"a": "SECRET"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a": "SECRET"}',
    "half a pair": b'{"a": "SECRET \\ud800"}',
    "too deep": b"[" * (DEPTH + 2) + b"]" * (DEPTH + 2),
    "much too deep": b"[" * 200_000,
    "much too deep inside names": b'{"a":' * 200_000,
    "single quotes": b"{'a': 'SECRET'}",
    "control character": b'{"a": "SECRET\n"}',
}


@given(PLAIN)
def test_json_is_read_as_it_is(plain):
    assert read_json(json.dumps(plain).encode()) == plain
    assert read_json(json.dumps(plain, ensure_ascii=False).encode()) == plain


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_json_is_refused_without_a_word_of_it(name):
    with pytest.raises(Refused) as caught:
        read_json(WRONG[name])
    assert caught.value.status == 400
    assert "SECRET" not in str(caught.value.document("0"))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_depth_that_is_agreed_is_read():
    assert read_json(b"[" * DEPTH + b"]" * DEPTH) is not None
    with pytest.raises(Refused, match="400"):
        read_json(b"[" * (DEPTH + 1) + b"1" + b"]" * (DEPTH + 1))


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(body):
    with suppress(Refused):  # nothing else is raised
        read_json(body)
