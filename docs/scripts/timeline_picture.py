"""Draw timeline, waterfall and sides of an invented child: ``python docs/scripts/timeline_picture.py``.

The child is that of ``child_page_picture.py``, with two rows that were recorded late. No model was fitted:
contributions and risks are invented, rows and windows are found as for any child.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from child_page_picture import CHILD, DAY, MOVED, explanation, records

from edgeofcare.explanation.explanation import Explanation
from edgeofcare.explanation.one_child import with_tables
from edgeofcare.explanation.timeline import ChildTimeline
from edgeofcare.explanation.timeline_rows import event_rows, shown_tables, window_rows
from edgeofcare.explanation.told_reasons import reasons_to_draw
from edgeofcare.features.names import parse_feature
from edgeofcare.records.records import Records

FOLDER = Path(__file__).parents[1] / "pictures"
RISKS = (None, None, None, 0.031, 0.035, None, None, None, None, 0.047, 0.08)
LATE = {
    "missing_episodes": ("ME-9", "2025-02-20", "2025-02-22", "2025-04-03"),
    "assessments": ("AS-4", "2024-10-01", "2025-03-12", "2024-10-02"),
}


def with_late_rows() -> Records:
    """The child's records, with a missing episode and the end of an assessment that were entered after the day."""
    held = records()
    tables = {}
    for name, (key, start, end, recorded) in LATE.items():
        row = {"row_key": [key], "child_id": [CHILD], "start_date": [start], "end_date": [end]}
        row |= {"recorded_date": [recorded], "end_recorded_date": ["2025-04-10"]}
        tables[name] = pd.concat([held.table(name), pd.DataFrame(row)], ignore_index=True)
    dated = [column for frame in tables.values() for column in frame.columns if column.endswith("_date")]
    tables = {
        name: frame.assign(**{column: pd.to_datetime(frame[column]).astype("datetime64[s]") for column in {*dated}})
        for name, frame in tables.items()
    }
    return with_tables(held, tables)


def scores() -> pd.DataFrame:
    """The invented score on the day and at quarters before it."""
    day = pd.Timestamp(DAY)
    days = [day - pd.DateOffset(months=3 * number) for number in range(len(RISKS), -1, -1)]
    risk = np.array([*RISKS, explanation().risk.iloc[0]], dtype=np.float64)
    eligible = ~np.isnan(risk)
    rules = np.where(eligible, "", "open case, as known")
    rules[0] = "aged 10 to 17"
    return pd.DataFrame(
        {
            "index_date": pd.to_datetime(days).astype("datetime64[s]"),
            "risk": risk,
            "risk_low": 0.72 * risk,
            "risk_high": 1.33 * risk,
            "eligible": eligible,
            "rule": rules,
        }
    )


def timeline() -> ChildTimeline:
    """The child's timeline, as ``child_timeline`` would make it."""
    held, why = with_late_rows(), explanation()
    row = why.risk.index[0]
    windows, counted = window_rows(held, row, reasons_to_draw(why, "concept").head(4), [*map(parse_feature, MOVED)])
    return ChildTimeline(
        scores(), event_rows(held, CHILD, pd.Timestamp(DAY), shown_tables(held, None, ()), counted), windows
    )


def main() -> None:
    """Write the pictures."""
    why: Explanation = explanation()
    for name, figure in (("timeline", timeline().plot()), ("sides", why.plot(kind="sides"))):
        figure.savefig(FOLDER / f"{name}.png", dpi=110, metadata={"Software": None})
    why.plot(kind="waterfall").savefig(FOLDER / "waterfall.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
