"""The contract of a case system as JSON Schema (draft 2020-12), generated from the tables that records are read by."""

from __future__ import annotations

from typing import Any

from edgeofcare.features.single.declared import LINKS_SAID
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import EVENT, SPELL, Column, Table
from edgeofcare.schema.own import own_table
from edgeofcare.schema.sentinels import LARGEST_NUMBER, LAST_OF_NO_DATE, NO_ID
from edgeofcare.schema.tables import TABLES
from edgeofcare.scoring.contract_examples import REQUEST, RESPONSE
from edgeofcare.scoring.fitness import LONGEST_OVERRIDE
from edgeofcare.scoring.request_form import MOST_CHILDREN, MOST_REASONS, MOST_ROWS, SCHEMA_VERSION
from edgeofcare.scoring.response_form import response_properties

__all__ = ["request_schema", "response_schema"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_OWN_NAME = "^[a-z][a-z0-9_]{0,39}$"
_LONG, _SHORT = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])", "(0[469]|11)-(0[1-9]|[12][0-9]|30)"
_FEBRUARY = "02-(0[1-9]|1[0-9]|2[0-8])"
_LEAP = "[0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00"
_DATE = f"[0-9]{{4}}-({_LONG}|{_SHORT}|{_FEBRUARY})|({_LEAP})-02-29"
_OF_OURS = f"(19|20)[0-9]{{2}}-({_LONG}|{_SHORT}|{_FEBRUARY})|((19|20)(0[48]|[2468][048]|[13579][26])|2000)-02-29"
_DATED = {name: table for name, table in TABLES.items() if table.start is not None}
_DATED_NAMES = {"pattern": _OWN_NAME, "not": {"enum": [name for name in TABLES if name not in _DATED]}}
_Schema = dict[str, Any]


def request_schema() -> dict[str, Any]:
    """Return the JSON Schema of a request for scores.

    Returns
    -------
    dict
        Draft 2020-12. What it refuses, :meth:`edgeofcare.Scorer.score_request` refuses. It cannot say what holds
        between rows and fields: that keys are used once, that a spell ends after it began, that the child is among
        the children, that tables of the authority's own are declared, and that all rows together are not too many.

    Examples
    --------
    >>> request_schema()["required"]
    ['schema_version', 'index_date', 'children']
    """
    properties = {
        "schema_version": {"enum": [SCHEMA_VERSION], "description": "Version of this contract."},
        "index_date": _ref("day", "The day that is scored: only what was known before it is used."),
        "children": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_CHILDREN,
            "items": _ref("records"),
            "description": f"The records of each child; each child once, and {MOST_ROWS:,} rows in all at most.",
        },
        "top_reasons": {
            "type": "integer",
            "minimum": 0,
            "maximum": MOST_REASONS,
            "default": 3,
            "description": "Most reasons of each child; 0 for none.",
        },
        "bands": _switch(
            "Whether reasons say how sure they are, where the model has refits; it takes several times longer."
        ),
        "rank": _switch("Whether each child is told its rank among the children of this request; 1 is the riskiest."),
        "override": {
            "type": ["string", "null"],
            "minLength": 1,
            "maxLength": LONGEST_OVERRIDE,
            "pattern": r"\S",
            "not": {"type": "string", "pattern": r"[\u0000-\u001f\u007f-\u009f\u2028\u2029]"},
            "default": None,
            "description": "Why a model is used whose evaluation says 'do not use', or that has expired by the index "
            "date; one line, kept in the answer. Nothing about a child.",
        },
        "accept_lag": _switch("Whether records with another reporting lag than that of training are scored."),
    }
    return {
        "$schema": _DRAFT,
        "$id": f"urn:edgeofcare:score-request:{SCHEMA_VERSION}",
        "title": "Request for scores",
        "description": "What a case system sends to have children scored. It holds case records, and stays with the "
        "authority.",
        **_closed(properties, ["schema_version", "index_date", "children"]),
        "$defs": _definitions(),
        "examples": [REQUEST],
    }


