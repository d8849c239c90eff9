"""Reasons say what the source rows say, and what may be shared holds no child."""

from __future__ import annotations

import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.examples import anonymous_examples
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.explanation import Explanation
from edgeofcare.features.catalogue import concept_of
from edgeofcare.features.evidence import evidence
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.events import Count, DaysSince
from edgeofcare.features.specs.numbers import Distinct, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn
from edgeofcare.models.risk_model import make_risk_model

NAMES = ["household_id", "child_id", "index_date"]
KINDS = {Count, Active, DaysSince, DaysIn, Distinct, Sum, Mean, Max}
PERSONAL = re.compile(r"kid-|house-|key-|status-|\d{4}-\d\d-\d\d")


@pytest.fixture(scope="module")
def trees(X, y):
    return make_risk_model("boosting", max_iter=40, min_samples_leaf=10).fit(X, y)


@pytest.fixture(scope="module")
def why(records, X, trees):
    return explain(trees, X, records=records)


@pytest.fixture(scope="module")
def few(records, X, trees):
    return explain(trees, X.iloc[::28], records=records)


@pytest.fixture(scope="module")
def told(few):
    """Every reason of a few children."""
    return few.reasons(top=1000, level="feature")


def made_by_hand(contributions, values=None):
    """An explanation of one child with the given contributions."""
    index = pd.MultiIndex.from_tuples([("house-1", "kid-1", pd.Timestamp("2024-01-01"))], names=NAMES)
    phi = pd.DataFrame(contributions, index=index)
    scores = pd.DataFrame({"log_odds": phi.sum(axis=1) - 3.0, "risk": 0.1}, index=index)
    values = pd.DataFrame(values or dict.fromkeys(phi, 1.0), index=index)
    return Explanation(phi, -3.0, scores, values, specs=tuple(map(parse_feature, phi)))


# ---------------------------------------------------------------------------------------------- reasons


def test_reasons_are_the_largest_contributions_in_order(few, X):
    rows = few.contributions
    reasons = few.reasons(top=4, level="feature")
    assert reasons.index.names == [*NAMES, "rank"]
    for name, row in rows.iterrows():
        ordered = sorted(row[row != 0].items(), key=lambda item: (-abs(item[1]), item[0]))[:4]
        found = reasons.loc[name]
        assert list(zip(found["feature"], found["contribution"], strict=True)) == ordered
        assert found.index.tolist() == list(range(1, len(ordered) + 1))
    assert (reasons["direction"] == np.where(reasons["contribution"] > 0, "raises", "lowers")).all()
    assert reasons["odds_multiplier"].to_numpy() == pytest.approx(np.exp(reasons["contribution"].to_numpy()))
    assert reasons["concept"].tolist() == [concept_of(name) for name in reasons["feature"]]
    values = [X.loc[key[:3], feature] for key, feature in reasons["feature"].items()]
    np.testing.assert_array_equal(reasons["value"].to_numpy(), values)


def test_ties_go_by_name_and_zeros_are_left_out():
    phi = {"s47.count.365d": [0.5], "missing.count.90d": [-0.5], "child.age": [0.0], "cp_plan.active": [0.5]}
    reasons = made_by_hand(phi).reasons(level="feature")
    assert reasons["feature"].tolist() == ["cp_plan.active", "missing.count.90d", "s47.count.365d"]
    assert reasons["direction"].tolist() == ["raises", "lowers", "raises"]
    assert reasons["evidence"].tolist() == [(), (), ()]
    nothing = made_by_hand({"child.age": [0.0]}).reasons()
    assert len(nothing) == 0
    assert list(nothing.columns) == list(reasons.columns)
    assert nothing.index.names == reasons.index.names


@pytest.mark.parametrize("top", [0, -1, 2.0, True, "all"])
def test_top_is_a_whole_number(top):
    with pytest.raises(SpecError, match="top must be"):
        made_by_hand({"child.age": [1.0]}).reasons(top)


# --------------------------------------------------------------------------------------------- evidence


