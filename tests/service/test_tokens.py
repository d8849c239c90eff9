"""Tokens: several at once, kept as digests, never shown."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.service import tokens as module
from edgeofcare.service.tokens import FEWEST_CHARACTERS, Tokens, read_tokens

FIRST, SECOND = "the-first-token-of-the-tests", "the-second-token-of-the-tests"


def digest(token):
    """A token as a file may hold it instead."""
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


def test_each_token_is_known_by_itself_and_nothing_else_is():
    tokens = Tokens.of([FIRST, SECOND])
    assert [tokens.place(word) for word in (FIRST, SECOND, "", FIRST[:-1], FIRST + "x", digest(FIRST), "\udcff")] == [
        *(0, 1, None, None, None, None, None)
    ]


def test_a_digest_stands_for_its_token():
    assert Tokens.of([digest(FIRST)]).place(FIRST) == 0
    assert Tokens.of([digest(FIRST).upper().replace("SHA256", "sha256"), FIRST]).place(FIRST) == 0


def test_no_token_is_kept():
    tokens = Tokens.of([FIRST])
    assert FIRST not in repr(tokens) + repr(vars(tokens))
    assert tokens.name(0) == hashlib.sha256(FIRST.encode()).digest()


def test_every_digest_is_compared_whichever_is_found(monkeypatch):
    compared = []
    monkeypatch.setattr(module.hmac, "compare_digest", lambda a, b: compared.append(b) or a == b, raising=True)
    Tokens.of([FIRST, SECOND]).place(FIRST)
    assert len(compared) == 2
    assert module.hmac is hmac


def test_environment_and_file_are_read_together(tmp_path):
    path = tmp_path / "tokens.txt"
    path.write_text(f"# the old one\n{digest(FIRST)}\n\n", encoding="utf-8-sig")
    tokens = read_tokens({"EDGEOFCARE_TOKENS": f"{SECOND}, {SECOND}"}, path)
    assert (len(tokens), tokens.place(FIRST) is not None, tokens.place(SECOND) is not None) == (2, True, True)
    assert len(read_tokens({})) == 0


@pytest.mark.parametrize("word", ["x" * (FEWEST_CHARACTERS - 1), FIRST + "é", "sha256:" + "0" * 63, FIRST + '"'])
def test_a_token_that_cannot_be_used_is_not_quoted(word):
    with pytest.raises(SpecError) as caught:
        Tokens.of([FIRST, word])
    assert "Token 2" in str(caught.value)
    assert word not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"# none\n", b"\xff\xfe", b"x" * 200_000])
def test_a_file_without_a_token_is_refused(tmp_path, data):
    path = tmp_path / "tokens.txt"
    path.write_bytes(data)
    with pytest.raises(SpecError, match="token file"):
        read_tokens({}, path)
    with pytest.raises(SpecError, match="cannot be read"):
        read_tokens({}, tmp_path)
