"""Calibrated, explained risk of entering care for adolescents, from case records that an authority already holds.

Names are loaded when first used, so that importing the package costs next to nothing. A score supports a
professional's decision; it never takes one.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from edgeofcare.version import VERSION

__version__ = VERSION

_WHERE = {
    # records
    "Records": "edgeofcare.records.records",
    "read_ssd": "edgeofcare.records.ssd.read",
    "read_sql": "edgeofcare.records.sql.read",
    "read_ssda903": "edgeofcare.records.ssda903.read",
    "read_cin_census": "edgeofcare.records.cin_census.read",
    "combine": "edgeofcare.records.combine",
    "read_annex_a": "edgeofcare.records.annex_a.read",
    "read_records": "edgeofcare.records.sources",
    "pool": "edgeofcare.records.pool",
    "Quality": "edgeofcare.records.quality.quality",
    "RecordingLag": "edgeofcare.records.lag.recording_lag",
    "recording_lag": "edgeofcare.records.lag.recording_lag",
    "unmapped_codes": "edgeofcare.records.codes.unmapped",
    "write_code_template": "edgeofcare.records.codes.unmapped",
    "make_records": "edgeofcare.synthetic.records",
    "make_truth": "edgeofcare.synthetic.truth",
    "make_parts": "edgeofcare.synthetic.parts",
    "read_part": "edgeofcare.synthetic.parts",
    "write_ssd": "edgeofcare.synthetic.writers.ssd",
    "write_ssda903": "edgeofcare.synthetic.writers.ssda903",
    "write_cin_census": "edgeofcare.synthetic.writers.cin_census",
    "write_annex_a": "edgeofcare.synthetic.writers.annex_a",
    # task, cohort, outcome
    "Task": "edgeofcare.task",
    "quarters": "edgeofcare.cohort",
    "build_cohort": "edgeofcare.cohort",
    "cohort_attrition": "edgeofcare.cohort",
    "label_outcome": "edgeofcare.outcome",
    # features
    "default_features": "edgeofcare.features.catalogue",
    "feature_dictionary": "edgeofcare.features.catalogue",
    "parse_feature": "edgeofcare.features.names",
    "feature_to_dict": "edgeofcare.features.plain",
    "feature_from_dict": "edgeofcare.features.plain",
    "learn_levels": "edgeofcare.features.levels",
    "build_features": "edgeofcare.features.build",
    "ChildRecords": "edgeofcare.features.single.records",
    "Evidence": "edgeofcare.features.tracing.found",
    "evidence": "edgeofcare.features.evidence",
    "why_not": "edgeofcare.features.evidence",
    "LeakReport": "edgeofcare.features.leaks.report",
    "leak_check": "edgeofcare.features.leak_check",
    # scale
    "FeatureJob": "edgeofcare.scale.job",
    "write_parts": "edgeofcare.scale.parts",
    "read_stored_part": "edgeofcare.scale.stored",
    "build_features_in_parts": "edgeofcare.scale.build",
    "read_features": "edgeofcare.scale.read",
    # split
    "Split": "edgeofcare.splitting",
    "temporal_split": "edgeofcare.splitting",
    "rolling_origins": "edgeofcare.splitting",
    "household_folds": "edgeofcare.splitting",
    "audit_split": "edgeofcare.splitting",
    # model
    "RiskClassifier": "edgeofcare.models.risk_model",
    "make_risk_model": "edgeofcare.models.risk_model",
    "CountRule": "edgeofcare.models.baselines",
    "Rule": "edgeofcare.models.baselines",
    "CalibrationCheck": "edgeofcare.models.calibration_check",
    "calibration_check": "edgeofcare.models.calibration_check",
    "EntryTiming": "edgeofcare.models.entry_timing",
    "entry_timing": "edgeofcare.models.entry_timing",
    "uniform_timing": "edgeofcare.models.entry_timing",
    "Reanchoring": "edgeofcare.models.reanchor",
    "reanchor": "edgeofcare.models.reanchor",
    # evaluation
    "SampleSize": "edgeofcare.evaluation.planning.entrants",
    "sample_size": "edgeofcare.evaluation.planning.entrants",
    "expected_performance": "edgeofcare.evaluation.planning.expected",
    "Criteria": "edgeofcare.criteria",
    "Evaluation": "edgeofcare.evaluation.report",
    "evaluate": "edgeofcare.evaluation.evaluate",
    "Verdict": "edgeofcare.evaluation.judgement.verdict",
    "OriginResults": "edgeofcare.evaluation.splits.origins",
    "evaluate_origins": "edgeofcare.evaluation.splits.origins",
    "TransportResults": "edgeofcare.evaluation.splits.transport",
    "evaluate_transport": "edgeofcare.evaluation.splits.transport",
    "Stability": "edgeofcare.evaluation.refits.agreement",
    "stability": "edgeofcare.evaluation.refits.agreement",
    "Value": "edgeofcare.evaluation.workload.value",
    "value_table": "edgeofcare.evaluation.workload.value",
    "recording_sensitivity": "edgeofcare.evaluation.groups.recording",
    "export_predictions": "edgeofcare.evaluation.export",
    # explanation
    "Explanation": "edgeofcare.explanation.explanation",
    "explain": "edgeofcare.explanation.explain",
    "Reference": "edgeofcare.explanation.named_reference",
    "make_reference": "edgeofcare.explanation.reference_cohort",
    "concept_importance": "edgeofcare.explanation.importance",
    "ConceptDependence": "edgeofcare.explanation.dependence",
    "concept_dependence": "edgeofcare.explanation.dependence",
    "concept_interactions": "edgeofcare.explanation.interactions",
    "Change": "edgeofcare.explanation.changed",
    "Wording": "edgeofcare.explanation.wording_file",
    "read_wording": "edgeofcare.explanation.wording_file",
    "write_wording": "edgeofcare.explanation.wording_file",
    "ChildTimeline": "edgeofcare.explanation.timeline",
    "child_timeline": "edgeofcare.explanation.timeline",
    "explain_change": "edgeofcare.explanation.change",
    "WhatIf": "edgeofcare.explanation.what_if",
    "what_if": "edgeofcare.explanation.what_if",
    "RemoveEvent": "edgeofcare.explanation.edits",
    "AddEvent": "edgeofcare.explanation.edits",
    "CorrectEvent": "edgeofcare.explanation.edits",
    # saved model
    "Scorer": "edgeofcare.scorer",
    "ChildScore": "edgeofcare.scoring.child_score",
    "ChildReason": "edgeofcare.scoring.child_score",
    "request_schema": "edgeofcare.scoring.contract",
    "response_schema": "edgeofcare.scoring.contract",
    "save_model": "edgeofcare.model_file",
    "load_model": "edgeofcare.model_file",
    "Inspection": "edgeofcare.model_inspection",
    "inspect_model": "edgeofcare.model_inspection",
    "make_signing_key": "edgeofcare.signing",
    "sign_model": "edgeofcare.signing",
    "score_in_parts": "edgeofcare.scoring.batch.run",
    "write_scores": "edgeofcare.scoring.batch.write",
    "Written": "edgeofcare.scoring.batch.written",
    "write_report": "edgeofcare.reporting.html",
    "ReportSections": "edgeofcare.reporting.sections",
    "Drawing": "edgeofcare.reporting.sections",
    "write_documents": "edgeofcare.reporting.documents",
    "write_quality_page": "edgeofcare.reporting.quality_page",
    "RunRecord": "edgeofcare.runs.record",
    "run_record": "edgeofcare.runs.record",
    "Reproduction": "edgeofcare.reproduction.result",
    "reproduce": "edgeofcare.reproduction.reproduce",
    # tracking
    "Ledger": "edgeofcare.tracking.ledger",
    "monitoring_baseline": "edgeofcare.tracking.monitoring.learn",
    "MonitoringBaseline": "edgeofcare.tracking.monitoring.baseline",
    "monitor": "edgeofcare.tracking.monitoring.monitor",
    "Monitoring": "edgeofcare.tracking.monitoring.result",
    "recalibrate": "edgeofcare.tracking.monitoring.recalibrate",
    "Proposal": "edgeofcare.tracking.monitoring.recalibrate",
    "Verification": "edgeofcare.tracking.verification",
    # roll-out
    "RolloutDesign": "edgeofcare.tracking.rollout.design",
    "design_rollout": "edgeofcare.tracking.rollout.design",
    "DetectableEffect": "edgeofcare.tracking.rollout.detectable",
    "minimum_detectable_effect": "edgeofcare.tracking.rollout.detectable",
    "RolloutResult": "edgeofcare.tracking.rollout.result",
    "evaluate_rollout": "edgeofcare.tracking.rollout.analysis",
    "make_rollout_outcomes": "edgeofcare.synthetic.rollout",
    "Tracking": "edgeofcare.tracking.trajectories.tracking",
    "track": "edgeofcare.tracking.trajectories.track",
    # errors
    "EdgeOfCareError": "edgeofcare.exceptions",
    "IndexNamesError": "edgeofcare.exceptions",
    "LeakageError": "edgeofcare.exceptions",
    "LedgerError": "edgeofcare.exceptions",
    "ModelFileError": "edgeofcare.exceptions",
    "RecordsError": "edgeofcare.exceptions",
    "SpecError": "edgeofcare.exceptions",
    "NotEligibleError": "edgeofcare.exceptions",
    "RequestError": "edgeofcare.exceptions",
    "UnfitModelError": "edgeofcare.exceptions",
}

_NAMESPACES = ("metrics", "plotting")

__all__ = [*_WHERE, *_NAMESPACES]


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it."""
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
    elif name in _NAMESPACES:
        value = import_module(f"edgeofcare.{name}")
    else:
        msg = f"module 'edgeofcare' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, for completion."""
    return sorted([*__all__, "__version__"])
