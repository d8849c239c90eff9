"""What a model file says, for a person who has to decide whether to use it: nothing in it is about a child."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeofcare.golden_rows import GOLDEN_ROWS
from edgeofcare.inspection_text import inspection_text
from edgeofcare.model_archive import open_archive
from edgeofcare.model_file import model_bytes
from edgeofcare.model_reading import make_scorer
from edgeofcare.scorer import Scorer
from edgeofcare.signing import signature_path

__all__ = ["Inspection", "inspect_model"]

_SIGNATURES = {
    (True, True): "checked: it is by this key",
    (False, True): "there is one, which was not checked: give the public key",
    (False, False): "none",
}
_KEPT = ("measure", "estimate", "ci_low", "ci_high")


@dataclass(frozen=True)
class Inspection:
    """What a model file says.

    Parameters
    ----------
    facts : mapping
        Plain text, numbers, lists and mappings.

    Examples
    --------
    >>> Inspection({"model_id": "4f5d0c2a9b1e"})
    Inspection(model 4f5d0c2a9b1e)
    """

    facts: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Inspection(model {self.facts['model_id']})"

    @property
    def expired(self) -> bool:
        """Whether the day until which the model may be used is over."""
        return bool(self.facts["expired"])

    def text(self, *, features: bool = False) -> str:
        """Everything in words, in lines of at most 100 letters.

        Parameters
        ----------
        features : bool, default False
            Whether every feature is listed.

        Returns
        -------
        str
            Ready to print.
        """
        return inspection_text(self.facts, features=features)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain text and numbers, ready for JSON.

        Returns
        -------
        dict
            A copy of the facts.
        """
        return dict(self.facts)


def inspect_model(
    path: str | os.PathLike[str],
    *,
    public_key: str | os.PathLike[str] | bytes | None = None,
    today: dt.date | None = None,
) -> Inspection:
    """Check a model file as :func:`edgeofcare.load_model` does, and say what is in it.

    Parameters
    ----------
    path : str or path
        The model file.
    public_key : str, path or bytes, optional
        Public key by which it must be signed, as for :func:`edgeofcare.load_model`.
    today : date, optional
        The day on which it may have expired; that of this computer if left out.

    Returns
    -------
    Inspection
        What it predicts, for whom, from what, how good it is, until when, and who signed it.

    Raises
    ------
    ModelFileError
        If it cannot be used.
    SpecError
        If the path or the key cannot be used.

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
    ...     found = inspect_model(eoc.save_model(f"{folder}/edge_of_care.eoc", model, features=features, task=task))
    >>> print(found.text().splitlines()[2])
    Predicts       entering care within 365 days of the index date
    """
    data = model_bytes(path, public_key=public_key)
    scorer = make_scorer(open_archive(data))
    day = today or dt.datetime.now(tz=dt.UTC).date()
    signed = public_key is not None, public_key is not None or signature_path(path).is_file()
    manifest = scorer.manifest
    entries = manifest["features"]
    concepts = Counter(entry["concept"] for entry in entries) if "golden" in manifest else {}
    return Inspection(
        {
            "file": Path(path).name,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "model_id": scorer.model_id,
            "schema_version": manifest["schema_version"],
            "kind": scorer.kind,
            "size": _size(scorer),
            "task": scorer.task.to_dict(),
            "features": [{name: entry.get(name) for name in ("name", "concept", "sentence")} for entry in entries],
            "concepts": dict(sorted(concepts.items())),
            "protected_features": manifest["protected_features"],
            "codes": {name: len(codes) for name, codes in scorer.vocabularies.items()},
            "training": _training(scorer),
            "calibration": manifest["calibration"],
            "evaluation": _measures(manifest),
            "verdict": manifest.get("verdict") or ({"conclusion": scorer.verdict} if scorer.verdict else None),
            "expires": None if scorer.expires is None else scorer.expires.isoformat(),
            "expired": scorer.expires is not None and day > scorer.expires,
            "card": manifest.get("card"),
            "wording": None if scorer.wording is None else len(scorer.wording.sentences),
            "reference": None if scorer.reference is None else scorer.reference.to_dict(),
            "refits": len(scorer.refits),
            "monitoring": _monitoring(manifest),
            "golden_rows": GOLDEN_ROWS if "golden" in manifest else 0,
            "signature": _SIGNATURES[signed],
            "decision_support_only": True,
        }
    )


def _size(scorer: Scorer) -> str:
    """How large the model is, in words."""
    return repr(scorer.arrays).partition("(")[2].rstrip(")")


def _training(scorer: Scorer) -> dict[str, Any]:
    """On what, and with what, the model was trained."""
    manifest = scorer.manifest
    said = manifest["assumptions"]
    first = said.get("observed_from")
    dates = sorted(str(date) for date in first.values() if date) if isinstance(first, dict) else []
    return {
        "counts": manifest.get("training_counts"),
        "prevalence": scorer.prevalence,
        "observed_from": dates[0] if dates else None,
        "observed_until": said.get("observed_until"),
        "reporting_lag": max(scorer.reporting_lag.values(), default=0) if scorer.reporting_lag is not None else None,
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
