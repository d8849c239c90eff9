"""The command ``codes``: what it prints, what it writes, and what it keeps to itself."""

from __future__ import annotations

import argparse

import pytest

from edgeofcare.cli.codes import add_codes_command
from edgeofcare.exceptions import SpecError

STATUSES = (
    "lega_person_id,lega_legal_status\nQ7731,Our own order\nQ7732,Our own order\nQ7732,V2\nQ7733,Full care ordr\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    extract = tmp_path / "extract"
    extract.mkdir()
    (extract / "ssd_legal_status.csv").write_text(STATUSES, encoding="utf-8")
    return extract


def run(*words):
    """Run the command through a parser of its own."""
    parser = argparse.ArgumentParser()
    add_codes_command(parser.add_subparsers(required=True))
    options = parser.parse_args(["codes", *map(str, words)])
    return options.command(options)


def test_it_prints_the_listing(folder, capsys):
    assert run("--ssd", folder) == 0
    said = capsys.readouterr().out
    assert "2 texts are not understood." in said
    assert "legal_statuses.status (code list legal_status)" in said
    assert [line.split() for line in said.splitlines() if "order" in line or "ordr" in line][:2] == [
        ["2", "Our", "own", "order"],
        ["1", "Full", "care", "ordr", "C2:", "full", "care", "order"],
    ]
    assert "Written to code_map.csv" in said
    assert "Records cannot be read until" in said
    assert "Q77" not in said


def test_a_template_that_is_there_is_left_as_it_is(folder, capsys, tmp_path):
    (tmp_path / "code_map.csv").write_text("half filled in", encoding="utf-8")
    assert run("--ssd", folder) == 0
    assert "left as it is" in capsys.readouterr().out
    assert (tmp_path / "code_map.csv").read_text(encoding="utf-8") == "half filled in"


def test_the_template_goes_in_again(folder, tmp_path, capsys):
    out = tmp_path / "our_codes.csv"
    assert run("--ssd", folder, "--out", out) == 0
    assert f"Written to {out}" in capsys.readouterr().out
    filled = out.read_text(encoding="utf-8-sig").replace("Our own order,,", "Our own order,C2,")
    out.write_text(filled.replace("Full care ordr,,", "Full care ordr,C2,"), encoding="utf-8")
    again = tmp_path / "again.csv"
    assert run("--ssd", folder, "--code-maps", out, "--out", again) == 0
    assert "Every text of every code column is understood" in capsys.readouterr().out
    assert not again.exists()
    with pytest.raises(SpecError, match="not overwritten"):
        run("--ssd", folder, "--out", out)


def test_notes_are_not_printed(folder, capsys):
    note = "She moved in with her aunt in Leeds"
    reasons = f"cine_close_reason\n{note}\n{note} again {'x' * 100}\n"
    (folder / "ssd_cin_episodes.csv").write_text(reasons, encoding="utf-8")
    run("--ssd", folder)
    said = capsys.readouterr().out
    assert "aunt" not in said
    assert "seen once" in said


def test_a_text_cannot_steer_the_terminal(folder, capsys):
    (folder / "ssd_legal_status.csv").write_text("lega_legal_status\nOrder \x1b[2J one\n", encoding="utf-8")
    run("--ssd", folder)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "Order" in said
