"""Tests of the CIN census that is written: what each year's census holds, and the structure of a real one."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest
from tests.samples import sample_path
from tests.tiny_tables import records_of

from edgeofcare.exceptions import SpecError
from edgeofcare.records.cin_census.read import read_cin_census
from edgeofcare.synthetic.records import make_records, simulate_tables
from edgeofcare.synthetic.writers.cin_census import write_cin_census

UNTIL = "2025-03-31"
FROM = "2020-04-01"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

CASE = "child, row_key, start, end, source, need, nfa, close_reason\n"


def census(folder, records, *, years):
    """Write, and give the children of each census as XML, by year."""
    paths = write_cin_census(records, folder, years=years, observed_from=FROM)
    return {int(path.stem[-4:]): ET.parse(path).getroot().find("Children") for path in paths}


def picture(element):
    """An element as nested text: ``Name(Child=value ...)``."""
    inside = " ".join(picture(child) for child in element)
    return f"{element.tag}({inside})" if len(element) else f"{element.tag}={element.text}"


def cases(children, child="1"):
    found = [each for each in children if each.findtext("ChildIdentifiers/LAchildID") == child]
    return [picture(case) for each in found for case in each.findall("CINdetails")]


def test_a_case_is_in_the_census_of_each_year_in_which_it_was_open(tmp_path):
    referrals = f"{CASE} 1, 10, 2022-06-01, 2024-05-10, 2A, N1, no, RC7"
    children = census(tmp_path, records_of(until=UNTIL, referrals=referrals), years=4)
    begun = "CINreferralDate=2022-06-01 ReferralSource=2A PrimaryNeedCode=N1"
    ended = "CINclosureDate=2024-05-10 ReasonForClosure=RC7 "
    assert cases(children[2022]) == []
    assert cases(children[2023]) == cases(children[2024]) == [f"CINdetails({begun} ReferralNFA=0)"]
    assert cases(children[2025]) == [f"CINdetails({begun} {ended}ReferralNFA=0)"]


def test_what_was_done_is_in_the_census_of_the_years_in_which_it_ran_as_known_at_their_end(tmp_path):
    records = records_of(
        until=UNTIL,
        referrals=f"{CASE} 1, 10, 2022-06-01, , 6, N4, no,",
        assessments="""
            child, row_key, start, end
            1, 21, 2022-06-02, 2022-07-01
            1, 22, 2023-03-01, 2023-04-20
        """,
        assessment_factors="""
            child, row_key, date, factor
            1, 31:3B, 2022-07-01, 3B
            1, 31:1A, 2022-07-01, 1A
            1, 32:24A, 2023-04-20, 24A
        """,
        cin_plans="""
            child, row_key, start, end, end_recorded_date
            1, 41, 2022-07-01, 2023-03-20, 2023-05-01
        """,
        s47_enquiries="""
            child, row_key, start, end
            1, 51, 2023-03-20, 2023-03-28
            1, 52, 2023-06-01, 2023-06-10
        """,
        initial_conferences="child, row_key, date, led_to_plan\n1, 61, 2023-04-05, yes",
        cp_plans="""
            child, row_key, start, end, initial_category, latest_category
            1, 71, 2023-04-05, , NEG, EMO
        """,
    )
    children = census(tmp_path, records, years=3)
    first, second, third = (cases(children[year])[0] for year in (2023, 2024, 2025))
    shared = "CINdetails(CINreferralDate=2022-06-01 ReferralSource=6 PrimaryNeedCode=N4 "
    assert (
        first
        == (
            shared + "Assessments(AssessmentActualStartDate=2022-06-02 AssessmentAuthorisationDate=2022-07-01 "
            "FactorsIdentifiedAtAssessment(AssessmentFactors=1A AssessmentFactors=3B)) "
            "Assessments(AssessmentActualStartDate=2023-03-01) "
            "CINPlanDates(CINPlanStartDate=2022-07-01) "  # its end was entered in the next year
            "Section47(S47ActualStartDate=2023-03-20 InitialCPCtarget=2023-04-10 ICPCnotRequired=false) "
            "ReferralNFA=0)"
        )
    )
    assert second == (
        shared + "Assessments(AssessmentActualStartDate=2023-03-01 AssessmentAuthorisationDate=2023-04-20 "
        "FactorsIdentifiedAtAssessment(AssessmentFactors=24A)) "
        "Section47(S47ActualStartDate=2023-03-20 InitialCPCtarget=2023-04-10 DateOfInitialCPC=2023-04-05 "
        "ICPCnotRequired=false) "
        "Section47(S47ActualStartDate=2023-06-01 ICPCnotRequired=true) "
        "ReferralNFA=0 "
        "ChildProtectionPlans(CPPstartDate=2023-04-05 InitialCategoryOfAbuse=NEG LatestCategoryOfAbuse=EMO "
        "NumberOfPreviousCPP=0))"
    )
    assert "Section47" not in third
    assert "ChildProtectionPlans(CPPstartDate=2023-04-05 " in third


def test_referrals_of_one_day_and_those_without_further_action(tmp_path):
    referrals = f"""{CASE}
        1, 10, 2022-06-01, 2022-06-30, 2A, N1, no, RC8
        1, 11, 2022-06-01, , 6, N5, yes,
        1, 12, 2022-06-30, , 6, N5, no,
        1, 13, 2023-03-31, 2023-04-01, 9, N4, yes, RC8
    """
    children = census(tmp_path, records_of(until=UNTIL, referrals=referrals.replace("\n\n", "\n")), years=3)
    dates = [
        [(case.findtext("CINreferralDate"), case.findtext("CINclosureDate"), case.findtext("ReferralNFA"))
         for each in children[year] for case in each.iter("CINdetails")]
        for year in (2023, 2024, 2025)
    ]  # fmt: skip
    assert dates[0] == [
        ("2022-06-01", "2022-06-30", "0"),
        ("2022-06-01", "2022-06-01", "1"),
        ("2022-06-30", None, "0"),
        ("2023-03-31", None, "1"),
    ]
    # a referral without further action comes once, over on its day where nobody closed it, and again where it closed
    # in the next year
    assert dates[1] == [("2022-06-30", None, "0"), ("2023-03-31", "2023-04-01", "1")]
    assert dates[2] == [("2022-06-30", None, "0")]


def test_work_in_a_case_from_before_the_extract_stands_in_a_case_from_before_it(tmp_path):
    records = records_of(
        until=UNTIL,
        cp_plans="child, row_key, start, end\n1, 71, 2023-01-05, 2023-11-05\n1, 72, 2019-01-05, 2020-06-05",
        initial_conferences="child, row_key, date\n1, 61, 2023-01-05",
    )
    children = census(tmp_path, records, years=5)
    case = "CINdetails(CINreferralDate=2019-01-05 CINclosureDate=2023-11-05 ReasonForClosure=RC7 ReferralNFA=0 "
    assert cases(children[2024])[0].startswith(case)
    assert "CINclosureDate" not in cases(children[2023])[0]
    assert "DateOfInitialCPC=2023-01-05" in cases(children[2023])[0]
    assert len(cases(children[2021])) == len(cases(children[2022])) == 1
    assert cases(children[2025]) == []


def test_children_before_birth_and_after_death_and_the_element_for_sex(tmp_path):
    records = records_of(
        until=UNTIL,
        children="""
            child, birth_date, death_date, sex, ethnicity
            1, 2023-06-01, , F, WBRI
            2, 2010-01-01, 2023-08-01, U, MWBC
        """,
        referrals=f"{CASE} 1, 10, 2023-02-01, , 6, N1, no,\n2, 11, 2022-06-01, , 6, N1, no,",
        disabilities="child, row_key, code\n2, 81, LD\n2, 82, AUT",
    )
    children = census(tmp_path, records, years=2)
    told = {year: [[picture(part) for part in child[:2]] for child in children[year]] for year in children}
    assert told[2024] == [
        ["ChildIdentifiers(LAchildID=1 PersonBirthDate=2023-06-01 Sex=F)",
         "ChildCharacteristics(Ethnicity=WBRI)"],
        ["ChildIdentifiers(LAchildID=2 UPN=ZUPN000120567 PersonBirthDate=2010-01-01 Sex=U PersonDeathDate=2023-08-01)",
         "ChildCharacteristics(Ethnicity=MWBC Disabilities(Disability=LD Disability=AUT))"],
    ]  # fmt: skip
    earlier = census(tmp_path, records, years=3)[2023]
    assert picture(earlier[0][0]) == (
        "ChildIdentifiers(LAchildID=1 ExpectedPersonBirthDate=2023-06-01 GenderCurrent=2)"
    )
    assert picture(earlier[1][0]).endswith("GenderCurrent=0)")


@pytest.fixture(scope="module")
def records():
    return make_records(1000, random_state=3, late_recording=False, authority="sample")


@pytest.fixture(scope="module")
def folder(records, tmp_path_factory):
    target = tmp_path_factory.mktemp("census")
    write_cin_census(records, target, years=10)
    return target


def test_the_structure_is_that_of_a_real_census(folder):
    real = ET.parse(sample_path("samples", "cin_census", "CIN_Census_2021.xml")).getroot()
    known = {element.tag: [child.tag for child in element] for element in real.iter()}
    # the newer name of GenderCurrent, and what comes any number of times
    known["ChildIdentifiers"].insert(known["ChildIdentifiers"].index("GenderCurrent"), "Sex")
    known["Sex"], found = [], set()
    for path in (folder / "cin_census_2023.xml", folder / "cin_census_2024.xml"):
        for element in ET.parse(path).getroot().iter():
            order = list(dict.fromkeys(child.tag for child in element))
            assert order == [tag for tag in dict.fromkeys(known[element.tag]) if tag in order], element.tag
            found.add(element.tag)
    left_out = {
        "FormerUPN",
        "UPNunknown",
        "AssessmentInternalReviewDate",
        "Reviews",
        "CPPreviewDate",
        "PersonDeathDate",
    }
    assert set(known) - found <= left_out
    header = ET.parse(folder / "cin_census_2023.xml").getroot().find("Header")
    assert [child.tag for child in header.iter()] == [child.tag for child in real.find("Header").iter()]
    assert header.findtext("CollectionDetails/ReferenceDate") == "2023-03-31"


def test_the_files_are_compact_and_declare_their_encoding(folder):
    text = (folder / "cin_census_2025.xml").read_bytes()
    assert text.startswith(DECLARATION.encode())
    assert b"  " not in text
    assert b"\r" not in text


def test_ten_censuses_are_read_back_as_what_they_were_made_from(records, folder):
    read = read_cin_census(folder)
    assert read.observed_until == records.observed_until
    for name, columns in {
        "assessments": ["start_date", "end_date"],
        "assessment_factors": ["date", "factor"],
        "cin_plans": ["start_date", "end_date"],
        "cp_plans": ["start_date", "end_date", "initial_category", "latest_category"],
        "initial_conferences": ["date"],
        "s47_enquiries": ["start_date"],
        "referrals": ["start_date", "end_date", "source", "need", "nfa"],
    }.items():
        made, found = (_sorted(source.table(name), columns) for source in (records, read))
        assert len(made) > 100, name
        pd.testing.assert_frame_equal(made, found, check_dtype=False)
    mentioned = read.table("children")["child_id"]
    made = records.table("children").set_index("child_id").loc[mentioned]
    assert (read.table("children")["birth_date"].to_numpy() == made["birth_date"].to_numpy()).all()
    assert (read.table("children")["sex"].to_numpy() == made["sex"].to_numpy()).all()


def _sorted(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Rows by child; cases from before the first census are told by their work alone, so they are left out."""
    frame = frame[["child_id", *columns]]
    if "source" in columns:
        frame = frame[frame["start_date"] >= "2015-04-01"]
    return frame.sort_values(["child_id", *columns], ignore_index=True)


def test_the_same_seed_writes_the_same_bytes_whatever_the_order_of_rows(tmp_path):
    tables = simulate_tables(150, random_state=3, authority="sample")
    shuffled = {name: frame.sample(frac=1.0, random_state=1) for name, frame in tables.items()}
    for place, given in (("one", tables), ("other", shuffled)):
        write_cin_census(given, tmp_path / place, years=2, observed_from="2015-04-01", observed_until=UNTIL)
    write_cin_census(make_records(150, random_state=3, authority="sample"), tmp_path / "records", years=2)
    for name in ("cin_census_2024.xml", "cin_census_2025.xml"):
        one, other, records = (Path(tmp_path, place, name).read_bytes() for place in ("one", "other", "records"))
        assert one == other == records


def test_years_are_checked(records, tmp_path):
    with pytest.raises(SpecError, match="years must be a whole number"):
        write_cin_census(records, tmp_path, years=0)
