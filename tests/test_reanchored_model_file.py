"""A re-anchored model is saved with its history, and the file that is loaded scores by the last version."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import ModelFileError
from edgeofcare.model_archive import pack
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.arrays import to_mapping
from edgeofcare.models.calibration_history import Anchoring, LineCheck
from edgeofcare.models.entry_timing import uniform_timing
from edgeofcare.models.extraction import extract_arrays
from edgeofcare.models.reanchor import reanchor
from saved_models import FEATURES, TASK, in_older_layout, trained

TIMING = uniform_timing(TASK.horizon_days)


def years_later(X):
    """The training rows on index dates ten years later."""
    names = [X.index.get_level_values(name) for name in X.index.names[:2]]
    dates = X.index.get_level_values("index_date") + pd.DateOffset(years=10)
    return X.set_axis(pd.MultiIndex.from_arrays([*names, dates], names=X.index.names))


@pytest.fixture(scope="module")
def moved():
    """A model whose level was moved twice, by what was invented of later rows."""
    made = trained("boosting")
    model, X, rng = made.model, years_later(made.X), np.random.default_rng(0)
    for level in (0.6, 2.0):
        risk = model.predict_proba(X)[:, 1]
        y = pd.Series((rng.random(len(risk)) < level * TIMING.within(182) * risk).astype(int), X.index)
        model = reanchor(model, X, y, days=182, timing=TIMING).model
    model.calibration_ = replace(model.calibration_, checks=[LineCheck("slope", 0.2, 0.0, 0.0)])
    return model


@pytest.fixture(scope="module")
def path(moved, tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("moved") / "model.eoc", moved, features=FEATURES, task=TASK)


def manifest_of(path):
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        return json.loads(archive.read("manifest.json"))


def with_calibration(path, tmp_path, change):
    """The file in the first layout, with another entry on its calibration, every hash right."""
    manifest = in_older_layout(manifest_of(path))
    change(manifest["calibration"])
    out = tmp_path / "changed.eoc"
    out.write_bytes(pack(manifest, to_mapping(extract_arrays(trained("boosting").model.estimator_))))
    return out


def test_the_last_version_scores_and_every_version_is_read_back(moved, path):
    scorer, made = load_model(path), trained("boosting")
    assert moved.calibration_.version == 3
    assert scorer.intercept == moved.calibration_.intercept != made.model.calibration_.intercept
    assert np.abs(scorer.risk(made.X) - moved.predict_proba(made.X)[:, 1]).max() <= 1e-12
    said = scorer.manifest["calibration"]
    assert said["version"] == 3
    assert tuple(Anchoring.from_dict(move) for move in said["history"]) == moved.calibration_.history
    assert [move["version"] for move in said["history"]] == [2, 3]
    assert said["checks"] == [{"rule": "slope", "log_loss": 0.2, "gain": 0.0, "standard_error": 0.0}]


def test_versions_have_names_of_their_own_and_reasons_that_are_the_same(moved, path, tmp_path):
    made = trained("boosting")
    first = load_model(save_model(tmp_path / "first.eoc", made.model, features=FEATURES, task=TASK))
    last = load_model(path)
    assert first.model_id != last.model_id
    assert first.manifest["calibration"]["version"] == 1
    assert first.manifest["calibration"]["history"] == []
    (psi, base), (again, moved_base) = first.contributions(made.X), last.contributions(made.X)
    assert np.array_equal(psi, again)
    assert moved_base - base == pytest.approx(moved.calibration_.intercept - made.model.calibration_.intercept)


def test_a_file_from_before_there_were_versions_loads(path, tmp_path):
    def strip(entry):
        for name in ("version", "history", "checks"):
            del entry[name]

    old = load_model(with_calibration(path, tmp_path, strip))
    assert old.intercept == load_model(path).intercept


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.update(version=2),
        lambda entry: entry.update(version="3"),
        lambda entry: entry.update(version=True),
        lambda entry: entry.update(history=[]),
        lambda entry: entry.update(history=None),
        lambda entry: entry.update(history=[{"reason": "KIND0000001"}]),
        lambda entry: entry.update(intercept=entry["intercept"] + 0.1),
        lambda entry: entry["history"][0].update(n_entrants=4),
        lambda entry: entry["history"].reverse(),
    ],
)
def test_a_history_that_does_not_lead_to_the_line_is_refused(path, tmp_path, change):
    with pytest.raises(ModelFileError, match="no usable 'calibration'") as error:
        load_model(with_calibration(path, tmp_path, change))
    assert "KIND" not in str(error.value)


def test_the_history_holds_nothing_personal(moved):
    said = json.dumps([move.to_dict() for move in moved.calibration_.history])
    assert "KIND" not in said
    made = trained("boosting")
    dates = years_later(made.X).index.get_level_values("index_date").unique().strftime("%Y-%m-%d")
    assert not any(date in said for date in dates)


def test_a_copy_is_moved_and_not_the_model_itself():
    made = trained("boosting")
    before = copy.deepcopy(made.model.calibration_)
    X = years_later(made.X)
    y = pd.Series(np.arange(len(X)) % 20 == 0, X.index).astype(int)
    found = reanchor(made.model, X, y, days=182, timing=TIMING)
    assert found.moved
    assert made.model.calibration_ == before
    assert found.model.estimator_ is made.model.estimator_
