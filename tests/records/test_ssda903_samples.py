"""The public sample returns, read whole; every number is counted here a second time from the files' lines alone.

The counting below uses the csv module and loops over one child's episodes, not the reader. Numbers that the README of
the samples states (10 previous episodes not ended, 62 overlaps, 910 episodes returned again) are asserted as they
stand there. No file needs ``invalid="drop"``: what is dirty in them is repaired or counted, and no row lacks a child
or a date or ends before it begins.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import defaultdict

import pytest

from edgeofcare.care import care_periods
from edgeofcare.records.ssda903.read import read_ssda903
from edgeofcare.task import Task
from samples import sample_path

SHORT_BREAKS = ("V3", "V4")


def day(text):
    """A date of the samples, or None."""
    return dt.datetime.strptime(text, "%d/%m/%Y").date() if text else None


def lines(path, year):
    """The episodes of one CSV file of the samples."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            {"child": row["CHILD"], "from": day(row["DECOM"]), "to": day(row["DEC"]), "year": year} | row
            for row in csv.DictReader(file)
        ]


def elements(path, year):
    """The episodes of the XML file, found with regular expressions."""
    rows = []
    for child in re.findall(r"<CHILD>.*?</CHILD>", path.read_text(encoding="ascii"), re.DOTALL):
        number = re.search(r"<CHILDID>(.*?)</CHILDID>", child).group(1)
        for episode in re.findall(r"<EPISODE>(.*?)</EPISODE>", child, re.DOTALL):
            row = dict(re.findall(r"<(\w+)>([^<]*)</", episode))
            rows.append({"child": number, "from": day(row["DECOM"]), "to": day(row.get("DEC")), "year": year} | row)
    return rows


def counted_by_hand(rows, last):
    """What reading the rows must find: episodes that stay, repairs by kind, and entries into care."""
    found = defaultdict(int)
    latest = {(row["child"], row["from"]): row for row in sorted(rows, key=lambda row: row["year"])}
    found["again"] = len(rows) - len(latest)
    by_child = defaultdict(list)
    for row in sorted(latest.values(), key=lambda row: row["from"]):
        by_child[row["child"]].append(row)
    found["children"] = len(by_child)
    for episodes in by_child.values():
        kept = [row for row in episodes if not any(covers(other, row) for other in episodes)]
        found["replaced"] += len(episodes) - len(kept)
        found["episodes"] += len(kept)
        before = None
        for row, following in zip(kept, [*kept[1:], None], strict=True):
            end, reason = settled(row, following, last, found)
            care = row["LS"] not in SHORT_BREAKS
            found["entries"] += care and before != row["from"]
            before = end if care and reason == "X1" else None
    return dict(found)


def covers(other, row):
    """Whether an episode of a later return holds the first day of this one."""
    later = other["year"] > row["year"] and other["from"] < row["from"]
    return later and (other["to"] is None or other["to"] > row["from"])


def settled(row, following, last, found):
    """The end and reason of one episode, given the next of the child, if any."""
    anew = following is not None and following["RNE"] == "S"
    if row["to"] is None:
        found["open, followed"] += following is not None
        found["open, earlier return"] += following is None and row["year"] < last
        found["open"] += following is None and row["year"] == last
        return (following["from"], "X1") if following is not None and not anew else (None, "")
    if following is not None and row["to"] > following["from"]:
        found["overlap, later return" if following["year"] > row["year"] else "overlap"] += 1
        return following["from"], row["REC"] if anew else "X1"
    return row["to"], row["REC"]


def repairs(records):
    """Counts of the findings on episodes by the first words of their reason."""
    found = records.findings()
    found = found[(found["table"] == "episodes") & (found["action"] != "ignored")]
    return {re.split(r"[:,(]", why)[0].strip(): count for why, count in zip(found["why"], found["count"], strict=True)}


def no_overlap(records):
    """Whether no child has overlapping episodes, nor overlapping periods of care."""
    for short_breaks in ("exclude", "include"):
        periods = care_periods(records, Task(short_breaks=short_breaks)).sort_values(["child_id", "entry_date"])
        reached = periods.groupby("child_id")["end_date"].shift()
        again = periods["child_id"].duplicated()
        assert (reached[again] <= periods.loc[again, "entry_date"]).all()
    episodes = records.table("care_episodes").sort_values(["child_id", "start_date"])
    reached = episodes.groupby("child_id")["end_date"].shift()
    again = episodes["child_id"].duplicated()
    return bool((reached[again] <= episodes.loc[again, "start_date"]).all())


