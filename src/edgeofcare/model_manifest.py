"""What a model file says of its model: written from a fitted model, and read without trust."""

from __future__ import annotations

import math
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.child import Characteristic
from edgeofcare.model_archive import Archive, array_members, read_arrays, refuse
from edgeofcare.models.arrays import LinearArrays, TreeArrays, array_names, from_mapping, validate
from edgeofcare.models.calibration_history import Anchoring
from edgeofcare.models.recalibration import Recalibration
from edgeofcare.models.refit_members import refit_names, refits_from_mapping, saved_refits
from edgeofcare.models.spread import CONFIDENCE, RefitArrays
from edgeofcare.schema.own import own_table
from edgeofcare.schema.tables import TABLES
from edgeofcare.scorer import Scorer
from edgeofcare.task import Task

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.evaluation.report import Evaluation
    from edgeofcare.explanation.agreement import Agreement
    from edgeofcare.features.leaks.report import LeakReport
    from edgeofcare.models.risk_model import RiskClassifier
    from edgeofcare.records.records import Records
    from edgeofcare.runs.record import RunRecord

__all__ = ["SCHEMA_VERSION", "make_manifest", "make_scorer", "plain_evaluation"]

SCHEMA_VERSION = 2
"""Newest layout that is read; 1 is written without refits, so that older versions can read it, and 2 with them."""

_FORMAT = "edgeofcare model"
_KINDS = (TreeArrays.kind, LinearArrays.kind)
_LEAST_SHOWN = 10  # counts below this are not written
_MOST_FEATURES = 10_000

T = TypeVar("T")


