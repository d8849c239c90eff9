"""The report: one self-contained page on what a model is worth, with nothing personal in it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, StrictUndefined

from edgeofcare.evaluation.report import Evaluation
from edgeofcare.features.catalogue import feature_dictionary
from edgeofcare.features.feature import Feature
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.plotting import plot_calibration, plot_decision_curve, plot_groups, plot_risk_distribution
from edgeofcare.records.records import Records
from edgeofcare.reporting.cells import MEASURE_LABELS, measure_cells
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
_SVG: Any = {"svg.fonttype": "none", "svg.hashsalt": "edgeofcare", "font.family": "sans-serif"}


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

    Returns
    -------
    Path
        The file. It needs no other file and no network.
    """
    page = _template().render(
        version=VERSION,
        verdict=evaluation.verdict(),
        task=model.task,
        model=model,
        tiles=_tiles(evaluation, model),
        pictures=_pictures(evaluation),
        measures=_measure_rows(evaluation.measures),
        strata=_strata_rows(evaluation.measures, evaluation.counts),
        groups=_group_rows(evaluation.groups),
        attrition=attrition,
        summary=_rounded(summary),
        counts=records.counts(),
        quality=records.quality(),
        split=split,
        records=records,
        dictionary=feature_dictionary(list(features)),
        evaluation=evaluation,
    )
    target = Path(path)
    temporary = target.with_name(target.name + ".part")
    temporary.write_text(page, encoding="utf-8", newline="\n")
    temporary.replace(target)
    return target


def _template() -> Any:
    """The page, with everything that is filled in escaped."""
    source = (files("edgeofcare.reporting") / "templates" / "report.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["count"] = lambda value: f"{value:,}" if isinstance(value, int) else str(value)
    return environment.from_string(source)


def _tiles(evaluation: Evaluation, model: RiskClassifier) -> list[tuple[str, str, str]]:
    """The few figures that a reader looks at first: value, label, small print."""
    cells = measure_cells(evaluation.measures)
    entrants = str(evaluation.counts["entrants"].iloc[0])
    trained = f"{model.training_counts_['entrants']:,} in training"
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
            "Observed over expected entries by group. Groups with fewer than 10 entrants are suppressed.",
            lambda ax: plot_groups(evaluation.groups, ax),
        ),
    ]
    return [(title, caption, _svg(draw)) for title, caption, draw in chosen]


def _svg(draw: Callable[[Axes], Any]) -> str:
    """A panel as SVG text, the same at every run."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SVG):
        figure = Figure(figsize=(6.4, 4.8), layout="constrained")
        draw(figure.subplots())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


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
