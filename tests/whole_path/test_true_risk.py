"""The model against a truth that is known: how near it comes to what can be seen, and whether its interval holds.

The sizes are those of the claim. Others can be given as JSON in EDGEOFCARE_TRUE_RISK, such as
``{"train": 10000, "ceiling": 50000, "test": 10000, "tests": 1, "coverage": 5000, "seeds": 4}``; figures are printed,
and written to the file that EDGEOFCARE_FIGURES names.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from whole_path.true_risk import Sizes, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def figures() -> dict:
    found = run(Sizes(**json.loads(os.environ.get("EDGEOFCARE_TRUE_RISK", "{}"))))
    text = json.dumps(found, indent=1)
    print(text)  # noqa: T201
    if os.environ.get("EDGEOFCARE_FIGURES"):
        Path(os.environ["EDGEOFCARE_FIGURES"]).write_text(text + "\n", encoding="utf-8")
    return found


def test_the_model_reaches_nearly_all_of_the_lead_that_can_be_seen(figures):
    leads = figures["leads"]
    first = leads["first_seed"]
    assert first["auroc_oracle"] > first["auroc_ceiling"] > 0.6
    assert leads["share_of_lead"] >= 0.97, leads


def test_the_truth_expects_the_entries_that_there_are(figures):
    first = figures["leads"]["first_seed"]
    assert abs(first["entries"] / first["expected_by_truth"] - 1) < 4 / first["expected_by_truth"] ** 0.5


def test_the_interval_of_observed_to_expected_holds_the_truth(figures):
    assert figures["held"] >= 0.9 * len(figures["seeds"]), figures["seeds"]
