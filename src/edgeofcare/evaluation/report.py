"""What an evaluation found: tidy frames, a verdict and a picture, with nothing personal in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.criteria import Criteria
from edgeofcare.evaluation.groups.findings import group_findings
from edgeofcare.evaluation.groups.limits import fairness_limits
from edgeofcare.evaluation.groups.measures import GROUP_MEASURE_COLUMNS
from edgeofcare.evaluation.judgement.alarms import ALARM_COLUMNS
from edgeofcare.evaluation.judgement.calibration_maps import CALIBRATION_CHECK_COLUMNS
from edgeofcare.evaluation.judgement.verdict import Verdict, make_verdict
from edgeofcare.evaluation.workload.lead_time import LEAD_TIME_COLUMNS
from edgeofcare.evaluation.workload.lists import WORKLOAD_COLUMNS, ReviewDraws
from edgeofcare.evaluation.workload.reach import REACH_COLUMNS
from edgeofcare.evaluation.workload.value import Given, Value, value_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Evaluation"]

# Frames and how their numbers are written: a calibration curve begins at risks far below 1%.
_DIGITS = {
    "counts": ".4f",
    "measures": ".4f",
    "groups": ".4f",
    "calibration": ".3g",
    "decision_curve": ".4f",
    "risk_distribution": ".4f",
    "group_measures": ".4f",
    "workload": ".4f",
    "lead_time": ".4f",
    "reach": ".4f",
    "calibration_check": ".6f",
    "alarms": ".4f",
}


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """How good a model's risks are, for whom, and against the rules it would replace.

    Made by :func:`edgeofcare.evaluation.evaluate.evaluate`. It holds counts and measures only: no identifier, no date,
    no row; but groups by columns of one's own bear whatever names they hold, which reports and model files leave out.
    Fewer than 10 entrants, or 10 children of a cell, are never shown, nor what would give them away.

    Attributes
    ----------
    measures : DataFrame
        model, stratum, domain, measure, estimate, ci_low, ci_high, note. ``model`` is "model", the name of a baseline,
        or "model minus" the name of a baseline; ``domain`` the side of the model's worth that the measure shows.
    groups : DataFrame
        One row for each group: by, group, rows, children and entrants (to the nearest 5, as the note then says, where
        children change group from date to date), base_rate, mean_risk, observed_expected_ratio with
        oe_low and oe_high, auroc with auroc_low and auroc_high, selection_rate, ppv, note. base_rate, mean_risk,
        selection_rate and ppv have 3 decimals, the other measures 2. ppv is NaN where fewer than 10 distinct children
        are reviewed.
    counts : DataFrame
        One row for each stratum: rows, children, households, entrants, prevalence, index_dates (how many).
    calibration : DataFrame
        risk, observed, ci_low, ci_high, and how many rows lie near that risk (NaN where they are of fewer than 10
        distinct children).
    decision_curve : DataFrame
        strategy, threshold, net_benefit, ci_low, ci_high; to 4 decimals (3 below 10,000 rows, 2 below 1,000: never
        finer than one row). NaN at thresholds where the model or a baseline would review fewer than 10 distinct
        children with an entry or 10 without one, or would leave some but fewer than 10 of either unreviewed.
    risk_distribution : DataFrame
        risk_low, risk_high, outcome, rows to the nearest 5, note. Every cell holds at least 10 distinct children.
    capacity : int or None
        Children a team can review in a calendar month.
    reviews_per_index_date : int or None
        Children reviewed on each index date at that capacity.
    n_resamples, random_state : int
        Resamples of households, and their seed.
    group_measures : DataFrame
        One row for each group, measure and comparison: by, group, measure, estimate, ci_low, ci_high, against,
        difference, difference_low, difference_high, ratio and its limits, p_value, note.
    workload : DataFrame
        Lists of several lengths as a team sees them: model, list, share, measure, estimate, ci_low, ci_high, note.
    lead_time : DataFrame
        First alert to entry: model, blackout_days, measure, at, estimate, ci_low, ci_high, note. Empty without details.
    reach : DataFrame
        All entrants by whether and when they were alerted: model, group, entrants, share, ci_low, ci_high, note. Empty
        without records.
    calibration_check : DataFrame
        Whether anything but a line on the log-odds would calibrate the model's risks better (see
        :func:`edgeofcare.calibration_check`): map, log_loss, gain, ci_low, ci_high, share, note. Numbers are NaN where
        fewer than 10 children entered care, or a risk is exactly 0 or 1, and the note says so. Empty in evaluations
        that were saved before it was made.
    alarms : DataFrame
        alarm, open, value, limit, what_it_means, what_to_check.
    criteria : Criteria
        What the verdict asks for.
    review_draws : ReviewDraws or None
        Resamples of the lists at capacity, for :meth:`value_table`; not part of :meth:`to_dict`.

    Notes
    -----
    A group (or stratum) with fewer than 10 entrants, none included, shows its name and a note. So do the next smallest,
    until those hidden are at least two (where there are two), hold at least 10 entrants together and leave each small
    number open over a range of at least 5, for whoever subtracts what is shown from the total. The same holds for
    children without an entry. Since no rows, rate,
    AUROC or ppv of a hidden group is shown, nothing can be solved for its entrants; the measures of groups that are
    shown are rounded in the frame itself, so that they do not give the hidden remainder to the last row.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from edgeofcare.evaluation.evaluate import evaluate
    >>> rng, day = np.random.default_rng(0), pd.Timestamp("2023-04-01")
    >>> index = pd.MultiIndex.from_tuples(
    ...     [(f"h{i}", f"c{i}", day) for i in range(400)], names=["household_id", "child_id", "index_date"]
    ... )
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(1.0, 400).astype(float)}, index=index)
    >>> y = (rng.uniform(size=400) < 1 / (1 + np.exp(2 - X["missing.count.90d"]))).astype(int)
    >>> evaluation = evaluate(LogisticRegression().fit(X, y), X, y, n_resamples=20)
    >>> [name for name in evaluation.to_dict()][:3]
    ['verdict', 'settings', 'counts']
    """

    measures: pd.DataFrame
    groups: pd.DataFrame
    counts: pd.DataFrame
    calibration: pd.DataFrame
    decision_curve: pd.DataFrame
    risk_distribution: pd.DataFrame
    capacity: int | None
    reviews_per_index_date: int | None
    n_resamples: int
    random_state: int
    group_measures: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=GROUP_MEASURE_COLUMNS))
    workload: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=WORKLOAD_COLUMNS))
    lead_time: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=LEAD_TIME_COLUMNS))
    reach: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=REACH_COLUMNS))
    calibration_check: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=CALIBRATION_CHECK_COLUMNS))
    alarms: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=ALARM_COLUMNS))
    criteria: Criteria = field(default_factory=Criteria)
    review_draws: ReviewDraws | None = None

    def __repr__(self) -> str:
        whole = {name: _with_commas(value) for name, value in self.counts.iloc[0].items()}
        return (
            f"Evaluation({whole['rows']} rows, {whole['children']} children, {whole['households']} households, "
            f"{whole['entrants']} entrants on {whole['index_dates']} index dates; {self.n_resamples:,} resamples)"
        )

    def _repr_html_(self) -> str:
        """Verdict, counts and the measures of all rows, for a notebook."""
        table = self.measures.loc[self.measures["stratum"] == "all rows"].drop(columns="stratum")
        tables = [_html(self.counts), _html(table)]
        return f"<div><p>{escape(self.verdict().text)}</p>{''.join(tables)}</div>"

    def verdict(self) -> Verdict:
        """Say in plain English whether the model should be used, by the criteria that were fixed before it was fitted.

        Returns
        -------
        Verdict
            ``.conclusion`` ("use", "use with care" or "do not use"), ``.text`` in whole sentences, and ``.criteria``:
            each criterion with its value, interval, limit, and whether it is met. Never "use" with fewer than 200
            resamples, from which no interval can be judged.
        """
        entrants = self.counts["entrants"].iloc[0]
        alarms = self.alarms if len(self.alarms) else None
        return make_verdict(
            self.measures,
            entrants,
            n_resamples=self.n_resamples,
            criteria=self.criteria,
            groups=self.groups,
            alarms=alarms,
        )

    def group_findings(self) -> pd.DataFrame:
        """Say which groups differ from the rest by more than chance.

        Returns
        -------
        DataFrame
            See :func:`~edgeofcare.evaluation.groups.findings.group_findings`; no rows where nothing was found.
        """
        return group_findings(self.group_measures)

    def fairness_limits(self) -> str:
        """Say what cannot hold for all groups at once, with the numbers of this evaluation.

        Returns
        -------
        str
            See :func:`~edgeofcare.evaluation.groups.limits.fairness_limits`.
        """
        return fairness_limits(self.groups)

    def value_table(
        self,
        *,
        cost_of_review: Given,
        cost_of_support: Given,
        cost_of_care: Given,
        effect: Given,
        support_false_alerts: Given = 0.0,
        n_draws: int = 1000,
        random_state: int = 0,
    ) -> Value:
        """Say what reviewing at capacity would be worth, at costs that you give.

        Parameters
        ----------
        cost_of_review, cost_of_support, cost_of_care, effect, support_false_alerts, n_draws, random_state
            See :func:`~edgeofcare.evaluation.workload.value.value_table`.

        Returns
        -------
        Value
            Value for money with its uncertainty, beside the count rule and reviewing nobody.
        """
        return value_table(
            self,
            cost_of_review=cost_of_review,
            cost_of_support=cost_of_support,
            cost_of_care=cost_of_care,
            effect=effect,
            support_false_alerts=support_false_alerts,
            n_draws=n_draws,
            random_state=random_state,
        )

    def plot(self) -> Figure:
        """Draw calibration, decision curve, spread of risks, and groups (or measures where there are no groups).

        Returns
        -------
        matplotlib.figure.Figure
            A figure of four panels, free of any backend; notebooks show it, ``savefig`` writes it.
        """
        from edgeofcare.plotting.evaluation import plot_evaluation

        return plot_evaluation(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain text and numbers, ready for JSON; missing numbers are None.

        Returns
        -------
        dict
            Keys verdict, settings, and one list of records for each frame. Numbers have 4 decimals, those of the
            calibration curve 3 significant digits, those of the calibration check 6 decimals, and those of groups as
            few as in their frame.
        """
        verdict = self.verdict()
        return {
            "verdict": {
                "conclusion": verdict.conclusion,
                "text": verdict.text,
                "criteria": _records(verdict.criteria, ".4f"),
            },
            "settings": {
                "capacity": self.capacity,
                "reviews_per_index_date": self.reviews_per_index_date,
                "n_resamples": self.n_resamples,
                "random_state": self.random_state,
                "confidence": 0.95,
                "criteria": self.criteria.to_dict(),
            },
            **{name: _records(getattr(self, name), digits) for name, digits in _DIGITS.items()},
        }


def _html(frame: pd.DataFrame) -> str:
    """Write a frame as a table of HTML."""
    return frame.to_html(index=False, na_rep="", float_format="{:.3f}".format, border=0)


def _records(frame: pd.DataFrame, digits: str) -> list[dict[str, str | int | float | None]]:
    """Rows of a frame as text, whole numbers and rounded floats only."""
    rows = frame.to_dict("records")
    return [{str(key): _plain_value(value, digits) for key, value in row.items()} for row in rows]


def _plain_value(value: Any, digits: str) -> str | int | float | None:
    """Turn a number of numpy into a rounded one of Python, NaN into None, and anything else into text."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float | np.floating):
        if not np.isfinite(value):
            return None
        return float(value) if float(value).is_integer() else float(format(float(value), digits)) + 0.0
    return str(value)


def _with_commas(value: Any) -> str:
    """Write a count with commas; leave a text as it is."""
    return f"{value:,}" if isinstance(value, int | np.integer) else str(value)
