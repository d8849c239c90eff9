"""Scores in files: the same scores, the same bytes, no formula, and nothing half."""

from __future__ import annotations

import datetime as dt
import io
import json

import pandas as pd
import pyarrow.parquet as pq
import pytest

from batch_jobs import DAY, line_scorer, made, score, table_rows
from edgeofcare.exceptions import SpecError
from edgeofcare.explanation import whole_file
from edgeofcare.scoring.batch.files import write_scores_file
from edgeofcare.scoring.batch.layout import COLUMNS
from edgeofcare.scoring.batch.run import score_in_parts
from edgeofcare.scoring.batch.teams import team_of_children, told_teams
from edgeofcare.scoring.batch.workbook import NO_TEAM, sheet_names, workbook_bytes
from edgeofcare.scoring.batch.write import write_scores

openpyxl = pytest.importorskip("openpyxl")

NAMES = [column.name for column in COLUMNS]
FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "=HYPERLINK(\"http://x\")", "\t=1", "#N/A"]  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The same scores in a table, the riskiest first."""
    url = f"sqlite:///{tmp_path_factory.mktemp('table')}/scores.db"
    score(url)
    return table_rows(url).sort_values(["rank", "child_id"], ignore_index=True)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A workbook of the scores by worker."""
    path = tmp_path_factory.mktemp("book") / "scores.xlsx"
    assert score(path).new > 30
    return path


def made_row(number=1, **changes):
    """A score of nobody."""
    values = {
        **{"model_id": "44136fa355b3", "index_date": dt.date(2025, 3, 31), "child_id": f"c{number}"},
        **{"household_id": f"h{number}", "risk": 0.1, "risk_low": None, "risk_high": None, "rank": number},
        **{"log_odds": -2.2, "reasons": "[]", "unknown": "[]", "unseen": "[]", "compared_with": "the average child"},
        **{"data_until": dt.date(2025, 3, 30), "decision_support_only": True, "override": None},
    }
    return values | changes


def cells(path, sheet=None):
    """All cells of a workbook, or of one sheet."""
    found = openpyxl.load_workbook(path if not isinstance(path, bytes) else io.BytesIO(path))
    return [cell for each in found if sheet in (None, each.title) for row in each.iter_rows() for cell in row]


def test_parquet_holds_the_columns_of_the_table(tmp_path, table):
    path = tmp_path / "scores.parquet"
    score(path)
    held = pq.read_table(path).to_pandas()
    assert list(held) == NAMES
    for name in NAMES:
        wanted = table[name].astype(bool) if name == "decision_support_only" else table[name]
        got = held[name].astype(str) if name in ("index_date", "data_until") else held[name]
        assert got[got.notna()].tolist() == wanted[wanted.notna()].tolist(), name


def test_csv_reads_back_as_the_table(tmp_path, table):
    path = tmp_path / "scores.csv"
    score(path)
    held = pd.read_csv(path, encoding="utf-8-sig", float_precision="round_trip")
    assert list(held) == NAMES
    assert held["risk"].tolist() == table["risk"].tolist()
    assert held["reasons"].tolist() == table["reasons"].tolist()
    assert held["child_id"].tolist() == table["child_id"].tolist()


