"""Reading SSDA903 returns: which files and years they are, what becomes of each column, and what is never taken in."""

from __future__ import annotations

import re
from functools import cache
from xml.sax.saxutils import escape

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.care import care_periods
from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import EdgeOfCareError, RecordsError, SpecError
from edgeofcare.records.ssda903.read import read_ssda903
from edgeofcare.task import Task
from tiny_tables import picture, told

PLANTED = ("U999888777", "ZZ1 1ZZ", "1999-09-09", "4244474")

HEADER_18 = """
    CHILD, SEX, DOB, ETHNIC, UPN, MOTHER, MC_DOB
    K7731, 2, 23/11/2008, WBRI, U999888777, , 1999-09-09
    K7732, 1, 15/10/2009, MWBC, U999888777, ,
"""
EPISODES_18 = """
    CHILD, DECOM, RNE, LS, CIN, PLACE, PLACE_PROVIDER, DEC, REC, REASON_PLACE_CHANGE, HOME_POST, PL_POST, URN
    K7731, 01/06/2017, S, V2, N1, U4, PR1, 01/09/2017, X1, , ZZ1 1ZZ, ZZ1 1ZZ, 4244474
    K7731, 01/09/2017, L, C1, N1, U4, PR1, , , , ZZ1 1ZZ, ZZ1 1ZZ, 4244474
    K7732, 20/03/2018, S, V2, N1, R2, PR4, , , , ZZ1 1ZZ, ZZ1 1ZZ, 4244474
"""
MISSING_18 = """
    CHILD, DOB, MISSING, MIS_START, MIS_END
    K7731, 23/11/2008, M, 05/07/2017, 06/07/2017
    K7731, 23/11/2008, A, 30/03/2018,
"""
HEADER_19 = """
    CHILD, SEX, DOB, ETHNIC, UPN, MOTHER, MC_DOB
    K7731, F, 2008-11-23, WBRI, , ,
    K7733, M, 2007-12-11, AOTH, , ,
"""
EPISODES_19 = """
    CHILD, DECOM, RNE, LS, CIN, PLACE, PLACE_PROVIDER, DEC, REC, REASON_PLACE_CHANGE, HOME_POST, PL_POST, URN
    K7731, 2017-09-01, L, C1, N1, U4, PR1, 2018-08-01, X1, CARPL, , ,
    K7731, 2018-08-01, P, C1, N1, K2, PR5, 2019-02-01, E4A, , , ,
    K7733, 2018-10-01, S, V2, N8, U6, PR4, , , , , ,
"""
UASC_19 = """
    CHILD, SEX, DOB, DUC
    K7733, M, 2007-12-11, 2025-12-11
"""
SOUND = {
    "2018-header": HEADER_18,
    "2018-episodes": EPISODES_18,
    "2018-missing": MISSING_18,
    "2019-header": HEADER_19,
    "2019-episodes": EPISODES_19,
    "2019-uasc": UASC_19,
}
SECRETS = (*PLANTED, "K77", "2008", "2007", "2009", "23/11", "01/06")


def source(**changed):
    """The files as frames by name; ``None`` leaves one out. ``y18_header`` stands for ``2018-header``."""
    texts = SOUND | {f"20{name[1:3]}-{name[4:]}" if name.startswith("y") else name: t for name, t in changed.items()}
    return {name: picture(text) for name, text in texts.items() if text is not None}


def read(how=None, **changed):
    """Records of the files."""
    return read_ssda903(source(**changed), **({"observed_until": None} | (how or {})))


@cache
def sound():
    """Records of the sound files, read once."""
    return read()


def one_year(episodes, header=HEADER_18, how=None, **others):
    """Records of a single return."""
    texts = {"header": header, "episodes": "CHILD, DECOM, RNE, LS, CIN, PLACE, DEC, REC\n" + episodes, **others}
    frames = {name: picture(text) for name, text in texts.items()}
    return read_ssda903(frames, **({"observed_until": None} | (how or {})))


def refused(where, **options):
    """The message with which a source is refused; it gives nothing away."""
    with pytest.raises(RecordsError) as caught:
        read_ssda903(where, **({"observed_until": None} | options))
    assert not [secret for secret in SECRETS if secret in str(caught.value)]
    return str(caught.value)


