"""The record of a run: what was chosen, on what it ran, and a digest of what each step gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.evaluation._inputs import score_rows
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import as_features
from edgeofcare.features.plain import feature_to_dict
from edgeofcare.models.arrays import to_mapping
from edgeofcare.models.extraction import extract_arrays
from edgeofcare.models.refit_members import refits_to_mapping
from edgeofcare.models.refits import refit_arrays
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.runs.choices import evaluation_choices, index_dates_of, model_choices, split_choices
from edgeofcare.runs.digests import Digest, digest_arrays, digest_frame, digest_plain, row_order
from edgeofcare.runs.environment import environment
from edgeofcare.runs.tables import Table, plain_table, plain_tables
from edgeofcare.splitting import Split

if TYPE_CHECKING:
    from edgeofcare.records.records import Records

__all__ = ["STEPS", "RunRecord", "run_record"]

STEPS = {
    "records": "the tables of the extract, and what was declared of them",
    "cohort": "which children on which index date, with the columns for audit",
    "features": "every value of every feature",
    "labels": "who entered care",
    "split": "rows for training and for testing",
    "model": "the fitted trees or weights, those of its refits, and the lines of calibration",
    "risks": "margin and risk of each test row, by the model and the baselines",
}
"""Steps before the evaluation, in order. Then comes one step for each table of the evaluation, and REASONS."""

EVALUATION = "evaluation: "
"""How the steps of an evaluation begin."""

REASONS = "agreement of reasons"
"""The last step of a model with refits: how far they give the same reasons for the test rows."""

_NOTE = (
    "SHA-256 of whole tables, rows in the order of the index; 'rounded' is of numbers to 9 decimals. A table of fewer "
    "than 10 children has none. 'lock' is of the installed versions, 'code' of the source of edgeofcare."
)


@dataclass(frozen=True, repr=False)
class RunRecord:
    """Everything that is needed to repeat a run and to say what agrees. Shareable: no identifier, no date of a child.

    Made by :func:`run_record`, kept in a model file by :func:`~edgeofcare.save_model`, and used by
    :func:`~edgeofcare.reproduce`.

    Attributes
    ----------
    choices : dict
        ``task``, ``features`` (specs), ``index_dates``, ``split`` (``test_from``, ``test_until``), ``model`` (every
        parameter) and ``evaluation`` (every option, and what else it was given).
    environment : dict of str to str
        Versions, platform and limits of threads.
    steps : dict of str to Digest
        What each step gave, in order.
    tables : dict of str to Table
        The numbers of the evaluation, with every digit.

    Examples
    --------
    >>> record = RunRecord({"features": [], "index_dates": []}, {"python": "3.11.7"}, {}, {})
    >>> record
    RunRecord(0 features, 0 index dates, 0 steps)
    """

    choices: Mapping[str, Any]
    environment: Mapping[str, str]
    steps: Mapping[str, Digest]
    tables: Mapping[str, Table]

    def __repr__(self) -> str:
        """Counts only."""
        features, dates = len(self.choices["features"]), len(self.choices["index_dates"])
        return f"RunRecord({features:,} features, {dates:,} index dates, {len(self.steps):,} steps)"

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON takes it.

        Returns
        -------
        dict
            ``choices``, ``environment``, ``steps`` (a list, in order), ``tables`` and a ``note``.
        """
        steps = [{"step": name, **digest._asdict()} for name, digest in self.steps.items()]
        plain = {"choices": dict(self.choices), "environment": dict(self.environment), "steps": steps}
        return {**plain, "tables": dict(self.tables), "note": _NOTE}

    def refuse_other(self, model: RiskClassifier, specs: Iterable[Feature], fingerprint: str | None = None) -> None:
        """Refuse a record that is not about some model, its features or its records.

        Parameters
        ----------
        model : RiskClassifier
            Fitted.
        specs : iterable of Feature
            Its features, in the order of the columns.
        fingerprint : str, optional
            That of the records on which it was trained; without it records are not compared.

        Raises
        ------
        SpecError
            If it is about another model, other features or other records.
        """
        problems = []
        if self.steps.get("model") != digest_model(model):
            problems.append("it is about another model, or the model was fitted again since")
        if self.choices["features"] != [feature_to_dict(spec) for spec in specs]:
            problems.append("it is about other features, or in another order")
        if fingerprint is not None and self.steps["records"].exact != fingerprint:
            problems.append("it is about other records than those given")
        if problems:
            msg = (
                f"run cannot be used here: {'; '.join(problems)}. Give what edgeofcare.run_record returned for this "
                "model."
            )
            raise SpecError(msg)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> RunRecord:
        """Rebuild a record from :meth:`to_dict`.

        Parameters
        ----------
        plain : mapping
            As :meth:`to_dict` gives it.

        Returns
        -------
        RunRecord
            An equal record.

        Raises
        ------
        SpecError
            If a part is missing or of the wrong form.
        """
        try:
            steps = {str(step["step"]): Digest(step["exact"], step["rounded"]) for step in plain["steps"]}
            environment = {str(name): str(value) for name, value in plain["environment"].items()}
            tables = {str(name): _checked_table(table) for name, table in plain["tables"].items()}
            choices = {name: plain["choices"][name] for name in _CHOICES}
        except (AttributeError, LookupError, TypeError, ValueError):
            msg = "The record of the run is not as edgeofcare writes it."
            raise SpecError(msg) from None
        return cls(choices, environment, steps, tables)


