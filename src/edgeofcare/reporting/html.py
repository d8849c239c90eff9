"""The report: one self-contained page on what a model is worth, with nothing personal in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from edgeofcare.evaluation.report import Evaluation
from edgeofcare.features.catalogue import feature_dictionary
from edgeofcare.features.feature import Feature
from edgeofcare.features.leaks.report import LeakReport
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.plotting.evaluation import plot_calibration, plot_decision_curve, plot_groups, plot_risk_distribution
from edgeofcare.records.records import Records
from edgeofcare.reporting.cells import MEASURE_LABELS, measure_cells
from edgeofcare.reporting.pages import page_path, page_template, svg, write_page
from edgeofcare.reporting.shareable import hide_small, shareable_attrition, shareable_groups, small_count
from edgeofcare.splitting import Split
from edgeofcare.version import VERSION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["write_report"]

_MODELS = ("model", "count_rule", "model minus count_rule", "prevalence")
_TILES = (
    ("auroc", "AUROC: how well the model ranks", False),
    ("observed_expected_ratio", "observed / expected entries (1 is right)", False),
    ("ppv_at_capacity", "of reviewed children entered care", True),
    ("entrants_found_at_capacity", "of entrants were on a list to review", True),
)


def write_report(
    path: str | Path,
    evaluation: Evaluation,
    *,
    model: RiskClassifier,
    records: Records,
    attrition: pd.DataFrame,
    split: Split,
    features: Sequence[Feature],
    summary: pd.DataFrame,
    leaks: LeakReport | None = None,
) -> Path:
    """Write the report of an evaluated model.

    Parameters
    ----------
    path : path
        The HTML file to write.
    evaluation : Evaluation
        What the model is worth.
    model : RiskClassifier
        The fitted model.
    records : Records
        The records it was fitted on; only counts are taken from them.
    attrition : DataFrame
        From :func:`edgeofcare.cohort_attrition`.
    split : Split
        Training and test rows; only counts are taken from it.
    features : sequence of Feature
        The model's features.
    summary : DataFrame
        From ``Explanation.summary()``: what moves the risks most.
    leaks : LeakReport, optional
        From :func:`edgeofcare.leak_check`, for these features.

    Returns
    -------
    Path
        The file. It needs no other file and no network. Counts of 1 to 9 children, rows or values are shown as
        ``<10``, and groups by columns other than the audit columns of :func:`edgeofcare.build_cohort` are left out.

    Raises
    ------
    SpecError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import edgeofcare as eoc
    >>> task, dates = eoc.Task(), eoc.quarters("2017-04-01", "2023-04-01")
    >>> features = [eoc.parse_feature("child.age"), eoc.parse_feature("cp_plan.active")]
    >>> records = eoc.make_records(300, random_state=0, authority="sample")
    >>> cohort = eoc.build_cohort(records, task, index_dates=dates)
    >>> X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    >>> split = eoc.temporal_split(cohort.loc[y.index], task, test_from="2021-04-01")
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X.loc[split.train], y.loc[split.train])
    >>> found = eoc.evaluate(model, X.loc[split.test], y.loc[split.test], n_resamples=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_report(
    ...         f"{folder}/report.html",
    ...         found,
    ...         model=model,
    ...         records=records,
    ...         attrition=eoc.cohort_attrition(records, task, index_dates=dates),
    ...         split=split,
    ...         features=features,
    ...         summary=eoc.explain(model, X.loc[split.test]).summary(),
    ...     )
    ...     "<title>" in path.read_text(encoding="utf-8")
    True
    """
    target = page_path(path)
    groups, left_out = shareable_groups(evaluation.groups)
    evaluation = replace(evaluation, groups=groups)
    page = page_template("report.html").render(
        version=VERSION,
        verdict=evaluation.verdict(),
        task=model.task,
        model=model,
        tiles=_tiles(evaluation, model),
        pictures=_pictures(evaluation),
        measures=_measure_rows(evaluation.measures),
        strata=_strata_rows(evaluation.measures, evaluation.counts),
        groups=_group_rows(evaluation.groups),
        groups_left_out=left_out,
        attrition=shareable_attrition(attrition),
        summary=_rounded(summary),
        counts=hide_small(records.counts(), "rows", "children"),
        quality=hide_small(records.findings(), "count"),
        split=split,
        records=records,
        leaks=leaks,
        dictionary=feature_dictionary(list(features))[["name", "concept", "sentence", "direction"]],
        evaluation=evaluation,
    )
    write_page(target, page)
    return target


def _tiles(evaluation: Evaluation, model: RiskClassifier) -> list[tuple[str, str, str]]:
    """The few figures that a reader looks at first: value, label, small print."""
    cells = measure_cells(evaluation.measures)
    entrants = small_count(evaluation.counts["entrants"].iloc[0])
    trained = f"{small_count(model.training_counts_['entrants'])} in training"
    tiles = [(entrants, "children who entered care, in the test period", trained)]
    for measure, label, percent in _TILES:
        if ("model", measure) in cells:
            cell, rule = cells["model", measure], cells.get(("count_rule", measure))
            beside = "" if rule is None else f"; count rule {rule.short(percent=percent)}"
            tiles.append((cell.short(percent=percent), label, cell.between(percent=percent) + beside))
    return tiles


def _pictures(evaluation: Evaluation) -> list[tuple[str, str, str]]:
    """Title, caption and SVG of each panel."""
    chosen: list[tuple[str, str, Callable[[Axes], Any]]] = [
        (
            "Are the risks right?",
            "Risk that the model gave against the share of children who then entered care. On the line, it is right.",
            lambda ax: plot_calibration(evaluation.calibration, ax),
        ),
        (
            "Is it worth using?",
            "Net benefit at each threshold, against reviewing everybody, nobody, or the children of the count rule.",
            lambda ax: plot_decision_curve(evaluation.decision_curve, ax),
        ),
        (
            "Does it tell children apart?",
            "Risks given to children who entered care and to those who did not.",
            lambda ax: plot_risk_distribution(evaluation.risk_distribution, ax),
        ),
        (
            "Is it right for every group?",
            "Observed over expected entries. Small groups, and those that would give them away, are suppressed.",
            lambda ax: plot_groups(evaluation.groups, ax),
        ),
    ]
    return [(title, caption, svg(draw)) for title, caption, draw in chosen]


def _measure_rows(measures: pd.DataFrame) -> list[dict[str, str]]:
    """One row for each measure: model, baselines and the difference from the count rule."""
    cells = measure_cells(measures)
    rows = []
    for measure, label in MEASURE_LABELS.items():
        if ("model", measure) in cells:
            shown = {name: cells[name, measure].text() if (name, measure) in cells else "" for name in _MODELS}
            rows.append({"measure": label, "note": cells["model", measure].note, **shown})
    return rows


def _strata_rows(measures: pd.DataFrame, counts: pd.DataFrame) -> list[dict[str, str]]:
    """The main measures for all rows, for new households and for those seen in training."""
    rows = []
    for stratum in counts.to_dict("records"):
        cells = measure_cells(measures, str(stratum["stratum"]))
        named = ("auroc", "observed_expected_ratio")
        shown = {name: cells["model", name].text() if ("model", name) in cells else "" for name in named}
        rows.append({**{str(key): str(value) for key, value in stratum.items()}, **shown})
    return rows


def _group_rows(groups: pd.DataFrame) -> pd.DataFrame:
    """Groups with estimates and intervals in one cell each, narrow enough for a page."""
    return pd.DataFrame(
        {
            "by": groups["by"].str.replace("_", " "),
            **{name: groups[name] for name in ("group", "rows", "children", "entrants")},
            "rate of entry": _percent(groups["base_rate"]),
            "mean risk": _percent(groups["mean_risk"]),
            "observed / expected": _with_interval(groups, "observed_expected_ratio", "oe_low", "oe_high"),
            "AUROC": _with_interval(groups, "auroc", "auroc_low", "auroc_high"),
            "reviewed": _percent(groups["selection_rate"]),
            "PPV": _percent(groups["ppv"]),
            "note": groups["note"].fillna(""),
        }
    )


def _percent(values: pd.Series) -> list[str]:
    """Shares as percentages, and nothing where there is none."""
    return ["" if pd.isna(value) else f"{value:.1%}" for value in values]


def _with_interval(frame: pd.DataFrame, estimate: str, low: str, high: str) -> list[str]:
    """Estimates with their intervals, and nothing where there is none."""
    rows = zip(frame[estimate], frame[low], frame[high], strict=True)
    return ["" if pd.isna(each[0]) else f"{each[0]:.2f} ({each[1]:.2f} to {each[2]:.2f})" for each in rows]


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers with three decimals, and nothing where there is none."""
    shown = frame.copy()
    for name in shown.columns:
        if pd.api.types.is_float_dtype(shown[name]):
            shown[name] = [("" if pd.isna(value) else f"{value:.3f}") for value in shown[name]]
    return shown
