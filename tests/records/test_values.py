"""Single columns, as case systems write them."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.records.codes.maps import merged_code_maps
from edgeofcare.records.values import as_codes, as_dates, as_flags, as_ids, as_numbers, as_text, plain_key
from edgeofcare.schema.codes import CODE_LISTS


def read(values):
    """Dates as text, with the counts of the unreadable and of sentinels."""
    dates, unreadable, sentinels = as_dates(pd.Series(values, dtype=object))
    assert str(dates.dtype) == "datetime64[s]"
    return dates.dt.strftime("%Y-%m-%d").fillna("").tolist(), unreadable, sentinels


def told(values):
    """Values with None for each missing one."""
    return [None if pd.isna(value) else value for value in values]


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05",
        "2024-03-05T10:11:12",
        "2024-03-05 00:00:00.000",
        "2024-03-05T23:59:59Z",
        " 2024-03-05 ",
        "05/03/2024",
        "5/3/2024",
        "05/03/2024 14:30",
        datetime(2024, 3, 5, 14, 30),
        date(2024, 3, 5),
        pd.Timestamp("2024-03-05 14:30"),
        np.datetime64("2024-03-05"),
    ],
)
def test_dates_are_read_day_first_and_without_their_time(text):
    assert read([text]) == (["2024-03-05"], 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "2023-02-29",
        "31/04/2024",
        "2024-13-01",
        "13/31/2024",
        "05/03/24",
        "zz/zz/2020",
        "20240305",
        "45356",
        "5 March 2024",
        "yesterday",
        "2024-03",
        "2024-03-05x",
    ],
)
def test_what_is_no_date_is_counted_and_never_guessed(text):
    assert read([text]) == ([""], 1, 0)


@pytest.mark.parametrize(
    "text",
    ["1900-01-01", "01/01/1900", "2300-01-01", "9999-12-31", "31/12/9999", "0001-01-01", "1753-01-01", "1899-12-30"],
)
def test_sentinels_mean_no_date(text):
    assert read([text, "2024-03-05"]) == (["", "2024-03-05"], 0, 1)


@pytest.mark.parametrize("text", ["", " ", None, np.nan, "NULL", "nan", "NaT", "SSD_PH", pd.NaT])
def test_nothing_is_no_date(text):
    assert read([text]) == ([""], 0, 0)


def test_datetimes_of_any_unit_and_zone_are_days():
    for unit in ("s", "ms", "us", "ns"):
        values = pd.Series(np.array(["2024-03-05T14:30", "NaT"], dtype=f"datetime64[{unit}]"))
        assert as_dates(values)[0].tolist()[0] == pd.Timestamp("2024-03-05")
    aware = pd.Series(pd.to_datetime(["2024-06-05 00:30"])).dt.tz_localize("Europe/London")
    assert as_dates(aware)[0].tolist() == [pd.Timestamp("2024-06-05")]


# Seen to fail with: month and day exchanged in _one_date.
@given(st.lists(st.dates(date(1900, 1, 2), date(2099, 12, 31)), max_size=20))
def test_both_spellings_of_a_date_are_the_same_day(days):
    iso = as_dates(pd.Series([day.isoformat() for day in days], dtype=object))[0]
    english = as_dates(pd.Series([day.strftime("%d/%m/%Y") for day in days], dtype=object))[0]
    assert iso.equals(english)
    assert iso.dt.date.tolist() == days


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, np.nan, 23.0], ["1", None, "23"]),
        ([1, -1, 23], ["1", None, "23"]),
        (["007", " 7 ", "-1"], ["007", "7", None]),
        (["A12/b", "", "NULL", None], ["A12/b", None, None, None]),
        (pd.array([1, None], dtype="Int64"), ["1", None]),
        ([123456789012.0], ["123456789012"]),
    ],
)
def test_identifiers_are_text_and_keep_their_zeros(values, expected):
    assert told(as_ids(pd.Series(values))) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["Y", "yes", "TRUE", "t", "1", " y "], True),
        (["N", "no", "False", "f", "0"], False),
        (["", None, "NULL", "perhaps", "2"], pd.NA),
    ],
)
def test_flags_in_any_spelling(values, expected):
    flags = as_flags(pd.Series(values, dtype=object))
    assert str(flags.dtype) == "boolean"
    assert all(flag is expected for flag in flags.tolist())


def test_flags_of_numbers_and_booleans():
    assert as_flags(pd.Series([1.0, 0.0, np.nan])).tolist() == [True, False, pd.NA]
    assert as_flags(pd.Series([True, False])).tolist() == [True, False]


def test_numbers_that_cannot_be_added_are_missing():
    numbers = as_numbers(pd.Series(["1.5", " 2 ", "far", "", "inf", "-inf", None], dtype=object))
    assert numbers.iloc[:2].tolist() == [1.5, 2.0]
    assert numbers.iloc[2:].isna().all()


@pytest.mark.parametrize(
    ("code_list", "text", "code"),
    [
        ("start_reason", "S", "S"),
        ("start_reason", "S Started to be looked after", "S"),
        ("start_reason", "Started to be looked after", "S"),
        ("end_reason", "E4A Returned home", "E4A"),
        ("end_reason", "x1", "X1"),
        ("legal_status", "C2: FCO", "C2"),
        ("legal_status", "Interim care order Sec. 38(1)", "C1"),
        ("legal_status", "SINGLE PLACEMENT ACC BY LA S20(1) CA UNDER 16", "V2"),
        ("legal_status", "regular occ. acc. by LA S.20(1) CA under 16", "V4"),
        ("legal_status", "Wardship", "NONE"),
        ("ethnicity", "MWBa", "MWBA"),
        ("ethnicity", "White - British", "WBRI"),
        ("ethnicity", "a) WBRI", None),
        ("sex", "Female", "F"),
        ("sex", "M", "M"),
        ("need", "N1 - Abuse or Neglect", "N1"),
        ("abuse", "Emotional abuse", "EMO"),
        ("abuse", "Neglect", "NEG"),
        ("closure", "RC8 Case closed after assessment", "RC8"),
        ("source", "1A", "1A"),
        ("source", "1A: Family member", "1A"),
        ("source", "1a", "1A"),
        ("source", "10 Unknown", "10"),
        ("source", "6 - Police", "6"),
        ("source", "Police", "6"),
        ("source", "60", None),
        ("source", "1", None),
        ("source", "1G", None),
        ("source", "5D", "5D"),
        ("factor", "24a", "24A"),
        ("missing_type", "Missing", "M"),
        ("missing_type", "Away", "A"),
        ("legal_status", "Something local", None),
    ],
)
def test_codes_in_any_spelling(code_list, text, code):
    codes, unknown = as_codes(pd.Series([text]), code_list, merged_code_maps()[code_list])
    assert told(codes) == [code]
    assert unknown.to_dict() == ({} if code else {text: 1})


@pytest.mark.parametrize("code_list", list(CODE_LISTS))
def test_every_code_and_every_meaning_is_understood(code_list):
    codes = CODE_LISTS[code_list]
    maps = merged_code_maps()[code_list]
    assert as_codes(pd.Series(list(codes)), code_list, maps)[0].tolist() == list(codes)
    assert as_codes(pd.Series([code.lower() for code in codes]), code_list, maps)[0].tolist() == list(codes)
    assert len({plain_key(meaning) for meaning in codes.values()}) == len(codes)
    assert as_codes(pd.Series(list(codes.values())), code_list, maps)[0].tolist() == list(codes)


def test_text_of_no_list_is_kept_without_spaces():
    assert as_codes(pd.Series([" K3 "]), None, {})[0].tolist() == ["K3"]
    assert as_text(pd.Series(["  ", "PlaceholderStr", "x"])).isna().tolist() == [True, True, False]
