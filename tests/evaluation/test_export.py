"""Predictions under invented keys: the numbers stay, the children do not."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.evaluation.export import export_predictions, predictions_frame
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics.calibration import calibration_slope, observed_expected_ratio
from edgeofcare.metrics.classification import precision_at_k
from edgeofcare.metrics.discrimination import auroc
from evaluation.panels import FAST, Stub, make_panel

CAPACITY = 8


def read(path):
    """The file with every digit."""
    return pd.read_csv(path, float_precision="round_trip")


@pytest.fixture(scope="module")
def exported(panel, tmp_path_factory):
    X, y, _ = panel
    path = tmp_path_factory.mktemp("export") / "predictions.csv"
    return export_predictions(path, Stub(margin="lp"), X, y, capacity=CAPACITY)


@pytest.fixture(scope="module")
def frame(exported):
    return read(exported[0])


@pytest.fixture(scope="module")
def found(evaluation):
    table = evaluation.measures.query("stratum == 'all rows'")
    return table.set_index(["model", "measure"])["estimate"]


def test_the_measures_of_the_file_are_those_of_the_evaluation(frame, found):
    """Written with every digit: the shuffled rows give the evaluation's numbers."""
    y, risk = frame["y"].to_numpy(), frame["risk"].to_numpy()
    measured = {
        ("model", "auroc"): auroc(y, frame["score"].to_numpy()),
        ("count_rule", "auroc"): auroc(y, frame["score_count_rule"].to_numpy()),
        ("model", "observed_expected_ratio"): observed_expected_ratio(y, risk),
        ("model", "calibration_slope"): calibration_slope(y, risk),
        ("model", "ppv_at_capacity"): (frame["selected"] * y).sum() / frame["selected"].sum(),
        ("count_rule", "brier_score"): np.mean((y - frame["risk_count_rule"]) ** 2),
    }
    for name, value in measured.items():
        assert value == pytest.approx(found[name], rel=1e-9), name


def test_rows_of_a_household_child_and_date_stay_together(panel, frame):
    """Keys are other names for the same things, one to one."""
    X, y, _ = panel
    levels = {"household": "household_id", "child": "child_id", "period": "index_date"}
    real = X.index.to_frame(index=False).assign(risk=X["risk"].to_numpy(), y=y.to_numpy())
    joined = frame.merge(real, on="risk", suffixes=("", "_real"), validate="one_to_one")
    assert len(joined) == len(X)
    assert (joined["y"] == joined["y_real"]).all()
    for key, level in levels.items():
        pairs = joined[[key, level]].drop_duplicates()
        assert pairs[key].is_unique
        assert pairs[level].is_unique
        assert sorted(pairs[key]) == list(range(1, len(pairs) + 1))
    dates = joined[["period", "index_date"]].drop_duplicates().sort_values("period")
    assert dates["index_date"].is_monotonic_increasing


def test_nothing_of_a_child_is_in_the_file(panel, exported):
    X, _, _ = panel
    text = "".join(path.read_text(encoding="utf-8") for path in exported)
    for level in ("household_id", "child_id"):
        assert not any(key in text for key in X.index.get_level_values(level).unique())
    assert "2023-" not in text
    assert "CASE FILE" in text


def test_neither_keys_nor_rows_follow_the_order_of_the_records(panel, exported, frame, tmp_path):
    """Sorted identifiers must not be read off sorted keys, and no second export gives the first away."""
    X, y, _ = panel
    model = Stub(margin="lp")
    real = X.index.to_frame(index=False).assign(risk=X["risk"].to_numpy())
    joined = frame.merge(real, on="risk")
    for key, level in (("household", "household_id"), ("child", "child_id")):
        pairs = joined[[key, level]].drop_duplicates()
        assert abs(pairs[key].corr(pd.Series(pd.factorize(pairs[level], sort=True)[0], index=pairs.index))) < 0.3
    assert abs(frame["household"].corr(pd.Series(frame.index))) < 0.3
    again = read(export_predictions(tmp_path / "predictions.csv", model, X, y, capacity=CAPACITY)[0])
    keys = frame.merge(again, on="risk", suffixes=("", "_again"))[["child", "child_again"]].drop_duplicates()
    assert abs(keys["child"].corr(keys["child_again"])) < 0.3
    assert (keys["child"] == keys["child_again"]).mean() < 0.1


