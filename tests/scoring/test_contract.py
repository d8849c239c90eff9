"""The JSON Schemas say what is read: what they accept is read, what is refused for its form they refuse."""

from __future__ import annotations

import copy
import json
import runpy
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.exceptions import RecordsError
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.own import own_table
from edgeofcare.schema.tables import TABLES
from edgeofcare.scoring.contract import request_schema, response_schema
from edgeofcare.scoring.contract_examples import REQUEST, RESPONSE
from edgeofcare.scoring.request_form import MOST_CHILDREN, SCHEMA_VERSION, read_request

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = request_schema()
REQUESTS = jsonschema.Draft202012Validator(SCHEMA)
RECORDS = jsonschema.Draft202012Validator({"$ref": "#/$defs/records", "$defs": SCHEMA["$defs"]})
UNTIL = date(2024, 12, 31)
OWN = {"suspensions": "event", "tenancies": "spell"}
BETWEEN_ROWS = (
    "end before start",
    "duplicate keys",
    "is not among the rows",
    "begin after observed_until",
    "name a child who is not",
    "can be trusted, but tables does not hold",
)
"""What is wrong between cells, which a schema cannot see."""


# --------------------------------------------------------------------------------------------------- the documents


@pytest.mark.parametrize("schema", [request_schema(), response_schema()], ids=["request", "response"])
def test_they_are_schemas_with_a_version_and_an_example_that_they_accept(schema):
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    assert schema["$schema"] == validator.META_SCHEMA["$id"]
    assert schema["$id"].endswith(f":{SCHEMA_VERSION}")
    assert schema["properties"]["schema_version"] in (
        {"enum": [SCHEMA_VERSION], "description": "Version of this contract."},
        {"const": SCHEMA_VERSION, "description": "Version of this contract."},
    )
    for example in schema["examples"]:
        validator(schema).validate(example)


def test_the_examples_belong_together():
    read_request(REQUEST)
    children = [child["child_id"] for child in REQUEST["children"]]
    assert [score["child_id"] for score in RESPONSE["scores"]] == children
    keys = {row["row_key"] for row in REQUEST["children"][0]["tables"]["missing_episodes"]}
    assert {row["row_key"] for row in RESPONSE["scores"][0]["reasons"][0]["evidence"]} == keys


def described(schema, name=""):
    """Every property below a schema with whether it is described."""
    for part, inner in schema.items():
        if part == "properties" and "if" not in name:
            for each, about in inner.items():
                yield f"{name}.{each}", bool(about.get("description"))
                yield from described(about, f"{name}.{each}")
        elif part in ("items", "additionalProperties") and isinstance(inner, dict):
            yield from described(inner, name)
        elif part == "$defs":
            for each, about in inner.items():
                yield from described(about, f"{name}#{each}")


@pytest.mark.parametrize("schema", [request_schema(), response_schema()], ids=["request", "response"])
def test_every_property_is_described(schema):
    found = dict(described(schema))
    assert len(found) > 20
    bare = [name for name, told in found.items() if not told and ".absent_columns" not in name]
    assert bare == []


def test_every_table_column_and_code_list_is_there():
    tables = SCHEMA["$defs"]["records"]["properties"]["tables"]["properties"]
    assert list(tables) == list(TABLES)
    for name, table in TABLES.items():
        assert list(SCHEMA["$defs"][f"row_of_{name}"]["properties"]) == list(table.names)
        for column in table.columns:
            if column.codes:
                assert SCHEMA["$defs"][f"code_{column.codes}"]["enum"] == [*CODE_LISTS[column.codes], None]
    assert SCHEMA["properties"]["children"]["maxItems"] == MOST_CHILDREN


@pytest.mark.parametrize("name", ["score_request.schema.json", "score_response.schema.json"])
def test_the_stored_documents_are_those_of_the_code(name):
    made = runpy.run_path(str(DOCS / "scripts" / "score_schemas.py"))["text"](name)
    assert (DOCS / "reference" / name).read_text(encoding="utf-8") == made


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        *((text, True) for text in ("2024-02-29", "2000-02-29", "1999-12-31", "2099-12-31", "1900-01-02")),
        *((text, False) for text in ("2023-02-29", "1900-02-29", "2100-01-01", "1900-01-01", "1899-12-31")),
        *((text, False) for text in ("2024-13-01", "2024-04-31", "2024-1-1", "2024-01-01\n", " 2024-01-01", "", None)),
    ],
)
def test_a_day_is_a_day_of_the_calendar(text, accepted):
    day = jsonschema.Draft202012Validator(SCHEMA["$defs"]["day"])
    assert day.is_valid(text) is accepted
    child = copy.deepcopy(REQUEST["children"][0]) | {"observed_until": text}
    assert reads(child)[0] is accepted or "begin" in "".join(reads(child)[1]) or "among" in "".join(reads(child)[1])


# --------------------------------------------------------------------------------------- accepted and read, or neither


def reads(plain):
    """Whether from_plain reads records, and what it says if not."""
    try:
        ChildRecords.from_plain(plain)
    except RecordsError as error:
        return False, error.problems
    return True, ()


def days(first=-3000, last=0):
    """ISO dates before the end of the records."""
    return st.integers(first, last).map(lambda back: str(UNTIL + timedelta(back)))


