"""``edgeofcare check``: what it says, what it writes, and how it ends."""

from __future__ import annotations

import argparse
import re

import pandas as pd
import pytest

from edgeofcare.cli.check import add_check_command
from edgeofcare.cli.entry import main
from edgeofcare.exceptions import SpecError
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.ssd import write_ssd

UNTIL = "2025-03-31"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small extract with two rows that end before they start."""
    folder = tmp_path_factory.mktemp("ssd")
    write_ssd(make_records(600, random_state=5, authority="sample"), folder, flavour="systemc")
    path = folder / "ssd_cla_episodes.csv"
    episodes = pd.read_csv(path, dtype=str, keep_default_na=False)
    episodes.loc[[3, 5], "clae_cla_episode_ceased_date"] = "1990-07-19"
    episodes.to_csv(path, index=False)
    return folder


def run(*words):
    """Exit status of the command."""
    parser = argparse.ArgumentParser()
    add_check_command(parser.add_subparsers(required=True))
    options = parser.parse_args(["check", *map(str, words), "--quiet"])
    return options.command(options)


def test_check_prints_one_page_and_writes_another(folder, tmp_path, capsys):
    page = tmp_path / "check.html"
    assert run(folder, "--observed-until", UNTIL, "--html", page) == 0
    said = capsys.readouterr().out
    assert "Verdict: READY TO SCORE ONLY" in said
    assert re.search(r"903 356 +<10", said), "rows that cannot be right are counted, and do not stop the check"
    assert "Written: check.html" in said
    assert len(said.splitlines()) < 90
    assert "Ready to score only" in page.read_text(encoding="utf-8")


def test_check_measures_the_lag_against_an_earlier_extract(folder, capsys):
    assert run(folder, "--observed-until", UNTIL, "--earlier", folder, "--earlier-until", "2024-12-31") == 0
    assert "Verdict" in capsys.readouterr().out


def test_problems_that_stop_the_reading_are_a_verdict(folder, tmp_path, capsys):
    for path in folder.glob("*.csv"):
        if "cin_episodes" not in path.name:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    page = tmp_path / "check.html"
    assert run(tmp_path, "--observed-until", UNTIL, "--html", page) == 0
    said = capsys.readouterr().out
    assert "Verdict: NOT READY" in said
    assert "ssd_cin_episodes: the table is missing" in said
    assert "ssd_cin_episodes: the table is missing" in page.read_text(encoding="utf-8")


def test_the_text_of_an_unknown_legal_status_is_not_passed_on(folder, tmp_path, capsys):
    """Somebody wrote a note where a code belongs: the check counts it, and neither page holds it."""
    for path in folder.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "ssd_legal_status.csv"
    statuses = pd.read_csv(path, dtype=str, keep_default_na=False)
    statuses.loc[3, "lega_legal_status"] = "Zelda went to her aunt that no code map knows"
    statuses.to_csv(path, index=False)
    page = tmp_path / "check.html"
    assert run(tmp_path, "--observed-until", UNTIL, "--html", page) == 0
    said = capsys.readouterr().out
    assert "1 status that no code map knows. Give each a code" in said
    for text in (said, page.read_text(encoding="utf-8")):
        assert "Zelda" not in text
        assert "aunt" not in text


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nowhere", "--observed-until", UNTIL], "no file or folder"),
        ([".", "--observed-until", "soon"], "observed_until must be a date"),
        ([".", "--observed-until", UNTIL, "--earlier", "."], "--earlier-until go together"),
        ([".", "--observed-until", UNTIL, "--html", "none/where/x.html"], "cannot be written there"),
    ],
)
def test_bad_input_is_refused(words, why, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match=why):
        run(*words)


def test_check_tells_of_no_child(folder, capsys):
    run(folder, "--observed-until", UNTIL)
    said = capsys.readouterr()
    people = pd.read_csv(folder / "ssd_person.csv", dtype=str, keep_default_na=False)
    held = {value for name in people for value in people[name] if len(value) > 5}
    assert not held & set(re.findall(r"[\w/-]+", said.out + said.err))


def test_a_file_of_no_known_kind_is_bad_input(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("nothing to read", encoding="utf-8")
    assert main(["check", str(tmp_path / "notes.txt"), "--observed-until", "2025-03-31"]) == 2
    assert "no kind that can be read" in capsys.readouterr().err
