"""Dependence of concepts on values, groups and each other: small pictures, laws, and nothing of few children."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.explanation.dependence import concept_dependence
from edgeofcare.explanation.global_rows import rows_of
from edgeofcare.explanation.household_draws import HouseholdDraws
from edgeofcare.explanation.proxies import ALL_CONCEPTS, Grouping, proxy_table
from global_explanations import AGE, NAMES, OUTSIDE, OWN, PLANS, explanation, row_index


def simple(values, psi=None, concept=OUTSIDE):
    """Rows of one child each, with one feature."""
    values = np.asarray(values, dtype=float)
    psi = np.nan_to_num(values, nan=-1.0) if psi is None else psi
    return explanation({concept: psi}, row_index(np.arange(len(values))), {concept: values})


def by_value(values, **options):
    return concept_dependence(simple(values), n_resamples=50, **options).by_value


def by_group(psi, groups, by="sex", household=None, **options):
    size = len(groups)
    household = np.arange(size) if household is None else household
    index = row_index(household, np.arange(size))
    cohort = pd.DataFrame({by: groups}, index=index)
    why = explanation(psi, index)
    return concept_dependence(why, cohort=cohort, by=by, **{"n_resamples": 200, **options})


# ---------------------------------------------------------------------------------------------- by value


def test_few_values_have_a_bin_each():
    found = by_value(np.repeat([0.0, 1.0, 2.0], [30, 20, 10]))
    assert found["value"].tolist() == ["0", "1", "2"]
    assert found["mean_contribution"].tolist() == found["ci_low"].tolist() == [0.0, 1.0, 2.0]
    assert found[["low", "high"]].to_numpy().tolist() == [[-np.inf, 1], [1, 2], [2, np.inf]]
    assert found[["concept", "feature"]].iloc[0].tolist() == [OUTSIDE, NAMES[OUTSIDE]]


def test_bins_of_few_children_join_their_neighbours():
    found = by_value(np.repeat([0.0, 1.0, 2.0, 3.0], [30, 12, 6, 5]))
    assert found["value"].tolist() == ["0", "1", "2 or more"]
    assert found["mean_contribution"].tolist() == pytest.approx([0.0, 1.0, 27 / 11])


def test_unknown_values_stand_apart():
    found = by_value(np.repeat([0.0, 1.0, np.nan], [30, 20, 10]))
    assert found["value"].tolist() == ["0", "1", "unknown"]
    assert found["mean_contribution"].tolist() == [0.0, 1.0, -1.0]
    assert found[["low", "high"]].iloc[-1].isna().all()


def test_unknown_values_of_few_children_are_hidden_together_with_another_bin():
    found = by_value(np.repeat([0.0, 1.0, np.nan], [30, 20, 3]))
    assert found["mean_contribution"].isna().tolist() == [False, True, True]
    assert found["note"].ne("").tolist() == [False, True, True]


@pytest.mark.parametrize("seed", range(20))
def test_no_bin_is_of_few_children_and_no_extreme_value_is_told(seed):
    rng = np.random.default_rng(seed)
    children = rng.integers(0, 60, 200)
    values = np.round(rng.choice([rng.gamma(1, 50, 200), rng.poisson(1.0, 200), rng.normal(size=200)]), 3)
    values[rng.random(200) < rng.choice([0.0, 0.2])] = np.nan
    index = row_index(children, children, np.arange(200))
    why = explanation({OUTSIDE: rng.normal(size=200)}, index, {OUTSIDE: values})
    found = concept_dependence(why, n_bins=int(rng.integers(2, 9)), n_resamples=20).by_value
    shown = found[found["mean_contribution"].notna()]
    assert len(shown) > 1
    for row in shown.itertuples():
        inside = np.isnan(values) if row.value == "unknown" else (values >= row.low) & (values < row.high)
        assert len(np.unique(children[inside])) >= 10
        assert row.mean_contribution == pytest.approx(why.contributions.to_numpy()[inside].mean())
    largest = np.nanmax(values)
    if (values == largest).sum() == 1:
        assert not found["value"].str.contains(f"{largest:g}", regex=False).any()
    edges = found["low"].to_numpy()[1:]
    if len(np.unique(values[~np.isnan(values)])) > 20:
        assert all(float(f"{edge:.1e}") == edge for edge in edges[np.isfinite(edges)])


def test_of_each_concept_the_feature_that_moves_most_is_shown_unless_named():
    rng = np.random.default_rng(0)
    why = explanation({OUTSIDE: rng.normal(size=40), AGE: rng.normal(size=40)}, row_index(np.arange(40)))
    assert set(concept_dependence(why, n_resamples=10).by_value["feature"]) == {NAMES[OUTSIDE], NAMES[AGE]}
    named = concept_dependence(why, features=NAMES[AGE], n_resamples=10).by_value
    assert set(named["feature"]) == {NAMES[AGE]}
    with pytest.raises(SpecError, match="1 of 2"):
        concept_dependence(why, features=[NAMES[AGE], "no.such"])


# ---------------------------------------------------------------------------------------------- by group


def test_differences_between_groups_and_their_sum():
    rng = np.random.default_rng(1)
    groups = rng.choice(["a", "b", "c"], 300)
    psi = {OUTSIDE: rng.normal(size=300) + (groups == "a"), PLANS: rng.normal(size=300)}
    depends = by_group(psi, groups)
    found = depends.by_group.set_index(["group", "concept"])["difference"]
    for group in "abc":
        for concept, each in psi.items():
            expected = each[groups == group].mean() - each[groups != group].mean()
            assert found[group, concept] == pytest.approx(expected)
        assert found[group, ALL_CONCEPTS] == pytest.approx(found[group, OUTSIDE] + found[group, PLANS])
    row = depends.by_group.set_index(["group", "concept"]).loc[("a", OUTSIDE)]
    assert 0 < row["ci_low"] < row["difference"] < row["ci_high"]


def test_the_whole_difference_is_that_of_the_log_odds():
    rng = np.random.default_rng(2)
    groups = np.repeat(["a", "b"], 50)
    index = row_index(np.arange(100))
    why = explanation({OUTSIDE: rng.normal(size=100), AGE: rng.normal(size=100)}, index)
    depends = concept_dependence(why, cohort=pd.DataFrame({"sex": groups}, index=index), by=["sex"], n_resamples=20)
    whole = depends.by_group.set_index(["group", "concept"]).loc[("a", ALL_CONCEPTS), "difference"]
    log_odds = why.log_odds.to_numpy()
    assert whole == pytest.approx(log_odds[:50].mean() - log_odds[50:].mean())


def test_a_small_group_is_hidden_and_cannot_be_worked_out():
    groups = np.repeat(["a", "b", "c"], [60, 20, 4])
    depends = by_group({OUTSIDE: np.arange(84.0)}, groups)
    hidden = depends.by_group.groupby("group")["difference"].apply(lambda each: each.isna().all())
    assert hidden.to_dict() == {"a": False, "b": True, "c": True}
    two = by_group({OUTSIDE: np.arange(64.0)}, np.repeat(["a", "b"], [60, 4]))
    assert two.by_group["difference"].isna().all()
    assert two.proxies[["share_told", "ci_low", "ci_high"]].isna().all(axis=None)
    assert two.proxies["reading"].eq("").all()


def test_groups_that_fix_the_contribution_tell_all_of_it():
    groups = np.repeat(["a", "b"], 200)
    row = by_group({OUTSIDE: np.where(groups == "a", 1.0, -1.0)}, groups).proxies.iloc[0]
    assert row["share_told"] == pytest.approx(1.0, abs=0.01)
    assert row["reading"] == "differs"


def test_the_share_told_is_that_of_the_population():
    # Groups of equal size, two standard deviations within apart: a variance of 1 between and 1 within.
    rng = np.random.default_rng(3)
    groups = np.repeat(["a", "b"], 2000)
    row = by_group({OUTSIDE: rng.normal(size=4000) + 2.0 * (groups == "a")}, groups).proxies.iloc[0]
    assert row["share_told"] == pytest.approx(0.5, abs=0.03)
    assert row["ci_low"] < 0.5 < row["ci_high"]


def test_groups_that_differ_by_chance_are_seldom_said_to_differ():
    rng = np.random.default_rng(4)
    said, told = 0, []
    household = np.repeat(np.arange(60), 2)
    for _ in range(150):
        psi = {OUTSIDE: rng.normal(size=60)[household] + 0.3 * rng.normal(size=120), PLANS: rng.normal(size=120)}
        code = rng.choice(3, 60, p=[0.5, 0.3, 0.2])[household]
        rows = rows_of(explanation(psi, row_index(household)))
        draws = HouseholdDraws(rows.household, n_resamples=200, random_state=rng)
        found = proxy_table(rows, draws, Grouping("sex", ["a", "b", "c"], code))
        said += int(found["ci_low"].gt(0).sum())
        told += found["share_told"].tolist()
    assert said <= 3  # of 300; once in 40 would be 7.5
    assert np.mean(told) < 0.015  # the share itself is 0.025 on average: 2 / 120 for rows alone, 2 / 60 for households


def test_a_contribution_that_does_not_vary_tells_nothing():
    found = by_group({OUTSIDE: np.full(40, 0.3)}, np.repeat(["a", "b"], 20)).proxies.iloc[0]
    assert np.isnan(found["share_told"])
    assert found["reading"] == "no difference shown"


# ----------------------------------------------------------------------------------------- outcomes within groups


def outcomes(seed, within, size=3000):
    """Contributions that differ between groups, and outcomes that follow them within groups by a slope."""
    rng = np.random.default_rng(seed)
    black = rng.random(size) < 0.4
    psi = 0.8 * black + rng.normal(size=size)
    pull = -1.5 + 0.8 * black + within * (psi - 0.8 * black)
    y = (rng.random(size) < 1 / (1 + np.exp(-pull))).astype(int)
    return psi, np.where(black, "b", "w"), y


def test_the_slope_within_groups_is_that_of_a_regression():
    psi, groups, y = outcomes(0, 0.6)
    row = by_group({OUTSIDE: psi}, groups, y=y).proxies.iloc[0]
    table = np.column_stack([psi, groups == "b"])
    oracle = LogisticRegression(C=1e12, tol=1e-10, max_iter=1000).fit(table, y).coef_[0, 0]
    assert row["borne_out"] == pytest.approx(oracle, abs=1e-4)
    assert row["borne_out_low"] < row["borne_out"] < row["borne_out_high"]


@pytest.mark.parametrize(
    ("within", "reading"), [(0.0, "stands for the group"), (1.0, "differs, borne out within groups")]
)
def test_a_proxy_is_told_from_a_driver_that_differs(within, reading):
    for seed in range(5):
        psi, groups, y = outcomes(seed + 10, within)
        assert by_group({OUTSIDE: psi}, groups, y=y).proxies["reading"].item() == reading


def test_its_interval_is_as_wide_as_the_slopes_scatter():
    slopes, widths = [], []
    for seed in range(60):
        psi, groups, y = outcomes(seed + 100, 0.5, size=800)
        row = by_group({OUTSIDE: psi}, groups, y=y).proxies.iloc[0]
        slopes.append(row["borne_out"])
        widths.append(row["borne_out_high"] - row["borne_out_low"])
    assert np.mean(widths) == pytest.approx(3.92 * np.std(slopes, ddof=1), rel=0.25)
    assert np.mean(slopes) == pytest.approx(0.5, abs=0.05)


def test_a_contribution_that_is_the_group_cannot_be_told():
    _, groups, y = outcomes(1, 0.0)
    row = by_group({OUTSIDE: 1.0 * (groups == "b")}, groups, y=y).proxies.iloc[0]
    assert np.isnan(row["borne_out"])
    assert row["reading"] == "differs, outcomes cannot tell"


def test_too_few_entrants_say_nothing_within_groups():
    psi, groups, _ = outcomes(2, 0.0)
    row = by_group({OUTSIDE: psi}, groups, y=np.arange(3000) < 9).proxies.iloc[0]
    assert np.isnan(row["borne_out"])
    assert "suppressed" in row["note"]
    assert row["reading"] == "differs, outcomes cannot tell"


# ------------------------------------------------------------------------------------------------- laws


def test_the_order_of_rows_does_not_matter():
    psi, groups, y = outcomes(3, 0.3, size=400)
    values = {OUTSIDE: np.round(psi, 1), PLANS: np.where(psi > 0, 1.0, np.nan)}
    contributions = {OUTSIDE: psi, PLANS: psi**2}

    def frames(order):
        index = row_index(order // 2, order)
        why = explanation(
            {name: each[order] for name, each in contributions.items()},
            index,
            {name: each[order] for name, each in values.items()},
        )
        cohort = pd.DataFrame({"sex": groups}, index=row_index(np.arange(400) // 2))
        found = concept_dependence(why, cohort=cohort, by="sex", y=y[order], n_resamples=60)
        return found.by_value, found.by_group, found.proxies, found.between

    once, again = frames(np.arange(400)), frames(np.random.default_rng(5).permutation(400))
    for one, other in zip(once, again, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_correlations_between_concepts():
    rng = np.random.default_rng(6)
    one = rng.normal(size=500)
    psi = {OUTSIDE: one, PLANS: -one + rng.normal(size=500), AGE: rng.normal(size=500), OWN: np.zeros(500)}
    found = concept_dependence(explanation(psi, row_index(np.arange(500))), n_resamples=200).between
    first = found.iloc[0]
    assert {first["concept"], first["other"]} == {OUTSIDE, PLANS}
    assert first["correlation"] == pytest.approx(np.corrcoef(one, psi[PLANS])[0, 1])
    assert first["ci_low"] < first["correlation"] < first["ci_high"] < 0
    assert found[found["concept"].eq(OWN) | found["other"].eq(OWN)]["correlation"].isna().all()


def test_few_children_show_no_number_anywhere():
    psi = {OUTSIDE: np.arange(8.0), PLANS: np.arange(8.0) % 3}
    index = row_index(np.arange(8))
    cohort = pd.DataFrame({"sex": np.repeat(["a", "b"], 4)}, index=index)
    depends = concept_dependence(explanation(psi, index), cohort=cohort, by="sex", y=np.arange(8) % 2, n_resamples=10)
    for frame in (depends.by_value, depends.by_group, depends.proxies, depends.between):
        numbers = frame.select_dtypes("number").drop(columns=["low", "high"], errors="ignore")
        assert numbers.isna().all(axis=None)
        assert frame["note"].ne("").all()
    assert depends.text == "No concept was shown to differ between groups by more than chance."
    assert not depends.by_value["value"].isin([f"{value:g}" for value in range(8)]).any()


def test_the_repr_and_the_words_hold_no_identifier():
    psi, groups, y = outcomes(7, 0.0, size=1500)
    depends = by_group({OUTSIDE: psi}, groups, by="ethnic_group", y=y)
    assert repr(depends) == "ConceptDependence(1 features by value, 1 columns by group)"
    assert depends.text.startswith("risks outside the home by ethnic_group: groups tell ")
    assert "stands for the group" in depends.text
    assert "kid-" not in depends.text


def test_bad_arguments_are_refused():
    why = simple(np.arange(30.0))
    index = why.risk.index
    cohort = pd.DataFrame({"sex": "a"}, index=index)
    for options, message in (
        ({"by": "sex"}, "cohort"),
        ({"by": ["sex", "shoe"], "cohort": cohort}, "1 of 2 entries"),
        ({"by": "sex", "cohort": cohort.iloc[2:]}, "2 of 30"),
        ({"n_bins": 1}, "n_bins"),
        ({"n_resamples": 0}, "n_resamples"),
    ):
        with pytest.raises(SpecError, match=message):
            concept_dependence(why, **options)
    with pytest.raises(IndexNamesError):
        concept_dependence(why, y=pd.Series(0, index=index[::-1]))
