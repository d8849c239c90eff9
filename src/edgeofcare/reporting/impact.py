"""The two impact packs: equality by group, and data protection with an inventory of every field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pandas as pd

from edgeofcare.features.catalogue import feature_dictionary
from edgeofcare.reporting.blocks import Block, grid
from edgeofcare.reporting.document import Document, packaged_rows
from edgeofcare.reporting.facts import Fact, Run
from edgeofcare.reporting.group_part import findings_grid, group_grid
from edgeofcare.reporting.items import AUTHORITY, fill
from edgeofcare.reporting.shareable import shareable_groups
from edgeofcare.schema.tables import TABLES

__all__ = ["PROTECTED", "dpia_pack", "equality_impact", "field_inventory"]

PROTECTED: tuple[tuple[str, str, str], ...] = (
    ("age", "age_band", ""),
    ("disability", "disability", "Codes open at the extract; a need that was never coded is not seen."),
    ("disability", "ehc_plan", "Education, health and care plans, as at the extract."),
    ("race", "ethnic_group", "Five groups of the census."),
    ("race", "ethnicity", "The groups of the national returns."),
    ("sex", "sex", "As recorded at the extract."),
    ("religion or belief", "", "Not in the records that edgeofcare reads."),
    ("sexual orientation", "", "Not in the records that edgeofcare reads."),
    ("gender reassignment", "", "Not in the records that edgeofcare reads."),
    ("pregnancy and maternity", "", "Not in the records that edgeofcare reads."),
    ("marriage and civil partnership", "", "Not in the records that edgeofcare reads."),
)
"""Protected characteristics of the Equality Act 2010, section 4, with the columns of the cohort that tell of them."""

_NEEDS_OWN = "a feature of your own: say why it is needed"


def equality_impact(run: Run, facts: Mapping[str, Fact]) -> Document:
    """Tables for an equality impact assessment.

    Parameters
    ----------
    run : Run
        With groups, where they were measured.
    facts : mapping of str to Fact
        What the run knows.

    Returns
    -------
    Document
        What is known of each protected characteristic, each group, and what is left to judge.
    """
    groups, _ = shareable_groups(run.evaluation.groups)
    known = _characteristics(groups)
    tables = {"characteristics": known, "groups": groups}
    grids = [group_grid(groups)] if len(groups) else []
    for name in ("group_findings", "group_measures"):
        frame = run.sections.frame(name)
        if frame is not None:
            tables[name] = shareable_groups(frame)[0] if "by" in frame else frame
            made = findings_grid if name == "group_findings" else partial(grid, name.replace("_", " ").capitalize())
            grids.append(replace(made(tables[name]), folded=len(frame) > 30))
    questions = pd.DataFrame(_QUESTIONS, columns=["question", "what the run says", "to_write"], dtype=object)
    questions["what the run says"] = [
        " ".join(facts[key].text for key in keys.split() if key in facts) or "nothing"
        for keys in questions["what the run says"]
    ]
    tables["questions"] = questions
    said = (
        "The public sector equality duty (Equality Act 2010, section 149) cannot be delegated to software or to a "
        "supplier. "
        "These tables are evidence for it. Suppressed means not known, not fair."
    )
    blocks = (
        Block("What is known of each protected characteristic", (said,), (grid("Protected characteristics", known),)),
        Block(
            "Measures by group",
            grids=tuple(grids),
            said=() if grids else ("No group was measured: give by= to evaluate.",),
        ),
        Block("Questions to answer", grids=(grid("Questions", questions, labels={"to_write": "for the authority"}),)),
    )
    about = "Tables by group for an equality impact assessment. Run them again at every refit."
    return Document("equality_impact", "Equality impact tables", about, blocks, tables)


_QUESTIONS = (
    (
        "Is the model less right for a group?",
        "groups findings",
        "Read O/E and its interval for each group; say what follows.",
    ),
    (
        "Is a group reviewed more or less than its entries warrant?",
        "groups",
        "Compare share reviewed with rate of entry.",
    ),
    ("What of groups that are suppressed?", "", "How you will learn more: pool years or authorities, ask people."),
    (
        "Are records made alike for all groups?",
        "cleaning",
        "What is known of unequal recording; recording_sensitivity tries it out.",
    ),
    ("Could the same aim be reached otherwise?", "baselines gain", "Why the model and not the rule, if so."),
    ("Does it advance equality of opportunity?", "", "What a listed child is offered, and whether all can take it up."),
    ("Who was asked?", "", "Families, young people and workers of the groups concerned."),
    ("When will it be looked at again?", "dates", "Date and owner."),
)


def _characteristics(groups: pd.DataFrame) -> pd.DataFrame:
    """For each protected characteristic: what was measured."""
    rows = []
    for characteristic, column, note in PROTECTED:
        part = groups[groups["by"] == column] if len(groups) else groups
        hidden = int(part["observed_expected_ratio"].isna().sum()) if len(part) else 0
        measured = f"{len(part)} groups, {hidden} suppressed" if len(part) else "not measured in this run"
        rows.append(
            {
                "characteristic": characteristic,
                "column": column or "none",
                "measured": measured if column else "cannot be measured",
                "note": note,
                "source": "evaluation" if len(part) else AUTHORITY,
            }
        )
    return pd.DataFrame(rows, dtype=object)


def dpia_pack(run: Run, facts: Mapping[str, Fact]) -> Document:
    """What a data protection impact assessment asks of the data and the model.

    Parameters
    ----------
    run : Run
        With features and records.
    facts : mapping of str to Fact
        What the run knows.

    Returns
    -------
    Document
        Flows, fields, necessity of each feature, retention (left open) and risks.
    """
    flows = pd.DataFrame(packaged_rows("dpia_flows.csv"), dtype=object)
    fields, necessity = field_inventory(run), _necessity(run)
    retention = pd.DataFrame(
        [
            (what, "", AUTHORITY)
            for what in ("Extract", "Feature tables", "Scores and lists", "Model file", "Reports", "Log of use")
        ],
        columns=["what", "kept until", "source"],
        dtype=object,
    )
    risks = fill(packaged_rows("dpia_risks.csv"), facts).rename(
        columns={"answer": "measured", "to_write": "measures_to_take"}
    )
    risks = risks.drop(columns="status").assign(likelihood="", severity="", residual="")
    special = int((fields["flag"] == "special category").sum())
    about = (
        "Tables for a data protection impact assessment (UK GDPR, Article 35). It is not the assessment: lawful basis, "
        "consultation and the decision are the authority's."
    )
    said = (
        f"{len(fields):,} fields are read and no other. {special:,} are special category data; look at those that may "
        "reveal it."
    )
    blocks = (
        Block("Data flows", grids=(grid("Data flows", flows, labels={"authority": AUTHORITY}),)),
        Block("Inventory of fields", (said,), (grid("Fields", fields, folded=True),)),
        Block("Necessity of each feature", (_NECESSITY,), (grid("Features", necessity, folded=True),)),
        Block("Retention", ("Left open: no run can know it.",), (grid("Retention", retention),)),
        Block("Risks", ("Likelihood, severity and what remains are left open.",), (grid("Risks", risks),)),
    )
    tables = {"flows": flows, "fields": fields, "features": necessity, "retention": retention, "risks": risks}
    return Document("dpia_pack", "Data protection impact assessment: tables", about, blocks, tables)


_NECESSITY = (
    "The reason why each feature may matter, its source and what it cannot see, as the catalogue of features says "
    "it. A "
    "feature that the authority does not hold to be necessary can be left out of the model."
)


def field_inventory(run: Run) -> pd.DataFrame:
    """Every field that is ever read, with the rows held and whether it is special category data.

    Parameters
    ----------
    run : Run
        Whose records say which tables hold rows.

    Returns
    -------
    DataFrame
        table, field, kind, meaning, known_from, held, flag, why. ``flag`` is "special category", "may reveal special
        category", "criminal offence data", "may reveal criminal offence data", "protected characteristic" or "personal
        data".
    """
    flags = {(row["table"], row["column"]): (row["kind"], row["why"]) for row in packaged_rows("special_category.csv")}
    counts = run.records.counts()
    held = {str(name) for name, rows in zip(counts["table"], counts["rows"], strict=True) if rows}
    return pd.DataFrame(
        [
            {
                "table": table.name,
                "field": column.name,
                "kind": column.kind,
                "meaning": column.meaning,
                "known_from": column.known,
                "held": "yes" if table.name in held else "no rows",
                "flag": flags.get((table.name, column.name), ("personal data", ""))[0],
                "why": flags.get((table.name, column.name), ("personal data", ""))[1],
            }
            for table in TABLES.values()
            for column in table.columns
        ],
        dtype=object,
    )


def _necessity(run: Run) -> pd.DataFrame:
    """Each feature with its reason."""
    table = feature_dictionary(list(run.features))[["name", "concept", "sentence", "reason", "source", "blind_spot"]]
    reason = [said or _NEEDS_OWN for said in table["reason"]]
    source = [said or AUTHORITY for said in table["source"]]
    return table.assign(reason=reason, source=source)