def cells(table, column):
    """What a cell of a column may hold."""
    if column.name == table.start:
        return days()
    if column.kind == "date":
        return st.none() | st.sampled_from(["9999-12-31", "1900-01-01", "0000-00-00"]) | days(1, 4000)
    if column.kind == "flag":
        return st.sampled_from([True, False, None])
    if column.kind == "number":
        return st.none() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9)
    if column.codes:
        return st.sampled_from([*CODE_LISTS[column.codes], None])
    return st.none() | st.text(max_size=6)


@st.composite
def rows(draw, table, count):
    """Rows of a table of one child; columns that need not be there are left out at times."""
    made = []
    for number in range(count):
        row = {"row_key": f"{table.name} {number}", "child_id": "c 0"}
        for column in table.columns:
            if column.name not in row and (column.required or draw(st.booleans())):
                row[column.name] = draw(cells(table, column))
        made.append(row)
    return made


@st.composite
def children(draw):
    """Records of a child as the tables of the schema have them."""
    tables = {name: [] for name, table in TABLES.items() if table.required}
    person = {"child_id": "c 0", "birth_date": draw(days(-7000, -1000))}
    for column in TABLES["children"].columns:
        if column.name not in person and draw(st.booleans()):
            person[column.name] = draw(cells(TABLES["children"], column))
    chosen = draw(st.lists(st.sampled_from([name for name in TABLES if name != "children"]), max_size=4, unique=True))
    for name in chosen:
        tables[name] = draw(rows(TABLES[name], draw(st.integers(0, 3))))
    own = draw(st.lists(st.sampled_from(sorted(OWN)), max_size=2, unique=True))
    for name in own:
        tables[name] = draw(rows(own_table(name, OWN[name]), draw(st.integers(0, 2))))
    tables["children"] = [person]
    plain = {"child_id": "c 0", "observed_until": str(UNTIL), "tables": tables}
    dated = st.sampled_from([name for name, table in TABLES.items() if table.start] + own)
    sent = dated.filter(lambda name: name in tables)
    options = {
        "observed_from": st.none() | st.dictionaries(sent, st.none() | days(), max_size=3),
        "reporting_lag": st.none() | st.dictionaries(dated, st.integers(0, 400), max_size=3),
        "links": st.sampled_from(["none", "undated", "dated", None]),
        "absent_columns": st.sampled_from([None, {}, {"referrals": ["source"]}, {"contacts": []}]),
        "own_tables": st.just({name: {"kind": OWN[name], "value": True} for name in own}),
    }
    for name, made in options.items():
        if (name == "own_tables" and own) or draw(st.booleans()):
            plain[name] = draw(made)
    return plain


@settings(max_examples=120)
@given(children())
def test_what_is_made_of_the_tables_is_accepted_and_read(plain):
    RECORDS.validate(plain)
    held = ChildRecords.from_plain(json.loads(json.dumps(plain)))
    RECORDS.validate(json.loads(json.dumps(held.to_plain())))


WRONG = [
    *(None, True, False, 0, 1, 2.5, -1, 10**10, [], ["x"], {}, {"x": 1}, 20240101),
    *("", " ", "null", " None ", "-1", "K9", "C1", "none", "dated", "\u00a0", "KIND", "yes"),
    *("2024-01-05", "2024-02-30", "9999-12-31", "0000-99-99", "1900-01-01", "1850-05-05"),
    *("01/02/2024", "2024-01-05\n", "2024-W01-1"),
]


def places(value, path=()):
    """Every place in what JSON holds."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield from places(each, (*path, name))


def changed(plain, path, wrong):
    """The same with something else in one place, or without it."""
    made = copy.deepcopy(plain)
    at = made
    for name in path[:-1]:
        at = at[name]
    if isinstance(wrong, str) and wrong == "left out":
        del at[path[-1]]
    elif isinstance(wrong, str) and wrong == "another name" and isinstance(at, dict):
        at["another"] = at.pop(path[-1])
    else:
        at[path[-1]] = wrong
    return made


def run(examples, **options):
    """Change one place of so many records; how many were read and how many refused for their form."""
    counts = [0, 0]

    @settings(max_examples=examples, **options)
    @given(children(), st.data())
    def law(plain, data):
        for _ in range(6):
            path = data.draw(st.sampled_from([path for path in places(plain) if path]))
            wrong = data.draw(st.sampled_from([*WRONG, "left out", "another name"]))
            made = changed(plain, path, wrong)
            read, problems = reads(made)
            accepted = RECORDS.is_valid(made)
            between = all(any(said in problem for said in BETWEEN_ROWS) for problem in problems)
            if read:
                assert accepted, (path, wrong)
            elif accepted and not between:
                # a table or column of the authority's own that is not declared, or has another form than declared
                assert path[0] in ("own_tables", "tables", "observed_from", "reporting_lag"), (path, wrong, problems)
                assert (
                    set(OWN) & {*map(str, path), *plain["tables"]} or "another" in problems or wrong == "another name"
                )
            counts[not read] += 1

    law()
    return counts


def test_a_change_in_one_place_is_accepted_and_read_or_neither():
    assert min(run(120)) > 40


@pytest.mark.slow
def test_a_change_in_one_place_is_accepted_and_read_or_neither_at_length():
    assert min(run(5000, derandomize=False)) > 2000


def test_columns_that_only_spells_have_are_only_in_rows_of_spells():
    for name, table in TABLES.items():
        assert ("end_date" in SCHEMA["$defs"][f"row_of_{name}"]["properties"]) == (table.kind == SPELL)
