"""The main job: from records to an evaluated, explained and saved model, and today's scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from edgeofcare.care import outcome_lag
from edgeofcare.cohort import build_cohort, cohort_attrition, quarters
from edgeofcare.criteria import Criteria
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.agreement import Agreement
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.explanation import Explanation
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.feature import Feature
from edgeofcare.features.leak_check import leak_check
from edgeofcare.features.leaks.report import LeakReport
from edgeofcare.main_checks import CHECKS, check_names, checks_after, checks_before
from edgeofcare.main_found import Made, MainChecks
from edgeofcare.main_reasons import reasons_of
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.risk_model import RiskClassifier, make_risk_model
from edgeofcare.outcome import label_outcome
from edgeofcare.progress import watched
from edgeofcare.records.records import Records
from edgeofcare.reporting.documents import write_documents
from edgeofcare.reporting.html import write_report
from edgeofcare.reporting.shareable import shareable_groups
from edgeofcare.runs.choices import explained_rows
from edgeofcare.runs.record import RunRecord, run_record
from edgeofcare.scorer import Scorer
from edgeofcare.scoring.fitness import why_unfit
from edgeofcare.splitting import Split, temporal_split
from edgeofcare.task import Task

__all__ = ["REFITS", "MainJob", "Plan", "run_main_job", "write_outputs"]

_AUDITED = (
    "age_band",
    "sex",
    "ethnic_group",
    "disability_or_ehc",
    "need",
    "status",
    ("sex", "ethnic_group"),
)
_OBSERVED_DAYS = 365
_FEWEST_QUARTERS = 4

REFITS = 20
"""How often the model is fitted again where nothing else is said."""


@dataclass(frozen=True)
class Plan:
    """Everything that the main job lets one choose.

    Parameters
    ----------
    task : Task
        What is predicted.
    kind : {"boosting", "logistic"}
        The model.
    capacity : int
        Children that a team can review in a calendar month.
    by : tuple of str or of pairs
        Columns of the cohort whose groups are compared.
    criteria : Criteria
        What the model must show before it is used; decided before it is fitted.
    random_state : int
        Seed of everything random.
    n_resamples : int
        Resamples of households for intervals.
    checks : tuple of str
        What to look at beside the evaluation of the last year: some of :data:`edgeofcare.main_checks.CHECKS`. The
        last two fit the model again; what is left out is named in the report as not looked at.
    refits : int
        How often the model is fitted again on resampled households, for intervals of single risks, bands of reasons
        and how steady these are; 0 for none, else 10 or more.
    expires : str or None
        Last day on which the model is to be used; it stands in the model file and on the model card.
    override : str or None
        Why today's scores are wanted of a model that is judged "do not use"; kept with each of them.
    """

    task: Task = field(default_factory=Task)
    kind: str = "boosting"
    capacity: int = 40
    by: tuple[str | tuple[str, str], ...] = _AUDITED
    criteria: Criteria = field(default_factory=Criteria)
    random_state: int = 0
    n_resamples: int = 1000
    checks: tuple[str, ...] = CHECKS
    refits: int = REFITS
    expires: str | None = None
    override: str | None = None


@dataclass(frozen=True, repr=False)
class MainJob:
    """What the main job made; a case thing, to stay with the authority.

    Attributes
    ----------
    plan, records, features
        What went in.
    cohort, attrition : DataFrame
        Who was scored, and how many each rule left out.
    X : DataFrame
        Features of the cohort.
    y : Series
        Whether each row entered care.
    split : Split
        Training and test rows.
    model : RiskClassifier
        Fitted on the training rows.
    evaluation : Evaluation
        Of the test rows.
    explanation : Explanation
        Of the test rows on the last test date.
    leaks : LeakReport
        That no feature saw what was not known yet.
    checks : MainChecks
        Whether there is enough data, how the model did in earlier periods, what it says when it is fitted again, and
        what drives its scores.
    agreement : Agreement or None
        How far the refits give the same reasons for the test rows; None without refits.
    importance : DataFrame or None
        How much each concept moves the scores of the test rows.
    """

    plan: Plan
    records: Records
    features: Sequence[Feature]
    cohort: pd.DataFrame
    attrition: pd.DataFrame
    X: pd.DataFrame
    y: pd.Series
    split: Split
    model: RiskClassifier
    evaluation: Evaluation
    explanation: Explanation
    leaks: LeakReport
    checks: MainChecks = field(default_factory=MainChecks)
    agreement: Agreement | None = None
    importance: pd.DataFrame | None = None

    def __repr__(self) -> str:
        """Counts only."""
        return f"MainJob({self.split!r}, {self.evaluation!r})"


def index_dates(records: Records, task: Task) -> pd.DatetimeIndex:
    """Quarters on which children can be scored and followed up.

    Parameters
    ----------
    records : Records
        The case records.
    task : Task
        The outcome window.

    Returns
    -------
    DatetimeIndex
        From a year after referrals can be trusted until the last quarter whose whole outcome window is in the extract.

    Raises
    ------
    SpecError
        If the extract is too short for training and testing.
    """
    start = records.observed_from["referrals"]
    first = records.table("referrals")["start_date"].min() if start is None else start
    last = records.observed_until - pd.Timedelta(days=task.gap_days + task.horizon_days - 1)
    last -= pd.Timedelta(days=outcome_lag(records))
    dates = quarters(str((first + pd.Timedelta(days=_OBSERVED_DAYS)).date()), str(last.date()))
    needed = 2 * _FEWEST_QUARTERS + (task.gap_days + task.horizon_days) // 91
    if len(dates) < needed:
        msg = (
            f"The extract is too short: it gives {len(dates)} quarterly index dates with a whole year before and a "
            f"whole outcome window of {task.horizon} after them, and {needed} are needed to train on some and test "
            "on later ones. Use an extract over more years, or a shorter horizon."
        )
        raise SpecError(msg)
    return dates


def run_main_job(records: Records, plan: Plan | None = None, *, progress: bool | None = None) -> MainJob:
    """Build the cohort, features and labels; split, fit, evaluate and explain.

    Parameters
    ----------
    records : Records
        The case records.
    plan : Plan, optional
        Choices; the defaults if left out.
    progress : bool or None
        Whether to show progress; None shows it where a person watches.

    Returns
    -------
    MainJob
        Everything made on the way. The last year of index dates is the test period.

    Raises
    ------
    LeakageError
        If a feature changes with what was not known yet, before anything is trained.
    SpecError
        If the extract is too short, or the plan asks for a check that there is not. A check for which there is too
        little says so in its place and does not stop the job.
    """
    plan = plan or Plan()
    asked = check_names(plan.checks)
    steps = iter(watched(range(7), "Main job", progress=progress))
    task, dates = plan.task, index_dates(records, plan.task)
    cohort = build_cohort(records, task, index_dates=dates)
    attrition = cohort_attrition(records, task, index_dates=dates)
    next(steps)
    features = default_features()
    checks = checks_before(records, task, checks=asked, index_dates=dates, features=features)
    X = build_features(records, cohort, features, progress=progress)
    leaks = leak_check(records, cohort, features, random_state=plan.random_state, progress=progress)
    details = label_outcome(records, cohort, task, details=True)
    y = label_outcome(records, cohort, task)
    split = temporal_split(cohort.loc[y.index], task, test_from=str(dates[-_FEWEST_QUARTERS].date()))
    next(steps)
    model = make_risk_model(
        plan.kind,
        task=task,
        criteria=plan.criteria,
        random_state=plan.random_state,
        refits=plan.refits,
    ).fit(X.loc[split.train], y.loc[split.train])
    next(steps)
    latest = split.test[split.test.get_level_values("index_date") == split.test.get_level_values("index_date").max()]
    explanation = explain(model, X.loc[latest], records=records, features=features)
    next(steps)
    evaluation = evaluate(
        *(model, X.loc[split.test], y.loc[split.test]),
        cohort=cohort,
        capacity=plan.capacity,
        by=plan.by,
        train=split.train,
        details=details,
        records=records,
        summary=explanation.summary(),
        n_resamples=plan.n_resamples,
        random_state=plan.random_state,
        progress=bool(progress),
    )
    next(steps)
    made = Made(task, cohort, X, y, split, model, evaluation)
    reasons = reasons_of(made)
    next(steps)
    checks = checks.and_also(checks_after(made, checks=asked, progress=progress)).and_also(reasons.checks)
    next(steps, None)
    return MainJob(
        *(plan, records, features, cohort, attrition, X, y, split, model, evaluation, explanation, leaks, checks),
        agreement=reasons.agreement,
        importance=reasons.importance,
    )


def write_outputs(job: MainJob, out: str | Path) -> list[Path]:
    """Write the report, the measures, the plots, the saved model and today's scores.

    Parameters
    ----------
    job : MainJob
        From :func:`run_main_job`.
    out : path
        Folder to write into; made if it is not there.

    Returns
    -------
    list of Path
        ``report.html``, ``documents/`` (its index is in the list), ``measures.csv``, ``plots/*.png`` and
        ``edge_of_care.eoc`` hold nothing personal;
        ``scores.csv`` is a case file and stays with the authority. It is left out, and one of an earlier run removed,
        where the model is not to be used and the plan gives no ``override``.

    Raises
    ------
    SpecError
        If the folder cannot be made.
    """
    folder = _made(out)
    report = write_report(
        folder / "report.html",
        job.evaluation,
        model=job.model,
        records=job.records,
        attrition=job.attrition,
        split=job.split,
        features=job.features,
        summary=job.explanation.summary(),
        leaks=job.leaks,
        sections=job.checks.sections(),
    )
    documents = write_documents(
        folder / "documents",
        job.evaluation,
        model=job.model,
        records=job.records,
        attrition=job.attrition,
        split=job.split,
        features=job.features,
        leaks=job.leaks,
        sections=job.checks.sections(),
        expires=job.plan.expires,
    )
    measures = folder / "measures.csv"
    job.evaluation.measures.to_csv(measures, index=False, lineterminator="\n", float_format="%.4f")
    saved = save_model(
        folder / "edge_of_care.eoc",
        job.model,
        features=job.features,
        task=job.plan.task,
        evaluation=job.evaluation,
        records=job.records,
        leaks=job.leaks,
        run=_run_of(job),
        agreement=job.agreement,
        importance=job.importance,
        expires=job.plan.expires,
    )
    scores = _write_scores(job, load_model(saved), folder / "scores.csv")
    return [report, documents[0], measures, *scores, saved, *_save_plots(job, folder / "plots")]


def _write_scores(job: MainJob, scorer: Scorer, path: Path) -> list[Path]:
    """Today's scores; none, and none of an earlier run, where the model is not to be used and nobody says why it is."""
    day, override = job.records.observed_until + pd.Timedelta(days=1), job.plan.override
    if override is None and why_unfit(scorer, day.date()):
        path.unlink(missing_ok=True)
        return []
    scores = scorer.score(job.records, day, override=override)
    scores = scores.assign(reasons=[" | ".join(reasons) for reasons in scores["reasons"]])
    scores.to_csv(path, lineterminator="\n", date_format="%Y-%m-%d")
    return [path]


def _run_of(job: MainJob) -> RunRecord:
    """What is needed to repeat the job."""
    return run_record(
        job.model,
        records=job.records,
        cohort=job.cohort,
        features=job.features,
        X=job.X,
        y=job.y,
        split=job.split,
        evaluation=job.evaluation,
        explained=explained_rows(job.split.test, "latest"),
    )


def _made(out: str | Path) -> Path:
    """The folder to write into, with one for plots in it."""
    try:
        (Path(out) / "plots").mkdir(parents=True, exist_ok=True)
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        msg = f"The folder to write into cannot be made ({reason}). Give the path of a folder, or of a new one."
        raise SpecError(msg) from None
    return Path(out)


def _save_plots(job: MainJob, folder: Path) -> list[Path]:
    """The panels of the evaluation, each as a picture."""
    from matplotlib.figure import Figure

    from edgeofcare.plotting import evaluation as draw

    evaluation = job.evaluation
    groups, _ = shareable_groups(evaluation.groups)
    panels = {
        "calibration": lambda ax: draw.plot_calibration(evaluation.calibration, ax),
        "decision_curve": lambda ax: draw.plot_decision_curve(evaluation.decision_curve, ax),
        "risk_distribution": lambda ax: draw.plot_risk_distribution(evaluation.risk_distribution, ax),
        "groups": lambda ax: draw.plot_groups(groups, ax),
    }
    paths = []
    for name, drawn in panels.items():
        figure = Figure(figsize=(8, 6), layout="constrained")
        drawn(figure.subplots())
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=120, metadata={"Software": None})
    return paths