def recomputed(spec, cited, t):
    """The value of a feature from its cited source rows alone."""
    start, end = (cited[name].to_numpy() for name in ("date", "end_date"))
    if isinstance(spec, Count | Active):
        return len(cited)
    if isinstance(spec, DaysSince):
        return (t - (end if spec.edge == "end" else start).max()).astype("timedelta64[D]").astype(int)
    if isinstance(spec, DaysIn):
        first = t - np.timedelta64(spec.lookback, "D")
        days = set()
        for begin, until in zip(start, np.where(np.isnat(end), t, end), strict=True):
            days |= set(np.arange(max(begin, first), min(until, t), np.timedelta64(1, "D")).tolist())
        return len(days)
    column = cited[spec.value]
    if isinstance(spec, Distinct):
        return column.nunique()
    return {Sum: column.sum, Mean: column.mean, Max: column.max}[type(spec)]()


def test_cited_rows_reproduce_the_values(why, X, records, features):
    rng = np.random.default_rng(3)
    own = [spec for spec in features if type(spec) in KINDS and spec.scope == "child"]
    by_name, checked = {spec.name: spec for spec in own}, set()
    for position in rng.choice(len(why), 12, replace=False):
        _, child, t = X.index[position]
        for name in by_name:
            if name.startswith("care."):  # a period of care is cited by its episodes: see test_sentences_law
                continue
            value, cited = X[name].iloc[position], why.evidence(int(position), str(name))
            if np.isnan(value):
                assert not len(cited) or by_name[name].lookback is not None
                continue
            source = records.table(cited["table"].iloc[0] if len(cited) else "placements")
            assert set(source.loc[source["row_key"].isin(cited["row_key"]), "child_id"]) <= {child}
            assert (cited["known"] < t).all()
            keep = [c for c in source.columns if c not in ("date", "end_date", "start_date")]
            rows = cited.drop(columns="known").merge(source[keep], on="row_key")
            assert len(rows) == len(cited)
            if len(rows) or not isinstance(by_name[name], Distinct | Sum):
                assert recomputed(by_name[name], rows, t.to_datetime64()) == pytest.approx(value, abs=1e-6), name
                checked.add(type(by_name[name]))
            else:
                assert value == 0
    assert checked == KINDS


def test_sentences_tell_the_counts_and_days_of_the_cited_rows(X, y, records, features):
    columns = [spec.name for spec in features if isinstance(spec, Count) and spec.table != "care_periods"][::2]
    columns = sorted({*columns, "assessment.factor_3A+3B.count.1095d", "assessment.count_ended.365d"} & {*X})
    late = X.loc[X.index.get_level_values("index_date") > "2021-06-01", columns]
    told = explain(make_risk_model("logistic").fit(late, y.loc[late.index]), late.iloc[::30], records=records)
    counted = dated = 0
    for (_, _, t, _), reason in told.reasons(top=100, level="feature").iterrows():
        spec, cited = parse_feature(reason["feature"]), reason["evidence"]
        sentence = reason["sentence"]
        stated = re.search(r"as a factor ([\d,]+) times", sentence) or re.match(r"(No|An|[\d,]+) ", sentence)
        assert int({"No": "0", "An": "1"}.get(stated[1], stated[1].replace(",", ""))) == len(cited)
        counted += 1
        days = re.search(r", (?:the last (?:of them|time) )?([\d,]+) days? before\.$", sentence)
        assert bool(days) == bool(cited)
        if days:
            last = max(pd.Timestamp(date) for _, _, date in cited)
            assert int(days[1].replace(",", "")) == (t - last).days
            assert 0 < (t - last).days <= spec.lookback
            dated += 1
    assert counted > 200
    assert dated > 50


def test_evidence_is_that_of_the_records(why, X, records):
    for position, name in ((3, "contact.count.365d"), (-1, "cp_plan.active"), (40, "child.age")):
        key = X.index[position]
        expected = evidence(records, list(X), key, name).cited()
        pd.testing.assert_frame_equal(why.evidence(position, name), expected)
        pd.testing.assert_frame_equal(why.evidence(key, parse_feature(name)), expected)
        pd.testing.assert_frame_equal(why.evidence((key[0], key[1], str(key[2].date())), name), expected)


