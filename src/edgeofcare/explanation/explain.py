"""Explain risks: exact contributions in calibrated log-odds, checked against the model's own score."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, cast

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.about import about_model
from edgeofcare.explanation.additivity import check_sum
from edgeofcare.explanation.concept_groups import concept_groups
from edgeofcare.explanation.explanation import Explanation
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.named_reference import Reference, chosen_reference
from edgeofcare.explanation.one_child import refuse_no_records
from edgeofcare.explanation.reporting_lag import refuse_other_lag
from edgeofcare.explanation.wording_file import Wording, read_wording
from edgeofcare.features.build import build_features
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.models.arrays import LinearArrays, TreeArrays, margin
from edgeofcare.models.cell_values import same_values
from edgeofcare.models.recalibration import Recalibration
from edgeofcare.models.rows import check_columns, check_row_names
from edgeofcare.models.spread import RefitArrays
from edgeofcare.models.vocabulary import Vocabularies, in_numbers
from edgeofcare.records.records import Records

if TYPE_CHECKING:
    from edgeofcare.models.risk_model import RiskClassifier

__all__ = ["explain"]

_SAME = 1e-9  # difference between a value of X and the same value from the records that is rounding


class _Scored(Protocol):
    """A loaded model: arrays, the line of its calibration and the names of its features."""

    @property
    def arrays(self) -> TreeArrays | LinearArrays:
        """The model as plain arrays."""

    @property
    def slope(self) -> float:
        """Multiplies the margin."""

    @property
    def intercept(self) -> float:
        """Added after the slope."""

    @property
    def feature_names(self) -> Iterable[str]:
        """Columns in the order of training."""


class _Parts(NamedTuple):
    """What explaining needs of a model."""

    arrays: TreeArrays | LinearArrays
    slope: float
    intercept: float
    names: tuple[str, ...]
    refits: tuple[RefitArrays, ...] = ()
    vocabularies: Vocabularies = MappingProxyType({})


def explain(
    model: RiskClassifier | _Scored,
    X: pd.DataFrame,
    *,
    records: Records | None = None,
    features: Iterable[Feature | str] | None = None,
    wording: Wording | str | Path | None = None,
    reference: Reference | Literal["stored"] | None = "stored",
    accept_lag: bool = False,
) -> Explanation:
    r"""Explain the risk of each row by what each feature adds to the log-odds, and by the records behind it.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        Fitted, or loaded from a model file.
    X : DataFrame, shape (n_rows, n_features)
        Rows to explain on the index (household_id, child_id, index_date); the columns of training, in their order.
        A code that the model does not know is explained as the unknown value that it takes it for, and its sentence
        says so; :attr:`Explanation.unseen` counts them.
    records : Records, optional
        The case records that ``X`` was built from; without them reasons carry no source rows.
    features : iterable of Feature or str, optional
        The specs or names of the columns; read from the column names if left out.
    wording : Wording or path, optional
        A wording file that was edited or translated (:func:`edgeofcare.write_wording`); if left out, the one that the
        model file holds, and the library's where it holds none.
    reference : Reference, "stored" or None, default "stored"
        Whom the rows are compared with: the cohort in the model file, or the average child in training where there
        is none, as for every fitted model; a cohort of :func:`edgeofcare.make_reference`; or, with None, the average
        child in training whatever the file holds. ``about.reference`` and the pages say which it was.
    accept_lag : bool, default False
        Whether records with another reporting lag than the model was trained with are used all the same. A loaded
        model knows that lag, if it was stated; a fitted one does not, so that nothing is checked.

    Returns
    -------
    Explanation
        Contributions, reasons in words and the source rows behind them.

    Raises
    ------
    IndexNamesError
        If the rows have no names.
    SpecError
        If the columns are not those of the model; a column is no known feature although records are given; ``X`` is
        not what the records give; the records have another reporting lag than the model was trained with; the
        reference is of another model; the slope of the calibration is not above zero; contributions do not add up; or
        the wording file cannot be used.

    Notes
    -----
    The margin :math:`f` of a row is split into :math:`\phi_0 + \sum_j \phi_j` (path-dependent TreeSHAP, or the terms of
    the regression). The calibrated log-odds are :math:`a f + b`, so that contributions :math:`\psi_j = a \phi_j` to a
    base of :math:`a \phi_0 + b` add up to them exactly. A slope :math:`a` of zero or below would turn every reason
    round and is refused. Every sum is compared with the model's own log-odds before anything is returned.

    With a reference the game is the interventional one: what is not known of a child is drawn from the cohort, all of
    it from one row, and the base is the mean of the cohort's calibrated log-odds.

    References
    ----------
    Lundberg, S. M. et al. (2020). From local explanations to global understanding with explainable AI for trees. Nature
    Machine Intelligence, 2, 56-67.

    Examples
    --------
    >>> from edgeofcare.models.risk_model import make_risk_model
    >>> rng = np.random.default_rng(0)
    >>> index = pd.MultiIndex.from_arrays(
    ...     [[f"h{i}" for i in range(400)], [f"c{i}" for i in range(400)], [pd.Timestamp("2024-01-01")] * 400],
    ...     names=["household_id", "child_id", "index_date"],
    ... )
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(0.5, 400) * 1.0}, index=index)
    >>> y = pd.Series((rng.random(400) < 0.1 + 0.2 * X["missing.count.90d"]) * 1, index=index)
    >>> why = explain(make_risk_model("logistic").fit(X, y), X)
    >>> why
    Explanation(400 rows, 1 feature, without records)
    >>> bool(np.allclose(why.base + why.contributions.sum(axis=1), why.log_odds, atol=1e-12))
    True
    """
    parts = _parts(model)
    _check_rows(X, parts.names, parts.vocabularies)
    specs = _specs(X, features, known=records is not None)
    if records is not None:
        refuse_other_lag(model, records, accept=accept_lag)
        refuse_no_records(records)
        _check_against(records, X, [spec for spec in specs if spec is not None])
    line = Recalibration(parts.slope, parts.intercept, "", 0, 0)
    numbers = in_numbers(X, parts.vocabularies)
    table = numbers.to_numpy(dtype=np.float64, copy=True)
    own = _own_margin(model, parts, X, table)
    compared = chosen_reference(model, reference, parts.arrays, parts.refits)
    phi, phi0 = _split(parts, table, compared)
    psi, base = line.slope * phi, line.slope * phi0 + line.intercept
    groups, names = concept_groups(parts.names)
    concepts = pd.DataFrame(line.slope * _split(parts, table, compared, groups)[0], X.index, names)
    scores = pd.DataFrame({"log_odds": line.log_odds(own), "risk": line.risk(own)}, index=X.index)
    if parts.refits:
        low, high = np.asarray(cast("Any", model).risk_interval(X), dtype=np.float64).T
        scores = scores.assign(risk_low=low, risk_high=high)
    for found in (psi, concepts.to_numpy()):
        check_sum(base, found, scores["log_odds"].to_numpy())
    about = about_model(model, slope=line.slope, intercept=line.intercept, reference=compared)
    more: Any = {"refits": parts.refits, "concepts": concepts, "wording": _wording(model, wording), "about": about}
    more |= {"numbers": numbers, "reference": compared}
    return Explanation(pd.DataFrame(psi, X.index, X.columns), base, scores, X, specs=specs, records=records, **more)


def _split(
    parts: _Parts, table: np.ndarray, compared: Reference | None, groups: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Contributions to the margin, and the margin that they start from."""
    if compared is None:
        return contributions(parts.arrays, table, groups=groups)
    form = compared.compared(parts.arrays, groups=groups)
    return contributions(form, table, groups=groups if isinstance(form, LinearArrays) else None)


