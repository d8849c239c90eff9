"""Write the wording file of the library: what the sentences of the catalogue are, with placeholders for what varies.

Run it after the catalogue or the wording of a kind of feature has changed: ``python docs/scripts/wording_file.py``.
"""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import pandas as pd

from edgeofcare.explanation.cells import STRENGTHS
from edgeofcare.explanation.page_english import PAGE
from edgeofcare.explanation.page_words import COMMON, CONCEPT, OF_PAGE, TABLE, table_words
from edgeofcare.explanation.wording import percent_said, reason_sentence
from edgeofcare.explanation.wording_checks import CONCEPTS
from edgeofcare.explanation.wording_two import OF_TWO, clauses
from edgeofcare.features.catalogue import catalogue
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.child import Age, Calendar
from edgeofcare.features.specs.combined import Difference
from edgeofcare.features.specs.events import Rate, Share, Trend

FILE = Path(__file__).parents[2] / "src" / "edgeofcare" / "explanation" / "wording.csv"
DAY = pd.Timestamp("2024-06-14")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# Numbers that no sentence holds of itself.
MANY, AGO, SHARE = 7919, 6007, 0.37
ROWS = pd.DataFrame({"date": [DAY - pd.Timedelta(days=AGO)], "end_date": [DAY - pd.Timedelta(days=AGO)]})


def text() -> str:
    """The file."""
    lines = [["feature", "case", "sentence"], *common(), *of_page()]
    for spec in map(parse_feature, catalogue()):
        lines += [[spec.name, case, sentence] for case, sentence in {**sentences(spec), **meaning(spec)}.items()]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def common() -> list[list[str]]:
    """Words that every sentence uses."""
    words = {
        "day": "{number} day",
        "days": "{number} days",
        "date": "the index date",
        "full date": "{day} {month} {year}",
    }
    words |= {f"month {number}": name for number, name in enumerate(MONTHS, start=1)}
    return [[COMMON, word, said] for word, said in words.items()]


def of_page() -> list[list[str]]:
    """Fixed words of a child's page, names of concepts and of tables."""
    words = [[OF_PAGE, key, said] for key, said in PAGE.items()]
    words += [[CONCEPT, name, name] for name in CONCEPTS]
    return [*words, *([TABLE, name, said] for name, said in table_words().items())]


def meaning(spec: Feature) -> dict[str, str]:
    """Why a strength matters, and what a feature cannot see."""
    entry = catalogue()[spec.name]
    why = {"why": entry.reason} if entry.concept == STRENGTHS else {}
    return {**why, **({"blind spot": entry.blind_spot} if entry.blind_spot else {})}


def sentences(spec: Feature) -> dict[str, str]:
    """Sentences of a feature, by case."""
    unknown = {"unknown": said(spec, math.nan, rows=ROWS)}
    if (nothing := said(spec, math.nan)) != unknown["unknown"]:
        unknown["nothing"] = nothing
    if (empty := filled(reason_sentence(spec, math.nan, reached=True))) not in unknown.values():
        unknown["empty"] = empty
    if isinstance(spec, Age):
        # The birthday of the only source row is long ago, so the sentence without rows is the one to word.
        return {**unknown, **dict.fromkeys(("none", "one", "more"), "Aged {years}.")}
    if isinstance(spec, Calendar):
        month = said(spec, 1.0).replace(MONTHS[0], "{month}")
        return {**unknown, "one": month, "more": month}
    more = SHARE if isinstance(spec, Share) else float(MANY)
    values = {"none": 0.0, "one": 1.0, "more": more}
    values |= {"fewer": float(-MANY)} if isinstance(spec, Trend | Difference) else {}
    rows = None if isinstance(spec, OF_TWO) else ROWS
    ones = {case: said(spec, value, rows=rows) for case, value in values.items()}
    return {**unknown, **ones, **(in_clauses(spec) if isinstance(spec, OF_TWO) else {})}


def in_clauses(spec: Feature) -> dict[str, str]:
    """The two clauses of a sentence with two numbers, by case."""
    numbers = {"none": 0.0, "one": 1.0, "more": float(MANY)}
    found = {}
    for place, words in enumerate(("first", "second")):
        for case, number in numbers.items():
            if isinstance(spec, Rate) and place == 1 and case != "more":
                continue
            found[f"{words} {case}"] = filled(clauses(spec, number, number, reason_sentence)[place])
    return found


def said(spec: Feature, value: float, rows: pd.DataFrame | None = None) -> str:
    """One sentence with placeholders."""
    bare, full = reason_sentence(spec, value), reason_sentence(spec, value, rows, DAY)
    if math.isnan(value):
        return filled(full)
    whole = filled(re.sub(rf"(, [a-z ]*{AGO:,} days before)", r"[\1]", full))
    if re.sub(r"\[.*\]", "", whole) != filled(bare):
        msg = f"{spec.name} is worded otherwise with source rows; give it cases of its own."
        raise ValueError(msg)
    return whole


def filled(sentence: str) -> str:
    """Placeholders in place of what varies."""
    holes = {f"{AGO:,} days": "{ago}", f"{MANY:,}": "{number}", percent_said(SHARE): "{percent}"}
    for found, hole in {**holes, "the index date": "{date}"}.items():
        sentence = sentence.replace(found, hole)
    return sentence


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="")