def make_manifest(
    model: RiskClassifier,
    specs: list[Feature],
    task: Task,
    *,
    evaluation: Evaluation | None = None,
    records: Records | None = None,
    leaks: LeakReport | None = None,
    run: RunRecord | None = None,
    agreement: Agreement | None = None,
    importance: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Say in plain text and numbers what a model is, what it was trained on and how good it is.

    Parameters
    ----------
    model : RiskClassifier
        Fitted.
    specs : list of Feature
        Its features, in the order of the columns.
    task : Task
        Its task.
    evaluation : Evaluation, optional
        What was found of it.
    records : Records, optional
        What it was trained on.
    leaks : LeakReport, optional
        What the leak check found for its features, on the same records where those are given.
    run : RunRecord, optional
        What is needed to repeat its training and evaluation.
    agreement : Agreement, optional
        How far its refits give the same reasons.
    importance : DataFrame, optional
        How much each of its concepts moves the scores.

    Returns
    -------
    dict
        Ready for JSON, with nothing personal: counts, names, dates of the extract and hashes.

    Raises
    ------
    SpecError
        If ``evaluation``, ``leaks``, ``run``, ``agreement`` or ``importance`` is something else, or is about another
        model, other features or other records.
    """
    from edgeofcare.features.leaks.report import plain_leaks

    return {
        "format": _FORMAT,
        "schema_version": SCHEMA_VERSION if model.refits_ else 1,
        "package_version": _package_version(),
        "decision_support_only": True,
        "task": task.to_dict(),
        "criteria": None if model.criteria is None else model.criteria.to_dict(),
        **_about_features(specs),
        **_about_model(model),
        **_about_data(records),
        "evaluation": plain_evaluation(evaluation),
        "leak_check": plain_leaks(leaks, specs, None if records is None else records.fingerprint),
        "versions": _versions(),
        "run": _plain_run(run, model, specs, records),
        **_about_refits(model, agreement),
        **_about_concepts(specs, importance),
    }


def make_scorer(archive: Archive) -> Scorer:
    """Check everything that a model file says and make the scorer.

    Parameters
    ----------
    archive : Archive
        The members of the file.

    Returns
    -------
    Scorer
        The model.

    Raises
    ------
    ModelFileError
        If an entry, an array or a hash is not as :func:`make_manifest` and ``pack`` write it, or the layout is newer.
    """
    manifest = archive.manifest
    if manifest.get("format") != _FORMAT:
        refuse("Its manifest is not that of an edgeofcare model.")
    if _field("schema_version", lambda: _whole(manifest["schema_version"])) > SCHEMA_VERSION:
        msg = (
            "The model file was written by a newer version of edgeofcare, whose layout this version cannot read. "
            "Upgrade edgeofcare."
        )
        raise ModelFileError(msg)
    _field("decision_support_only", lambda: _certain(manifest["decision_support_only"]))
    kind = _field("kind", lambda: next(kind for kind in _KINDS if kind == manifest["kind"]))
    names = _field("features", lambda: _feature_names(manifest["features"]))
    _field(
        "protected_features", lambda: _certain(_protected(map(parse_feature, names)) == manifest["protected_features"])
    )
    slope = _field("calibration", lambda: _number(manifest["calibration"]["slope"]))
    if slope <= 0:
        refuse("The slope of its calibration is not above zero, so every reason would point the wrong way.")
    intercept = _field("calibration", lambda: _calibration(manifest["calibration"]).intercept)
    arrays, refits = _arrays(archive, kind, len(names))
    return Scorer(
        arrays,
        feature_names=names,
        task=_field("task", lambda: _task(manifest["task"])),
        slope=slope,
        intercept=intercept,
        prevalence=_field("prevalence", lambda: _share(manifest["prevalence"])),
        reporting_lag=_field("assumptions", lambda: _lags(manifest["assumptions"]["reporting_lag"])),
        refits=refits,
        manifest_json=archive.manifest_json,
    )


def _arrays(archive: Archive, kind: str, n_features: int) -> tuple[TreeArrays | LinearArrays, tuple[RefitArrays, ...]]:
    """The arrays of the model and of its refits, checked."""
    count = _field("refits", lambda: saved_refits(archive.manifest))
    present = array_members(archive)
    own, more = array_names(kind, present), refit_names(kind, count, present)
    found = read_arrays(archive, [*own, *more])
    arrays = from_mapping(kind, {name: found[name] for name in own})
    validate(arrays, n_features)
    return arrays, refits_from_mapping(kind, count, found, n_features)


def _about_features(specs: list[Feature]) -> dict[str, Any]:
    """Name, sentence and empty value of each feature, and which are protected."""
    return {
        "features": [
            {"name": spec.name, "sentence": spec.sentence, "empty": None if math.isnan(spec.empty) else spec.empty}
            for spec in specs
        ],
        "protected_features": _protected(specs),
        "vocabularies": {},
    }


def _about_model(model: RiskClassifier) -> dict[str, Any]:
    """Kind, calibration, counts and seed."""
    line, counts, seed = model.calibration_, model.training_counts_, model.random_state
    return {
        "kind": model.kind,
        "calibration": {
            "slope": float(line.slope),
            "intercept": float(line.intercept),
            "method": line.method,
            "n_entrants": _shown(line.n_entrants),
            "n_rows": _shown(line.n_rows),
            "version": int(line.version),
            "history": [entry.to_dict() for entry in line.history],
            "checks": [asdict(check) for check in line.checks],
        },
        "training_counts": {name: _shown(count) for name, count in counts.items()},
        "training_counts_note": f"A count below {_LEAST_SHOWN} is null, and so is prevalence with so few entrants.",
        "prevalence": float(model.prevalence_) if counts["entrants"] >= _LEAST_SHOWN else None,
        "random_state": int(seed) if isinstance(seed, int | np.integer) else None,
    }


def _about_data(records: Records | None) -> dict[str, Any]:
    """What the manifest says of the extract: its hash and what was assumed of it."""
    if records is None:
        nothing = {"reporting_lag": None, "observed_from": None, "observed_until": None}
        return {"assumptions": nothing, "input_fingerprint": None, "input_note": "The records were not stated."}
    first = {name: None if date is None else str(date.date()) for name, date in records.observed_from.items()}
    return {
        "assumptions": {
            "reporting_lag": {name: int(days) for name, days in records.reporting_lag.items()},
            "observed_from": first,
            "observed_until": str(records.observed_until.date()),
        },
        "input_fingerprint": records.fingerprint,
        "input_note": "SHA-256 of the canonical tables and what was declared of them.",
    }


def _about_refits(model: RiskClassifier, agreement: Agreement | None) -> dict[str, Any]:
    """How many refits there are, and how far they give the same reasons; nothing without refits."""
    if agreement is None and not model.refits_:
        return {}
    from edgeofcare.explanation.agreement import plain_agreement

    plain = plain_agreement(agreement, model)
    return {"refits": {"count": len(model.refits_), "confidence": CONFIDENCE, "agreement": plain}}


def _about_concepts(specs: list[Feature], importance: pd.DataFrame | None) -> dict[str, Any]:
    """How much each concept moves the scores; nothing where that is not given."""
    if importance is None:
        return {}
    from edgeofcare.explanation.importance import plain_importance

    return {"importance": plain_importance(importance, [spec.name for spec in specs])}


def _shown(count: int) -> int | None:
    """A count, unless it is small."""
    return int(count) if count >= _LEAST_SHOWN else None


def _protected(specs: Iterable[Feature]) -> list[str]:
    """Names of the features that are protected characteristics, or close to it."""
    return [spec.name for spec in specs if isinstance(spec, Characteristic)]


def plain_evaluation(evaluation: Evaluation | None) -> dict[str, Any] | None:
    """An evaluation as JSON takes it, without groups by columns that may hold free values; nothing else is let in.

    Parameters
    ----------
    evaluation : Evaluation or None
        From :func:`edgeofcare.evaluate`.

    Returns
    -------
    dict or None
        What the model file holds of it.

    Raises
    ------
    SpecError
        If it is something else.
    """
    if evaluation is None:
        return None
    from edgeofcare.evaluation.report import Evaluation

    if not isinstance(evaluation, Evaluation):
        msg = f"evaluation is a {type(evaluation).__name__}; expected what edgeofcare.evaluate returns."
        raise SpecError(msg)
    from edgeofcare.reporting.shareable import shareable_groups

    groups, left_out = shareable_groups(evaluation.groups)
    compared, _ = shareable_groups(evaluation.group_measures)
    return {
        **replace(evaluation, groups=groups, group_measures=compared).to_dict(),
        "groups_left_out": left_out,
        "groups_note": "Groups by own columns are not saved.",
    }


def _package_version() -> str:
    """Version of edgeofcare."""
    return str(sys.modules["edgeofcare"].__version__)


def _plain_run(
    run: RunRecord | None, model: RiskClassifier, specs: list[Feature], records: Records | None
) -> dict[str, Any] | None:
    """The record of a run as JSON takes it, if it was of this model."""
    if run is None:
        return None
    from edgeofcare.runs.record import RunRecord

    if not isinstance(run, RunRecord):
        msg = f"run is a {type(run).__name__}; expected what edgeofcare.run_record returns."
        raise SpecError(msg)
    run.refuse_other(model, specs, None if records is None else records.fingerprint)
    return run.to_dict()


def _versions() -> dict[str, str]:
    """Versions of what the model was trained with."""
    import pandas as pd
    import sklearn

    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "pandas": pd.__version__,
        "edgeofcare": _package_version(),
    }


def _field(name: str, read: Callable[[], T]) -> T:
    """Read one entry of the manifest, or refuse the file by the name of the entry."""
    try:
        return read()
    except (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError):
        pass  # the error below must not carry this one, which may quote the file
    refuse(f"Its manifest has no usable '{name}'.")


def _whole(value: Any) -> int:
    """A whole number above zero."""
    if type(value) is not int or value < 1:
        raise ValueError
    return value


def _number(value: Any) -> float:
    """A finite number."""
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _calibration(entry: Mapping[str, Any]) -> Recalibration:
    """The line, whose history must lead to it; files written before there were versions have the first."""
    history = [Anchoring.from_dict(move) for move in entry.get("history", ())]
    line = _number(entry["slope"]), _number(entry["intercept"])
    return Recalibration(*line, "model file", 0, 0, version=_whole(entry.get("version", 1)), history=history)


def _share(value: Any) -> float | None:
    """A number between 0 and 1, or nothing."""
    if value is not None and not 0 < _number(value) < 1:
        raise ValueError
    return value


def _lags(value: Any) -> Mapping[str, int] | None:
    """Days by table, or nothing."""
    if value is None:
        return None
    if any(type(days) is not int or days < 0 for days in value.values()):
        raise ValueError
    for name in set(value) - set(TABLES):
        own_table(name)  # refuses what no table can be called
    return dict(value)


def _task(choices: Any) -> Task:
    """A task that says the same when it is written again."""
    task = Task.from_dict(choices)
    if task.to_dict() != choices or type(task.early_help) is not bool:
        raise ValueError
    return task


def _feature_names(features: Any) -> list[str]:
    """Names that lead to features of this version, each once."""
    names = [feature["name"] for feature in features]
    if not 0 < len(names) <= _MOST_FEATURES or len(set(names)) != len(names):
        raise ValueError
    return [parse_feature(name).name for name in names]


def _certain(value: Any) -> bool:
    """True, and nothing like it."""
    if value is not True:
        raise ValueError
    return True
