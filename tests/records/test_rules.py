"""Validation rules: for each a picture that passes and one that fails, with the rows that do."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.records.records import Records
from edgeofcare.records.rules.judge import NOT_JUDGED, RULES, judge_rules, rule_table
from edgeofcare.records.rules.reading import BROKEN_ON_READING
from edgeofcare.records.rules.rule import Facts
from edgeofcare.schema.tables import TABLES
from tiny_tables import UNTIL, picture, records_of

CHILD = "child_id, birth_date, sex, ethnicity\nann, 2008-06-15, F, WBRI"


def table(head, *rows):
    """A picture from its header and rows."""
    return "\n".join([head, *rows])


def episodes(*rows):
    return table("child, start, end, start_reason, end_reason, need", *rows)


def statuses(*rows):
    return table("child, start, end, status", *rows)


def spells(*rows):
    return table("child, start, end", *rows)


def referrals(*rows):
    return table("child, start, end, nfa, close_reason", *rows)


def care(*rows, status="V2", **more):
    """Care episodes under one legal status."""
    return {"care_episodes": episodes(*rows), "legal_statuses": statuses(f"ann, 2000-01-01, , {status}"), **more}


CASE = referrals("ann, 2020-01-01, 2020-12-31, N, RC7")
LEFT = "ann, 2022-01-10, 2022-03-01, S, E4A, N1"
GOES_ON = "ann, 2022-01-10, 2022-03-01, S, X1, N1"
NEXT = "ann, 2022-03-01, 2022-05-01, L, E4A, N1"


def plans(*rows):
    return table("child, start, end, initial_category, latest_category", *rows)


EIGHT = ("MOB", "HAND", "PC", "INC", "COMM", "LD", "HEAR", "VIS")

PICTURES = {
    "903 101": (care(LEFT, children=CHILD), care(LEFT, children=CHILD.replace("F", "")), 1),
    "903 103": (care(LEFT, children=CHILD), care(LEFT, children=CHILD.replace("WBRI", "")), 1),
    "903 143": (care(LEFT), care(LEFT.replace("S,", ",")), 1),
    "903 144": (
        care(LEFT),
        {"care_episodes": episodes(LEFT),
         "legal_statuses": statuses("ann, 2022-01-11, , V2", "ann, 2020-01-01, 2022-01-10, C2")},
        1,
    ),
    "903 145": (care(LEFT), care(LEFT.replace("N1", "N9"), NEXT.replace("N1", "")), 2),
    "903 148": (care(GOES_ON, NEXT), care(LEFT.replace("E4A", ""), NEXT.replace("03-01, 2022-05-01", "04-01, ")), 2),
    "903 351": (
        care("ann, 2022-01-10, 2024-05-01, S, E4A, N1", children=CHILD.replace("2008-06-15", "2003-04-01")),
        care("ann, 2022-01-10, 2024-05-01, S, E4A, N1", children=CHILD.replace("2008-06-15", "2003-03-31")),
        1,
    ),
    "903 352": (
        care(LEFT, children=CHILD.replace("2008-06-15", "2004-01-11")),
        care(LEFT, children=CHILD.replace("2008-06-15", "2004-01-10")),
        1,
    ),
    "903 353": (
        care("ann, 1991-10-14, , S, , N1", children=CHILD.replace("2008-06-15", "1990-01-01")),
        care("ann, 1991-10-13, , S, , N1", children=CHILD.replace("2008-06-15", "1990-01-01")),
        1,
    ),
    "903 355": (care(LEFT), care(LEFT.replace("2022-03-01", "2022-01-10")), 1),
    "903 357": (care(GOES_ON, NEXT), care(NEXT), 1),
    "903 358": (
        care(LEFT, status="J1"),
        care(LEFT, status="J1", children=CHILD.replace("2008-06-15", "2012-01-11")),
        1,
    ),
    "903 361": (
        {"legal_statuses": statuses("ann, 2022-01-10, 2022-01-13, L1", "ann, 2022-03-10, 2022-03-12, L1")},
        {"legal_statuses": statuses("ann, 2022-01-10, 2022-01-12, L1", "ann, 2022-01-12, 2022-01-14, L1")},
        2,
    ),
    "903 362": (
        {"legal_statuses": statuses("ann, 2022-01-01, 2022-01-22, L2")},
        {"legal_statuses": statuses("ann, 2022-01-01, 2022-01-23, L2", "bob, 2022-01-01, , L2")},
        2,
    ),
    "903 363": (
        {"legal_statuses": statuses("ann, 2022-01-01, 2022-01-08, L3")},
        {"legal_statuses": statuses("ann, 2022-01-01, 2022-01-09, L3")},
        1,
    ),
    "903 365": (
        care("ann, 2022-01-01, 2022-01-18, S, E4A, N2", status="V3"),
        care("ann, 2022-01-01, 2022-01-19, S, E4A, N2", status="V3"),
        1,
    ),
    "903 366": (care(GOES_ON, NEXT), care(GOES_ON, NEXT, status="V3"), 1),
    "903 367": (
        care(*[f"ann, 2022-{month:02d}-01, 2022-{month:02d}-16, S, E4A, N2" for month in range(1, 6)], status="V3"),
        care(*[f"ann, 2022-{month:02d}-01, 2022-{month:02d}-17, S, E4A, N2" for month in range(1, 6)], status="V3"),
        1,
    ),
    "903 388": (care(GOES_ON, NEXT), care(GOES_ON, NEXT.replace("2022-03-01", "2022-03-02")), 1),
    "903 426": (
        {"care_episodes": episodes("ann, 2022-03-01, 2022-03-05, S, E4A, N2",
                                   "ann, 2022-04-02, 2022-04-05, S, E4A, N2"),
         "legal_statuses": statuses("ann, 2022-03-01, 2022-03-05, V3", "ann, 2022-04-02, 2022-04-05, V4")},
        {"care_episodes": episodes("ann, 2022-04-01, 2022-04-02, S, E4A, N2",
                                   "ann, 2023-03-31, 2023-04-05, S, E4A, N2"),
         "legal_statuses": statuses("ann, 2022-04-01, 2022-04-02, V3", "ann, 2023-03-31, 2023-04-05, V4")},
        2,
    ),
    "903 431": (care(GOES_ON, NEXT), care(GOES_ON, NEXT.replace("L,", "S,")), 1),
    "903 432": (
        care(LEFT, NEXT.replace("2022-03-01", "2022-04-01").replace("L,", "S,")),
        care(LEFT, NEXT.replace("2022-03-01", "2022-04-01")),
        1,
    ),
    "903 433": (care(GOES_ON, NEXT), care(GOES_ON, NEXT.replace("2022-03-01", "2022-03-02")), 1),
    "903 437": (care(LEFT, NEXT), care(LEFT.replace("E4A", "E2"), NEXT), 1),
    "903 501": (care(GOES_ON, NEXT), care(GOES_ON, NEXT.replace("2022-03-01", "2022-02-28")), 1),
    "903 504": (care(GOES_ON, NEXT), care(GOES_ON, NEXT.replace("N1", "N2")), 1),
    "903 574": (
        {"missing_episodes": spells("ann, 2022-01-01, 2022-01-03", "ann, 2022-01-03, 2022-01-04")},
        {"missing_episodes": spells("ann, 2022-01-01, ", "ann, 2022-01-03, 2022-01-04", "ann, 2022-02-03, 2022-02-04")},
        2,
    ),
    "CIN 1103": (
        {"referrals": CASE, "assessments": spells("ann, 2020-01-01, 2020-02-01")},
        {"referrals": CASE, "assessments": spells("ann, 2019-12-31, 2020-02-01")},
        1,
    ),
    "CIN 1104": (
        {"referrals": CASE, "initial_conferences": "child, date\nann, 2020-01-01"},
        {"referrals": CASE, "initial_conferences": "child, date\nann, 2019-12-31"},
        1,
    ),
    "CIN 1105": (
        {"referrals": CASE, "cp_plans": spells("ann, 2020-01-01, 2020-02-01")},
        {"referrals": CASE, "cp_plans": spells("ann, 2019-12-31, 2020-02-01")},
        1,
    ),
    "CIN 1570": (
        {"children": "child_id, birth_date\n" + "x" * 20 + ", 2010-01-01"},
        {"children": "child_id, birth_date\n" + "x" * 21 + ", 2010-01-01"},
        1,
    ),
    "CIN 2887Q": (
        {"disabilities": table("child, code", *[f"ann, {c}" for c in EIGHT])},
        {"disabilities": table("child, code", "ann, LD", "ann, AUT")},
        1,
    ),
    "CIN 2888Q": (
        {"disabilities": table("child, code", "ann, LD", "ann, AUT", "bob, LD")},
        {"disabilities": table("child, code", "ann, NONE", "ann, AUT", "bob, LD")},
        1,
    ),
    "CIN 2889": (
        {"referrals": CASE, "s47_enquiries": spells("ann, 2020-01-01, 2020-02-01")},
        {"referrals": CASE, "s47_enquiries": spells("ann, 2019-12-31, 2020-02-01")},
        1,
    ),
    "CIN 4000": (
        {"referrals": CASE, "cin_plans": spells("ann, 2020-01-02, 2020-02-01")},
        {"referrals": CASE.replace("N,", "Y,"), "cin_plans": spells("ann, 2020-01-02, 2020-02-01")},
        1,
    ),
    "CIN 4001": (
        {"cin_plans": spells("ann, 2020-01-01, "),
         "cp_plans": spells("ann, 2019-01-01, 2020-01-01", "bob, 2020-01-01, ")},
        {"cin_plans": spells("ann, 2020-01-01, "), "cp_plans": spells("ann, 2021-01-01, ")},
        1,
    ),
    "CIN 4014": (
        {"cin_plans": spells("ann, 2020-01-01, 2020-02-01", "ann, 2020-02-02, ")},
        {"cin_plans": spells("ann, 2020-01-01, 2020-02-01", "ann, 2020-02-01, ")},
        1,
    ),
    "CIN 4015": (
        {"referrals": CASE, "cin_plans": spells("ann, 2020-01-01, 2020-02-01")},
        {"referrals": CASE, "cin_plans": spells("ann, 2019-12-31, 2020-02-01")},
        1,
    ),
    "CIN 4016": (
        {"cin_plans": spells("ann, 2020-03-01, "), "cp_plans": spells("ann, 2020-01-01, 2020-03-01")},
        {"cin_plans": spells("ann, 2020-02-29, "), "cp_plans": spells("ann, 2020-01-01, 2020-03-01")},
        1,
    ),
    "CIN 4017": (
        {"cp_plans": spells("ann, 2020-03-01, "), "cin_plans": spells("ann, 2020-01-01, 2020-03-01")},
        {"cp_plans": spells("ann, 2020-02-29, "), "cin_plans": spells("ann, 2020-01-01, 2020-03-01")},
        1,
    ),
    "CIN 8565": (
        {"referrals": CASE, "assessments": spells("ann, 2020-01-02, 2020-12-31")},
        {"referrals": CASE, "assessments": spells("ann, 2020-12-01, 2021-01-01"),
         "cp_plans": spells("ann, 2020-12-01, 2021-01-01")},
        2,
    ),
    "CIN 8606": (
        {"referrals": referrals("ann, 2007-09-09, 2008-01-01, N, RC7")},
        {"referrals": referrals("ann, 2007-09-08, 2008-01-01, N, RC7")},
        1,
    ),
    "CIN 8790": (
        {"disabilities": table("child, code", "ann, NONE", "bob, LD")},
        {"disabilities": table("child, code", "ann, NONE", "ann, LD")},
        1,
    ),
    "CIN 8805": ({"referrals": CASE}, {"referrals": CASE.replace("RC7", "")}, 1),
    "CIN 8810": ({"referrals": CASE}, {"referrals": CASE.replace("2020-12-31", "")}, 1),
    "CIN 8815": (
        {"referrals": referrals("ann, 2020-01-01, , N,", "ann, 2020-02-01, , Y,")},
        {"referrals": referrals("ann, 2020-01-01, , N,", "ann, 2020-02-01, , ,")},
        2,
    ),
    "CIN 8816": (
        {"referrals": referrals("ann, 2020-01-01, 2020-02-01, N, RC7", "ann, 2020-02-01, , N,")},
        {"referrals": referrals("ann, 2020-01-01, , N,", "ann, 2020-02-01, 2020-03-01, N, RC7")},
        1,
    ),
    "CIN 8820": (
        {"referrals": referrals("ann, 2020-01-01, 2020-02-01, N, RC7", "ann, 2020-02-01, , N,", "bob, 2020-01-01, , Y,",
                                "bob, 2020-02-01, , N,")},
        {"referrals": referrals("ann, 2020-01-01, 2020-02-02, N, RC7", "ann, 2020-02-01, , N,")},
        1,
    ),
    "CIN 8831": (
        {"referrals": referrals("ann, 2020-01-01, , Y,", "ann, 2020-02-01, , N,"),
         "assessments": spells("ann, 2020-02-01, 2020-03-01")},
        {"referrals": referrals("ann, 2020-01-01, , Y,"), "assessments": spells("ann, 2020-02-01, 2020-03-01")},
        1,
    ),
    "CIN 8832": (
        {"referrals": CASE, "cp_plans": spells("ann, 2020-02-01, 2020-03-01")},
        {"referrals": CASE.replace("N,", "Y,"), "cp_plans": spells("ann, 2020-02-01, 2020-03-01")},
        1,
    ),
    "CIN 8839": (
        {"s47_enquiries": spells("ann, 2020-01-01, 2020-01-05", "ann, 2020-02-01, ", "bob, 2020-02-01, ")},
        {"s47_enquiries": spells("ann, 2020-01-01, ", "ann, 2020-02-01, ")},
        2,
    ),
    "CIN 8869": (
        {"assessment_factors": table("child, date, factor", "ann, 2020-01-01, 21", "ann, 2020-02-01, 4A")},
        {"assessment_factors": table("child, date, factor", "ann, 2020-01-01, 21", "ann, 2020-01-01, 4A")},
        1,
    ),
    "CIN 8890": (
        {"s47_enquiries": spells("ann, 2020-01-01, 2020-02-01", "ann, 2020-02-01, 2020-03-01")},
        {"s47_enquiries": spells("ann, 2020-01-01, 2020-02-02", "ann, 2020-02-01, 2020-03-01")},
        1,
    ),
    "CIN 8896": (
        {"assessments": spells("ann, 2020-01-01, 2020-01-05", "ann, 2020-02-01, ")},
        {"assessments": spells("ann, 2020-01-01, ", "ann, 2020-02-01, ")},
        2,
    ),
    "CIN 8897Q": (
        {"assessments": spells("ann, 2020-01-01, 2020-01-05", "ann, 2020-02-01, "),
         "assessment_factors": "child, date, factor\nann, 2020-01-05, 4A"},
        {"assessments": spells("ann, 2020-01-01, 2020-01-06", "ann, 2020-02-01, "),
         "assessment_factors": "child, date, factor\nann, 2020-01-05, 4A"},
        1,
    ),
    "CIN 8898": (
        {"assessment_factors": table("child, date, factor", "ann, 2020-01-01, 4A", "ann, 2020-02-01, 4A")},
        {"assessment_factors": table("child, date, factor", "ann, 2020-01-01, 4A", "ann, 2020-01-01, 4A")},
        1,
    ),
    "CIN 8905": (
        {"cp_plans": plans("ann, 2020-01-01, , NEG, EMO")},
        {"cp_plans": plans("ann, 2020-01-01, , , EMO")},
        1,
    ),
    "CIN 8910": (
        {"cp_plans": plans("ann, 2020-01-01, , NEG, EMO")},
        {"cp_plans": plans("ann, 2020-01-01, , NEG,")},
        1,
    ),
    "CIN 8935": (
        {"cp_plans": spells("ann, 2020-01-01, 2020-02-01", "ann, 2020-03-01, ")},
        {"cp_plans": spells("ann, 2020-01-01, ", "ann, 2020-03-01, ")},
        2,
    ),
    "CIN 8940": (
        {"cp_plans": spells("ann, 2020-01-01, 2020-02-01", "ann, 2020-02-02, ")},
        {"cp_plans": spells("ann, 2020-01-01, 2020-02-01", "ann, 2020-02-01, ")},
        1,
    ),
}  # fmt: skip
"""Rules that are judged on the tables: what passes, what fails, and how many rows of it do."""

READING = {
    "903 102": ({"children": CHILD}, {"children": CHILD + "\nbob, the 1st, M, WBRI"}),
    "903 141": (care(LEFT), care(LEFT, "ann, , 2022-09-01, S, E4A, N1")),
    "903 142": (care(GOES_ON, NEXT), care("ann, 2022-01-10, , S, , N1", NEXT)),
    "903 147": (care(LEFT), care(LEFT.replace("2022-03-01", "spring"))),
    "903 149": (care(LEFT), care(LEFT.replace("E4A", "E99"))),
    "903 354": (care(LEFT), care(LEFT, "ann, 2025-01-01, , S, , N1")),
    "903 356": (care(LEFT), care(LEFT, "ann, 2022-09-02, 2022-09-01, S, E4A, N1")),
    "903 385": (care(LEFT), care(LEFT.replace("2022-03-01", "2025-03-01"))),
    "903 567": (
        {"missing_episodes": spells("ann, 2022-01-01, 2022-01-01")},
        {"missing_episodes": spells("ann, 2022-01-02, 2022-01-01")},
    ),
    "903 INT03": (care(LEFT, children=CHILD), care(LEFT, LEFT.replace("ann", "zoe"), children=CHILD)),
    "903 INT32": ({"children": CHILD}, {"children": CHILD + "\nann, 2009-06-15, F, WBRI"}),
    "CIN 8500": ({"children": CHILD}, {"children": CHILD + "\n, 2009-06-15, F, WBRI"}),
    "CIN 8510": ({"children": CHILD}, {"children": CHILD + "\nann, 2009-06-15, F, WBRI"}),
    "CIN 8525Q": ({"children": CHILD}, {"children": CHILD + "\nbob, , M, WBRI"}),
    "CIN 8600": ({"referrals": CASE}, {"referrals": CASE + "\nann, , 2022-01-01, N, RC7"}),
    "CIN 8608": (
        {"assessments": spells("ann, 2022-01-01, 2022-01-01")},
        {"assessments": spells("ann, 2022-01-02, 2022-01-01")},
    ),
    "CIN 8620": ({"referrals": CASE}, {"referrals": CASE.replace("2020-12-31", "2025-12-31")}),
    "CIN 8630": ({"referrals": CASE}, {"referrals": CASE.replace("2020-12-31", "2019-12-31")}),
}
"""Rules whose rows do not survive reading: what passes, and what fails once."""


def judged(tables):
    """Count of each rule over these tables, read as any others."""
    records = records_of(options={"invalid": "drop"}, **tables)
    return judge_rules(facts_of(records), records.findings()).set_index("rule")


def facts_of(records):
    """What rules are judged on."""
    tables = {name: records.table(name) for name in records}
    return Facts(tables, observed_until=records.observed_until, observed_from=records.observed_from)


@pytest.fixture(scope="module")
def empty():
    """Every canonical table, without rows."""
    records = records_of(children=CHILD)
    return {name: records.table(name).iloc[:0] for name in records}


def typed(name, text, empty):
    """A picture with the columns and dtypes of its table."""
    frame = picture(text).rename(columns={"child": "child_id", "start": "start_date", "end": "end_date"})
    frame["row_key"] = [str(number) for number in range(len(frame))]
    columns = {}
    for column in TABLES[name].columns:
        given = frame.get(column.name, pd.Series("", index=frame.index))
        given = given.replace({"": None, "Y": True, "N": False} if column.kind == "flag" else {"": None})
        columns[column.name] = given.astype(empty[name][column.name].dtype)
    return pd.DataFrame(columns)


def counted(rule, pictures, empty):
    """Rows of these tables that fail one rule."""
    tables = empty | {name: typed(name, text, empty) for name, text in pictures.items()}
    if "children" not in pictures:
        named = sorted({child for frame in tables.values() for child in frame["child_id"]})
        born = "\n".join(["child_id, birth_date", *(f"{child}, 2008-06-15" for child in named)])
        tables["children"] = typed("children", born, empty)
    facts = Facts(tables, observed_until=pd.Timestamp(UNTIL), observed_from=dict.fromkeys(tables))
    return next(each for each in RULES if each.number == rule).count(facts)


@pytest.mark.parametrize("rule", PICTURES)
def test_a_rule_counts_the_rows_that_fail_and_no_others(rule, empty):
    good, bad, count = PICTURES[rule]
    assert counted(rule, good, empty) == 0
    assert counted(rule, bad, empty) == count


@pytest.mark.parametrize("rule", READING)
def test_rows_that_reading_drops_are_counted_all_the_same(rule):
    good, bad = READING[rule]
    assert not (records_of(**good).findings()["rule"] == rule).any()
    failed = judged(bad).loc[rule]
    assert failed["count"] == 1
    assert failed["rows"] >= 1
    assert 0 < failed["share"] <= 1


def test_every_rule_has_a_picture():
    assert {rule.number for rule in RULES} == set(PICTURES) | set(READING)
    assert {rule.number for rule in RULES if rule.fails is None} <= set(READING)


def test_every_rule_that_reading_breaks_is_a_rule():
    broken = {number.strip() for rules in BROKEN_ON_READING.values() for number in rules.split(",")}
    assert broken <= {rule.number for rule in RULES}
    assert all(name in TABLES and (column in TABLES[name].names) for name, column, _ in BROKEN_ON_READING)


def test_numbers_are_told_once_and_those_not_judged_apart():
    numbers = [rule.number for rule in RULES]
    assert len(set(numbers)) == len(numbers)
    assert not set(numbers) & set(NOT_JUDGED)
    assert all(rule.sentence.endswith(".") and rule.harm.endswith(".") for rule in RULES)
    assert [row["rule"] for row in rule_table()] == numbers
    assert all(name in TABLES for rule in RULES for name in rule.tables)


def findings_of(*rows):
    """Findings with a table, a count, an action, what was found and its rule."""
    named = [(table, "", *rest) for table, *rest in rows]
    return pd.DataFrame(named, columns=["table", "column", "count", "action", "why", "rule"])


def test_what_a_reader_mended_is_added_and_what_it_left_is_not_counted_twice():
    records = records_of(**care(GOES_ON, NEXT.replace("L,", ",")))
    findings = findings_of(
        ("episodes", 7, "repaired", "overlap trimmed", "903 501"),
        ("episodes", 3, "dropped", "another overlap", "903 501"),
        ("episodes", 1, "emptied", "no such code", "903 143"),
        ("episodes", 1, "ignored", "left as it is", "903 143"),
        ("header", 5, "ignored", "differs", "903 INT13"),
    )
    found = judge_rules(facts_of(records), findings).set_index("rule")
    assert found.loc["903 501", ["count", "rows", "share"]].tolist() == [10, 5, 1.0]
    assert found.loc["903 143", "count"] == 1
    assert found.loc["903 INT13", ["sentence", "count", "rows"]].tolist() == ["differs", 5, 0]
    assert pd.isna(found.loc["903 INT13", "share"])
    assert found.index[-1] == "903 INT13", "what only a reader knows comes last"


def test_counts_do_not_depend_on_the_order_of_rows():
    tables = PICTURES["903 433"][1] | PICTURES["CIN 8820"][1] | PICTURES["CIN 4017"][1]
    records = records_of(**tables)
    shuffled = {name: records.table(name).iloc[::-1] for name in records}
    again = Records.from_tables(shuffled, observed_until=records.observed_until)
    counts = [judge_rules(facts_of(each), each.findings())["count"].tolist() for each in (records, again)]
    assert counts[0] == counts[1]
    assert sum(counts[0]) > 0


def test_police_protection_that_nobody_closed_ends_where_another_status_begins():
    left_open = "ann, 2022-01-10, , L1"
    assert judged({"legal_statuses": statuses(left_open, "ann, 2022-01-12, , V2")}).loc["903 361", "count"] == 0
    assert judged({"legal_statuses": statuses(left_open, "ann, 2022-01-14, , V2")}).loc["903 361", "count"] == 1
    assert judged({"legal_statuses": statuses(left_open, "bob, 2022-01-12, , V2")}).loc["903 361", "count"] == 1


def test_a_share_is_of_the_rows_that_the_rule_looks_at():
    children = CHILD.replace("WBRI", "") + "\nbob, 2008-06-15, M, WBRI"
    found = judged(care(LEFT, children=children))
    assert found.loc["903 103", ["count", "rows", "share"]].tolist() == [1, 1, 1.0], "bob was never looked after"
    enquiries = spells(*(f"ann, 202{year}-02-01, 202{year}-02-05" for year in range(5)))
    found = judged({"referrals": CASE, "s47_enquiries": enquiries})
    assert found.loc["CIN 8565", ["count", "rows", "share"]].tolist() == [4, 5, 0.8], "five dates, one referral"
