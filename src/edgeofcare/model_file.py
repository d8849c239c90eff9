"""Save a fitted model to one file, and load it again without running any code from it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.explanation.saved_reference import reference_to_mapping
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import as_features
from edgeofcare.golden_rows import make_golden
from edgeofcare.model_archive import MAX_BYTES, open_archive, pack, refuse, too_large
from edgeofcare.model_manifest import make_manifest
from edgeofcare.model_reading import make_scorer
from edgeofcare.model_save_checks import refuse_model, refuse_unlike
from edgeofcare.models.arrays import to_mapping
from edgeofcare.models.refit_members import refits_to_mapping
from edgeofcare.saved_model import SavedModel
from edgeofcare.scorer import Scorer
from edgeofcare.task import Task
from edgeofcare.whole_write import write_model

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.evaluation.report import Evaluation
    from edgeofcare.explanation.agreement import Agreement
    from edgeofcare.explanation.named_reference import Reference
    from edgeofcare.explanation.wording_file import Wording
    from edgeofcare.features.leaks.report import LeakReport
    from edgeofcare.models.risk_model import RiskClassifier
    from edgeofcare.records.records import Records
    from edgeofcare.runs.record import RunRecord
    from edgeofcare.tracking.monitoring.baseline import MonitoringBaseline

__all__ = ["load_model", "model_bytes", "save_model"]

_ROOM = 1 << 20  # bytes that the zip itself may need beside its members


def save_model(
    path: str | os.PathLike[str],
    model: RiskClassifier,
    *,
    features: Iterable[Feature | str],
    task: Task,
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
) -> Path:
    """Save a fitted model, with what one must know to use it, to one file that holds nothing personal.

    The file is a zip of JSON and plain arrays, with 50 made-up rows and what the model gives for them. It is read back
    and compared with the model before it is written, and it is written whole or not at all. The same model and records
    give the same bytes.

    Parameters
    ----------
    path : str or path
        The file, by custom ``NAME.eoc``; an older one is replaced.
    model : RiskClassifier
        Fitted on features that edgeofcare names, with the task.
    features : iterable of Feature or str
        The features, in the order of the training columns.
    task : Task
        The task that the model was made with.
    evaluation : Evaluation, optional
        What :func:`edgeofcare.evaluate` found; its measures and counts go into the file, and those of its groups that
        are of an audit column of :func:`edgeofcare.build_cohort`. Groups by own columns are not saved.
    records : Records, optional
        The records that the model was trained on. Their hash, reporting lags and dates of the extract go into the
        file as assumptions; without them the file says that these were not stated.
    leaks : LeakReport, optional
        What :func:`edgeofcare.leak_check` found for these features; its counts go into the file, with the hash of the
        records that it was about. It must be about ``records``, if those are given.
    run : RunRecord, optional
        What :func:`edgeofcare.run_record` wrote down, so that :func:`edgeofcare.reproduce` can repeat training and
        evaluation. It must be about this model, and about ``records``, if those are given.
    agreement : Agreement, optional
        What :meth:`Explanation.agreement` found: how far the refits of this model give the same reasons.
    reference : Reference, optional
        What :func:`edgeofcare.make_reference` counted: :func:`edgeofcare.explain` then compares a child with this
        cohort wherever the loaded model is used, unless told otherwise. Counts alone are stored, none of fewer than 10
        children.
    importance : DataFrame, optional
        What :func:`edgeofcare.concept_importance` found: how much each concept of this model moves the scores.
    expires : str or date, optional
        Last day on which the model is to be used, after the end of ``records`` where those are given.
    wording : Wording, optional
        The authority's own wording (:func:`edgeofcare.read_wording`): reasons are then told in it wherever the loaded
        model is used, unless told otherwise.
    card : mapping of str to str, optional
        What the authority says of its model, as plain text: any of ``name``, ``owner``, ``contact``, ``purpose`` and
        ``not_for``. Name a team, not a person: the file may be shared.
    monitoring : MonitoringBaseline, optional
        What :func:`edgeofcare.monitoring_baseline` learned: :func:`edgeofcare.monitor` holds later months against it
        wherever the loaded model is used, unless told otherwise.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SpecError
        If the features or the task are not those of the model, ``leaks`` is about other features or records or about
        code of your own, ``run``, ``agreement``, ``importance`` or ``reference`` is about another model, other features
        or records, ``reference`` was counted with ``least`` below 10, a feature cannot be named without a free value,
        ``expires`` is no date after the end of the records, ``wording`` or ``card`` cannot be stored, ``monitoring``
        is of other features, the saved form would not score as the model does, or the file cannot be written.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import edgeofcare as eoc
    >>> task, features = eoc.Task(), ["child.age", "missing.count.365d", "cp_plan.active"]
    >>> records = eoc.make_records(300, random_state=0, authority="sample")
    >>> cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2022-04-01"))
    >>> X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_model(f"{folder}/edge_of_care.eoc", model, features=features, task=task, records=records)
    ...     scorer = load_model(path)
    >>> bool(np.abs(scorer.risk(X) - model.predict_proba(X)[:, 1]).max() <= 1e-12)
    True
    """
    path = _as_path(path)
    specs = _specs(features)
    refuse_model(model, specs, task)
    _refuse_records(records)
    from edgeofcare.models.extraction import extract_arrays
    from edgeofcare.models.refits import refit_arrays

    about: Any = {"evaluation": evaluation, "records": records, "leaks": leaks, "run": run, "agreement": agreement}
    about |= {"expires": expires, "wording": wording, "card": card, "monitoring": monitoring}
    manifest = make_manifest(model, specs, task, importance=importance, reference=reference, **about)
    arrays, refits = extract_arrays(model.estimator_), refit_arrays(model.refits_)
    made = SavedModel(
        arrays,
        feature_names=[spec.name for spec in specs],
        task=task,
        slope=float(model.calibration_.slope),
        intercept=float(model.calibration_.intercept),
        refits=refits,
        vocabularies=model.vocabularies_,
        reference=reference,
    )
    entry, golden = make_golden(made)
    more = {**refits_to_mapping(refits), **reference_to_mapping(reference), **golden}
    data = pack({**manifest, **entry}, {**to_mapping(arrays), **more})
    refuse_unlike(make_scorer(open_archive(data, max_bytes=len(data))), model)
    return write_model(path, data)


def load_model(
    path: str | os.PathLike[str],
    *,
    max_bytes: int = MAX_BYTES,
    public_key: str | os.PathLike[str] | bytes | None = None,
) -> Scorer:
    """Load a saved model; nothing in the file can run, and a damaged or altered file is refused.

    Parameters
    ----------
    path : str or path
        What :func:`save_model` wrote.
    max_bytes : int, default 200,000,000
        Largest sum of the sizes of the file's members.
    public_key : str, path or bytes, optional
        Public key in PEM, as a file or as text, by which the file must be signed (``NAME.eoc.sig`` beside it); needs
        the extra ``sign``. The signature is checked before anything else is read.

    Returns
    -------
    Scorer
        The model; it needs numpy alone to score rows.

    Raises
    ------
    ModelFileError
        If the file is missing, truncated, altered, not a model file, a pickle or carries one, too large, or from a
        newer version; it does not give what is stored with its golden rows; or, with ``public_key``, its signature is
        missing, malformed or not by that key.
    SpecError
        If ``path`` is no path, ``max_bytes`` is not a whole number of 1 or more, ``public_key`` cannot be used, or
        the extra ``sign`` that it needs is not installed.

    Notes
    -----
    The digests and golden rows in the file show that it is whole and calculates as it did, not who made it: take model
    files from people you trust, or with their signature.

    Examples
    --------
    >>> import tempfile
    >>> import edgeofcare as eoc
    >>> task, features = eoc.Task(), ["child.age", "cp_plan.active"]
    >>> records = eoc.make_records(300, random_state=0, authority="sample")
    >>> cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2022-04-01"))
    >>> X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X.loc[y.index], y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scorer = load_model(save_model(f"{folder}/edge_of_care.eoc", model, features=features, task=task))
    >>> scorer.feature_names
    ('child.age', 'cp_plan.active')
    >>> scorer.risk([[15, 1]]).shape
    (1,)
    """
    data = model_bytes(path, max_bytes=max_bytes, public_key=public_key)
    return make_scorer(open_archive(data, max_bytes=max_bytes))


def model_bytes(
    path: str | os.PathLike[str],
    *,
    max_bytes: int = MAX_BYTES,
    public_key: str | os.PathLike[str] | bytes | None = None,
) -> bytes:
    """The bytes of a model file, of which nothing was looked at but the signature.

    Parameters
    ----------
    path : str or path
        The file.
    max_bytes, public_key
        As for :func:`load_model`.

    Returns
    -------
    bytes
        For :func:`~edgeofcare.model_archive.open_archive`.

    Raises
    ------
    ModelFileError
        If there is no such file, it is too large, or its signature is not right.
    SpecError
        If an argument cannot be used.
    """
    place = _as_path(path)
    data = _read_file(place, max_bytes)
    if public_key is not None:
        from edgeofcare.signing import refuse_unsigned

        refuse_unsigned(place, data, public_key)
    return data


def _as_path(path: str | os.PathLike[str]) -> Path:
    """The path that a caller gave."""
    try:
        return Path(path)
    except TypeError:
        msg = f"path is a {type(path).__name__}; expected the path of a model file, as text or a Path."
        raise SpecError(msg) from None


def _read_file(path: Path, max_bytes: int) -> bytes:
    """The bytes of a model file, unless there are too many."""
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, Integral) or max_bytes < 1:
        msg = "max_bytes must be a whole number of bytes, 1 or more."
        raise SpecError(msg)
    data, reason = None, "there is no such file"
    try:
        if path.is_file():
            with path.open("rb") as file:
                data = file.read(int(max_bytes) + _ROOM + 1)
    except (OSError, ValueError) as error:
        reason = _reason(error)
    if data is None:
        msg = f"There is no model file at that path that can be read ({reason}). Give the file that save_model wrote."
        raise ModelFileError(msg)
    if len(data) > max_bytes + _ROOM:
        refuse(too_large(max_bytes))
    return data


def _reason(error: Exception) -> str:
    """What the system says of a file, without its path."""
    return str(getattr(error, "strerror", None) or type(error).__name__)


def _specs(features: Iterable[Feature | str]) -> list[Feature]:
    """The features, refused where they are anything else."""
    given = list(features) if isinstance(features, Iterable) and not isinstance(features, str) else [features]
    if wrong := sum(not isinstance(feature, Feature | str) for feature in given):
        msg = f"features holds {wrong} thing(s) that are neither a Feature nor the name of one."
        raise SpecError(msg)
    return as_features(given)


def _refuse_records(records: Records | None) -> None:
    """Refuse anything but records."""
    from edgeofcare.records.records import Records

    if records is not None and not isinstance(records, Records):
        msg = f"records is a {type(records).__name__}; expected Records, as read_ssd gives them, or nothing."
        raise SpecError(msg)
