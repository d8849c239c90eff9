"""Index dates that are no dates are refused before anything is computed for them."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.index import INDEX_NAMES, index_days
from edgeofcare.features.leak_check import leak_check
from edgeofcare.features.levels import learn_levels
from edgeofcare.features.names import as_features
from edgeofcare.synthetic.records import make_records

DAY = pd.Timestamp("2020-04-01")


def rows(dates, child="1"):
    """A cohort of one child on some dates."""
    index = pd.MultiIndex.from_arrays([["H1"] * len(dates), [child] * len(dates), dates], names=INDEX_NAMES)
    return pd.DataFrame(index=index)


@pytest.mark.parametrize(
    "dates",
    [
        pd.DatetimeIndex([DAY]),
        pd.DatetimeIndex([DAY]).as_unit("s"),
        pd.Index([datetime.date(2020, 4, 1)], dtype=object),
        pd.Index([DAY], dtype=object),
    ],
)
def test_dates_of_any_kind_are_days(dates):
    assert index_days(rows(dates)).tolist() == [(DAY - pd.Timestamp(0)).days]


WRONG = {
    "missing": (pd.DatetimeIndex([DAY, pd.NaT]), "1 of 2 are missing"),
    "years": (pd.Index([2019, 2020]), "int64 and no dates"),
    "numbers": (pd.Index([2019.0]), "float64 and no dates"),
    "objects": (pd.Index([2019, DAY], dtype=object), "some are no dates"),
    "zone": (pd.DatetimeIndex([DAY], tz="Europe/London"), "time zone"),
    "far": (pd.DatetimeIndex(["9999-12-31", "1899-12-31"]).as_unit("s"), "2 of 2 lie before 1900 or after 2100"),
    "time": (pd.DatetimeIndex([DAY, DAY + pd.Timedelta("5h")]), "1 of 2 have a time of day"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_date_is_refused_by_everything_that_looks_back(name):
    dates, message = WRONG[name]
    records = make_records(30, 0)
    cohort = rows(dates, records.table("children")["child_id"].iloc[0])
    for ask in (
        lambda: build_features(records, cohort, ["child.age"]),
        lambda: learn_levels(records, cohort, ["child.age"]),
        lambda: leak_check(records, cohort, ["child.age"]),
    ):
        with pytest.raises(IndexNamesError, match=message) as caught:
            ask()
        assert "2020" not in str(caught.value)


@pytest.mark.parametrize("cohort", [[1], rows(pd.DatetimeIndex([DAY])).index, pd.DataFrame({"a": [1]}), None])
def test_a_cohort_is_a_frame_on_the_index(cohort):
    with pytest.raises(IndexNamesError, match="must be a DataFrame on the index"):
        index_days(cohort)


@pytest.mark.parametrize("features", ["child.age", [None], ["child.age", 3]])
def test_features_that_are_none_are_refused(features):
    with pytest.raises(SpecError, match=r"list of features|neither a feature nor a name"):
        as_features(features)


def test_index_days_are_whole_numbers():
    assert index_days(rows(pd.DatetimeIndex([DAY]))).dtype == np.int64
