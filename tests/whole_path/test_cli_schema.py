"""``edgeofcare schema`` prints the contract of a case system."""

from __future__ import annotations

import json

import pytest

from edgeofcare.cli.entry import main
from edgeofcare.scoring.contract import request_schema, response_schema


@pytest.mark.parametrize(("which", "schema"), [("request", request_schema), ("response", response_schema)])
def test_the_schema_is_printed_and_nothing_else(which, schema, capsys):
    assert main(["schema", which]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == schema()
    assert told.err == ""


@pytest.mark.parametrize("words", [["schema"], ["schema", "both"]])
def test_another_word_is_a_wrong_use(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err
