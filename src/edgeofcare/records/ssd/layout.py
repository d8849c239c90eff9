"""Where each canonical column stands in the Standard Safeguarding Dataset (SSD).

Names are those deployed for SystemC (Liquidlogic), Mosaic and Eclipse; the first of several is the specification's.
Letter case, schema prefixes and ``#`` of temporary tables do not matter.

Source: Data to Insight, SSD data model, specification and deployment scripts 1.4.5 (2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["NEVER_LOADED", "SSD_COLUMNS", "SSD_TABLES"]

SSD_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "children": "ssd_person",
        "disabilities": "ssd_disability",
        "immigration_statuses": "ssd_immigration_status",
        "contacts": "ssd_contacts",
        "early_help": "ssd_early_help_episodes",
        "referrals": "ssd_cin_episodes",
        "assessments": "ssd_cin_assessments",
        "cin_plans": "ssd_cin_plans",
        "s47_enquiries": "ssd_s47_enquiry",
        "initial_conferences": "ssd_initial_cp_conference",
        "cp_plans": "ssd_cp_plans",
        "care_episodes": "ssd_cla_episodes",
        "legal_statuses": "ssd_legal_status",
        "placements": "ssd_cla_placement",
        "missing_episodes": "ssd_missing",
        "offences": "ssd_cla_convictions",
        "worker_involvements": "ssd_involvements",
        "assessment_factors": "ssd_assessment_factors",
        "mothers": "ssd_mother",
        "families": "ssd_family",
    }
)
"""SSD table of each canonical table; mothers and families become ``relationships``."""

NEVER_LOADED = (
    "pers_forename",
    "pers_surname",
    "pers_upn",
    "pers_upn_unknown",
    "pers_single_unique_id",
    "pers_common_child_id",
    "pers_nhs_number",
    "ssd_address",
)
"""Names, pupil and NHS numbers and addresses: no reader ever takes them in."""

_MOSAIC = {
    "cinp_cin_plan_id": "cin_plan_id",
    "cine_referral_nfa": "cin_referral_nfa",
}
"""Names that Mosaic writes without the table's prefix."""

_RECORDED = ("recorded_date", "created_date")