def noted(records, text):
    """Counts and rules of the findings whose reason has the text."""
    found = records.findings()
    found = found[found["why"].str.contains(text, regex=False)]
    return list(zip(found["column"], found["count"], found["rule"], strict=True))


@pytest.fixture
def folder(tmp_path):
    """The same tables as files."""
    for name, frame in source().items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False, encoding="utf-8")
    (tmp_path / "readme.csv").write_text("what,this,is\n", encoding="utf-8")
    return tmp_path


def test_two_years_become_one_history():
    records = sound()
    assert told(records.table("care_episodes"), "child_id", "start_date", "end_date", "start_reason", "end_reason") == [
        "K7731, 2017-06-01, 2017-09-01, S, X1",
        "K7731, 2017-09-01, 2018-08-01, L, X1",
        "K7731, 2018-08-01, 2019-02-01, P, E4A",
        "K7732, 2018-03-20, 2018-03-31, S, ",
        "K7733, 2018-10-01, , S, ",
    ]
    assert records.table("care_episodes")["period_key"].tolist() == [
        "K7731:20170601",
        "K7731:20170601",
        "K7731:20170601",
        "K7732:20180320",
        "K7733:20181001",
    ]
    assert told(records.table("children"), "child_id", "birth_date", "sex", "ethnicity", "authority") == [
        "K7731, 2008-11-23, F, WBRI, ",
        "K7732, 2009-10-15, M, MWBC, ",
        "K7733, 2007-12-11, M, AOTH, ",
    ]
    assert str(records.observed_until.date()) == "2019-03-31"
    assert str(records.observed_from["care_episodes"].date()) == "2017-04-01"


def test_statuses_and_placements_are_spells_of_several_episodes():
    records = sound()
    assert told(records.table("legal_statuses"), "child_id", "start_date", "end_date", "status") == [
        "K7731, 2017-06-01, 2017-09-01, V2",
        "K7731, 2017-09-01, 2019-02-01, C1",
        "K7732, 2018-03-20, 2018-03-31, V2",
        "K7733, 2018-10-01, , V2",
    ]
    # The change of status on 1 September 2017 (RNE L) leaves the child where they are.
    assert told(records.table("placements"), "start_date", "end_date", "type", "provider", "change_reason") == [
        "2017-06-01, 2018-08-01, U4, PR1, CARPL",
        "2018-08-01, 2019-02-01, K2, PR5, ",
        "2018-03-20, 2018-03-31, R2, PR4, ",
        "2018-10-01, , U6, PR4, ",
    ]


def test_a_missing_episode_left_open_in_an_earlier_return_ends_with_it():
    records = sound()
    assert told(records.table("missing_episodes"), "start_date", "end_date", "type") == [
        "2017-07-05, 2017-07-06, M",
        "2018-03-30, 2018-03-31, A",
    ]
    assert noted(records, "open in an earlier return and in none since: ends on 31 March") == [("MIS_END", 1, "")]


def test_a_child_of_the_uasc_file_has_the_status_from_the_start_of_the_period_of_care():
    assert told(sound().table("immigration_statuses"), "child_id", "start_date", "end_date", "uasc") == [
        "K7733, 2018-10-01, , True"
    ]
    listed_late = "CHILD, SEX, DOB, DUC\nK7731, F, 2008-11-23, 2019-01-01\nK7732, M, 2009-10-15,"
    records = read(y19_uasc=listed_late)
    # K7731's period began in the year before; K7732 was not in care in the year whose return lists the child.
    assert told(records.table("immigration_statuses"), "child_id", "start_date", "end_date") == [
        "K7731, 2017-06-01, 2019-01-01"
    ]
    assert noted(records, "the status has no first day") == [("CHILD", 1, "")]
    ceased = listed_late.replace("2019-01-01", "2016-01-01")
    assert read(y19_uasc=ceased).table("immigration_statuses").empty


def test_files_folders_lists_and_mappings_give_the_same_records(folder, tmp_path_factory):
    same = sound().fingerprint
    assert read_ssda903(folder, observed_until=None).fingerprint == same
    files = sorted(folder.glob("*.csv"), reverse=True)
    assert read_ssda903([str(path) for path in files], observed_until=None, progress=True).fingerprint == same
    years = tmp_path_factory.mktemp("years")
    for name, frame in source().items():
        year, kind = name.split("-")
        (years / f"return {year}").mkdir(exist_ok=True)
        frame.to_csv(years / f"return {year}" / f"{kind}.csv", index=False)
    assert read_ssda903(years, observed_until=None).fingerprint == same


