"""The first screen of the report: the verdict with its criteria, the figures, and what they mean in plain words."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from edgeofcare.evaluation.report import Evaluation
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.reporting.blocks import Block, Grid, grid
from edgeofcare.reporting.cells import Cell, measure_cells
from edgeofcare.reporting.sections import ReportSections
from edgeofcare.reporting.shareable import small_count

__all__ = ["conclusion_mark", "criteria_grid", "open_alarms", "plain_words", "tiles", "verdict_block"]

_MARKS = {"use": "use", "use with care": "care"}
_MET = {"yes": "\u2713 met", "no": "\u2717 not met", "cannot be told": "? cannot be told"}
_SENTENCE = re.compile(r"(?<=\.) +(?=[A-Z])")
_REPEATED = ("Use this model with care", "Do not use this model", "This model can be used")
_TILES = (
    ("auroc", "AUROC: how well the model ranks", False),
    ("observed_expected_ratio", "observed / expected entries (1 is right)", False),
    ("ppv_at_capacity", "of reviewed rows had an entry within the horizon", True),
    ("entrants_found_at_capacity", "of entrants were on a list to review", True),
)


def conclusion_mark(conclusion: str) -> str:
    """The kind of frame of a verdict, beside its words.

    Parameters
    ----------
    conclusion : str
        Of the verdict.

    Returns
    -------
    str
        "use", "care" or "not".

    Examples
    --------
    >>> [conclusion_mark(said) for said in ("use", "use with care", "do not use")]
    ['use', 'care', 'not']
    """
    return _MARKS.get(conclusion.lower(), "not")


def verdict_block(evaluation: Evaluation, sections: ReportSections) -> tuple[str, Block]:
    """The conclusion, and what it rests on.

    Parameters
    ----------
    evaluation : Evaluation
        What the model is worth.
    sections : ReportSections
        Its criteria, where they are not in the verdict itself.

    Returns
    -------
    conclusion : str
        In words, with a capital letter.
    block : Block
        Sentences and the table of criteria.
    """
    verdict = evaluation.verdict()
    conclusion = sections.conclusion or verdict.conclusion
    table = criteria_grid(evaluation, sections)
    opened = open_alarms(sections)
    sentences = _SENTENCE.split(verdict.text)
    points = [text for text in sentences if text.rstrip(".") not in _REPEATED]
    if opened:
        points.append(f"Alarms open: {'; '.join(opened)}. See \u201cAlarms\u201d for what to check.")
    grids = () if table is None else (table,)
    return conclusion[:1].upper() + conclusion[1:], Block("Verdict", grids=grids, points=tuple(points))


def criteria_grid(evaluation: Evaluation, sections: ReportSections) -> Grid | None:
    """Each criterion that was fixed before fitting: value, interval, limit, met or not.

    Parameters
    ----------
    evaluation : Evaluation
        Whose verdict may hold them.
    sections : ReportSections
        Where they are looked for first.

    Returns
    -------
    Grid or None
        None where there are no criteria.
    """
    frame = sections.frame("criteria")
    if frame is None:
        frame = getattr(evaluation.verdict(), "criteria", None)
    if not isinstance(frame, pd.DataFrame) or frame.empty:
        return None
    shown = frame.copy()
    if "met" in shown:
        words = ["yes" if value is True else "no" if value is False else str(value) for value in shown["met"].tolist()]
        shown["met"] = [_MET.get(word, word) for word in words]
    first = [name for name in ("criterion", "met") if name in shown]
    ordered = shown[[*first, *(name for name in shown.columns if name not in first)]]
    return grid("Criteria, fixed before the model was fitted", ordered, labels={"met": "met?"})


def open_alarms(sections: ReportSections) -> list[str]:
    """Names of the alarms that are open.

    Parameters
    ----------
    sections : ReportSections
        With alarms, or without.

    Returns
    -------
    list of str
        Empty where none is open or none was looked for.
    """
    frame = sections.frame("alarms")
    if frame is None or "open" not in frame:
        return []
    return [str(name) for name, is_open in zip(frame["alarm"], frame["open"], strict=True) if is_open in (True, "yes")]


def tiles(evaluation: Evaluation, model: RiskClassifier) -> list[tuple[str, str, str]]:
    """The few figures that a reader looks at first: value, label, small print.

    Parameters
    ----------
    evaluation : Evaluation
        What the model is worth.
    model : RiskClassifier
        Fitted; only counts are taken from it.

    Returns
    -------
    list of tuple of str
        At most five.
    """
    cells = measure_cells(evaluation.measures)
    entrants = small_count(evaluation.counts["entrants"].iloc[0])
    trained = f"{small_count(model.training_counts_['entrants'])} in training"
    found = [(entrants, "children who entered care, in the test period", trained)]
    for measure, label, percent in _TILES:
        if ("model", measure) in cells:
            cell, rule = cells["model", measure], cells.get(("count_rule", measure))
            beside = "" if rule is None else f"; count rule {rule.short(percent=percent)}"
            found.append((cell.short(percent=percent), label, _limits(cell, percent=percent) + beside))
    return found


def _limits(cell: Cell, *, percent: bool) -> str:
    """An interval, where it is shown."""
    return "" if np.isnan(cell.estimate) else cell.between(percent=percent)


def plain_words(evaluation: Evaluation, sections: ReportSections) -> Block:
    """What the figures mean for a team, without a measure's name.

    Parameters
    ----------
    evaluation : Evaluation
        What the model is worth.
    sections : ReportSections
        Whose sentences on reach and value, and whose points, are added.

    Returns
    -------
    Block
        Points of a list.
    """
    cells = measure_cells(evaluation.measures)
    points = [*_on_list(cells, evaluation), *_off_list(cells), *_ranking(cells)]
    points += [sections.said[name] for name in ("reach", "value") if name in sections.said]
    points += sections.points
    return Block("In plain words", points=tuple(points))


def _on_list(cells: dict[tuple[str, str], Cell], evaluation: Evaluation) -> list[str]:
    """Of 100 reviews, how many meet a child who will enter."""
    cell = cells.get(("model", "ppv_at_capacity"))
    if cell is None or np.isnan(cell.estimate):
        return []
    hits = round(100 * cell.estimate)
    team = f" by a team that can review {evaluation.capacity:,} a month" if evaluation.capacity else ""
    return [
        f"Of every 100 reviews{team}, {hits} are of a child who then enters care within the horizon "
        f"(between {round(100 * cell.low)} and {round(100 * cell.high)}); {100 - hits} are not."
    ]


def _off_list(cells: dict[tuple[str, str], Cell]) -> list[str]:
    """Of 100 entrants, how many were on no list."""
    cell = cells.get(("model", "entrants_found_at_capacity"))
    if cell is None or np.isnan(cell.estimate):
        return []
    found = round(100 * cell.estimate)
    return [
        f"Of every 100 children in the cohort who enter care, {found} were on a list "
        f"(between {round(100 * cell.low)} and {round(100 * cell.high)}); {100 - found} were on none. A low risk is "
        "not "
        "safety. Children who enter without an open case are in neither number."
    ]


def _ranking(cells: dict[tuple[str, str], Cell]) -> list[str]:
    """What AUROC says of two children."""
    cell = cells.get(("model", "auroc"))
    if cell is None or np.isnan(cell.estimate):
        return []
    return [
        "Of a child who enters care and one who does not, the model ranks the first higher "
        f"{round(100 * cell.estimate)} "
        "times in 100; tossing a coin does so 50 times."
    ]
