"""Model files with refits: they score, and give intervals and bands, as the fitted model does; damage is refused."""

from __future__ import annotations

import html
import io
import json
import re
import subprocess
import sys
import zipfile
from functools import cache

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.model_archive import array_members, open_archive, pack, read_arrays
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.arrays import array_names
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.runs.choices import model_choices, model_options
from edgeofcare.runs.record import digest_model
from saved_models import FEATURES, KINDS, TASK, trained

REFITS = 10


@cache
def refitted(kind):
    """A model with refits of each kind."""
    made = trained(kind)
    trees = {"max_iter": 20, "min_samples_leaf": 20} if kind == "boosting" else {}
    return make_risk_model(kind, task=TASK, refits=REFITS, **trees).fit(made.X, made.y)


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def path(kind, tmp_path_factory):
    """A saved model with refits of each kind."""
    return save_model(tmp_path_factory.mktemp("saved") / "model.eoc", refitted(kind), features=FEATURES, task=TASK)


@pytest.fixture(scope="module")
def rows(kind):
    """Rows to score."""
    return trained(kind).X.iloc[::7]


def parts_of(path):
    """Manifest without hashes, and arrays by name."""
    archive = open_archive(path.read_bytes())
    manifest = dict(archive.manifest)
    del manifest["members"]
    return manifest, dict(read_arrays(archive, array_members(archive)))


def refused(tmp_path, manifest, arrays, match):
    """Whether a file of these parts, every hash right, is refused."""
    file = tmp_path / "forged.eoc"
    file.write_bytes(pack(manifest, arrays))
    with pytest.raises(ModelFileError, match=match):
        load_model(file)


def test_a_loaded_model_gives_the_intervals_of_the_fitted_one(kind, path, rows):
    model, scorer = refitted(kind), load_model(path)
    assert len(scorer.refits) == REFITS
    for level in (0.5, 0.9, 0.95):
        assert scorer.risk_interval(rows, level) == pytest.approx(model.risk_interval(rows, level), abs=1e-12)
    assert (scorer.risk_interval(rows) == scorer.risk_interval(rows, 0.9)).all()
    assert (scorer.risk_interval(rows) == scorer.risk_interval(rows.to_numpy())).all()


def test_a_loaded_model_gives_the_reasons_bands_and_agreement_of_the_fitted_one(kind, path, rows):
    own, loaded = explain(refitted(kind), rows.iloc[:60]), explain(load_model(path), rows.iloc[:60])
    pd.testing.assert_frame_equal(loaded.reasons(), own.reasons(), rtol=1e-9)
    assert loaded.spread.contributions() == pytest.approx(own.spread.contributions(), abs=1e-12)
    pd.testing.assert_frame_equal(loaded.agreement().table, own.agreement().table, rtol=1e-12)
    assert loaded.agreement().refits == own.agreement().refits


def test_scores_carry_the_interval(kind, path):
    made, scorer = trained(kind), load_model(path)
    found = scorer.score(made.records, "2023-01-01")
    assert list(found.columns)[:4] == ["risk", "risk_low", "risk_high", "rank"]
    assert ((found["risk_low"] < found["risk"]) & (found["risk"] < found["risk_high"])).all()
    X = made.X[made.X.index.get_level_values("index_date") == "2023-01-01"]
    common = found.index.intersection(X.index)
    ends = pd.DataFrame(refitted(kind).risk_interval(X), index=X.index)
    assert len(common) > 20
    assert found.loc[common, ["risk_low", "risk_high"]].to_numpy() == pytest.approx(ends.loc[common].to_numpy())
    assert all(reason.startswith(("Raises", "Lowers")) for reasons in found["reasons"] for reason in reasons)


def test_without_refits_nothing_of_them_is_in_file_or_scores(kind, tmp_path):
    made = trained(kind)
    scorer = load_model(save_model(tmp_path / "model.eoc", made.model, features=FEATURES, task=TASK))
    manifest, arrays = parts_of(tmp_path / "model.eoc")
    assert "refits" not in manifest
    assert manifest["schema_version"] == 4
    assert "golden.interval" not in arrays
    assert not [name for name in arrays if "refit" in name]
    assert scorer.refits == ()
    assert not {"risk_low", "risk_high"} & set(scorer.score(made.records, "2023-01-01").columns)
    with pytest.raises(SpecError, match=r"saved without refits.*refits=20"):
        scorer.risk_interval(made.X)