def _names(prefix: str, columns: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Columns with their prefix, and the recorded date that some authorities add."""
    named = {name: tuple(f"{prefix}_{alias}" for alias in aliases) for name, aliases in columns.items()}
    named = {name: (*full, *(_MOSAIC[alias] for alias in full if alias in _MOSAIC)) for name, full in named.items()}
    return {**named, "recorded_date": tuple(f"{prefix}_{alias}" for alias in _RECORDED)}


def _spell(prefix: str, start: tuple[str, ...], end: tuple[str, ...], **columns: tuple[str, ...]) -> dict:
    """Columns of a spell."""
    named = _names(prefix, {"start_date": start, "end_date": end, **columns})
    ends = ("end_recorded_date", "close_recorded_date", "ceased_recorded_date")
    return {**named, "end_recorded_date": tuple(f"{prefix}_{alias}" for alias in ends)}


SSD_COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "children": _names(
            "pers",
            {
                "child_id": ("person_id",),
                "birth_date": ("dob",),
                "expected_birth_date": ("expected_dob",),
                "death_date": ("death_date",),
                "sex": ("sex",),
                "ethnicity": ("ethnicity",),
                "ehc_plan": ("send_flag",),
            },
        ),
        "disabilities": _names(
            "disa", {"row_key": ("table_id",), "child_id": ("person_id",), "code": ("disability_code",)}
        ),
        "immigration_statuses": _spell(
            "immi",
            ("immigration_status_start_date", "immigration_status_start"),
            ("immigration_status_end_date", "immigration_status_end"),
            row_key=("immigration_status_id",),
            child_id=("person_id",),
            text=("immigration_status",),
        ),
        "contacts": _names(
            "cont",
            {
                "row_key": ("contact_id",),
                "child_id": ("person_id",),
                "date": ("contact_date",),
                "source": ("contact_source_code", "contact_source"),
                "source_text": ("contact_source_desc",),
            },
        ),
        "early_help": _spell(
            "earl", ("episode_start_date",), ("episode_end_date",), row_key=("episode_id",), child_id=("person_id",)
        ),
        "referrals": _spell(
            "cine",
            ("referral_date",),
            ("close_date",),
            row_key=("referral_id",),
            child_id=("person_id",),
            source=("referral_source_code", "referral_source"),
            source_text=("referral_source_desc",),
            need=("cin_primary_need_code", "cin_primary_need"),
            nfa=("referral_nfa",),
            close_reason=("close_reason",),
        ),
        "assessments": _spell(
            "cina",
            ("assessment_start_date",),
            ("assessment_auth_date",),
            row_key=("assessment_id",),
            child_id=("person_id",),
            nfa=("assessment_outcome_nfa",),
        ),
        "assessment_factors": _names(
            "cinf",
            {
                "row_key": ("table_id",),
                "assessment": ("assessment_id",),
                "factors": ("assessment_factors_json",),
            },
        ),
        "cin_plans": _spell(
            "cinp",
            ("cin_plan_start_date", "cin_plan_start"),
            ("cin_plan_end_date", "cin_plan_end"),
            row_key=("cin_plan_id",),
            child_id=("person_id",),
        ),
        "s47_enquiries": _spell(
            "s47e",
            ("s47_start_date",),
            ("s47_end_date",),
            row_key=("s47_enquiry_id",),
            child_id=("person_id",),
            nfa=("s47_nfa",),
        ),
        "initial_conferences": _names(
            "icpc",
            {
                "row_key": ("icpc_id",),
                "child_id": ("person_id",),
                "date": ("icpc_date",),
                "led_to_plan": ("icpc_outcome_cp_flag",),
                "transfer_in": ("icpc_transfer_in",),
            },
        ),
        "cp_plans": _spell(
            "cppl",
            ("cp_plan_start_date", "cp_plan_start"),
            ("cp_plan_end_date", "cp_plan_end"),
            row_key=("cp_plan_id",),
            child_id=("person_id",),
            initial_category=("cp_plan_initial_category",),
            latest_category=("cp_plan_latest_category",),
            other_authority=("cp_plan_ola",),
        ),
        "care_episodes": _spell(
            "clae",
            ("cla_episode_start_date", "cla_episode_start"),
            ("cla_episode_ceased_date", "cla_episode_ceased"),
            row_key=("cla_episode_id",),
            child_id=("person_id",),
            period_key=("cla_id",),
            start_reason=("cla_episode_start_reason",),
            end_reason=("cla_episode_ceased_reason", "cla_episode_cease_reason"),
            need=("cla_primary_need_code", "cla_primary_need"),
        ),
        "legal_statuses": _spell(
            "lega",
            ("legal_status_start_date", "legal_status_start"),
            ("legal_status_end_date", "legal_status_end"),
            row_key=("legal_status_id",),
            child_id=("person_id",),
            status=("legal_status",),
        ),
        "placements": _spell(
            "clap",
            ("cla_placement_start_date",),
            ("cla_placement_end_date",),
            row_key=("cla_placement_id",),
            child_id=("person_id",),
            period_key=("cla_id",),
            type=("cla_placement_type",),
            provider=("cla_placement_provider",),
            distance=("cla_placement_distance",),
            change_reason=("cla_placement_change_reason",),
        ),
        "missing_episodes": _spell(
            "miss",
            ("missing_episode_start_date", "missing_episode_start"),
            ("missing_episode_end_date", "missing_episode_end"),
            row_key=("table_id",),
            child_id=("person_id",),
            type=("missing_episode_type",),
            interview_offered=("missing_rhi_offered",),
            interview_accepted=("missing_rhi_accepted",),
        ),
        "offences": _names(
            "clac",
            {
                "row_key": ("cla_conviction_id",),
                "child_id": ("person_id",),
                "date": ("cla_conviction_date",),
            },
        ),
        "worker_involvements": _spell(
            "invo",
            ("involvement_start_date",),
            ("involvement_end_date",),
            row_key=("involvements_id",),
            child_id=("person_id",),
            referral=("referral_id",),
            worker=("professional_id",),
            role=("professional_role_id",),
            change_reason=("worker_change_reason",),
        ),
        "mothers": _names(
            "moth",
            {
                "row_key": ("table_id",),
                "child_id": ("childs_person_id",),
                "related_id": ("person_id",),
            },
        ),
        "families": _names(
            "fami",
            {
                "row_key": ("table_id",),
                "child_id": ("person_id",),
                "related_id": ("family_id",),
            },
        ),
    }
)
"""For each table, canonical column (or a column that the reader turns into one) to the names it may have."""
