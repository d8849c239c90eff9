"""What is shared tells of no small number, neither as it stands nor by subtraction."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.cohort import AUDIT_COLUMNS
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.model_manifest import plain_evaluation
from edgeofcare.reporting.shareable import hide_small, shareable_attrition, shareable_groups, small_count
from evaluation.panels import Stub, make_panel

STEPS = ["rows_excluded", "rows_left", "children_left"]


def attrition(start, losses):
    """Who is left after rules that exclude so many rows and children."""
    rows, children = start
    steps = [("all", 0, rows, children)]
    for number, (fewer_rows, fewer_children) in enumerate(losses):
        rows, children = rows - fewer_rows, children - fewer_children
        steps.append((f"rule {number}", fewer_rows, rows, children))
    return pd.DataFrame(steps, columns=["rule", *STEPS])


def numbers(shown):
    """Counts as numbers; NaN where they are hidden."""
    return shown[STEPS].apply(lambda column: pd.to_numeric(column.str.replace(",", ""), errors="coerce"))


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (1, "<10"), (9, "<10"), (10, "10"), (np.int64(9), "<10"), (1234, "1,234"), ("<10", "<10")],
)
def test_counts_of_1_to_9_are_hidden(count, text):
    assert small_count(count) == text


def test_only_the_columns_of_counts_are_changed():
    frame = pd.DataFrame({"table": ["contacts"], "children": [4], "reporting_lag": [5]})
    shown = hide_small(frame, "children")
    assert shown.iloc[0].tolist() == ["contacts", "<10", 5]
    assert frame["children"].tolist() == [4]


def test_steps_that_are_large_are_shown_as_they_are():
    shown = shareable_attrition(attrition((2003, 507), [(101, 52), (0, 0), (99, 11)]))
    assert shown["rows_excluded"].tolist() == ["0", "101", "0", "99"]
    assert shown["rows_left"].tolist() == ["2,003", "1,902", "1,902", "1,803"]
    assert shown["children_left"].tolist() == ["507", "455", "455", "444"]


@pytest.mark.parametrize("small", [(7, 2), (7, 0), (40, 3)], ids=["rows", "rows of no child", "children"])
def test_a_small_step_rounds_every_number(small):
    shown = shareable_attrition(attrition((2003, 507), [(101, 52), small, (99, 11)]))
    known = numbers(shown)
    assert (known.fillna(0) % 10 == 0).all(axis=None)
    assert (shown["rows_excluded"].iloc[2] == "<10") == (small[0] < 10)
    for name, before in (("rows_left", 1902), ("children_left", 455)):
        assert abs(known[name].iloc[1] - before) <= 5


@given(
    st.tuples(st.integers(3000, 5000), st.integers(900, 1200)),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), min_size=1, max_size=6),
    st.integers(1, 9),
)
def test_no_small_step_can_be_worked_out(start, losses, small):
    """Any small step in the middle is as possible as the true one, given everything that the table shows."""
    middle = len(losses) // 2
    steps = attrition(start, [*losses[:middle], (small, small), *losses[middle:]])
    shown = shareable_attrition(steps)
    known = numbers(shown)
    assert not known[STEPS[1:]].isna().any(axis=None)
    assert shown.loc[(steps["rows_excluded"] > 0) & (steps["rows_excluded"] < 10), "rows_excluded"].eq("<10").all()
    for name in STEPS[1:]:
        drop = -known[name].diff().iloc[middle + 1]
        assert drop in (0, 10)  # each leaves every number from 1 to 9 open: rounding moves either end by up to 5
    for (_, before), (position, after) in pairwise(known.iterrows()):
        if shown["rows_excluded"].iloc[position] != "<10":
            assert before["rows_left"] - after["rows_left"] == after["rows_excluded"]


def test_only_groups_of_audit_columns_are_kept():
    by = [*AUDIT_COLUMNS, "worker", "outcome_until", "SEX"]
    kept, left_out = shareable_groups(pd.DataFrame({"by": by, "group": "not recorded"}))
    assert kept["by"].tolist() == list(AUDIT_COLUMNS)
    assert left_out == 3
    empty, none = shareable_groups(pd.DataFrame({"by": [], "group": []}))
    assert (len(empty), none) == (0, 0)


def test_one_value_of_ones_own_takes_its_whole_table_out():
    rows = [("sex", "female"), ("sex", "Ada Lovelace"), ("need", "N1"), ("sex x need", "female x N1")]
    rows += [("sex x need", "female x Ada Lovelace"), ("authority x sex", "A x B x female")]
    kept, left_out = shareable_groups(pd.DataFrame(rows, columns=["by", "group"], index=range(4, 10)))
    assert kept.to_numpy().tolist() == [["need", "N1"], ["authority x sex", "A x B x female"]]
    assert left_out == 4


@pytest.mark.parametrize("by", ["status", ("sex", "status")])
def test_names_under_the_name_of_an_audit_column_reach_nothing_that_is_shared(by):
    X, y, cohort = make_panel(300, 1, -2.0)
    risky = X.assign(risk=X["risk"] / 3)  # so that every group lies outside its limits and is spoken of
    worker = np.where(X.index.get_level_values("household_id") < "h0150", "Ada Lovelace", "Grace Hopper")
    found = evaluate(Stub(), risky, y, cohort=cohort.assign(status=worker), by=["sex", by], n_resamples=200)
    assert found.groups["group"].str.contains("Ada Lovelace").any()
    text = found.verdict().text + " ".join(found.verdict().criteria["why"])
    assert "sex F (" in text
    assert "a group of a column of your own (" in text
    saved = plain_evaluation(found)
    assert {group["by"] for group in saved["groups"]} == {"sex"}
    assert "Ada" not in json.dumps(saved) + text
    assert "Hopper" not in json.dumps(saved) + text
