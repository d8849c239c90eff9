"""What a model file says, for a person who has to decide whether to use it: nothing in it is about a child."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeofcare.inspection_text import inspection_text
from edgeofcare.model_archive import open_archive
from edgeofcare.model_facts import model_facts
from edgeofcare.model_file import model_bytes
from edgeofcare.model_reading import make_scorer
from edgeofcare.signing import signature_path

__all__ = ["Inspection", "inspect_model"]

_SIGNATURES = {
    (True, True): "checked: it is by this key",
    (False, True): "there is one, which was not checked: give the public key",
    (False, False): "none",
}


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
    signed = public_key is not None, public_key is not None or signature_path(path).is_file()
    return Inspection(
        {
            "file": Path(path).name,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            **model_facts(scorer, today or dt.datetime.now(tz=dt.UTC).date()),
            "signature": _SIGNATURES[signed],
        }
    )
