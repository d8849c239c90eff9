"""The files of an authority whose extract comes from Mosaic: where they differ from SystemC."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from edgeofcare.synthetic.writers.ssd_systemc import SYSTEMC
from edgeofcare.synthetic.writers.ssd_values import Encoder, column, constant, day, described, flag, key_or, text

__all__ = ["MOSAIC", "UPPER_CASE"]

UPPER_CASE = ("ssd_cla_convictions", "ssd_legal_status", "ssd_missing")
"""Files whose header is in capital letters."""

_SEX = {"F": "Female", "M": "Male", "U": "Unknown"}

_ABSENT = {
    "ssd_cla_placement": ("clap_person_id",),
    "ssd_cp_plans": ("cppl_cp_plan_ola",),
    "ssd_contacts": ("cont_contact_source_code",),
    "ssd_cla_convictions": ("clac_cla_conviction_offence",),
    "ssd_involvements": ("invo_person_id",),
}


def _before_next(group: str) -> Encoder:
    """Write an end as the day before, where the next spell of the group begins on the end."""

    def encode(frame: pd.DataFrame) -> pd.Series:
        """Ends on the last day of the spell if another follows at once."""
        starts = pd.MultiIndex.from_frame(frame[[group, "start_date"]])
        ends = pd.MultiIndex.from_frame(frame[[group, "end_date"]])
        followed = ends.isin(starts) & frame["end_date"].notna().to_numpy()
        return day(frame["end_date"].mask(followed, frame["end_date"] - pd.Timedelta(days=1)))

    return encode


_CHANGED: dict[str, dict[str, tuple[str, Encoder]]] = {
    "ssd_person": {
        "pers_sex": ("pers_sex", lambda frame: text(frame["sex"].astype(object).map(_SEX))),
        "pers_gender": ("pers_gender", constant("")),
        "pers_ethnicity": ("pers_ethnicity", described("ethnicity", "ethnicity")),
        "pers_dob": ("pers_dob", lambda frame: day(frame["birth_date"]).where(~frame["unborn"], "")),
        "pers_expected_dob": ("pers_expected_dob", lambda frame: day(frame["birth_date"]).where(frame["unborn"], "")),
        "pers_death_date": ("pers_death_date", column("death_date")),
    },
    "ssd_immigration_status": {
        "immi_immigration_status": ("immi_immigration_status", flag("uasc", "UASC", "Refugee")),
        "immi_immigration_status_end_date": ("immi_immigration_status_end_date", column("end_date")),
    },
    "ssd_contacts": {
        "cont_contact_source_desc": ("cont_contact_source_desc", column("source")),
        "cont_contact_outcome_json": ("cont_contact_outcome_json", constant("Contact recorded; see notes")),
    },
    "ssd_cin_episodes": {
        "cine_referral_source_code": ("cine_referral_source", column("source")),
        "cine_referral_nfa": ("cin_referral_nfa", flag("nfa", "1", "0")),
    },
    "ssd_cin_assessments": {
        "cina_referral_id": ("cina_referral_id", key_or("referral_id", "")),
        "cina_assessment_auth_date": ("cina_assessment_auth_date", column("end_date")),
        "cina_assessment_outcome_nfa": ("cina_assessment_outcome_nfa", flag("nfa", "true", "false")),
    },
    "ssd_assessment_factors": {
        "cinf_assessment_factors_json": ("cinf_assessment_factors_json", column("answered")),
    },
    "ssd_cin_plans": {"cinp_cin_plan_id": ("cin_plan_id", column("row_key"))},
    "ssd_s47_enquiry": {"s47e_s47_nfa": ("s47e_s47_nfa", flag("nfa", "true", "false"))},
    "ssd_cp_plans": {
        "cppl_cp_plan_initial_category": ("cppl_cp_plan_initial_category", column("initial_category")),
        "cppl_cp_plan_latest_category": ("cppl_cp_plan_latest_category", column("latest_category")),
    },
    "ssd_cla_episodes": {
        "clae_cla_episode_start_date": ("clae_cla_episode_start", column("start_date")),
        "clae_cla_episode_start_reason": ("clae_cla_episode_start_reason", column("start_reason")),
        "clae_cla_primary_need_code": ("clae_cla_primary_need", column("need")),
        "clae_cla_episode_ceased_date": ("clae_cla_episode_ceased", _before_next("period_key")),
        "clae_cla_episode_ceased_reason": ("clae_cla_episode_ceased_reason", column("end_reason")),
    },
    "ssd_legal_status": {
        "lega_legal_status": ("lega_legal_status", column("status")),
        "lega_legal_status_end_date": ("lega_legal_status_end_date", _before_next("child_id")),
    },
    "ssd_cla_placement": {
        "clap_cla_placement_end_date": ("clap_cla_placement_end_date", _before_next("period_key")),
    },
    "ssd_missing": {
        "miss_missing_episode_start_date": ("miss_missing_episode_start_date", column("start_date")),
        "miss_missing_episode_type": ("miss_missing_episode_type", lambda frame: text(frame["type"])),
        "miss_missing_episode_end_date": ("miss_missing_episode_end_date", column("end_date")),
    },
}


def _table(name: str) -> tuple[str, Mapping[str, Encoder]]:
    """One SSD table of Mosaic, from that of SystemC."""
    source, encoders = SYSTEMC[name]
    changed = _CHANGED.get(name, {})
    kept = [key for key in encoders if key not in _ABSENT.get(name, ())]
    return source, dict(changed.get(key, (key, encoders[key])) for key in kept)


MOSAIC: Mapping[str, tuple[str, Mapping[str, Encoder]]] = {
    name: _table(name) for name in SYSTEMC if name != "ssd_family"
}
"""SSD table to the source it is made from, and each column to how it is written; Mosaic has no families."""
