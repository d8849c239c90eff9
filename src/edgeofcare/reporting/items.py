"""Lists of items that others ask for, filled from a run: TRIPOD+AI, PROBAST+AI, model card and ATRS record."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from edgeofcare.reporting.blocks import Block, Grid, grid
from edgeofcare.reporting.card_facts import STATED
from edgeofcare.reporting.document import Document, packaged_rows
from edgeofcare.reporting.facts import Fact, Run
from edgeofcare.reporting.needed import entrants_needed

__all__ = ["AUTHORITY", "atrs", "fill", "model_card", "probast_ai", "tripod_ai"]

AUTHORITY = "for the authority"
"""Source of what a run cannot know."""

_FILLED, _PART, _NOT = "filled from the run", "in part", "not measured in this run"
_STATES = (_FILLED, _PART, AUTHORITY, _NOT)
_HOW_TO_READ = (
    '"Source" says where each answer came from. "For the authority" is a thing that no run can know: the text says '
    'what to write. "Not measured in this run" is a thing that edgeofcare can measure and was not asked to.'
)
_ENOUGH = ((100, "yes"), (75, "probably yes"), (30, "probably no"), (0, "no"))
_PER_FEATURE = ((10.0, "probably yes"), (5.0, "no information"), (0.0, "probably no"))


def fill(rows: list[dict[str, str]], facts: Mapping[str, Fact]) -> pd.DataFrame:
    """Answer each item with what the run knows, and say what is left.

    Parameters
    ----------
    rows : list of dict
        Items with ``facts`` (keys, separated by blanks) and ``authority`` (what to write).
    facts : mapping of str to Fact
        From :func:`edgeofcare.reporting.facts.run_facts`.

    Returns
    -------
    DataFrame
        The items without these two columns, and answer, to_write, source, status.

    Examples
    --------
    >>> rows = [{"item": "1", "facts": "size", "authority": ""}, {"item": "2", "facts": "", "authority": "Who paid."}]
    >>> fill(rows, {"size": Fact("100 rows.", "split")})[["item", "source", "status"]].values.tolist()
    [['1', 'split', 'filled from the run'], ['2', 'for the authority', 'for the authority']]
    """
    return pd.DataFrame([_filled(row, facts) for row in rows], dtype=object)


def _filled(row: dict[str, str], facts: Mapping[str, Fact]) -> dict[str, str]:
    """One item with its answer."""
    known = [facts[key] for key in row["facts"].split() if key in facts]
    sources = list(dict.fromkeys(source for fact in known for source in fact.source.split(", ")))
    kept = {name: value for name, value in row.items() if name not in ("facts", "authority")}
    stated = known and len(known) == len(row["facts"].split()) and set(sources) == {STATED}
    to_write = "" if stated and row["facts"] != "expiry" else row["authority"]
    state = {(True, False): _FILLED, (True, True): _PART, (False, True): AUTHORITY}.get(
        (bool(known), bool(to_write)), _NOT
    )
    return {
        **kept,
        "answer": " ".join(fact.text for fact in known),
        "to_write": to_write,
        "source": ", ".join(sources + [AUTHORITY] * bool(to_write)) or _NOT,
        "status": state,
    }


def _sections(items: pd.DataFrame, by: str, columns: Mapping[str, str]) -> list[Block]:
    """One block for each section, with one table."""
    shown = items.assign(answer=[_said(row) for row in items.to_dict("records")])
    blocks = []
    for name in dict.fromkeys(shown[by]):
        part = shown.loc[shown[by] == name, list(columns)]
        table = replace(grid(f"Items of {name}", part, labels=columns), heading_says_it=True)
        blocks.append(Block(str(name), grids=(table,)))
    return blocks


def _said(row: Mapping[Hashable, Any]) -> str:
    """Answer and what is left to write, in one cell."""
    left = f"To write: {row['to_write']}" if row["to_write"] else ""
    return "\n".join(part for part in (row["answer"], left) if part) or "Not measured in this run."


def _count(table: pd.DataFrame) -> Grid:
    """How many items are in which state."""
    rows = [(state, int((table["status"] == state).sum())) for state in _STATES]
    return grid("Items by state", pd.DataFrame(rows, columns=["state", "items"]))


def _summary(table: pd.DataFrame) -> Block:
    """How far the document is."""
    return Block("How far this is", (_HOW_TO_READ,), (_count(table),))


def tripod_ai(facts: Mapping[str, Fact]) -> Document:
    """The checklist of TRIPOD+AI, item by item.

    Parameters
    ----------
    facts : mapping of str to Fact
        What the run knows.

    Returns
    -------
    Document
        27 items in 52 parts.
    """
    table = fill(packaged_rows("tripod_ai.csv"), facts)
    shown = {
        "item": "item",
        "topic": "topic",
        "asks": "what it asks",
        "answer": "answer",
        "source": "source",
        "status": "status",
    }
    about = (
        "Checklist of Collins and others, BMJ 2024;385:e078378, by its item numbers; the wording is ours, so read an "
        "item "
        "there before you sign it. D: development, E: evaluation."
    )
    return Document(
        "tripod_ai", "TRIPOD+AI checklist", about, (_summary(table), *_sections(table, "section", shown)), {"": table}
    )


def probast_ai(facts: Mapping[str, Fact], run: Run) -> Document:
    """A self-assessment by the domains of PROBAST+AI.

    Parameters
    ----------
    facts : mapping of str to Fact
        What the run knows.
    run : Run
        From which questions are answered that a machine can answer.

    Returns
    -------
    Document
        Two parts of four domains; the judgement of each domain is left to a person.
    """
    rows = packaged_rows("probast_ai.csv")
    checks = [row.pop("check") for row in rows]
    table = fill(rows, facts)
    table.insert(4, "signal", [_signal(check, run) for check in checks])
    table["domain"] = [f"{part}: {domain.lower()}" for part, domain in zip(table["part"], table["domain"], strict=True)]
    shown = {
        "item": "our key",
        "asks": "question",
        "signal": "answer",
        "answer": "why",
        "source": "source",
        "status": "status",
    }
    about = (
        "Self-assessment by the two parts and four domains of PROBAST+AI (Moons and others, BMJ 2025;388:e082505). "
        "Questions and keys are ours and not those of the paper. Who built a model should not be the one to judge "
        "it: the "
        "judgement of each domain is left to an independent person."
    )
    blocks = [_summary(table), Block("Judgement of each domain", grids=(_judgements(table),))]
    return Document(
        "probast_ai", "PROBAST+AI self-assessment", about, (*blocks, *_sections(table, "domain", shown)), {"": table}
    )


def _judgements(table: pd.DataFrame) -> Grid:
    """Answers by domain, and room for the judgement."""
    rows = []
    for name in dict.fromkeys(table["domain"]):
        given = table.loc[table["domain"] == name, "signal"]
        row = {"domain": name, "yes or probably yes": int(given.isin(["yes", "probably yes"]).sum())}
        row |= {"no or probably no": int(given.isin(["no", "probably no"]).sum())}
        row |= {"open": int((given == AUTHORITY).sum() + (given == "no information").sum())}
        rows.append({**row, "risk of bias": AUTHORITY, "applies here": AUTHORITY})
    return grid("Answers by domain", pd.DataFrame(rows))


def _signal(check: str, run: Run) -> str:
    """The answer to a question, where the run knows it."""
    cells, counts = run.cells, run.evaluation.counts
    tested, trained = counts["entrants"].iloc[0], run.model.training_counts_["entrants"]
    shown = {
        "": AUTHORITY,
        "leak_check": "no information" if run.leaks is None else "yes" if run.leaks.differences == 0 else "no",
        "enough_training": _step(trained / max(1, len(run.features)), _PER_FEATURE),
        "enough_test": _enough_tested(0.0 if isinstance(tested, str) else float(tested), run),
        "strata_shown": "probably yes" if len(counts) > 1 else "no information",
        "calibration_shown": _yes(("model", "auroc") in cells and ("model", "calibration_slope") in cells),
        "capacity_shown": _yes(("model", "ppv_at_capacity") in cells and not run.evaluation.decision_curve.empty),
        "baselines_shown": _yes(("model minus count_rule", "auroc") in cells),
        "groups_shown": _yes(not run.evaluation.groups.empty),
    }
    return shown.get(check, check)


def _enough_tested(tested: float, run: Run) -> str:
    """Whether the test has enough entrants: never a yes where a criterion or the sample size asks for more."""
    said = _step(tested, _ENOUGH)
    needed = max(run.evaluation.criteria.min_entrants, entrants_needed(run.sections))
    return "probably no" if said.endswith("yes") and tested < needed else said


def _yes(is_so: bool) -> str:
    """Yes or no."""
    return "yes" if is_so else "no"


def _step(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    """The first step that a value reaches."""
    return next(said for least, said in steps if value >= least)


def model_card(facts: Mapping[str, Fact], figures: tuple[Block, ...]) -> Document:
    """What a model is, for whom, and how good.

    Parameters
    ----------
    facts : mapping of str to Fact
        What the run knows.
    figures : tuple of Block
        Measures and groups to stand below.

    Returns
    -------
    Document
        After Mitchell and others, 2019.
    """
    table = fill(packaged_rows("model_card.csv"), facts)
    shown = {"topic": "topic", "answer": "answer", "source": "source", "status": "status"}
    about = "Two pages for whoever decides on a model or inherits it, after Mitchell and others, FAT* 2019."
    blocks = (*_sections(table, "section", shown), *figures)
    return Document("model_card", "Model card", about, blocks, {"": table})


def atrs(facts: Mapping[str, Fact]) -> Document:
    """A draft of a record of the Algorithmic Transparency Recording Standard.

    Parameters
    ----------
    facts : mapping of str to Fact
        What the run knows.

    Returns
    -------
    Document
        Metadata, tier 1 and tier 2, by the fields of version 3.0.
    """
    table = fill(packaged_rows("atrs.csv"), facts)
    shown = {"item": "field", "topic": "name", "answer": "answer", "source": "source", "status": "status"}
    about = (
        "Draft by the fields of the Algorithmic Transparency Recording Standard 3.0 (March 2024). The standard is "
        "voluntary "
        "for local authorities; check the version in force before you publish."
    )
    return Document(
        "atrs_record", "ATRS record, draft", about, (_summary(table), *_sections(table, "section", shown)), {"": table}
    )
