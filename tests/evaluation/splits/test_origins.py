"""Evaluation at several origins: each is what anyone would get who stood there."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from edgeofcare.evaluation.evaluate import ALL_ROWS, SEEN, UNSEEN, evaluate
from edgeofcare.evaluation.splits.origins import evaluate_origins
from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.models.baselines import fit_baselines
from edgeofcare.splitting import Split, rolling_origins
from evaluation.places import TASK, make_places

FAST = {"n_resamples": 30}


class Classifier(LogisticRegression):
    """A regression that has a count rule to beat, and knows how many rows it was fitted on."""

    def fit(self, X, y):
        super().fit(X, y)
        self.baselines_ = fit_baselines(X, y.to_numpy())
        self.n_rows_ = len(X)
        return self


@pytest.fixture(scope="module")
def places():
    return make_places({"Ayton": 1.0, "Beford": 1.0}, households=300)


@pytest.fixture(scope="module")
def splits(places):
    _, y, cohort = places
    return rolling_origins(cohort, TASK, n_origins=3, test_length=12, y=y)


@pytest.fixture(scope="module")
def results(places, splits):
    X, y, cohort = places
    return evaluate_origins(Classifier(), X, y, splits, cohort=cohort, capacity=5, by="authority", **FAST)


def test_each_origin_is_the_evaluation_of_a_model_fitted_there(places, splits, results):
    X, y, cohort = places
    model = Classifier().fit(X.loc[splits[1].train], y.loc[splits[1].train])
    test = splits[1].test
    alone = evaluate(model, X.loc[test], y.loc[test], cohort=cohort, capacity=5, by="authority",
                     train=splits[1].train, **FAST)  # fmt: skip
    second = results.measures[results.measures["origin"] == 2]
    pd.testing.assert_frame_equal(second.iloc[:, 3:].reset_index(drop=True), alone.measures)
    assert results.evaluations[1].to_dict() == alone.to_dict()
    groups = results.groups[results.groups["origin"] == 2].iloc[:, 3:].reset_index(drop=True)
    pd.testing.assert_frame_equal(groups, alone.groups, check_dtype=False)


def test_periods_strata_models_and_differences_are_all_there(results):
    table = results.measures
    periods = table[["origin", "first_month", "last_month"]].drop_duplicates()
    assert periods.to_numpy().tolist() == [
        [1, "2020-04", "2020-10"],
        [2, "2021-04", "2021-10"],
        [3, "2022-04", "2022-10"],
    ]
    assert set(table["stratum"]) == {ALL_ROWS, SEEN, UNSEEN}
    assert {"model", "prevalence", "count_rule", "model minus count_rule"} <= set(table["model"])
    assert "calibration_slope" in set(table["measure"])


def test_what_there_was_to_learn_from_is_told_in_tens(places, splits, results):
    _, y, _ = places
    whole = results.counts[results.counts["stratum"] == ALL_ROWS]
    assert (whole["training_rows"] % 10 == 0).all()
    assert whole["training_rows"].is_monotonic_increasing
    for split, said in zip(splits, whole["training_entrants"], strict=True):
        entrants = y.loc[split.train][y.loc[split.train] == 1].index.get_level_values("child_id").nunique()
        assert abs(said - entrants) <= 5


def test_few_to_learn_from_are_not_counted(places):
    X, y, cohort = places
    index = X.index[X.index.get_level_values("household_id").str.startswith("Ayton")]
    entered, not_entered = index[y.loc[index] == 1], index[y.loc[index] == 0]
    train = entered[:5].append(not_entered[:40])
    split = Split(train, X.index.difference(train), note="by hand")
    found = evaluate_origins(LogisticRegression(), X, y, [split], cohort=cohort, **FAST)
    assert found.counts.loc[0, ["training_rows", "training_entrants", "note"]].tolist() == [40, "<10", "by hand"]


def test_the_text_says_what_the_table_says(results):
    table = results.measures
    rows = table[(table["model"] == "model") & (table["stratum"] == ALL_ROWS) & (table["measure"] == "auroc")]
    low, high = rows["estimate"].min(), rows["estimate"].max()
    assert f"AUROC lay between {low:.3f} and {high:.3f}" in results.text
    gains = table[(table["model"] == "model minus count_rule") & (table["stratum"] == ALL_ROWS)]
    shown = (gains[gains["measure"] == "auroc"]["ci_low"] > 0).sum()
    assert f"over the count rule was shown at {shown} of 3 origins" in results.text
    assert repr(results) == "OriginResults(3 origins, 2020-04 to 2022-10)"


@pytest.mark.parametrize(
    ("hidden", "last", "many"),
    [({3}, False, True), ({1}, True, True), ({1, 3}, False, False), ({1, 2}, True, False)],
)
def test_a_hidden_origin_is_told_and_no_other_is_called_the_last(results, hidden, last, many):
    table = results.measures.copy()
    table.loc[table["origin"].isin(hidden), ["estimate", "ci_low", "ci_high"]] = np.nan
    said = replace(results, measures=table).text
    rows = table[(table["model"] == "model") & (table["stratum"] == ALL_ROWS) & (table["measure"] == "auroc")]
    shown = rows["estimate"].dropna()
    sentence = next(part for part in re.split(r"(?<=\.) (?=[A-Z])", said) if part.startswith("AUROC"))
    assert f"({3 - len(hidden)} of 3 origins can be shown: too few entrants at the others" in sentence
    assert ("of which the last is one" in sentence) is not last
    assert (f", the last {shown.iloc[-1]:.3f}" in sentence) is (last and many)
    assert ("lay between" in sentence) is many
    assert f"of {3 - len(hidden)} origins that can be shown" in said
    unseen = table[(table["model"] == "model") & (table["stratum"] == UNSEEN) & (table["measure"] == "auroc")]
    count = unseen["estimate"].notna().sum()
    mean = f"mean AUROC was {unseen['estimate'].mean():.3f} ({count} of 3 origins can be shown)."
    assert (mean in said) is bool(count)


def test_the_last_origin_is_named_where_all_are_shown(results):
    table = results.measures
    rows = table[(table["model"] == "model") & (table["stratum"] == ALL_ROWS) & (table["measure"] == "auroc")]
    assert f", the last {rows['estimate'].iloc[-1]:.3f}." in results.text
    assert "can be shown" not in results.text.partition("Among")[0]


def test_nothing_personal_is_in_the_results(places, results):
    X, _, _ = places
    said = " ".join(frame.to_csv() for frame in (results.measures, results.counts, results.groups)) + results.text
    said += json.dumps([evaluation.to_dict() for evaluation in results.evaluations])
    assert not any(child in said for child in X.index.get_level_values("child_id").unique())
    assert "2020-04-01" not in said


def test_few_entrants_give_no_number(places):
    X, y, cohort = places
    year = X.index.get_level_values("index_date").year
    few = y.where(np.cumsum(y * (year == 2022)) <= 5, 0)
    split = Split(X.index[year < 2020], X.index[year == 2022])
    found = evaluate_origins(Classifier(), X, few, [split], cohort=cohort, **FAST)
    assert found.measures["estimate"].isna().all()
    assert found.counts["entrants"].iloc[0] == "<10"
    assert "AUROC is not shown: too few entrants." in found.text


def test_order_of_rows_and_a_fitted_model_change_nothing(places, splits, results):
    X, y, cohort = places
    shuffled = X.sample(frac=1, random_state=1)
    fitted = Classifier().fit(X, y)
    again = evaluate_origins(fitted, shuffled, y.loc[shuffled.index], splits[2:], cohort=cohort, capacity=5, **FAST)
    last = results.measures[results.measures["origin"] == 3].iloc[:, 1:].reset_index(drop=True)
    pd.testing.assert_frame_equal(again.measures.iloc[:, 1:], last)
    assert fitted.n_rows_ == len(X)


def test_rows_without_features_or_outcome_are_refused(places, splits):
    X, y, cohort = places
    with pytest.raises(SpecError, match=r"rows of the splits have no row in X or no outcome in y"):
        evaluate_origins(Classifier(), X.iloc[5:], y, splits, cohort=cohort, **FAST)
    with pytest.raises(SpecError, match="There is no split"):
        evaluate_origins(Classifier(), X, y, [], cohort=cohort, **FAST)
    with pytest.raises(IndexNamesError):
        evaluate_origins(Classifier(), X.reset_index(drop=True), y, splits, cohort=cohort, **FAST)
