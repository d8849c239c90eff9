"""``edgeofcare reproduce``: what the command writes, says and ends with."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from edgeofcare.cli.entry import main
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.reproduction.again import run_again


@pytest.fixture
def quick(finished, monkeypatch):
    """The run again with few resamples, for tests of what is read and said; the whole is tested once."""

    def fewer(records, run, **options):
        chosen = {**run.choices, "evaluation": {**run.choices["evaluation"], "n_resamples": 10}}
        return run_again(records, type(run)(chosen, run.environment, run.steps, run.tables), **options)

    monkeypatch.setattr("edgeofcare.reproduction.reproduce.run_again", fewer)
    return str(finished.out / "edge_of_care.eoc")


def test_a_run_is_reproduced_to_the_last_digit(finished, tmp_path, capsys):
    """From the command's own file, with nothing said of the extract: the file knows its last date."""
    out = tmp_path / "again.json"
    model = str(finished.out / "edge_of_care.eoc")
    assert main(["reproduce", model, "--ssd", str(finished.folder), "--json", str(out), "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("Reproduced: every step and every number agrees to the last digit.")
    plain = json.loads(out.read_text(encoding="utf-8"))
    assert plain["identical"] is True
    tables = {row["table"] for row in plain["numbers"]}
    assert {"measures", "groups", "group_measures", "workload", "lead_time", "reach", "alarms"} <= tables
    assert {step["verdict"] for step in plain["steps"]} == {"identical"}
    assert "KEY" not in said.out + out.read_text(encoding="utf-8")


def test_other_records_end_with_2_and_name_the_step(quick, finished, tmp_path, capsys):
    shutil.copytree(finished.folder, tmp_path / "ssd")
    path = tmp_path / "ssd" / "ssd_missing.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.iloc[: len(frame) // 2].to_csv(path, index=False)
    assert main(["reproduce", quick, "--ssd", str(tmp_path / "ssd"), "--quiet"]) == 2
    said = capsys.readouterr()
    assert "part at the step 'records'" in said.out
    assert "labels" in said.out
    assert said.err == "edgeofcare: the saved run was not reproduced to the last digit; see above.\n"
    assert "KEY" not in said.out


def test_options_that_are_given_go_before_those_of_the_file(quick, finished, monkeypatch):
    asked = []

    def reading(*sources, **options):
        asked.append(options)
        raise SystemExit

    monkeypatch.setattr("edgeofcare.records.sources.read_records", reading)
    for more in ([], ["--reporting-lag", "3", "--observed-until", "2024-12-31", "--observed-from", "2015-04-01"]):
        with pytest.raises(SystemExit):
            main(["reproduce", quick, "--ssd", str(finished.folder), *more])
    own, given = asked
    assert own["observed_until"] == "2025-03-31"
    assert set(own["reporting_lag"].values()) == {0}
    assert (own["observed_from"], own["invalid"]) == (None, "drop")
    assert (given["observed_until"], given["observed_from"]) == ("2024-12-31", "2015-04-01")
    assert given["reporting_lag"] == 3


def test_a_date_that_was_declared_is_taken_from_the_file(finished, monkeypatch):
    """Records read with a declared first date are found again although the command is not told of it."""
    from argparse import Namespace

    from edgeofcare.cli.reproduce import _records

    declared = read_ssd(finished.folder, observed_until="2025-03-31", observed_from="2019-04-01", reporting_lag=5)
    first = {name: None if day is None else str(day.date()) for name, day in declared.observed_from.items()}
    said = {
        "input_fingerprint": declared.fingerprint,
        "assumptions": {
            "observed_until": "2025-03-31",
            "reporting_lag": dict(declared.reporting_lag),
            "observed_from": first,
        },
    }
    options = Namespace(
        source=[],
        ssd=str(finished.folder),
        schema=None,
        observed_until=None,
        observed_from=None,
        reporting_lag=None,
        code_maps=None,
        invalid="drop",
        quiet=True,
    )
    assert _records(options, said).fingerprint == declared.fingerprint


def test_a_file_without_a_record_is_refused_before_any_record_is_read(finished, tmp_path, capsys, monkeypatch):
    from edgeofcare.model_file import save_model
    from recorded_runs import made
    from saved_models import FEATURES, TASK

    monkeypatch.setattr("edgeofcare.records.sources.read_records", lambda *_, **__: pytest.fail("records were read"))
    bare = save_model(tmp_path / "m.eoc", made().model, features=FEATURES, task=TASK)
    assert main(["reproduce", str(bare), "--ssd", str(finished.folder)]) == 2
    assert "no record of its run" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nowhere.eoc", "--ssd", "x"], [__file__, "--ssd", "x"]])
def test_a_file_that_is_no_model_ends_with_2(arguments, capsys):
    assert main(["reproduce", *arguments]) == 2
    assert "edgeofcare: " in capsys.readouterr().err
