"""Invented histories of scores, for the tests of following children over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st

__all__ = ["DAYS", "NAMES", "histories", "history"]

NAMES = ["household_id", "child_id", "index_date"]
DAYS = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01", "2025-05-01", "2025-06-01"]


def history(risks, *, days=DAYS, teams=None, model="m1", intervals=None):
    """Scores from risks by child, one for each day; None where a child has no score on one."""
    rows = []
    for child, held in risks.items():
        for day, risk in zip(days[-len(held) :], held, strict=True):
            if risk is not None:
                rows.append((f"H{child}", child, pd.Timestamp(day), risk))
    frame = pd.DataFrame(rows, columns=[*NAMES, "risk"])
    frame["index_date"] = frame["index_date"].astype("datetime64[s]")
    frame = frame.set_index(NAMES)
    frame["model_id"] = model
    if intervals is not None:
        spread = np.log(frame["risk"] / (1 - frame["risk"]))
        for name, side in (("risk_low", -intervals), ("risk_high", intervals)):
            frame[name] = 1 / (1 + np.exp(-(spread + side)))
    if teams is not None:
        frame["team"] = [teams[child] for child in frame.index.get_level_values("child_id")]
    return frame


@st.composite
def histories(draw, teams=("north", "south")):
    """Scores of up to 12 children on 4 days, with gaps and ties, in up to 2 teams that may change."""
    children = draw(st.integers(1, 12))
    risks = st.sampled_from([None, 0.01, 0.05, 0.05, 0.2, 0.3])
    rows = []
    for number in range(children):
        team = draw(st.sampled_from(teams))
        for day in DAYS[-4:]:
            risk = draw(risks)
            if draw(st.integers(0, 9)) == 0:
                team = draw(st.sampled_from(teams))
            if risk is not None:
                rows.append((f"H{number // 2}", f"c{number:02d}", pd.Timestamp(day), risk, team))
    frame = pd.DataFrame(
        rows or [("H0", "c00", pd.Timestamp(DAYS[0]), 0.1, teams[0])], columns=[*NAMES, "risk", "team"]
    )
    frame["index_date"] = frame["index_date"].astype("datetime64[s]")
    return frame.set_index(NAMES).assign(model_id="m1")
