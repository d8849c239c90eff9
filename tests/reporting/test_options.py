"""What was chosen for a model is told in words, and only what its kind uses."""

from __future__ import annotations

import pytest

from edgeofcare.criteria import Criteria
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.reporting.options import criteria_words, option_words


def test_trees_have_no_option_of_the_regression_and_the_other_way_round() -> None:
    trees, regression = option_words(make_risk_model("boosting")), option_words(make_risk_model("logistic"))
    assert set(trees) & set(regression) == {"folds of households", "seed"}
    assert trees["trees"] == "found on households left out"
    assert regression["most steps"] == "200"


def test_the_number_of_trees_that_was_found_is_told() -> None:
    model = make_risk_model("boosting")
    model.n_iter_ = 1234
    assert option_words(model)["trees"] == "1,234 (found on households left out)"
    assert option_words(make_risk_model("boosting").set_params(max_iter=75))["trees"] == "75"


def test_what_is_not_usual_is_told() -> None:
    model = make_risk_model("logistic").set_params(refits=20, independent_rows=True)
    assert option_words(model)["refits for intervals of risks"] == "20"
    assert option_words(model)["rows"] == "taken as unrelated to each other"


@pytest.mark.parametrize(
    "part",
    [
        "at least 1,500 entrants",
        "over the ten features in AUROC",
        "at thresholds 0.02 to 0.4",
        "within 0.7 to 1.4,",
        "shown within 0.5 to 2;",
        "touching 0.6 to 1.6;",
    ],
)
def test_every_limit_is_in_the_sentence(part: str) -> None:
    limits = Criteria("ten_features", 1500, (0.02, 0.4), (0.7, 1.4), (0.6, 1.6), (0.5, 2.0))
    assert part in criteria_words(limits)
