"""An invented request and its answer, as examples of the contract."""

from __future__ import annotations

from typing import Any

__all__ = ["REQUEST", "RESPONSE"]

REQUEST: dict[str, Any] = {
    "schema_version": "1.0",
    "index_date": "2025-03-31",
    "top_reasons": 1,
    "rank": True,
    "children": [
        {
            "child_id": "K1",
            "observed_until": "2025-03-31",
            "tables": {
                "children": [{"child_id": "K1", "birth_date": "2010-02-11"}],
                "referrals": [{"row_key": "R1", "child_id": "K1", "start_date": "2024-11-04", "end_date": None}],
                "missing_episodes": [
                    {"row_key": "M1", "child_id": "K1", "start_date": "2025-02-01", "end_date": "2025-02-02"},
                    {"row_key": "M2", "child_id": "K1", "start_date": "2025-03-19", "end_date": "2025-03-20"},
                ],
                "care_episodes": [],
                "legal_statuses": [],
            },
        },
        {
            "child_id": "K2",
            "observed_until": "2025-03-31",
            "tables": {
                "children": [{"child_id": "K2", "birth_date": "2019-07-02"}],
                "referrals": [{"row_key": "R2", "child_id": "K2", "start_date": "2025-01-15", "end_date": None}],
                "care_episodes": [],
                "legal_statuses": [],
            },
        },
    ],
}
"""Two children: one whom the model is for, and one who is too young."""

RESPONSE: dict[str, Any] = {
    "schema_version": "1.0",
    "model_id": "0123456789ab",
    "index_date": "2025-03-31",
    "decision_support_only": True,
    "override": None,
    "expires": "2026-03-31",
    "verdict": "use with care",
    "scores": [
        {
            "child_id": "K1",
            "eligible": True,
            "not_eligible_because": [],
            "risk": 0.061,
            "risk_low": 0.038,
            "risk_high": 0.094,
            "log_odds": -2.734,
            "base": -3.412,
            "compared_with": "the average child in training",
            "reasons": [
                {
                    "direction": "raises",
                    "concept": "risks outside the home",
                    "contribution": 0.52,
                    "odds_multiplier": 1.682,
                    "probability_points": 2.1,
                    "feature": "missing.count.90d",
                    "value": 2.0,
                    "record": "recorded",
                    "strength": False,
                    "sentence": "2 missing episodes in the last 90 days",
                    "evidence": [
                        {"table": "missing_episodes", "row_key": "M2", "date": "2025-03-19"},
                        {"table": "missing_episodes", "row_key": "M1", "date": "2025-02-01"},
                    ],
                    "band": None,
                    "tied": None,
                }
            ],
            "unknown": ["contact.count.365d"],
            "unseen": [],
            "data_until": "2025-03-31",
            "rank": 1,
        },
        {
            "child_id": "K2",
            "eligible": False,
            "not_eligible_because": ["not aged 10 to 17"],
            "risk": None,
            "risk_low": None,
            "risk_high": None,
            "log_odds": None,
            "base": None,
            "compared_with": None,
            "reasons": [],
            "unknown": [],
            "unseen": [],
            "data_until": "2025-03-31",
            "rank": None,
        },
    ],
}
"""An answer to it; the figures are invented."""
