"""What a model file says of its model, written from a fitted model."""

from __future__ import annotations

import datetime as dt
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.named_reference import Reference
from edgeofcare.explanation.saved_reference import plain_reference
from edgeofcare.explanation.saved_wording import plain_wording
from edgeofcare.features.catalogue import concept_of
from edgeofcare.features.feature import Feature
from edgeofcare.model_entries import FORMAT, SCHEMA_VERSION, protected
from edgeofcare.model_statements import plain_card, plain_expiry, plain_verdict
from edgeofcare.models.saved_vocabularies import plain_vocabularies
from edgeofcare.models.spread import CONFIDENCE
from edgeofcare.task import Task
from edgeofcare.version import VERSION

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.evaluation.report import Evaluation
    from edgeofcare.explanation.agreement import Agreement
    from edgeofcare.explanation.wording_file import Wording
    from edgeofcare.features.leaks.report import LeakReport
    from edgeofcare.models.risk_model import RiskClassifier
    from edgeofcare.records.records import Records
    from edgeofcare.runs.record import RunRecord
    from edgeofcare.tracking.monitoring.baseline import MonitoringBaseline

__all__ = ["make_manifest", "plain_evaluation"]

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
    expires: str | dt.date | None = None,
    wording: Wording | None = None,
    card: Mapping[str, str] | None = None,
    monitoring: MonitoringBaseline | None = None,
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
    expires : str or date, optional
        Last day on which it is to be used.
    wording : Wording, optional
        The authority's own wording.
    card : mapping of str to str, optional
        What the authority says of it.
    monitoring : MonitoringBaseline, optional
        What was usual when it was made.

    Returns
    -------
    dict
        Ready for JSON, with nothing personal: counts, names, dates of the extract and hashes.

    Raises
    ------
    SpecError
        If ``evaluation``, ``leaks``, ``run``, ``agreement``, ``importance`` or ``reference`` is something else, or is
        about another model, other features or other records; the counts of ``reference`` tell of fewer than 10
        children; ``expires`` is no date after the end of the records; ``wording`` or ``card`` cannot be stored;
        or ``monitoring`` is something else or of other features.
    """
    from edgeofcare.features.leaks.report import plain_leaks

    plain = plain_evaluation(evaluation)
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "package_version": VERSION,
        "decision_support_only": True,
        "task": task.to_dict(),
        "criteria": None if model.criteria is None else model.criteria.to_dict(),
        **_about_features(specs, model),
        **_about_model(model),
        **_about_data(records),
        "evaluation": plain,
        "verdict": plain_verdict(plain),
        "expires": plain_expiry(expires, None if records is None else records.observed_until),
        "wording": plain_wording(wording),
        "card": plain_card(card),
        "leak_check": plain_leaks(leaks, specs, None if records is None else records.fingerprint),
        "versions": _versions(),
        "run": _plain_run(run, model, specs, records),
        **_about_refits(model, agreement),
        **_about_reference(model, reference),
        **_about_concepts(specs, importance),
        **_about_monitoring(specs, monitoring),
    }


def _about_features(specs: list[Feature], model: RiskClassifier) -> dict[str, Any]:
    """Name, sentence, empty value and concept of each feature, which are protected, and the codes of categories."""
    return {
        "features": [
            {
                "name": spec.name,
                "sentence": spec.sentence,
                "empty": None if math.isnan(spec.empty) else spec.empty,
                "concept": concept_of(spec.name),
            }
            for spec in specs
        ],
        "protected_features": protected(specs),
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


def _about_monitoring(specs: list[Feature], monitoring: MonitoringBaseline | None) -> dict[str, Any]:
    """What was usual when the model was made; nothing where that is not given."""
    if monitoring is None:
        return {}
    from edgeofcare.tracking.monitoring.baseline import MonitoringBaseline

    if not isinstance(monitoring, MonitoringBaseline):
        msg = f"monitoring is a {type(monitoring).__name__}; expected what edgeofcare.monitoring_baseline returns."
        raise SpecError(msg)
    if set(monitoring.telling) != {spec.name for spec in specs}:
        msg = "monitoring is of other features than the model. Make it for this one, with monitoring_baseline."
        raise SpecError(msg)
    return {"monitoring": monitoring.to_dict()}


def _shown(count: int) -> int | None:
    """A count, unless it is small."""
    return int(count) if count >= _LEAST_SHOWN else None


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
