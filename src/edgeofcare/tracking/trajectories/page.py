"""The page of a team's meeting: who is to be discussed, what changed and why, and who was seen."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.explanation.child_words import of_100
from edgeofcare.explanation.page_words import ENGLISH
from edgeofcare.tracking.trajectories.history import ONE_TEAM
from edgeofcare.tracking.trajectories.meeting import LEAVING, LISTS, NEW
from edgeofcare.tracking.trajectories.noise import FALLING, NOT_COMPARABLE, RISING, UNCLEAR
from edgeofcare.tracking.trajectories.sparkline import HEIGHT, WIDTH, Sparkline, scale_top, sparkline
from edgeofcare.tracking.trajectories.words import ago, interval_said, many

__all__ = ["meeting_page"]

_HEADS = {
    NEW: ("New on the list", "Not on the list at the last run."),
    RISING: ("On the list, and rising", "On the list at the last run too; the risk rose by more than noise."),
    FALLING: ("On the list, and falling", "On the list at the last run too; the risk fell by more than noise."),
    UNCLEAR: ("On the list, no clear change", "On the list at the last run too; what moved is within noise."),
    LEAVING: ("Leaving the list", "On the list at the last run and not now. It does not say that all is well."),
}
_MARKS = {NEW: "+", RISING: "\N{BLACK UP-POINTING TRIANGLE}", FALLING: "\N{BLACK DOWN-POINTING TRIANGLE}",
          UNCLEAR: "\N{ALMOST EQUAL TO}", LEAVING: "\N{MULTIPLICATION SIGN}"}  # fmt: skip


class _Child(NamedTuple):
    """One child on the page."""

    name: str
    household: str
    said: str
    interval: str
    because: str
    reasons: Sequence[str]
    facts: Sequence[tuple[str, str]]
    line: Sparkline
    now: str
    was: str
    reviewed: str


def meeting_page(
    team: str, lists: pd.DataFrame, rows: pd.DataFrame, *, notes: Sequence[str], on: pd.Timestamp, reviews: bool
) -> str:
    """Write the page of a team's meeting.

    Parameters
    ----------
    team : str
        The team.
    lists : DataFrame
        Its lists.
    rows : DataFrame
        Every score.
    notes : sequence of str
        What it must know beforehand.
    on : Timestamp
        The day of the meeting.
    reviews : bool
        Whether there is a ledger that would hold reviews.

    Returns
    -------
    str
        HTML that needs no other file, no script and no network.
    """
    shown = rows[rows["child_id"].isin(lists["child_id"])]
    days = np.unique(shown["index_date"].to_numpy().astype("datetime64[s]"))
    top = scale_top(shown["risk"]) if len(shown) else 1.0
    by_child = dict(list(shown.groupby("child_id")))
    parts = []
    for name in LISTS:
        held = lists[lists["list"] == name]
        children = [
            _child(row, by_child[row["child_id"]], days, top, on, reviews=reviews) for _, row in held.iterrows()
        ]
        head, what = _HEADS[name]
        parts.append({"name": name, "mark": _MARKS[name], "head": head, "what": what, "children": children})
    span = (ENGLISH.day(days[0]), ENGLISH.day(days[-1])) if days.size else ("", "")
    return str(
        _template().render(
            team="" if team == ONE_TEAM else team,
            day=ENGLISH.day(on),
            notes=notes,
            reviews=reviews,
            parts=parts,
            count=lambda number: many(number, "child", "children"),
            width=WIDTH,
            height=HEIGHT,
            top=of_100(top, bare=True) if top < 1 else "100 of 100",
            span=span,
            decision=ENGLISH("decision"),
        )
    )


def _template() -> Any:
    """The template of the page; everything that is filled in is escaped."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("edgeofcare.tracking.trajectories") / "templates"
    loader = FunctionLoader(lambda wanted: (folder / wanted).read_text(encoding="utf-8"))
    options: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, **options).get_template(
        "meeting.html"
    )


def _child(
    row: pd.Series, scores: pd.DataFrame, days: np.ndarray, top: float, on: pd.Timestamp, *, reviews: bool
) -> _Child:
    """What is told of one child."""
    return _Child(
        name=str(row["child_id"]),
        household=str(row["household_id"]),
        said=str(row["said"]),
        interval=interval_said(row["risk_low"], row["risk_high"]),
        because=str(row["because"]),
        reasons=row["reasons"],
        facts=_facts(row, on, reviews=reviews),
        line=sparkline(scores, days, top=top),
        now="no score" if pd.isna(row["risk"]) else of_100(row["risk"], bare=True),
        was=_was(row),
        reviewed="" if pd.isna(row["last_review"]) else ENGLISH.day(row["last_review"]),
    )


def _was(row: pd.Series) -> str:
    """The earlier risk, with its day."""
    if pd.isna(row["risk_before"]) or row["direction"] == NOT_COMPARABLE:
        return "not comparable" if row["direction"] == NOT_COMPARABLE else "first score"
    return f"{of_100(row['risk_before'], bare=True)} on {ENGLISH.day(row['before_date'])}"


def _facts(row: pd.Series, on: pd.Timestamp, *, reviews: bool) -> list[tuple[str, str]]:
    """What is known of the child beside the risk."""
    listed, since = int(row["runs_listed"]), row["days_since_listed"]
    first = "" if pd.isna(since) else f"; first on {ago(on - pd.Timedelta(days=int(since)), on)}"
    facts = [
        ("On the list", f"{many(listed, 'run')}{first if listed > 1 else ''}"),
        *([("Last reviewed", _reviewed(row, on))] if reviews else []),
        ("Last seen", _seen(row, on)),
        ("Support now", str(row["support"]) or "none found in the records"),
    ]
    if row["missed_runs"]:
        facts.append(("Without a score", many(int(row["missed_runs"]), "run")))
    if row["tied"]:
        facts.append(("Tied", "shares the last places of the list with others of the same risk"))
    return facts


def _reviewed(row: pd.Series, on: pd.Timestamp) -> str:
    """When the child was last reviewed."""
    return "not in the ledger" if pd.isna(row["last_review"]) else ago(row["last_review"], on)


def _seen(row: pd.Series, on: pd.Timestamp) -> str:
    """When the child was last seen, and what says so."""
    if pd.isna(row["last_seen"]):
        return "not found in the records"
    by = str(row["last_seen_by"])
    return f"{by[0].upper()}{by[1:]} on {ago(row['last_seen'], on)}"
