"""Run a saved model's training and evaluation again, and say what agrees."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.model_file import load_model
from edgeofcare.model_manifest import plain_evaluation
from edgeofcare.models.arrays import to_mapping
from edgeofcare.models.extraction import extract_arrays
from edgeofcare.models.refit_members import refits_to_mapping
from edgeofcare.models.refits import refit_arrays
from edgeofcare.records.records import Records
from edgeofcare.reproduction.again import Again, run_again
from edgeofcare.reproduction.compare import compare_environments, compare_numbers, compare_steps
from edgeofcare.reproduction.result import Reproduction
from edgeofcare.runs.digests import Digest, digest_arrays, digest_plain
from edgeofcare.runs.record import RunRecord
from edgeofcare.scorer import Scorer

__all__ = ["recorded_run", "reproduce"]

_MODEL, _SAVED = "model", "evaluation as saved"


def reproduce(path: str | os.PathLike[str], records: Records, *, progress: bool | None = None) -> Reproduction:
    """Run the training and evaluation of a saved model again from its record, and compare every step and number.

    Parameters
    ----------
    path : str or path
        A model file that holds the record of its run: one that ``edgeofcare run`` wrote, or ``save_model(..., run=)``.
    records : Records
        The records that the model was trained on, read as they were then: with the same ``observed_until``, reporting
        lags and code maps, and the same own tables.
    progress : bool or None
        Whether to show progress; None shows it where a person watches.

    Returns
    -------
    Reproduction
        ``.identical``, ``.text``, and the tables ``.steps``, ``.numbers`` and ``.environment``.

    Raises
    ------
    ModelFileError
        If the file cannot be used, or holds no record of a run.
    EdgeOfCareError
        If what was chosen cannot be done with these records.

    Notes
    -----
    The cohort, features, labels, split, model and evaluation are made again; of the report, the leak check and the
    explanation nothing is repeated. Learned levels are taken from the record. Records that are not the same are no
    error: the first step then differs. The model and the evaluation are compared with what the file itself holds, not
    with what its record says of them. Nothing of the file is run: choices are read as text and numbers.

    Examples
    --------
    >>> import tempfile
    >>> import edgeofcare as eoc
    >>> task, features = eoc.Task(), ["child.age", "missing.count.365d", "cp_plan.active"]
    >>> records = eoc.make_records(400, random_state=0, authority="sample")
    >>> cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2024-01-01"))
    >>> X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    >>> split = eoc.temporal_split(cohort, task, test_from="2022-04-01")
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X.loc[split.train], y.loc[split.train])
    >>> report = eoc.evaluate(model, X.loc[split.test], y.loc[split.test], cohort=cohort, n_resamples=20)
    >>> from edgeofcare.runs.record import run_record
    >>> run = run_record(
    ...     model, records=records, cohort=cohort, features=features, X=X, y=y, split=split, evaluation=report
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = eoc.save_model(f"{folder}/m.eoc", model, features=features, task=task, evaluation=report, run=run)
    ...     again = reproduce(path, records, progress=False)
    >>> again.identical
    True
    """
    if not isinstance(records, Records):
        msg = f"records is a {type(records).__name__}; expected the records that the model was trained on."
        raise SpecError(msg)
    scorer = load_model(path)
    run = recorded_run(scorer)
    again = run_again(records, run, progress=progress)
    fresh = _as_saved(scorer, plain_evaluation(again.evaluation))
    recorded, found = _with_file(run, scorer), replace(again.record, steps={**again.record.steps, **fresh})
    return Reproduction(
        compare_steps(recorded, found, _largest(scorer, again)),
        compare_numbers(recorded.tables, found.tables),
        compare_environments(recorded.environment, found.environment),
    )


def recorded_run(scorer: Scorer) -> RunRecord:
    """The record of the run that made a saved model.

    Parameters
    ----------
    scorer : Scorer
        From :func:`edgeofcare.load_model`.

    Returns
    -------
    RunRecord
        The record.

    Raises
    ------
    ModelFileError
        If the file holds none, or one that cannot be used.
    """
    plain = scorer.manifest.get("run")
    if plain is None:
        msg = (
            "The model file holds no record of its run, so it cannot be reproduced. 'edgeofcare run' writes one; in a "
            "notebook, save it with the model: run = edgeofcare.run_record(model, records=records, cohort=cohort, "
            "features=features, X=X, y=y, split=split, evaluation=report), then save_model(..., run=run)."
        )
        raise ModelFileError(msg)
    try:
        return RunRecord.from_dict(plain)
    except SpecError:
        msg = "The model file cannot be used. Its manifest has no usable 'run'. Take a fresh copy."
        raise ModelFileError(msg) from None


def _with_file(run: RunRecord, saved: Scorer) -> RunRecord:
    """The recorded run, with what the file itself holds in place of what it says of it."""
    line = np.array([saved.slope, saved.intercept])
    held = {_MODEL: digest_arrays({**to_mapping(saved.arrays), **refits_to_mapping(saved.refits), "line": line})}
    return replace(run, steps={**run.steps, **held, **_as_saved(saved, saved.manifest.get("evaluation"))})


def _as_saved(saved: Scorer, plain: Any) -> dict[str, Digest]:
    """Digest of an evaluation as the file holds it; no step where it holds none."""
    if saved.manifest.get("evaluation") is None:
        return {}
    return {_SAVED: digest_plain(json.loads(json.dumps(plain)))}


def _largest(saved: Scorer, again: Again) -> dict[str, float]:
    """By how much the saved model and the new one differ: in an array, and in the risk of a test row."""
    line, arrays = again.model.calibration_, extract_arrays(again.model.estimator_)
    refits = refits_to_mapping(refit_arrays(again.model.refits_))
    names = [str(name) for name in again.model.feature_names_in_]
    new = Scorer(arrays, feature_names=names, task=saved.task, slope=line.slope, intercept=line.intercept)
    found = {}
    before = {**to_mapping(saved.arrays), **refits_to_mapping(saved.refits)}
    now = {**to_mapping(new.arrays), **refits}
    if before.keys() == now.keys() and all(before[name].shape == now[name].shape for name in now):
        gaps = [_gap(before[name], now[name]) for name in now]
        found["model"] = max([*gaps, abs(saved.slope - new.slope), abs(saved.intercept - new.intercept)])
    if list(saved.feature_names) == names:
        found["risks"] = _gap(_risk(saved, again.X_test), _risk(new, again.X_test))
    return found


def _risk(scorer: Scorer, X: pd.DataFrame) -> np.ndarray:
    """Risks of rows by a saved form of a model."""
    return np.asarray(scorer.risk(X), dtype=np.float64)


def _gap(one: np.ndarray, other: np.ndarray) -> float:
    """Largest absolute difference; infinite thresholds that are equal differ by nothing."""
    apart = one.astype(np.float64) != other.astype(np.float64)
    if not apart.any():
        return 0.0
    return float(np.abs(one[apart].astype(np.float64) - other[apart].astype(np.float64)).max())
