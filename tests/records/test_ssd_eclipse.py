"""An extract as Eclipse writes it gives the same records as the same cases from SystemC."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.records.codes.unmapped import unmapped_codes
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.records.ssd.shape import answered_factors
from tiny_tables import UNTIL, picture, told

ECLIPSE = {
    "ssd_development.ssd_person": """
        pers_person_id, pers_sex, pers_gender, pers_ethnicity, pers_dob, pers_expected_dob, pers_send_flag
        PER-a41f, F, 02, MWBa, 2008-11-23 00:00:00, , Y
        PER-b07c, M, 01, ORAB, 2009-10-15 00:00:00, , N
        PER-c9e2, U, 09, ??, 2010-01-30 00:00:00, , """,
    "ssd_development.ssd_contacts": """
        cont_contact_id, cont_person_id, cont_contact_date, cont_contact_source_code, cont_contact_source_desc
        CON-1, PER-a41f, 2021-12-20 00:00:00, INDFRC, Individual - family member / relative / carer
        CON-2, PER-b07c, 2021-12-21 00:00:00, HSERVHVSTR,
        CON-3, PER-c9e2, 2021-12-22 00:00:00, UNKNOWN, Unknown""",
    "ssd_development.ssd_cin_episodes": """
        cine_referral_id, cine_person_id, cine_referral_date, cine_cin_primary_need_code, cine_referral_source_code,\
 cine_referral_source_desc, cine_referral_nfa, cine_close_reason, cine_close_date
        REF-1, PER-a41f, 2021-12-24 00:00:00, N1, POLICE, Police, N, ,
        REF-2, PER-b07c, 2021-12-25 00:00:00, N5, LASERVEXT, Another LA, f, RC8, 2022-03-01 00:00:00
        REF-3, PER-c9e2, 2021-12-26 00:00:00, N9, SCHOOLS, , true, , 2021-12-27 00:00:00""",
    "ssd_development.ssd_cin_assessments": """
        cina_assessment_id, cina_person_id, cina_referral_id, cina_assessment_start_date, cina_assessment_auth_date,\
 cina_assessment_outcome_nfa
        ASM-1, PER-a41f, REF-1, 2022-01-02 00:00:00, 2022-02-10 00:00:00, N""",
    "ssd_development.ssd_assessment_factors": """
        cinf_table_id, cinf_assessment_id, cinf_assessment_factors_json
        FAC-1, ASM-1, "[""1A"", ""24A""]\"""",
    "ssd_development.ssd_cp_plans": """
        cppl_cp_plan_id, cppl_person_id, cppl_cp_plan_start_date, cppl_cp_plan_end_date, cppl_cp_plan_ola,\
 cppl_cp_plan_initial_category, cppl_cp_plan_latest_category
        CPP-1, PER-a41f, 2022-03-01 00:00:00, , N, EMO, NEG""",
    "ssd_development.ssd_cla_episodes": """
        clae_cla_episode_id, clae_person_id, clae_cla_episode_start_date, clae_cla_episode_start_reason,\
 clae_cla_primary_need_code, clae_cla_episode_ceased_date, clae_cla_episode_ceased_reason, clae_cla_id
        EPI-1, PER-a41f, 2022-12-27 00:00:00, S, N1, 2023-02-01 00:00:00, X1, CLA-1
        EPI-2, PER-a41f, 2023-02-01 00:00:00, L, N1, , , CLA-1""",
    "ssd_development.ssd_legal_status": """
        lega_legal_status_id, lega_person_id, lega_legal_status, lega_legal_status_start_date,\
 lega_legal_status_end_date
        LEG-1, PER-a41f, V2, 2022-12-27 00:00:00, 2023-02-01 00:00:00
        LEG-2, PER-a41f, C1 - Interim care order, 2023-02-01 00:00:00, """,
}

SYSTEMC = {
    "ssd_person": """
        pers_person_id, pers_sex, pers_gender, pers_ethnicity, pers_dob, pers_expected_dob, pers_send_flag
        PER-a41f, F, F, MWBA, 2008-11-23T00:00:00, , Y
        PER-b07c, M, M, OOTH, 2009-10-15T00:00:00, , N
        PER-c9e2, U, U, NOBT, 2010-01-30T00:00:00, , """,
    "ssd_contacts": """
        cont_contact_id, cont_person_id, cont_contact_date, cont_contact_source_code, cont_contact_source_desc
        CON-1, PER-a41f, 2021-12-20, 4711, 1A Individual: family member
        CON-2, PER-b07c, 2021-12-21, 4712, 3B Health visitor
        CON-3, PER-c9e2, 2021-12-22, 4713, 10 Unknown""",
    "ssd_cin_episodes": """
        cine_referral_id, cine_person_id, cine_referral_date, cine_cin_primary_need_code, cine_referral_source_code,\
 cine_referral_source_desc, cine_referral_nfa, cine_close_reason, cine_close_date
        REF-1, PER-a41f, 2021-12-24, N1, 6, Police, N, ,
        REF-2, PER-b07c, 2021-12-25, N5, 5C, Another local authority, N, RC8, 2022-03-01
        REF-3, PER-c9e2, 2021-12-26, N9, 2A, School, Y, , 2021-12-27""",
    "ssd_cin_assessments": """
        cina_assessment_id, cina_person_id, cina_referral_id, cina_assessment_start_date, cina_assessment_auth_date,\
 cina_assessment_outcome_nfa
        ASM-1, PER-a41f, REF-1, 2022-01-02, 2022-02-10, N""",
    "ssd_assessment_factors": """
        cinf_table_id, cinf_assessment_id, cinf_assessment_factors_json
        FAC-1, ASM-1, "{""1A"":""Yes"",""2B"":""No"",""24A"":""Yes""}\"""",
    "ssd_cp_plans": """
        cppl_cp_plan_id, cppl_person_id, cppl_cp_plan_start_date, cppl_cp_plan_end_date, cppl_cp_plan_ola,\
 cppl_cp_plan_initial_category, cppl_cp_plan_latest_category
        CPP-1, PER-a41f, 2022-03-01, , N, Emotional abuse, Neglect""",
    "ssd_cla_episodes": """
        clae_cla_episode_id, clae_person_id, clae_cla_episode_start_date, clae_cla_episode_start_reason,\
 clae_cla_primary_need_code, clae_cla_episode_ceased_date, clae_cla_episode_ceased_reason, clae_cla_id
        EPI-1, PER-a41f, 2022-12-27, S Started to be looked after, N1, 2023-02-01, X1 Episode ceases, CLA-1
        EPI-2, PER-a41f, 2023-02-01, L Change of legal status, N1, , , CLA-1""",
    "ssd_legal_status": """
        lega_legal_status_id, lega_person_id, lega_legal_status, lega_legal_status_start_date,\
 lega_legal_status_end_date
        LEG-1, PER-a41f, Single placement acc. by LA S20(1) CA under 16, 2022-12-27, 2023-02-01
        LEG-2, PER-a41f, Interim care order Sec. 38(1), 2023-02-01, """,
}