def response_schema() -> dict[str, Any]:
    """Return the JSON Schema of the answer to a request for scores.

    Returns
    -------
    dict
        Draft 2020-12. It lets names through that it does not know: a later version may add some.

    Examples
    --------
    >>> "decision_support_only" in response_schema()["required"]
    True
    """
    return {
        "$schema": _DRAFT,
        "$id": f"urn:edgeofcare:score-response:{SCHEMA_VERSION}",
        "title": "Scores",
        "description": "What the scorer answers. It supports a professional's decision; it never takes one. It holds "
        "case records, and stays with the authority.",
        **response_properties(SCHEMA_VERSION, _DATE),
        "examples": [RESPONSE],
    }


# ----------------------------------------------------------------------------------------------------- the records


def _definitions() -> dict[str, _Schema]:
    """What the request is made of: days, keys, codes, rows of each table, and the records of a child."""
    words = "|".join("".join(_either_case(letter) for letter in word) for word in sorted(NO_ID))
    return {
        "day": {
            "type": "string",
            "format": "date",
            "maxLength": 10,
            "pattern": f"^({_OF_OURS})$",
            "not": {"const": LAST_OF_NO_DATE},
            "description": f"An ISO date after {LAST_OF_NO_DATE} and before 2100.",
        },
        "day_or_none": {
            "type": ["string", "null"],
            "maxLength": 10,
            "pattern": f"^({_DATE}|0000-[0-9]{{2}}-[0-9]{{2}})$",
            "description": f"An ISO date, or null. A date up to {LAST_OF_NO_DATE} or from 2100 on means none.",
        },
        "key": {
            "type": "string",
            "minLength": 1,
            "not": {"pattern": rf"^\s*({words})\s*$"},
            "description": "A key of the case system's own, as text; not a word for nothing such as 'null'.",
        },
        **{f"code_{name}": _code_list(name) for name in _lists_used()},
        **{f"row_of_{name}": _row(table) for name, table in TABLES.items()},
        **{f"row_of_own_{kind}": _row(own_table("suspensions", kind)) for kind in (EVENT, SPELL)},
        "records": _records(),
    }


def _records() -> _Schema:
    """The records of one child and of everybody in its household."""
    properties = {
        "child_id": _ref("key", "The child, as it stands in the rows."),
        "observed_until": _ref("day", "The last day on which the records can be trusted: that of the extract."),
        "observed_from": _by_table(
            {"anyOf": [_ref("day"), {"type": "null"}]},
            "From when each table can be trusted; null, or left out, for all time where the table is sent.",
        ),
        "reporting_lag": _by_table(
            {"type": "integer", "minimum": 0, "maximum": LARGEST_NUMBER},
            "Days from an event until it can be seen, as declared in training; 0 where left out.",
        ),
        "links": {
            "enum": [*LINKS_SAID, None],
            "description": "What the whole case system says of siblings; read off these rows if left out.",
        },
        "absent_columns": {
            "type": ["object", "null"],
            "description": "Columns that the case system does not hold, by table: features of them are unknown.",
            "properties": {name: _optional_columns(table) for name, table in _DATED.items()},
            "additionalProperties": {"type": "array", "items": {"enum": ["value", "category"]}},
            "propertyNames": _DATED_NAMES,
        },
        "own_tables": {
            "type": "object",
            "description": "Tables of the authority's own, such as suspensions, with what their rows hold.",
            "propertyNames": {"pattern": _OWN_NAME, "not": {"enum": [*TABLES]}},
            "additionalProperties": _closed(
                {
                    "kind": {
                        "enum": [EVENT, SPELL],
                        "description": "Whether rows have one date, or a start and an end.",
                    },
                    "value": _switch("Whether rows have a number.", default=True),
                    "category": _switch("Whether rows have a code.", default=True),
                },
                ["kind"],
            ),
        },
        "tables": _tables(),
    }
    description = "The records of one child and of everybody in its household."
    return {"description": description, **_closed(properties, ["child_id", "observed_until", "tables"])}