_CHOICES = ("task", "features", "index_dates", "split", "model", "evaluation")


def _checked_table(table: Any) -> Table:
    """A table of equally long columns of plain cells."""
    columns = {str(name): list(cells) for name, cells in table.items()}
    plain = all(cell is None or isinstance(cell, str | int | float) for cells in columns.values() for cell in cells)
    if not plain or len({len(cells) for cells in columns.values()}) > 1:
        raise ValueError
    return columns


def run_record(
    model: RiskClassifier,
    *,
    records: Records,
    cohort: pd.DataFrame,
    features: Iterable[Feature | str],
    X: pd.DataFrame,
    y: pd.Series,
    split: Split,
    evaluation: Evaluation,
    explained: pd.Index | None = None,
) -> RunRecord:
    """Write down a run, so that it can be repeated and compared to the last digit.

    Parameters
    ----------
    model : RiskClassifier
        Fitted on ``X.loc[split.train]`` and ``y.loc[split.train]``.
    records : Records
        The records.
    cohort : DataFrame
        From :func:`edgeofcare.build_cohort`, whole.
    features : iterable of Feature or str
        The features, in the order of the columns of X. Where levels were learned, the specs that
        :func:`edgeofcare.learn_levels` gave: they are recorded, and not learned again.
    X : DataFrame
        From :func:`edgeofcare.build_features`.
    y : Series
        From :func:`edgeofcare.label_outcome`.
    split : Split
        From :func:`edgeofcare.temporal_split` on ``cohort.loc[y.index]``.
    evaluation : Evaluation
        From :func:`edgeofcare.evaluate` on ``X.loc[split.test]``, with ``cohort``. What else it was given is read from
        what it found. Baselines that are not the model's own cannot be made again: their rows are left out.
    explained : Index, optional
        The rows that its ``summary`` was about, if it was given one: all test rows (if left out), or those of the last
        index date.

    Returns
    -------
    RunRecord
        For ``save_model(..., run=)``.

    Raises
    ------
    SpecError
        If the run cannot be repeated from what is given: the seed is not a whole number, the split is not one by time,
        the features are not the columns of X, or the cohort has index dates of its own for single children.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> task, features = eoc.Task(), ["child.age", "missing.count.365d", "cp_plan.active"]
    >>> records = eoc.make_records(400, random_state=0, authority="sample")
    >>> cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2024-01-01"))
    >>> X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    >>> split = eoc.temporal_split(cohort, task, test_from="2022-04-01")
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X.loc[split.train], y.loc[split.train])
    >>> report = eoc.evaluate(model, X.loc[split.test], y.loc[split.test], cohort=cohort, n_resamples=20)
    >>> run_record(model, records=records, cohort=cohort, features=features, X=X, y=y, split=split, evaluation=report)
    RunRecord(3 features, 28 index dates, ... steps)
    """
    specs = as_features(features)
    _refuse_other_columns(specs, X)
    choices = {
        "task": _task_of(model).to_dict(),
        "features": [feature_to_dict(spec) for spec in specs],
        "index_dates": index_dates_of(cohort),
        "split": split_choices(split, cohort.loc[y.index], _task_of(model)),
        "model": model_choices(model),
        "evaluation": evaluation_choices(evaluation, split.test, explained),
    }
    tables = plain_tables(evaluation, ["model", *model.baselines_])
    steps = {
        "records": Digest(records.fingerprint, records.fingerprint),
        "cohort": digest_frame(cohort),
        "features": digest_frame(X, _rows_of(X, y.index)),
        "labels": digest_frame(y.to_frame()),
        "split": _digest_split(split),
        "model": digest_model(model),
        "risks": digest_frame(_scored(model, X.loc[split.test], y.loc[split.test])),
        **{f"{EVALUATION}{name}": digest_plain(table) for name, table in tables.items()},
    }
    reasons = _reasons(model, X.loc[split.test])
    steps |= {name: digest_plain(table) for name, table in reasons.items()}
    return RunRecord(choices, environment(), steps, tables | reasons)


