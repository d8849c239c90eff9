"""A panel of several authorities over several years, for the tests of origins and transport."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.task import Task

__all__ = ["PLACES", "TASK", "make_places"]

PLACES = {"Ayton": 1.0, "Beford": 1.0, "Cedale": 1.0, "Dunham": 1.0}
TASK = Task()


def make_places(
    effects: dict[str, float] = PLACES, households: int = 150, seed: int = 0, years: int = 5
) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """X, y and the cohort: families whose risk rises with one feature, as steeply as each authority says."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2018-04-01", periods=2 * years, freq="6MS")
    rows = []
    for place, effect in effects.items():
        for h in range(households):
            family, first = rng.normal(0, 0.5), int(rng.integers(0, len(dates) - 1))
            for c in range(int(rng.integers(1, 4))):
                for day in dates[first : first + int(rng.integers(1, 5))]:
                    count = float(rng.poisson(1.0))
                    lp = -2.6 + family + effect * (count - 1)
                    rows.append((f"{place}:h{h}", f"{place}:h{h}-c{c}", day, count, lp, place))
    names = ["household_id", "child_id", "index_date", "missing.count.90d", "lp", "authority"]
    frame = pd.DataFrame(rows, columns=names).set_index(names[:3])
    y = (rng.uniform(size=len(frame)) < 1 / (1 + np.exp(-frame["lp"]))).astype("int64").rename("entered_care")
    until = frame.index.get_level_values("index_date") + pd.Timedelta(days=365)
    cohort = frame[["authority"]].assign(outcome_until=until, outcome_known=until, mature=True)
    return frame[["missing.count.90d"]], y, cohort