def test_the_model_itself_is_as_without_refits(kind, path, tmp_path):
    plain = make_risk_model(**{**refitted(kind).get_params(), "refits": 0})
    plain.fit(trained(kind).X, trained(kind).y)
    _, without = parts_of(save_model(tmp_path / "model.eoc", plain, features=FEATURES, task=TASK))
    manifest, arrays = parts_of(path)
    without = {name: array for name, array in without.items() if not name.startswith("golden.")}
    assert set(without) == set(array_names(kind, without))
    assert all((arrays[name] == array).all() for name, array in without.items())
    assert manifest["refits"] == {"count": REFITS, "confidence": 0.9, "agreement": None}
    assert arrays["golden.interval"].shape == (100,)


def test_the_same_model_gives_the_same_bytes(kind, path, tmp_path):
    again = save_model(tmp_path / "model.eoc", refitted(kind), features=FEATURES, task=TASK)
    assert again.read_bytes() == path.read_bytes()


def test_intervals_need_numpy_alone(kind, path):
    code = (
        "import sys; from edgeofcare.model_file import load_model; import numpy as np;"
        f"print(load_model({str(path)!r}).risk_interval(np.zeros((2, {len(FEATURES)}))).shape,"
        "[m for m in ('pandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(2, 2) []"


# Damage


def test_every_array_of_a_refit_is_needed(kind, path, tmp_path):
    manifest, arrays = parts_of(path)
    for name in ("refits.slope", "refits.shift", *(n for n in arrays if n.startswith("refits.004."))):
        refused(tmp_path, manifest, {n: a for n, a in arrays.items() if n != name}, "lacks arrays/refits")


def test_arrays_of_refits_that_the_manifest_does_not_speak_of_are_refused(path, tmp_path):
    manifest, arrays = parts_of(path)
    refused(tmp_path, {n: v for n, v in manifest.items() if n != "refits"}, arrays, "does not have")
    refused(tmp_path, manifest | {"refits": {"count": REFITS - 1}}, arrays, "does not have")


@pytest.mark.parametrize("entry", [None, 3, {}, {"count": 0}, {"count": 1}, {"count": True}, {"count": "10"}])
def test_a_count_that_makes_no_sense_is_refused(entry, path, tmp_path):
    manifest, arrays = parts_of(path)
    refused(tmp_path, manifest | {"refits": entry}, arrays, "no usable 'refits'")
    refused(tmp_path, manifest | {"refits": {"count": 1001}}, arrays, "no usable 'refits'")


@pytest.mark.parametrize(
    ("name", "change", "match"),
    [
        ("refits.slope", lambda a: np.where(np.arange(len(a)) == 3, 0.0, a), "slopes that are not above zero"),
        ("refits.slope", lambda a: -a, "slopes that are not above zero"),
        ("refits.slope", lambda a: a[1:], "one number for each of 10 refits"),
        ("refits.shift", lambda a: a.astype(np.int32), "one number for each of 10 refits"),
        ("refits.shift", lambda a: np.where(np.arange(len(a)) == 3, np.nan, a), "numbers that are not finite"),
        ("refits.shift", lambda a: a[0], "one number for each of 10 refits"),
    ],
)
def test_lines_that_cannot_be_are_refused(name, change, match, path, tmp_path):
    manifest, arrays = parts_of(path)
    refused(tmp_path, manifest, arrays | {name: change(arrays[name])}, match)


def test_a_refit_is_checked_as_the_model_is(kind, path, tmp_path):
    manifest, arrays = parts_of(path)
    changes = {
        "boosting": {"left": lambda a: a * 0, "feature": lambda a: a + 50, "cover": lambda a: -a},
        "logistic": {"weight": lambda a: a * np.nan, "center": lambda a: a[1:], "impute": lambda a: a * np.inf},
    }
    for name, change in changes[kind].items():
        full = f"refits.009.{name}"
        with np.errstate(invalid="ignore"):
            wrong = change(arrays[full])
        refused(tmp_path, manifest, arrays | {full: wrong}, "arrays of this .* model cannot be used")


def test_an_altered_member_is_found_by_its_hash(path, tmp_path):
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    member = "arrays/refits.shift.npy"
    where = path.read_bytes().index(members[member])
    for place in range(where, where + len(members[member])):
        data = bytearray(path.read_bytes())
        data[place] ^= 1
        file = tmp_path / "altered.eoc"
        file.write_bytes(bytes(data))
        with pytest.raises(ModelFileError):
            load_model(file)


def test_refits_count_towards_the_limit_of_size(path):
    size = sum(entry.file_size for entry in zipfile.ZipFile(path).infolist())
    assert len(load_model(path, max_bytes=size).refits) == REFITS
    with pytest.raises(ModelFileError, match="larger than"):
        load_model(path, max_bytes=size - 1)


# What goes with them


def test_an_agreement_travels_with_the_model_and_holds_nothing_personal(kind, rows, tmp_path):
    found = explain(refitted(kind), rows).agreement()
    save_model(tmp_path / "m.eoc", refitted(kind), features=FEATURES, task=TASK, agreement=found)
    saved = load_model(tmp_path / "m.eoc").manifest["refits"]["agreement"]
    assert saved == json.loads(json.dumps(found.to_dict()))
    assert {row["measure"] for row in saved["measures"]} == {"signs", "bands", "top_three"}
    data = (tmp_path / "m.eoc").read_bytes()
    assert b"KIND" not in data
    for name in ("household_id", "child_id"):
        assert not any(str(value).encode() in data for value in rows.index.get_level_values(name).unique())


def test_a_loaded_model_tells_the_agreement_that_was_saved_with_it(kind, path, rows, tmp_path):
    found = explain(refitted(kind), rows).agreement()
    save_model(tmp_path / "m.eoc", refitted(kind), features=FEATURES, task=TASK, agreement=found)
    why = explain(load_model(tmp_path / "m.eoc"), rows.iloc[[0]])
    own = found.table[found.table["level"] == "concept"].set_index("measure")["estimate"]
    said = [int(number) for number in re.findall(r" in (\d+)", why.about.agreement)]
    assert said == [int(100 * own[name] + 1e-9) for name in ("signs", "bands", "top_three")]
    assert f"Over {REFITS} refits" in why.about.agreement
    assert why.about.agreement in html.unescape(why.to_html())
    assert explain(load_model(path), rows.iloc[[0]]).about.agreement is None  # saved without one
    few = explain(refitted(kind), rows.iloc[:3]).agreement()
    save_model(tmp_path / "few.eoc", refitted(kind), features=FEATURES, task=TASK, agreement=few)
    assert explain(load_model(tmp_path / "few.eoc"), rows.iloc[[0]]).about.agreement is None


def test_an_agreement_of_another_model_is_refused(kind, rows, tmp_path):
    other = make_risk_model(**{**refitted(kind).get_params(), "random_state": 1}).fit(trained(kind).X, trained(kind).y)
    found = explain(other, rows).agreement()
    for model in (refitted(kind), trained(kind).model):
        with pytest.raises(SpecError, match="refits that are not those of this model"):
            save_model(tmp_path / "m.eoc", model, features=FEATURES, task=TASK, agreement=found)
    with pytest.raises(SpecError, match="agreement is a DataFrame"):
        save_model(tmp_path / "m.eoc", refitted(kind), features=FEATURES, task=TASK, agreement=found.table)
    assert not list(tmp_path.iterdir())


def test_refits_that_do_not_score_as_the_model_are_not_saved(tmp_path, monkeypatch):
    model = refitted("logistic")
    monkeypatch.setattr(type(model), "risk_interval", lambda self, X: np.full((len(X), 2), 0.5), raising=True)
    with pytest.raises(SpecError, match="its risks differ"):
        save_model(tmp_path / "m.eoc", model, features=FEATURES, task=TASK)


def test_a_run_tells_refits_only_where_there_are_some(kind):
    assert "refits" not in model_choices(trained(kind).model)
    chosen = model_choices(refitted(kind))
    assert chosen["refits"] == REFITS
    assert make_risk_model(task=TASK, **model_options(chosen)).refits == REFITS
    plain = make_risk_model(**{**refitted(kind).get_params(), "refits": 0}).fit(trained(kind).X, trained(kind).y)
    assert digest_model(plain) != digest_model(refitted(kind))