def test_names_do_not_say_what_a_file_is(folder):
    for place, name in enumerate(["2018-header", "2018-episodes", "2018-missing"]):
        (folder / f"{name}.csv").rename(folder / f"x{place} 2018.TXT")
    (folder / "2019-episodes.csv").rename(folder / "2019-reviews.csv")
    assert read_ssda903(folder, observed_until=None).fingerprint == sound().fingerprint


@settings(max_examples=4)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_and_files_does_not_matter(random):
    names = list(source())
    random.shuffle(names)
    frames = {name: source()[name].sample(frac=1, random_state=random.randrange(1000)) for name in names}
    assert read_ssda903(frames, observed_until=None).fingerprint == sound().fingerprint


def as_xml(year):
    """One year's files as an XML return."""
    frames = {name.split("-")[1]: frame for name, frame in source().items() if name.startswith(year)}
    parts = []
    for child in frames["header"].to_dict("records"):
        number = child.pop("CHILD")
        uasc = frames.get("uasc", pd.DataFrame(columns=["CHILD", "DUC"]))
        uasc = uasc[uasc["CHILD"] == number]
        extra = "<UASC>1</UASC>" + tagged({"DUC": uasc["DUC"].iloc[0]}) if len(uasc) else "<UASC />"
        missing = rows_of(frames.get("missing"), number, "AMISSING", ("MISSING", "MIS_START", "MIS_END"))
        renamed = frames["episodes"].rename(columns={"PLACE": "PL"})
        episodes = rows_of(renamed, number, "EPISODE", [name for name in renamed if name != "CHILD"])
        header = f"<HEADER><CHILDID>{number}</CHILDID>{tagged(child)}{extra}{missing}</HEADER>"
        parts.append(f"<CHILD>{header}{episodes}</CHILD>")
    return f"<?xml version='1.0' encoding='utf-8'?><EXPSSDA903>{''.join(parts)}</EXPSSDA903>"


def tagged(values):
    """Elements of one row."""
    return "".join(f"<{name}>{escape(value)}</{name}>" if value else f"<{name} />" for name, value in values.items())


def rows_of(frame, number, tag, columns):
    """Elements of the rows of one child."""
    if frame is None:
        return ""
    return "".join(
        f"<{tag}>{tagged(row)}</{tag}>" for row in frame.loc[frame["CHILD"] == number, columns].to_dict("records")
    )


def test_xml_and_csv_give_the_same_records(tmp_path):
    for year in ("2018", "2019"):
        (tmp_path / f"{year}.xml").write_text(as_xml(year), encoding="utf-8")
    records = read_ssda903(tmp_path, observed_until=None)
    assert records.fingerprint == sound().fingerprint
    assert "1 April" not in records.findings().to_string()


def test_what_nobody_needs_is_never_taken_in(folder):
    for records in (sound(), read_ssda903(folder, observed_until=None)):
        kept = [records.table(name).to_csv() for name in records]
        shown = [repr(records), records.findings().to_csv(), records.counts().to_csv()]
        assert not [planted for planted in PLANTED for text in (*kept, *shown) if planted in text]
        assert not [secret for secret in SECRETS for text in shown if secret in text]


def test_case_spaces_marks_and_encodings_of_files_do_not_matter(folder):
    same = sound().fingerprint
    path = folder / "2018-episodes.csv"
    text = path.read_text(encoding="utf-8")
    head, rows = text.split("\n", 1)
    path.write_text(head.lower().replace("place_provider", " Place Provider ") + "\n" + rows, encoding="utf-8-sig")
    assert read_ssda903(folder, observed_until=None).fingerprint == same
    path.write_text(text, encoding="utf-16")
    assert noted(read_ssda903(folder, observed_until=None), "UTF-16") == [("", 1, "")]
    path.write_bytes(text.replace("ZZ1 1ZZ", "Zo\u00eb").encode("cp1252"))
    records = read_ssda903(folder, observed_until=None)
    assert records.fingerprint == same
    assert noted(records, "Windows-1252") == [("", 1, "")]
    path.write_bytes(text.encode() + b"\x81\x8d\n")
    assert "episodes (2018): the file is neither UTF-8 nor Windows-1252 text" in refused(folder)


