"""Annex A workbooks: headers and values as authorities write them, cases, look-back, bad files, and what is refused."""

from __future__ import annotations

import datetime as dt
import io
import struct
import sys
import zipfile
from functools import cache

import openpyxl
import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import EdgeOfCareError, RecordsError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.names import parse_feature
from edgeofcare.outcome import label_outcome
from edgeofcare.records.annex_a.layout import LISTS, plain_header
from edgeofcare.records.annex_a.read import _window_start, read_annex_a
from edgeofcare.records.annex_a.shape import canonical_tables
from edgeofcare.records.annex_a.workbook import lists_of, sheets_of
from edgeofcare.records.findings import Findings
from edgeofcare.task import Task
from samples import sample_path
from tiny_tables import picture, told

UNTIL = "2024-03-31"
CHILD = "Child Unique ID, Gender, Ethnicity, Date of Birth, Age"
A, B = "Q7731, b) Female, a) WBRI, 23/11/2008, 15.35", "Q7732, a) Male, k) APKN, 2009-10-15, 14.46"
SOUND = {
    "List 1": f"""{CHILD}, Date of Contact, Contact Source
        {A}, 15/04/2023, q) 6: Police
        {B}, 16/01/2024, e) 2A: Schools""",
    "List 3": f"""{CHILD}, Date of referral, Referral Source, Referral NFA?, Number of Referrals in Last 12 Months
        {A}, 20/01/2024, q) 6: Police, No, 3
        {B}, 20/01/2024, j) 3D: Health services, Yes, 1""",
    "List 5": f"""{CHILD}, Strategy discussion initiating Section 47 Enquiry Start Date,\
 Was an Initial Child Protection Conference deemed unnecessary?, Date of Initial Child Protection Conference,\
 Did the Initial Child Protection Conference Result in a Child Protection Plan
        {A}, 01/02/2024, No, 15/02/2024, a) Yes
        {B}, 02/02/2024, Yes, , """,
    "List 6": f"""{CHILD}, CIN Start Date, Primary Need Code, CIN Closure Date, Reason for Closure, Case Status
        {A}, 20/01/2024, N1 - Abuse or Neglect, , , b) Child protection plan
        {B}, 01/06/2022, N5 - Family dysfunction, 10/11/2023, d) RC7: Other, e) Closed episode""",
    "List 7": f"""{CHILD}, Child Protection Plan Start Date, Initial Category of Abuse, Latest Category of Abuse,\
 Child Protection Plan End Date, Number of Previous Child Protection Plans
        {A}, 15/02/2024, Physical abuse, b) Neglect, , 2""",
    "List 8": f"""{CHILD}, Unaccompanied Asylum Seeking Child (UASC) within the Last 12 Months (Y/N)),\
 Date Started to be Looked After, Child's Category of Need, Start date of current legal status, Child's Legal Status,\
 Date Ceased to be Looked After, Reason Ceased to be Looked After, Placement postcode
        Q7733, a) Male, a) WBRI, 01/01/2010, 14.2, b) No, 03/05/2019, N1, 04/06/2020, C2: FCO, , , ZZ1 1ZZ
        Q7734, a) Male, r) OOTH, 01/01/2008, 16.2, a) Yes, 03/05/2023, N8, 03/05/2023, V2, 01/12/2023, k) E3:, #N/A""",
}
SECRETS = ("Q77", "2008", "2009", "23/11", "ZZ1", "Local order of ours", "43000")


def lists(**changed):
    """Sheets as frames; None leaves one out."""
    texts = SOUND | {name.replace("_", " "): text for name, text in changed.items()}
    return {name: picture(text) for name, text in texts.items() if text is not None}


@cache
def sound():
    """Records of the sound lists, made once: they cannot be changed."""
    return read_annex_a(lists(), observed_until=UNTIL)


def read(source=None, **options):
    """Records of the sound lists, or of others."""
    if source is None and not options:
        return sound()
    return read_annex_a(lists() if source is None else source, **{"observed_until": UNTIL, **options})