def test_ages_are_completed_years(X, y, records):
    born = records.table("children").set_index("child_id")["birth_date"]
    model = make_risk_model("logistic").fit(X[["child.age"]], y)
    ages = explain(model, X[["child.age"]].iloc[::9], records=records).reasons()
    assert len(ages) > 80
    for (_, child, t, _), sentence in ages["sentence"].items():
        years = t.year - born[child].year - ((t.month, t.day) < (born[child].month, born[child].day))
        assert sentence == f"Aged {years}."


def test_evidence_that_does_not_exist_is_refused_without_naming_a_child(why):
    missing = ("house-0000", "kid-0000", pd.Timestamp("1999-01-01"))
    wrong = [(missing, "child.age"), (len(why), "child.age"), (("kid-0000",), "child.age"), (0, "kid-0000.count")]
    for row, feature in wrong:
        with pytest.raises(SpecError) as caught:
            why.evidence(row, feature)
        assert not PERSONAL.search(str(caught.value))
        assert caught.value.__cause__ is None
    with pytest.raises(SpecError, match="records="):
        made_by_hand({"child.age": [1.0]}).evidence(0, "child.age")


BAD_DATES = ["kid-0000", None, 10**30, [], pd.Timestamp("2024-01-01", tz="UTC"), object()]


@pytest.mark.parametrize(
    "row",
    [None, 1.5, True, "abc", "kid-0000", b"abc", [], {}, object(), (), ([], [], []), (None, None, None)]
    + [("house-0000", "kid-0000", date) for date in BAD_DATES],
    ids=lambda row: repr(row).partition(" at 0x")[0],
)
def test_a_row_that_is_no_name_of_one_is_refused(why, row):
    with pytest.raises(SpecError, match="A row is named by") as caught:
        why.evidence(row, "child.age")
    assert not PERSONAL.search(str(caught.value))
    with pytest.raises(SpecError, match="A row is named by"):
        why.plot(row)


@pytest.mark.parametrize("feature", [None, 3, [], np.zeros(2), "child.age "], ids=repr)
def test_a_feature_that_is_none_is_refused(why, feature):
    with pytest.raises(SpecError, match="not a column of what was explained"):
        why.evidence(0, feature)


def test_evidence_of_ends_is_cited_by_the_end(told, records):
    ended = records.table("missing_episodes").set_index("row_key")["end_date"]
    cited = told.loc[told["feature"] == "missing.days_since_end", ["value", "evidence"]]
    cited = cited[cited["value"].notna()]
    assert len(cited) > 5
    for (_, _, t, _), value, rows in cited.itertuples():
        assert {pd.Timestamp(date) for _, _, date in rows} == {t - pd.Timedelta(days=value)}
        assert all(ended[key] == pd.Timestamp(date) for _, key, date in rows)


# ------------------------------------------------------------------------------------------------- shap


def test_shap_gets_the_same_numbers(why, X):
    given = why.to_shap()
    assert given.base_values + np.sum(given.values, axis=1) == pytest.approx(why.log_odds.to_numpy(), abs=1e-9)
    assert given.feature_names == list(X.columns)
    np.testing.assert_array_equal(given.data, X.to_numpy())
    given.data[:] = 0
    pd.testing.assert_frame_equal(why.values, X)


@pytest.mark.parametrize("name", ["waterfall", "bar", "beeswarm", "scatter"])
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore:The NumPy global RNG:FutureWarning")
def test_shap_plots_can_be_drawn(why, name):
    mpl.use("Agg")
    given = why.to_shap()
    size = why.contributions.abs()
    strongest = (size.iloc[0] if name == "waterfall" else size.mean()).idxmax()
    import shap
    from matplotlib import pyplot as plt

    what = {"waterfall": given[0], "scatter": given[:, "child.age"]}.get(name, given)
    getattr(shap.plots, name)(what, show=False)
    axes = plt.gcf().axes
    words = " ".join(text for ax in axes for text in _texts(ax))
    assert (strongest if name != "scatter" else "child.age") in words
    plt.close("all")


def _texts(ax):
    """All words on an axis."""
    labels = [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label, *ax.texts]
    return [label.get_text() for label in labels if label.get_text()]


# ---------------------------------------------------------------------------------------------- summary