@pytest.mark.parametrize("suffix", ["parquet", "csv", "xlsx"])
def test_a_second_run_writes_nothing(tmp_path, suffix):
    path = tmp_path / f"scores.{suffix}"
    rows = [made_row(1), made_row(2)]
    assert write_scores_file(path, rows, None)
    first = path.read_bytes()
    assert not write_scores_file(path, rows, None)
    assert write_scores_file(path, rows[:1], None)
    assert path.read_bytes() != first
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "xlsx"])
def test_a_file_is_there_whole_or_as_it_was(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"scores.{suffix}"
    path.write_bytes(b"what was there")

    def full(self, content):
        with self.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_file.Path, "write_bytes", full)
    with pytest.raises(SpecError, match="cannot be written"):
        write_scores_file(path, [made_row()], None)
    assert path.read_bytes() == b"what was there"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_each_worker_has_a_sheet_and_each_child_one_row(book, table):
    workers = made().table("worker_involvements")
    open_then = workers[(workers["start_date"] < DAY) & ~(workers["end_date"] < DAY)]
    worker = open_then.sort_values(["start_date", "row_key"]).groupby("child_id")["worker"].last()
    found = openpyxl.load_workbook(book)
    assert len(found.sheetnames) > 3
    seen = []
    for sheet in found:
        heads = [cell.value for cell in next(sheet.iter_rows())]
        rows = [dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert rows, "a sheet without a child"
        assert [row["rank"] for row in rows] == sorted(row["rank"] for row in rows)
        for row in rows:
            assert worker.get(row["child_id"], NO_TEAM) == sheet.title
        seen += rows
    held = pd.DataFrame(seen).sort_values(["rank", "child_id"], ignore_index=True)
    for name in ("child_id", "household_id", "rank", "model_id"):
        assert held[name].tolist() == table[name].tolist()
    assert held["risk"].tolist() == pytest.approx(table["risk"].tolist(), rel=1e-15)  # a cell has 16 digits
    said = ["\n".join(reason["sentence"] for reason in json.loads(text)) for text in table["reasons"]]
    assert held["reasons"].fillna("").tolist() == said


def test_children_without_a_team_are_on_the_last_sheet(tmp_path):
    path = tmp_path / "scores.xlsx"
    children = line_scorer().score(made(), DAY).index.get_level_values("child_id")
    score_in_parts(line_scorer(), made(), DAY, path, teams={children[0]: "North"}, progress=False)
    assert openpyxl.load_workbook(path).sheetnames == ["North", NO_TEAM]
    assert [cell.value for cell in cells(path, "North") if cell.row == 2][1] == children[0]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_never_becomes_a_formula_in_a_workbook(text):
    reasons = json.dumps(
        [{"sentence": text, "concept": None, "rows": [{"table": text, "row_key": text, "date": None}]}]
    )
    row = made_row(child_id=text, household_id=text, reasons=reasons, override=text, unseen=json.dumps([text]))
    found = cells(workbook_bytes([row], [text]))
    texts = [cell for cell in found if isinstance(cell.value, str)]
    assert {cell.data_type for cell in texts} == {"s"}
    assert all(cell.quotePrefix for cell in texts)
    assert sum(text.strip() in str(cell.value) for cell in texts) >= 5


@pytest.mark.parametrize("text", [*FORMULAS[:6], "  =1+1", "\r=1", "\n=1"])
def test_text_never_becomes_a_formula_in_a_csv_file(tmp_path, text):
    path = tmp_path / "scores.csv"
    write_scores_file(path, [made_row(child_id=text, override=text)], None)
    held = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    for name in NAMES:
        value = held[name].iloc[0]
        assert not value.lstrip(" ").startswith(("=", "+", "@", "\t", "\r", "\n")), name
        assert not value.startswith("-") or float(value) < 0, name
    assert held["risk"].iloc[0] == "0.1"
    assert held["log_odds"].iloc[0] == "-2.2"


def test_keys_that_differ_differ_in_a_csv_file(tmp_path):
    path, keys = tmp_path / "scores.csv", ["=1", "'=1", "''=1", " =1", "' =1", "1", "'1", "-", "'-"]
    write_scores_file(path, [made_row(child_id=key) for key in keys], None)
    held = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)["child_id"].tolist()
    assert [text.removeprefix("'") for text in held] == keys
    assert len(set(held)) == len(keys)


