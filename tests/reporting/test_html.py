"""The report shows no small number of children, no group of free values, and says where it cannot be written."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pandas as pd
import pytest

from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.exceptions import SpecError
from edgeofcare.features.names import as_features
from edgeofcare.reporting.html import write_report
from edgeofcare.splitting import Split
from saved_models import FEATURES, trained

CANARY = "Ada-Lovelace-1815"
SUMMARY = pd.DataFrame({"level": ["feature"], "name": ["child.age"], "concept": ["age"], "mean_size": [0.25]})
ATTRITION = pd.DataFrame(
    {"rule": ["all", "alive"], "rows_excluded": [0, 7], "rows_left": [60013, 60006], "children_left": [7771, 7768]}
)


class FewRecords:
    """Records some of whose counts are small."""

    def __init__(self, records):
        self.records = records

    def __getattr__(self, name):
        return getattr(self.records, name)

    def counts(self):
        counts = self.records.counts()
        counts.loc[0, "children"], counts.loc[1, "rows"] = 7, 8
        return counts

    def findings(self):
        return pd.DataFrame(
            [("contacts", "source", 7, "emptied", "no such code"), ("contacts", "date", 70, "dropped", "no date")],
            columns=["table", "column", "count", "action", "why"],
        )


@pytest.fixture(scope="module")
def parts():
    """Everything that a report is made of, with small counts."""
    made = trained("logistic")
    cohort = made.cohort.assign(worker=f"{CANARY} c1")
    evaluation = evaluate(
        made.model, made.X, made.y, cohort=cohort, by=["sex", "worker"], train=made.X.index, n_resamples=20
    )
    model = copy.deepcopy(made.model)
    model.training_counts_ = {"rows": 60, "children": 7, "households": 7, "entrants": 7}
    object.__setattr__(model.calibration_, "n_entrants", 7)
    return {
        "evaluation": evaluation,
        "model": model,
        "records": FewRecords(made.records),
        "attrition": ATTRITION,
        "split": Split(made.X.index, made.X.index, purged=7),
        "features": as_features(FEATURES),
        "summary": SUMMARY,
    }


@pytest.fixture(scope="module")
def page(parts, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert write_report(path, **parts) == path
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    return path.read_text(encoding="utf-8")


def words(page, start, stop):
    """The text of a part of the page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page[page.index(start) : page.index(stop, page.index(start))]))


def test_small_counts_of_training_are_not_shown(page):
    said = words(page, "<p>Training:", "<h2>What the records hold")
    assert "Training: 60 rows, &lt;10 children, &lt;10 entrants. Purged: &lt;10 rows" in said
    assert "from &lt;10 entrants" in said
    assert "&lt;10 in training" in page
    assert "7 in training" not in page


def test_small_steps_of_attrition_are_not_shown(page):
    said = words(page, "<h2>Who was scored", "<p>Training:")
    assert "all 0 60,010 7,770 alive &lt;10 60,010 7,770" in said
    for exact in ("60,013", "60,006", "7,771", "7,768"):
        assert exact not in page


def test_small_counts_of_the_records_are_not_shown(page, parts):
    said = words(page, "<summary>Tables", "<summary>Features")
    counts = parts["records"].counts()
    assert f"{counts['table'][0]} {counts['rows'][0]:,} &lt;10" in said
    assert f"{counts['table'][1]} &lt;10" in said
    assert "contacts source &lt;10 emptied" in said
    assert "contacts date 70 dropped" in said


def test_groups_by_own_columns_are_left_out_and_counted(page, parts):
    assert parts["evaluation"].groups["group"].str.contains(CANARY).any()
    assert CANARY not in page
    assert "Left out of this page: 1 group(s) by columns of your own" in page
    assert ">female<" in page


@pytest.mark.parametrize("place", ["none/report.html", ".", "n" * 300, "file/report.html", None])
def test_a_report_that_cannot_be_written_is_refused(place, parts, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError, match="report cannot be written there") as caught:
        write_report(None if place is None else tmp_path / place, **parts)
    assert str(tmp_path) not in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_report_is_written_whole_or_not_at_all(parts, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", CANARY)

    (tmp_path / "report.html").write_text("old")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SpecError, match=r"\(No space left on device\)") as caught:
        write_report(tmp_path / "report.html", **parts)
    assert CANARY not in str(caught.value)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("report.html", "old")]
