"""Last codes the whole way: records, features, model, file, scores, reasons and pages; damage is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.explanation.change import explain_change
from edgeofcare.explanation.dependence import concept_dependence
from edgeofcare.explanation.edits import CorrectEvent
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.interactions import concept_interactions
from edgeofcare.explanation.what_if import what_if
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import directions
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.model_archive import array_members, open_archive, pack, read_arrays
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.reanchor import reanchor
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.models.vocabulary import unseen_names
from edgeofcare.outcome import label_outcome
from edgeofcare.records.records import Records
from edgeofcare.runs.choices import model_choices, model_options
from edgeofcare.runs.record import run_record
from edgeofcare.splitting import temporal_split
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task

TASK = Task()
SOURCE = "referral.last_source"
FEATURES = ("child.age", SOURCE, "missing.count.365d", "cp_plan.active", "contact.last_source.1095d")
UNSEEN = "treats it as unknown"
KINDS = {
    "boosting": {"max_iter": 30, "min_samples_leaf": 20, "max_features": 1.0},
    "averaged": {"max_iter": 15, "min_samples_leaf": 20, "members": 2, "refits": 10},
    "logistic": {"refits": 10},
}


class Trained(NamedTuple):
    """A fitted model with what it was fitted on."""

    model: object
    X: pd.DataFrame
    y: pd.Series


@cache
def records() -> Records:
    return make_records(900, random_state=4, authority="sample")


@cache
def rows():
    cohort = build_cohort(records(), TASK, index_dates=quarters("2016-04-01", "2023-01-01"))
    return cohort, build_features(records(), cohort, FEATURES), label_outcome(records(), cohort, TASK)


@cache
def trained(name: str) -> Trained:
    _, X, y = rows()
    kind = "logistic" if name == "logistic" else "boosting"
    return Trained(make_risk_model(kind, task=TASK, n_folds=3, **KINDS[name]).fit(X.loc[y.index], y), X, y)


@pytest.fixture(scope="module", params=KINDS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def path(name, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    return save_model(folder / "model.eoc", trained(name).model, features=FEATURES, task=TASK, records=records())


@pytest.fixture(scope="module")
def strange(name):
    """Some rows, with a code of the list that the model does not know."""
    X = trained(name).X.iloc[:40].copy()
    known = trained(name).model.vocabularies_[SOURCE]
    code = next(each for each in X[SOURCE].cat.categories if each not in known)
    X.iloc[::4, X.columns.get_loc(SOURCE)] = code
    return X


def parts_of(path):
    archive = open_archive(path.read_bytes())
    manifest = dict(archive.manifest)
    del manifest["members"]
    return manifest, dict(read_arrays(archive, array_members(archive)))


def test_features_come_as_categories_of_the_whole_list_and_the_model_knows_those_that_are_not_rare(name):
    model, X, y = trained(name)
    held = X.loc[y.index, SOURCE]
    children = pd.Series(X.loc[y.index].index.get_level_values("child_id"), index=held.index).groupby(
        held.astype(object)
    )
    expected = tuple(sorted(code for code, count in children.nunique().items() if count >= 10))
    assert model.vocabularies_[SOURCE] == expected
    assert set(expected) < set(held.cat.categories)
    assert explain(model, X).contributions[SOURCE].abs().max() > 0


def test_the_file_scores_and_explains_as_the_model_does(name, path, strange):
    model, X, _ = trained(name)
    scorer = load_model(path)
    assert dict(scorer.vocabularies) == model.vocabularies_
    for frame in (X, strange):
        assert scorer.risk(frame) == pytest.approx(model.predict_proba(frame)[:, 1], abs=1e-12)
        psi, base = scorer.contributions(frame)
        assert psi.sum(axis=1) + base == pytest.approx(model.log_odds(frame), abs=1e-9)
        assert scorer.unseen(frame) == model.unseen(frame)
    if model.refits_:
        assert scorer.risk_interval(strange) == pytest.approx(model.risk_interval(strange), abs=1e-12)
    own, loaded = explain(model, strange), explain(scorer, strange)
    assert own.unseen == loaded.unseen == model.unseen(strange)
    assert own.unseen[SOURCE] >= 10
    pd.testing.assert_frame_equal(loaded.reasons(), own.reasons(), rtol=1e-9)


def test_codes_in_another_order_or_as_text_score_alike_and_numbers_are_refused(path, name):
    scorer, X = load_model(path), trained(name).X
    turned = X.assign(**{SOURCE: X[SOURCE].cat.reorder_categories(list(X[SOURCE].cat.categories[::-1]))})
    for frame in (turned, X.assign(**{SOURCE: X[SOURCE].astype(object)})):
        assert (scorer.risk(frame) == scorer.risk(X)).all()
    for wrong in (X.assign(**{SOURCE: X[SOURCE].cat.codes}), X.assign(**{SOURCE: X[SOURCE].cat.codes * 1.0})):
        with pytest.raises(SpecError, match="1 column of categories holds numbers"):
            scorer.risk(wrong)
    for call in (scorer.unseen, trained(name).model.unseen):
        with pytest.raises(SpecError):
            call(X.drop(columns=SOURCE))
    with pytest.raises(SpecError, match="whose codes a table of numbers cannot hold"):
        scorer.risk(np.zeros((2, len(FEATURES))))


def test_scores_of_records_name_the_codes_that_the_model_does_not_know(path, name):
    model = trained(name).model
    scorer = load_model(path)
    found = scorer.score(records(), "2024-01-01", top_reasons=5)
    X = build_features(records(), found, FEATURES)
    known = model.vocabularies_
    for at, names in enumerate(found["unseen"]):
        expected = [each for each in known if not (pd.isna(X[each].iloc[at]) or X[each].iloc[at] in known[each])]
        assert list(names) == expected
    said = [sentence for reasons in found["reasons"] for sentence in reasons]
    assert any("The source of the last referral is" in sentence for sentence in said)


def test_a_page_says_what_the_last_code_was_and_when_the_model_does_not_know_it(path, name, strange):
    scorer = load_model(path)
    X = trained(name).X
    why = explain(scorer, X, records=records())
    reasons = why.reasons(top=len(FEATURES), bands=False)
    of_source = reasons[reasons["feature"] == SOURCE]
    told = of_source[of_source["sentence"].str.startswith("The source of the last referral is")]
    assert len(told) > 20
    assert all(isinstance(value, str) for value in told["value"])
    key = told.index[0][:3]
    row = X.loc[[key], SOURCE].iloc[0]
    assert told["value"].iloc[0] == row
    page = why.row(key).to_html()
    assert "The source of the last referral is" in page
    made_up = explain(scorer, strange)
    sentences = made_up.reasons(top=len(FEATURES), bands=False)
    noted = sentences["sentence"].str.contains(UNSEEN)
    assert (sentences.loc[noted, "feature"] == SOURCE).all()
    assert 0 < noted.sum() <= made_up.unseen[SOURCE]
    one = made_up.row(0)
    told_on_page = UNSEEN in one.to_html()
    assert told_on_page == (one.reasons()["feature"].eq(SOURCE) & one.reasons()["sentence"].str.contains(UNSEEN)).any()


def test_a_bundle_and_shap_hold_the_code(path, name, tmp_path):
    why = explain(load_model(path), trained(name).X.iloc[:3])
    assert why.row(0).contest_bundle(tmp_path / "bundle.zip").stat().st_size > 0
    handed = why.to_shap()
    assert handed.data.dtype == np.float64
    assert handed.display_data[0, 1] == trained(name).X[SOURCE].iloc[0]


def test_records_that_give_another_code_are_refused(path, name):
    X = trained(name).X.iloc[:5].copy()
    place = X.columns.get_loc(SOURCE)
    X.iloc[0, place] = next(code for code in X[SOURCE].cat.categories if code != X.iloc[0, place])
    with pytest.raises(
        SpecError, match=rf"1 of 25 values of X are not what these records give, in 1 columns: {SOURCE}"
    ):
        explain(load_model(path), X, records=records())


def test_a_change_and_an_edit_of_a_code_are_told(path, name):
    scorer, X = load_model(path), trained(name).X
    referrals = records().table("referrals")
    key = next(key for key in X.index[::-1] if pd.notna(X.loc[key, SOURCE]))
    own = referrals[
        (referrals["child_id"] == key[1]) & (referrals["start_date"] < key[2]) & referrals["source"].notna()
    ]
    last = own.sort_values(["start_date", "row_key"]).iloc[-1]
    code = "1C" if X.loc[key, SOURCE] != "1C" else "6"
    edit = CorrectEvent("referrals", last["row_key"], {"source": code})
    found = what_if(scorer, records(), key[1], key[2], edit)
    edited = found.features.set_index("feature")
    assert edited.loc[SOURCE, ["value_recorded", "value_edited"]].tolist() == [X.loc[key, SOURCE], code]
    assert edited["difference"].sum() == pytest.approx(found.log_odds["edited"] - found.log_odds["as recorded"])
    codes = X[SOURCE].astype(object).groupby(level="child_id").nunique()
    child = codes[codes > 1].index[0]
    days = X.xs(child, level="child_id").index.get_level_values("index_date").sort_values()
    change = explain_change(scorer, records(), child, days[0], days[-1])
    assert change.features["change"].sum() == pytest.approx(change.log_odds["to"] - change.log_odds["from"], abs=1e-9)
    assert len(change.sentences(top=9)) > 1


def test_what_is_looked_at_over_many_children_takes_codes(name):
    model, X, _ = trained(name)
    why = explain(model, X.iloc[:400])
    table = concept_dependence(why, features=[SOURCE], n_resamples=50).by_value
    assert {"unknown"} <= set(table["value"]) <= {*X[SOURCE].cat.categories, "other codes", "unknown"}
    held = X.iloc[:400]
    children = pd.Series(held.index.get_level_values("child_id"), index=held.index).groupby(held[SOURCE].astype(object))
    few = set(children.nunique()[lambda counts: counts < 10].index)
    assert few
    assert not few & set(table["value"])
    assert concept_interactions(model, X.iloc[:100], n_resamples=50)["mean_size"].notna().all()


def test_evaluation_run_record_and_reanchoring_take_codes(name):
    cohort, X, y = rows()
    split = temporal_split(cohort.loc[y.index], TASK, test_from="2022-01-01")
    options = {**KINDS[name], "refits": 0}
    kind = "logistic" if name == "logistic" else "boosting"
    model = make_risk_model(kind, task=TASK, n_folds=3, **options).fit(X.loc[split.train], y.loc[split.train])
    report = evaluate(model, X.loc[split.test], y.loc[split.test], cohort=cohort, capacity=20, n_resamples=20)
    assert report.measures["estimate"].notna().any()
    run = run_record(
        model, records=records(), cohort=cohort, features=FEATURES, X=X, y=y, split=split, evaluation=report
    )
    assert json.dumps(run.to_dict())
    again = make_risk_model(task=TASK, **model_options(model_choices(model))).fit(
        X.loc[split.train], y.loc[split.train]
    )
    assert (again.margin(X) == model.margin(X)).all()
    assert ("members" in model_choices(model)) == (name == "averaged")
    assert reanchor(model, X.loc[split.test], y.loc[split.test], days=365, n_resamples=200).text


def test_constraints_that_earlier_versions_wrote_down_for_columns_that_X_lacks_are_left_out(name):
    chosen = model_choices(trained(name).model)
    if name == "logistic":
        assert chosen["monotone"] is None
        return
    assert set(chosen["monotone"]) <= set(FEATURES) - {SOURCE}
    assert chosen["monotone"]["missing.count.365d"] == directions()["missing.count.365d"]
    older = model_options({**chosen, "monotone": directions()}, columns=FEATURES)
    assert older["monotone"] == chosen["monotone"]


# The file


def test_the_manifest_says_what_codes_the_model_knows_and_how_many_members_it_has(path, name):
    manifest, _ = parts_of(path)
    model = trained(name).model
    assert manifest["schema_version"] == 3
    assert manifest["vocabularies"] == {each: list(codes) for each, codes in model.vocabularies_.items()}
    assert manifest.get("averaged_members") == (2 if name == "averaged" else None)


def test_the_same_model_gives_the_same_bytes(path, name, tmp_path):
    again = save_model(tmp_path / "m.eoc", trained(name).model, features=FEATURES, task=TASK, records=records())
    assert again.read_bytes() == path.read_bytes()


def test_scoring_needs_numpy_alone_where_rows_bring_their_own_frame(path):
    code = (
        "import sys; from edgeofcare.model_file import load_model;"
        f"s = load_model({str(path)!r}); print(sorted(s.vocabularies),"
        "[m for m in ('pandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{sorted(load_model(path).vocabularies)} []"


@pytest.mark.parametrize(
    "change",
    [
        lambda held: {**held, "child.age": ["6"]},
        lambda held: {**held, "referral.last_close_reason": ["RC1"]},
        lambda held: {**held, SOURCE: held[SOURCE][::-1]},
        lambda held: {**held, SOURCE: [*held[SOURCE], held[SOURCE][-1]]},
        lambda held: {**held, SOURCE: [*held[SOURCE], "zebra"]},
        lambda held: {**held, SOURCE: [6, *held[SOURCE][1:]]},
        lambda held: {**held, SOURCE: "6"},
        lambda held: {**held, SOURCE: None},
        lambda held: [SOURCE],
        lambda held: None,
    ],
)
def test_vocabularies_that_cannot_be_are_refused(change, path, tmp_path):
    manifest, arrays = parts_of(path)
    file = tmp_path / "forged.eoc"
    file.write_bytes(pack(manifest | {"vocabularies": change(manifest["vocabularies"])}, arrays))
    with pytest.raises(ModelFileError, match="no usable 'vocabularies'"):
        load_model(file)


def test_vocabularies_that_do_not_fit_the_arrays_are_refused(path, tmp_path):
    manifest, arrays = parts_of(path)
    held = manifest["vocabularies"]
    file = tmp_path / "forged.eoc"
    for wrong in ({}, {**held, SOURCE: held[SOURCE][:1]}):
        file.write_bytes(pack(manifest | {"vocabularies": wrong}, arrays))
        with pytest.raises(ModelFileError, match="arrays and its vocabularies do not belong together"):
            load_model(file)


def test_numbers_under_the_name_of_a_code_are_not_saved(name, tmp_path):
    _, X, y = trained(name)
    numbers = X.loc[y.index].assign(**{SOURCE: X.loc[y.index, SOURCE].cat.codes * 1.0})
    model = make_risk_model("logistic", task=TASK, n_folds=3).fit(numbers, y)
    with pytest.raises(SpecError, match=rf"1 feature\(s\) are codes and were numbers in X.*{SOURCE}"):
        save_model(tmp_path / "m.eoc", model, features=FEATURES, task=TASK)
    free = X.loc[y.index].assign(**{SOURCE: pd.Categorical(np.where(y == 1, "zebra", "6"))})
    model = make_risk_model("logistic", task=TASK, n_folds=3).fit(free, y)
    with pytest.raises(SpecError, match="in no list of theirs") as caught:
        save_model(tmp_path / "m.eoc", model, features=FEATURES, task=TASK)
    assert "zebra" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_contributions_that_miss_the_model_are_not_saved(name, tmp_path, monkeypatch):
    model = trained(name).model
    own = type(model).log_odds
    monkeypatch.setattr(type(model), "log_odds", lambda self, X: own(self, X) + 2e-9 * X[SOURCE].notna().to_numpy())
    with pytest.raises(SpecError, match="its contributions miss its log-odds"):
        save_model(tmp_path / "m.eoc", model, features=FEATURES, task=TASK)


def test_one_child_from_plain_records_is_scored_as_the_frames_are(name, tmp_path):
    model, X, _ = trained(name)
    path = save_model(tmp_path / "codes.eoc", model, features=FEATURES, task=TASK)
    scorer = load_model(path)
    strange = X.loc[[bool(names) for names in unseen_names(X, scorer.vocabularies)]]
    some = pd.concat([X.iloc[:: len(X) // 25], strange.iloc[:2]]).sort_index()
    some = some[~some.index.duplicated()]
    expected = explain(scorer, some, records=records())
    reasons = expected.reasons(3, bands=False)
    assert len(strange)
    for key, risk in expected.risk.items():
        found = scorer.score_child(ChildRecords.from_records(records(), key[1]).to_plain(), key[2])
        assert found.risk == risk
        assert found.unseen == unseen_names(X.loc[[key]], scorer.vocabularies)[0]
        of_frames = reasons.loc[key]
        told = [(reason.feature, reason.sentence) for reason in found.reasons]
        assert told == list(of_frames[["feature", "sentence"]].itertuples(index=False, name=None))
        moved = [reason.contribution for reason in found.reasons]
        np.testing.assert_allclose(moved, of_frames["contribution"].to_numpy(), rtol=1e-12)
