"""Draw the page of an invented meeting: ``python docs/scripts/meeting_picture.py`` writes it to docs/pictures.

It needs Chromium, which the tests drive. Children, risks and records are invented; no model was fitted.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

import pandas as pd

from edgeofcare.records.records import Records
from edgeofcare.tracking.trajectories.track import track
from edgeofcare.tracking.trajectories.tracking import Tracking

PICTURE = Path(__file__).parents[1] / "pictures" / "meeting.png"
DAYS = pd.date_range("2025-01-01", "2025-06-01", freq="MS")
RISKS = {
    "C-1042": [0.02, 0.02, 0.03, 0.05, 0.07, 0.12],
    "C-2210": [0.05, 0.06, 0.08, 0.10, 0.11, 0.19],
    "C-3307": [0.16, 0.17, 0.15, 0.16, 0.16, 0.15],
    "C-4120": [0.04, 0.09, None, None, 0.09, 0.08],
    "C-5518": [0.03, 0.03, 0.03, 0.04, 0.03, 0.03],
}
SPREAD = 0.15  # half of each interval in log-odds


def scores() -> pd.DataFrame:
    """The invented scores."""
    rows = [
        (f"H-{child[2:]}", child, day, risk)
        for child, held in RISKS.items()
        for day, risk in zip(DAYS, held, strict=True)
        if risk is not None
    ]
    names = ["household_id", "child_id", "index_date"]
    frame = pd.DataFrame(rows, columns=[*names, "risk"]).set_index(names)
    for name, side in (("risk_low", -SPREAD), ("risk_high", SPREAD)):
        frame[name] = [1 / (1 + math.exp(-(math.log(risk / (1 - risk)) + side))) for risk in frame["risk"]]
    return frame.assign(model_id="4f1c09a7be62")


def records() -> Records:
    """Who was seen and supported."""
    children = pd.DataFrame({"child_id": list(RISKS), "birth_date": "2011-03-04"})
    tables = {
        "referrals": [(child, "2024-09-20", None) for child in RISKS],
        "assessments": [("C-1042", "2025-03-03", "2025-04-11"), ("C-2210", "2025-05-12", None)],
        "cp_plans": [("C-1042", "2025-05-09", None)],
        "cin_plans": [("C-3307", "2024-11-02", None)],
    }
    frames = {name: _spells(name, rows) for name, rows in tables.items()}
    care = {"row_key": ["CE-7"], "child_id": ["C-5518"], "start_date": ["2020-01-01"], "end_date": ["2020-06-01"]}
    frames |= {"care_episodes": pd.DataFrame(care), "legal_statuses": pd.DataFrame(care | {"status": ["C2"]})}
    return Records.from_tables({**frames, "children": children}, observed_until="2025-06-01")


def _spells(name: str, rows: list[tuple[str, str, str | None]]) -> pd.DataFrame:
    """A table of spells, row keys from the name."""
    frame = pd.DataFrame(rows, columns=["child_id", "start_date", "end_date"])
    return frame.assign(row_key=[f"{name}-{number}" for number in range(len(rows))])


def meeting() -> Tracking:
    """The meeting of June."""
    return track(scores(), records(), capacity=3, team=dict.fromkeys(RISKS, "north"))


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
        meeting().to_html(page)
        browser = Chromium(program, Path(folder) / "profile")
        browser.open(page, width=1040)
        browser.widen(1040, int(browser.run("document.documentElement.scrollHeight")))
        PICTURE.write_bytes(browser.picture())
        browser.close()


if __name__ == "__main__":
    write()
    print(f"wrote {PICTURE.name}")
