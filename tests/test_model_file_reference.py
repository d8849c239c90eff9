"""Model files with a reference cohort: explained as by the fitted model; no small count; damage is refused."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest

import edgeofcare as eoc
from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.reference import REFERENCE
from edgeofcare.explanation.reference_cohort import make_reference
from edgeofcare.model_archive import array_members, open_archive, pack, read_arrays
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.risk_model import make_risk_model
from saved_models import FEATURES, KINDS, TASK, trained

NAME, DAY = "All open cases, 2016 to 2019", "2023-01-01"


@cache
def model_of(kind, refits=0):
    """A model of each kind, with or without refits."""
    made = trained(kind)
    if not refits:
        return made.model
    trees = {"max_iter": 15, "min_samples_leaf": 20} if kind == "boosting" else {}
    return make_risk_model(kind, task=TASK, refits=refits, **trees).fit(made.X, made.y)


@cache
def cohort_of(kind, refits=0):
    """The earlier rows of training as a cohort."""
    return make_reference(model_of(kind, refits), cohort_rows(kind), name=NAME)


def cohort_rows(kind):
    """The earlier rows of training."""
    X = trained(kind).X
    return X[X.index.get_level_values("index_date") < "2020-01-01"]


@pytest.fixture(scope="module", params=[(kind, refits) for kind in KINDS for refits in (0, 10)], ids=str)
def saved(request, tmp_path_factory):
    """Kind, number of refits and the file."""
    model, reference = model_of(*request.param), cohort_of(*request.param)
    folder = tmp_path_factory.mktemp("saved")
    return *request.param, save_model(folder / "m.eoc", model, features=FEATURES, task=TASK, reference=reference)


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


def test_a_loaded_model_compares_with_the_stored_cohort_unless_told_otherwise(saved):
    kind, refits, path = saved
    rows, scorer = trained(kind).X.iloc[:60], load_model(path)
    own = explain(model_of(kind, refits), rows, reference=cohort_of(kind, refits))
    for loaded in (explain(scorer, rows), explain(scorer, rows, reference="stored")):
        assert loaded.about.reference == NAME
        np.testing.assert_array_equal(loaded.contributions.to_numpy(), own.contributions.to_numpy())
        np.testing.assert_array_equal(loaded.concept_contributions.to_numpy(), own.concept_contributions.to_numpy())
        assert loaded.base == own.base
        pd.testing.assert_frame_equal(loaded.reasons(), own.reasons(), rtol=1e-9)
        assert (loaded.spread is None) == (refits == 0)
    plain, training = explain(model_of(kind, refits), rows), explain(scorer, rows, reference=None)
    assert training.about.reference == plain.about.reference == REFERENCE
    np.testing.assert_array_equal(training.contributions.to_numpy(), plain.contributions.to_numpy())
    assert np.abs(plain.contributions - own.contributions).to_numpy().max() > 1e-6


def test_the_scorer_holds_it_and_says_so(saved):
    kind, refits, path = saved
    scorer, rows = load_model(path), trained(kind).X.iloc[:60]
    assert repr(scorer.reference) == repr(cohort_of(kind, refits))
    assert scorer.reference.to_dict() == scorer.manifest["reference"] == cohort_of(kind, refits).to_dict()
    psi, base = scorer.contributions(rows)
    why = explain(scorer, rows)
    np.testing.assert_array_equal(psi, why.contributions.to_numpy())
    assert base == why.base
    scores = scorer.score(trained(kind).records, DAY, top_reasons=1)
    assert set(scores["compared_with"]) == {NAME}


def test_without_one_the_file_is_as_it_was(saved, tmp_path):
    kind, refits, path = saved
    plain = save_model(tmp_path / "m.eoc", model_of(kind, refits), features=FEATURES, task=TASK)
    manifest, arrays = parts_of(plain)
    assert "reference" not in manifest
    assert manifest["schema_version"] == 4
    assert load_model(plain).reference is None
    assert set(load_model(plain).score(trained(kind).records, DAY, top_reasons=0)["compared_with"]) == {REFERENCE}
    more, held = parts_of(path)
    assert more.pop("reference") == cohort_of(kind, refits).to_dict()
    assert more.pop("golden")["model"] != manifest.pop("golden")["model"]
    assert more == manifest
    assert all((held[name] == array).all() for name, array in arrays.items() if not name.startswith("golden."))
    assert {name.partition(".")[0] for name in set(held) - set(arrays)} == {"reference"}


def test_the_same_reference_gives_the_same_bytes(saved, tmp_path):
    kind, refits, path = saved
    rows = cohort_rows(kind).sample(frac=1.0, random_state=3)
    again = make_reference(model_of(kind, refits), rows, name=NAME)
    file = save_model(tmp_path / "m.eoc", model_of(kind, refits), features=FEATURES, task=TASK, reference=again)
    assert file.read_bytes() == path.read_bytes()


def test_no_row_key_or_small_count_is_in_the_file(saved):
    kind, _, path = saved
    assert b"KIND" not in path.read_bytes()
    manifest, arrays = parts_of(path)
    entry = manifest["reference"]
    assert min(entry[name] for name in ("rows", "children", "households", "least")) >= 10
    if kind == "boosting":
        assert arrays["reference.count"].min() >= 10
    else:
        known = (1 - arrays["reference.missing"]) * entry["rows"]
        assert all(count == 0 or count >= 10 for count in [*known, *(entry["rows"] - known)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_reference_that_tells_of_few_or_is_of_another_model_is_not_saved(kind, tmp_path):
    made = trained(kind)
    few = make_reference(made.model, made.X, name=NAME, least=9)
    with pytest.raises(SpecError, match="least=9, so it is case data and cannot be saved"):
        save_model(tmp_path / "m.eoc", made.model, features=FEATURES, task=TASK, reference=few)
    other = make_risk_model(kind, task=TASK, **({"max_iter": 5} if kind == "boosting" else {"C": 0.01}))
    other.fit(made.X, made.y)
    with pytest.raises(SpecError, match="counted for another model"):
        save_model(tmp_path / "m.eoc", other, features=FEATURES, task=TASK, reference=cohort_of(kind))
    with pytest.raises(SpecError, match=r"reference is a str; expected what edgeofcare\.make_reference returns"):
        save_model(tmp_path / "m.eoc", other, features=FEATURES, task=TASK, reference=NAME)
    assert not list(tmp_path.iterdir())


def test_a_reference_of_a_loaded_model_is_that_of_the_fitted_one(saved):
    kind, refits, path = saved
    again = make_reference(load_model(path), cohort_rows(kind), name=NAME)
    assert again.to_dict() == cohort_of(kind, refits).to_dict()


def test_a_stored_reference_needs_numpy_alone(saved):
    _, _, path = saved
    code = (
        "import sys; from edgeofcare.model_file import load_model; import numpy as np;"
        f"s = load_model({str(path)!r}); psi, _ = s.contributions(np.zeros((2, {len(FEATURES)})));"
        "print(s.reference.name, psi.shape,"
        "[m for m in ('pandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{NAME} (2, {len(FEATURES)}) []"


# Damage


def test_every_array_is_needed_and_no_other_is_let_in(saved, tmp_path):
    _, _, path = saved
    manifest, arrays = parts_of(path)
    for name in [each for each in arrays if each.startswith("reference.")]:
        refused(tmp_path, manifest, {n: a for n, a in arrays.items() if n != name}, "lacks arrays/reference")
    refused(tmp_path, {n: v for n, v in manifest.items() if n != "reference"}, arrays, "does not have")
    refused(tmp_path, manifest, arrays | {"reference.rows": np.zeros(3)}, "does not have")


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "two\nlines"},
        {"name": 7},
        {"rows": 10},
        {"rows": True},
        {"rows": 2.0**40},
        {"rows": 2**31},
        {"children": "200"},
        {"children": 10**9},
        {"households": 49},
        {"households": 10**9},
        {"least": 9},
        {"least": 0},
        {"least": 10**6},
        {"parts": 0},
        {"parts": 2},
        {"parts": True},
        {"model": "0" * 63},
        {"model": "z" * 64},
        {"model": None},
        {"more": 1},
    ],
    ids=str,
)
def test_an_entry_that_makes_no_sense_is_refused(change, saved, tmp_path):
    _, _, path = saved
    manifest, arrays = parts_of(path)
    refused(tmp_path, manifest | {"reference": manifest["reference"] | change}, arrays, "no usable 'reference'")


@pytest.mark.parametrize("entry", [None, 3, [], {}, "stored"], ids=str)
def test_another_kind_of_entry_is_refused(entry, saved, tmp_path):
    _, _, path = saved
    manifest, arrays = parts_of(path)
    refused(tmp_path, manifest | {"reference": entry}, arrays, "no usable 'reference'")


def test_a_reference_of_other_arrays_is_refused(saved, tmp_path):
    _, _, path = saved
    manifest, arrays = parts_of(path)
    entry = manifest["reference"] | {"model": "0" * 64}
    refused(tmp_path, manifest | {"reference": entry}, arrays, "the reference was counted for another model")


def at(place, value):
    """Change one number of an array."""

    def changed(array):
        found = array.copy()
        found[place] = value
        return found

    return changed


@pytest.mark.parametrize("saved", [("boosting", 0), ("boosting", 10)], indirect=True, ids=str)
@pytest.mark.parametrize(
    ("name", "change", "match"),
    [
        ("count", at(0, 9), "that tell of fewer children"),
        ("count", at(0, 0), "that tell of fewer children"),
        ("count", at(0, -20), "that tell of fewer children"),
        ("count", at(0, 2**31 - 1), "do not add up to the rows"),
        ("count", lambda a: a + 1, "do not add up to the rows"),
        ("count", lambda a: a[1:], "do not hold"),
        ("count", lambda a: a * 1.0, "not one row of int32"),
        ("pattern", at(0, -1), "beyond the conditions"),
        ("pattern", at(-1, 2**14), "beyond the conditions"),
        ("pattern", lambda a: a[:-1], "do not hold"),
        ("pattern", lambda a: a * 0, "come twice or are out of order"),
        ("pattern", lambda a: a > 0, "not one row of int32"),
        ("patterns", at(0, 0), "1 or more for each of"),
        ("patterns", at(0, -3), "1 or more for each of"),
        ("patterns", lambda a: a[1:], "1 or more for each of"),
        ("patterns", lambda a: a + 1, "do not hold"),
        ("patterns", at(0, 2**31 - 1), "do not hold"),
    ],
)
def test_counts_that_cannot_be_are_refused(name, change, match, saved, tmp_path):
    _, _, path = saved
    manifest, arrays = parts_of(path)
    full = f"reference.{name}"
    refused(tmp_path, manifest, arrays | {full: change(arrays[full])}, f"cannot be used(.|\n)*{match}")


@pytest.mark.parametrize("saved", [("logistic", 0), ("logistic", 10)], indirect=True, ids=str)
@pytest.mark.parametrize(
    ("name", "change", "match"),
    [
        ("mean", at(0, np.nan), "that are not finite"),
        ("mean", at(0, np.inf), "that are not finite"),
        ("mean", lambda a: a[1:], "one for each feature"),
        ("mean", lambda a: a > 0, "not one row of float64"),
        ("missing", at(0, -0.1), "that are no share"),
        ("missing", at(0, 1.1), "that are no share"),
        ("missing", at(0, np.nan), "that are no share"),
        ("missing", at(0, 1.0), "of features that are never known"),
        ("missing", at(0, 1e-4), "that tell of fewer children"),
        ("missing", at(0, 1 - 1e-4), "that tell of fewer children"),
        ("missing", lambda a: np.append(a, 0.0), "one for each feature"),
    ],
)
def test_means_that_cannot_be_are_refused(name, change, match, saved, tmp_path):
    _, _, path = saved
    manifest, arrays = parts_of(path)
    full = f"reference.{name}"
    refused(tmp_path, manifest, arrays | {full: change(arrays[full])}, f"cannot be used(.|\n)*{match}")


def test_an_altered_member_is_found_by_its_hash(saved, tmp_path):
    _, _, path = saved
    data = bytearray(path.read_bytes())
    member = b"arrays/reference."
    data[data.index(member) + 160] ^= 1
    (tmp_path / "altered.eoc").write_bytes(bytes(data))
    with pytest.raises(ModelFileError):
        load_model(tmp_path / "altered.eoc")


def test_changes_of_a_loaded_model_use_the_stored_cohort(saved):
    kind, _, path = saved
    made, scorer = trained(kind), load_model(path)
    child = made.X.index[0][1]
    found = eoc.explain_change(scorer, made.records, child, "2020-04-01", "2021-04-01")
    other = eoc.explain_change(scorer, made.records, child, "2020-04-01", "2021-04-01", reference=None)
    assert (found.about.reference, other.about.reference) == (NAME, REFERENCE)
    same = eoc.what_if(scorer, made.records, child, "2021-04-01", [])
    assert same.about.reference == NAME