def _wording(model: Any, wording: Wording | str | Path | None) -> Wording | None:
    """The wording that was given, of a file where a path is; else the one that the model file holds, if any."""
    if wording is None:
        return getattr(model, "wording", None)
    return wording if isinstance(wording, Wording) else read_wording(wording)


def _parts(model: Any) -> _Parts:
    """Arrays, calibration and feature names of a fitted classifier or a loaded model."""
    if hasattr(model, "calibration_") and hasattr(model, "estimator_"):
        from edgeofcare.models.extraction import extract_arrays
        from edgeofcare.models.refits import refit_arrays

        line, names = model.calibration_, getattr(model, "feature_names_in_", ())
        refits = refit_arrays(getattr(model, "refits_", ()))
        parts = _Parts(extract_arrays(model.estimator_), line.slope, line.intercept, tuple(map(str, names)), refits)
        parts = parts._replace(vocabularies=getattr(model, "vocabularies_", {}))
    elif all(hasattr(model, name) for name in _Parts._fields[:3]) and hasattr(model, "feature_names"):
        names = tuple(map(str, model.feature_names))
        refits = tuple(getattr(model, "refits", ()))
        parts = _Parts(model.arrays, float(model.slope), float(model.intercept), names, refits)
        parts = parts._replace(vocabularies=getattr(model, "vocabularies", {}))
    else:
        msg = f"A {type(model).__name__} cannot be explained; give a fitted RiskClassifier or a loaded model."
        raise SpecError(msg)
    if not parts.slope > 0:
        msg = (
            f"The calibration of this model has a slope of {parts.slope:g}, which would turn every reason round. "
            "Reasons need a slope above zero: check the outcome that the model was calibrated on."
        )
        raise SpecError(msg)
    if not parts.names:
        msg = "The model was fitted on columns without names, so no reason could be named. Fit it on a DataFrame."
        raise SpecError(msg)
    return parts