def test_a_tiny_table_by_hand():
    """Two households on two dates; one review a date goes to the highest score, shared where two tie."""
    dates = pd.to_datetime(["2023-04-01", "2023-05-01"])
    index = pd.MultiIndex.from_tuples(
        [("hA", "a", dates[0]), ("hA", "b", dates[0]), ("hB", "c", dates[0]), ("hB", "c", dates[1])],
        names=["household_id", "child_id", "index_date"],
    )
    X = pd.DataFrame({"risk": [0.3, 0.3, 0.1, 0.2], "rule": [0.1, 0.1, 0.1, 0.1]}, index=index)
    y = pd.Series([1, 0, 0, 1], index=index)
    made = predictions_frame(Stub(), X, y, capacity=1, rng=np.random.default_rng(0)).sort_values(
        ["risk", "y"], ascending=False
    )
    assert made.columns.tolist() == [
        *("household", "child", "period", "y", "risk", "score"),
        *("risk_prevalence", "score_prevalence", "risk_count_rule", "score_count_rule", "selected"),
    ]
    assert made["risk"].tolist() == [0.3, 0.3, 0.2, 0.1]
    assert made["selected"].tolist() == [0.5, 0.5, 1.0, 0.0]
    assert made["period"].tolist() == [1, 1, 2, 1]
    homes, children = made["household"].tolist(), made["child"].tolist()
    assert homes[0] == homes[1] != homes[2] == homes[3]
    assert children[2] == children[3]
    assert len({*children}) == 3


def test_precision_of_the_selected_is_precision_at_k_on_one_date():
    X, y, _ = make_panel(60, 4)
    one = X.index.get_level_values("index_date") == X.index.get_level_values("index_date").min()
    X, y = X[one], y[one]
    made = predictions_frame(Stub(), X, y, capacity=5, rng=np.random.default_rng(1))
    measured = (made["selected"] * made["y"]).sum() / made["selected"].sum()
    assert measured == pytest.approx(precision_at_k(y.to_numpy(), X["risk"].to_numpy(), 5))


@pytest.mark.parametrize("path", ["nowhere/predictions.csv", "predictions.R", 5])
def test_a_path_that_cannot_be_written_is_refused(panel, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y, _ = panel
    with pytest.raises(SpecError, match=r"cannot be written|must be that of a CSV|expected the path"):
        export_predictions(path, Stub(), X, y)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_measures_the_same(exported, found):
    done = subprocess.run(
        ["Rscript", "--vanilla", exported[1].name],
        cwd=exported[1].parent,
        capture_output=True,
        text=True,
        check=True,
    )
    said = dict(line.rsplit(None, 1) for line in done.stdout.splitlines() if "interval" not in line)
    for measure in ("auroc", "observed_expected_ratio", "calibration_in_the_large", "calibration_slope", "brier_score"):
        assert float(said[measure]) == pytest.approx(found["model", measure], rel=1e-6), measure
    assert float(said["ppv_at_capacity"]) == pytest.approx(found["model", "ppv_at_capacity"], rel=1e-6)
    assert float(said["auroc of count_rule"]) == pytest.approx(found["count_rule", "auroc"], rel=1e-6)


def test_the_evaluation_is_of_the_same_rows(panel, evaluation):
    """The fixture's evaluation and export use one capacity, so that their reviews can be compared."""
    X, y, cohort = panel
    again = evaluate(Stub(margin="lp"), X, y, cohort=cohort, capacity=CAPACITY, **FAST)
    assert again.reviews_per_index_date == evaluation.reviews_per_index_date
