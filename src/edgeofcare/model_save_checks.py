"""What must hold of a model before it is saved: it fits its features and task, and its saved form scores as it does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.combined import Combined
from edgeofcare.models.arrays import LinearArrays, TreeArrays
from edgeofcare.models.column_names import listed, name_difference
from edgeofcare.models.vocabulary import Vocabularies
from edgeofcare.scorer import Scorer
from edgeofcare.task import Task

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.models.risk_model import RiskClassifier

__all__ = ["refuse_model", "refuse_unlike"]

_PROBES = 256
_STRANGE = "a code that no list has"
_LOG_ODDS_TOLERANCE, _RISK_TOLERANCE = 1e-9, 1e-9


def refuse_model(model: RiskClassifier, specs: list[Feature], task: Task) -> None:
    """Refuse a model that is not fitted, or not for these features and this task.

    Parameters
    ----------
    model : RiskClassifier
        The model.
    specs : list of Feature
        The features that it is said to have.
    task : Task
        The task that it is said to have.

    Raises
    ------
    SpecError
        With all that is wrong.
    """
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


def refuse_unlike(scorer: Scorer, model: RiskClassifier) -> None:
    """Refuse a saved form that scores or explains other than the model does.

    Parameters
    ----------
    scorer : Scorer
        The saved form.
    model : RiskClassifier
        The model.

    Raises
    ------
    SpecError
        If scores or contributions differ on made-up rows.
    """
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