def test_identifiers_read_as_floats_and_dates_read_as_dates_are_understood():
    frames = source()
    numbers = {"K7731": 7731.0, "K7732": 7732.0, "K7733": 7733.0}
    odd = {name: frame.assign(CHILD=frame["CHILD"].map(numbers)) for name, frame in frames.items()}
    for name in ("2018-episodes", "2019-episodes"):
        odd[name]["DECOM"] = pd.to_datetime(odd[name]["DECOM"], dayfirst=name.startswith("2018"))
    odd["2018-header"]["SEX"] = odd["2018-header"]["SEX"].astype(float)
    plain = {name: frame.assign(CHILD=frame["CHILD"].str[1:]) for name, frame in frames.items()}
    found, expected = (read_ssda903(each, observed_until=None) for each in (odd, plain))
    assert found.fingerprint == expected.fingerprint
    assert found.table("children")["child_id"].tolist() == ["7731", "7732", "7733"]


def regional(frames, **columns):
    """All years' frames of one kind with LA and YEAR, as regional platforms keep them."""
    named = {}
    for name, frame in frames.items():
        year, kind = name.split("-")
        values = {column: value(year) for column, value in columns.items()}
        named.setdefault(kind, []).append(frame.assign(**values))
    return {kind: pd.concat(parts) for kind, parts in named.items()}


def test_a_regional_extract_says_its_years_and_authority():
    one = read_ssda903(regional(source(), LA=lambda _: "Northshire", YEAR=int), observed_until=None)
    assert set(one.table("children")["authority"]) == {"NORTHSHIRE"}
    assert told(one.table("care_episodes"), "child_id", "start_date", "end_date") == told(
        sound().table("care_episodes"), "child_id", "start_date", "end_date"
    )
    assert noted(one, "no YEAR column") == []


@pytest.mark.parametrize("year", ["2017/18", "2017-18", "2017/2018"])
def test_years_are_read_however_written(year):
    named = {"2018": year, "2019": "2019.0"}
    found = read_ssda903(regional(source(), YEAR=named.get), observed_until=None)
    assert found.fingerprint == sound().fingerprint


def test_a_year_that_names_the_beginning_is_told_by_the_dates():
    found = read_ssda903(regional(source(), YEAR=lambda year: int(year) - 1), observed_until=None)
    assert found.fingerprint == sound().fingerprint
    assert noted(found, "YEAR is the year in which the return begins") == [("YEAR", 2, "")]


def test_children_of_several_authorities_are_kept_apart():
    frames = [regional(source(), LA=lambda _, name=name: name, YEAR=int) for name in ("North", "South")]
    both = {kind: pd.concat([each[kind] for each in frames]) for kind in frames[0]}
    both["episodes"] = both["episodes"][(both["episodes"]["LA"] == "North") | (both["episodes"]["YEAR"] == 2018)]
    records = read_ssda903(both, observed_until=None)
    assert told(records.table("children"), "child_id", "authority")[:2] == ["NORTH:K7731, NORTH", "NORTH:K7732, NORTH"]
    south = records.table("care_episodes")
    # South has no return of 2019, so that of 2018 is its latest and what is open there is open.
    assert told(south[south["child_id"].str.startswith("SOUTH")], "start_date", "end_date") == [
        "2017-06-01, 2017-09-01",
        "2017-09-01, ",
        "2018-03-20, ",
    ]
    # What happened in South after that return nobody can tell, so the records of both end with it.
    assert str(records.observed_until.date()) == "2018-03-31"
    both["header"].loc[both["header"].index[0], "LA"] = ""
    assert "header: column 'LA': no authority in" in refused(both)


def test_the_year_of_a_return_is_that_of_its_last_days_not_of_its_name():
    records = sound()
    assert noted(records, "the returns end on 31 March of 2018, 2019") == [("YEAR", 2, "")]
    renamed = {name.replace("2018", "2044").replace("2019", "2011"): frame for name, frame in source().items()}
    assert read_ssda903(renamed, observed_until=None).fingerprint == records.fingerprint