def test_summary_is_the_mean_size(why):
    found = why.summary()
    phi = why.contributions
    features = found[found["level"] == "feature"].set_index("name")
    pd.testing.assert_series_equal(
        features["mean_size"].sort_index(), phi.abs().mean().sort_index(), check_names=False, check_index_type=False
    )
    assert features["mean_size"].is_monotonic_decreasing
    concepts = found[found["level"] == "concept"].set_index("name")["mean_size"]
    within = [name for name in phi if concept_of(name) == "care history"]
    assert concepts["care history"] == pytest.approx(why.concept_contributions["care history"].abs().mean())
    assert concepts["care history"] < features.loc[within, "mean_size"].sum()
    assert not PERSONAL.search(found.to_csv())


def test_summary_of_few_children_is_suppressed(why, records, X, y):
    model = make_risk_model("logistic").fit(X, y)
    nine = explain(model, X.iloc[: 9 * 14]).summary()
    assert nine["mean_size"].isna().all()
    assert set(nine["note"]) == {"suppressed: fewer than 10 children"}
    assert nine["name"].tolist() == [*sorted(nine["name"][nine["level"] == "concept"]), *sorted(X.columns)]
    assert explain(model, X.iloc[: 10 * 14]).summary()["mean_size"].notna().all()


# ------------------------------------------------------------------------------------ nothing personal


def test_repr_holds_counts_only(why, X):
    assert repr(why) == f"Explanation(840 rows, {X.shape[1]} features, with records)"
    assert str(why) == repr(why)
    assert repr(made_by_hand({"child.age": [1.0]})) == "Explanation(1 row, 1 feature, without records)"


def test_it_cannot_be_changed(why):
    for name in ("contributions", "values", "risk", "log_odds"):
        before = getattr(why, name)
        handed_out = getattr(why, name)
        handed_out.iloc[0] = 99.0
        assert not handed_out.equals(before)
        assert getattr(why, name).equals(before)
        with pytest.raises(AttributeError):
            setattr(why, name, before)
    with pytest.raises(AttributeError):
        why.base = 0.0


def test_anonymous_examples_hold_no_child(why, X):
    blocks = anonymous_examples(why, n=3)
    text = "\n".join(blocks)
    assert len(blocks) == 3
    assert not PERSONAL.search(text)
    ids = {str(value) for name in NAMES[:2] for value in X.index.get_level_values(name)}
    assert not any(value in text for value in ids)
    ordered = why.risk.sort_values(ascending=False).to_numpy()
    middle = ordered[round((len(ordered) - 1) / 2)]
    stated = [re.search(r"risk ([\d.]+)%", block)[1] for block in blocks]
    assert stated == [f"{100 * risk:.1f}" for risk in (ordered[0], middle, ordered[-1])]
    assert all(re.search(r"^  (raises|lowers)  [A-Z\d]", block, re.M) for block in blocks)


@pytest.mark.parametrize(
    ("age", "said"),
    [(10.0, "10 to 12"), (12.99, "10 to 12"), (13.0, "13 to 15"), (17.9, "16 to 17"), (18.0, "18 or over")],
)
def test_anonymous_examples_tell_an_age_as_a_band(age, said):
    one = made_by_hand({"child.age": [0.4]}, {"child.age": [age]})
    assert anonymous_examples(one) == [
        f"Child 1: risk 10.0% (the average child starts from 4.7%)\n  raises  Aged {said}."
    ]


def test_anonymous_examples_of_more_rows_than_there_are(why, few):
    assert len(anonymous_examples(why, n=1)) == 1
    assert len(anonymous_examples(few, n=2000)) == 30
    with pytest.raises(SpecError, match="n must be"):
        anonymous_examples(why, n=0)


@pytest.mark.parametrize("level", ["concept", "feature"])
def test_one_row_is_explained_as_among_all(why, level):
    of_all = why.reasons(3, level=level)
    for position in (0, len(why) - 1):
        one = why.row(position)
        assert len(one) == 1
        same = of_all.index.droplevel("rank") == why.risk.index[position]
        assert one.reasons(3, level=level).equals(of_all[same])
    assert why.row(why.risk.index[1]).risk.item() == why.risk.iloc[1]
    with pytest.raises(SpecError, match="beyond"):
        why.row(len(why))
