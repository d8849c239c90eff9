"""Model files: what goes in comes out, nothing personal goes in, and nothing damaged or unsafe comes out."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import concept_of
from edgeofcare.features.leak_check import leak_check
from edgeofcare.features.specs.events import Count
from edgeofcare.model_archive import open_archive, pack, read_arrays
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.arrays import TreeArrays, to_mapping
from edgeofcare.models.extraction import extract_arrays
from edgeofcare.models.risk_model import RiskClassifier, make_risk_model
from edgeofcare.task import Task
from saved_models import FEATURES, KINDS, TASK, trained

CANARY = "Ada-Lovelace-1815"  # stands for anything that a file could smuggle into a message


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def saved(kind, tmp_path_factory):
    """The bytes of a saved model of each kind."""
    made = trained(kind)
    path = tmp_path_factory.mktemp("saved") / "model.eoc"
    assert save_model(path, made.model, features=FEATURES, task=TASK, records=made.records) == path
    return path.read_bytes()


@pytest.fixture(scope="module")
def boosting(tmp_path_factory):
    """The bytes of a saved boosting model."""
    path = tmp_path_factory.mktemp("boosting") / "model.eoc"
    return save_model(path, trained("boosting").model, features=FEATURES, task=TASK).read_bytes()


def save(made, path, **changes):
    """Save a model with some arguments changed."""
    arguments = {"features": FEATURES, "task": TASK, **changes}
    return save_model(path, arguments.pop("model", made.model), **arguments)


def manifest_of(data):
    """The manifest in the bytes of a model file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return json.loads(archive.read("manifest.json"))


def members_of(data):
    """All members by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members, compression=zipfile.ZIP_STORED, *, plain=True):
    """A zip of members, framed as save_model does unless not plain; a list of pairs may name one twice."""
    pairs = list(members.items()) if isinstance(members, dict) else members
    first = ("manifest.json", "digest.txt")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in sorted(pairs, key=lambda pair: (*(pair[0] != other for other in first), pair[0])):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0) if plain else (2024, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system, entry.external_attr = compression, 3, 0o100644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def sealed(members):
    """A zip of members in which every hash and the digest are right, as a careful forger would make it."""
    manifest = json.loads(members["manifest.json"])
    arrays = {name: data for name, data in members.items() if name.startswith("arrays/")}
    manifest["members"] = {name: hashlib.sha256(data).hexdigest() for name, data in arrays.items()}
    text = json.dumps(manifest).encode()
    return zipped({"manifest.json": text, "digest.txt": f"{hashlib.sha256(text).hexdigest()}\n", **arrays})


def with_manifest(data, text):
    """A model file with another manifest, its digest right."""
    text = text if isinstance(text, bytes) else text.encode()
    return zipped(members_of(data) | {"manifest.json": text, "digest.txt": f"{hashlib.sha256(text).hexdigest()}\n"})


def forged(data, **entries):
    """A model file with entries of its manifest changed, and every hash right."""
    manifest = manifest_of(data)
    manifest.update(entries)
    return with_manifest(data, json.dumps(manifest))


def with_array(data, name, array):
    """A model file with one array changed, and every hash right."""
    manifest = manifest_of(data)
    del manifest["members"]
    return pack(manifest, {**trees_of(data), name: array})


def npy(array):
    """An array as numpy saves it, objects included."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def refused(tmp_path, data, match, **options):
    """Check that a file is refused in clear words that carry nothing from inside it."""
    path = tmp_path / "bad.eoc"
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=match) as caught:
        load_model(path, **options)
    assert CANARY not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


