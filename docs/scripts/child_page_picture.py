"""Draw the page of an invented child: ``python docs/scripts/child_page_picture.py`` writes it to docs/pictures.

It needs Chromium, which the tests drive. Records, contributions and risk are invented; no model was fitted.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

import pandas as pd

from edgeofcare.explanation.about import About
from edgeofcare.explanation.explanation import Explanation
from edgeofcare.features.build import build_features
from edgeofcare.features.names import parse_feature
from edgeofcare.records.records import Records
from edgeofcare.task import Task

PICTURE = Path(__file__).parents[1] / "pictures" / "child_page.png"
CHILD, DAY, UNTIL = "C-1042", "2025-03-31", "2025-06-30"
BASE = -3.476
MOVED = {
    "missing.count.90d": 0.95,
    "cp_plan.active": 0.62,
    "referral.count.365d": 0.33,
    "early_help.count_ended.1095d": -0.31,
    "care.count.1095d": -0.12,
    "contact.source_2A+2B.count.365d": 0.11,
    "child.age": -0.22,
}
SPELLS = {
    "missing_episodes": [
        ("2025-01-14", "2025-01-15"),
        ("2025-02-02", "2025-02-03"),
        ("2025-03-01", "2025-03-02"),
        ("2025-03-19", "2025-03-20"),
    ],
    "cp_plans": [("2024-11-04", None)],
    "referrals": [("2023-02-01", "2023-09-01"), ("2024-09-20", None)],
    "early_help": [("2023-10-01", "2024-05-01")],
}


def records() -> Records:
    """Records of the child; another one was in care, so that those tables were received."""
    tables = {name: _spells(name, rows) for name, rows in SPELLS.items()}
    care = {"row_key": ["CE-7"], "child_id": ["C-7"], "start_date": ["2020-01-01"], "end_date": ["2020-06-01"]}
    tables["care_episodes"] = pd.DataFrame(care)
    tables["legal_statuses"] = pd.DataFrame(care | {"row_key": ["LS-7"], "status": ["C2"]})
    tables["children"] = pd.DataFrame({"child_id": [CHILD, "C-7"], "birth_date": ["2012-08-20", "2009-01-01"]})
    first = dict.fromkeys((*SPELLS, "care_episodes", "legal_statuses"), "2018-01-01")
    return Records.from_tables(tables, observed_until=UNTIL, observed_from=first)


def _spells(name: str, rows: list[tuple[str, str | None]]) -> pd.DataFrame:
    """A table of spells of the child, row keys from the name."""
    short = "".join(word[0] for word in name.upper().split("_"))
    frame = pd.DataFrame(rows, columns=["start_date", "end_date"])
    return frame.assign(row_key=[f"{short}-{number}" for number in range(1, len(rows) + 1)], child_id=CHILD)


def explanation() -> Explanation:
    """The child's explanation, made by hand."""
    index = pd.MultiIndex.from_tuples(
        [("H-311", CHILD, pd.Timestamp(DAY))], names=["household_id", "child_id", "index_date"]
    )
    held = records()
    values = build_features(held, pd.DataFrame(index=index), list(MOVED))
    contributions = pd.DataFrame([MOVED], index=index)
    log_odds = BASE + sum(MOVED.values())
    scores = pd.DataFrame({"log_odds": [log_odds], "risk": [1 / (1 + math.exp(-log_odds))]}, index=index)
    specs = tuple(map(parse_feature, MOVED))
    about = About(Task(), kind="boosting", model_id="4f1c09a7be62", trained_until="2023-04-01")
    return Explanation(contributions, BASE, scores, values, specs=specs, records=held, about=about)


def write() -> None:
    """Write the picture."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
    from chromium import Chromium, chromium_path

    program = chromium_path()
    if program is None:
        message = "The picture needs Chromium."
        raise SystemExit(message)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        explanation().to_html(page)
        browser = Chromium(program, Path(folder) / "profile")
        browser.open(page, width=1040)
        browser.widen(1040, int(browser.run("document.documentElement.scrollHeight")))
        PICTURE.write_bytes(browser.picture())
        browser.close()


if __name__ == "__main__":
    write()
    print(f"wrote {PICTURE.name}")
