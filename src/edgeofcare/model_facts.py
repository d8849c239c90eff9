"""What is said of a loaded model, as plain text and numbers: derived here for `inspect` and for the service alike."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

from edgeofcare.golden_rows import GOLDEN_ROWS
from edgeofcare.scorer import Scorer

__all__ = ["is_over", "model_facts"]

_KEPT = ("measure", "estimate", "ci_low", "ci_high")


def model_facts(scorer: Scorer, today: dt.date) -> dict[str, Any]:
    """Say what a model is; nothing in it is about a child.

    Parameters
    ----------
    scorer : Scorer
        The loaded model.
    today : date
        The day on which it may have expired.

    Returns
    -------
    dict
        Ready for JSON: what it predicts, for whom, from what, how good it is, and until when it may be used. What its
        file is, :func:`edgeofcare.inspect_model` adds.

    Examples
    --------
    >>> import tempfile
    >>> import edgeofcare as eoc
    >>> task, features = eoc.Task(), ["child.age", "cp_plan.active"]
    >>> records = eoc.make_records(300, random_state=0, authority="sample")
    >>> cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2022-04-01"))
    >>> X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = eoc.save_model(f"{folder}/edge_of_care.eoc", model, features=features, task=task)
    ...     facts = model_facts(eoc.load_model(path), dt.date(2025, 3, 31))
    >>> facts["kind"], facts["verdict"], facts["expired"]
    ('logistic', None, False)
    """
    manifest = scorer.manifest
    entries = manifest["features"]
    concepts = Counter(entry["concept"] for entry in entries) if "golden" in manifest else {}
    return {
        "model_id": scorer.model_id,
        "schema_version": manifest["schema_version"],
        "package_version": manifest.get("package_version"),
        "kind": scorer.kind,
        "size": _size(scorer),
        "task": scorer.task.to_dict(),
        "features": [{name: entry.get(name) for name in ("name", "concept", "sentence")} for entry in entries],
        "concepts": dict(sorted(concepts.items())),
        "protected_features": manifest["protected_features"],
        "codes": {name: len(codes) for name, codes in scorer.vocabularies.items()},
        "training": _training(scorer, manifest),
        "calibration": manifest["calibration"],
        "evaluation": _measures(manifest),
        "verdict": manifest.get("verdict") or ({"conclusion": scorer.verdict} if scorer.verdict else None),
        "expires": None if scorer.expires is None else scorer.expires.isoformat(),
        "expired": is_over(scorer.expires, today),
        "card": manifest.get("card"),
        "wording": None if scorer.wording is None else len(scorer.wording.sentences),
        "reference": None if scorer.reference is None else scorer.reference.to_dict(),
        "refits": len(scorer.refits),
        "monitoring": _monitoring(manifest),
        "golden_rows": GOLDEN_ROWS if "golden" in manifest else 0,
        "decision_support_only": True,
    }


def is_over(expires: dt.date | None, today: dt.date) -> bool:
    """Whether a last day of use is over.

    Parameters
    ----------
    expires : date or None
        The last day; None where there is none.
    today : date
        The day of the question.

    Returns
    -------
    bool
        False on the last day itself, and where there is none.

    Examples
    --------
    >>> is_over(dt.date(2025, 3, 31), dt.date(2025, 3, 31)), is_over(dt.date(2025, 3, 31), dt.date(2025, 4, 1))
    (False, True)
    """
    return expires is not None and expires < today


def _size(scorer: Scorer) -> str:
    """How large the model is, in words."""
    return repr(scorer.arrays).partition("(")[2].rstrip(")")


def _training(scorer: Scorer, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """On what, and with what, the model was trained."""
    lags = None if scorer.reporting_lag is None else dict(scorer.reporting_lag)
    said = manifest["assumptions"]
    first = said.get("observed_from")
    dates = sorted(str(date) for date in first.values() if date) if isinstance(first, dict) else []
    return {
        "counts": manifest.get("training_counts"),
        "prevalence": scorer.prevalence,
        "observed_from": dates[0] if dates else None,
        "observed_until": said.get("observed_until"),
        "reporting_lag": None if lags is None else max(lags.values(), default=0),
        "reporting_lags": lags,
        "input_fingerprint": manifest.get("input_fingerprint"),
        "versions": manifest.get("versions"),
        "random_state": manifest.get("random_state"),
        "can_be_reproduced": manifest.get("run") is not None,
    }


def _monitoring(manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """Months and rows that later months are held against; None without them."""
    said = manifest.get("monitoring")
    return None if said is None else {name: said.get(name) for name in ("months", "rows")}


def _measures(manifest: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Measures of the model on all rows; None without an evaluation that can be read."""
    try:
        rows = [
            {name: row[name] for name in _KEPT}
            for row in manifest["evaluation"]["measures"]
            if row["model"] == "model" and row["stratum"] == "all rows"
        ]
    except (LookupError, TypeError):
        return None
    return rows or None
