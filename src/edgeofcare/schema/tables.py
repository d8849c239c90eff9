"""The canonical tables, one definition each.

``known`` names, for each column, the date that makes its value visible (design rule: two clocks). A row of a table
with a recorded date is visible only once that date has passed as well. ``NEVER`` marks snapshots, which would carry
the present into the past if a feature used them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edgeofcare.schema.columns import (
    CHILD,
    EVENT,
    KEY,
    LINK,
    NEVER,
    PERSON,
    SPELL,
    Column,
    Table,
    event_columns,
    spell_columns,
)

__all__ = ["TABLES", "column_table"]

_TABLES = (
    Table(
        "children",
        PERSON,
        "child",
        "child",
        "children",
        None,
        None,
        (
            Column("child_id", "id", "The authority's own key of the child.", known=NEVER, required=True),
            Column(
                "birth_date",
                "date",
                "Date of birth, or the expected date where only that is held.",
                known="birth_date",
                required=True,
            ),
            Column("birth_date_estimated", "flag", "Whether the date of birth is an estimate.", known=NEVER),
            Column("death_date", "date", "Date of death.", known="death_date"),
            Column("sex", "code", "Sex; for audit.", known=NEVER, codes="sex"),
            Column("ethnicity", "code", "Ethnicity; for audit.", known=NEVER, codes="ethnicity"),
            Column("authority", "code", "The local authority, where records of several are pooled.", known=NEVER),
            Column(
                "ehc_plan",
                "flag",
                "Has an education, health and care plan at the extract; for audit.",
                known=NEVER,
            ),
        ),
        required=True,
        meaning="One row for each child known to the service.",
    ),
    Table(
        "relationships",
        LINK,
        "relationship",
        "link",
        "links",
        None,
        None,
        (
            KEY,
            CHILD,
            Column(
                "related_id",
                "id",
                "The mother or the family that the child is linked to.",
                known=NEVER,
                required=True,
            ),
            Column("kind", "code", "mother or family.", known=NEVER),
            Column(
                "recorded_date",
                "date",
                "When the link was entered, where the extract has it.",
                known="recorded_date",
            ),
        ),
        meaning="Links of children to mothers and families, for households and siblings.",
    ),
    Table(
        "disabilities",
        LINK,
        "disability",
        "disability",
        "disabilities",
        None,
        None,
        (
            KEY,
            CHILD,
            Column("code", "code", "Recorded disability; an undated snapshot, for audit.", known=NEVER),
        ),
        meaning="Disability codes open at the extract.",
    ),
    Table(
        "immigration_statuses",
        SPELL,
        "immigration",
        "immigration status",
        "immigration statuses",
        "start_date",
        "end_date",
        spell_columns(
            "Start of the status.",
            "End of the status.",
            Column("uasc", "flag", "Unaccompanied asylum-seeking child.", known="start_date", required=True),
        ),
        meaning="Only whether the status is that of an unaccompanied asylum-seeking child is loaded.",
    ),
    Table(
        "contacts",
        EVENT,
        "contact",
        "contact",
        "contacts",
        "date",
        None,
        event_columns(
            "Date of the contact.",
            Column("source", "code", "Who made the contact.", known="date", codes="source"),
        ),
        meaning="Contacts with the front door.",
    ),
    Table(
        "early_help",
        SPELL,
        "early_help",
        "early help episode",
        "early help episodes",
        "start_date",
        "end_date",
        spell_columns("Start of early help.", "End of early help."),
        meaning="Early help episodes.",
    ),
    Table(
        "referrals",
        SPELL,
        "referral",
        "referral",
        "referrals",
        "start_date",
        "end_date",
        spell_columns(
            "Date of the referral.",
            "Date on which the case closed.",
            Column("source", "code", "Who referred.", known="start_date", codes="source"),
            Column("need", "code", "Primary need; may be overwritten later.", known=NEVER, codes="need"),
            Column(
                "nfa",
                "flag",
                "Referral led to no further action; decided within one working day.",
                known="start_date",
            ),
            Column("close_reason", "code", "Why the case closed.", known="end_date", codes="closure"),
        ),
        required=True,
        meaning="Referrals to social care and the case that each opened.",
    ),
    Table(
        "assessments",
        SPELL,
        "assessment",
        "assessment",
        "assessments",
        "start_date",
        "end_date",
        spell_columns(
            "Start of the assessment.",
            "Date on which the assessment was authorised.",
            Column("nfa", "flag", "Assessment ended with no further action.", known="end_date"),
        ),
        meaning="Child and family assessments.",
    ),
    Table(
        "assessment_factors",
        EVENT,
        "assessment.factor",
        "assessment factor",
        "assessment factors",
        "date",
        None,
        event_columns(
            "Date on which the assessment was authorised.",
            Column("factor", "code", "Factor identified.", known="date", codes="factor", required=True),
        ),
        meaning="Factors identified at the end of an assessment, one row each.",
    ),
    Table(
        "cin_plans",
        SPELL,
        "cin_plan",
        "child in need plan",
        "child in need plans",
        "start_date",
        "end_date",
        spell_columns("Start of the plan.", "End of the plan."),
        meaning="Child in need plans.",
    ),
    Table(
        "s47_enquiries",
        SPELL,
        "s47",
        "section 47 enquiry",
        "section 47 enquiries",
        "start_date",
        "end_date",
        spell_columns(
            "Start of the enquiry.",
            "End of the enquiry.",
            Column("nfa", "flag", "Enquiry ended with no further action.", known="end_date"),
        ),
        meaning="Enquiries under section 47 of the Children Act 1989.",
    ),
    Table(
        "initial_conferences",
        EVENT,
        "conference",
        "initial child protection conference",
        "initial child protection conferences",
        "date",
        None,
        event_columns(
            "Date of the conference.",
            Column("led_to_plan", "flag", "The conference led to a child protection plan.", known="date"),
            Column("transfer_in", "flag", "Conference because the child moved in from elsewhere.", known="date"),
        ),
        meaning="Initial child protection conferences.",
    ),
    Table(
        "cp_plans",
        SPELL,
        "cp_plan",
        "child protection plan",
        "child protection plans",
        "start_date",
        "end_date",
        spell_columns(
            "Start of the plan.",
            "End of the plan.",
            Column(
                "initial_category",
                "code",
                "Category of abuse at the start.",
                known="start_date",
                codes="abuse",
            ),
            Column("latest_category", "code", "Latest category; a snapshot.", known=NEVER, codes="abuse"),
            Column("other_authority", "flag", "A plan of another authority.", known="start_date"),
        ),
        meaning="Child protection plans.",
    ),
    Table(
        "care_episodes",
        SPELL,
        "care_episode",
        "care episode",
        "care episodes",
        "start_date",
        "end_date",
        spell_columns(
            "Start of the episode.",
            "End of the episode.",
            Column("period_key", "id", "Key of the whole period of care.", known="start_date"),
            Column("start_reason", "code", "Why the episode began.", known="start_date", codes="start_reason"),
            Column("end_reason", "code", "Why the episode ended.", known="end_date", codes="end_reason"),
            Column(
                "need",
                "code",
                "Primary need on entering care; may be overwritten.",
                known=NEVER,
                codes="need",
            ),
        ),
        required=True,
        meaning="Episodes of being looked after.",
    ),
    Table(
        "legal_statuses",
        SPELL,
        "legal_status",
        "legal status",
        "legal statuses",
        "start_date",
        "end_date",
        spell_columns(
            "Start of the status.",
            "End of the status.",
            Column("status", "code", "Legal status.", known="start_date", codes="legal_status", required=True),
        ),
        required=True,
        meaning="Legal statuses; needed to tell short breaks and remand from entries.",
    ),
    Table(
        "placements",
        SPELL,
        "placement",
        "placement",
        "placements",
        "start_date",
        "end_date",
        spell_columns(
            "Start of the placement.",
            "End of the placement.",
            Column("period_key", "id", "Key of the whole period of care.", known="start_date"),
            Column("type", "code", "Kind of placement.", known="start_date"),
            Column("provider", "code", "Who provides it.", known="start_date"),
            Column("distance", "number", "Distance from home.", known="start_date", unit="miles"),
            Column("change_reason", "code", "Why the placement ended.", known="end_date"),
        ),
        meaning="Placements of looked-after children.",
    ),
    Table(
        "missing_episodes",
        SPELL,
        "missing",
        "missing episode",
        "missing episodes",
        "start_date",
        "end_date",
        spell_columns(
            "Start of the missing episode.",
            "Return.",
            Column("type", "code", "Missing or absent.", known="start_date", codes="missing_type"),
            Column("interview_offered", "flag", "Return home interview offered; undated.", known=NEVER),
            Column("interview_accepted", "flag", "Return home interview accepted; undated.", known=NEVER),
        ),
        meaning="Missing episodes from home or care.",
    ),
    Table(
        "offences",
        EVENT,
        "offence",
        "offence",
        "offences",
        "date",
        None,
        event_columns("Date of the offence; it becomes known later, so declare a reporting lag."),
        meaning="Offences that led to a conviction or caution.",
    ),
    Table(
        "worker_involvements",
        SPELL,
        "worker",
        "worker involvement",
        "worker involvements",
        "start_date",
        "end_date",
        spell_columns(
            "Start of the involvement.",
            "End of the involvement.",
            Column("worker", "code", "Key of the worker.", known="start_date"),
            Column("role", "code", "Role of the worker.", known="start_date"),
            Column("change_reason", "code", "Why the worker changed.", known="end_date"),
        ),
        meaning="Workers allocated to the child.",
    ),
)

TABLES: Mapping[str, Table] = MappingProxyType({table.name: table for table in _TABLES})
"""Every canonical table by name."""


def column_table() -> list[dict[str, str]]:
    """Every column of every table, one record each, for the documentation.

    Returns
    -------
    list of dict
        With keys ``table``, ``column``, ``kind``, ``required``, ``known`` and ``meaning``.

    Examples
    --------
    >>> [row["column"] for row in column_table() if row["table"] == "contacts"]
    ['row_key', 'child_id', 'date', 'source', 'recorded_date']
    """
    return [
        {
            "table": table.name,
            "column": column.name,
            "kind": column.kind,
            "required": "yes" if column.required else "no",
            "known": column.known,
            "meaning": column.meaning,
        }
        for table in TABLES.values()
        for column in table.columns
    ]
