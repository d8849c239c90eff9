"""Everything that reports and documents are made of, with small counts, identifiers and free values to keep out."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import pandas as pd

from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.features.names import as_features
from edgeofcare.reporting.sections import Drawing, ReportSections
from edgeofcare.splitting import Split
from saved_models import FEATURES, trained

__all__ = ["ATTRITION", "CANARY", "SUMMARY", "UNTIL", "all_sections", "document_parts", "report_parts"]

CANARY = "Ada-Lovelace-1815"
SUMMARY = pd.DataFrame({"level": ["feature"], "name": ["child.age"], "concept": ["age"], "mean_size": [0.25]})
ATTRITION = pd.DataFrame(
    {"rule": ["all", "alive"], "rows_excluded": [0, 7], "rows_left": [60013, 60006], "children_left": [7771, 7768]}
)


class FewRecords:
    """Records some of whose counts are small."""

    def __init__(self, records: Any) -> None:
        self.records = records

    def __getattr__(self, name: str) -> Any:
        return getattr(self.records, name)

    def counts(self) -> pd.DataFrame:
        """Two small counts."""
        counts = self.records.counts()
        counts.loc[0, "children"], counts.loc[1, "rows"] = 7, 8
        return counts

    def findings(self) -> pd.DataFrame:
        """One small count."""
        return pd.DataFrame(
            [("contacts", "source", 7, "emptied", "no such code"), ("contacts", "date", 70, "dropped", "no date")],
            columns=["table", "column", "count", "action", "why"],
        )


@cache
def report_parts() -> SimpleNamespace:
    """Arguments of ``write_report``."""
    made = trained("logistic")
    worker = made.cohort["age"].ge(14).map({True: f"{CANARY} c1", False: f"{CANARY} c2"})
    cohort = made.cohort.assign(worker=worker)
    evaluation = evaluate(
        made.model,
        made.X,
        made.y,
        cohort=cohort,
        capacity=20,
        by=["sex", "worker"],
        train=made.X.index,
        n_resamples=20,
    )
    evaluation = replace(  # so that a part is only there where a test gives it
        evaluation, group_measures=evaluation.group_measures.iloc[:0], workload=evaluation.workload.iloc[:0]
    )
    model = copy.deepcopy(made.model)
    model.training_counts_ = {"rows": 60, "children": 7, "households": 7, "entrants": 7}
    object.__setattr__(model.calibration_, "n_entrants", 7)
    return SimpleNamespace(
        evaluation=evaluation,
        model=model,
        records=FewRecords(made.records),
        attrition=ATTRITION,
        split=Split(made.X.index, made.X.index, purged=7),
        features=as_features(FEATURES),
        summary=SUMMARY,
    )


def document_parts() -> dict[str, Any]:
    """Arguments of ``write_documents``."""
    return {name: part for name, part in vars(report_parts()).items() if name != "summary"}


UNTIL = str(trained("logistic").records.observed_until.date())


def _tidy(**columns: Any) -> pd.DataFrame:
    """A tidy frame of one estimate with its interval."""
    return pd.DataFrame(
        {**{name: [value] for name, value in columns.items()}, "estimate": 0.25, "ci_low": 0.2, "ci_high": 0.3}
    )


_GROUPS = {"sex": "female", "sex x status": "female x child in need plan", "worker": CANARY}


def all_sections() -> ReportSections:
    """Every optional part, each with a word of its own."""
    lists = [("model", "capacity", name, 0.25) for name in ("ppv", "entrants_found")]
    workload = pd.DataFrame(lists, columns=["model", "list", "measure", "estimate"]).assign(
        ci_low=0.2, ci_high=0.3, note=""
    )
    criteria = pd.DataFrame(
        {
            "criterion": ["entrants in the test period", "observed / expected", "groups"],
            "value": [82.0, 1.1, float("nan")],
            "ci_low": [float("nan"), 0.86, float("nan")],
            "ci_high": [float("nan"), 1.33, float("nan")],
            "limit": ["at least 100", "interval within 0.8 to 1.25", "0.67 to 1.5"],
            "met": ["no", "yes", "cannot be told"],
            "why": ["", "", "hidden"],
        }
    )
    alarms = pd.DataFrame(
        {"alarm": ["AUROC above 0.90", "seen-household gain"], "open": [False, True], "value": [0.8, 0.1],
         "limit": [0.9, 0.0],
         "what_it_means": ["", "It knows families it has met."], "what_to_check": ["", "Sibling features."]}
    )  # fmt: skip
    findings = pd.DataFrame({"by": ["sex", "worker"], "group": ["male", CANARY], "finding": ["finding-of-sex", CANARY]})
    said = {name: f"Sentence on {name}." for name in ("stability", "agreement", "importance", "proxies",
            "value", "reach", "sample_size",
            "origins", "transport",
            "reanchoring", "calibration_check", "fairness_limits", "groups")}  # fmt: skip
    return ReportSections(
        conclusion="use with care",
        criteria=criteria,
        alarms=alarms,
        workload=workload,
        lead_time=_tidy(measure="lead-time-row"),
        reach=_tidy(measure="reach-row"),
        value=_tidy(measure="value-row"),
        thresholds=_tidy(threshold="threshold-row"),
        expected=_tidy(measure="expected-row"),
        origins=_tidy(origin=1, model="model", stratum="all rows", measure="auroc"),
        transport=_tidy(measure="transport-row"),
        sample_size=_tidy(measure="sample-row"),
        group_measures=pd.concat([_tidy(by=by, group=group, measure="auroc") for by, group in _GROUPS.items()]),
        group_findings=findings,
        stability=_tidy(measure="stability-row"),
        calibration_check=_tidy(measure="check-row"),
        reanchoring=_tidy(version=1),
        recording=_tidy(measure="recording-row"),
        agreement=_tidy(level="concept", measure="agreement-row"),
        importance=pd.DataFrame({"concept": ["importance-row"], "mean_size": 0.25, "ci_low": 0.2, "ci_high": 0.3}),
        by_value=_tidy(concept="by-value-row", feature="child.age", value="10"),
        by_group=pd.concat([_tidy(by=by, group=group, concept="by-group-row") for by, group in _GROUPS.items()]),
        proxies=pd.concat([_tidy(by=by, concept="proxy-row") for by in (*_GROUPS, CANARY)]),
        said=said,
        drawings={"workload": (Drawing("A drawn list?", "A line.", lambda ax: ax.plot([1, 2], [1, 2])),)},
        settings={"a setting": "set"},
        versions={"edgeofcare": "0.0.0-test"},
    )