class Bomb:
    """What a pickle can do: this one writes a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.write_text, (Path(self.path), "pickle ran")


# ------------------------------------------------------------------------------------------------ round trip


def test_a_loaded_model_scores_as_the_fitted_one(kind, saved, tmp_path):
    made = trained(kind)
    (tmp_path / "m.eoc").write_bytes(saved)
    scorer = load_model(tmp_path / "m.eoc")
    rng = np.random.default_rng(1)
    holes = made.X.mask(rng.random(made.X.shape) < 0.3)
    wild = pd.DataFrame(rng.normal(scale=500, size=made.X.shape), made.X.index, made.X.columns)
    for X in (made.X, holes, wild, made.X * np.nan, made.X.iloc[:0]):
        assert np.allclose(scorer.risk(X), made.model.predict_proba(X)[:, 1] if len(X) else [], rtol=0, atol=1e-12)
    assert made.X.isna().to_numpy().any()
    assert np.ptp(scorer.risk(made.X)) > 0.1


def test_a_loaded_model_knows_what_it_is(kind, saved, tmp_path):
    made = trained(kind)
    (tmp_path / "m.eoc").write_bytes(saved)
    scorer = load_model(str(tmp_path / "m.eoc"))
    assert (scorer.kind, scorer.feature_names, scorer.task) == (kind, FEATURES, TASK)
    assert (scorer.slope, scorer.intercept) == (made.model.calibration_.slope, made.model.calibration_.intercept)
    assert scorer.prevalence == made.y.mean()
    assert dict(scorer.reporting_lag) == dict(made.records.reporting_lag)
    assert scorer.model_id == hashlib.sha256(members_of(saved)["manifest.json"]).hexdigest()[:12]
    ours = to_mapping(extract_arrays(made.model.estimator_))
    assert {name: array.tobytes() for name, array in to_mapping(scorer.arrays).items()} == {
        name: array.tobytes() for name, array in ours.items()
    }


def test_the_same_model_gives_the_same_bytes(kind, saved, tmp_path, monkeypatch):
    made = trained(kind)
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    monkeypatch.chdir(tmp_path)
    assert save(made, "other.eoc", records=made.records).read_bytes() == saved
    order = np.random.default_rng(0).permutation(len(made.X))
    again = make_risk_model(**{name: getattr(made.model, name) for name in made.model.get_params()})
    again.fit(made.X.iloc[order], made.y.iloc[order])
    assert save(made, "again.eoc", model=again, records=made.records).read_bytes() == saved
    assert save(made, "unstated.eoc").read_bytes() != saved


def test_the_file_is_a_plain_zip_of_json_and_arrays(saved):
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        entries = archive.infolist()
    arrays = sorted(entry.filename for entry in entries[2:])
    assert [entry.filename for entry in entries] == ["manifest.json", "digest.txt", *arrays]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    members = members_of(saved)
    for name in arrays:
        assert np.load(io.BytesIO(members[name]), allow_pickle=False).dtype.str in ("<f8", "<i4", "|b1")
        assert manifest_of(saved)["members"][name] == hashlib.sha256(members[name]).hexdigest()


# -------------------------------------------------------------------------------------------------- manifest


def test_the_manifest_says_what_one_must_know(kind, saved):
    made, manifest = trained(kind), manifest_of(saved)
    assert manifest["format"] == "edgeofcare model"
    assert (manifest["schema_version"], manifest["kind"]) == (4, kind)
    assert manifest["decision_support_only"] is True
    assert Task.from_dict(manifest["task"]) == TASK
    assert [feature["name"] for feature in manifest["features"]] == list(FEATURES)
    assert [feature["empty"] for feature in manifest["features"]] == [None, 0.0, 0.0, None, None, 0.0, None]
    assert manifest["features"][0]["sentence"] == "Age on the index date, in years."
    assert manifest["protected_features"] == ["child.sex_F"]
    assert manifest["vocabularies"] == {}
    assert manifest["training_counts"] == made.model.training_counts_
    assert manifest["calibration"]["method"] == made.model.calibration_.method
    assert manifest["random_state"] == 0
    assert set(manifest["versions"]) == {"python", "numpy", "scikit-learn", "pandas", "edgeofcare"}
    assert manifest["input_fingerprint"] == made.records.fingerprint
    assert manifest["assumptions"]["reporting_lag"] == dict(made.records.reporting_lag)
    assert manifest["assumptions"]["observed_until"] == "2025-03-31"
    assert (manifest["evaluation"], manifest["verdict"], manifest["expires"], manifest["card"]) == (None,) * 4
    assert [feature["concept"] for feature in manifest["features"]] == [concept_of(name) for name in FEATURES]
    assert manifest["wording"]["sentences"] is None
    assert manifest["golden"]["rows"] == 50


def test_a_leak_check_goes_in_only_with_its_own_features_and_records(tmp_path):
    made = trained("logistic")
    report = leak_check(made.records, made.cohort, FEATURES, n=5)
    own = leak_check(made.records, made.cohort, lambda r, c: build_features(r, c, FEATURES[:-1]), n=5)
    assert own.features == FEATURES[:-1]
    told = manifest_of(save(made, tmp_path / "m.eoc", records=made.records, leaks=report).read_bytes())["leak_check"]
    assert told["records_fingerprint"] == made.records.fingerprint
    assert (told["features_hash"], told["own_code"]) == (report.features_hash, False)
    assert manifest_of(save(made, tmp_path / "unstated.eoc", leaks=report).read_bytes())["leak_check"] == told
    for wrong, records, why in (
        (own, made.records, "about code of your own"),
        (own, None, "about code of your own"),
        (replace(report, fingerprint="0" * 64), made.records, "about other records"),
        (replace(report, hashes=report.hashes[1:]), None, r"not about 1 feature of 7: child\.age"),
        (report.to_dict(), None, "leaks is a dict"),
    ):
        with pytest.raises(SpecError, match=why):
            save(made, tmp_path / "wrong.eoc", records=records, leaks=wrong)
    assert not (tmp_path / "wrong.eoc").exists()


def test_records_that_were_not_stated_are_said_to_be(boosting, tmp_path):
    manifest = manifest_of(boosting)
    assert manifest["input_fingerprint"] is None
    assert "not stated" in manifest["input_note"]
    assert manifest["assumptions"]["reporting_lag"] is None
    (tmp_path / "m.eoc").write_bytes(boosting)
    assert load_model(tmp_path / "m.eoc").reporting_lag is None


def test_an_evaluation_travels_with_the_model(tmp_path):
    made = trained("logistic")
    report = evaluate(made.model, made.X, made.y, n_resamples=20)
    manifest = manifest_of(save(made, tmp_path / "m.eoc", evaluation=report).read_bytes())
    said = {"groups_left_out": 0, "groups_note": "Groups by own columns are not saved."}
    assert manifest["evaluation"] == json.loads(json.dumps(report.to_dict())) | said
    with pytest.raises(SpecError, match="evaluation is a dict"):
        save(made, tmp_path / "m.eoc", evaluation=report.to_dict())


def test_groups_by_own_columns_are_not_saved(tmp_path):
    made = trained("logistic")
    cohort = made.cohort.assign(worker=f"{CANARY} c1")
    report = evaluate(made.model, made.X, made.y, cohort=cohort, by=["worker", "sex", "outcome_until"], n_resamples=20)
    own = report.groups["by"].isin(["worker", "outcome_until"])
    assert report.groups["group"].str.contains(CANARY).any()
    data = save(made, tmp_path / "m.eoc", evaluation=report).read_bytes()
    saved = manifest_of(data)["evaluation"]
    assert {group["by"] for group in saved["groups"]} == {"sex"}
    assert len(saved["groups"]) == len(report.groups) - own.sum()
    assert saved["groups_left_out"] == own.sum() > 2
    assert CANARY.encode() not in data
    assert b"outcome_until" not in data


def test_a_task_with_whole_numbers_of_numpy_is_saved(tmp_path):
    made = trained("logistic")
    path = save(made, tmp_path / "m.eoc", task=Task(ages=tuple(np.array([10, 17]))))
    assert load_model(path).task == TASK


def test_small_counts_are_not_shown(tmp_path):
    made = trained("logistic")
    model = copy.deepcopy(made.model)
    model.training_counts_ = {"rows": 1000, "children": 300, "households": 200, "entrants": 9}
    path = save(made, tmp_path / "m.eoc", model=model)
    manifest = manifest_of(path.read_bytes())
    assert manifest["training_counts"] == {"rows": 1000, "children": 300, "households": 200, "entrants": None}
    assert manifest["prevalence"] is None
    assert load_model(path).prevalence is None


def test_nothing_personal_is_in_the_file(kind, saved):
    made = trained(kind)
    children = made.records.table("children")
    households = set(made.records.households)
    text = b"\n".join([saved, *members_of(saved).values()])
    assert all(name.startswith("KIND") for name in children["child_id"])
    assert b"KIND" not in text
    assert not any(household.encode() in text for household in households)
    born = children["birth_date"].dt.strftime("%Y-%m-%d")
    dates = {str(date.date()) for date in made.records.observed_from.values() if date is not None}
    allowed = {str(made.records.observed_until.date()), *dates}
    assert not [date for date in set(born) - allowed if date.encode() in text]


# ----------------------------------------------------------------------------------------- what is not saved


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"model": LogisticRegression()}, "model is a LogisticRegression"),
        ({"features": FEATURES[:-1]}, "missing: child.sex_F"),
        ({"features": (*FEATURES, "cin_plan.active")}, "not expected: cin_plan.active"),
        ({"features": FEATURES[::-1]}, "another order, from position 1 on"),
        ({"task": Task(horizon="180D")}, "task is not the one"),
        ({"task": None}, "task is a NoneType"),
        ({"model": None}, "model is a NoneType"),
        ({"features": None}, "neither a Feature nor the name"),
        ({"features": "child.age"}, "missing: "),
        ({"records": "records"}, "records is a str"),
    ],
)
def test_what_does_not_belong_together_is_refused(changes, match, tmp_path):
    with pytest.raises(SpecError, match=match):
        save(trained("logistic"), tmp_path / "m.eoc", **changes)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_fitted_is_refused(tmp_path):
    with pytest.raises(NotFittedError):
        save(trained("logistic"), tmp_path / "m.eoc", model=RiskClassifier(task=TASK))


def test_every_problem_is_told_at_once(tmp_path):
    with pytest.raises(SpecError, match=r"missing: child\.sex_F.*task is not the one"):
        save(trained("logistic"), tmp_path / "m.eoc", features=FEATURES[:-1], task=Task(gap="1D"))


def test_a_slope_that_turns_reasons_round_is_not_saved(tmp_path):
    model = copy.deepcopy(trained("logistic").model)
    object.__setattr__(model.calibration_, "slope", -0.5)
    with pytest.raises(SpecError, match="slope of its calibration is not above zero"):
        save(trained("logistic"), tmp_path / "m.eoc", model=model)


def test_a_code_that_no_list_holds_is_not_saved(tmp_path):
    made = trained("logistic")
    free = Count("worker_involvements", "365D", {"worker": CANARY})
    X = made.X.assign(own=0.0).rename(columns={"own": free.name})
    model = make_risk_model("logistic", task=TASK).fit(X, made.y)
    with pytest.raises(SpecError, match="free value") as caught:
        save(made, tmp_path / "m.eoc", model=model, features=[*FEATURES, free])
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_that_do_not_score_as_the_model_are_not_saved(kind, tmp_path, monkeypatch):
    made = trained(kind)
    arrays = extract_arrays(made.model.estimator_)
    wrong = "value" if isinstance(arrays, TreeArrays) else "weight"
    object.__setattr__(arrays, wrong, getattr(arrays, wrong) * (1 + 1e-4))
    monkeypatch.setattr("edgeofcare.models.extraction.extract_arrays", lambda _: arrays)
    with pytest.raises(SpecError, match="its contributions miss its log-odds"):
        save(made, tmp_path / "m.eoc")


def test_a_model_whose_probability_is_not_of_its_log_odds_is_not_saved(tmp_path, monkeypatch):
    made = trained("logistic")
    monkeypatch.setattr(RiskClassifier, "predict_proba", lambda _, X: np.full((len(X), 2), 0.5))
    with pytest.raises(SpecError, match="differ from predict_proba"):
        save(made, tmp_path / "m.eoc")


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    for path in (tmp_path / "none" / "m.eoc", tmp_path, tmp_path / ("n" * 300), tmp_path / "m\0.eoc"):
        with pytest.raises(SpecError, match=r"cannot be saved there .*folder that exists") as caught:
            save(trained("logistic"), path)
        assert str(tmp_path) not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_long_name_that_the_system_takes_is_taken(tmp_path):
    path = tmp_path / ("n" * 250)
    assert save(trained("logistic"), path) == path
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path, monkeypatch):
    plain = Path.open

    def denied(path, *options, **more):
        if path.parent == tmp_path:
            raise PermissionError(13, "Permission denied", CANARY)
        return plain(path, *options, **more)  # of the library's own files

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(SpecError, match=r"cannot be saved there \(Permission denied\)") as caught:
        save(trained("logistic"), tmp_path / "m.eoc")
    assert CANARY not in str(caught.value)


def test_a_file_is_written_whole_or_not_at_all(boosting, tmp_path, monkeypatch):
    path = tmp_path / "m.eoc"
    path.write_bytes(boosting)

    def full(_):
        raise OSError(28, "No space left on device", CANARY)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SpecError, match="No space left"):
        save(trained("logistic"), path)
    assert path.read_bytes() == boosting
    assert list(tmp_path.iterdir()) == [path]


# ---------------------------------------------------------------------------------------- what is not loaded


def test_a_file_that_was_cut_short_is_refused(saved, tmp_path):
    for share in (0.0, 0.001, 0.1, 0.5, 0.9, 0.999):
        refused(tmp_path, saved[: int(share * len(saved))], "not a whole zip")
    refused(tmp_path, saved[:-1], "not a whole zip")


def test_a_flipped_byte_is_found_in_every_member(saved, tmp_path):
    members = members_of(saved)
    for name, data in members.items():
        for at in (0, len(data) // 2, len(data) - 1):
            bad = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            place = saved.index(data) + at
            refused(tmp_path, saved[:place] + bytes([saved[place] ^ 1]) + saved[place + 1 :], "cannot be used")
            # The same with a zip that is whole again, so that only the hashes can tell.
            match = name if name.startswith("arrays/") else "digest of manifest.json is wrong"
            refused(tmp_path, zipped(members | {name: bad}), match)


def test_a_hash_alone_that_was_changed_is_found(saved, tmp_path):
    manifest = manifest_of(saved)
    name = sorted(manifest["members"])[0]
    refused(tmp_path, forged(saved, members=manifest["members"] | {name: "0" * 64}), f"hash of {name} is wrong")
    refused(tmp_path, forged(saved, members={}), "does not list the hash")
    refused(tmp_path, forged(saved, members=CANARY), "does not list the hash")


def test_a_newer_layout_asks_for_an_upgrade(saved, tmp_path):
    refused(tmp_path, forged(saved, schema_version=5), "Upgrade edgeofcare")


@pytest.mark.parametrize("name", [CANARY, f"../{CANARY}", f"/tmp/{CANARY}", f"arrays/../{CANARY}.npy", "arrays/"])
def test_a_member_that_does_not_belong_is_refused(name, saved, tmp_path):
    refused(
        tmp_path, zipped(members_of(saved) | {name: b"x"}), r"1 member\(s\) that a model file of this kind does not"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["bad.eoc"]


def test_a_member_that_is_missing_is_named(saved, tmp_path):
    for name in members_of(saved):
        left = {other: data for other, data in members_of(saved).items() if other != name}
        refused(tmp_path, zipped(left), name)


def test_a_member_that_is_there_twice_is_refused(saved, tmp_path):
    pairs = list(members_of(saved).items())
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped([*pairs, pairs[0]])
    refused(tmp_path, data, "a member twice")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_in_place_of_a_file_never_runs(protocol, tmp_path):
    ran = tmp_path / "ran"
    refused(tmp_path, pickle.dumps(Bomb(ran), protocol=protocol), "is a pickle")
    assert not ran.exists()


def test_a_joblib_file_never_runs(tmp_path):
    for compress in (0, 3):
        joblib.dump(Bomb(tmp_path / "ran"), tmp_path / "model.joblib", compress=compress)
        refused(tmp_path, (tmp_path / "model.joblib").read_bytes(), "not a whole zip" if compress else "is a pickle")
    assert not (tmp_path / "ran").exists()


def test_a_pickle_in_place_of_a_member_never_runs(saved, tmp_path):
    members = members_of(saved)
    name = next(name for name in members if name.startswith("arrays/"))
    bomb = Bomb(tmp_path / "ran")
    structured = np.zeros(1, dtype=[(CANARY, "f8"), ("b", object)])
    for data in (pickle.dumps(bomb), npy(np.array([bomb], dtype=object)), npy(structured)):
        refused(tmp_path, sealed(members | {name: data}), f"{name} carries a pickle")
    refused(tmp_path, zipped(members | {"manifest.json": pickle.dumps(bomb)}), "digest of manifest.json is wrong")
    refused(tmp_path, with_manifest(saved, pickle.dumps(bomb)), "manifest.json is not the JSON")
    assert not (tmp_path / "ran").exists()


def test_pickle_is_never_called(saved, tmp_path, monkeypatch):
    def called(*_, **__):
        pytest.fail("pickle was called")

    (tmp_path / "m.eoc").write_bytes(saved)
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, called)
    scorer = load_model(tmp_path / "m.eoc")
    assert len(scorer.risk(np.zeros((2, len(FEATURES))))) == 2


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (b"", "not a plain array"),
        (b"\x93NUMPY", "not a plain array"),
        (npy(np.zeros(3))[:60], "not a plain array"),
        (npy(np.zeros(3))[:-1], "another length than its header says"),
        (npy(np.zeros(3)) + b"\0", "another length than its header says"),
        (
            npy(np.zeros(3)).replace(b"(3,), }", b"(999999999999,), }").replace(b" " * 11 + b"\n", b"\n"),
            "another length",
        ),
        (npy(np.zeros(3, dtype=np.float32)), "not a plain array"),
        (npy(np.array([CANARY])), "not a plain array"),
        (npy(np.zeros(3, dtype=[(CANARY, "f8")])), "not a plain array"),
        (npy(np.zeros((2, 2))), "not a plain array"),
        (npy(np.zeros(3)).replace(b"\x01\x00", b"\x09\x00", 1), "not a plain array"),
    ],
)
def test_an_array_that_is_not_plain_is_refused(bad, match, boosting, tmp_path):
    refused(tmp_path, sealed(members_of(boosting) | {"arrays/value.npy": bad}), f"arrays/value.npy.*{match}")


def test_declared_sizes_are_looked_at_before_anything_is_read(saved, tmp_path, monkeypatch):
    members = members_of(saved)
    sizes = sum(len(data) for data in members.values())
    (tmp_path / "m.eoc").write_bytes(saved)
    assert load_model(tmp_path / "m.eoc", max_bytes=sizes).feature_names == FEATURES
    bomb = zipped({"manifest.json": b"0" * 300_000_000}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1_000_000

    def read(*_):
        pytest.fail("a member was read")

    monkeypatch.setattr(zipfile.ZipFile, "read", read)
    refused(tmp_path, saved, "larger than", max_bytes=sizes - 1)
    refused(tmp_path, bomb, "larger than 200,000,000 bytes")
    refused(tmp_path, zipped(members, zipfile.ZIP_DEFLATED), "compressed")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    refused(tmp_path, b"\0" * 2_000_000, "larger than 10 bytes", max_bytes=10)


def test_a_path_without_a_file_is_refused(tmp_path):
    for path in (tmp_path / "none.eoc", tmp_path, tmp_path / ("n" * 300), "m\0.eoc"):
        with pytest.raises(ModelFileError, match="no model file"):
            load_model(path)


def test_a_file_that_may_not_be_read_is_refused(saved, tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied", CANARY)

    (tmp_path / "m.eoc").write_bytes(saved)
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(ModelFileError, match=r"can be read \(Permission denied\)") as caught:
        load_model(tmp_path / "m.eoc")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("path", [None, 3, b"m.eoc"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(SpecError, match=f"path is a {type(path).__name__}"):
        save(trained("logistic"), path)
    with pytest.raises(SpecError, match=f"path is a {type(path).__name__}"):
        load_model(path)


@pytest.mark.parametrize("max_bytes", [-1, 0, 1.5, True, None, "9"])
def test_a_limit_that_is_no_number_of_bytes_is_refused(max_bytes, saved, tmp_path):
    (tmp_path / "m.eoc").write_bytes(saved)
    with pytest.raises(SpecError, match="max_bytes must be a whole number"):
        load_model(tmp_path / "m.eoc", max_bytes=max_bytes)


def trees_of(data):
    """The arrays in a file."""
    archive = open_archive(data)
    return read_arrays(archive, [member[7:-4] for member in archive.members])


def edited(data, **changes):
    """A file whose trees have single values changed, as {name: {position: value}}, and every hash right."""
    for name, values in changes.items():
        array = trees_of(data)[name].copy()
        array[list(values)] = list(values.values())
        data = with_array(data, name, array)
    return data


def test_trees_that_are_not_whole_are_refused(boosting, tmp_path):
    trees = trees_of(boosting)
    leaf, root = int(np.flatnonzero(trees["feature"] < 0)[0]), 0
    inner = int(np.flatnonzero(trees["feature"][1 : trees["tree_start"][1]] >= 0)[0]) + 1
    for changes, match in (
        ({"value": {leaf: np.nan}}, "not finite"),
        ({"threshold": {root: np.nan}}, "threshold"),
        ({"left": {inner: 0}}, "not reached exactly once"),
        ({"left": {root: 10**6}}, "outside the split's own tree"),
        ({"feature": {root: len(FEATURES)}}, "feature"),
        ({"cover": {leaf: 10**9}}, "do not add up"),
        ({"tree_start": {1: 0}}, "tree_start"),
    ):
        refused(tmp_path, edited(boosting, **changes), match)


def test_arrays_of_another_kind_or_type_are_refused(boosting, tmp_path):
    refused(tmp_path, with_array(boosting, "value", np.zeros(3)), "nodes")
    refused(tmp_path, with_array(boosting, "left", np.zeros(3)), "array 'left' is float64")
    refused(tmp_path, forged(boosting, kind="logistic"), "lacks arrays/impute.npy")


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("format", CANARY),
        ("schema_version", "1"),
        ("schema_version", True),
        ("schema_version", 0),
        ("kind", CANARY),
        ("kind", ["boosting"]),
        ("task", {CANARY: 1}),
        ("task", {"horizon": CANARY}),
        ("task", None),
        ("task", TASK.to_dict() | {"early_help": 0}),
        ("features", []),
        ("features", [CANARY]),
        ("features", [{"name": CANARY}] * len(FEATURES)),
        ("features", [{"name": name} for name in FEATURES[:-1]] + [{"name": CANARY}]),
        ("features", [{"name": name} for name in FEATURES[:-1]] + [{"name": 7}]),
        ("features", [{"name": FEATURES[0]}] * len(FEATURES)),
        ("protected_features", []),
        ("decision_support_only", False),
        ("decision_support_only", 1),
        ("calibration", {"slope": CANARY, "intercept": 0.0}),
        ("calibration", {"slope": 1.0}),
        ("calibration", {"slope": True, "intercept": 0.0}),
        ("prevalence", 1.5),
        ("prevalence", CANARY),
        ("assumptions", {}),
        ("assumptions", {"reporting_lag": {CANARY: 3}}),
        ("assumptions", {"reporting_lag": {"contacts": -3}}),
        ("assumptions", {"reporting_lag": CANARY}),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused_even_with_the_right_digest(entry, value, boosting, tmp_path):
    what = "not that of an edgeofcare model" if entry == "format" else f"no usable '{entry}'"
    refused(tmp_path, forged(boosting, **{entry: value}), what)


def test_a_manifest_lacking_an_entry_is_refused(boosting, tmp_path):
    whole = manifest_of(boosting)
    for entry in ("schema_version", "kind", "task", "features", "protected_features", "calibration", "prevalence"):
        left = json.dumps({name: value for name, value in whole.items() if name != entry})
        refused(tmp_path, with_manifest(boosting, left), entry)


@pytest.mark.parametrize("slope", [0.0, -1.0, -1e-300])
def test_a_slope_that_turns_reasons_round_is_not_loaded(slope, boosting, tmp_path):
    bad = manifest_of(boosting)["calibration"] | {"slope": slope}
    refused(tmp_path, forged(boosting, calibration=bad), "slope of its calibration is not above zero")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"a": NaN}',
        '{"a": -Infinity}',
        f'{{"{CANARY}": 1, "{CANARY}": 2}}',
        "[" * 200_000,
        '{"a": ' + "9" * 5000 + "}",
        '{"calibration": {"slope": 1' + "0" * 400 + ', "intercept": 0.0}}',
        '{"a": 1e999}',
        r'{"a": "\ud800"}',
        '{"a":' * 33 + "1" + "}" * 33,
        CANARY.encode() + b"\xff\xfe",
        b"\xef\xbb\xbf{}",
    ],
)
def test_a_manifest_that_is_not_plain_json_is_refused(text, boosting, tmp_path):
    refused(tmp_path, with_manifest(boosting, text), "manifest.json is not the JSON")


@pytest.mark.parametrize("before", [b"", b"JANE SMITH", b"#!/bin/sh\nexit 0\n", b"\0"])
@pytest.mark.parametrize("after", [b"", b"tail", b"\0", b"PK\x05\x06"])
def test_nothing_may_stand_before_or_after_the_zip(before, after, saved, tmp_path):
    if before or after:
        refused(tmp_path, before + saved + after, "damaged or altered|not a whole zip")


def test_a_zip_of_the_right_members_in_another_frame_is_refused(saved, tmp_path):
    members = members_of(saved)
    assert zipped(members) == saved
    refused(tmp_path, zipped(members, plain=False), "damaged or altered")
    with_comment = io.BytesIO(saved)
    with zipfile.ZipFile(with_comment, "a") as archive:
        archive.comment = CANARY.encode()
    refused(tmp_path, with_comment.getvalue(), "damaged or altered")
    turned = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved)) as old, zipfile.ZipFile(turned, "w") as new:
        for entry in reversed(old.infolist()):
            new.writestr(entry, members[entry.filename])
    refused(tmp_path, turned.getvalue(), "damaged or altered")


def test_every_single_flipped_bit_is_found():
    data = pack({"kind": "none"}, {"weight": np.ones(2)})
    assert read_arrays(open_archive(data), ["weight"])["weight"].tolist() == [1.0, 1.0]
    for place in range(len(data)):
        for bit in range(8):
            bad = bytearray(data)
            bad[place] ^= 1 << bit
            with pytest.raises(ModelFileError):
                read_arrays(open_archive(bytes(bad)), ["weight"])


def test_the_bytes_of_a_file_are_the_same_on_every_python():
    """A reader refuses every other frame, so a zip that is written in another way would make old files unreadable."""
    data = pack({"kind": "none"}, {"weight": np.ones(2), "left": np.zeros(1, dtype=np.int32)})
    assert hashlib.sha256(data).hexdigest() == "0a10acd60976a191919b3ec0b953823924f95f5de1d1711c0c9bbc0c30dc2201"


def test_random_damage_is_refused(boosting, tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(200):
        data = bytearray(boosting)
        for at in rng.integers(len(data), size=rng.integers(1, 4)):
            data[at] ^= rng.integers(1, 256)
        if data != boosting:
            refused(tmp_path, data, "cannot be used")


def test_damage_to_the_frame_of_the_zip_never_escapes_as_another_error(boosting, tmp_path):
    rng = np.random.default_rng(1)
    for _ in range(300):
        tail = bytearray(boosting[-2000:])
        for at in rng.integers(len(tail), size=rng.integers(1, 6)):
            tail[at] ^= rng.integers(1, 256)
        if tail != boosting[-2000:]:
            refused(tmp_path, boosting[:-2000] + tail, "cannot be used|newer version")
