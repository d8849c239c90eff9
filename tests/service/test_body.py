"""The JSON of a body: what the service answers where it is not read. The rules are tested where they are made."""

from __future__ import annotations

import pytest

from edgeofcare.service.body import read_plain
from edgeofcare.service.problems import Refused


def test_what_a_body_holds_is_read():
    assert read_plain(b'{"children": []}') == {"children": []}


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"child_id": "SECRET"', "The body cannot be read. It is no JSON: see line 1, column 22."),
        (
            b'{"SECRET": 1, "SECRET": 2}',
            "The body cannot be read. An object in it has a name twice. Send each name once.",
        ),
        (b'{"a": "SECRET \xff"}', "The body cannot be read. It is no text in UTF-8."),
    ],
)
def test_a_body_that_is_not_read_is_400_with_the_reason_and_without_a_word_of_it(body, detail):
    with pytest.raises(Refused) as caught:
        read_plain(body)
    assert (caught.value.status, caught.value.detail) == (400, detail)
    assert "SECRET" not in str(caught.value.document("0"))
    assert caught.value.__context__ is None  # which would hold the body
