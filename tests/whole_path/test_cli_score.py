"""``edgeofcare score``: from a folder, a database and parts, into a table and files; again, and refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from batch_jobs import line_scorer, table_rows
from databases import fill_sqlite
from edgeofcare.cli.entry import main
from edgeofcare.model_file import load_model, save_model
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.scale.parts import write_parts
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.ssd import write_ssd
from saved_models import FEATURES, TASK, trained

UNTIL = "2025-03-31"
SAID = ("--observed-until", UNTIL, "--index-date", UNTIL, "--quiet")
TABLE = "risk_scores"


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    """A small SSD extract."""
    folder = tmp_path_factory.mktemp("ssd")
    write_ssd(make_records(300, random_state=5, authority="sample"), folder)
    return str(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model file."""
    path = tmp_path_factory.mktemp("model") / "model.eoc"
    save_model(path, trained("logistic").model, features=FEATURES, task=TASK)
    return str(path)


@pytest.fixture(scope="module")
def scores(extract, model):
    """What the scorer gives."""
    return load_model(model).score(read_ssd(extract, observed_until=UNTIL, progress=False), UNTIL)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/scores.db"


def same(url, scores):
    """The table holds the scores."""
    held = table_rows(url, TABLE).set_index("child_id").loc[scores.index.get_level_values("child_id")]
    assert held["risk"].tolist() == scores["risk"].tolist()
    assert held["rank"].tolist() == scores["rank"].tolist()
    assert len(table_rows(url, TABLE)) == len(scores)


def test_a_folder_into_a_table_and_again(extract, model, url, scores, capsys):
    words = ["score", model, "--ssd", extract, *SAID, "--into", TABLE, "--database", url]
    assert main(words) == 0
    first = capsys.readouterr()
    assert f"into the table {TABLE}" in first.out
    assert "keep them with the case records" in first.out
    same(url, scores)
    assert main(words) == 0
    again = capsys.readouterr()
    assert "all as they were: nothing was changed." in again.out
    said = first.out + first.err + again.out + again.err
    assert not [child for child in scores.index.get_level_values("child_id") if child in said]


def test_a_database_into_itself_with_a_url_of_the_environment(extract, model, tmp_path, scores, monkeypatch, capsys):
    place = tmp_path / "case_system.db"
    with closing(sqlite3.connect(place)) as connection:
        fill_sqlite(connection, Path(extract))
    monkeypatch.setenv("CASE_SYSTEM", f"sqlite:///{place}")
    assert main(["score", model, "--sql", "env:CASE_SYSTEM", *SAID, "--into", TABLE]) == 0
    assert str(place) not in capsys.readouterr().out
    same(f"sqlite:///{place}", scores)


def test_records_in_parts_are_a_source(extract, model, url, tmp_path, scores, capsys):
    parts = tmp_path / "parts"
    write_parts(read_ssd(extract, observed_until=UNTIL, progress=False), parts, n_parts=3, progress=False)
    assert main(["score", model, str(parts), "--index-date", UNTIL, "--into", TABLE, "--database", url, "--quiet"]) == 0
    same(url, scores)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_a_file(extract, model, tmp_path, scores, suffix, capsys):
    path = tmp_path / f"scores.{suffix}"
    assert main(["score", model, extract, *SAID, "--out", str(path)]) == 0
    if suffix == "xlsx":
        held = pd.concat(pd.read_excel(path, sheet_name=None).values()).sort_values(["rank", "child_id"])
        assert held["risk"].tolist() == pytest.approx(scores["risk"].tolist(), rel=1e-14)
    else:
        held = pd.read_parquet(path) if suffix == "parquet" else pd.read_csv(path, float_precision="round_trip")
        assert held["risk"].tolist() == scores["risk"].tolist()
    assert held["child_id"].astype(str).tolist() == scores.index.get_level_values("child_id").tolist()


def test_a_quiet_run_shows_no_progress(extract, model, url, capsys):
    words = ["score", model, "--ssd", extract, *SAID, "--into", TABLE, "--database", url]
    assert main(words) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Give either --into TABLE"),
        (["--into", TABLE, "--out", "scores.csv"], "Give either --into TABLE"),
        (["--out", "scores.csv", "--database", "sqlite:///x.db"], "Give either --into TABLE"),
        (["--into", TABLE], "The records are in no database"),
        (["--out", "scores.doc"], "whose name ends in"),
        (["--into", "a b", "--database", "sqlite:///x.db"], "table must be a name"),
        (["--out", "scores.csv", "--team", "worker_involvements.worker"], "sheets of a workbook"),
        (["--into", TABLE, "--database", "env:NOT_SET_AT_ALL"], "is not set"),
        (["--into", TABLE, "--database", "sqlite:///no/such/folder/x.db"], "cannot be made"),
    ],
)
def test_bad_usage_exits_with_2_and_writes_nothing(extract, model, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    assert main(["score", model, "--ssd", extract, *SAID, *words]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_model_or_day_that_cannot_be_used_exits_with_2(extract, model, url, tmp_path, capsys):
    where = ["--into", TABLE, "--database", url, "--quiet"]
    assert main(["score", str(tmp_path / "none.eoc"), "--ssd", extract, *SAID, *where]) == 2
    assert (
        main(["score", model, "--ssd", extract, "--observed-until", UNTIL, "--index-date", "2026-01-01", *where]) == 2
    )
    with pytest.raises(SystemExit) as caught:
        main(["score", model, "--ssd", extract, "--observed-until", UNTIL, *where])
    assert caught.value.code == 2
    assert "--index-date" in capsys.readouterr().err


def test_a_fault_of_ours_exits_with_1_and_tells_nothing(extract, model, url, monkeypatch, capsys):
    def broken(*_arguments, **_options):
        msg = "KIND1234567"
        raise RuntimeError(msg)

    monkeypatch.setattr("edgeofcare.scoring.batch.run.part_rows", broken)
    assert main(["score", model, "--ssd", extract, *SAID, "--into", TABLE, "--database", url]) == 1
    said = capsys.readouterr().err
    assert "internal fault (RuntimeError)" in said
    assert "KIND" not in said


def test_a_model_that_is_not_to_be_used_needs_an_override(extract, model, url, monkeypatch, capsys):
    monkeypatch.setattr("edgeofcare.model_file.load_model", lambda _path: expired())
    words = ["score", model, "--ssd", extract, *SAID, "--into", TABLE, "--database", url]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "it expired: its last day of use, 2025-03-30," in said
    assert "On the command line: (--override WHY)." in said
    assert main([*words, "--override", " "]) == 2
    assert main([*words, "--override", "The new model comes in May."]) == 0
    assert set(table_rows(url, TABLE)["override"]) == {"The new model comes in May."}


def expired():
    """A model that has expired on the day."""
    from edgeofcare.scorer import Scorer

    line = line_scorer()
    return Scorer(
        line.arrays,
        feature_names=line.feature_names,
        task=line.task,
        slope=1.0,
        intercept=0.0,
        manifest_json=b'{"expires": "2025-03-30"}',
    )
