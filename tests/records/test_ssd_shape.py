"""From SSD shapes to canonical ones: factors, links, workers, asylum, stitched spells."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.records.findings import Findings
from edgeofcare.records.ssd.shape import canonical_shape
from tiny_tables import picture, told

EPISODES = "row_key, child_id, start_date, end_date"
CHILDREN = "child_id, birth_date\na child, 2008-01-01"


def shaped(**tables):
    """Canonical shapes of pictures, and what was found."""
    findings = Findings()
    sound = {"children": picture(CHILDREN), "care_episodes": picture(EPISODES)}
    frames = sound | {name: picture(given) if isinstance(given, str) else given for name, given in tables.items()}
    return canonical_shape(frames, findings), findings.frame()


def factors(*texts, authorised="2022-03-05"):
    """Factors read from JSON texts, one row of the source each."""
    sources = pd.DataFrame({"row_key": [f"k{n}" for n in range(len(texts))], "assessment": "7", "factors": list(texts)})
    parents = f"row_key, child_id, start_date, end_date\n7, a child, 2022-01-20, {authorised}"
    frames, found = shaped(assessment_factors=sources, assessments=parents)
    return frames["assessment_factors"], found


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('["1A","2B"]', ["1A", "2B"]),
        ('[ "24a" , "10A" ]', ["10A", "24A"]),
        ('["20"]', ["20"]),
        ('{"1A":"Yes","2B":"No","3C":"Y"}', ["1A", "3C"]),
        ('{"1A": true, "2B": false, "3C": 1, "4A": 0}', ["1A", "3C"]),
        ('{"1A":"","2B":null,"3C":"Yes"}', ["3C"]),
        ('{"1A":"Yes","COMMENTS":"2B"}', ["1A"]),
        ('{"1A":"Yes","COMMENTS":"she said "no" to him","2B":"Yes"}', ["1A", "2B"]),
        ('{"COMMENTS":"mentions "2B" only","4B":"No"}', []),
        ('["1A","2B"', ["1A", "2B"]),
        ('"1A","2B"', ["1A", "2B"]),
        ('["1A","1A"]', ["1A"]),
        ("[]", []),
        ("{}", []),
        ("", []),
    ],
)
def test_factors_are_read_from_valid_and_invalid_json(text, codes):
    found, notes = factors(text)
    assert sorted(found["factor"]) == codes
    assert notes.empty


def test_what_no_factor_can_be_read_from_is_counted_and_not_kept():
    found, notes = factors("mentions alcohol", '{"COMMENTS":"private"}', '["1A"]')
    assert found["factor"].tolist() == ["1A"]
    assert notes[["column", "count", "action"]].to_numpy().tolist() == [["factor", 2, "emptied"]]
    assert "private" not in found.to_csv() + notes.to_csv()


def test_factors_carry_the_child_and_the_day_of_authorisation():
    found, _ = factors('["1A","2B"]')
    assert told(found, "row_key", "child_id", "date", "factor") == [
        "k0:1A, a child, 2022-03-05, 1A",
        "k0:2B, a child, 2022-03-05, 2B",
    ]


@pytest.mark.parametrize("authorised", ["", "1900-01-01"])
def test_factors_of_an_assessment_that_is_still_open_are_not_known(authorised):
    found, notes = factors('["1A","2B"]', authorised=authorised)
    assert found.empty
    assert notes[["count", "why"]].to_numpy().tolist() == [[2, "the assessment is not authorised"]]


def test_factors_without_their_assessment_are_counted():
    source = 'row_key, assessment, factors\nk0, 8, [20]\nk1, 8, "[""20""]"'
    frames, notes = shaped(
        assessment_factors=source,
        assessments="row_key, child_id, start_date, end_date\n7, a child, 2022-01-20, 2022-03-05",
    )
    assert frames["assessment_factors"].empty
    assert "the assessment is not there" in set(notes["why"])
    frames, notes = shaped(assessment_factors=source)
    assert frames["assessment_factors"].empty
    assert notes["why"].tolist() == ["the assessments table is missing or empty"]


def test_spells_that_end_the_day_before_the_next_are_joined():
    text = """
        row_key, child_id, start_date, end_date
        1, one, 2022-01-10, 2022-01-31
        2, one, 2022-02-01, 2022-02-27
        3, one, 2022-03-01,
        4, another, 2022-02-28,
    """
    for given_as in (picture(text), picture(text).sample(frac=1, random_state=1)):
        frames, notes = shaped(care_episodes=given_as)
        ends = frames["care_episodes"].set_index("row_key")["end_date"].sort_index()
        assert ends.tolist() == ["2022-02-01", "2022-02-27", "", ""]
        assert notes[["table", "column", "count"]].to_numpy().tolist() == [["care_episodes", "end_date", 1]]


def test_only_care_statuses_and_placements_are_joined():
    text = "row_key, child_id, start_date, end_date\n1, one, 2022-01-10, 2022-01-31\n2, one, 2022-02-01,"
    for name, joined in (("legal_statuses", True), ("placements", True), ("cin_plans", False)):
        frames, _ = shaped(**{name: text})
        assert (frames[name]["end_date"].iloc[0] == "2022-02-01") == joined


def test_workers_are_found_through_the_referral_where_no_child_is_named():
    referrals = "row_key, child_id, start_date, end_date\n0071, a child, 2022-01-10,"
    workers = (
        "row_key, referral, start_date, end_date\nw1, 0071, 2022-01-11,\nw2, 0072, 2022-01-11,\nw3, -1, 2022-01-11,"
    )
    frames, notes = shaped(worker_involvements=workers, referrals=referrals)
    assert told(frames["worker_involvements"], "row_key", "child_id") == ["w1, a child"]
    assert notes[["table", "count", "action"]].to_numpy().tolist() == [["worker_involvements", 2, "dropped"]]


@pytest.mark.parametrize(
    ("text", "uasc"),
    [
        ("UASC", True),
        ("Unaccompanied Asylum Seeking Child (UASC)", True),
        ("former uasc", True),
        ("unaccompanied minor", True),
        ("Refugee", False),
        ("Indefinite leave to remain", False),
        ("", False),
    ],
)
def test_asylum_is_read_from_free_text_and_the_text_is_left_behind(text, uasc):
    frames, _ = shaped(
        immigration_statuses=f"row_key, child_id, start_date, end_date, text\n1, a child, 2022-01-10, , {text}"
    )
    assert frames["immigration_statuses"]["uasc"].tolist() == [uasc]
    assert "text" not in frames["immigration_statuses"]


@pytest.mark.parametrize(
    ("code", "text", "read"),
    [
        ("1A", "Police", "6"),
        ("6", "Something local", "6"),
        ("88123", "Something local", "Something local"),
        ("", "School", "2A"),
    ],
)
def test_a_source_is_what_its_description_says_else_its_code(code, text, read):
    frames, _ = shaped(contacts=f"row_key, child_id, date, source, source_text\n1, a child, 2022-01-10, {code}, {text}")
    assert frames["contacts"]["source"].tolist() == [read]


def test_mothers_and_families_become_links():
    frames, _ = shaped(
        mothers="row_key, child_id, related_id\n1, a child, m\n2, a child, m\n3, , m",
        families="row_key, child_id, related_id\n1, a child, f",
    )
    assert told(frames["relationships"], "row_key", "child_id", "related_id", "kind") == [
        "mother:m:a child, a child, m, mother",
        "family:f:a child, a child, f, family",
    ]
    assert not {"mothers", "families"} & set(frames)


def test_the_distance_that_stands_for_not_known_is_missing():
    text = """
        row_key, child_id, start_date, end_date, distance
        1, a child, 2022-01-10, , 999.9
        2, a child, 2022-02-10, , 12.5
    """
    frames, notes = shaped(placements=text)
    assert frames["placements"]["distance"].isna().tolist() == [True, False]
    assert notes[["table", "column", "count"]].to_numpy().tolist() == [["placements", "distance", 1]]