def refused(source, error=RecordsError, **options):
    """The message with which a source is refused; it gives nothing away."""
    with pytest.raises(error) as caught:
        read(source, **options)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]
    return str(caught.value)


def shaped(source):
    """Canonical tables before they are validated."""
    findings = Findings()
    return canonical_tables(lists_of(*sheets_of(source, findings, progress=False), findings), findings)


def workbook(path, sheets, *, above=(), epoch=None):
    """Write sheets (name to rows of cells) as a workbook, with rows above each header."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    if epoch is not None:
        book.epoch = epoch
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in (*above, *rows):
            sheet.append(row)
    book.save(path)
    return path


def cells(frame):
    """A frame as rows of cells, its header first; nothing where it is empty."""
    rows = [list(frame.columns), *frame.to_numpy().tolist()]
    return [[cell or None for cell in row] for row in rows]


@pytest.fixture
def path(tmp_path):
    """The sound lists as a workbook with titles above the headers and real dates among texts."""
    sheets = {name: cells(frame) for name, frame in lists().items()}
    sheets["List 1"][1][5] = dt.datetime(2023, 4, 15)
    sheets["List 3"][1][5] = dt.date(2024, 1, 20)
    sheets["Guidance"] = [["How to fill in List 1"]]
    above = [["Annex A"], [], ["Authority", "Report date", UNTIL]]
    return workbook(tmp_path / "Annex A.xlsx", sheets, above=above)


def test_a_workbook_and_a_mapping_give_the_same_records(path):
    assert read(path).fingerprint == read().fingerprint == read(str(path), progress=True).fingerprint
    frames = pd.read_excel(path, sheet_name=None)
    assert read(frames).fingerprint == read().fingerprint


def test_values_are_read_as_annex_a_writes_them():
    records = read()
    assert told(records.table("children"), "child_id", "birth_date", "sex", "ethnicity") == [
        "Q7731, 2008-11-23, F, WBRI",
        "Q7732, 2009-10-15, M, APKN",
        "Q7733, 2010-01-01, M, WBRI",
        "Q7734, 2008-01-01, M, OOTH",
    ]
    assert told(records.table("contacts"), "child_id", "date", "source") == [
        "Q7731, 2023-04-15, 6",
        "Q7732, 2024-01-16, 2A",
    ]
    assert told(records.table("s47_enquiries"), "child_id", "start_date", "end_date") == [
        "Q7731, 2024-02-01, 2024-02-15",
        "Q7732, 2024-02-02, 2024-02-02",
    ]
    assert told(records.table("initial_conferences"), "child_id", "date", "led_to_plan") == ["Q7731, 2024-02-15, True"]
    plan = ("child_id", "start_date", "end_date", "initial_category", "latest_category")
    assert told(records.table("cp_plans"), *plan) == ["Q7731, 2024-02-15, , PHY, NEG"]
    care = ("child_id", "start_date", "end_date", "end_reason", "need")
    assert told(records.table("care_episodes"), *care) == [
        "Q7733, 2019-05-03, , , N1",
        "Q7734, 2023-05-03, 2023-12-01, E3, N8",
    ]
    assert told(records.table("legal_statuses"), "child_id", "start_date", "end_date", "status") == [
        "Q7733, 2020-06-04, , C2",
        "Q7734, 2023-05-03, 2023-12-01, V2",
    ]
    assert told(records.table("immigration_statuses"), "child_id", "start_date", "uasc") == ["Q7734, 2023-05-03, True"]


def test_referrals_carry_the_case_that_they_began():
    columns = ("child_id", "start_date", "end_date", "source", "nfa", "need", "close_reason")
    assert told(read().table("referrals"), *columns) == [
        "Q7731, 2024-01-20, , 6, False, N1, ",
        "Q7732, 2024-01-20, 2024-01-20, 3D, True, , ",
        "Q7732, 2022-06-01, 2023-11-10, , , N5, RC7",
    ]


REFERRED = f"{CHILD}, Date of referral, Referral Source, Referral NFA?\n{A}, 2024-01-20, 6, "
ASSESSED = f"{CHILD}, Continuous Assessment Start Date, Continuous Assessment Date of Authorisation\n{A}, "


@pytest.mark.parametrize(
    ("nfa", "case", "assessed", "expected"),
    [
        ("No", "2024-01-20, 2024-03-01", None, ["2024-01-20, 2024-03-01, N2"]),
        ("No", "2024-02-20, ", None, ["2024-01-20, , N2"]),
        ("No", "2024-03-21, ", None, ["2024-01-20, 2024-01-20, ", "2024-03-21, , N2"]),
        ("No", "2023-12-20, 2024-03-01", None, ["2024-01-20, 2024-03-01, ", "2023-12-20, 2024-03-01, N2"]),
        ("No", "2023-12-20, 2024-01-20", None, ["2024-01-20, 2024-01-20, ", "2023-12-20, 2024-01-20, N2"]),
        ("Yes", "2024-01-20, ", None, ["2024-01-20, 2024-01-20, ", "2024-01-20, , N2"]),
        ("No", None, None, ["2024-01-20, 2024-01-20, "]),
        ("No", None, "2024-01-25, ", ["2024-01-20, , "]),
        ("No", None, "2024-01-25, 2024-02-25", ["2024-01-20, 2024-01-20, "]),
        ("No", None, "2024-01-15, ", ["2024-01-20, 2024-01-20, "]),
        ("", "2024-01-20, ", None, ["2024-01-20, , N2"]),
    ],
    ids=[
        "began that day", "began soon after", "began too late", "met an open case", "case closed that day",
        "no further action", "no case", "being assessed", "assessed", "an older assessment", "unknown outcome",
    ],
)  # fmt: skip
def test_which_case_a_referral_belongs_to(nfa, case, assessed, expected):
    cin = f"{CHILD}, CIN Start Date, CIN Closure Date, Primary Need Code\n" + (f"{A}, {case}, N2" if case else "")
    source = lists(List_3=REFERRED + nfa, List_6=cin, List_4=assessed and ASSESSED + assessed)
    referrals = shaped(source)["referrals"]
    assert told(referrals, "start_date", "end_date", "need") == expected


OTHER_HEADERS = {
    "Date of Contact": "Contact date (dd/mm/yyyy)",
    "Contact Source": "Source of Contact",
    "Date of referral": "Referral Date",
    "Referral NFA?": "Did the referral result in No Further Action (NFA)?",
    "Gender": "Sex",
    "Child Unique ID": "CHILD UNIQUE ID (not UPN)",
    "Date of Birth": "DoB",
    "CIN Start Date": "Start date of Child In Need episode",
    "Reason for Closure": "CIN Closure Reason",
    "Child Protection Plan Start Date": "CPP Start Date",
    "Child Protection Plan End Date": "CPP_End_Date",
    "Date Started to be Looked After": "Date Child Started to be Looked-After",
    "Start date of current legal status": "Legal status start date",
    "Child's Legal Status": "Child\u2019s  Legal\xa0Status",
}


def test_headers_of_other_years_and_authorities_are_matched():
    frames = {name: frame.rename(columns=OTHER_HEADERS) for name, frame in lists().items()}
    assert sum(header in frame for frame in lists().values() for header in OTHER_HEADERS) > len(OTHER_HEADERS)
    assert read(frames).fingerprint == read().fingerprint


def test_no_usual_header_fits_another_column_of_its_list():
    for layout in LISTS:
        for column in layout.columns:
            ranks = {other.name: other.rank(plain_header(column.header)) for other in layout.columns}
            assert ranks.pop(column.name) == 0
            assert set(ranks.values()) == {None}, (layout.name, column.name)


@pytest.mark.parametrize("title", ["LIST 3", "List_3", "list03 referrals", "Annex A - List 3 (referrals)", "Referrals"])
def test_sheets_are_found_by_number_or_by_columns(title):
    frames = lists()
    frames[title] = frames.pop("List 3")
    assert read(frames).fingerprint == read().fingerprint


def test_every_list_is_told_apart_by_its_columns():
    sample = {f"sheet {'abcdefgh'[n]}": picture(SOUND[name]) for n, name in enumerate(SOUND)}
    assert read(sample).fingerprint == read().fingerprint
    both = {
        "x": picture(f"{CHILD}, Assessment start date, Assessment completion date\n{A}, 2024-01-02, 2024-01-03"),
        "y": picture(ASSESSED + "2024-02-02, 2024-02-03"),
    }
    records = read(lists() | both)
    assert told(records.table("early_help"), "start_date", "end_date") == ["2024-01-02, 2024-01-03"]
    assert told(records.table("assessments"), "start_date", "end_date") == ["2024-02-02, 2024-02-03"]


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (dt.datetime(2024, 1, 16, 9, 30), "2024-01-16"),
        (dt.date(2024, 1, 16), "2024-01-16"),
        (45307, "2024-01-16"),
        (45307.75, "2024-01-16"),
        ("45307", "2024-01-16"),
        ("16/01/2024", "2024-01-16"),
        ("2024-01-16 00:00:00", "2024-01-16"),
    ],
    ids=["datetime", "date", "serial", "serial with time", "serial as text", "day first", "iso"],
)
def test_dates_in_every_form(tmp_path, cell, day):
    sheets = {name: cells(frame) for name, frame in lists().items()}
    sheets["List 1"][2][5] = cell
    assert shaped(workbook(tmp_path / "a.xlsx", sheets))["contacts"]["date"].tolist()[1] == day


def test_serial_dates_of_an_old_macintosh_workbook(tmp_path):
    sheets = {name: cells(frame) for name, frame in lists().items()}
    sheets["List 1"][2][5] = 45307 - 1462
    path = workbook(tmp_path / "a.xlsx", sheets, epoch=dt.datetime(1904, 1, 1))
    assert shaped(path)["contacts"]["date"].tolist()[1] == "2024-01-16"


def test_dates_that_cannot_be_read_are_told():
    odd = ["16 January", 2024, 20240116, 999999999, True, "01/16/2024", "\u0661\u0662"]
    frames = lists()
    frames["List 1"] = pd.concat([frames["List 1"].iloc[[1]]] * len(odd), ignore_index=True)
    frames["List 1"]["Date of Contact"] = pd.Series(odd, dtype=object)
    assert f"contacts: column 'date': unreadable date in {len(odd)} rows" in refused(frames)


@pytest.mark.parametrize("cell", [0, 1, dt.time(0, 0), "#N/A", "#REF!", None, float("nan"), pd.NaT, "  "])
def test_blanks_errors_and_zero_dates_are_no_date(cell):
    frames = lists()
    ended = frames["List 6"]["CIN Closure Date"].astype(object)
    ended.iloc[1] = cell
    frames["List 6"]["CIN Closure Date"] = ended
    assert shaped(frames)["referrals"]["end_date"].isna().sum() == 2


def test_child_ids_that_excel_made_numbers_stay_whole():
    frames = lists()
    for name, kind in (("List 1", float), ("List 3", int), ("List 6", str)):
        keys = frames[name]["Child Unique ID"].str[1:].astype(kind)
        frames[name]["Child Unique ID"] = keys.astype(object)
    assert read(frames).table("children")["child_id"].tolist()[:2] == ["7731", "7732"]


def test_row_keys_do_not_depend_on_the_order_of_rows_and_sheets():
    two = f"\n{A}, 15/04/2023, e) 2A: Schools\n{A}, 16/04/2023, #N/A"
    frames = lists(List_1=SOUND["List 1"] + two)
    turned = {name: frame.iloc[::-1] for name, frame in reversed(frames.items())}
    assert read(frames).fingerprint == read(turned).fingerprint
    assert read(frames).table("contacts")["row_key"].nunique() == 4


def test_repeated_rows_are_dropped_and_counted():
    records = read(lists(List_1=SOUND["List 1"] + f"\n{A}, 15/04/2023, q) 6: Police\n\n,,,,,,"))
    assert len(records.table("contacts")) == 2
    found = records.findings()
    assert found.loc[found["table"] == "List 1", ["count", "action"]].to_numpy().tolist() == [[1, "dropped"]]


def test_where_lists_disagree_the_most_frequent_value_is_taken():
    other = A.replace("23/11/2008", "24/11/2008").replace("b) Female", "#N/A")
    source = lists(List_1=SOUND["List 1"].replace(A, other))
    records = read(source)
    assert told(records.table("children"), "birth_date", "sex")[0] == "2008-11-23, F"
    found = records.findings()
    disagree = found[found["table"] == "children"]
    assert disagree[["column", "count"]].to_numpy().tolist() == [["birth_date", 1]]


def test_nothing_can_be_learned_from_a_workbook_but_open_cases_can_be_scored():
    records = read()
    cohort = build_cohort(records, Task(), index_dates=[UNTIL])
    assert cohort.index.get_level_values("child_id").tolist() == ["Q7731"]
    assert cohort["status"].tolist() == ["child protection plan"]
    with pytest.raises(RecordsError, match="scoring only"):
        label_outcome(records, cohort, Task())
    names = ("contact.count.90d", "contact.count.365d", "contact.count.1095d", "missing.count.90d")
    features = build_features(read(observed_from="2023-04-01"), cohort, [parse_feature(name) for name in names])
    assert features.fillna(-1).to_numpy().tolist() == [[0, 1, -1, -1]]


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        (["2024-01-10"], "2023-09-30"),
        (["2023-09-30"], "2023-09-30"),
        (["2023-08-01"], "2023-08-01"),
        (["2023-04-14"], "2023-03-31"),
        (["2023-04-15"], "2023-04-15"),
        (["2019-01-01"], "2023-03-31"),
        ([], "2023-09-30"),
        (["2020-01-01", *pd.date_range("2023-05-20", periods=300).strftime("%Y-%m-%d")], "2023-05-20"),
    ],
    ids=["6 months", "its first day", "between", "12 months", "just not", "before", "no contacts", "one stray of many"],
)
def test_the_look_back_is_estimated(contacts, expected):
    rows = "".join(f"\n{A}, {day}, 6" for day in contacts)
    source = lists(List_1=f"{CHILD}, Date of Contact, Contact Source{rows}")
    findings = Findings()
    sheets = lists_of(*sheets_of(source, findings, progress=False), findings)
    assert _window_start(sheets, pd.Timestamp("2024-03-31")) == pd.Timestamp(expected)


def test_lists_that_are_there_are_observed_and_others_are_not():
    records = read(lists(List_7=SOUND["List 7"].partition("\n")[0]))
    assert len(records.table("cp_plans")) == 0
    observed = {name for name in records.observed_from if records.observed(name)}
    assert observed == {
        "contacts", "referrals", "s47_enquiries", "initial_conferences", "cp_plans", "care_episodes", "legal_statuses",
        "immigration_statuses",
    }  # fmt: skip
    assert {records.observed_from[name] for name in observed} == {pd.Timestamp("2023-04-15")}


def test_a_column_that_the_workbook_leaves_out_is_unknown_and_not_empty():
    whole = sound().absent_columns
    frames = lists()
    frames["List 8"] = frames["List 8"].drop(columns="Reason Ceased to be Looked After")
    frames["List 6"] = frames["List 6"].drop(columns="Primary Need Code")
    lacking = read(frames).absent_columns
    assert "end_reason" in lacking["care_episodes"]
    assert "end_reason" not in whole.get("care_episodes", ())
    assert "need" in lacking["referrals"]
    assert "need" not in whole.get("referrals", ())


def test_the_look_back_can_be_given():
    assert read(observed_from="2023-10-01").observed_from["cp_plans"] == pd.Timestamp("2023-10-01")
    some = read(observed_from={"contacts": "2023-10-01"}).observed_from
    assert (some["contacts"], some["cp_plans"]) == (pd.Timestamp("2023-10-01"), pd.Timestamp("2023-04-15"))


def test_all_problems_of_a_workbook_are_told_at_once():
    frames = lists(List_6=None)
    frames["List 3"] = frames["List 3"].drop(columns="Date of referral")
    frames["List 7"]["Plan start"] = ""
    frames["List 7"] = frames["List 7"].rename(columns={"Child Protection Plan Start Date": "CPP start"})
    frames["copy of list 1"] = frames["List 1"]
    message = refused(frames)
    assert "4 problems" in message
    for words in (
        "List 6 (children in need): no sheet is named so",
        "List 3 (referrals): column 'Date of Referral' is missing",
        "List 7 (child protection plans): 2 columns look like 'Child Protection Plan Start Date'",
        "List 1 (contacts): more than one sheet",
    ):
        assert words in message


def test_an_unknown_legal_status_is_named_and_can_be_mapped():
    source = lists(List_8=SOUND["List 8"].replace("C2: FCO", "b) Our own order"))
    with pytest.raises(RecordsError, match=r"'Our own order' \(1 row\)"):
        read(source, invalid="drop")
    records = read(source, code_maps={"legal_status": {"Our own order": "C2"}})
    assert records.table("legal_statuses")["status"].tolist() == ["C2", "V2"]


def test_other_codes_that_are_not_known_are_emptied():
    source = lists(List_6=SOUND["List 6"].replace("N1 - Abuse or Neglect", "PSRMEM - Support with memory"))
    found = read(source).findings()
    assert found.loc[found["column"] == "need", ["table", "count", "action"]].to_numpy().tolist() == [
        ["referrals", 1, "emptied"]
    ]


def test_sources_that_are_no_workbook_are_refused(tmp_path):
    files = {
        "text.xlsx": (b"Child Unique ID,Date of Birth\nQ7731,23/11/2008\n", "not an Excel workbook"),
        "empty.xlsx": (b"", "not an Excel workbook"),
        "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel file"),
        "locked.xlsx": (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
    }
    for name, (content, why) in files.items():
        (tmp_path / name).write_bytes(content)
        assert why in refused(tmp_path / name)
    for nothing in (tmp_path, tmp_path / "nowhere.xlsx", 7, b"x"):
        assert "not a file" in refused(nothing, SpecError)
    assert "must be a DataFrame" in refused({"List 1": [1, 2]}, SpecError)


def changed(path, **parts):
    """A copy of a workbook with some of its parts replaced: a text, or a function of the text."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            change = next((change for key, change in parts.items() if name.endswith(key + ".xml")), None)
            text = old.read(name).decode()
            new.writestr(name, text if change is None else change(text) if callable(change) else change)
    copy = path.with_name("changed.xlsx")
    copy.write_bytes(out.getvalue())
    return copy