def test_one_wrong_date_does_not_date_a_small_return():
    episodes = "".join(f"{at}, 01/06/2021, S, V2, N1, U4, ,\n" for at in range(30))
    header = "CHILD, SEX, DOB, ETHNIC\n" + "".join(f"{at}, 1, 2008-01-31, WBRI\n" for at in range(31))
    records = one_year(episodes + "30, 01/06/2029, S, V2, N1, U4, ,", header)
    assert str(records.observed_until.date()) == "2022-03-31"
    assert len(records.table("care_episodes")) == 30


def test_of_two_returns_of_one_year_the_names_say_which_is_later():
    again = EPISODES_18.replace("01/09/2017, X1", "02/09/2017, E4A").replace("01/09/2017, L", "02/09/2017, L")
    sources = source(y19_header=None, y19_episodes=None, y19_uasc=None) | {"2018b/2020-episodes": picture(again)}
    records = read_ssda903(sources, observed_until=None)
    assert noted(records, "two returns are of one year by their dates") == [("", 1, "")]
    assert told(records.table("care_episodes"), "start_date", "end_date")[:2] == [
        "2017-06-01, 2017-09-02",
        "2017-09-02, ",
    ]


def test_a_header_that_could_be_of_any_return_is_told():
    frames = source()
    frames["header"] = pd.concat([frames.pop("2018-header"), frames.pop("2019-header")])
    assert noted(read_ssda903(frames, observed_until=None), "read as of the latest") == [("YEAR", 1, "")]


def test_a_year_without_a_return_is_refused():
    """Children who were in care in it would look as if they had not been: no entry, and wrongly eligible."""
    later = re.sub(r"2019-02-01|2018-10-01", lambda day: "2020" + day.group()[4:], EPISODES_19)
    with pytest.raises(RecordsError, match=r"2 years to 31 March .* have no return: 2019, 2020") as error:
        read(y19_episodes=later)
    assert "observed_from='2020-04-01'" in str(error.value)
    kept = read({"observed_from": "2020-04-01"}, y19_episodes=later)
    assert noted(kept, "a year without a return") == [("YEAR", 2, "")]


def test_an_end_that_only_the_next_return_tells_is_seen_when_that_is_complete():
    """K7732 was left open in 2018 and is not in the return of 2019: nobody could tell before that was complete."""
    for name in ("care_episodes", "legal_statuses", "placements"):
        rows = sound().table(name)
        assert told(rows[rows["child_id"] == "K7732"], "end_date", "end_recorded_date") == ["2018-03-31, 2019-03-31"]
        assert rows.loc[rows["child_id"] != "K7732", "end_recorded_date"].isna().all()


def test_returns_that_differ_about_a_child_are_settled_by_the_latest_and_counted():
    header = HEADER_19.replace("F, 2008-11-23, WBRI", "M, 2008-11-24,")
    records = read(y19_header=header)
    assert told(records.table("children"), "birth_date", "sex", "ethnicity")[0] == "2008-11-24, M, WBRI"
    assert noted(records, "returns differ about the child") == [("DOB", 1, "903 203"), ("SEX", 1, "903 202")]
    assert noted(records, "another date of birth than the header's") == [("DOB", 2, "903 INT13")]
    twice = read(y19_header=HEADER_19 + "    K7733, M, 2007-12-11, AOTH, , ,\n    K7733, F, 2007-12-11, AOTH, , ,\n")
    assert noted(twice, "in the header of one return more than once") == [("CHILD", 1, "903 INT32")]


def test_a_child_without_header_is_dropped_and_counted():
    records = read(y19_header=None, y19_episodes=EPISODES_19, y19_uasc=None)
    assert noted(records, "the child is not in the children table")[0][:2] == ("child_id", 1)


def test_a_reason_without_a_date_leaves_the_episode_open():
    records = one_year("K7731, 01/06/2017, S, V2, N1, U4, , X1\nK7732, 01/06/2017, S, V2, N1, U4, 01/09/2017,")
    assert told(records.table("care_episodes"), "end_date", "end_reason") == [", ", "2017-09-01, "]
    assert [count for _, count, rule in noted(records, "REC") if rule == "903 148"] == [1, 1]