def _own_margin(model: Any, parts: _Parts, X: pd.DataFrame, table: np.ndarray) -> np.ndarray:
    """The margin as the model itself gives it, which owes nothing to the contributions."""
    own = model.margin(X) if hasattr(model, "calibration_") else margin(parts.arrays, table)
    return np.asarray(own, dtype=np.float64)


def _check_rows(X: pd.DataFrame, names: tuple[str, ...], vocabularies: Vocabularies) -> None:
    """Refuse rows without names, no rows, and columns that are not those of the model in their order."""
    if undated := int(pd.isna(check_row_names(X).get_level_values("index_date")).sum()):
        msg = f"{undated:,} of {len(X):,} rows of X have no index_date. Build X with build_features, or leave them out."
        raise SpecError(msg)
    check_columns(X, vocabularies)
    have = [str(name) for name in X.columns]
    missing, extra = [n for n in names if n not in have], [n for n in have if n not in names]
    problems = [f"{len(missing)} missing: {_listed(missing)}"] if missing else []
    problems += [f"{len(extra)} unknown to it: {_listed(extra)}"] if extra else []
    if not problems and have != list(names):
        problems = ["in another order"]
    if problems:
        msg = (
            f"The columns of X are not those of the model ({'; '.join(problems)}). Pass X[feature names of the model]."
        )
        raise SpecError(msg)
    if X.empty:
        msg = "X has no rows, so there is nothing to explain."
        raise SpecError(msg)
    if (wrong := int(np.isinf(in_numbers(X, vocabularies).to_numpy(dtype=np.float64)).sum())) > 0:
        msg = f"X holds {wrong} infinite values. Give NaN where a value is unknown."
        raise SpecError(msg)


def _specs(X: pd.DataFrame, features: Iterable[Feature | str] | None, *, known: bool) -> tuple[Feature | None, ...]:
    """The spec of each column; None for a column of the user's own, which records cannot explain."""
    columns = [str(name) for name in X.columns]
    if features is None:
        specs: tuple[Feature | None, ...] = tuple(map(_parsed, columns))
        own = [name for name, spec in zip(columns, specs, strict=True) if spec is None]
        if known and own:
            msg = (
                f"{len(own)} columns of X are no features of the library, so records cannot show what is behind them: "
                f"{_listed(own)}. Leave records out, or give the specs as features."
            )
            raise SpecError(msg)
        return specs
    by_name = {spec.name: spec for spec in as_features(features)}
    if set(by_name) != set(columns):
        missing, extra = sorted(set(columns) - set(by_name)), sorted(set(by_name) - set(columns))
        msg = (
            f"features and the columns of X differ: columns without a feature: {_listed(missing)}; features without a "
            f"column: {_listed(extra)}. Pass the features that X was built with."
        )
        raise SpecError(msg)
    return tuple(by_name[name] for name in columns)


def _parsed(name: str) -> Feature | None:
    """The spec that a column name stands for, if it is one."""
    try:
        return parse_feature(name)
    except SpecError:
        return None


def _check_against(records: Records, X: pd.DataFrame, specs: list[Feature]) -> None:
    """Refuse values that the records do not give: a sentence and its source rows would contradict each other."""
    built = build_features(records, X, specs)
    differ = {spec.name: ~same_values(built[spec.name], X[spec.name], _SAME) for spec in specs}
    if names := [name for name, wrong in differ.items() if wrong.any()]:
        total = sum(int(wrong.sum()) for wrong in differ.values())
        msg = (
            f"{total} of {X.size} values of X are not what these records give, in {len(names)} "
            f"columns: {_listed(names)}. Build X from the same records, or leave records out."
        )
        raise SpecError(msg)


def _listed(names: list[str]) -> str:
    """The first few names."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (", ".join(names[:5]) or "none") + more
