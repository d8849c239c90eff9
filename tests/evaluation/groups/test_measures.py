"""Group audits against plain measures, hand-made pictures and brute-force resamples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare import metrics
from edgeofcare.evaluation._inputs import score_rows
from edgeofcare.evaluation.capacity import select_rows
from edgeofcare.evaluation.groups.draws import MEASURES, draw_groups
from edgeofcare.evaluation.groups.measures import GROUP_COLUMNS, GROUP_MEASURE_COLUMNS, audit_groups
from edgeofcare.evaluation.groups.tables import check_groups, group_tables
from edgeofcare.exceptions import SpecError
from evaluation.panels import FixedRisk, Stub, make_panel

BY = ["sex", "ethnic_group", ("sex", "ethnic_group")]
K = 130


def scored(X, y, cohort, by=BY, k=K):
    """Rows, columns and reviews of a panel."""
    rows = score_rows(Stub(margin="lp"), X, y)
    selected = None if k is None else select_rows(rows.score["model"], rows.date, k)
    return rows, check_groups(cohort, by, X), selected


@pytest.fixture(scope="module")
def large():
    return make_panel(700, 5, -2.4)


@pytest.fixture(scope="module")
def audit(large):
    return audit_groups(*scored(*large), reference={"sex": "F"}, n_resamples=60)


def value(audit, by, group, measure, column="estimate", against=None):
    """One cell of the long table."""
    frame = audit.measures
    part = frame[(frame["by"] == by) & (frame["group"] == group) & (frame["measure"] == measure)]
    part = part if against is None else part[part["against"] == against]
    return part[column].iloc[0]


def rates(y, risk, score, chosen):
    """Measures of some rows by their definitions."""
    tp, fn = (y * chosen).sum(), (y * (1 - chosen)).sum()
    fp, tn = ((1 - y) * chosen).sum(), ((1 - y) * (1 - chosen)).sum()
    return {
        "base_rate": (tp + fn) / y.size,
        "mean_risk": risk.mean(),
        "selection_rate": (tp + fp) / y.size,
        "true_positive_rate": tp / (tp + fn),
        "false_negative_rate": fn / (tp + fn),
        "false_positive_rate": fp / (fp + tn),
        "ppv": tp / (tp + fp),
        "false_omission_rate": fn / (fn + tn),
        "auroc": metrics.auroc(y, score),
        "observed_expected_ratio": metrics.observed_expected_ratio(y, risk),
        "calibration_in_the_large": metrics.calibration_in_the_large(y, risk),
        "calibration_slope": metrics.calibration_slope(y, risk),
    }


def by_definition(large):
    """Measures of girls and of boys by their definitions, unrounded."""
    X, y, cohort = large
    chosen = (X.groupby(level="index_date")["lp"].rank(ascending=False) <= K).to_numpy(dtype=float)
    out = {}
    for sex in ("F", "M"):
        part = (cohort["sex"] == sex).to_numpy()
        out[sex] = rates(y.to_numpy()[part], X["risk"].to_numpy()[part], X["lp"].to_numpy()[part], chosen[part])
    return out


@pytest.mark.parametrize("measure", MEASURES[:12])
def test_every_measure_and_its_differences_are_what_their_definitions_say(large, audit, measure):
    expected = by_definition(large)
    decimals = 3 if measure in MEASURES[:8] else 2
    assert value(audit, "sex", "F", measure) == round(expected["F"][measure], decimals)
    gap = round(expected["M"][measure] - expected["F"][measure], decimals)
    for against in ("the rest", "F"):
        assert value(audit, "sex", "M", measure, "difference", against) == pytest.approx(gap, abs=1e-9)
    if measure in MEASURES[:8]:
        ratio = round(expected["M"][measure] / expected["F"][measure], 2)
        assert value(audit, "sex", "M", measure, "ratio", "the rest") == ratio


def test_shares_of_the_list_and_of_the_entrants_are_counted_by_hand(large, audit):
    X, y, cohort = large
    chosen = X.groupby(level="index_date")["lp"].rank(ascending=False) <= K
    girl = cohort["sex"] == "F"
    entrants = y[y == 1].index.get_level_values("child_id")
    girls = y[(y == 1) & girl].index.get_level_values("child_id").nunique()
    assert value(audit, "sex", "F", "list_share") == round((chosen & girl).sum() / chosen.sum(), 3)
    assert value(audit, "sex", "F", "entry_share") == round(girls / entrants.nunique(), 3)
    gap = (chosen & girl).sum() / chosen.sum() - girls / entrants.nunique()
    assert value(audit, "sex", "F", "list_minus_entry_share") == round(gap, 3)


def test_the_tables_have_their_columns_and_the_wide_one_agrees_with_the_long(audit):
    assert tuple(audit.groups.columns) == GROUP_COLUMNS
    assert tuple(audit.measures.columns) == GROUP_MEASURE_COLUMNS
    for _, row in audit.groups.iterrows():
        for measure in set(MEASURES) & set(GROUP_COLUMNS):
            np.testing.assert_equal(row[measure], value(audit, row["by"], row["group"], measure))
    row = audit.groups.iloc[0]
    assert row["auroc_low"] == value(audit, row["by"], row["group"], "auroc", "ci_low")


def test_intervals_surround_estimates_and_the_two_sides_of_a_column_mirror_each_other(audit):
    frame = audit.measures.dropna(subset=["estimate", "ci_low"])
    inside = (frame["ci_low"] <= frame["estimate"]) & (frame["estimate"] <= frame["ci_high"])
    assert inside.mean() > 0.97
    for measure in ("auroc", "base_rate", "true_positive_rate"):
        girls = [value(audit, "sex", "F", measure, f"difference{end}", "the rest") for end in ("_low", "_high", "")]
        boys = [value(audit, "sex", "M", measure, f"difference{end}", "the rest") for end in ("_high", "_low", "")]
        assert girls == pytest.approx([-each for each in boys], abs=1e-9)


def test_hidden_groups_show_nothing_in_the_long_table_but_their_note(audit):
    hidden = set(audit.groups.loc[audit.groups["rows"] == "suppressed", "group"])
    assert {"not recorded", "F x not recorded", "M x not recorded"} <= hidden
    assert {"white", "F x white"}.isdisjoint(hidden)
    rows = audit.measures.loc[audit.measures["group"].isin(hidden)]
    numbers = [name for name in GROUP_MEASURE_COLUMNS[3:-1] if name != "against"]
    assert rows[numbers].isna().all(axis=None)
    assert rows["note"].str.startswith("suppressed").all()


def test_without_a_capacity_there_are_no_rates_at_capacity_and_no_complaint_of_them(large):
    audit = audit_groups(*scored(*large, by=["sex"], k=None), n_resamples=5)
    assert audit.groups[["ppv", "selection_rate", "true_positive_rate", "list_share"]].isna().all(axis=None)
    assert not audit.groups["note"].str.contains("capacity").any()
    assert audit.groups["entry_share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("distinct", [True, False], ids=["every risk apart", "few distinct risks"])
def test_resamples_are_those_of_rows_written_out(large, distinct):
    """Five resamples, by repeating the rows of each drawn household."""
    X, y, cohort = large
    X = X if distinct else X.assign(risk=X["risk"].round(2).clip(0.01, 0.9), lp=X["lp"].round(0))
    rows, columns, selected = scored(X, y, cohort, ["ethnic_group"])
    tables = group_tables(rows, columns)
    draws = draw_groups(rows, tables, selected, 5, 3)[0]
    size = int(rows.household.max()) + 1
    rng, tolerance = np.random.default_rng(3), 0.02 if distinct else 1e-7
    for i in range(5):
        times = np.bincount(rng.integers(0, size, size), minlength=size)[rows.household]
        for group in (0, 3):
            for part, drawn in ((tables[0].code == group, draws.drawn), (tables[0].code != group, draws.drawn_rest)):
                take = np.repeat(np.flatnonzero(part), times[part])
                expected = rates(rows.y[take], rows.risk["model"][take], rows.score["model"][take], selected[take])
                for measure, exact in expected.items():
                    binned = measure in ("auroc", "calibration_in_the_large", "calibration_slope")
                    assert drawn[measure][group, i] == pytest.approx(exact, abs=tolerance if binned else 1e-9)


def test_the_order_of_rows_changes_no_digit(large, audit):
    X, y, cohort = large
    order = np.random.default_rng(0).permutation(len(X))
    again = audit_groups(*scored(X.iloc[order], y.iloc[order], cohort), reference={"sex": "F"}, n_resamples=60)
    pd.testing.assert_frame_equal(again.groups, audit.groups, check_exact=True)
    pd.testing.assert_frame_equal(again.measures, audit.measures, check_exact=True)


def test_every_row_twice_leaves_the_estimates_and_widens_nothing(large):
    """A second index date with the same rows: households, children and all rates are what they were."""
    X, y, cohort = large
    first, later = X.copy(), X.copy()
    shift = [later.index.get_level_values(0), later.index.get_level_values(1)]
    later.index = pd.MultiIndex.from_arrays(
        [*shift, later.index.get_level_values(2) + pd.Timedelta(days=400)], names=X.index.names
    )
    both = pd.concat([first, later])
    outcome = pd.Series(np.tile(y.to_numpy(), 2), index=both.index)
    groups = pd.DataFrame({"sex": np.tile(cohort["sex"].to_numpy(), 2)}, index=both.index)
    once = audit_groups(*scored(X, y, cohort, ["sex"]), n_resamples=30).measures
    twice = audit_groups(*scored(both, outcome, groups, ["sex"]), n_resamples=30).measures
    numbers = ["estimate", "difference"]
    pd.testing.assert_frame_equal(once[numbers], twice[numbers])
    pd.testing.assert_frame_equal(once[["ci_low", "ci_high"]], twice[["ci_low", "ci_high"]], atol=0.0051)


def test_renamed_households_leave_the_estimates(large, audit):
    X, y, cohort = large
    names = {name: f"x{number}" for number, name in enumerate(reversed(X.index.levels[0]))}
    renamed = [frame.rename(index=names, level=0) for frame in (X, cohort)]
    labels = y.rename(index=names, level=0)
    again = audit_groups(*scored(renamed[0], labels, renamed[1]), n_resamples=5)
    pd.testing.assert_series_equal(again.groups["auroc"], audit.groups["auroc"])
    pd.testing.assert_series_equal(again.groups["calibration_slope"], audit.groups["calibration_slope"])


@pytest.mark.parametrize("reference", [{"sex": "female"}, {"age_band": "14-17"}])
def test_a_reference_has_to_be_a_group_of_a_column_asked_for(large, reference):
    with pytest.raises(SpecError, match="reference names"):
        audit_groups(*scored(*large), reference=reference, n_resamples=2)


def test_a_suppressed_reference_is_compared_with_nothing(large):
    audit = audit_groups(*scored(*large), reference={"ethnic_group": "not recorded"}, n_resamples=5)
    rows = audit.measures.loc[audit.measures["against"] == "not recorded"]
    assert len(rows) > 0
    assert rows[["difference", "ratio", "p_value"]].isna().all(axis=None)
    assert rows["note"].str.startswith(("not compared", "suppressed", "rates")).all()


def test_risks_of_zero_or_one_have_no_calibration_and_the_rest_stands(large):
    X, y, cohort = large
    X = X.assign(risk=X["risk"].where(X["risk"] > X["risk"].min(), 0.0))
    audit = audit_groups(*scored(X, y, cohort, ["sex"]), n_resamples=5)
    assert audit.groups[["calibration_slope", "calibration_in_the_large"]].isna().all(axis=None)
    assert audit.groups["auroc"].notna().all()


def test_a_constant_risk_ranks_nobody(large):
    X, y, cohort = large
    rows = score_rows(FixedRisk(0.1), X, y)
    audit = audit_groups(rows, check_groups(cohort, ["sex"], X), None, n_resamples=5)
    assert audit.groups["auroc"].tolist() == [0.5, 0.5]
    assert audit.groups["calibration_slope"].isna().all()
    assert audit.groups["calibration_in_the_large"].notna().all()
