"""What is told of one child without pandas is what the frames tell, word for word and row for row."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.cells import NOT_KNOWN, look_at
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.single import ChildExplainer, unknown_features
from edgeofcare.explanation.wording_file import Wording, default_wording
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.names import as_features
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.features.single.row import SingleFeatures
from edgeofcare.models.arrays import LinearArrays
from edgeofcare.models.recalibration import Recalibration
from edgeofcare.scorer import Scorer
from edgeofcare.task import Task
from tiny_tables import records_of
from told_child import CHILD, DAY, RECORDS, explained

MORE = [
    "missing.count.90d",
    "missing.days_since",
    "cp_plan.count_ended.1095d",
    "missing.days_in.365d / missing.count.365d",
    "referral.days_since_end - referral.days_since",
    "contact.share_source_6.1095d",
    "contact.count.365d / missing.count.365d",
    "assessment.count_ended.365d",
    "missing.days_since_end",
    "sibling_undated.missing.count.365d",
    "sibling.missing.count.365d",
    "sibling_undated.number_0_17",
    "calendar.month",
    "child.sex_F",
]
NAMES = list(dict.fromkeys([*MORE, *(spec.name for spec in default_features(undated_links=True)[::3])]))
WORLDS = {
    "plain": {},
    "reaching back too little": {"options": {"observed_from": "2023-10-01"}},
    "one table reaching back too little": {"options": {"observed_from": {"contacts": "2023-10-01"}}},
    "late": {"options": {"reporting_lag": 20}},
    "offences received": {"offences": "child, date\nAli 4, 2020-01-01"},
    "spells of care": {"care_episodes": f"child, start, end\n{CHILD}, 2022-01-01, 2022-02-01"},
    "siblings": {"relationships": f"child, related_id, kind\n{CHILD}, Ali 4, sibling"},
}


@cache
def told_twice(world="plain"):
    """An explanation of every feature through the frames, and the features of the same child without them."""
    records = records_of(**RECORDS | WORLDS[world])
    contributions = {name: (-1) ** place * (0.2 + 0.001 * place) for place, name in enumerate(NAMES)}
    frames = explained(contributions, records=records)
    held = ChildRecords.from_records(records, CHILD)
    return frames, SingleFeatures(as_features(NAMES)).row(held, DAY), held, contributions


def explainer_of(names, **options):
    """A regression that gives nothing but its intercept."""
    zero = np.zeros(len(names))
    line = LinearArrays(zero, zero, zero, zero, zero, -3.0)
    return ChildExplainer(line, Recalibration(1.0, 0.0, "", 0, 0), names, **options)


def as_plain(cell):
    """All that a cell tells, with a word for NaN."""
    value = "nan" if math.isnan(cell.value) else cell.value
    return cell.feature, value, cell.record, cell.sentence, cell.evidence, cell.strength, cell.concept


@pytest.mark.parametrize("world", WORLDS)
def test_every_feature_is_told_as_the_frames_tell_it(world):
    frames, row, held, contributions = told_twice(world)
    explainer = explainer_of(NAMES)
    expected = [look_at(frames, 0, column) for column in range(len(NAMES))]
    found = [explainer._cell(row, at, contributions[name], held) for at, name in enumerate(NAMES)]
    assert list(map(as_plain, found)) == list(map(as_plain, expected))
    assert unknown_features(row) == tuple(cell.feature for cell in expected if cell.record == NOT_KNOWN)


def test_the_worlds_hold_every_kind_of_record_and_sentence():
    cells = [
        explainer_of(NAMES)._cell(row, at, contributions[name], held)
        for _, row, held, contributions in map(told_twice, WORLDS)
        for at, name in enumerate(NAMES)
    ]
    assert {cell.record for cell in cells} == {"recorded", "nothing recorded", "not known"}
    assert any(cell.sentence.startswith("No records of offences were received") for cell in cells)
    assert any(cell.sentence.startswith("Unknown: the records") for cell in cells)
    assert any(cell.strength for cell in cells)
    assert max(len(cell.evidence) for cell in cells) > 3


def test_reasons_of_a_regression_are_those_of_the_frames():
    frames, row, held, _ = told_twice()
    rng = np.random.default_rng(0)
    draw = rng.normal(size=(5, len(NAMES)))
    line = LinearArrays(np.abs(draw[0]), draw[1], draw[2] / 50, draw[3] / 5, np.full(len(NAMES), 0.3), -2.0)
    explainer = ChildExplainer(line, Recalibration(0.9, 0.1, "", 0, 0), NAMES)
    scorer = Scorer(line, feature_names=NAMES, task=Task(), slope=0.9, intercept=0.1)
    why = explain(scorer, frames.values, records=frames._records)
    reasons = explainer.reasons(row, float(why.log_odds.iloc[0]), observed=held, top=50)
    expected = why.reasons(50).to_dict("records")
    assert len(reasons) == len(expected) > 5
    assert explainer.base == why.base
    for reason, line_of_frame in zip(reasons, expected, strict=True):
        assert (reason.concept, reason.contribution, reason.points) == tuple(
            line_of_frame[name] for name in ("concept", "contribution", "probability_points")
        )
        assert (reason.cell.feature, reason.cell.sentence, reason.cell.evidence) == tuple(
            line_of_frame[name] for name in ("feature", "sentence", "evidence")
        )


def test_a_score_that_the_contributions_miss_is_refused():
    _, row, held, _ = told_twice()
    explainer = explainer_of(NAMES)
    assert explainer.reasons(row, -3.0, observed=held, top=3) == []
    with pytest.raises(SpecError, match="Contributions miss"):
        explainer.reasons(row, -3.1, observed=held, top=3)


def test_sentences_of_a_wording_file_are_used():
    _, row, held, _ = told_twice()
    at = NAMES.index("missing.count.90d")
    sentences = {**default_wording().sentences, ("missing.count.90d", "more"): "{number} fois avant le {date}."}
    cell = explainer_of(NAMES, wording=Wording(sentences))._cell(row, at, 0.5, held)
    assert cell.sentence == "4 fois avant le 31 March 2024."


def test_rows_of_a_child_say_nothing_of_it():
    _, row, held, _ = told_twice()
    cell = explainer_of(NAMES)._cell(row, NAMES.index("missing.count.90d"), 0.5, held)
    assert len(cell.rows) == 4
    assert repr(cell.rows) == "RowsOfChild()"
