"""Authorities in which one thing is wrong, or nothing: features, outcomes and groups of children, drawn from a law.

Children live in households of one to three. Their risk follows eight features, three of which no rule counts, and
something that siblings share. A model is trained on the dates of one year and tested on those of a later one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.evaluation.groups.findings import group_findings
from edgeofcare.evaluation.judgement.alarm_checks import calibration_chance, near_outcome
from edgeofcare.evaluation.judgement.alarms import alarms
from edgeofcare.evaluation.judgement.verdict import Verdict, make_verdict
from edgeofcare.explanation.explain import explain
from edgeofcare.models.baselines import DEFAULT_RULES
from edgeofcare.models.risk_model import make_risk_model

__all__ = ["Authority", "Found", "look", "make_authority"]

NAMES = ["household_id", "child_id", "index_date"]
TRAIN, TEST = ("2020-04-01", "2020-10-01"), ("2022-04-01", "2022-10-01")
COUNTS = {"referral.count.365d": 0.8, "missing.count.90d": 0.5, "care.count.1095d": 0.1, "s47.count.365d": 0.3}
OTHERS = ("school.absence", "factor.count", "worker.changes")
GROUPS = {"White": 0.6, "Black": 0.25, "Asian": 0.15}


@dataclass
class Authority:
    """Training and test rows, groups, and days to the entry."""

    X_train: pd.DataFrame
    y_train: pd.Series
    X: pd.DataFrame
    y: pd.Series
    cohort: pd.DataFrame
    days: pd.Series


@dataclass
class Found:
    """What the evaluation says."""

    verdict: Verdict
    alarms: pd.DataFrame
    findings: pd.DataFrame

    @property
    def open(self):
        """Alarms that ring."""
        return self.alarms.loc[self.alarms["open"], "alarm"].tolist()

    def met(self, start):
        """Whether a criterion is met, by its name or the only one that begins so."""
        table = self.verdict.criteria.set_index("criterion")["met"]
        return table[start] if start in table else table[table.index.str.startswith(start)].item()


def make_authority(
    planted=None, *, households=2500, level=-3.6, signal="features", group=None, recorded=1.0, fall=0.0, seed=0
):
    """An authority in which one thing is wrong.

    ``planted`` is "sibling" or "late"; ``signal`` "features", "rules" or "none"; ``group`` adds to the log-odds of the
    children of one group, of which ``recorded`` is the share of events on record; ``fall`` lowers the log-odds of the
    test years.
    """
    rng = np.random.default_rng(seed)
    sides = [_rows(rng, f"{i}", dates, households) for i, dates in enumerate((TRAIN, TEST))]
    made = []
    for i, frame in enumerate(sides):
        truth = _features(rng, frame)
        log_odds = _log_odds(truth, signal) + level - fall * i
        ours = (frame["ethnic_group"] == "Black").to_numpy()
        log_odds = log_odds + (0.0 if group is None else group * ours)
        home = frame["household"].to_numpy()
        log_odds = log_odds + 0.4 * rng.normal(size=households)[home]
        y = (rng.uniform(size=len(frame)) < expit(log_odds)).astype("int64")
        if planted == "sibling":  # Siblings enter together.
            y = np.bincount(home, weights=y, minlength=households)[home].clip(0, 1).astype("int64")
        days = np.where(y == 1, rng.integers(0, 365, len(frame)), 365)
        X = _recorded(rng, truth, ours, recorded)
        if planted == "sibling":
            X["sibling.entered"] = (np.bincount(home, weights=y, minlength=households)[home] > y).astype(float)
        if planted == "late":  # Typed in after the entry, and dated to the weeks before it.
            X["strategy.count.30d"] = rng.binomial(1, np.where((y == 1) & (days < 30), 0.8, 0.005)).astype(float)
        made.append((X, pd.Series(y, X.index, name="entered_care"), pd.Series(days, X.index)))
    (X_train, y_train, _), (X, y, days) = made
    return Authority(X_train, y_train, X, y, sides[1][["sex", "ethnic_group"]], days)


def look(authority, *, kind="logistic", n_resamples=120):
    """Fit, evaluate, and judge."""
    model = make_risk_model(kind).fit(authority.X_train, authority.y_train)
    X, y = authority.X, authority.y
    by = list(authority.cohort.columns)
    evaluation = evaluate(
        model, X, y, cohort=authority.cohort, by=by, train=authority.X_train.index, n_resamples=n_resamples
    )
    risk = model.predict_proba(X)[:, 1]
    ringing = alarms(
        evaluation.measures,
        evaluation.counts,
        training_entrants=model.training_counts_["entrants"],
        summary=explain(model, X).summary(),
        calibration=calibration_chance(y, risk, n_draws=299),
        near=near_outcome(X, y, authority.days.astype(float)),
    )
    entrants = evaluation.counts["entrants"].iloc[0]
    verdict = make_verdict(evaluation.measures, entrants, groups=evaluation.groups, alarms=ringing)
    return Found(verdict, ringing, group_findings(evaluation.group_measures))


def _rows(rng, side, dates, households):
    """One row for each child and date; a child is in training or in test, as are its siblings, or in both."""
    home = np.repeat(np.arange(households), rng.integers(1, 4, households))
    # The first half of the households is known on both sides.
    keys = [f"h{h:05d}" if h < households // 2 else f"h{side}-{h:05d}" for h in home.tolist()]
    child = np.arange(home.size)
    group = rng.choice(list(GROUPS), households, p=list(GROUPS.values()))[home]
    sex = rng.choice(["female", "male"], home.size)
    date = rng.choice(pd.to_datetime(list(dates)).to_numpy().astype("datetime64[s]"), home.size)
    frame = pd.DataFrame({"household_id": keys, "household": home, "sex": sex, "ethnic_group": group})
    frame["child_id"] = [f"{key}-{i}" for key, i in zip(keys, child.tolist(), strict=True)]
    frame["index_date"] = date
    return frame.set_index(NAMES)


def _features(rng, frame):
    """What is true of each child, whatever is on record."""
    n = len(frame)
    X = pd.DataFrame({name: rng.poisson(rate, n).astype(float) for name, rate in COUNTS.items()}, index=frame.index)
    X["cp_plan.active"] = (rng.uniform(size=n) < 0.1).astype(float)
    for name in OTHERS:
        X[name] = rng.normal(size=n).round(2)
    return X


def _log_odds(X, signal):
    """What the risk follows: features, the count of rules alone, or nothing."""
    if signal == "none":
        return np.zeros(len(X))
    count = sum((X[rule.feature] >= rule.at_least).astype(float) for rule in DEFAULT_RULES)
    if signal == "rules":
        return (0.9 * count).to_numpy()
    return (0.4 * count + 0.2 * X["missing.count.90d"] + 0.55 * X[list(OTHERS)].sum(axis=1)).to_numpy()


def _recorded(rng, truth, ours, share):
    """What stands on record: of one group, a share of the events."""
    X = truth.copy()
    for name in COUNTS if share < 1 else ():
        events = truth[name].to_numpy().astype(np.int64)
        X[name] = np.where(ours, rng.binomial(events, share), events).astype(float)
    for name in OTHERS if share < 1 else ():
        X[name] = np.where(ours & (rng.uniform(size=len(X)) > share), 0.0, truth[name])
    return X
