"""Write the page of the default features: ``python docs/scripts/feature_dictionary.py``.

Writes docs/reference/feature_dictionary.md from the catalogue in src/edgeofcare/features/catalogue.csv.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path

import pandas as pd

from edgeofcare.features.catalogue import CONCEPTS, feature_dictionary

PAGE = Path(__file__).parents[1] / "reference" / "feature_dictionary.md"
NO_STUDY = "practice; no study"
_HEAD = ("feature", "what it says", "why it may matter, and source", "what it cannot see", "direction")

INTROS = {
    "contact with services": "How often, by whom and how lately others worried. A contact counts whether or not "
    "anything came of it. More reporting and more need look alike.",
    "plans and statutory steps": "How far the case has gone, step by step: assessment, enquiry, conference, plan. "
    "These are decisions of the authority as much as facts about the child, and thresholds differ between teams.",
    "risks outside the home": "Missing, exploited, offending, in danger among peers. It is seen where somebody "
    "reported it and an assessment asked for it.",
    "risks at home": "What assessments found at home, and the grounds of protection plans. A factor counts from the "
    "day on which the assessment was authorised. One that is not ticked may be absent, or not asked about.",
    "school": "What schools and education services told social care. Absence, suspension and exclusion are not in "
    "the standard extract: [add them as tables of your own](../how-to/add_your_own_tables.md).",
    "health and self-harm": "What assessments found of the child's own health, and worries of health services. "
    "Disability is left out as a protected characteristic, in assessment factors as well.",
    "care history": "Earlier periods of care; a child who is looked after now has no row. Records that begin late "
    "hide early care. Short breaks are no period of care.",
    "household": "The same questions about siblings. The links between siblings have no date in the standard "
    "extract, so these features come only with `default_features(undated_links=True)`: links may have been entered "
    "when a child came into care, and a model can learn from that what it will not know when it is used.",
    "worker change and stability": "Who was allocated, and for how long. Teams that work with children near care or "
    "in it show here as well, so look at what an allocation means before you trust a strong effect.",
    "strengths and protective factors": "What went well, as far as records tell: help completed, cases closed, time "
    "without a case. Records are written about trouble; most strengths are not in them. Whether an interview "
    "followed a return from missing is not dated, and so cannot be used.",
    "age and time": "The child's age and the time of year. The year itself is left out: a model cannot have seen "
    "later years.",
}  # fmt: skip

SOURCES = {
    "CIN statistics 2025": "Department for Education, children in need, England, year ending 31 March 2025",
    "CIN statistics 2020": "the same, year ending 31 March 2020",
    "CLA statistics 2025": "Department for Education, children looked after in England, year ending 31 March 2025",
    "School statistics 2024/25": "Department for Education, absence of children in need in 2024/25",
    "DfE re-referral analysis": "Department for Education, ad hoc statistics: referrals within 12 months of another",
    "DfE offending linkage": "Department for Education, Education, children's social care and offending "
    "(3,165,037 pupils); crude shares",
    "ONS Growing Up in England": "Office for National Statistics; 3.8 million children aged 10 to 17, first entries "
    "2011 to 2015",
    "Children's Commissioner 2018/19": "3,693 young people who first entered care at 13 to 15; read second-hand",
    "Jay and others": "International Journal of Population Data Science; contact with social care before 18",
    "Troncoso": "children referred in 2010/11, followed for six years",
    "McGrath-Lone": "children who left care in England in 2008 (4,076), and one-year returns from 2007 to 2012",
    "ISPCAN 2016": "how children left care in England, and who came back; conference paper",
    "Simkiss 2012": "records of general practitioners in the United Kingdom, in the 12 months before entry at any age",
    "Franzen 2008": "more than 1.5 million children in Sweden",
    "Esposito 2013": "127,181 investigated children in Quebec",
    "SSD data model": "the Standard Safeguarding Dataset, extract 1.4.5",
}

TEXT = """# The default features

{count} features in {concepts} concepts, {household} of them about siblings. This page is written by
`docs/scripts/feature_dictionary.py` from `src/edgeofcare/features/catalogue.csv`, where adding a feature is adding a
line; `edgeofcare.feature_dictionary()` gives it as a table. [](../how-to/define_features.md) says how names are put
together.

**What it is not.** Evidence that a feature raises the risk. An official statistic says how common something is; a
study is mostly of children of all ages, or of another country. For {no_study} of the {count} no source is given: they
rest on practice alone. What a model makes of them shows in its evaluation, on your own records.

**Direction.** "raises": the boosting model may only let the risk rise with more of the feature, all else equal.
"lowers": only fall. Nothing said: the model is free. A direction is given only where there is no doubt, and never
applies to an unknown value.

**Unknown is not zero.** Where the records do not reach as far back as the window, the value is unknown. A number of
days since something is also unknown where there was nothing, a share where there were no rows, and a ratio where the
second number is zero. Protected characteristics (sex, ethnicity, disability, immigration, religion) are never default
features; age is.

{tables}

## Sources

{sources}
"""


def _cell(text: str) -> str:
    """Text of one cell."""
    return text.replace("|", "\\|")


def _name(name: str) -> str:
    """A feature name that may break over lines after its dots and plus signs."""
    broken = [re.sub(r"([.+])", r"\1<wbr>", word) for word in name.split()]
    return " ".join(word if word in "/-" else f"<code>{word}</code>" for word in broken)


def _line(row: dict[Hashable, str]) -> str:
    """One feature as a line of its table."""
    why = row["reason"] if row["source"] == NO_STUDY else f"{row['reason']} *{row['source']}.*"
    direction = "" if row["direction"] == "free" else row["direction"]
    return (
        "| "
        + " | ".join([_name(row["name"]), *map(_cell, (row["sentence"], why, row["blind_spot"])), direction])
        + " |"
    )


def section(concept: str, features: pd.DataFrame) -> str:
    """Heading, introduction and table of one concept."""
    head = ["| " + " | ".join(_HEAD) + " |", "|" + " --- |" * len(_HEAD)]
    lines = [_line(row) for row in features.to_dict("records")]
    return "\n".join([f"## {concept.capitalize()}", "", INTROS[concept], "", *head, *lines])


def page() -> str:
    """The whole page."""
    table = feature_dictionary()
    return TEXT.format(
        count=len(table),
        concepts=len(CONCEPTS),
        household=int((table["concept"] == "household").sum()),
        no_study=int((table["source"] == NO_STUDY).sum()),
        tables="\n\n".join(section(concept, table[table["concept"] == concept]) for concept in CONCEPTS),
        sources="\n".join(f"- **{name}**: {what}." for name, what in SOURCES.items()),
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE.name}")
