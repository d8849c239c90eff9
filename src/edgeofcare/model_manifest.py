"""What a model file says of its model: written from a fitted model, and read without trust."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.explanation.named_reference import Reference
from edgeofcare.explanation.saved_reference import (
    plain_reference,
    reference_from_mapping,
    reference_names,
    saved_reference,
)
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.child import Characteristic
from edgeofcare.model_archive import Archive, array_members, read_arrays, refuse
from edgeofcare.model_entries import (
    calibration_line,
    certainly,
    feature_names,
    finite_number,
    lags_or_none,
    read_entry,
    same_task,
    share_or_none,
    whole_number,
)
from edgeofcare.models.arrays import LinearArrays, TreeArrays, array_names, from_mapping, validate
from edgeofcare.models.refit_members import refit_names, refits_from_mapping, saved_refits
from edgeofcare.models.saved_vocabularies import codes_fit, plain_vocabularies, saved_vocabularies
from edgeofcare.models.spread import CONFIDENCE, RefitArrays
from edgeofcare.scorer import Scorer
from edgeofcare.task import Task
from edgeofcare.version import VERSION

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.evaluation.report import Evaluation
    from edgeofcare.explanation.agreement import Agreement
    from edgeofcare.features.leaks.report import LeakReport
    from edgeofcare.models.risk_model import RiskClassifier
    from edgeofcare.records.records import Records
    from edgeofcare.runs.record import RunRecord

__all__ = ["SCHEMA_VERSION", "make_manifest", "make_scorer", "plain_evaluation"]

SCHEMA_VERSION = 3
"""Newest layout that is read. Written is the oldest that will do: 1, 2 with refits or a reference, 3 with codes."""

_FORMAT = "edgeofcare model"
_KINDS = (TreeArrays.kind, LinearArrays.kind)
_LEAST_SHOWN = 10  # counts below this are not written


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
    reference: Reference | None = None,
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
    reference : Reference, optional
        Whom its explanations compare a child with; the file holds its counts beside this entry.
    importance : DataFrame, optional
        How much each of its concepts moves the scores.

    Returns
    -------
    dict
        Ready for JSON, with nothing personal: counts, names, dates of the extract and hashes.

    Raises
    ------
    SpecError
        If ``evaluation``, ``leaks``, ``run``, ``agreement``, ``importance`` or ``reference`` is something else, or is
        about another model, other features or other records; or the counts of ``reference`` tell of fewer than 10
        children.
    """
    from edgeofcare.features.leaks.report import plain_leaks

    return {
        "format": _FORMAT,
        "schema_version": 3 if model.vocabularies_ else 2 if model.refits_ or reference is not None else 1,
        "package_version": VERSION,
        "decision_support_only": True,
        "task": task.to_dict(),
        "criteria": None if model.criteria is None else model.criteria.to_dict(),
        **_about_features(specs, model),
        **_about_model(model),
        **_about_data(records),
        "evaluation": plain_evaluation(evaluation),
        "leak_check": plain_leaks(leaks, specs, None if records is None else records.fingerprint),
        "versions": _versions(),
        "run": _plain_run(run, model, specs, records),
        **_about_refits(model, agreement),
        **_about_reference(model, reference),
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
    if read_entry("schema_version", lambda: whole_number(manifest["schema_version"])) > SCHEMA_VERSION:
        msg = (
            "The model file was written by a newer version of edgeofcare, whose layout this version cannot read. "
            "Upgrade edgeofcare."
        )
        raise ModelFileError(msg)
    read_entry("decision_support_only", lambda: certainly(manifest["decision_support_only"]))
    kind = read_entry("kind", lambda: next(kind for kind in _KINDS if kind == manifest["kind"]))
    names = read_entry("features", lambda: feature_names(manifest["features"]))
    read_entry(
        "protected_features", lambda: certainly(_protected(map(parse_feature, names)) == manifest["protected_features"])
    )
    slope = read_entry("calibration", lambda: finite_number(manifest["calibration"]["slope"]))
    if slope <= 0:
        refuse("The slope of its calibration is not above zero, so every reason would point the wrong way.")
    intercept = read_entry("calibration", lambda: calibration_line(manifest["calibration"]).intercept)
    vocabularies = read_entry("vocabularies", lambda: saved_vocabularies(manifest["vocabularies"], names))
    arrays, refits, reference = _arrays(archive, kind, len(names))
    if not codes_fit([arrays, *(refit.arrays for refit in refits)], names, vocabularies):
        refuse("Its arrays and its vocabularies do not belong together.")
    return Scorer(
        arrays,
        feature_names=names,
        task=read_entry("task", lambda: same_task(manifest["task"])),
        slope=slope,
        intercept=intercept,
        prevalence=read_entry("prevalence", lambda: share_or_none(manifest["prevalence"])),
        reporting_lag=read_entry("assumptions", lambda: lags_or_none(manifest["assumptions"]["reporting_lag"])),
        refits=refits,
        vocabularies=vocabularies,
        reference=reference,
        manifest_json=archive.manifest_json,
    )


def _arrays(
    archive: Archive, kind: str, n_features: int
) -> tuple[TreeArrays | LinearArrays, tuple[RefitArrays, ...], Reference | None]:
    """The arrays of the model, of its refits and of its reference, checked."""
    count = read_entry("refits", lambda: saved_refits(archive.manifest))
    present = array_members(archive)
    said = read_entry("reference", lambda: saved_reference(archive.manifest, count))
    own, more = array_names(kind, present), refit_names(kind, count, present)
    found = read_arrays(archive, [*own, *more, *reference_names(kind, archive.manifest)])
    arrays = from_mapping(kind, {name: found[name] for name in own})
    validate(arrays, n_features)
    refits = refits_from_mapping(kind, count, found, n_features)
    return arrays, refits, reference_from_mapping(said, found, arrays, refits)


def _about_features(specs: list[Feature], model: RiskClassifier) -> dict[str, Any]:
    """Name, sentence and empty value of each feature, which are protected, and the codes of categories."""
    return {
        "features": [
            {"name": spec.name, "sentence": spec.sentence, "empty": None if math.isnan(spec.empty) else spec.empty}
            for spec in specs
        ],
        "protected_features": _protected(specs),
        "vocabularies": plain_vocabularies(model.vocabularies_),
    }


def _about_model(model: RiskClassifier) -> dict[str, Any]:
    """Kind, calibration, counts and seed."""
    line, counts, seed = model.calibration_, model.training_counts_, model.random_state
    return {
        "kind": model.kind,
        **({"averaged_members": int(model.members)} if model.members > 1 else {}),
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


def _about_reference(model: RiskClassifier, reference: Reference | None) -> dict[str, Any]:
    """Name and size of the cohort that explanations compare with; nothing without one."""
    if reference is None:
        return {}
    from edgeofcare.models.extraction import extract_arrays
    from edgeofcare.models.refits import refit_arrays

    return plain_reference(reference, extract_arrays(model.estimator_), refit_arrays(model.refits_))


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
        "edgeofcare": VERSION,
    }