def test_five_years_stitch_to_one_history():
    folder = sample_path("samples", "ssda903_five_years")
    rows = [row for year in range(2017, 2022) for row in lines(folder / f"{year}-episodes.csv", year)]
    hand = counted_by_hand(rows, 2021)
    records = read_ssda903(folder, observed_until=None)
    # The files named 2017 to 2021 hold the years to 31 March 2018 to 2022: no DECOM and no DEC - 1 day lies later.
    assert str(records.observed_until.date()) == "2022-03-31"
    assert str(records.observed_from["care_episodes"].date()) == "2017-04-01"
    # 3,737 rows less 910 returned again (README) less 19 that begin within an episode of a later return.
    assert len(rows) == 3737
    assert len(records.table("care_episodes")) == hand["episodes"] == 3737 - 910 - 19
    assert len(records.table("children")) == hand["children"] == 820
    # 996 rows have no DEC, and all of them a REC; 934 of these are in earlier returns, 910 came again closed or open.
    assert repairs(records) == {
        "RULE_3": hand["again"],
        "RULE_3A": hand["replaced"],
        "RULE_2": hand["open, earlier return"],
        "RULE_4": hand["overlap, later return"],
        "overlaps the next episode of the same return": hand["overlap"],
        "a reason for ceasing": sum(row["to"] is None for row in rows),
    }
    assert (hand["again"], hand["replaced"], hand["open, earlier return"]) == (910, 19, 24)
    assert (hand["overlap, later return"], hand["overlap"], hand["open"]) == (7, 26, 62)
    assert records.table("care_episodes")["end_date"].isna().sum() == hand["open"]
    assert len(care_periods(records, Task())) == hand["entries"] == 799
    assert no_overlap(records)
    # uasc files: 82 rows of 31 children, each in care in that year. missing files: 7 rows, no two of one first day.
    assert len(records.table("immigration_statuses")) == 31
    assert len(records.table("missing_episodes")) == 7


def test_one_year_of_csv_files():
    folder = sample_path("samples", "ssda903_one_year")
    rows = lines(folder / "episodes.csv", 2018)
    hand = counted_by_hand(rows, 2018)
    records = read_ssda903(sorted(folder.glob("*.csv")), observed_until=None)
    assert str(records.observed_until.date()) == "2018-03-31"
    assert len(records.table("children")) == 2675
    episodes = records.table("care_episodes")
    assert (len(episodes), episodes["child_id"].nunique()) == (hand["episodes"], hand["children"]) == (5050, 2123)
    # The README counts 62 overlaps, 10 previous episodes not ended, and 1,413 rows with REC but no DEC.
    assert repairs(records) == {
        "overlaps the next episode of the same return": hand["overlap"],
        "open": hand["open, followed"],
        "a reason for ceasing": sum(row["to"] is None for row in rows),
    }
    assert (hand["overlap"], hand["open, followed"], sum(row["to"] is None for row in rows)) == (62, 10, 1413)
    # Open at the end: without DEC and not followed, or ceased on 1 April, the day after the return's last, which is not
    # known on 31 March (12 rows have that DEC; one of them overlaps the next).
    assert sum(row["to"] == dt.date(2018, 4, 1) for row in rows) == 12
    assert episodes["end_date"].isna().sum() == hand["open"] + 11 == 1413 - 10 + 11
    assert len(care_periods(records, Task())) == hand["entries"] == 1991
    assert no_overlap(records)
    # uasc.csv: 132 children, 29 of whom have no episode; missing.csv: 43 rows, no two of one child and day.
    assert len(records.table("immigration_statuses")) == 132 - 29
    assert len(records.table("missing_episodes")) == 43


def test_the_xml_file():
    path = sample_path("samples", "ssda903_one_year", "fake_903.xml")
    rows = elements(path, 2018)
    hand = counted_by_hand(rows, 2018)
    records = read_ssda903(path, observed_until=None)
    # grep -c counts 253 CHILD, 459 EPISODE, 6 AMISSING and 12 DUC elements; 3 of the 12 children have no episode.
    assert len(records.table("children")) == 253
    assert len(rows) == len(records.table("care_episodes")) == hand["episodes"] == 459
    assert len(records.table("missing_episodes")) == 6
    assert len(records.table("immigration_statuses")) == 12 - 3
    assert repairs(records) == {
        "overlaps the next episode of the same return": hand["overlap"],
        "a reason for ceasing": sum(row["to"] is None for row in rows),
    }
    assert hand["overlap"] == 7
    assert len(care_periods(records, Task())) == hand["entries"] == 182
    assert no_overlap(records)


def test_a_folder_with_both_forms_holds_the_children_of_both():
    records = read_ssda903(sample_path("samples", "ssda903_one_year"), observed_until=None)
    # No child of the XML file is in header.csv.
    assert len(records.table("children")) == 2675 + 253
    assert len(records.table("care_episodes")) == 5050 + 459
    assert no_overlap(records)


@pytest.mark.parametrize("name", ["ad1", "oc2", "oc3", "reviews", "DoLo", "sw_episodes", "previous_permanence"])
def test_every_other_file_is_recognised_and_left_unread(name):
    folder = sample_path("samples", "ssda903_one_year")
    files = [folder / f"{each}.csv" for each in ("header", "episodes", name)]
    found = read_ssda903(files, observed_until=None).findings()
    assert found.loc[found["table"] == "files", "count"].tolist() == [1]
    assert found.loc[found["table"] == "files", "why"].str.contains("nothing of it has a place").all()