def test_death_is_believed_where_nothing_follows():
    died = one_year("K7731, 01/06/2017, S, V2, N1, U4, 01/09/2017, E2\nK7732, 01/06/2017, S, V2, N1, U4, , ")
    assert told(died.table("children"), "child_id", "death_date") == ["K7731, 2017-09-01", "K7732, "]
    lived = one_year("K7731, 01/06/2017, S, V2, N1, U4, 01/09/2017, E2\nK7731, 01/11/2017, S, V2, N1, U4, , ")
    assert lived.table("children")["death_date"].isna().all()
    assert noted(lived, "which is not believed") == [("REC", 1, "903 437")]


def test_short_breaks_are_no_entry_and_care_after_them_is():
    records = one_year(
        """K7731, 01/06/2017, S, V4, N2, K1, 01/09/2017, X1
        K7731, 01/09/2017, L, C1, N2, K1, ,
        K7732, 01/06/2017, S, V3, N2, K1, 08/06/2017, E8
        """
    )
    assert told(care_periods(records, Task()), "child_id", "entry_date") == ["K7731, 2017-09-01"]


def test_what_stays_odd_is_counted_with_its_rule():
    records = one_year(
        """K7731, 01/06/2017, P, V2, N1, U4, 01/09/2017, X1
        K7731, 01/09/2017, S, V2, N4, U4, 01/10/2017, X1
        K7732, 01/12/2017, S, Q9, N4, U4, ,
        """.replace("Q9", "V2")
    )
    found = records.findings()
    assert set(found.loc[found["action"] == "ignored", "rule"]) == {"903 357", "903 431", "903 388", "903 504"}


def test_records_of_returns_alone_make_no_cohort():
    records = sound()
    assert records.absent == ("referrals",)
    with pytest.raises(EdgeOfCareError, match="referrals"):
        build_cohort(records, Task(), index_dates=["2018-06-01"])


def test_options_reach_the_records():
    how = {"observed_until": "2019-01-31", "observed_from": "2017-05-01", "reporting_lag": {"care_episodes": 10}}
    records = read(how)
    assert str(records.observed_until.date()) == "2019-01-31"
    assert str(records.observed_from["placements"].date()) == "2017-05-01"
    assert records.reporting_lag["care_episodes"] == 10
    mapped = read({"code_maps": {"legal_status": {"Sec 20": "V2"}}}, y19_episodes=EPISODES_19.replace("V2", "Sec 20"))
    assert mapped.fingerprint == sound().fingerprint
    with pytest.raises(SpecError, match="invalid must be"):
        read({"invalid": "ignore"})


BAD = {
    "unreadable date": {"y18_episodes": EPISODES_18.replace("01/06/2017", "42887")},
    "no first day": {"y18_episodes": EPISODES_18.replace("20/03/2018", "1900-01-01")},
    "no child": {"y19_episodes": EPISODES_19.replace("K7733", "")},
    "ends before it begins (903 356)": {"y19_episodes": EPISODES_19.replace("2019-02-01", "2018-02-01")},
    "ends before it begins (903 567)": {"y18_missing": MISSING_18.replace("06/07/2017", "04/07/2017")},
    "no date of birth": {"y19_header": HEADER_19.replace("2007-12-11", "")},
}
"""Files that cannot be right, by what is said of them."""


@pytest.mark.parametrize("why", BAD)
def test_rows_that_cannot_be_right_are_refused_or_counted(why):
    assert why in refused(source(**BAD[why]))
    found = read({"invalid": "drop"}, **BAD[why]).findings()
    assert why in set(found["why"])
    assert not [secret for secret in SECRETS if secret in found.to_string()]


def test_every_problem_of_the_rows_is_told_at_once():
    changed = {name: text for each in list(BAD.values())[3:5] for name, text in each.items()}
    changed["y18_episodes"] = EPISODES_18.replace("01/06/2017", "42887").replace("V2, N1, R2", "Our own, N1, R2")
    message = refused(source(**changed))
    assert "4 problems" in message or "5 problems" in message
    for text in ("unreadable date in 1 row", "(903 356) in 1 row", "(903 567) in 1 row", "'Our own' (1 row)"):
        assert text in message


