"""Save a fitted model to one file, and load it again without running any code from it."""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Iterable
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.explanation.saved_reference import reference_to_mapping
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.features.specs.combined import Combined
from edgeofcare.model_archive import MAX_BYTES, open_archive, pack, refuse, too_large
from edgeofcare.model_manifest import make_manifest, make_scorer
from edgeofcare.models.arrays import LinearArrays, TreeArrays, to_mapping
from edgeofcare.models.column_names import listed, name_difference
from edgeofcare.models.refit_members import refits_to_mapping
from edgeofcare.models.vocabulary import Vocabularies
from edgeofcare.scorer import Scorer
from edgeofcare.task import Task

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.evaluation.report import Evaluation
    from edgeofcare.explanation.agreement import Agreement
    from edgeofcare.explanation.named_reference import Reference
    from edgeofcare.features.leaks.report import LeakReport
    from edgeofcare.models.risk_model import RiskClassifier
    from edgeofcare.records.records import Records
    from edgeofcare.runs.record import RunRecord

__all__ = ["load_model", "save_model"]

_PROBES = 256
_STRANGE = "a code that no list has"
_ROOM = 1 << 20  # bytes that the zip itself may need beside its members
_LOG_ODDS_TOLERANCE, _RISK_TOLERANCE = 1e-9, 1e-9


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
) -> Path:
    """Save a fitted model, with what one must know to use it, to one file that holds nothing personal.

    The file is a zip of JSON and plain arrays. It is read back and compared with the model before it is written, and
    it is written whole or not at all. The same model and records give the same bytes.

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
        the saved form would not score as the model does, or the file cannot be written.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> import tempfile
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
    _refuse_model(model, specs, task)
    _refuse_records(records)
    from edgeofcare.models.extraction import extract_arrays
    from edgeofcare.models.refits import refit_arrays

    arrays = extract_arrays(model.estimator_)
    about: Any = {"evaluation": evaluation, "records": records, "leaks": leaks, "run": run, "agreement": agreement}
    manifest = make_manifest(model, specs, task, importance=importance, reference=reference, **about)
    more = {**refits_to_mapping(refit_arrays(model.refits_)), **reference_to_mapping(reference)}
    data = pack(manifest, {**to_mapping(arrays), **more})
    _refuse_unlike(make_scorer(open_archive(data, max_bytes=len(data))), model)
    return _write_file(path, data)


def load_model(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> Scorer:
    """Load a saved model; nothing in the file can run, and a damaged or altered file is refused.

    Parameters
    ----------
    path : str or path
        What :func:`save_model` wrote.
    max_bytes : int, default 200,000,000
        Largest sum of the sizes of the file's members.

    Returns
    -------
    Scorer
        The model; it needs numpy alone to score rows.

    Raises
    ------
    ModelFileError
        If the file is missing, truncated, altered, not a model file, a pickle or carries one, too large, or from a
        newer version.
    SpecError
        If ``path`` is no path, or ``max_bytes`` is not a whole number of 1 or more.

    Notes
    -----
    The digest in the file shows that the file is whole, not who made it: take model files from people you trust.

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
    return make_scorer(open_archive(_read_file(_as_path(path), max_bytes), max_bytes=max_bytes))


def _as_path(path: str | os.PathLike[str]) -> Path:
    """The path that a caller gave."""
    try:
        return Path(path)
    except TypeError:
        msg = f"path is a {type(path).__name__}; expected the path of a model file, as text or a Path."
        raise SpecError(msg) from None


