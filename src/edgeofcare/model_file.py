"""Save a fitted model to one file, and load it again without running any code from it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.model_archive import MAX_BYTES, open_archive, pack, read_file, write_file
from edgeofcare.model_manifest import make_manifest, make_scorer
from edgeofcare.models.arrays import LinearArrays, TreeArrays, to_mapping
from edgeofcare.scorer import Scorer, name_difference
from edgeofcare.task import Task

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.evaluation.report import Evaluation
    from edgeofcare.models.risk_model import RiskClassifier
    from edgeofcare.records.records import Records

__all__ = ["load_model", "save_model"]

_PROBES = 256
_LOG_ODDS_TOLERANCE, _RISK_TOLERANCE = 1e-6, 1e-9


def save_model(
    path: str | os.PathLike[str],
    model: RiskClassifier,
    *,
    features: Iterable[Feature | str],
    task: Task,
    evaluation: Evaluation | None = None,
    records: Records | None = None,
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
        What :func:`edgeofcare.evaluate` found; its measures and counts go into the file.
    records : Records, optional
        The records that the model was trained on. Their hash, reporting lags and dates of the extract go into the
        file as assumptions; without them the file says that these were not stated.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SpecError
        If the features or the task are not those of the model, a feature cannot be named without a free value, or the
        saved form would not score as the model does.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> import tempfile
    >>> import edgeofcare as eoc
    >>> task, features = eoc.Task(), ["child.age", "missing.count.365d", "cp_plan.active"]
    >>> records = eoc.make_records(300, random_state=0)
    >>> cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2022-04-01"))
    >>> X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_model(f"{folder}/edge_of_care.eoc", model, features=features, task=task, records=records)
    ...     scorer = load_model(path)
    >>> bool(np.abs(scorer.risk(X) - model.predict_proba(X)[:, 1]).max() <= 1e-12)
    True
    """
    specs = as_features(features)
    _refuse_model(model, specs, task)
    from edgeofcare.models.extraction import extract_arrays

    arrays = extract_arrays(model.estimator_)
    manifest = make_manifest(model, specs, task, evaluation=evaluation, records=records)
    data = pack(manifest, to_mapping(arrays))
    _refuse_unlike(make_scorer(open_archive(data, max_bytes=len(data))), model)
    return write_file(path, data)


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

    Notes
    -----
    The digest in the file shows that the file is whole, not who made it: take model files from people you trust.
    """
    return make_scorer(open_archive(read_file(path, max_bytes=max_bytes), max_bytes=max_bytes))


def _refuse_model(model: RiskClassifier, specs: list[Feature], task: Task) -> None:
    """Refuse a model that is not fitted, or not for these features and this task."""
    from sklearn.utils.validation import check_is_fitted

    from edgeofcare.models.risk_model import RiskClassifier

    if not isinstance(model, RiskClassifier):
        msg = f"model is a {type(model).__name__}; expected a RiskClassifier, as make_risk_model makes it."
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
    if problems:
        msg = f"The model cannot be saved: {'; '.join(problems)}."
        raise SpecError(msg)


def _is_plain(spec: Feature) -> bool:
    """Whether the name says all of a feature, and every code in it comes from a list of the schema."""
    try:
        same = parse_feature(spec.name) == spec
    except SpecError:
        return False
    filtered = [spec.source.column(name) for name, _ in spec.where] if isinstance(spec, TableFeature) else []
    return same and all(column.kind == "flag" or column.codes is not None for column in filtered)


def _refuse_unlike(scorer: Scorer, model: RiskClassifier) -> None:
    """Refuse a saved form that scores or explains other than the model does."""
    probes = _probe_frame(scorer)
    psi, base = scorer.contributions(probes)
    gap = float(np.abs(psi.sum(axis=1) + base - model.log_odds(probes)).max())
    apart = float(np.abs(scorer.risk(probes) - model.predict_proba(probes)[:, 1]).max())
    if not (gap <= _LOG_ODDS_TOLERANCE and apart <= _RISK_TOLERANCE):
        msg = (
            f"The model cannot be saved: on {_PROBES} made-up rows its contributions miss its log-odds by up to "
            f"{gap:.1e} (limit {_LOG_ODDS_TOLERANCE:.0e}), and its risks differ from predict_proba by up to "
            f"{apart:.1e} (limit {_RISK_TOLERANCE:.0e}). Fit a new model with make_risk_model."
        )
        raise SpecError(msg)


def _probe_frame(scorer: Scorer) -> pd.DataFrame:
    """Made-up rows over the range of the model's thresholds or means, on them and beside them, some values missing."""
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
    return pd.DataFrame(values, index=index, columns=list(scorer.feature_names))


def _near_splits(trees: TreeArrays, column: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Values of one feature on its thresholds, one step beside them and beyond them all."""
    found = trees.threshold[trees.feature == column]
    found = found[np.isfinite(found)]
    if not len(found):
        return rng.normal(size=_PROBES)
    beside = [np.nextafter(found, -np.inf), np.nextafter(found, np.inf), [found.min() - 1, found.max() + 1]]
    return rng.choice(np.concatenate([found, *beside]), size=_PROBES)
