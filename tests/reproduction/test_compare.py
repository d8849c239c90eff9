"""Two records beside each other: steps, numbers, environments."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgeofcare.reproduction.compare import compare_environments, compare_numbers, compare_steps
from edgeofcare.reproduction.result import Reproduction
from edgeofcare.runs.digests import Digest
from edgeofcare.runs.record import RunRecord

MEASURES = {
    "model": ["model", "model", "count_rule"],
    "measure": ["auroc", "ppv", "auroc"],
    "estimate": [0.7, None, 0.65],
    "entrants": [120, "<10", 120],
    "note": ["", "caution", ""],
}
CURVE = {"strategy": ["model", "model"], "threshold": [0.1, 0.2], "net_benefit": [0.03, 0.01]}


def record(steps=(), tables=None, environment=None):
    """A record with these digests, two letters a step."""
    return RunRecord({}, environment or {}, {name: Digest(*both) for name, both in dict(steps).items()}, tables or {})


def result(before, now, largest=None):
    """The comparison of two records."""
    return Reproduction(
        compare_steps(before, now, largest or {}),
        compare_numbers(before.tables, now.tables),
        compare_environments(before.environment, now.environment),
    )


def changed(table, **columns):
    """A copy of a table with other columns."""
    return {**{name: list(cells) for name, cells in table.items()}, **columns}


def test_steps_are_judged_by_both_digests():
    before = record({"a": "xy", "b": "xy", "c": "xy", "d": (None, None), "e": "xy"})
    now = record({"a": "xy", "b": "zy", "c": "zz", "d": (None, None), "f": "xy"})
    steps = compare_steps(before, now, {"a": 9.0, "c": 0.25}).set_index("step")
    assert steps["verdict"].to_dict() == {
        "a": "identical",
        "b": "differs by rounding",
        "c": "differs",
        "d": "not compared",
        "e": "not compared",
        "f": "not compared",
    }
    assert steps["largest_difference"].fillna(-1).tolist() == [0.0, -1, 0.25, -1, -1, -1]


def test_equal_tables_agree_in_every_cell():
    numbers = compare_numbers({"measures": MEASURES, "curve": CURVE}, {"measures": changed(MEASURES), "curve": CURVE})
    assert numbers["identical"].all()
    assert len(numbers) == 3 * 3 + 2 * 2
    assert numbers.loc[numbers["table"] == "measures", "row"].unique().tolist() == [
        "model, auroc",
        "model, ppv",
        "count_rule, auroc",
    ]


@pytest.mark.parametrize(
    ("column", "cells", "row", "difference"),
    [
        ("estimate", [np.nextafter(0.7, 1), None, 0.65], "model, auroc", np.nextafter(0.7, 1) - 0.7),
        ("estimate", [0.7, 0.5, 0.65], "model, ppv", None),
        ("estimate", [0.7, "inf", 0.65], "model, ppv", None),
        ("entrants", [119, "<10", 120], "model, auroc", -1.0),
        ("entrants", [120, 12, 120], "model, ppv", None),
        ("note", ["", "unreliable", ""], "model, ppv", None),
    ],
)
def test_one_cell_that_changes_is_the_one_named(column, cells, row, difference):
    numbers = compare_numbers({"m": MEASURES}, {"m": changed(MEASURES, **{column: cells})})
    other = numbers.loc[~numbers["identical"]]
    assert other[["row", "column"]].to_numpy().tolist() == [[row, column]]
    found = other["difference"].iloc[0]
    assert np.isnan(found) if difference is None else found == difference


def test_rows_are_matched_by_label_and_not_by_place():
    shuffled = {name: [cells[2], cells[0], cells[1]] for name, cells in MEASURES.items()}
    assert compare_numbers({"m": MEASURES}, {"m": shuffled})["identical"].all()


def test_the_order_of_columns_does_not_matter():
    """A model file keeps its entries sorted by name."""
    before = {name: MEASURES[name] for name in sorted(MEASURES)}
    numbers = compare_numbers({"m": before}, {"m": changed(MEASURES)})
    assert numbers["identical"].all()
    assert numbers["row"].iloc[0] == "model, auroc"


def test_a_row_in_one_run_only_is_named():
    short = {name: cells[:2] for name, cells in MEASURES.items()}
    for before, now, side in ((MEASURES, short, "found"), (short, MEASURES, "recorded")):
        other = compare_numbers({"m": before}, {"m": now}).query("not identical")
        assert other["row"].tolist() == ["count_rule, auroc"]
        assert other[side].tolist() == ["no such row"]


def test_a_curve_of_another_length_is_matched_as_far_as_it_goes():
    longer = {"strategy": ["model"] * 3, "threshold": [0.1, 0.2, 0.3], "net_benefit": [0.03, 0.01, 0.0]}
    numbers = compare_numbers({"c": CURVE}, {"c": longer})
    assert numbers["identical"].tolist() == [True] * 4 + [False]
    assert numbers["row"].iloc[-1] == "model, row 3"


def test_numbers_are_written_with_every_digit():
    numbers = compare_numbers({"m": {"x": [0.1 + 0.2]}}, {"m": {"x": [0.3]}})
    assert numbers[["recorded", "found"]].to_numpy().tolist() == [["0.30000000000000004", "0.3"]]
    assert numbers["row"].tolist() == ["row 1"]


def test_environments_are_set_beside_each_other():
    frame = compare_environments({"python": "3.11.7", "shap": "0.51"}, {"python": "3.13.0", "numpy": "2.4"})
    assert frame.to_numpy().tolist() == [
        ["python", "3.11.7", "3.13.0", False],
        ["numpy", "none", "2.4", False],
        ["shap", "0.51", "none", False],
    ]


SAME = record({"records": "xy", "risks": "xy"}, {"m": MEASURES}, {"python": "3.11.7"})


def test_the_same_run_is_said_to_be_reproduced():
    found = result(SAME, SAME)
    assert found.identical
    assert found.first_difference is None
    assert found.text.startswith("Reproduced: every step and every number agrees to the last digit.")
    assert "m: 9 of 9 agree" in found.text
    assert "Environment: the same" in found.text


def test_rounding_is_not_called_a_reproduction_but_is_told_from_change():
    other = record({"records": "xy", "risks": "zy"}, {"m": MEASURES}, {"python": "3.13.0"})
    found = result(SAME, other, {"risks": 2e-16})
    assert not found.identical
    assert found.first_difference == "risks"
    assert "part at the step 'risks', by rounding alone" in found.text
    assert "differs by rounding, by up to 2e-16" in found.text
    assert "python: 3.11.7, 3.13.0" in found.text


def test_the_first_step_and_the_largest_numbers_are_named():
    tables = {"m": changed(MEASURES, estimate=[0.75, None, 0.651])}
    found = result(SAME, record({"records": "ab", "risks": "zz"}, tables, {"python": "3.11.7"}))
    assert "part at the step 'records', in more than rounding" in found.text
    assert "m: 7 of 9 agree to the last digit; largest difference 0.05" in found.text
    lines = found.text.splitlines()
    first = next(line for line in lines if "m: model, auroc, estimate" in line)
    assert "0.7 was, 0.75 now is (+0.05)" in first
    assert lines.index(first) < lines.index(next(line for line in lines if "count_rule, auroc" in line))


def test_numbers_alone_can_spoil_it():
    """Digests are of the tables, but nothing rests on that."""
    assert not result(SAME, record(SAME.steps, {"m": changed(MEASURES, note=["x", "", ""])})).identical


def test_what_could_not_be_compared_is_no_reproduction():
    found = result(record({"records": "xy"}), record({"records": "xy", "evaluation: new": "xy"}))
    assert not found.identical
    assert found.first_difference is None
    assert found.text.startswith("Not wholly compared")


def test_json_holds_everything():
    other = record({"records": "xy", "risks": "zz"}, {"m": changed(MEASURES, estimate=[0.75, None, 0.65])})
    plain = json.loads(json.dumps(result(SAME, other).to_dict(), allow_nan=False))
    assert (plain["identical"], plain["first_difference"]) == (False, "risks")
    assert [step["verdict"] for step in plain["steps"]] == ["identical", "differs"]
    assert len(plain["numbers"]) == 9
    assert next(row for row in plain["numbers"] if not row["identical"])["found"] == "0.75"