def test_missing_files_and_columns_are_told():
    frames = source()
    frames["2019-episodes"] = frames["2019-episodes"].rename(columns={"DEC": "DECC"}).drop(columns="REC")
    frames["2018-episodes"]["dec "] = ""
    message = refused(frames)
    assert "episodes (2019): column 'DEC' is missing. Did you mean" in message
    assert "episodes (2019): column 'REC' is missing." in message
    assert "episodes (2018): column 'DEC' appears 2 times" in message
    only = {"2018-episodes": picture(EPISODES_18)}
    assert "header: no file has the columns of it (CHILD, DOB, ...). It is needed." in refused(only)
    assert "SSDA903: no file was recognised." in refused({"a": pd.DataFrame({"b": [1]})})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04zip and more", "an archive or an Excel workbook"),
        (b"CHILD,DECOM,RNE,LS,DEC,REC\nK7731,01/06/2017,S,V2,,,too,many\n", "could not be read"),
        (b'CHILD,DECOM,RNE,LS,DEC,REC\n"K7731,01/06/2017,S,V2,,\n', "could not be read"),
        (b"CHILD,DECOM,RNE,LS,DEC,REC\nK77\x0031,01/06/2017,S,V2,,\n", "neither UTF-8 nor Windows-1252"),
    ],
    ids=["zip", "columns", "quotes", "zero"],
)
def test_files_that_cannot_be_read_are_told(folder, content, why):
    (folder / "2018-episodes.csv").write_bytes(content)
    assert why in refused(folder)


def test_broken_and_hostile_xml_is_told(folder):
    laughs = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><EXPSSDA903><CHILD>&c;</CHILD></EXPSSDA903>'
    for text, why in ((as_xml("2018")[:900], "XML file"), (laughs, "entities"), ("", "empty")):
        (folder / "a.xml").write_text(text, encoding="utf-8")
        assert why in refused(folder)
    (folder / "a.xml").write_text("<Message><Child/></Message>", encoding="utf-8")
    assert noted(read_ssda903(folder, observed_until=None), "not those of an SSDA903 file") == [("", 2, "")]


def test_empty_files_and_tables(folder):
    (folder / "nothing.csv").write_bytes(b"")
    assert noted(read_ssda903(folder, observed_until=None), "not those of an SSDA903 file") == [("", 2, "")]
    empty = {name: frame.iloc[:0] for name, frame in source().items()}
    assert "no row has a date" in refused(empty)
    assert "children: the table has no rows" in refused(empty, observed_until="2019-03-31")
    no_rows = {name: frame.iloc[:0] if "header" not in name else frame for name, frame in source().items()}
    assert len(read_ssda903(no_rows, observed_until="2019-03-31").table("children")) == 3


@pytest.mark.parametrize("wrong", [3, None, {"a": 1}, [1], "no/such/folder", ["no such file.csv"]])
def test_a_source_that_is_none_is_refused(wrong):
    with pytest.raises(SpecError):
        read_ssda903(wrong, observed_until=None)


@given(st.binary(max_size=200) | st.text(alphabet='CHILDECOMRNSV2,"/0179\n\r\t ', max_size=200).map(str.encode))
def test_no_bytes_raise_anything_but_an_error_of_ours(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("fuzz")
    picture(HEADER_18).to_csv(folder / "header.csv", index=False)
    (folder / "episodes.csv").write_bytes(b"CHILD,DECOM,RNE,LS,DEC,REC\n" + content)
    (folder / "a.csv").write_bytes(content)
    (folder / "a.xml").write_bytes(content)
    try:
        read_ssda903(folder, observed_until=None, invalid="drop")
    except EdgeOfCareError:
        return


def test_a_list_may_hold_folders_of_years(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("later")
    for path in folder.glob("2019-*"):
        path.rename(other / path.name)
    assert read_ssda903([other, folder], observed_until=None).fingerprint == sound().fingerprint


@pytest.mark.parametrize("year", ["soon", "0001", "9999/00", "2018-03-31"])
def test_a_year_that_is_none_is_emptied_and_the_dates_speak(year):
    records = read_ssda903(regional(source(), YEAR={"2018": year, "2019": "2019"}.get), observed_until=None)
    assert ("YEAR", 3, "") in noted(records, "no year; taken to be of the return that the file's dates show")
    assert str(records.observed_until.date()) == "2019-03-31"
