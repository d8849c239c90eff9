"""Validation rules whose rows do not survive reading, so that they are counted while it drops or repairs them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["BROKEN_ON_READING"]

_NOT_YET_KNOWN = "later than observed_until, so not known"
_BACKWARDS = "end before start"
_NOT_IN_LIST = "the code is not in the national list"

BROKEN_ON_READING: Mapping[tuple[str, str, str], str] = MappingProxyType(
    {
        ("children", "child_id", "no child"): "CIN 8500",
        ("children", "child_id", "duplicate keys"): "903 INT32, CIN 8510",
        ("children", "birth_date", "no date of birth"): "903 102, CIN 8525Q",
        ("care_episodes", "start_date", "no start date"): "903 141",
        ("care_episodes", "end_date", "unreadable date"): "903 147",
        ("care_episodes", "start_date", "begins after observed_until"): "903 354",
        ("care_episodes", "end_date", _NOT_YET_KNOWN): "903 385",
        ("care_episodes", "end_date", _BACKWARDS): "903 356",
        ("care_episodes", "end_reason", _NOT_IN_LIST): "903 149",
        ("care_episodes", "child_id", "the child is not in the children table"): "903 INT03",
        (
            "care_episodes",
            "end_date",
            "left open although the child has a later episode: ends where that begins",
        ): "903 142",
        ("missing_episodes", "end_date", _BACKWARDS): "903 567",
        ("referrals", "start_date", "no start date"): "CIN 8600",
        ("referrals", "end_date", _NOT_YET_KNOWN): "CIN 8620",
        ("referrals", "end_date", _BACKWARDS): "CIN 8630",
        ("assessments", "end_date", _BACKWARDS): "CIN 8608",
        ("assessment_factors", "row_key", "duplicate keys"): "CIN 8898",
    }
)
"""Table, column and what was found there, to the rules that such rows break."""
