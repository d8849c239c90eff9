"""Reading CIN census returns: layouts, years put together, windows, and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from edgeofcare.cohort import build_cohort, cohort_attrition
from edgeofcare.exceptions import EdgeOfCareError, RecordsError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.outcome import label_outcome
from edgeofcare.records.cin_census.read import CIN_ABSENT, CIN_TABLES, read_cin_census
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.schema.tables import TABLES
from edgeofcare.task import Task
from tiny_tables import picture, told

SECRETS = ("Q7731", "U999888777", "Former1", "2010-05", "2021-", "2022-06", "2022-07", "2022-08")
SPELL = ("row_key", "start_date", "end_date")


def xml(tag, *content, **texts):
    """An element of other elements and of texts by name; empty texts are left out."""
    leaves = "".join(f"<{name}>{text}</{name}>" for name, text in texts.items() if text)
    return f"<{tag}>{leaves}{''.join(content)}</{tag}>"


def assessment(start, end="", *factors):
    """An assessment with its factors."""
    found = xml(
        "FactorsIdentifiedAtAssessment", *(f"<AssessmentFactors>{code}</AssessmentFactors>" for code in factors)
    )
    return xml("Assessments", found, AssessmentActualStartDate=start, AssessmentAuthorisationDate=end)


def enquiry(start, conference="", needless="false"):
    """An enquiry under section 47."""
    return xml("Section47", S47ActualStartDate=start, DateOfInitialCPC=conference, ICPCnotRequired=needless)


def plan(start, end=""):
    """A child in need plan."""
    return xml("CINPlanDates", CINPlanStartDate=start, CINPlanEndDate=end)


def protection(start, end="", first="NEG", latest="NEG"):
    """A child protection plan."""
    more = {"InitialCategoryOfAbuse": first, "LatestCategoryOfAbuse": latest}
    return xml("ChildProtectionPlans", CPPstartDate=start, CPPendDate=end, **more)


def case(start, closed="", *inside, **more):
    """A case."""
    return xml("CINdetails", *inside, **{"CINreferralDate": start, "CINclosureDate": closed, "ReferralNFA": "0"} | more)


def child(child_id, *cases, born="2010-05-01", ethnicity="WBRI", disabilities=(), **more):
    """A child, with a pupil number that must go nowhere."""
    number = {"UPN": "U999888777", "FormerUPN": "Former1"}
    about = xml("ChildIdentifiers", LAchildID=child_id, PersonBirthDate=born, **number, **({"Sex": "F"} | more))
    codes = "".join(f"<Disability>{code}</Disability>" for code in disabilities)
    return xml("Child", about, xml("ChildCharacteristics", f"<Disabilities>{codes}</Disabilities>",
                                   Ethnicity=ethnicity), *cases)  # fmt: skip


def census(*children, year=2023, **header):
    """A return of the year to 31 March."""
    told_of = {"Collection": "CIN", "Year": str(year), "ReferenceDate": f"{year}-03-31"} | header
    lea = told_of.pop("LEA", "999")
    head = xml("Header", xml("CollectionDetails", **told_of), xml("Source", LEA=lea))
    return xml("Message", head, xml("Children", *children))


@pytest.fixture
def read(tmp_path):
    """Reads returns given as texts."""

    def reading(*texts, **options):
        for number, text in enumerate(texts):
            (tmp_path / f"return_{number}.xml").write_text(text, encoding="utf-8")
        return read_cin_census(tmp_path, **options)

    return reading


def refused(read, *texts, error=RecordsError, **options):
    """The message with which returns are refused; it gives nothing away."""
    with pytest.raises(error) as caught:
        read(*texts, **options)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]
    return str(caught.value)


def found(records, table, why):
    """How many rows a finding tells of."""
    rows = records.findings()
    return int(rows.loc[(rows["table"] == table) & rows["why"].str.contains(why, regex=False), "count"].sum())


FULL = census(
    child(
        "Q7731",
        case(
            "2022-06-01", "2023-01-31",
            assessment("2022-06-02", "2022-07-10", "24A", "10A", "24A"), assessment("2022-12-01"),
            plan("2022-07-11", "2022-08-20"), enquiry("2022-08-01", "2022-08-20"),
            protection("2022-08-20", "2023-01-30", "NEG", "EMO"),
            ReferralSource="6", PrimaryNeedCode="N1", ReasonForClosure="RC7", DateOfInitialCPC="2022-08-20",
        ),
        disabilities=("HEAR", "AUT"), PersonDeathDate="2023-03-01",
    ),
    child("Q7732", case("2022-06-05", DateOfInitialCPC="2022-06-20", ReferralNFA="true"), born="",
          ExpectedPersonBirthDate="2022-05-20"),
)  # fmt: skip
"""One return with a row of everything."""


def test_every_table_of_one_return(read):
    records = read(FULL)
    assert told(records.table("children"), "child_id", "birth_date", "birth_date_estimated", "death_date", "sex") == [
        "Q7731, 2010-05-01, False, 2023-03-01, F",
        "Q7732, 2022-05-20, True, , F",
    ]
    assert told(records.table("disabilities"), "child_id", "code") == ["Q7731, AUT", "Q7731, HEAR"]
    columns = (*SPELL, "source", "need", "nfa", "close_reason")
    assert told(records.table("referrals"), *columns) == [
        "Q7731:2022-06-01, 2022-06-01, 2023-01-31, 6, N1, False, RC7",
        "Q7732:2022-06-05, 2022-06-05, 2022-06-05, , , True, ",
    ]
    assert told(records.table("assessments"), *SPELL) == [
        "Q7731:2022-06-02, 2022-06-02, 2022-07-10",
        "Q7731:2022-12-01, 2022-12-01, ",
    ]
    assert told(records.table("assessment_factors"), "row_key", "date", "factor") == [
        "Q7731:2022-06-02:10A, 2022-07-10, 10A",
        "Q7731:2022-06-02:24A, 2022-07-10, 24A",
    ]
    assert told(records.table("cin_plans"), *SPELL) == ["Q7731:2022-07-11, 2022-07-11, 2022-08-20"]
    assert told(records.table("cp_plans"), *SPELL, "initial_category", "latest_category") == [
        "Q7731:2022-08-20, 2022-08-20, 2023-01-30, NEG, EMO"
    ]
    assert told(records.table("s47_enquiries"), *SPELL) == ["Q7731:2022-08-01, 2022-08-01, 2022-08-20"]
    assert told(records.table("initial_conferences"), "row_key", "date", "led_to_plan") == [
        "Q7731:2022-08-20, 2022-08-20, True",
        "Q7732:2022-06-20, 2022-06-20, ",
    ]


def test_pupil_numbers_are_never_taken_in(read):
    records = read(FULL)
    shown = [records.table(name).to_csv() for name in records]
    shown += [repr(records), records._repr_html_(), records.findings().to_csv(), records.counts().to_csv()]
    assert not [text for text in shown if "U999888777" in text or "Former1" in text]


def test_older_layouts_namespaces_and_letter_case_give_the_same_records(read, tmp_path):
    other = (
        FULL.replace("<Sex>F</Sex>", "<GenderCurrent>2</GenderCurrent>")
        .replace("true<", "1<")
        .replace("0</R", "false</R")
    )
    other = other.replace("CINPlanDates>", "CINplanDates>").replace("<Message>", '<Message xmlns="urn:cin">')
    assert other != FULL
    first = read(FULL)
    assert read(other).fingerprint == first.fingerprint
    (tmp_path / "return_0.xml").unlink()
    (tmp_path / "2023").mkdir()
    (tmp_path / "2023" / "a.XML").write_text(other, encoding="utf-8")
    assert read().fingerprint == first.fingerprint
    assert read_cin_census([tmp_path / "2023" / "a.XML"], progress=True).fingerprint == first.fingerprint
    assert read_cin_census(str(tmp_path / "2023" / "a.XML")).fingerprint == first.fingerprint


@pytest.mark.parametrize(("given_as", "sex"), [("0", "U"), ("1", "M"), ("2", "F"), ("9", "U"), ("U", "U"), ("", "")])
def test_sexes_of_both_layouts(read, given_as, sex):
    for tag in ("Sex", "GenderCurrent"):
        records = read(census(child("1", case("2022-06-01"), **({"Sex": ""} | {tag: given_as}))))
        assert told(records.table("children"), "sex") == [sex]


def test_what_only_the_newest_layout_has_is_counted_and_left_behind(read):
    talks = xml("PreProceedingsandFGDM", PPStartDate="2022-06-03", FGDMMeetingOffer="1")
    records = read(census(child("1", case("2022-06-01", "", talks))))
    assert found(records, "returns", "not loaded") == 1


def test_what_no_census_holds_is_absent_and_never_observed(read):
    records = read(FULL)
    assert records.absent == CIN_ABSENT
    for name in set(TABLES) - {"children", "relationships", "disabilities"}:
        assert records.observed(name) == (name in CIN_TABLES), name
        assert (records.observed_from[name] == pd.Timestamp("2022-04-01")) == (name in CIN_TABLES), name
    assert records.observed_until == pd.Timestamp("2023-03-31")


def test_a_cohort_can_be_built_and_labels_are_refused(read):
    records = read(census(child("1", case("2022-06-01")), child("2", case("2022-06-01", ReferralNFA="1"))))
    cohort = build_cohort(records, Task(), index_dates=["2022-07-01"])
    assert cohort.index.get_level_values("child_id").tolist() == ["1"]
    assert cohort_attrition(records, Task(), index_dates=["2022-07-01"])["children_left"].iloc[-1] == 1
    with pytest.raises(RecordsError, match=r"edgeofcare\.combine"):
        label_outcome(records, cohort, Task())


# --- years put together -------------------------------------------------------------------------------------------


def test_a_case_in_two_returns_is_one_case_and_the_later_return_counts(read):
    before = case("2022-06-01", "", assessment("2022-12-01"), plan("2022-07-01"), protection("2022-08-01"),
                  ReferralSource="6", PrimaryNeedCode="N4")  # fmt: skip
    after = case("2022-06-01", "2023-09-01", assessment("2022-12-01", "2023-04-20", "3B"),
                 plan("2022-07-01", "2023-05-01"), protection("2022-08-01", "2023-06-01", latest="EMO"),
                 PrimaryNeedCode="N1", ReasonForClosure="RC8")  # fmt: skip
    records = read(census(child("1", after), year=2024), census(child("1", before), year=2023))
    assert told(records.table("referrals"), *SPELL, "source", "need", "close_reason") == [
        "1:2022-06-01, 2022-06-01, 2023-09-01, 6, N1, RC8"
    ]
    assert told(records.table("assessments"), *SPELL) == ["1:2022-12-01, 2022-12-01, 2023-04-20"]
    assert told(records.table("assessment_factors"), "date", "factor") == ["2023-04-20, 3B"]
    assert told(records.table("cin_plans"), "end_date") == ["2023-05-01"]
    assert told(records.table("cp_plans"), "end_date", "initial_category", "latest_category") == [
        "2023-06-01, NEG, EMO"
    ]
    for name in ("referrals", "assessments", "cin_plans", "cp_plans"):
        assert found(records, name, "in a later return as well") == 1
    assert set(records.findings()["action"]) == {"ignored"}


def test_a_case_that_a_later_return_reopens_is_open_and_counted(read):
    closed, reopened = case("2022-06-01", "2023-02-01", ReasonForClosure="RC8"), case("2022-06-01")
    records = read(census(child("1", closed)), census(child("1", reopened), year=2024))
    assert told(records.table("referrals"), "end_date", "close_reason") == [", "]
    assert found(records, "referrals", "a later return has another end, or none") == 1


def test_what_one_return_leaves_open_and_the_next_does_not_hold_has_ended(read):
    work = (assessment("2023-01-01"), plan("2022-07-01"), protection("2022-08-01"), enquiry("2023-01-10"))
    gone = child("1", case("2022-06-01", "", *work), case("2022-05-01", ReferralNFA="true"))
    other = child("2", case("2022-06-01"))
    records = read(census(gone, other), census(other, year=2024))
    assert told(records.table("referrals"), *SPELL, "end_recorded_date") == [
        "1:2022-05-01, 2022-05-01, 2022-05-01, ",  # no further action
        "1:2022-06-01, 2022-06-01, 2023-04-01, 2024-03-31",  # nobody could tell before the next return was complete
        "2:2022-06-01, 2022-06-01, , ",
    ]
    assert told(records.table("cin_plans"), "end_date") == ["2023-04-01"]
    assert told(records.table("cp_plans"), "end_date") == ["2023-04-01"]
    assert told(records.table("assessments"), "end_date") == [""]
    assert told(records.table("s47_enquiries"), "end_date") == ["2023-04-01"]
    assert found(records, "referrals", "open in one return and not in the next") == 1


def test_two_cases_of_one_day_stay_apart(read):
    first, second = case("2022-06-01", "2022-06-02", PrimaryNeedCode="N1"), case("2022-06-01", PrimaryNeedCode="N2")
    later = case("2022-06-01", "2023-05-01", PrimaryNeedCode="N3")
    records = read(census(child("1", second, first, first)), census(child("1", later), year=2024))
    assert told(records.table("referrals"), *SPELL, "need") == [
        "1:2022-06-01, 2022-06-01, 2022-06-02, N1",
        "1:2022-06-01:2, 2022-06-01, 2023-05-01, N3",
    ]
    assert found(records, "referrals", "repeats another of the same return") == 1


def test_work_told_under_two_cases_of_one_return_is_there_once(read):
    work = (assessment("2022-06-02", "2022-07-01", "3A"), enquiry("2022-06-03"))
    records = read(census(child("1", case("2022-06-01", "2022-08-01", *work), case("2022-08-02", "", *work))))
    assert [len(records.table(name)) for name in ("assessments", "assessment_factors", "s47_enquiries")] == [1, 1, 1]


def test_a_child_is_what_the_latest_return_says_that_says_anything(read):
    early = child("1", case("2022-06-01"), born="2010-05-02", ethnicity="WBRI", disabilities=("HEAR",))
    late = child("1", case("2022-06-01"), born="2010-05-03", ethnicity="NOBT", Sex="U", disabilities=("AUT", "AUT"))
    records = read(census(early), census(late, year=2024))
    columns = ("birth_date", "sex", "ethnicity", "birth_date_estimated")
    assert told(records.table("children"), *columns) == ["2010-05-03, F, WBRI, False"]
    assert told(records.table("disabilities"), "code") == ["AUT"]
    assert found(records, "children", "differs between returns") == 1


def test_a_child_who_is_in_one_return_twice_is_joined(read):
    records = read(census(child("1", case("2022-06-01")), child("1", case("2022-09-01"), ethnicity="")))
    assert (len(records.table("children")), len(records.table("referrals"))) == (1, 2)
    assert records.findings()["rule"].tolist() == ["CIN 8510"]


def test_an_unborn_child_is_left_out_until_born(read):
    unborn = child("1", case("2022-06-01"), born="", ExpectedPersonBirthDate="2023-06-01", Sex="U")
    born = child("1", case("2022-06-01"), born="2023-06-05")
    other = child("2", case("2022-06-01"))
    assert told(read(census(unborn, other)).table("children"), "child_id") == ["2"]
    records = read(census(unborn, other), census(born, other, year=2024))
    assert told(records.table("children"), "birth_date", "birth_date_estimated", "sex")[0] == "2023-06-05, False, F"


# --- enquiries and conferences --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conference", "closed", "end"),
    [
        ("2022-06-20", "2022-09-01", "2022-06-20"),
        ("", "2022-09-01", "2022-09-01"),
        ("2022-06-20", "2022-06-15", "2022-06-15"),
        ("2022-06-01", "", ""),
        ("", "", ""),
    ],
    ids=["conference", "closure", "closure first", "conference before the enquiry", "neither"],
)
def test_an_enquiry_ends_with_its_conference_or_its_case(read, conference, closed, end):
    records = read(census(child("1", case("2022-05-01", closed, enquiry("2022-06-10", conference)))))
    assert told(records.table("s47_enquiries"), "end_date") == [end]


def test_an_enquiry_of_an_earlier_return_ends_when_a_later_one_closes_the_case(read):
    records = read(
        census(child("1", case("2022-05-01", "", enquiry("2022-06-10", needless="true")))),
        census(child("1", case("2022-05-01", "2023-07-01")), year=2024),
    )
    assert told(records.table("s47_enquiries"), "end_date") == ["2023-07-01"]


def test_a_conference_led_to_a_plan_only_where_one_began_that_day(read):
    work = (enquiry("2022-06-10", "2022-06-20"), enquiry("2022-08-10", "2022-08-20"), protection("2022-08-20"),
            protection("2022-06-22", "2022-07-01"))  # fmt: skip
    records = read(census(child("1", case("2022-05-01", "", *work, DateOfInitialCPC="2022-08-20"))))
    assert told(records.table("initial_conferences"), "date", "led_to_plan") == ["2022-06-20, ", "2022-08-20, True"]


# --- years and windows ----------------------------------------------------------------------------------------------

ONE = child("1", case("2018-06-01"))


@pytest.mark.parametrize(
    ("header", "until"),
    [
        ({}, "2023-03-31"),
        ({"ReferenceDate": "31/03/2023"}, "2023-03-31"),
        ({"ReferenceDate": "2023-03-28"}, "2023-03-31"),
        ({"ReferenceDate": "28th March"}, "2023-03-31"),
        ({"ReferenceDate": "", "Year": "2022"}, "2022-03-31"),
        ({"ReferenceDate": "2022-07-21", "Year": ""}, "2022-03-31"),
        ({"Year": "2021"}, "2023-03-31"),
        ({"Year": "9" * 5000}, "2023-03-31"),
    ],
)
def test_the_year_of_a_return(read, header, until):
    records = read(census(ONE, **header))
    assert records.observed_until == pd.Timestamp(until)
    assert found(records, "returns", "31 March") == (header.get("ReferenceDate", "31/03/2023") != "31/03/2023")
    assert found(records, "returns", "not the year of the reference date") == (header.get("Year") == "2021")


def test_returns_that_cannot_be_used_together_are_told_at_once(read):
    message = refused(
        read,
        census(ONE),
        census(ONE),
        census(ONE, year=2024, LEA="201"),
        census(ONE, ReferenceDate="", Year=""),
        census(ONE, ReferenceDate="1823-03-31", Year="12"),
        census(ONE, Collection="SC"),
        "<Other/>",
    )
    assert "6 problems" in message
    assert "2 files are of the year to 31 March 2023: 'return_0.xml', 'return_1.xml'" in message
    assert "2 authorities" in message
    assert message.count("does not say which census year") == 3
    assert "of another collection" in message


def test_a_year_without_a_return_is_refused_unless_nothing_before_it_is_trusted(read):
    years = [census(ONE, year=year) for year in (2019, 2020, 2022, 2024)]
    message = refused(read, *years)
    assert "2 years to 31 March" in message
    assert "2021, 2023" in message
    assert "observed_from='2023-04-01'" in message
    refused(read, *years, observed_from="2022-04-01")
    records = read(*years, observed_from="2023-04-01")
    assert records.observed_from["referrals"] == pd.Timestamp("2023-04-01")
    assert found(records, "returns", "a year without a return") == 2


def test_observed_from_may_be_later_than_the_first_return_and_never_earlier(read):
    text = census(child("1", case("2022-06-01", "", plan("2022-07-01"))))
    assert read(text).observed_from["cin_plans"] == pd.Timestamp("2022-04-01")
    later = read(text, observed_from={"cin_plans": "2022-08-01"}).observed_from
    assert (later["cin_plans"], later["referrals"]) == (pd.Timestamp("2022-08-01"), pd.Timestamp("2022-04-01"))
    assert read(text, observed_from="01/09/2022").observed_from["referrals"] == pd.Timestamp("2022-09-01")
    assert "before 1 April 2022" in refused(read, text, error=SpecError, observed_from="2022-03-31")
    assert "do not exist" in refused(read, text, error=SpecError, observed_from={"plans": "2022-08-01"})


def test_observed_until_may_be_earlier_than_the_last_return_and_never_later(read):
    text = census(child("1", case("2022-06-01", "2023-02-01"), case("2023-02-02")))
    records = read(text, observed_until="2022-12-31")
    assert told(records.table("referrals"), *SPELL) == ["1:2022-06-01, 2022-06-01, "]
    assert "after 31 March 2023" in refused(read, text, error=SpecError, observed_until="2023-04-01")


def test_a_module_that_the_first_returns_lack_is_trusted_only_after_them(read):
    many = [child(str(number), case("2020-06-01")) for number in range(200)]
    busy = child("x", case("2020-06-01", "", plan("2021-05-01")))
    records = read(census(*many, year=2021), census(*many, busy, year=2022))
    assert records.observed_from["cin_plans"] == pd.Timestamp("2021-04-01")
    assert records.observed_from["referrals"] == pd.Timestamp("2020-04-01")
    assert found(records, "cin_plans", "without this module") == 1
    message = refused(read, census(*many, busy, year=2021), census(*many, year=2022))
    assert "cin_plans: the last return has 200 cases and not one row of this table" in message


def test_the_reporting_lag_is_kept(read):
    records = read(FULL, reporting_lag={"assessments": 10})
    assert (records.reporting_lag["assessment_factors"], records.reporting_lag["referrals"]) == (10, 0)


# --- what is wrong with rows ----------------------------------------------------------------------------------------

BAD = {
    "unreadable date": FULL.replace("2022-06-01", "2022/06"),
    "no start date": FULL.replace("<CINreferralDate>2022-06-01</CINreferralDate>", ""),
    "no date of birth": FULL.replace("<PersonBirthDate>2010-05-01</PersonBirthDate>", ""),
    "end before start": FULL.replace("2023-01-30", "2022-08-02"),
    "no child": FULL.replace("<LAchildID>Q7731</LAchildID>", ""),
}


@pytest.mark.parametrize("why", BAD)
def test_bad_rows_are_refused_or_counted(read, why):
    assert why in refused(read, BAD[why])
    findings = read(BAD[why], invalid="drop").findings()
    assert why in set(findings["why"])
    assert not [secret for secret in SECRETS if secret in findings.to_string()]


def test_codes_that_are_in_no_list_are_emptied_and_counted_or_mapped(read):
    odd = census(child("1", case("2022-06-01", PrimaryNeedCode="N77"), ethnicity="Cornish"))
    assert found(read(odd), "referrals", "not in the national list") == 1
    mapped = read(odd, code_maps={"ethnicity": {"Cornish": "WOTH"}})
    assert told(mapped.table("children"), "ethnicity") == ["WOTH"]


def test_a_return_without_a_child_or_without_a_case(read):
    assert "'return_0.xml' holds no child" in refused(read, census())
    records = read(census(child("1")))
    assert (len(records.table("children")), len(records.table("referrals"))) == (1, 0)


@pytest.mark.parametrize("source", [5, None, [], [5], {"a": "b"}])
def test_a_source_that_is_none_is_refused(source):
    with pytest.raises(SpecError, match="a folder with XML files"):
        read_cin_census(source)


def test_an_empty_folder_a_missing_file_and_a_wrong_option_are_refused(tmp_path, read):
    with pytest.raises(SpecError, match="a folder with XML files"):
        read_cin_census(tmp_path)
    with pytest.raises(SpecError, match="does not exist"):
        read_cin_census(tmp_path / "nowhere.xml")
    assert "invalid must be" in refused(read, FULL, error=SpecError, invalid="keep")


@settings(max_examples=12)
@given(st.data())
def test_any_damage_ends_in_records_or_a_clear_error(tmp_path_factory, data):
    text = bytearray(FULL.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=6))
    path = tmp_path_factory.mktemp("damage") / "a.xml"
    path.write_bytes(bytes(text))
    said = []
    for invalid in ("raise", "drop"):
        try:
            read_cin_census(path, invalid=invalid)
        except EdgeOfCareError as error:
            said.append(str(error))
    assert not [message for message in said if "Q773" in message]


# --- laws -----------------------------------------------------------------------------------------------------------

FIRST, LAST = 2020, 2023
DAY0 = pd.Timestamp(FIRST - 1, 4, 1)
SPAN = (pd.Timestamp(LAST, 3, 31) - DAY0).days
NO_SHRINKING = (Phase.explicit, Phase.generate)


def iso(day):
    """A day counted from the first as text; nothing where there is none or it lies after the last return."""
    return "" if day is None or day > SPAN else str((DAY0 + pd.Timedelta(days=day)).date())


@st.composite
def spells(draw, low=0):
    """A first day and a last day, or None while open; crowded, so that several begin on one day."""
    start = low + draw(st.sampled_from([0, 1, 30, 200, 365, 366, 500, 800]))
    length = draw(st.one_of(st.none(), st.sampled_from([0, 1, 100, 300, 366, 700])))
    return min(start, SPAN), None if length is None else min(start, SPAN) + length


@st.composite
def histories(draw):
    """A dozen children with cases, and work in each."""
    history = {}
    for number in range(draw(st.integers(6, 12))):
        cases = []
        for start, end in sorted(draw(st.lists(spells(), min_size=1, max_size=3, unique_by=lambda spell: spell[0]))):
            work = {
                kind: draw(st.lists(spells(start), max_size=2, unique_by=lambda spell: spell[0]))
                for kind in ("assessment", "plan", "protection", "enquiry")
            }
            factors = draw(st.lists(st.sampled_from(["3A", "24A", "21"]), max_size=2))
            need = draw(st.sampled_from(["N1", "N4"]))
            cases.append({"span": (start, end), "work": work, "factors": factors, "need": need})
        history[f"child {number}"] = cases
    return history


def shown(start, end, since, until):
    """A spell as a return of those days shows it, or None where it does not: the end only once it has come."""
    if start > until or (end is not None and end < since):
        return None
    return start, end if end is not None and end <= until else None


def returned(history, since, until, year, order=1):
    """The return that holds what was open from one day to another."""
    write = {
        "assessment": lambda start, end, factors: assessment(
            iso(start), iso(end), *(factors if end is not None else ())
        ),
        "plan": lambda start, end, _: plan(iso(start), iso(end)),
        "protection": lambda start, end, _: protection(iso(start), iso(end)),
        "enquiry": lambda start, end, _: enquiry(iso(start), iso(end)),
    }
    children = []
    for child_id, cases in history.items():
        told_of = []
        for each in cases:
            inside = [
                write[kind](*span, each["factors"])
                for kind, all_spans in each["work"].items()
                for span in [shown(*one, since, until) for one in all_spans]
                if span is not None
            ]
            span = shown(*each["span"], since, until)
            if span is None and not inside:
                continue
            start, end = span or each["span"]
            told_of.append(case(iso(start), iso(end), *inside[::order], PrimaryNeedCode=each["need"]))
        if told_of:
            children.append(child(child_id, *told_of[::order]))
    return census(*children[::order], year=year) if children else None


def yearly(history, order=1):
    """One return for each year."""
    texts = []
    for year in range(FIRST, LAST + 1):
        since, until = (pd.Timestamp(year - 1, 4, 1) - DAY0).days, (pd.Timestamp(year, 3, 31) - DAY0).days
        texts.append(returned(history, since, until, year, order))
    return texts


def reading(folder, texts):
    """Records of texts as files, in the order given; nothing where a year in between has no return."""
    files = []
    for number, text in enumerate(texts):
        files.append(folder / f"{number}.xml")
        files[-1].write_text(text, encoding="utf-8")
    return read_cin_census(files, invalid="drop")


def tables_of(records):
    """Every table as rows of text, in the order of their keys."""
    return {name: told(frame.sort_values(frame.columns[0]), *frame.columns) for name, frame in
            ((name, records.table(name)) for name in records)}  # fmt: skip


@settings(max_examples=4, phases=NO_SHRINKING)
@given(histories())
def test_yearly_returns_give_the_same_rows_as_one_return_of_all(tmp_path_factory, history):
    standing = {"child always": [{"span": (0, None), "work": {}, "factors": [], "need": "N1"}]}
    history = history | standing
    folder = tmp_path_factory.mktemp("years")
    split = reading(folder, yearly(history))
    whole = reading(folder, [returned(history, 0, SPAN, LAST)])
    assert tables_of(split) == tables_of(whole)


@settings(max_examples=2, phases=NO_SHRINKING)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_files_and_of_children_changes_nothing(tmp_path_factory, history, random):
    standing = {"child always": [{"span": (0, None), "work": {}, "factors": [], "need": "N1"}]}
    history = history | standing
    folder = tmp_path_factory.mktemp("order")
    first = reading(folder, yearly(history))
    texts = yearly(history, order=-1)
    random.shuffle(texts)
    second = reading(folder, texts)
    assert second.fingerprint == first.fingerprint
    assert second.findings().equals(first.findings())


def test_an_ssd_extract_and_a_census_of_the_same_children_give_the_same_cohort_and_features(read):
    task, dates = Task(), ["2021-07-01", "2022-01-01", "2022-04-01", "2022-10-01"]
    work = (assessment("2021-05-03", "2021-06-10", "24A", "10A"), plan("2021-06-11", "2022-02-01"),
            enquiry("2021-09-01", "2021-09-20"), protection("2021-09-20", "2022-01-31"))  # fmt: skip
    early = case("2021-05-01", "", *work, ReferralSource="6", PrimaryNeedCode="N1")
    late = case("2021-05-01", "2022-05-05", ReferralSource="6", PrimaryNeedCode="N1", ReasonForClosure="RC8")
    again = case("2022-09-01", "", ReferralSource="2A")
    census_records = read(census(child("1", early), year=2022), census(child("1", late, again)))
    tables = {
        "ssd_person": "pers_person_id, pers_dob, pers_sex, pers_ethnicity\n1, 2010-05-01, F, WBRI",
        "ssd_cin_episodes": """
            cine_referral_id, cine_person_id, cine_referral_date, cine_close_date, cine_referral_nfa,
            """.strip() + """ cine_referral_source_code, cine_close_reason
            a, 1, 2021-05-01, 2022-05-05, N, 6, RC8
            b, 1, 2022-09-01, , N, 2A,""",
        "ssd_cin_assessments": """
            cina_assessment_id, cina_person_id, cina_assessment_start_date, cina_assessment_auth_date
            c, 1, 2021-05-03, 2021-06-10""",
        "ssd_cin_plans": """
            cinp_cin_plan_id, cinp_person_id, cinp_cin_plan_start_date, cinp_cin_plan_end_date
            d, 1, 2021-06-11, 2022-02-01""",
        "ssd_s47_enquiry": """
            s47e_s47_enquiry_id, s47e_person_id, s47e_s47_start_date, s47e_s47_end_date
            e, 1, 2021-09-01, 2021-09-12""",
        "ssd_initial_cp_conference": """
            icpc_icpc_id, icpc_person_id, icpc_icpc_date, icpc_icpc_outcome_cp_flag
            f, 1, 2021-09-20, Y""",
        "ssd_cp_plans": """
        cppl_cp_plan_id, cppl_person_id, cppl_cp_plan_start_date, cppl_cp_plan_end_date, cppl_cp_plan_initial_category
        g, 1, 2021-09-20, 2022-01-31, NEG""",
        "ssd_cla_episodes": """
            clae_cla_episode_id, clae_person_id, clae_cla_episode_start_date, clae_cla_episode_ceased_date""",
        "ssd_legal_status": """
            lega_legal_status_id, lega_person_id, lega_legal_status, lega_legal_status_start_date,
            """.strip() + " lega_legal_status_end_date",
    }  # fmt: skip
    frames = {name: picture(text) for name, text in tables.items()}
    factors = {"cinf_table_id": ["h"], "cinf_assessment_id": ["c"], "cinf_assessment_factors_json": ['["24A", "10A"]']}
    frames["ssd_assessment_factors"] = pd.DataFrame(factors)
    window = {"observed_until": "2023-03-31", "observed_from": "2021-04-01"}
    records = [read_ssd(frames, **window), census_records]
    cohorts = [build_cohort(each, task, index_dates=dates) for each in records]
    columns = ["age", "sex", "ethnic_group", "status"]
    pd.testing.assert_frame_equal(*(cohort[columns] for cohort in cohorts))
    assert cohorts[0]["status"].tolist() == ["child in need plan", "child protection plan", "referral", "referral"]
    features = [
        "referral.count.90d", "referral.source_6.count.90d", "referral.close_reason_RC8.count.90d",
        "referral.days_since.90d", "referral.days_in.90d",
        "assessment.count_ended.90d", "assessment.factor_24A.count.90d", "s47.count.90d",
        "conference.count.90d", "conference.led_to_plan_yes.count.90d", "cin_plan.active", "cin_plan.days_in.90d",
        "cp_plan.active", "cp_plan.days_in.90d", "cp_plan.initial_category_NEG.count.90d",
    ]  # fmt: skip
    built = [build_features(each, cohort, features) for each, cohort in zip(records, cohorts, strict=True)]
    pd.testing.assert_frame_equal(*built)
    assert built[0].notna().to_numpy().any(axis=0).all()
