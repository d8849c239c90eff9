"""The block of the report on what drives the scores: concepts, how steady reasons are, values, groups, features."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.reporting.blocks import Block, Grid, grid
from edgeofcare.reporting.drawings import part_pictures
from edgeofcare.reporting.driver_words import MEASURES, audit_proxies, column_words, of_hundred
from edgeofcare.reporting.sections import ReportSections
from edgeofcare.reporting.shareable import shareable_groups

__all__ = ["agreement_grid", "drivers_block", "importance_grid"]

_TITLE = "What drives the scores"
_IS_AND_IS_NOT = (
    "This is what the model uses, not what causes care: what raises scores need not harm a child, and what lowers them "
    "need not protect one."
)
_OVER = (
    "Over the children of the test period. \u201cTimes or divided by\u201d is the factor by which a concept moves the "
    "odds of a child on average, up or down; intervals are 95%, from resampling households with the model as it is."
)
_LATEST = "Mean size of the contribution to calibrated log-odds over the children of the last test date."
_PLACES = "Concepts that share a place are not told apart in size."
_FEW = 10
_SIZES = ("concept", "mean_size", "ci_low", "ci_high")
_LEVELS = {"concept": "concepts", "feature": "single features"}


def drivers_block(summary: pd.DataFrame, sections: ReportSections) -> Block:
    """What drives the scores.

    Parameters
    ----------
    summary : DataFrame
        From ``Explanation.summary()``.
    sections : ReportSections
        With the importance of concepts, the agreement of reasons and what contributions depend on, or without.

    Returns
    -------
    Block
        Concepts with intervals where they are given, else their mean sizes; then what else is given; then features.
    """
    frame = sections.frame("importance")
    parts = (
        _steady(sections),
        _by_value(sections),
        _groups(sections),
        _features(summary, concepts=frame is None),
    )
    kept = tuple(part for part in parts if part is not None)
    if frame is None:
        why = sections.not_looked_at.get("importance")
        absent = () if why is None else (f"Importance of concepts, with intervals: not looked at: {why.rstrip('.')}.",)
        return Block(_TITLE, (_IS_AND_IS_NOT, *absent), parts=kept)
    said = [text for text in (_IS_AND_IS_NOT, sections.said.get("importance", "")) if text]
    grids: tuple[Grid, ...] = (_all_figures(frame),)
    if set(_SIZES) <= set(frame.columns):
        if frame["mean_size"].isna().all():
            return Block(_TITLE, tuple(said), parts=kept)
        said.append(f"{_OVER} {_PLACES}")
        grids = (importance_grid(frame), *grids)
    return Block(_TITLE, tuple(said), grids, part_pictures(sections, "importance"), kept)


def importance_grid(frame: pd.DataFrame) -> Grid:
    """Concepts by how far they move the scores, in words that need no log-odds.

    Parameters
    ----------
    frame : DataFrame
        From :func:`edgeofcare.concept_importance`.

    Returns
    -------
    Grid
        One row for each concept.
    """
    shown: dict[str, Any] = {"concept": frame["concept"].astype(str)}
    if {"place_low", "place_high"} <= set(frame.columns):
        shown["place"] = [_place(*pair) for pair in zip(frame["place_low"], frame["place_high"], strict=True)]
    if "share" in frame:
        shown["parts of 100"] = ["" if np.isnan(share) else f"{100 * share:.0f}" for share in frame["share"]]
    sizes = zip(*(np.exp(frame[name].to_numpy(dtype=np.float64)) for name in _SIZES[1:]), strict=True)
    shown["odds, times or divided by"] = [_factor(*size) for size in sizes]
    if {"loss_low", "loss_high"} <= set(frame.columns):
        ends = zip(frame["loss_low"], frame["loss_high"], strict=True)
        shown["less right without it"] = [_worse(*pair) for pair in ends]
    if "note" in frame:
        shown["note"] = frame["note"].fillna("").astype(str)
    return grid("Concepts, the one that moves scores most first", pd.DataFrame(shown, dtype=object))


def _place(low: float, high: float) -> str:
    """Places that a concept may have."""
    if np.isnan([low, high]).any():
        return ""
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _factor(middle: float, low: float, high: float) -> str:
    """A factor on the odds with its interval."""
    if np.isnan(middle):
        return "not shown"
    return f"{middle:.2f}" if np.isnan([low, high]).any() else f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _worse(low: float, high: float) -> str:
    """Whether leaving a concept out makes the risks less right."""
    if np.isnan([low, high]).any():
        return "not shown"
    return "yes" if low > 0 else "no, more right" if high < 0 else "cannot be told"


def _all_figures(frame: pd.DataFrame) -> Grid:
    """Every number of the importance of concepts."""
    names = {"mean_size": "estimate", "loss_low": "loss_without_low", "loss_high": "loss_without_high"}
    labels = {
        "estimate": "mean size, log-odds",
        "share": "share of all sizes",
        "loss_without": "rise of the log loss without it",
        "place_low": "first place it may have",
        "place_high": "last place it may have",
    }
    return grid("Importance of concepts: all figures", frame.rename(columns=names), folded=True, labels=labels)


def _steady(sections: ReportSections) -> Block | None:
    """How far refits give the same reasons."""
    title, frame = "How steady reasons are", sections.frame("agreement")
    if frame is None:
        why = sections.not_looked_at.get("agreement")
        return None if why is None else Block(title, (f"Not looked at: {why.rstrip('.')}.",))
    said = sections.said.get("agreement", "")
    return Block(title, (said,) if said else (), (agreement_grid(frame),))


def agreement_grid(frame: pd.DataFrame) -> Grid:
    """Agreement of reasons over refits, of concepts beside single features.

    Parameters
    ----------
    frame : DataFrame
        ``Explanation.agreement().table``.

    Returns
    -------
    Grid
        Cases of 100, with the lowest and the highest refit; a frame of another form as it is.
    """
    title = "Agreement of reasons over refits, cases of 100 (lowest to highest refit)"
    frame = frame.rename(columns={"low": "ci_low", "high": "ci_high"})
    if not set(frame.get("measure", [""])) <= set(MEASURES) or "level" not in frame:
        return grid("Agreement of reasons over refits", frame)
    rows = []
    for measure, words in MEASURES.items():
        row = {"what agrees": words}
        for each in frame[frame["measure"] == measure].to_dict("records"):
            numbers = [float(each[name]) for name in ("estimate", "ci_low", "ci_high")]
            row[_LEVELS.get(str(each["level"]), str(each["level"]))] = _cases(*numbers)
        rows.append(row)
    return grid(title, pd.DataFrame(rows, dtype=object))


def _cases(middle: float, low: float, high: float) -> str:
    """Cases of 100 with a range."""
    if np.isnan(middle):
        return "not shown"
    return f"{of_hundred(middle)} ({of_hundred(low)} to {of_hundred(high)})"


def _by_value(sections: ReportSections) -> Block | None:
    """What the strongest concepts add at each value of the feature that carries them."""
    frame = sections.frame("by_value")
    if frame is None:
        return None
    said = (
        "What a concept adds at each value of the feature that moves scores most in it. The concept may hold other "
        "features, so that this is a view of it and not the whole. Values are in bins of 10 children or more.",
    )
    shown = frame.drop(columns=[name for name in ("low", "high") if name in frame])
    shown = shown.rename(columns={"mean_contribution": "estimate"})
    table = grid("By value: all figures", shown, folded=True, labels={"estimate": "mean contribution, log-odds"})
    return Block("What the strongest concepts depend on", said, (table,), part_pictures(sections, "by_value"))


def _groups(sections: ReportSections) -> Block | None:
    """Whether a concept stands for a group of children."""
    title, grids = "Does a concept stand for a group of children?", []
    proxies, by_group = sections.frame("proxies"), sections.frame("by_group")
    if proxies is not None and len(kept := audit_proxies(proxies)):
        shown = kept.assign(by=[column_words(by) for by in kept["by"]]).rename(columns={"share_told": "estimate"})
        labels = {"estimate": "share that groups tell", "borne_out": "borne out within groups (1: as the model says)"}
        grids.append(grid("Concepts by column: all figures", shown, folded=True, labels=labels))
    if by_group is not None and len(kept := shareable_groups(by_group)[0]):
        shown = kept.assign(by=[column_words(by) for by in kept["by"]]).rename(columns={"difference": "estimate"})
        labels = {"estimate": "mean contribution less that of the others, log-odds"}
        grids.append(grid("Concepts by group: all figures", shown, folded=True, labels=labels))
    if not grids:
        why = sections.not_looked_at.get("proxies")
        return None if why is None else Block(title, (f"Not looked at: {why.rstrip('.')}.",))
    meant = (
        "A concept stands for a group where what it adds tells which group a child belongs to, and outcomes within "
        "groups are not shown to follow it. It is a question to ask and no verdict of fairness: where a group is "
        "watched more closely, both what is recorded and who enters care may follow from that."
    )
    said = sections.said.get("proxies", "")
    return Block(title, tuple(text for text in (said, meant) if text), tuple(grids))


def _features(summary: pd.DataFrame, *, concepts: bool) -> Block:
    """Single features, folded but for the first; concepts too where there is no better table of them."""
    if "level" not in summary or len(summary) <= _FEW:
        return Block("Contributions", (_LATEST,), (replace(grid("Contributions", summary), heading_says_it=True),))
    whole = summary.drop(columns="level")
    by_concept, single = whole[summary["level"] == "concept"], whole[summary["level"] != "concept"]
    grids = [grid("By concept", by_concept, drop=("concept",))] if concepts and len(by_concept) else []
    grids += [grid(f"The first {_FEW} features", single.head(_FEW), folded=not concepts)]
    grids += [grid("Every feature", single, folded=True)]
    return Block("Concepts and features" if concepts else "Single features", (_LATEST,), tuple(grids))
