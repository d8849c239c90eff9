"""What an evaluation found: tidy frames, a verdict and a picture, with nothing personal in them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.evaluation.verdict import Verdict, make_verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Evaluation"]


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """How good a model's risks are, for whom, and against the rules it would replace.

    Made by :func:`edgeofcare.evaluation.evaluate.evaluate`. It holds counts and measures only: no identifier, no date,
    no row. Fewer than 10 entrants or rows of a cell are never shown.

    Attributes
    ----------
    measures : DataFrame
        model, stratum, measure, estimate, ci_low, ci_high, note. ``model`` is "model", the name of a baseline, or
        "model minus" the name of a baseline.
    groups : DataFrame
        One row for each group: by, group, rows, children, entrants, base_rate, mean_risk, observed_expected_ratio with
        oe_low and oe_high, auroc with auroc_low and auroc_high, selection_rate, ppv, note.
    counts : DataFrame
        One row for each stratum: rows, children, households, entrants, prevalence, index_dates (how many).
    calibration : DataFrame
        risk, observed, ci_low, ci_high, and how many rows lie near that risk.
    decision_curve : DataFrame
        strategy, threshold, net_benefit, ci_low, ci_high.
    risk_distribution : DataFrame
        risk_low, risk_high, outcome, rows, note.
    capacity : int or None
        Children a team can review in a calendar month.
    reviews_per_index_date : int or None
        Children reviewed on each index date at that capacity.
    n_resamples, random_state : int
        Resamples of households, and their seed.
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
        """Say in plain English whether the model beats the count rule, and whether its risks are right on average.

        Returns
        -------
        Verdict
            ``.text`` in whole sentences, and ``.conclusion``. A gain whose interval includes zero is no gain shown;
            fewer than 30 entrants are too few to tell.
        """
        return make_verdict(self.measures, self.counts["entrants"].iloc[0])

    def plot(self) -> Figure:
        """Draw calibration, decision curve, spread of risks, and groups (or measures where there are no groups).

        Returns
        -------
        matplotlib.figure.Figure
            A figure of four panels, free of any backend; notebooks show it, ``savefig`` writes it.
        """
        from edgeofcare.plotting import plot_evaluation

        return plot_evaluation(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain text and numbers, ready for JSON; missing numbers are None.

        Returns
        -------
        dict
            Keys verdict, settings, and one list of records for each frame.
        """
        frames = ("counts", "measures", "groups", "calibration", "decision_curve", "risk_distribution")
        verdict = self.verdict()
        return {
            "verdict": {"conclusion": verdict.conclusion, "text": verdict.text},
            "settings": {
                "capacity": self.capacity,
                "reviews_per_index_date": self.reviews_per_index_date,
                "n_resamples": self.n_resamples,
                "random_state": self.random_state,
                "confidence": 0.95,
            },
            **{name: [_plain(row) for row in getattr(self, name).to_dict("records")] for name in frames},
        }


def _html(frame: pd.DataFrame) -> str:
    """Write a frame as a table of HTML."""
    return frame.to_html(index=False, na_rep="", float_format="{:.3f}".format, border=0)


def _plain(row: dict[Any, Any]) -> dict[str, str | int | float | None]:
    """Text, whole numbers and floats only."""
    return {str(key): _plain_value(value) for key, value in row.items()}


def _plain_value(value: Any) -> str | int | float | None:
    """Turn a number of numpy into one of Python, NaN into None, and anything else into text."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return str(value)


def _with_commas(value: Any) -> str:
    """Write a count with commas; leave a text as it is."""
    return f"{value:,}" if isinstance(value, int | np.integer) else str(value)
