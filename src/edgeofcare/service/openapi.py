"""The OpenAPI document of the service: the schemas of the contract as they are generated, and every answer there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeofcare.scoring.contract import request_schema, response_schema
from edgeofcare.service.measures import METRICS_TYPE
from edgeofcare.service.problems import PROBLEM_TYPE, TITLES
from edgeofcare.version import VERSION

__all__ = ["make_document"]

Plain = dict[str, Any]

_ABOUT = (
    "Calibrated risk of entering care within the model's horizon, with its reasons. A score supports a professional's "
    "decision; it never takes one. Requests and answers about children are case records: keep them in the case system."
)
_DENIED = (400, 401, 429, 500)
_OF_BODY = (400, 401, 408, 409, 413, 415, 422, 429, 500, 503)
_PARTS = "#/components/schemas/"


def make_document() -> Plain:
    """Make the document.

    Returns
    -------
    dict
        OpenAPI 3.1, ready for JSON.
    """
    parts: Plain = {"Problem": _problem(), "Model": _model()}
    request, response = request_schema(), response_schema()
    parts["ScoreRequest"] = _component("ScoreRequest", request, parts)
    parts["ScoreResponse"] = _component("ScoreResponse", response, parts)
    parts["ExplainRequest"] = _one_child(parts["ScoreRequest"])
    parts["ExplainResponse"] = _component("ExplainResponse", _explained(response), parts)
    return {
        "openapi": "3.1.0",
        "info": {"title": "edgeofcare", "version": VERSION, "description": _ABOUT},
        "paths": {
            "/v1/score": {"post": _scoring("score", "Risks and reasons of some children", "Score")},
            "/v1/explain": {"post": _scoring("explain", "All reasons of one child, feature by feature", "Explain")},
            "/v1/model": {"get": _told("model", "What the model is", _json(_ref("Model")), _DENIED)},
            "/metrics": {"get": _told("metrics", "Counts and durations", _text(), _DENIED, open_here=True)},
            "/health": {"get": _told("health", "Whether the service answers", _json(_HEALTH), (500,), secret=False)},
            "/openapi.json": {"get": _told("openapi", "This document", _json(_DOCUMENT), (500,), secret=False)},
        },
        "components": {
            "schemas": parts,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_HEALTH: Plain = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}
_DOCUMENT: Plain = {"type": "object", "required": ["openapi", "info", "paths"]}
_ID: Plain = {
    "X-Request-Id": {"description": "What the log calls the request.", "required": True, "schema": {"type": "string"}}
}


def _scoring(name: str, summary: str, kind: str) -> Plain:
    """A route that takes records and gives scores."""
    content = {"application/json": {"schema": _ref(f"{kind}Request")}}
    found = _told(name, summary, _json(_ref(f"{kind}Response")), _OF_BODY)
    return found | {"requestBody": {"required": True, "content": content}}


def _told(
    name: str, summary: str, content: Plain, refusals: tuple[int, ...], *, secret: bool = True, open_here: bool = False
) -> Plain:
    """A route with its answers."""
    answers = {"200": {"description": summary, "headers": _ID, "content": content}}
    answers |= {str(status): _refusal(status) for status in refusals}
    security: list[Plain] = [{"token": []}] if secret else []
    return {
        "operationId": name,
        "summary": summary,
        "security": [*security, {}] if open_here else security,
        "responses": answers,
    }


def _refusal(status: int) -> Plain:
    """An answer that is a problem document."""
    headers = dict(_ID)
    if status in (429, 503):
        headers["Retry-After"] = {
            "description": "Seconds to wait.",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        }
    if status == 401:
        headers["WWW-Authenticate"] = {"description": "The scheme.", "required": True, "schema": {"type": "string"}}
    return {"description": TITLES[status], "headers": headers, "content": {PROBLEM_TYPE: {"schema": _ref("Problem")}}}


def _ref(name: str) -> Plain:
    """A component by name."""
    return {"$ref": _PARTS + name}


def _json(schema: Plain) -> Plain:
    """Content that is JSON."""
    return {"application/json": {"schema": schema}}


def _text() -> Plain:
    """Content that is the text of Prometheus."""
    return {METRICS_TYPE.split(";")[0]: {"schema": {"type": "string"}}}


def _problem() -> Plain:
    """A problem document."""
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "What was wrong (RFC 9457); it quotes nothing of the request.",
        "required": ["type", "title", "status", "detail", "request_id"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": text,
            "request_id": text,
            "problems": {"type": "array", "items": text, "minItems": 1},
        },
        "additionalProperties": False,
    }


def _model() -> Plain:
    """What is said of a model."""
    text, maybe = {"type": "string"}, {"type": ["string", "null"]}
    return {
        "type": "object",
        "description": "Some of what `edgeofcare inspect` says of the model file; nothing personal.",
        "required": ["model_id", "kind", "task", "features", "verdict", "expires", "expired", "decision_support_only"],
        "properties": {
            "model_id": text,
            "schema_version": {"type": "integer", "description": "Layout of the model file."},
            "package_version": maybe,
            "kind": text,
            "decision_support_only": {"const": True},
            "task": {"type": "object"},
            "features": {"type": "array", "items": text},
            "refits": {"type": "integer", "minimum": 0},
            "compared_with": maybe,
            "reporting_lag": {"type": ["object", "null"]},
            "verdict": maybe,
            "expires": maybe,
            "expired": {"type": "boolean"},
            "newer_file_refused": {"type": "boolean", "description": "A newer file is there that cannot be used."},
        },
    }


def _component(name: str, schema: Mapping[str, Any], parts: Plain) -> Plain:
    """A schema of the contract as a component; its definitions become components of their own."""
    plain = {key: value for key, value in schema.items() if key not in ("$schema", "$id", "$defs")}
    for inner, definition in schema.get("$defs", {}).items():
        parts[f"{name}.{inner}"] = _moved(definition, name)
    moved: Plain = _moved(plain, name)
    return moved


def _moved(schema: Any, name: str) -> Any:
    """A schema whose references point to components."""
    if isinstance(schema, list):
        return [_moved(each, name) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: f"{_PARTS}{name}.{value.removeprefix('#/$defs/')}"
        if key == "$ref" and isinstance(value, str)
        else _moved(value, name)
        for key, value in schema.items()
    }


def _one_child(schema: Plain) -> Plain:
    """The request of the contract with one child."""
    children = {**schema["properties"]["children"], "maxItems": 1, "description": "The records of one child."}
    told = {
        "title": "Request for all reasons of one child",
        "properties": {**schema["properties"], "children": children},
    }
    return {**schema, **told, "examples": [{**each, "children": each["children"][:1]} for each in schema["examples"]]}


def _explained(schema: Plain) -> Plain:
    """The answer of the contract with the features inside each reason."""
    reason = schema["$defs"]["reason"]
    inner = {name: reason["properties"][name] for name in _INSIDE}
    feature = {"description": "What one feature does.", "type": "object", "required": [*inner], "properties": inner}
    listed = {
        "type": "array",
        "items": {"$ref": "#/$defs/feature"},
        "description": "Every feature of the concept that moves the risk, the largest first; each by itself.",
    }
    inside = {
        **reason,
        "properties": {**reason["properties"], "features": listed},
        "required": [*reason["required"], "features"],
    }
    definitions = {**schema["$defs"], "reason": inside, "feature": feature}
    return {**schema, "title": "All reasons of one child", "$defs": definitions, "examples": [_in_full(schema)]}


_INSIDE = ("feature", "value", "contribution", "record", "sentence", "evidence")


def _in_full(schema: Plain) -> Plain:
    """The example of an answer, for its first child in full."""
    example = schema["examples"][0]
    first = example["scores"][0]
    reasons = [{**each, "features": [{name: each[name] for name in _INSIDE}]} for each in first["reasons"]]
    return {**example, "scores": [{**first, "reasons": reasons}]}