def test_damaged_and_hostile_workbooks_are_refused(path, tmp_path):
    laughs = '<!DOCTYPE x [<!ENTITY a "Q7731"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    content = path.read_bytes()
    bad = {
        "half": content[: len(content) // 2],
        "no end": content[:-30],
        "flipped": content[:4000] + b"Q7731" * 100 + content[4500:],
    }
    for name, data in bad.items():
        (tmp_path / f"{name}.xlsx").write_bytes(data)
        assert "workbook" in refused(tmp_path / f"{name}.xlsx")
    for parts in (
        {"sheet1": lambda text: text.replace("<worksheet", laughs + "<worksheet").replace("Age", "&b;")},
        {"styles": laughs + "<styleSheet/>"},
        {"sheet1": "<worksheet><sheetData><row"},
        {"sheet1": lambda text: text.replace('r="A1"', 'r="ZZZZ1"')},
        {"workbook": "<workbook><sheets"},
    ):
        assert "cannot be read" in refused(changed(path, **parts))
    with zipfile.ZipFile(tmp_path / "other.xlsx", "w") as archive:
        archive.writestr("readme.txt", "Q7731")
    assert "another kind of archive" in refused(tmp_path / "other.xlsx")


def test_a_workbook_that_claims_gigabytes_is_refused_before_it_is_unpacked(path):
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", 2_000_000_000)
    path.write_bytes(content)
    assert "claims more than 300 MB" in refused(path)


def test_absurd_dimensions_and_rows_are_read_no_further_than_their_content(path):
    def far(text):
        text = text.replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
        row = '<row r="999999999"><c r="XFD999999999" t="inlineStr"><is><t>x</t></is></c></row>'
        return text.replace("</sheetData>", row + "</sheetData>")

    assert read(changed(path, sheet1=far)).fingerprint == read(path).fingerprint


def test_a_date_that_excel_cannot_show_is_not_quoted_in_a_warning(tmp_path):
    book = openpyxl.load_workbook(workbook(tmp_path / "a.xlsx", {n: cells(f) for n, f in lists().items()}))
    cell = book["List 6"].cell(3, 8)
    cell.value, cell.number_format = 99_999_999, "dd/mm/yyyy"
    book.save(tmp_path / "b.xlsx")
    records = read(tmp_path / "b.xlsx")  # a warning would be an error
    assert records.table("referrals")["end_date"].isna().sum() == 2


def test_without_openpyxl_the_extra_is_named(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert 'pip install "edgeofcare[excel]"' in refused(path, SpecError)
    assert read().fingerprint


@pytest.mark.parametrize("options", [{"invalid": "ignore"}, {"observed_until": "soon"}, {"observed_from": "early"}])
def test_options_that_are_not_understood_are_refused(options):
    assert refused(lists(), SpecError, **options)


def test_odd_mappings_are_refused_or_read_but_never_break():
    blank = pd.DataFrame()
    for odd in (
        {},
        {"List 3": blank, "List 6": blank, "List 8": blank},
        {name: frame.iloc[:0] for name, frame in lists().items()},
        {name: frame.astype(object).where(frame.isna(), 3.5) for name, frame in lists().items()},
        {name: pd.concat([frame, frame], axis=1) for name, frame in lists().items()},
        {name: frame.T for name, frame in lists().items()},
    ):
        for invalid in ("raise", "drop"):
            with pytest.raises(EdgeOfCareError):
                read(odd, invalid=invalid)


SAMPLE_ROWS = {"contacts": 5, "early_help": 5, "assessments": 5, "s47_enquiries": 5, "initial_conferences": 3,
               "cp_plans": 7, "care_episodes": 5, "legal_statuses": 5, "referrals": 11}  # fmt: skip
"""Counted by eye in the sample: one row each of Lists 1, 2, 4, 5, 7 and 8; three conference dates in List 5; six
referrals of List 3 and five cases of List 6, no child of which is in the other list."""


def test_the_public_sample():
    path = sample_path("samples", "annex_a", "Annex_A_2021.xlsx")
    with pytest.raises(RecordsError, match="children: column 'birth_date': no date of birth in 1 row"):
        read(path, observed_until="2021-03-16")
    records = read(path, observed_until="2021-03-16", invalid="drop")
    dropped = {"contacts": 1}  # the contact of the child whose date of birth List 1 does not give
    assert {n: len(records.table(n)) + dropped.get(n, 0) for n in SAMPLE_ROWS} == SAMPLE_ROWS
    assert len(records.table("children")) == 41, "43 rows, one child in Lists 3 and 5, one without a date of birth"
    assert records.table("legal_statuses")["status"].tolist() == ["E1", "C2", "C2", "C2", "C1"]
    assert records.table("care_episodes")["end_reason"].dropna().tolist() == ["E47"]
    assert sorted(records.table("contacts")["source"]) == ["1B", "6", "6", "9"]
    assert records.observed_from["contacts"] == pd.Timestamp("2020-09-16"), "all contacts and referrals are of that day"
    cohort = build_cohort(records, Task(), index_dates=["2021-03-16"])
    # Of those aged 10 to 17: one of List 7 with an open plan (14), one of List 6 with an open case (17).
    assert sorted(cohort["age"]) == [14, 17]
