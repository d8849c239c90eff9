"""JSON of a request: what parsers disagree on is refused, and what is refused is not quoted."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.scoring.strict_json import DEPTH, StrictJSONError, read_json

LEAVES = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(LEAVES | TEXTS, lambda inside: st.lists(inside) | st.dictionaries(TEXTS, inside), max_leaves=20)

WRONG = {
    "nothing": (b"", "no JSON: see line 1, column 1"),
    "cut off": (b'{"child_id": "SECRET"', "no JSON: see line 1"),
    "two values": (b'{"child_id": "SECRET"} 1', "no JSON"),
    "a name twice": (b'{"child_id": "SECRET", "child_id": "K2"}', "a name twice"),
    "a name twice deeper": (b'[{"a": {"SECRET": 1, "SECRET": 2}}]', "a name twice"),
    "not a number": (b'{"a": NaN}', "NaN or Infinity"),
    "infinity": (b'{"a": -Infinity}', "NaN or Infinity"),
    "too large": (b'{"a": 1e999}', "too large"),
    "too many digits": (b'{"a": 1' + b"0" * 100 + b"}", "too many digits"),
    "more digits than Python reads": (b'{"a": 1' + b"0" * 5000 + b"}", "too many digits"),
    "no UTF-8": (b'{"a": "SECRET \xff"}', "no text in UTF-8"),
    "UTF-16": ('{"a": "SECRET"}'.encode("utf-16"), "no text in UTF-8"),
    "byte order mark": (b'\xef\xbb\xbf{"a": "SECRET"}', "no JSON"),
    "half a pair": (b'{"a": "SECRET \\ud800"}', "half of a character"),
    "half a pair in a name": (b'{"SECRET \\ud800": 1}', "half of a character"),
    "half a pair as it is": ('{"a": "SECRET \ud800"}', "half of a character"),
    "too deep": (b"[" * (DEPTH + 1) + b"1" + b"]" * (DEPTH + 1), "nested too deeply"),
    "too deep inside names": (b'{"a":' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1), "nested too deeply"),
    "much too deep": (b"[" * 200_000, "nested too deeply"),
    "much too deep inside names": (b'{"a":' * 200_000, "nested too deeply"),
    "single quotes": (b"{'a': 'SECRET'}", "no JSON"),
    "control character": (b'{"a": "SECRET\n"}', "no JSON"),
}


@given(PLAIN)
def test_json_is_read_as_it_is(plain):
    escaped, whole = json.dumps(plain), json.dumps(plain, ensure_ascii=False)
    for text in (escaped, whole, escaped.encode(), whole.encode(), bytearray(whole.encode())):
        assert read_json(text) == plain


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_json_is_refused_without_a_word_of_it(name):
    text, said = WRONG[name]
    with pytest.raises(StrictJSONError) as caught:
        read_json(text)
    assert said in caught.value.why
    assert "SECRET" not in str(caught.value)
    assert caught.value.__context__ is None  # which would hold the text


def test_the_depth_that_is_agreed_is_read():
    assert read_json(b"[" * DEPTH + b"]" * DEPTH) is not None
    assert read_json(b"[" * DEPTH + b"1" + b"]" * DEPTH) is not None


def test_the_digits_that_are_agreed_are_read():
    assert read_json("[" + "9" * 100 + "]") == [10**100 - 1]


def test_both_halves_of_a_pair_are_a_character():
    assert read_json(b'"\\ud83d\\ude00"') == "\U0001f600"


@given(st.text() | st.text(st.sampled_from('[]{}",:1e\\ud8')) | st.binary(max_size=40))
def test_any_text_is_read_or_refused(text):
    with suppress(StrictJSONError):  # nothing else is raised
        read_json(text)
