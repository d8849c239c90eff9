"""What a run knows of itself, sentence by sentence, each with the place that it was taken from; nothing is made up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.evaluation.report import Evaluation
from edgeofcare.features.catalogue import feature_dictionary
from edgeofcare.features.feature import Feature
from edgeofcare.features.leaks.report import LeakReport
from edgeofcare.features.specs.child import Characteristic
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.records.records import Records
from edgeofcare.reporting.background import versions
from edgeofcare.reporting.blocks import plain
from edgeofcare.reporting.cells import Cell, measure_cells
from edgeofcare.reporting.judged import open_alarms
from edgeofcare.reporting.method import METHOD
from edgeofcare.reporting.options import criteria_words, option_words
from edgeofcare.reporting.sections import ReportSections
from edgeofcare.reporting.shareable import SMALL, shareable_attrition, shareable_groups, small_count
from edgeofcare.splitting import Split
from edgeofcare.task import Task

__all__ = ["Fact", "Run", "run_facts"]

_SHORT_BREAKS = {"exclude": "Short breaks are not counted as care", "include": "Short breaks are counted as care"}
_UASC = {
    "exclude": "unaccompanied asylum-seeking children are not in the cohort",
    "include": "unaccompanied asylum-seeking children are in the cohort",
}
_REMAND = {"competing": "a remand ends the follow-up without counting", "entry": "a remand counts as an entry"}
_KINDS = {"boosting": "gradient-boosted trees", "logistic": "a penalised logistic regression"}
_CALIBRATION = ("observed_expected_ratio", "calibration_slope", "calibration_in_the_large")


class Fact(NamedTuple):
    """A sentence, and where it comes from."""

    text: str
    source: str


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """Everything that documents are filled from.

    Parameters
    ----------
    evaluation, model, records, attrition, split, features, leaks, sections
        As in :func:`edgeofcare.write_documents`.
    """

    evaluation: Evaluation
    model: RiskClassifier
    records: Records
    attrition: pd.DataFrame
    split: Split
    features: Sequence[Feature]
    leaks: LeakReport | None = None
    sections: ReportSections = field(default_factory=ReportSections)

    @property
    def task(self) -> Task:
        """What is predicted; the defaults where the model was fitted without a task."""
        return self.model.task or Task()

    @property
    def cells(self) -> dict[tuple[str, str], Cell]:
        """Measures of all rows."""
        return measure_cells(self.evaluation.measures)


def run_facts(run: Run) -> dict[str, Fact]:
    """Every sentence that this run can say of itself.

    Parameters
    ----------
    run : Run
        What was fitted, evaluated and measured.

    Returns
    -------
    dict of str to Fact
        Key, as the lists of items name it, to sentence and source. What the run does not know has no key.
    """
    makers: tuple[Callable[[Run], Mapping[str, Fact | None]], ...] = (
        _of_task,
        _of_records,
        _of_features,
        _of_split,
        _of_model,
        _of_measures,
        _of_groups,
        _of_sections,
    )
    found = {name: Fact(text, "edgeofcare: how it works") for name, text in METHOD.items()}
    for make in makers:
        found |= {name: fact for name, fact in make(run).items() if fact is not None}
    return found


def _of_task(run: Run) -> dict[str, Fact | None]:
    """Outcome, population and horizon."""
    task = run.task
    gap = f", after a gap of {task.gap_days} days" if task.gap_days else ""
    ages = f"{task.ages[0]} to {task.ages[1]}"
    eligible = "; ".join(run.attrition["rule"].astype(str))
    source = "task"
    return {
        "title": Fact(
            f"Development and evaluation of a model of the probability that a child aged {ages} with an open case "
            "enters "
            f"care within {task.horizon_days} days.",
            source,
        ),
        "population": Fact(
            f"Children aged {ages} with an open referral, child in need plan or child protection plan"
            f"{' or early help episode' if task.early_help else ''} who are not looked after on the index date.",
            source,
        ),
        "eligibility": Fact(f"Rules in order: {eligible}.", "attrition"),
        "outcome": Fact(
            f"Entry into care within {task.horizon_days} days of the index date{gap}, by the authority's own care "
            "episodes "
            f"and legal statuses. {_SHORT_BREAKS[task.short_breaks]}; {_UASC[task.uasc]}; {_REMAND[task.remand]}.",
            source,
        ),
    }


def _of_records(run: Run) -> dict[str, Fact | None]:
    """Source, dates, lag, repairs."""
    records = run.records
    counts, findings = records.counts(), records.findings()
    held = [str(name) for name, rows in zip(counts["table"], counts["rows"], strict=True) if rows]
    lags = {str(name): days for name, days in records.reporting_lag.items() if days}
    said = ", ".join(f"{name.replace('_', ' ')} {days} days" for name, days in lags.items()) or "none declared (0 days)"
    first = [date for date in records.observed_from.values() if date is not None]
    since = f" and observed from {_month(min(first))}" if first else ""
    return {
        "sources": Fact(
            f"One extract of the authority's case records: {', '.join(held).replace('_', ' ')}. Observed until "
            f"{records.observed_until:%Y-%m-%d}{since}. Fingerprint {records.fingerprint[:16]}.",
            "records",
        ),
        "lag": Fact(f"Reporting lag: {said}.", "records"),
        "cleaning": Fact(
            f"On reading, {len(findings):,} kinds of problem were found and repaired, emptied or dropped; each is "
            "listed "
            "in the report with its count.",
            "records",
        ),
        "quantities": Fact(
            f"{len(held):,} tables, {plain(int(counts['rows'].sum()))} rows of case records.", "records"
        ),
    }


def _of_features(run: Run) -> dict[str, Fact | None]:
    """Number, concepts, directions, protected characteristics, leak check."""
    table = feature_dictionary(list(run.features))
    concepts = ", ".join(dict.fromkeys(table["concept"]))
    directed = int((table["direction"] != "free").sum())
    protected = [spec.name for spec in run.features if isinstance(spec, Characteristic)]
    listed = ", ".join(protected) if protected else "none; age is a feature, and so is what services did"
    return {
        "features": Fact(f"{len(table):,} features about {concepts}.", "features"),
        "directions": Fact(f"{directed:,} features may only raise or only lower the risk.", "catalogue"),
        "protected": Fact(f"Characteristics used as features: {listed}.", "features"),
        "leaks": None if run.leaks is None else Fact(run.leaks.sentence, "leak check"),
    }


def _months(index: pd.Index) -> str:
    """First and last month of index dates: the calendar's, not a child's."""
    days = index.get_level_values("index_date")
    return f"{_month(days.min())} to {_month(days.max())}"


def _month(day: pd.Timestamp) -> str:
    """A month in words."""
    return f"{day.month_name()} {day.year}"


def _of_split(run: Run) -> dict[str, Fact | None]:
    """Periods, numbers, flow."""
    counts, trained, split = run.evaluation.counts.iloc[0], run.model.training_counts_, run.split
    shown = {name: small_count(trained[name]) for name in ("rows", "children", "households", "entrants")}
    flow = shareable_attrition(run.attrition).iloc[-1]
    tested = ", ".join(f"{small_count(counts[name])} {name}" for name in ("rows", "children", "households", "entrants"))
    return {
        "dates": Fact(
            f"Index dates of training {_months(split.train)}, of the test {_months(split.test)}; follow-up of "
            f"{run.task.horizon_days} days each, until {_month(run.records.observed_until)}.",
            "split",
        ),
        "training_counts": Fact(
            f"Training: {shown['rows']} rows of {shown['children']} children in {shown['households']} households, "
            f"{shown['entrants']} of whom entered care.",
            "model",
        ),
        "test_counts": Fact(f"Test: {tested}.", "evaluation"),
        "split": Fact(
            f"Forward in time: {small_count(split.purged)} rows whose outcome window reaches into the test period are "
            "in "
            f"neither part, and {small_count(split.immature)} whose window is not over. {split.note}".strip(),
            "split",
        ),
        "flow": Fact(
            f"After all rules {flow['rows_left']} rows of {flow['children_left']} children were left; the report "
            "shows how "
            "many each rule excluded.",
            "attrition",
        ),
        "prevalence": _cell_fact(run, {"prevalence": "Rate of entry in the test period"}),
        "events_per_feature": _events_fact(run),
    }


def _events_fact(run: Run) -> Fact | None:
    """Entrants in training for each feature, where they are enough to be shown."""
    entrants = run.model.training_counts_["entrants"]
    if entrants < SMALL or not run.features:
        return None
    return Fact(f"{entrants / len(run.features):.1f} entrants in training for each feature.", "model, features")


def _of_model(run: Run) -> dict[str, Fact | None]:
    """Kind, options, calibration, versions."""
    model, line = run.model, run.model.calibration_
    options = "; ".join(f"{name} {value}" for name, value in option_words(model).items())
    rules = ", ".join(name.replace("_", " ") for name in model.baselines_)
    programs = ", ".join(f"{name} {number}" for name, number in (run.sections.versions or versions()).items())
    return {
        "model": Fact(
            f"The model is {_KINDS.get(model.kind, model.kind)}. Options: {options}. Criteria, fixed before it was "
            f"fitted: {criteria_words(model.criteria)}.",
            "model",
        ),
        "recalibration": Fact(
            f"Recalibrated by a line on the log-odds ({line.method}): slope {line.slope:.2f}, intercept "
            f"{line.intercept:+.2f}, from {small_count(line.n_entrants)} entrants.",
            "model",
        ),
        "baselines": Fact(f"Compared on the same resamples with: {rules}.", "model") if rules else None,
        "versions": Fact(f"Versions: {programs}.", "environment"),
        "capacity": Fact(
            f"Evaluated at a capacity of {run.evaluation.capacity:,} reviews a month, which the team's time sets and "
            "not "
            "the data.",
            "evaluation",
        )
        if run.evaluation.capacity
        else None,
        "resamples": Fact(
            f"Intervals are 95% percentiles over {run.evaluation.n_resamples:,} resamples of households.", "evaluation"
        ),
    }


def _cell_fact(run: Run, names: Mapping[str, str], model: str = "model") -> Fact | None:
    """Measures with their intervals, as one sentence."""
    cells = run.cells
    said = [
        f"{label} {cells[model, name].text()}{f' [{cells[model, name].note}]' if cells[model, name].note else ''}"
        for name, label in names.items()
        if (model, name) in cells and not np.isnan(cells[model, name].estimate)
    ]
    return Fact("; ".join(said) + ".", "evaluation") if said else None


def _of_measures(run: Run) -> dict[str, Fact | None]:
    """Performance, gain, verdict."""
    gain = {
        "auroc": "AUROC minus that of the count rule",
        "ppv_at_capacity": "PPV at capacity minus that of the count rule",
    }
    at_capacity = {"ppv_at_capacity": "PPV at capacity", "entrants_found_at_capacity": "entrants found at capacity"}
    calibration = dict(zip(_CALIBRATION, ("O/E", "calibration slope", "calibration in the large"), strict=True))
    verdict = run.evaluation.verdict()
    conclusion = run.sections.conclusion or verdict.conclusion
    return {
        "discrimination": _cell_fact(run, {"auroc": "AUROC", "average_precision": "average precision"}),
        "calibration": _cell_fact(run, calibration),
        "overall": _cell_fact(run, {"scaled_brier_score": "scaled Brier score", "log_loss": "log loss"}),
        "at_capacity": _cell_fact(run, at_capacity),
        "gain": _cell_fact(run, gain, "model minus count_rule"),
        "verdict": Fact(f"Verdict: {conclusion}. {verdict.text}", "evaluation"),
        "strata": _strata_fact(run),
    }


def _strata_fact(run: Run) -> Fact | None:
    """Families seen and not seen."""
    said = []
    for name in run.evaluation.counts["stratum"].astype(str).tolist()[1:]:
        cell = measure_cells(run.evaluation.measures, name).get(("model", "auroc"))
        if cell is not None and not np.isnan(cell.estimate):
            said.append(f"{name}: AUROC {cell.text()}")
    return Fact(f"By stratum: {'; '.join(said)}.", "evaluation") if said else None


def _of_groups(run: Run) -> dict[str, Fact | None]:
    """Which groups were looked at, how many are hidden, and what was found."""
    groups, _ = shareable_groups(run.evaluation.groups)
    if groups.empty:
        return {}
    by = ", ".join(str(name).replace("_", " ") for name in dict.fromkeys(groups["by"]))
    hidden = int(groups["observed_expected_ratio"].isna().sum())
    found = run.sections.group_findings
    findings = None
    if found is not None:
        kept = shareable_groups(found)[0] if "by" in found else found
        open_ones = "1 finding between groups is" if len(kept) == 1 else f"{len(kept):,} findings between groups are"
        findings = Fact(f"{open_ones} open; see equality_impact.", "group findings")
    return {
        "groups": Fact(
            f"Measured by {by}: {len(groups):,} groups, {hidden:,} of them suppressed for small numbers. Suppressed "
            "means "
            "not known, not fair.",
            "evaluation",
        ),
        "findings": findings,
    }


def _of_sections(run: Run) -> dict[str, Fact | None]:
    """Criteria, alarms, stability, origins, sample size."""
    sections = run.sections
    given = {
        name: Fact(sections.said[name], name.replace("_", " "))
        for name in (
            "stability",
            "importance",
            "agreement",
            "proxies",
            "sample_size",
            "value",
            "reach",
            "reanchoring",
            "calibration_check",
            "origins",
            "transport",
        )
        if name in sections.said
    }
    opened = open_alarms(sections)
    if sections.frame("alarms") is not None:
        text = f"Alarms open: {'; '.join(opened)}." if opened else "No alarm is open."
        given["alarms"] = Fact(text, "alarms")
    return dict(given)
