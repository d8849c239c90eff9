"""One date is read the same way with and without pandas, and what is no date is refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from edgeofcare.dates import one_date, one_day
from edgeofcare.exceptions import SpecError

SAME = [
    "2025-04-01",
    " 01/04/2025 ",
    "1/4/2025",
    dt.date(2025, 4, 1),
    dt.datetime(2025, 4, 1, 23, 59),
    np.datetime64("2025-04-01"),
    np.datetime64("2025-04-01T23:59", "ns"),
    pd.Timestamp("2025-04-01 23:59"),
    pd.Timestamp("2025-04-01 23:59", tz="Europe/London"),
]
NONE = [
    *("2025-02-30", "2025-4-1", "20250401", "04/31/2025", "", "1899-12-31", "2101-01-01"),
    *(None, 20250401, 1.5, True, [], pd.NaT, np.datetime64("NaT"), np.datetime64("99999-01-01"), float("nan")),
]


@pytest.mark.parametrize("value", SAME, ids=repr)
def test_every_way_to_give_a_date_names_the_same_day(value):
    assert one_day(value, "index_date") == np.datetime64("2025-04-01")
    assert one_day(value, "index_date").dtype == np.dtype("datetime64[D]")
    assert one_date(value, "index_date") == pd.Timestamp("2025-04-01")
    assert one_date(value, "index_date").unit == "s"


@pytest.mark.parametrize("value", NONE, ids=repr)
def test_what_is_no_date_is_refused(value):
    for read in (one_date, one_day):
        with pytest.raises(SpecError, match="index_date must be a date such as '2025-03-31'"):
            read(value, "index_date")
