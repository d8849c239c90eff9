"""Roll-outs for tests: a design, and outcomes whose numbers are known."""

from __future__ import annotations

import pandas as pd

from edgeofcare.cohort import quarters
from edgeofcare.synthetic.rollout import make_rollout_outcomes
from edgeofcare.tracking.rollout.design import design_rollout

__all__ = ["PERIODS", "TEAMS", "drawn", "one_row", "planted"]

TEAMS = tuple(f"Team {letter}" for letter in "ABCDEFGH")
PERIODS = quarters("2026-04-01", "2027-10-01")


def drawn(n_teams=8, seed=0, **options):
    """A design of so many teams."""
    return design_rollout(TEAMS[:n_teams], periods=options.pop("periods", PERIODS), random_state=seed, **options)


def planted(design, ratio=1.0, seed=0, **options):
    """Outcomes of an invented roll-out."""
    return make_rollout_outcomes(design.to_frame(), ratio=ratio, random_state=seed, **options)


def one_row(outcomes, **values):
    """The first row, changed."""
    row = outcomes.iloc[[0]].copy()
    for name, value in values.items():
        row[name] = value
    return pd.concat([row, outcomes.iloc[1:]])