def _tables() -> _Schema:
    """Lists of rows by table."""
    held = {
        name: {"description": f"{table.meaning} Left out where not received.", **_rows(_ref(f"row_of_{name}"))}
        for name, table in TABLES.items()
    }
    for name, table in TABLES.items():
        if table.required:
            held[name]["description"] = f"{table.meaning} Has to be sent; an empty list where there is no row."
    held["children"]["minItems"] = 1
    own = {"anyOf": [_ref("row_of_own_event"), _ref("row_of_own_spell")]}
    return {
        "type": "object",
        "description": "The rows by table. A table that is left out was not received, so that nothing is known of it; "
        "one that holds nothing of the household is an empty list.",
        "properties": held,
        "required": [name for name, table in TABLES.items() if table.required],
        "propertyNames": {"pattern": _OWN_NAME},
        "additionalProperties": {"description": "A table of the authority's own, as declared.", **_rows(own)},
    }


def _rows(row: _Schema) -> _Schema:
    """A list of rows."""
    return {"type": "array", "maxItems": MOST_ROWS, "items": row}


def _row(table: Table) -> _Schema:
    """A row of a table: every column that there is, and no other."""
    properties = {column.name: _column(table, column) for column in table.columns}
    required = [column.name for column in table.columns if column.required]
    return {"description": f"A row about {_a(table.singular)}.", **_closed(properties, required)}


def _column(table: Table, column: Column) -> _Schema:
    """A cell of one column."""
    unit = f" In {column.unit}." if column.unit else ""
    told = column.meaning + unit
    if column.name in ("row_key", "child_id"):
        return _ref("key", told)
    if column.kind == "date":
        return _ref("day" if column.name in (table.start, "birth_date") else "day_or_none", told)
    if column.kind == "code" and column.codes:
        return _ref(f"code_{column.codes}", told)
    if column.kind == "number":
        return {
            "type": ["number", "null"],
            "minimum": -LARGEST_NUMBER,
            "maximum": LARGEST_NUMBER,
            "description": told,
        }
    return {"type": ["boolean" if column.kind == "flag" else "string", "null"], "description": told}


def _by_table(value: _Schema, description: str) -> _Schema:
    """A value for each dated table, canonical or of the authority's own."""
    return {
        "type": ["object", "null"],
        "description": description,
        "propertyNames": _DATED_NAMES,
        "additionalProperties": value,
    }


def _optional_columns(table: Table) -> _Schema:
    """A list of columns that a source may lack."""
    names = [column.name for column in table.columns if not column.required and column.kind != "date"]
    listed: _Schema = {"type": "array", "description": f"Of {table.plural}."}
    return {**listed, "items": {"enum": names}} if names else {**listed, "maxItems": 0}


def _lists_used() -> list[str]:
    """Names of the code lists that columns use."""
    return sorted({column.codes for table in TABLES.values() for column in table.columns if column.codes})


def _code_list(name: str) -> _Schema:
    """A code of a list, with what each means."""
    codes = CODE_LISTS[name]
    meanings = "; ".join(f"{code}: {meaning}" for code, meaning in codes.items())
    return {"enum": [*codes, None], "description": f"{meanings}. Null where it is not known."}


# ---------------------------------------------------------------------------------------------------------- pieces


def _ref(name: str, description: str = "") -> _Schema:
    """A definition by name, with what it is here."""
    return {"$ref": f"#/$defs/{name}", **({"description": description} if description else {})}


def _closed(properties: _Schema, required: list[str]) -> _Schema:
    """An object that holds these names and no other."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _switch(description: str, *, default: bool = False) -> _Schema:
    """True or false."""
    return {"type": "boolean", "default": default, "description": description}


def _either_case(letter: str) -> str:
    """A letter of either case in a pattern."""
    return f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else letter


def _a(noun: str) -> str:
    """A noun with its article."""
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"