def extract(texts):
    """SSD tables of pictures; contacts have an outcome column that holds nothing."""
    frames = {name: picture(text) for name, text in texts.items()}
    for name, frame in frames.items():
        if name.endswith("contacts"):
            frame["cont_contact_outcome_json"] = None
    return frames


@pytest.fixture(scope="module")
def eclipse():
    return read_ssd(extract(ECLIPSE), observed_until=UNTIL)


def test_eclipse_and_systemc_give_the_same_records(eclipse):
    systemc = read_ssd(extract(SYSTEMC), observed_until=UNTIL)
    for name in systemc:
        pd.testing.assert_frame_equal(eclipse.table(name), systemc.table(name), obj=name)
    assert eclipse.fingerprint == systemc.fingerprint


def test_the_two_extracts_are_written_differently():
    one, other = extract(ECLIPSE), extract(SYSTEMC)
    same = [name for name in other if one[f"ssd_development.{name}"].equals(other[name])]
    assert same == []


def test_nothing_of_eclipse_is_lost(eclipse):
    """Every code column that the extract fills is filled in the records, and nothing was repaired or emptied."""
    assert eclipse.findings().empty
    assert told(eclipse.table("children"), "child_id", "sex", "ethnicity", "ehc_plan") == [
        "PER-a41f, F, MWBA, True",
        "PER-b07c, M, OOTH, False",
        "PER-c9e2, U, NOBT, ",
    ]
    assert eclipse.table("contacts")["source"].tolist() == ["1A", "3B", "10"]
    assert told(eclipse.table("referrals"), "source", "need", "nfa", "close_reason") == [
        "6, N1, False, ",
        "5C, N5, False, RC8",
        "2A, N9, True, ",
    ]
    assert eclipse.table("legal_statuses")["status"].tolist() == ["V2", "C1"]
    assert unmapped_codes(extract(ECLIPSE)).empty


def test_values_of_a_postgresql_driver_are_read_as_their_texts_are(eclipse):
    frames = extract(ECLIPSE)
    for frame in frames.values():
        for column in frame.columns:
            if column.endswith(("_date", "_dob")):
                frame[column] = pd.to_datetime(frame[column].where(frame[column] != "")).dt.tz_localize("UTC")
            elif column.endswith("_nfa"):
                flags = {"N": False, "f": False, "true": True}
                frame[column] = frame[column].map(flags).astype(object)
            else:
                frame[column] = frame[column].astype(object).where(frame[column] != "", None)
    assert read_ssd(frames, observed_until=UNTIL).fingerprint == eclipse.fingerprint


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("['1A', '2B']", ["1A", "2B"]),
        ('[" 1A ", "2b "]', ["1A", "2B"]),
        ("[1A, 2B]", ["1A", "2B"]),
        ("1A;2B", ["1A", "2B"]),
        ("20", ["20"]),
        (r'"[\"1A\",\"2B\"]"', ["1A", "2B"]),
        (r'"{\"1A\":\"Yes\",\"2B\":\"No\"}"', ["1A"]),
        ('[{"1A":"Yes","2B":"No"}]', ["1A"]),
        ('[{"factor":"1A"},{"factor":"2B"}]', ["1A", "2B"]),
        ("{'1A':'Yes','2B':'No'}", ["1A"]),
        ('{"1A": "YES", "2B"', ["1A"]),
        ('[["1A"],["2B"', ["1A", "2B"]),
        ("null", []),
        ("2021", []),
        ("12 visits, 3 calls", []),
        ('{"COMMENTS":"she said \'2B\' twice, 20 times"}', []),
        ("[" * 5000, []),
        ("'" * 5000 + " " * 5000, []),
    ],
)
def test_factors_in_more_broken_shapes(text, yes):
    assert sorted(code for code, answer in answered_factors(text).items() if answer) == yes