def test_teams_with_strange_names_have_sheets_of_their_own():
    teams = ["A/B", "A B", "a b", "x" * 40, "x" * 41, "History", NO_TEAM, "[]", "", "'North'"]
    names = sheet_names(teams)
    assert set(names) == set(teams)
    assert len({name.casefold() for name in names.values()}) == len(teams)
    assert all(0 < len(name) <= 31 for name in names.values())
    assert names[""] == NO_TEAM == list(names.values())[-1]
    rows = [made_row(number) for number in range(len(teams))]
    found = openpyxl.load_workbook(io.BytesIO(workbook_bytes(rows, teams)))
    assert found.sheetnames == list(names.values())


def test_characters_that_a_workbook_cannot_hold_become_spaces():
    found = cells(workbook_bytes([made_row(child_id="a\x00b\x1f\ud800c")], ["t\x07"]))
    assert "a b  c" in [cell.value for cell in found]


def test_no_scores_make_an_empty_sheet():
    assert len({cell.row for cell in cells(workbook_bytes([], []))}) == 1


def test_the_team_is_that_of_the_day_as_it_was_known():
    rows = pd.DataFrame(
        {
            "row_key": ["1", "2", "3", "4", "5"],
            "child_id": ["a", "a", "b", "c", "c"],
            "worker": ["w1", "w2", "w3", "w4", "w5"],
            "start_date": pd.to_datetime(["2024-01-01", "2024-06-01", "2024-01-01", "2024-03-01", "2024-03-01"]),
            "end_date": pd.to_datetime(["2024-06-01", None, "2024-02-01", None, None]),
        }
    )
    children = pd.DataFrame({"child_id": list("abcd"), "birth_date": pd.Timestamp("2010-01-01")})
    tables = {name: made().table(name).iloc[:0] for name in made()}
    records = type(made()).from_tables(
        {**tables, "children": children, "worker_involvements": rows}, observed_until="2025-01-01"
    )

    def teams(day, place="worker_involvements.worker"):
        return team_of_children(place, records, list("abcd"), pd.Timestamp(day))

    assert teams("2024-05-01") == ["w1", "", "w5", ""]
    assert teams("2024-06-01") == ["w1", "", "w5", ""]  # neither the start nor the end of that day is known yet
    assert teams("2024-06-02") == ["w2", "", "w5", ""]
    assert team_of_children({"a": "North"}, records, list("ab"), pd.Timestamp("2024-05-01")) == ["North", ""]
    for place in ("worker_involvements", "nothing.worker", "worker_involvements.row_key", "relationships.child_id"):
        with pytest.raises(SpecError, match=r"table\.column"):
            teams("2024-05-01", place)


def test_a_frame_goes_into_files_too(tmp_path):
    scores = line_scorer().score(made(), DAY)
    path = tmp_path / "scores.xlsx"
    team = pd.Series("South", index=scores.index.get_level_values("child_id"))
    assert write_scores(scores, path, teams=team).new == len(scores)
    assert write_scores(scores, path, teams=team).unchanged == len(scores)
    assert openpyxl.load_workbook(path).sheetnames == ["South"]
    with pytest.raises(SpecError, match="sheets of a workbook"):
        write_scores(scores, f"sqlite:///{tmp_path}/scores.db", teams=team)


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT])
@pytest.mark.parametrize("kind", [dict, pd.Series])
def test_a_team_that_is_missing_is_no_team_in_either_way(tmp_path, nothing, kind):
    scores = line_scorer().score(made(), DAY)
    children = scores.index.get_level_values("child_id")
    named = {child: "North" if number % 2 else nothing for number, child in enumerate(children)}
    teams = named if kind is dict else pd.Series(list(named.values()), index=list(named), dtype=object)
    write_scores(scores, tmp_path / "frame.xlsx", teams=teams)
    score(tmp_path / "parts.xlsx", teams=teams)
    for path in tmp_path.iterdir():
        assert openpyxl.load_workbook(path).sheetnames == ["North", NO_TEAM], path.name


def test_of_two_teams_of_a_child_the_last_counts():
    assert told_teams(pd.Series(["North", "South", "East"], index=["a", "b", "a"]), ["b", "a"]) == ["South", "East"]
