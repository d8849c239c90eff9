"""The files of an authority whose extract comes from Liquidlogic (SystemC): names and values as deployed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from edgeofcare.synthetic.writers.ssd_values import (
    Encoder,
    column,
    constant,
    day,
    described,
    flag,
    key_or,
    marker,
    numbered,
    text,
)

__all__ = ["LEGAL_TEXTS", "SYSTEMC"]

LEGAL_TEXTS: Mapping[str, tuple[str, str]] = {
    "C1": ("Interim care order Sec. 38(1)",) * 2,
    "C2": ("Care Order Sec. 31(a)", "C.O. Extended S40(5) CA"),
    "D1": ("Child freed for adoption",) * 2,
    "E1": ("Placement Order (Sec. 21)", "Care Order Sec.31(a) & Placement Order (Sec. 21)"),
    "J1": ("Remanded to LA accommodation S20",) * 2,
    "J2": ("P.A.C.E Interview (CYP)",) * 2,
    "L1": ("Police protection power Sec.38(1)",) * 2,
    "L2": ("Emergency protection order - LA",) * 2,
    "L3": ("Child assessment order Sec. 43(1)",) * 2,
    "NONE": ("Special Guardianship Order", "Special Guardianship Order"),
    "V1": ("regular occ. acc. by LA S.20(1) CA under 16", "Regular occ. acc by LA S20(3) CA 16 & over"),
    "V2": ("Single placement acc. by LA S20(1) CA under 16", "Single placement acc. by LA S20(3) CA 16 & over"),
    "V3": ("regular occ. acc. by LA S.20(1) CA under 16", "Regular occ. acc by LA S20(3) CA 16 & over"),
    "V4": ("regular occ. acc. by LA S.20(1) CA under 16", "Regular occ. acc by LA S20(3) CA 16 & over"),
}
"""Local texts of each legal status: the usual one, and another that is used at 16 or over, or now and then."""

_CATEGORY = {
    "NEG": "Neglect",
    "PHY": "Physical abuse",
    "SAB": "Sexual abuse",
    "EMO": "Emotional abuse",
    "MUL": "Multiple",
}


def _every(frame: pd.DataFrame, step: int, key: str = "row_key") -> pd.Series:
    """Rows chosen by their key, about one in every so many."""
    return numbered(frame[key]) % step == 0


def _birth(frame: pd.DataFrame, *, expected: bool) -> pd.Series:
    """Date of birth; an estimated one is written in the column of the expected date instead."""
    estimated = frame["birth_date_estimated"].fillna(False).astype(bool)
    return day(frame["birth_date"]).where(estimated == expected, "")


def _death(frame: pd.DataFrame) -> pd.Series:
    """Date of death; a few rows hold 1900-01-01 instead of nothing."""
    written = day(frame["death_date"])
    return written.mask((written == "") & _every(frame, 97, "child_id"), "1900-01-01")


def _legal(frame: pd.DataFrame) -> pd.Series:
    """Local text of the legal status."""
    other = np.where(frame["status"].isin(["V1", "V2", "V3", "V4"]), frame["over_16"], _every(frame, 9))
    pairs = zip(frame["status"], other, strict=True)
    return pd.Series([LEGAL_TEXTS[status][int(second)] for status, second in pairs], index=frame.index, dtype=object)


def _authorised(frame: pd.DataFrame) -> pd.Series:
    """Date of authorisation; 1900-01-01 in half of the assessments that are open."""
    written = day(frame["end_date"])
    return written.mask((written == "") & _every(frame, 2), "1900-01-01")


def _status_end(frame: pd.DataFrame) -> pd.Series:
    """End of an immigration status; a third of the open ones hold 9999-12-31."""
    written = day(frame["end_date"])
    return written.mask((written == "") & _every(frame, 3), "9999-12-31")


def _clock(name: str, first_hour: int) -> Encoder:
    """Write a date with a time of day."""

    def encode(frame: pd.DataFrame) -> pd.Series:
        """Date, hour and minute."""
        number = numbered(frame["row_key"])
        hours = (first_hour + number % 8).astype(str).str.zfill(2)
        minutes = (number // 8 % 60).astype(str).str.zfill(2)
        written = day(frame[name])
        return (written + " " + hours + ":" + minutes + ":00").where(written != "", "")

    return encode


def _json(**flags: str) -> Encoder:
    """Write outcomes joined by hand, one flag for each canonical column; now and then a comment breaks the JSON."""

    def encode(frame: pd.DataFrame) -> pd.Series:
        """All flags of each row."""
        parts = [f'"{key}":"' + flag(name, "Y", "N")(frame) + '"' for key, name in flags.items()]
        written = parts[0]
        for part in parts[1:]:
            written = written + "," + part
        broken = ',"COMMENTS":"COMMENT-' + numbered(frame["row_key"]).astype(str) + ' said "not now" twice"'
        return "{" + written.where(~_every(frame, 60), written + broken) + "}"

    return encode


def _interview(frame: pd.DataFrame) -> pd.Series:
    """Whether the interview was accepted, NA where it was not offered."""
    written = flag("interview_accepted", "Y", "N")(frame)
    offered = frame["interview_offered"].astype(object)
    return written.mask((written == "") & (offered == False), "NA")  # noqa: E712


_PERSON: dict[str, Encoder] = {
    "pers_legacy_id": marker("L"),
    "pers_person_id": column("child_id"),
    "pers_upn": marker("ZUPN", width=9),
    "pers_forename": marker("FORENAME-"),
    "pers_surname": marker("SURNAME-"),
    "pers_sex": column("sex"),
    "pers_gender": column("sex"),
    "pers_ethnicity": column("ethnicity"),
    "pers_dob": lambda frame: _birth(frame, expected=False),
    "pers_single_unique_id": marker("NHS999"),
    "pers_upn_unknown": constant(""),
    "pers_send_flag": flag("ehc_plan", "Y", "N"),
    "pers_expected_dob": lambda frame: _birth(frame, expected=True),
    "pers_death_date": _death,
    "pers_is_mother": constant(""),
    "pers_nationality": constant(""),
}

SYSTEMC: Mapping[str, tuple[str, Mapping[str, Encoder]]] = {
    "ssd_person": ("children", _PERSON),
    "ssd_family": (
        "families",
        {
            "fami_table_id": column("row_key"),
            "fami_family_id": column("related_id"),
            "fami_person_id": column("child_id"),
        },
    ),
    "ssd_mother": (
        "mothers",
        {
            "moth_table_id": column("row_key"),
            "moth_person_id": column("related_id"),
            "moth_childs_person_id": column("child_id"),
            "moth_childs_dob": column("birth_date"),
        },
    ),
    "ssd_address": (
        "addresses",
        {
            "addr_table_id": marker("8", width=8),
            "addr_person_id": column("child_id"),
            "addr_address_type": constant("HOME"),
            "addr_address_start_date": column("birth_date"),
            "addr_address_end_date": constant(""),
            "addr_address_postcode": column("postcode"),
            "addr_address_json": marker("STREET-"),
        },
    ),
    "ssd_disability": (
        "disabilities",
        {
            "disa_table_id": column("row_key"),
            "disa_person_id": column("child_id"),
            "disa_disability_code": column("code"),
        },
    ),
    "ssd_immigration_status": (
        "immigration_statuses",
        {
            "immi_immigration_status_id": column("row_key"),
            "immi_person_id": column("child_id"),
            "immi_immigration_status_start_date": column("start_date"),
            "immi_immigration_status_end_date": _status_end,
            "immi_immigration_status": flag(
                "uasc", "Unaccompanied Asylum Seeking Child (UASC)", "Indefinite leave to remain"
            ),
        },
    ),
    "ssd_contacts": (
        "contacts",
        {
            "cont_contact_id": column("row_key"),
            "cont_person_id": column("child_id"),
            "cont_contact_date": column("date"),
            "cont_contact_source_code": described("source", "source", prefix=True),
            "cont_contact_source_desc": constant(""),
            "cont_contact_outcome_json": _json(NEW_REFERRAL_FLAG="referred"),
            "cont_recorded_date": column("recorded_date"),
        },
    ),
    "ssd_early_help_episodes": (
        "early_help",
        {
            "earl_episode_id": column("row_key"),
            "earl_person_id": column("child_id"),
            "earl_episode_start_date": column("start_date"),
            "earl_episode_end_date": column("end_date"),
            "earl_episode_reason": constant("Family support"),
            "earl_episode_end_reason": constant(""),
            "earl_episode_organisation": constant("Local authority"),
            "earl_episode_worker_id": constant("SSD_PH"),
        },
    ),
    "ssd_cin_episodes": (
        "referrals",
        {
            "cine_referral_id": column("row_key"),
            "cine_person_id": column("child_id"),
            "cine_referral_date": column("start_date"),
            "cine_cin_primary_need_code": column("need"),
            "cine_referral_source_code": described("source", "source", prefix=True),
            "cine_referral_source_desc": constant(""),
            "cine_referral_outcome_json": _json(
                SINGLE_ASSESSMENT_FLAG="assessed", STRATEGY_DISCUSSION_FLAG="discussed"
            ),
            "cine_referral_nfa": flag("nfa", "Y", "N"),
            "cine_close_reason": column("close_reason"),
            "cine_close_date": column("end_date"),
            "cine_referral_team": constant(""),
            "cine_referral_worker_id": constant("-1"),
            "cine_close_recorded_date": column("end_recorded_date"),
        },
    ),
    "ssd_cin_assessments": (
        "assessments",
        {
            "cina_assessment_id": column("row_key"),
            "cina_person_id": column("child_id"),
            "cina_referral_id": key_or("referral_id", "-1"),
            "cina_assessment_start_date": column("start_date"),
            "cina_assessment_child_seen": constant("Y"),
            "cina_assessment_auth_date": _authorised,
            "cina_assessment_outcome_json": _json(NFA_FLAG="nfa"),
            "cina_assessment_outcome_nfa": flag("nfa", "Y", "N"),
        },
    ),
    "ssd_assessment_factors": (
        "factor_lists",
        {
            "cinf_table_id": column("row_key"),
            "cinf_assessment_id": key_or("assessment_id", "-1"),
            "cinf_assessment_factors_json": column("listed"),
        },
    ),
    "ssd_cin_plans": (
        "cin_plans",
        {
            "cinp_cin_plan_id": column("row_key"),
            "cinp_referral_id": key_or("referral_id", "-1"),
            "cinp_person_id": column("child_id"),
            "cinp_cin_plan_start_date": column("start_date"),
            "cinp_cin_plan_end_date": column("end_date"),
            "cinp_end_recorded_date": column("end_recorded_date"),
        },
    ),
    "ssd_s47_enquiry": (
        "s47_enquiries",
        {
            "s47e_s47_enquiry_id": column("row_key"),
            "s47e_referral_id": key_or("referral_id", "-1"),
            "s47e_person_id": column("child_id"),
            "s47e_s47_start_date": column("start_date"),
            "s47e_s47_end_date": column("end_date"),
            "s47e_s47_nfa": flag("nfa", "Y", "N"),
            "s47e_s47_outcome_json": _json(NFA_FLAG="nfa", CP_CONFERENCE_FLAG="conference"),
        },
    ),
    "ssd_initial_cp_conference": (
        "initial_conferences",
        {
            "icpc_icpc_id": column("row_key"),
            "icpc_s47_enquiry_id": key_or("s47_id", "-1"),
            "icpc_person_id": column("child_id"),
            "icpc_referral_id": key_or("referral_id", "-1"),
            "icpc_icpc_transfer_in": flag("transfer_in", "Y", "N"),
            "icpc_icpc_target_date": constant(""),
            "icpc_icpc_date": column("date"),
            "icpc_icpc_outcome_cp_flag": flag("led_to_plan", "Y", "N"),
        },
    ),
    "ssd_cp_plans": (
        "cp_plans",
        {
            "cppl_cp_plan_id": column("row_key"),
            "cppl_referral_id": key_or("referral_id", "-1"),
            "cppl_icpc_id": key_or("conference_id", "-1"),
            "cppl_person_id": column("child_id"),
            "cppl_cp_plan_start_date": column("start_date"),
            "cppl_cp_plan_end_date": column("end_date"),
            "cppl_cp_plan_ola": flag("other_authority", "Y", "N"),
            "cppl_cp_plan_initial_category": lambda frame: text(
                frame["initial_category"].astype(object).map(_CATEGORY)
            ),
            "cppl_cp_plan_latest_category": lambda frame: text(frame["latest_category"].astype(object).map(_CATEGORY)),
        },
    ),
    "ssd_cla_episodes": (
        "care_episodes",
        {
            "clae_cla_episode_id": column("row_key"),
            "clae_person_id": column("child_id"),
            "clae_cla_placement_id": key_or("placement_id", "-1"),
            "clae_cla_episode_start_date": column("start_date"),
            "clae_cla_episode_start_reason": described("start_reason", "start_reason", prefix=True),
            "clae_cla_primary_need_code": column("need"),
            "clae_cla_episode_ceased_date": column("end_date"),
            "clae_cla_episode_ceased_reason": described("end_reason", "end_reason", prefix=True),
            "clae_cla_id": column("period_key"),
            "clae_referral_id": key_or("referral_id", "-1"),
            "clae_cla_last_iro_contact_date": constant(""),
            "clae_entered_care_date": column("entered_care"),
        },
    ),
    "ssd_legal_status": (
        "legal_statuses",
        {
            "lega_legal_status_id": column("row_key"),
            "lega_person_id": column("child_id"),
            "lega_legal_status": _legal,
            "lega_legal_status_start_date": column("start_date"),
            "lega_legal_status_end_date": column("end_date"),
        },
    ),
    "ssd_cla_placement": (
        "placements",
        {
            "clap_cla_placement_id": column("row_key"),
            "clap_cla_id": column("period_key"),
            "clap_person_id": column("child_id"),
            "clap_cla_placement_start_date": column("start_date"),
            "clap_cla_placement_type": column("type"),
            "clap_cla_placement_urn": constant(""),
            "clap_cla_placement_distance": lambda frame: frame["distance"].map("{:.1f}".format).replace("nan", "999.9"),
            "clap_cla_placement_provider": column("provider"),
            "clap_cla_placement_postcode": constant("ZZ99 9ZZ"),
            "clap_cla_placement_end_date": column("end_date"),
            "clap_cla_placement_change_reason": column("change_reason"),
        },
    ),
    "ssd_missing": (
        "missing_episodes",
        {
            "miss_table_id": column("row_key"),
            "miss_person_id": column("child_id"),
            "miss_missing_episode_start_date": _clock("start_date", 7),
            "miss_missing_episode_type": lambda frame: text(
                frame["type"].astype(object).map({"M": "Missing", "A": "Absent"})
            ),
            "miss_missing_episode_end_date": _clock("end_date", 15),
            "miss_missing_rhi_offered": flag("interview_offered", "Y", "N"),
            "miss_missing_rhi_accepted": _interview,
            "miss_recorded_date": column("recorded_date"),
        },
    ),
    "ssd_cla_convictions": (
        "offences",
        {
            "clac_cla_conviction_id": column("row_key"),
            "clac_person_id": column("child_id"),
            "clac_cla_conviction_date": column("date"),
            "clac_cla_conviction_offence": constant("OFFENCE-TEXT"),
            "clac_recorded_date": column("recorded_date"),
        },
    ),
    "ssd_involvements": (
        "worker_involvements",
        {
            "invo_involvements_id": column("row_key"),
            "invo_professional_id": column("worker"),
            "invo_professional_role_id": column("role"),
            "invo_professional_team": constant(""),
            "invo_person_id": column("child_id"),
            "invo_involvement_start_date": column("start_date"),
            "invo_involvement_end_date": column("end_date"),
            "invo_worker_change_reason": column("change_reason"),
            "invo_referral_id": key_or("referral_id", "-1"),
        },
    ),
}
"""SSD table to the source it is made from, and each column to how it is written."""