def _write_file(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all: a reader sees the old bytes or the new ones."""
    try:
        if path.parent.is_dir() and not path.is_dir():
            return _replace(path, data)
        reason = "there is no such folder, or the path is a folder itself"
    except (OSError, ValueError) as error:
        reason = _reason(error)
    msg = (
        f"The model cannot be saved there ({reason}). Give the path of a file in a folder that exists, that you may "
        "write to and that has room."
    )
    raise SpecError(msg)


def _replace(path: Path, data: bytes) -> Path:
    """Write a draft beside the file, then put it in the file's place."""
    draft = path.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


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


def _refuse_model(model: RiskClassifier, specs: list[Feature], task: Task) -> None:
    """Refuse a model that is not fitted, or not for these features and this task."""
    from sklearn.utils.validation import check_is_fitted

    from edgeofcare.models.risk_model import RiskClassifier

    if not isinstance(model, RiskClassifier):
        msg = f"model is a {type(model).__name__}; expected a RiskClassifier, as make_risk_model makes it."
        raise SpecError(msg)
    if not isinstance(task, Task):
        msg = f"task is a {type(task).__name__}; expected the Task that the model was made with."
        raise SpecError(msg)
    check_is_fitted(model, "estimator_")
    names = [str(name) for name in getattr(model, "feature_names_in_", ())]
    problems = []
    if difference := name_difference([spec.name for spec in specs], names):
        problems.append(f"features are not the columns that it was fitted on: {difference}")
    if model.task != task:
        problems.append("task is not the one that it was made with: pass one Task to make_risk_model and save_model")
    if not (math.isfinite(model.calibration_.slope) and model.calibration_.slope > 0):
        problems.append("the slope of its calibration is not above zero, so every reason would point the wrong way")
    if free := [spec.name for spec in specs if not _is_plain(spec)]:
        problems.append(
            f"{len(free)} feature(s) cannot be saved, because the name does not lead back to the feature, or holds a "
            "code that is in no code list and so a free value"
        )
    if wrong := _unlike_codes(specs, model.vocabularies_):
        problems.append(
            f"{len(wrong)} feature(s) are codes and were numbers in X, or the other way round, or had codes that are "
            f"in no list of theirs: {listed(wrong)}. Fit on what build_features gives"
        )
    if problems:
        msg = f"The model cannot be saved: {'; '.join(problems)}."
        raise SpecError(msg)


def _unlike_codes(specs: list[Feature], vocabularies: Vocabularies) -> list[str]:
    """Names of features whose column held another kind of value, or other codes, than the feature has."""
    codes = {spec.name: set(getattr(spec, "categories", ())) for spec in specs}
    return [
        name
        for name, own in codes.items()
        if bool(own) != (name in vocabularies) or not set(vocabularies.get(name, ())) <= own
    ]


def _is_plain(spec: Feature) -> bool:
    """Whether the name says all of a feature, and every code in it comes from a list of the schema."""
    try:
        same = parse_feature(spec.name) == spec
    except SpecError:
        return False
    if isinstance(spec, Combined):
        return same and _is_plain(spec.first) and _is_plain(spec.second)
    if not isinstance(spec, TableFeature):
        return same
    filtered = [spec.source.column(name) for name, _ in (*spec.where, *spec.unless, *getattr(spec, "of", ()))]
    return same and all(column.kind == "flag" or column.codes is not None for column in filtered)


def _refuse_unlike(scorer: Scorer, model: RiskClassifier) -> None:
    """Refuse a saved form that scores or explains other than the model does."""
    probes = _probe_frame(scorer)
    psi, base = scorer.contributions(probes)
    gap = float(np.abs(psi.sum(axis=1) + base - model.log_odds(probes)).max())
    apart = float(np.abs(scorer.risk(probes) - model.predict_proba(probes)[:, 1]).max())
    if model.refits_:
        ends = np.abs(scorer.risk_interval(probes) - model.risk_interval(probes))
        apart = max(apart, float(ends.max()))
    if not (gap <= _LOG_ODDS_TOLERANCE and apart <= _RISK_TOLERANCE):
        msg = (
            f"The model cannot be saved: on {_PROBES} made-up rows its contributions miss its log-odds by up to "
            f"{gap:.1e} (limit {_LOG_ODDS_TOLERANCE:.0e}), and its risks differ from predict_proba by up to "
            f"{apart:.1e} (limit {_RISK_TOLERANCE:.0e}). Fit a new model with make_risk_model."
        )
        raise SpecError(msg)


def _probe_frame(scorer: Scorer) -> pd.DataFrame:
    """Made-up rows over the range of the model's thresholds or means, on them and beside them, some values missing.

    Codes are those that the model knows, and one that it does not.
    """
    import pandas as pd

    rng = np.random.default_rng(0)
    arrays, shape = scorer.arrays, (_PROBES, len(scorer.feature_names))
    if isinstance(arrays, LinearArrays):
        values = arrays.center + rng.normal(size=shape) * (1 + np.abs(arrays.center))
    else:
        values = np.stack([_near_splits(arrays, column, rng) for column in range(shape[1])], axis=1)
    values[rng.random(shape) < 0.2] = np.nan
    values[0] = np.nan
    names = [f"probe{row}" for row in range(_PROBES)]
    index = pd.MultiIndex.from_arrays(
        [names, names, pd.DatetimeIndex(["2000-01-01"] * _PROBES)], names=["household_id", "child_id", "index_date"]
    )
    frame = pd.DataFrame(values, index=index, columns=list(scorer.feature_names))
    for name, codes in scorer.vocabularies.items():
        held = [*codes, _STRANGE]
        frame[name] = pd.Categorical.from_codes(rng.integers(-1, len(held), _PROBES), categories=pd.Index(held))
    return frame


def _near_splits(trees: TreeArrays, column: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Values of one feature on its thresholds, one step beside them and beyond them all."""
    found = trees.threshold[trees.feature == column]
    found = found[np.isfinite(found)]
    if not len(found):
        return rng.normal(size=_PROBES)
    beside = [np.nextafter(found, -np.inf), np.nextafter(found, np.inf), [found.min() - 1, found.max() + 1]]
    return rng.choice(np.concatenate([found, *beside]), size=_PROBES)
