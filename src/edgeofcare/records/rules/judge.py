"""The validation rules of the Department for Education that touch our fields, and how often they fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from edgeofcare.records.rules.care import CARE_RULES
from edgeofcare.records.rules.cin import CIN_RULES
from edgeofcare.records.rules.rule import Facts, Rule

__all__ = ["NOT_JUDGED", "RULES", "judge_rules", "rule_table"]

RULES: tuple[Rule, ...] = (*CARE_RULES, *CIN_RULES)
"""Every rule that is judged, SSDA903 first."""

_SEVERAL_YEARS = "compares two years: counted where returns of several years are read"

NOT_JUDGED: Mapping[str, str] = MappingProxyType(
    {
        "903 202": _SEVERAL_YEARS,
        "903 203": _SEVERAL_YEARS,
        "903 204": _SEVERAL_YEARS,
        "903 502": "compares two years in a way that the stitching of returns (503, 562) covers",
        "903 503": _SEVERAL_YEARS,
        "903 562": _SEVERAL_YEARS,
        "903 NoE": "asks for a return of the year, whatever the records hold",
        "903 INT13": "compares files of one return: counted where an SSDA903 return is read",
        "CIN 8520": "a date of birth after the extract cannot be told from that of an unborn child; both are left out",
    }
)
"""Rules that touch our fields and are not judged on every extract, with the reason."""

_COUNTS_MISSING = ("903 101", "903 103", "903 143", "903 144", "903 145", "CIN 8905", "CIN 8910")
"""Rules on missing values: a code that reading emptied is one of them, and is counted on the table."""

_COLUMNS = ["rule", "sentence", "tables", "count", "rows", "share", "harm"]


def judge_rules(facts: Facts, findings: pd.DataFrame) -> pd.DataFrame:
    """Count the rows that fail each rule.

    Parameters
    ----------
    facts : Facts
        Canonical tables after reading.
    findings : DataFrame
        ``records.findings()``: what reading dropped or repaired, with the rules that it broke.

    Returns
    -------
    DataFrame
        One row for each rule whose first table has rows, or which reading found broken: ``rule``, ``sentence``,
        ``tables``, ``count`` (rows that fail), ``rows`` (of the first table, or those that the rule looks at; those
        left out by this rule included), ``share`` and ``harm``, in the order of the rules. Rules that only a reader
        knows come last.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> made = make_records(50, random_state=0)
    >>> facts = Facts({name: made.table(name) for name in made}, observed_until=made.observed_until,
    ...               observed_from=made.observed_from)
    >>> judge_rules(facts, made.findings()).columns.tolist()
    ['rule', 'sentence', 'tables', 'count', 'rows', 'share', 'harm']
    """
    on_reading = _on_reading(findings)
    rows = []
    for rule in RULES:
        broken = on_reading.pop(rule.number, _Broken())
        if facts.seen(rule.tables[0]) or broken.rows:
            count = broken.rows + (rule.count(facts) if all(name in facts.tables for name in rule.tables) else 0)
            size = rule.rows(facts) + broken.dropped
            rows.append((rule.number, rule.sentence, ", ".join(rule.tables), count, size, rule.harm))
    for number, broken in sorted(on_reading.items()):
        rows.append((number, "; ".join(dict.fromkeys(broken.found)), "", broken.rows, 0, ""))
    frame = pd.DataFrame(rows, columns=[name for name in _COLUMNS if name != "share"])
    share = (frame["count"] / frame["rows"].where(frame["rows"] > 0)).clip(upper=1)
    return frame.assign(share=share.astype("float64"))[_COLUMNS]


@dataclass
class _Broken:
    """Rows that reading found to break a rule: how many, how many of them it left out, and what it found."""

    rows: int = 0
    dropped: int = 0
    found: list[str] = field(default_factory=list)


def _on_reading(findings: pd.DataFrame) -> dict[str, _Broken]:
    """What reading found of each rule, without what the tables still show."""
    found: dict[str, _Broken] = {}
    columns = [findings[name].tolist() for name in ("rule", "action", "count", "why")]
    for rules, action, count, why in zip(*columns, strict=True):
        for number in filter(None, (part.strip() for part in str(rules).split(","))):
            if not _still_there(number, action):
                broken = found.setdefault(number, _Broken())
                broken.rows += int(count)
                broken.dropped += int(count) if action == "dropped" else 0
                broken.found.append(str(why))
    return found


def _still_there(number: str, action: str) -> bool:
    """Whether rows that reading noted are counted on the tables as well."""
    judged = any(rule.number == number and rule.fails is not None for rule in RULES)
    return judged and (action == "ignored" or (action == "emptied" and number in _COUNTS_MISSING))


def rule_table() -> list[dict[str, str]]:
    """Every rule that is judged, one record each, for the documentation.

    Returns
    -------
    list of dict
        With keys ``rule``, ``sentence``, ``tables``, ``judged`` (``"on the tables"`` or ``"while reading"``) and
        ``harm``.

    Examples
    --------
    >>> rule_table()[0]["rule"]
    '903 101'
    """
    return [
        {
            "rule": rule.number,
            "sentence": rule.sentence,
            "tables": ", ".join(rule.tables),
            "judged": "while reading" if rule.fails is None else "on the tables",
            "harm": rule.harm,
        }
        for rule in RULES
    ]
