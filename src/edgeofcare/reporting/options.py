"""What was chosen for a model, in words: the options of its kind alone, and the criteria as sentences."""

from __future__ import annotations

from collections.abc import Mapping

from edgeofcare.criteria import Criteria
from edgeofcare.models.risk_model import RiskClassifier

__all__ = ["criteria_words", "option_words"]

_BOTH = {"n_folds": "folds of households", "refits": "refits for intervals of risks"}
_OF_KIND: Mapping[str, Mapping[str, str]] = {
    "boosting": {
        "max_iter": "trees",
        "learning_rate": "learning rate",
        "max_features": "share of the features that each split chooses from",
        "max_leaf_nodes": "leaves of each tree",
        "min_samples_leaf": "fewest rows in a leaf",
        "l2_regularization": "penalty on the leaves",
    },
    "logistic": {"C": "inverse strength of the penalty", "max_iter": "most steps"},
}
_MOST_STEPS = 200


def option_words(model: RiskClassifier) -> dict[str, str]:
    """The options that this kind of model uses, each with its value.

    Parameters
    ----------
    model : RiskClassifier
        Fitted, or not.

    Returns
    -------
    dict of str to str
        Option in words to value.

    Examples
    --------
    >>> from edgeofcare.models.risk_model import make_risk_model
    >>> option_words(make_risk_model("logistic"))
    {'inverse strength of the penalty': '0.05', 'most steps': '200', 'folds of households': '5', 'seed': '0'}
    """
    given = model.get_params(deep=False)
    if model.max_iter is None:
        given["max_iter"] = _iterations(model)
    words = {**_OF_KIND.get(model.kind, {}), **_BOTH}
    said = {label: str(given[name]) for name, label in words.items() if name != "refits" or model.refits}
    if model.independent_rows:
        said["rows"] = "taken as unrelated to each other"
    return {**said, "seed": str(model.random_state)}


def _iterations(model: RiskClassifier) -> str:
    """How many trees or steps there are where no number was chosen."""
    if model.kind != "boosting":
        return str(_MOST_STEPS)
    found = getattr(model, "n_iter_", None)
    how = "found on households left out"
    return how if found is None else f"{int(found):,} ({how})"


def criteria_words(criteria: Criteria | None) -> str:
    """What a model must show, as a sentence.

    Parameters
    ----------
    criteria : Criteria or None
        Fixed before fitting; None where none were.

    Returns
    -------
    str
        Without a full stop.

    Examples
    --------
    >>> criteria_words(Criteria())[:56]
    'at least 100 entrants in the test period; gains over the'
    >>> criteria_words(None)
    'none were given to the model'
    """
    if criteria is None:
        return "none were given to the model"
    rule, thresholds = criteria.baseline.replace("_", " "), _ends(criteria.thresholds)
    return (
        f"at least {criteria.min_entrants:,} entrants in the test period; gains over the {rule} in AUROC and in net "
        f"benefit at thresholds {thresholds}, with intervals above zero; interval of observed over expected entries "
        f"within {_ends(criteria.observed_expected)}, and its estimate in every group that is shown within "
        f"{_ends(criteria.group_observed_expected)}; interval of the calibration slope touching "
        f"{_ends(criteria.calibration_slope)}; no alarm open"
    )


def _ends(limits: tuple[float, float]) -> str:
    """A range in words."""
    return f"{limits[0]:g} to {limits[1]:g}"
