"""Tests of the SSDA903 returns that are written: what each year's return holds, and that real headers are met."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from tests.samples import sample_path
from tests.tiny_tables import records_of

from edgeofcare.exceptions import SpecError
from edgeofcare.records.ssda903.read import read_ssda903
from edgeofcare.synthetic.records import make_records, simulate_tables
from edgeofcare.synthetic.writers.return_care import HEADERS
from edgeofcare.synthetic.writers.ssda903 import write_ssda903

UNTIL = "2025-03-31"


def in_care(**others):
    """One child in care from 2022 to 2024: accommodation, then an order on the day on which the placement changes."""
    care = """
        child, row_key, start, end, period_key, start_reason, end_reason, need
        1, 11, 2022-06-01, 2023-04-01, 7, S, X1, N1
        1, 12, 2023-04-01, 2024-05-10, 7, B, E4A, N1
    """
    statuses = """
        child, row_key, start, end, status
        1, 21, 2022-06-01, 2023-04-01, V2
        1, 22, 2023-04-01, 2024-05-10, C1
    """
    placements = """
        child, row_key, start, end, period_key, type, provider, change_reason
        1, 31, 2022-06-01, 2023-04-01, 7, U4, PR1, CARPL
        1, 32, 2023-04-01, 2024-05-10, 7, K2, PR4,
    """
    tables = {"care_episodes": care, "legal_statuses": statuses, "placements": placements} | others
    return records_of(until=UNTIL, **tables)


def told(folder, year, name, *columns):
    frame = pd.read_csv(Path(folder, str(year), f"{name}.csv"), dtype=str, keep_default_na=False)
    return [",".join(row) for row in frame[list(columns)].itertuples(index=False)]


def test_each_return_holds_what_was_open_in_its_year_as_known_at_its_end(tmp_path):
    write_ssda903(in_care(), tmp_path, years=4, observed_from="2020-04-01")
    columns = ("DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC", "REASON_PLACE_CHANGE")
    first = "01/06/2022,S,V2,N1,U4,PR1"
    second = "01/04/2023,B,C1,N1,K2,PR4"
    assert told(tmp_path, 2022, "episodes", *columns) == []
    assert told(tmp_path, 2023, "episodes", *columns) == [f"{first},,,"]
    # the first episode ceased on the first day of this year, and so belongs in both
    assert told(tmp_path, 2024, "episodes", *columns) == [f"{first},01/04/2023,X1,CARPL", f"{second},,,"]
    assert told(tmp_path, 2025, "episodes", *columns) == [f"{second},10/05/2024,E4A,"]


def test_an_end_that_was_entered_after_the_year_is_not_in_its_return(tmp_path):
    late = """
        child, row_key, start, end, period_key, start_reason, end_reason, need, recorded_date, end_recorded_date
        1, 11, 2022-06-01, 2024-03-20, 7, S, E4A, N1, 2022-06-02, 2024-04-10
    """
    write_ssda903(in_care(care_episodes=late), tmp_path, years=2, observed_from="2020-04-01")
    assert told(tmp_path, 2024, "episodes", "DECOM", "DEC", "REC") == ["01/06/2022,,"]
    assert told(tmp_path, 2025, "episodes", "DECOM") == []


def test_short_breaks_and_statuses_that_begin_within_an_episode(tmp_path):
    care = """
        child, row_key, start, end, period_key, start_reason, end_reason
        1, 11, 2024-06-01, 2024-06-04, 7, S, E8
        1, 12, 2024-07-01, , 8, S,
        2, 13, 2024-07-01, , 9, S,
    """
    statuses = """
        child, row_key, start, end, status
        1, 21, 2024-06-01, 2024-06-04, V3
        1, 22, 2024-06-04, 2024-06-20, NONE
        1, 23, 2024-07-03, , V2
        2, 24, 2024-07-01, , V4
        2, 25, 2024-07-01, , C2
    """
    write_ssda903(in_care(care_episodes=care, legal_statuses=statuses), tmp_path, years=1, observed_from="2020-04-01")
    # a child's second episode begins before its status does; two statuses of one day: the one that is no short break
    assert told(tmp_path, 2025, "episodes", "CHILD", "LS") == ["1,V3", "1,V2", "2,C2"]


def test_sex_is_a_number_until_2024_and_a_letter_from_2025(tmp_path):
    children = """
        child, birth_date, sex, ethnicity
        1, 2008-06-15, F, MWBC
        2, 2008-06-15, , NOBT
    """
    care = """
        child, row_key, start, end
        1, 11, 2022-06-01,
        2, 12, 2022-06-01,
    """
    write_ssda903(in_care(children=children, care_episodes=care), tmp_path, years=2, observed_from="2020-04-01")
    columns = ("CHILD", "SEX", "DOB", "ETHNIC")
    assert told(tmp_path, 2024, "header", *columns) == ["1,2,15/06/2008,MWBC", "2,,15/06/2008,NOBT"]
    assert told(tmp_path, 2025, "header", *columns) == ["1,F,15/06/2008,MWBC", "2,U,15/06/2008,NOBT"]


def test_asylum_seekers_missing_convictions_permanence_and_workers(tmp_path):
    parts = {
        "immigration_statuses": "child, row_key, start, end, uasc\n1, 41, 2022-05-28, , yes",
        "missing_episodes": """
            child, row_key, start, end, type
            1, 51, 2022-01-05, 2022-01-06, M
            1, 52, 2024-03-30, 2024-04-02, A
        """,
        "offences": "child, row_key, date\n1, 61, 2023-08-01",
        "worker_involvements": """
            child, row_key, start, end, worker, change_reason
            1, 71, 2022-01-01, 2023-05-01, W1, MANAGE
            1, 72, 2024-06-01, , W2,
        """,
        "care_episodes": """
            child, row_key, start, end, period_key, start_reason, end_reason
            1, 10, 2021-01-01, 2021-03-01, 6, S, E45
            1, 11, 2022-06-01, 2023-04-01, 7, S, X1
            1, 12, 2023-04-01, 2024-05-10, 7, B, E4A
        """,
    }
    write_ssda903(in_care(**parts), tmp_path, years=3, observed_from="2020-04-01")
    assert told(tmp_path, 2024, "uasc", "CHILD", "DOB", "DUC") == ["1,15/06/2008,15/06/2026"]
    # missing before care is not in a return; an end after the year is not in this one
    assert told(tmp_path, 2024, "missing", "MISSING", "MIS_START", "MIS_END") == ["A,30/03/2024,"]
    assert told(tmp_path, 2025, "missing", "MISSING", "MIS_START", "MIS_END") == ["A,30/03/2024,02/04/2024"]
    assert told(tmp_path, 2023, "oc2", "CHILD", "CONVICTED") == []
    assert told(tmp_path, 2024, "oc2", "CHILD", "CONVICTED") == ["1,1"]
    assert told(tmp_path, 2024, "previous_permanence", "PREV_PERM", "DATE_PERM") == ["P2,01/03/2021"]
    # a worker who came after care is none of a child in care, and there were no workers in the return of 2023
    assert told(tmp_path, 2024, "sw_episodes", "SW_ID", "SW_DEC", "SW_REASON") == ["W1,01/05/2023,MANAGE"]
    assert told(tmp_path, 2025, "sw_episodes", "SW_ID") == []
    assert not (tmp_path / "2023" / "sw_episodes.csv").exists()


def test_the_headers_are_those_of_real_returns():
    for name, columns in HEADERS.items():
        sample = sample_path("samples", "ssda903_one_year", f"{name}.csv")
        assert tuple(pd.read_csv(sample, nrows=0, encoding="utf-8-sig").columns) == columns, name


def test_the_xml_has_the_elements_of_a_real_return(invented, tmp_path):
    [path] = write_ssda903(invented, tmp_path, years=1, layout="xml", observed_until=UNTIL)
    real = ET.parse(sample_path("samples", "ssda903_one_year", "fake_903.xml")).getroot()
    made = ET.parse(path).getroot()
    assert made.tag == real.tag == "EXPSSDA903"
    orders = [[child.tag for child in episode] for root in (real, made) for episode in root.iter("EPISODE")]
    assert len(orders) > 700
    assert all(order == orders[0] for order in orders)
    known = {element.tag for element in real.iter()} | {"DATE_PERM"}  # nobody in the real one had left before
    assert {element.tag for element in made.iter()} <= known
    for header in made.iter("HEADER"):
        order = list(dict.fromkeys(child.tag for child in header))
        assert order[:4] == ["CHILDID", "UPN", "SEX", "DOB"]
        assert order == [tag for tag in _HEADER if tag in order]


_HEADER = ("CHILDID", "UPN", "SEX", "DOB", "ETHNIC", "UASC", "DUC", "AMISSING", "AREVIEW", "MOTHER", "MC_DOB",
           "PERMANENCE", "OC2")  # fmt: skip


@pytest.fixture(scope="module")
def records():
    return make_records(1500, random_state=3, authority="sample")


def test_both_layouts_are_read_as_the_same_history(records, tmp_path):
    read = {}
    for layout in ("csv", "xml"):
        write_ssda903(records, tmp_path / layout, layout=layout, years=3)
        read[layout] = read_ssda903(tmp_path / layout, observed_until=UNTIL)
    for name in ("children", "care_episodes", "legal_statuses", "placements", "missing_episodes",
                 "immigration_statuses"):  # fmt: skip
        assert len(read["csv"].table(name)) > 10, name
        pd.testing.assert_frame_equal(read["csv"].table(name), read["xml"].table(name))


def test_ten_returns_are_read_back_as_the_episodes_they_were_made_from(records, tmp_path):
    write_ssda903(records, tmp_path, years=10)
    read = read_ssda903(tmp_path, observed_until=UNTIL)
    for name, columns in {
        "care_episodes": ["start_date", "end_date", "start_reason", "end_reason", "need"],
        "placements": ["start_date", "end_date", "type", "provider"],
    }.items():
        made = records.table(name)[["child_id", *columns]].sort_values(["child_id", "start_date"], ignore_index=True)
        found = read.table(name)[["child_id", *columns]].sort_values(["child_id", "start_date"], ignore_index=True)
        if name == "placements":  # a placement from before the first return begins with the first episode returned
            made, found = (frame[frame["start_date"] >= "2015-04-01"].reset_index(drop=True) for frame in (made, found))
        assert len(made) > 300
        pd.testing.assert_frame_equal(made, found, check_dtype=False)


def test_a_writer_of_one_seed_writes_the_same_bytes(tmp_path):
    for place, seed in (("first", 3), ("again", 3), ("other", 4)):
        write_ssda903(make_records(150, random_state=seed, authority="sample"), tmp_path / place, years=2)
    contents = [
        {path.relative_to(tmp_path / place): path.read_bytes() for path in (tmp_path / place).rglob("*.csv")}
        for place in ("first", "again", "other")
    ]
    assert contents[0] == contents[1] != contents[2]
    assert not any(b"\r" in content for content in contents[0].values())


def test_tables_with_copies_and_strangers_write_what_their_records_write(tmp_path):
    tables = simulate_tables(150, random_state=3, authority="sample")
    strange = tables["care_episodes"].head(3).assign(child_id="9", row_key=["91", "92", "93"])
    tables["care_episodes"] = pd.concat([tables["care_episodes"], tables["care_episodes"].head(4), strange])
    write_ssda903(tables, tmp_path / "tables", years=2, observed_until=UNTIL)
    write_ssda903(make_records(150, random_state=3, authority="sample"), tmp_path / "records", years=2)
    for year in ("2024", "2025"):
        one, other = (Path(tmp_path, place, year, "episodes.csv").read_bytes() for place in ("tables", "records"))
        assert one == other


def test_faults_are_left_open_or_replaced_episodes_of_earlier_returns(records, tmp_path):
    write_ssda903(records, tmp_path / "clean", years=4)
    write_ssda903(records, tmp_path / "faulty", years=4, faults=True)
    columns = ("CHILD", "DECOM", "DEC", "REC")
    found = Counter()
    for year in range(2022, 2026):
        clean, faulty = (told(tmp_path / place, year, "episodes", *columns) for place in ("clean", "faulty"))
        assert len(clean) == len(faulty)
        changed = [(one, other) for one, other in zip(clean, faulty, strict=True) if one != other]
        assert not changed or year != 2025
        for one, other in changed:
            found["left open" if other.endswith(",,") and not one.endswith(",,") else "begins late"] += 1
    assert found["left open"] >= 5
    assert found["begins late"] >= 3
    wanted = read_ssda903(tmp_path / "clean", observed_until=UNTIL).table("care_episodes")
    mended = read_ssda903(tmp_path / "faulty", observed_until=UNTIL).table("care_episodes")
    assert len(wanted) == len(mended)


def test_years_and_layout_are_checked(records, tmp_path):
    with pytest.raises(SpecError, match="layout must be 'csv' or 'xml'"):
        write_ssda903(records, tmp_path, layout="paper")
    for years in (0, -1, 1.5, True):
        with pytest.raises(SpecError, match="years must be a whole number"):
            write_ssda903(records, tmp_path, years=years)


def test_an_extract_that_ends_within_a_year_has_returns_up_to_the_march_before(tmp_path):
    records = make_records(60, random_state=1, observed_until="2024-12-31", authority="sample")
    assert {path.parent.name for path in write_ssda903(records, tmp_path, years=2)} == {"2023", "2024"}
