"""Numbers of entrants that are asked for stand beside what each is for."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from edgeofcare.criteria import Criteria
from edgeofcare.reporting.needed import entrants_needed, what_each_is_for
from edgeofcare.reporting.sections import ReportSections
from reported import report_parts

TABLE = pd.DataFrame(
    {"part": ["all index dates", "training rows", "test period", "test period", "test period"],
     "quantity": ["rows", "entrants_per_feature", "auroc", "observed_expected_ratio", "calibration_slope"],
     "entrants_needed": [float("nan"), 2706.0, 163.0, 159.0, 223.0]}
)  # fmt: skip


def test_every_number_is_there_with_its_purpose() -> None:
    evaluation = replace(report_parts().evaluation, criteria=Criteria(min_entrants=110))
    said = what_each_is_for(evaluation, ReportSections(sample_size=TABLE))
    for part in (
        "110 is the least that the criteria",
        "163 for an interval of the AUROC that reaches no further than 0.05",
        "159 for one of observed over expected within 0.8 to 1.25",
        "223 for one of the calibration slope of 0.2",
        "In training, 2,706 is for a regression without penalty",
    ):
        assert part in said


@pytest.mark.parametrize("table", [None, TABLE.drop(columns="part"), TABLE.iloc[:2]])
def test_nothing_is_said_of_what_nobody_looked_at(table: pd.DataFrame | None) -> None:
    sections = ReportSections(sample_size=table)
    assert entrants_needed(sections) == 0
    assert what_each_is_for(report_parts().evaluation, sections) == ""


def test_the_slope_is_not_asked_for() -> None:
    assert entrants_needed(ReportSections(sample_size=TABLE)) == 163
    assert entrants_needed(ReportSections(sample_size=TABLE[TABLE["quantity"] != "auroc"])) == 159
