"""The form of an answer, as JSON Schema."""

from __future__ import annotations

from typing import Any

__all__ = ["response_properties"]

_Schema = dict[str, Any]


def response_properties(version: str, date: str) -> dict[str, Any]:
    """Return what an answer holds.

    Parameters
    ----------
    version : str
        Of the contract.
    date : str
        Pattern of an ISO date.

    Returns
    -------
    dict
        Part of a JSON Schema.
    """
    day = {"type": "string", "format": "date", "pattern": f"^({date})$"}
    properties = {
        "schema_version": {"const": version, "description": "Version of this contract."},
        "model_id": {"type": "string", "pattern": "^[0-9a-f]{12}$", "description": "Short name of exactly this model."},
        "index_date": {**day, "description": "The day that was scored: only what was known before it was used."},
        "decision_support_only": {
            "const": True,
            "description": "A score supports a professional's decision; it never takes one.",
        },
        "override": {
            "type": ["string", "null"],
            "description": "Why the model was used although it is not to be used on the day; null where nothing had to "
            "be overridden.",
        },
        "expires": {
            **day,
            "type": ["string", "null"],
            "description": "The day from which the model is not to be used any more; null where none was agreed.",
        },
        "verdict": {
            "enum": ["use", "use with care", "do not use", None],
            "description": "What the evaluation in the model file concludes; null where there is none.",
        },
        "scores": {
            "type": "array",
            "items": {"$ref": "#/$defs/score"},
            "description": "One for each child, in the order of the request.",
        },
    }
    return {**_open(properties), "$defs": {"score": _score(day), "reason": _reason(), "evidence": _evidence(day)}}


def _score(day: _Schema) -> _Schema:
    """The score of one child."""
    properties = {
        "child_id": {"type": "string", "description": "The child, as in the request."},
        "eligible": {"type": "boolean", "description": "Whether the model is for the child on the day."},
        "not_eligible_because": _texts("Why it is not: the rules that the child does not meet, as known on the day."),
        "risk": _number("Calibrated probability of entering care within the model's horizon.", 0, 1),
        "risk_low": _number("Lower end of its spread over resampled households; null where the model has none.", 0, 1),
        "risk_high": _number("Upper end of it.", 0, 1),
        "log_odds": _number("Log-odds of the risk."),
        "base": _number("Log-odds before anything is known: those of whom the child is compared with."),
        "compared_with": {
            "type": ["string", "null"],
            "description": "Whom reasons compare the child with: a reference cohort, or the average child in training.",
        },
        "rank": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "Rank of the risk among the children of the request who have one, 1 the riskiest; ties "
            "share the lower number. Only where it was asked for.",
        },
        "reasons": {
            "type": "array",
            "items": {"$ref": "#/$defs/reason"},
            "description": "The concepts that move the risk most, the largest first.",
        },
        "unknown": _texts("Features whose value is not known, because the records do not reach or hold it."),
        "unseen": _texts("Features whose code the model does not know and takes as unknown."),
        "data_until": {**day, "description": "The last day of the child's records."},
    }
    known = {name: {"type": "number"} for name in ("risk", "log_odds", "base")}
    nothing = {name: {"type": "null"} for name in ("risk", "risk_low", "risk_high", "log_odds", "base", "rank")}
    required = [name for name in properties if name != "rank"]
    return {
        "description": "The risk of one child with its reasons, or why there is none.",
        **_open(properties, required),
        "if": {"properties": {"eligible": {"const": True}}},
        "then": {"properties": {**known, "not_eligible_because": {"maxItems": 0}}},
        "else": {"properties": {**nothing, "not_eligible_because": {"minItems": 1}, "reasons": {"maxItems": 0}}},
    }


def _reason() -> _Schema:
    """One reason."""
    properties = {
        "direction": {"enum": ["raises", "lowers"], "description": "Which way it moves the risk."},
        "concept": {"type": "string", "description": "Name of the concept."},
        "contribution": _number("In calibrated log-odds.", null=False),
        "odds_multiplier": _number("What it multiplies the odds by.", 0, null=False),
        "probability_points": _number("Its share of the change in probability, in percentage points.", null=False),
        "feature": {"type": "string", "description": "The feature that carries it."},
        "value": {
            "type": ["number", "string", "null"],
            "description": "Value of the feature, or a code; null where it is unknown or an empty window has none.",
        },
        "record": {
            "enum": ["recorded", "nothing recorded", "not known"],
            "description": "What the records say.",
        },
        "strength": {
            "type": "boolean",
            "description": "Whether it lowers the risk because something good is on record.",
        },
        "sentence": {"type": "string", "description": "The value in words."},
        "evidence": {
            "type": "array",
            "items": {"$ref": "#/$defs/evidence"},
            "description": "The source rows behind it.",
        },
        "band": {
            "enum": ["strong", "some", "slight", None],
            "description": "How sure it is; null unless bands were asked for and the model has refits.",
        },
        "tied": {
            "type": ["boolean", "null"],
            "description": "Whether another concept cannot be told from it in size; null as the band is.",
        },
    }
    return {"description": "What one concept does to the risk of one child.", **_open(properties)}


def _evidence(day: _Schema) -> _Schema:
    """One source row."""
    properties = {
        "table": {"type": "string", "description": "Its table."},
        "row_key": {"type": "string", "description": "Its key, as in the request."},
        "date": {**day, "type": ["string", "null"], "description": "Its date; null where it has none."},
    }
    return {"description": "A source row behind a reason.", **_open(properties)}


def _open(properties: _Schema, required: list[str] | None = None) -> _Schema:
    """An object that holds these names, and may hold others."""
    return {"type": "object", "properties": properties, "required": required or [*properties]}


def _number(description: str, low: float | None = None, high: float | None = None, *, null: bool = True) -> _Schema:
    """A number, or null where there is none."""
    limits = {name: value for name, value in (("minimum", low), ("maximum", high)) if value is not None}
    return {"type": ["number", "null"] if null else "number", **limits, "description": description}


def _texts(description: str) -> _Schema:
    """A list of texts."""
    return {"type": "array", "items": {"type": "string"}, "description": description}