def digest_model(model: RiskClassifier) -> Digest:
    """Digest what was fitted: the arrays that score, and the line of calibration."""
    line = model.calibration_
    arrays = {**to_mapping(extract_arrays(model.estimator_)), **refits_to_mapping(refit_arrays(model.refits_))}
    return digest_arrays({**arrays, "line": np.array([line.slope, line.intercept])})


def _reasons(model: RiskClassifier, X: pd.DataFrame) -> dict[str, Table]:
    """How far the refits give the reasons of the model, as a table; nothing without refits."""
    return {REASONS: plain_table(explain(model, X).agreement().table)} if model.refits_ else {}


def _task_of(model: RiskClassifier) -> Any:
    """The task of a model, which must have one."""
    if not isinstance(model, RiskClassifier) or model.task is None:
        msg = "A run can be recorded of a fitted model from make_risk_model(task=...) only."
        raise SpecError(msg)
    return model.task


def _refuse_other_columns(specs: list[Feature], X: pd.DataFrame) -> None:
    """Refuse features that are not the columns of X."""
    if [spec.name for spec in specs] != list(X.columns):
        msg = (
            f"X has {len(X.columns)} columns and {len(specs)} features were given, and they are not the same in the "
            "same order. Pass the features that X was built from."
        )
        raise SpecError(msg)


def _rows_of(X: pd.DataFrame, index: pd.Index) -> np.ndarray:
    """Positions in X of the rows that have a label, in the order of the index."""
    where = X.index.get_indexer(index)
    if (where < 0).any():
        msg = f"{int((where < 0).sum())} of {len(index)} rows of y are not in X. Build X from the whole cohort."
        raise SpecError(msg)
    return np.asarray(where[row_order(index)], dtype=np.int64)


def _digest_split(split: Split) -> Digest:
    """Digest on which side each row of a split stands."""
    sides = [pd.DataFrame({"test": float(test)}, index=index) for test, index in enumerate((split.train, split.test))]
    return digest_frame(pd.concat(sides))


def _scored(model: RiskClassifier, X: pd.DataFrame, y: pd.Series) -> pd.DataFrame:
    """Risk and score of each row by the model and its baselines, named and in the order of the index."""
    rows = score_rows(model, X, y)
    columns = {f"{what} {name}": values for what in ("risk", "score") for name, values in getattr(rows, what).items()}
    return pd.DataFrame(columns, index=X.index.take(rows.order))
