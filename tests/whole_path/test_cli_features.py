"""``edgeofcare features``: from a source, from parts or from nothing, and again."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import pandas as pd
import pytest

from edgeofcare.cli.entry import main
from edgeofcare.cli.features import _dates, add_features_command
from edgeofcare.exceptions import SpecError
from edgeofcare.scale import build
from edgeofcare.scale.read import read_features
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.ssd import write_ssd

UNTIL = "2025-03-31"
FEW = ("--features", "child.age", "contact.count.365d", "--parts", "3", "--quiet")


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    """A small SSD extract."""
    folder = tmp_path_factory.mktemp("ssd")
    write_ssd(make_records(300, random_state=5, authority="sample"), folder)
    return folder


@pytest.fixture(scope="module")
def finished(extract, tmp_path_factory):
    """Features of the extract, on the quarters that can be followed."""
    into = tmp_path_factory.mktemp("into") / "new"
    assert main(["features", str(extract), "--observed-until", UNTIL, "--into", str(into), *FEW]) == 0
    return into


def test_every_quarter_that_can_be_followed_is_the_default(finished):
    frame = read_features(finished / "features")
    dates = frame.index.get_level_values("index_date").unique().sort_values()
    assert str(dates[-1].date()) == "2024-04-01", "the last quarter with a year after it"
    assert set(dates.strftime("%m-%d")) == {"01-01", "04-01", "07-01", "10-01"}
    assert {"child.age", "contact.count.365d", "entered_care"} < set(frame)
    assert frame["labelled"].mean() > 0.9


def test_the_same_command_again_does_nothing_twice(extract, finished, capsys):
    words = ["features", str(extract), "--observed-until", UNTIL, "--into", str(finished), *FEW]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "in 3 parts (3 of them done before)" in said
    assert "keep them with the case records" in said


def test_parts_are_a_source(finished, tmp_path, capsys):
    into = tmp_path / "f"
    words = ["features", str(finished / "records"), "--into", str(into), "--no-labels", *FEW]
    assert main([*words, "--dates", "2025-04-01"]) == 0
    said = capsys.readouterr().out
    assert "on 1 index dates from 2025-04-01" in said
    assert "Labels" not in said
    assert not (into / "records").exists()
    assert "entered_care" not in read_features(into / "features")


def test_one_command_makes_invented_children_and_their_features(tmp_path, capsys):
    words = ["features", "--synthetic", "400", "--into", str(tmp_path / "f"), "--dates", "2022-01-01..2022-12-31", *FEW]
    assert main([*words, "--jobs", "2"]) == 0
    said = capsys.readouterr().out
    assert "on 4 index dates from 2022-01-01 to 2022-10-01" in said
    assert "invented children" in said
    one_by_one = [word if word != str(tmp_path / "f") else str(tmp_path / "g") for word in words]
    assert main(one_by_one) == 0
    pd.testing.assert_frame_equal(
        read_features(tmp_path / "f" / "features"), read_features(tmp_path / "g" / "features")
    )


def test_months_and_single_days():
    days = ["2022-01-15..2022-04-02", "2022-03-01", "15/06/2022"]
    told = [str(day.date()) for day in _dates(days, "month")]
    assert told == ["2022-02-01", "2022-03-01", "2022-04-01", "2022-06-15"]
    assert [str(day.date()) for day in _dates(days[:1], "quarter")] == ["2022-04-01"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--dates", "2022-01-01"], "Give either a SOURCE"),
        (["{extract}", "--synthetic", "10", "--observed-until", UNTIL], "Give either a SOURCE"),
        (["{extract}"], "observed_until is missing"),
        (["{parts}", "--dates", "2022-02-02..2022-03-03"], "no first day of a quarter"),
        (["{parts}", "--dates", "soon"], "each of --dates must be a date"),
        (["{parts}", "--dates", "2030-01-01"], "In part 0 of 0 to 2"),
        (["{parts}", "--dates", "2022-01-01", "--features", "child.shoe_size"], "not a feature name"),
    ],
)
def test_bad_input_ends_with_two_and_says_why(words, why, extract, finished, tmp_path, capsys):
    places = {"{extract}": str(extract), "{parts}": str(finished / "records")}
    given = [places.get(word, word) for word in words]
    options = [] if "--features" in words else list(FEW)
    assert main(["features", *given, "--into", str(tmp_path / "f"), "--quiet", *options]) == 2
    assert why in capsys.readouterr().err


def test_another_job_in_the_folder_is_refused(extract, finished, capsys):
    words = ["features", str(finished / "records"), "--into", str(finished), "--quiet", "--features", "child.age"]
    assert main(words) == 2
    assert "another job" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--jobs", "0"], ["--parts", "many"], ["--synthetic", "-3"], ["--every", "day"]])
def test_bad_usage_ends_with_two(words, tmp_path):
    with pytest.raises(SystemExit) as found:
        main(["features", "--into", str(tmp_path / "f"), *words])
    assert found.value.code == 2


def test_a_fault_ends_with_one_and_tells_no_value(finished, tmp_path, monkeypatch, capsys):
    def broken(*_):
        msg = "child 4711"
        raise KeyError(msg)

    monkeypatch.setattr(build, "run_unless_done", broken)
    words = ["features", str(finished / "records"), "--into", str(tmp_path / "f"), *FEW, "--dates", "2022-01-01"]
    assert main(words) == 1
    told = capsys.readouterr()
    assert "internal fault (KeyError)" in told.err
    assert "4711" not in told.err + told.out


def test_too_short_records_need_dates(tmp_path):
    parser = argparse.ArgumentParser()
    add_features_command(parser.add_subparsers(required=True))
    source = tmp_path / "ssd"
    write_ssd(make_records(300, random_state=5, authority="sample", years=1), source)
    words = ["features", str(source), "--observed-until", UNTIL, "--into", str(tmp_path / "f"), *FEW]
    options = parser.parse_args(words)
    with pytest.raises(SpecError, match="Give --dates"):
        options.command(options)


def test_the_command_works_in_a_process_of_its_own_with_two_jobs(finished, tmp_path):
    """Processes are started from a command, as on Windows."""
    command = [sys.executable, "-m", "edgeofcare", "features", str(finished / "records"), "--into", str(tmp_path / "f")]
    done = subprocess.run(
        [*command, *FEW, "--jobs", "2"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "in 3 parts." in done.stdout
    names = [path.relative_to(finished) for path in (finished / "features").rglob("*.parquet")]
    assert len(names) == 3
    assert all((tmp_path / "f" / name).read_bytes() == (finished / name).read_bytes() for name in names)
