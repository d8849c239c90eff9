"""The monitoring baseline inside a model file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.model_file import load_model, save_model
from edgeofcare.model_inspection import inspect_model
from edgeofcare.tracking.monitoring.monitor import monitor
from forged_files import parts_of, repacked
from monitored import FEATURES, RUNS, TASK, watched


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = watched()
    folder = tmp_path_factory.mktemp("monitored")
    return save_model(
        folder / "m.eoc", made.model, features=list(FEATURES), task=TASK, records=made.records, monitoring=made.baseline
    )


def test_a_loaded_model_is_monitored_against_what_its_file_holds(path: Path) -> None:
    made, scorer, day = watched(), load_model(path), RUNS[0]
    scores = made.scores.drop(columns="model_id")
    keep = made.rows([day])
    rows = {"X": made.X[keep], "cohort": made.cohort[keep], "index_date": day}
    found = monitor(scorer, scores, made.records, **rows)
    given = monitor(scorer, scores, made.records, baseline=made.baseline, **rows)
    assert len(found.table) > 20
    assert found.to_dict() == given.to_dict()
    assert "rows of 2019-10 to 2021-09" in inspect_model(path).text()


def test_a_model_without_a_baseline_says_how_to_get_one(tmp_path: Path) -> None:
    made = watched()
    bare = save_model(tmp_path / "m.eoc", made.model, features=list(FEATURES), task=TASK)
    assert "no baseline" in inspect_model(bare).text()
    for model in (made.model, load_model(bare)):
        with pytest.raises(SpecError, match=r"save_model\(\.\.\., monitoring="):
            monitor(model, made.scores, made.records)


def test_what_is_no_baseline_of_the_model_is_not_stored(tmp_path: Path) -> None:
    made = watched()
    other = dataclasses.replace(made.baseline, telling={"child.age": 1.0})
    for wrong, said in ((made.baseline.to_dict(), "monitoring is a dict"), (other, "other features")):
        with pytest.raises(SpecError, match=said):
            save_model(tmp_path / "m.eoc", made.model, features=list(FEATURES), task=TASK, monitoring=wrong)
    assert list(tmp_path.iterdir()) == []


def test_an_entry_that_is_no_baseline_is_refused_when_it_is_read(path: Path, tmp_path: Path) -> None:
    manifest, arrays = parts_of(path.read_bytes())
    forged = tmp_path / "forged.eoc"
    forged.write_bytes(repacked(manifest | {"monitoring": "usual"}, arrays))
    with pytest.raises(ModelFileError, match="monitoring"):
        load_model(forged)
    forged.write_bytes(repacked(manifest | {"monitoring": {"version": 1}}, arrays))
    with pytest.raises(SpecError, match="damaged"):
        monitor(load_model(forged), watched().scores, watched().records)
