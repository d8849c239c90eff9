"""Tests of the files of an extract in both flavours."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.synthetic.records import make_records, simulate_tables
from edgeofcare.synthetic.writers.ssd import ssd_tables, write_ssd
from edgeofcare.synthetic.writers.ssd_systemc import LEGAL_TEXTS

UNTIL = "2025-03-31"
MARKERS = ["pers_forename", "pers_surname", "pers_upn", "pers_single_unique_id"]


@pytest.fixture(scope="module")
def systemc(invented):
    return ssd_tables(invented, observed_until=UNTIL)


@pytest.fixture(scope="module")
def mosaic(invented):
    return ssd_tables(invented, flavour="mosaic", observed_until=UNTIL)


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for folder, seed in (("first", 3), ("again", 3), ("other", 4)):
        tables = simulate_tables(80, random_state=seed, authority="sample")
        for flavour in ("systemc", "mosaic"):
            write_ssd(tables, tmp_path / folder / flavour, flavour=flavour, observed_until=UNTIL)
    for flavour in ("systemc", "mosaic"):
        first, again, other = (_contents(tmp_path / folder / flavour) for folder in ("first", "again", "other"))
        assert first == again
        assert all(first[name] != other[name] for name in ("ssd_person.csv", "ssd_contacts.csv"))
        assert not any(b"\r" in content for content in first.values())


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_unknown_flavour_is_refused():
    with pytest.raises(SpecError, match="flavour must be one of"):
        ssd_tables({}, flavour="paper")


def test_records_and_their_tables_write_the_same(tmp_path):
    records = make_records(60, random_state=2, authority="sample")
    frames = ssd_tables(records)
    assert len(frames["ssd_contacts"]) == len(records.table("contacts"))
    files = write_ssd(records, tmp_path / "new" / "folder")
    assert [path.stem for path in files] == sorted(frames)


def test_personal_values_are_distinct_and_nowhere_else(invented, systemc):
    person = systemc["ssd_person"]
    values = set(person[MARKERS].to_numpy().ravel())
    assert len(values) == len(MARKERS) * len(person)
    for frame in invented.values():
        for column in frame.select_dtypes(["object", "str"] if pd.__version__ >= "3" else "object"):
            assert not values & set(frame[column].dropna())


def test_both_flavours_are_about_the_same_children(systemc, mosaic):
    assert systemc["ssd_person"]["pers_person_id"].tolist() == mosaic["ssd_person"]["pers_person_id"].tolist()
    assert "ssd_family" in systemc
    assert "ssd_family" not in mosaic


def test_estimated_births_stand_in_the_expected_column_of_systemc_only(invented, systemc, mosaic):
    estimated = invented["children"]["birth_date_estimated"].to_numpy(dtype=bool)
    person = systemc["ssd_person"]
    assert (person["pers_dob"] == "").to_numpy().tolist() == estimated.tolist()
    assert (person["pers_expected_dob"] != "").to_numpy().tolist() == estimated.tolist()
    unborn = (invented["children"]["birth_date"] > UNTIL).to_numpy()
    assert (mosaic["ssd_person"]["pers_dob"] == "").to_numpy().tolist() == unborn.tolist()


def test_systemc_writes_local_texts_and_descriptions(systemc):
    texts = {text for pair in LEGAL_TEXTS.values() for text in pair}
    assert set(systemc["ssd_legal_status"]["lega_legal_status"]) <= texts
    assert "S Started to be looked after" in set(systemc["ssd_cla_episodes"]["clae_cla_episode_start_reason"])
    assert "Neglect" in set(systemc["ssd_cp_plans"]["cppl_cp_plan_initial_category"])
    assert "2A School" in set(systemc["ssd_cin_episodes"]["cine_referral_source_code"])
    assert "6 Police" in set(systemc["ssd_contacts"]["cont_contact_source_code"])
    assert set(systemc["ssd_person"]["pers_sex"]) == {"F", "M", "U"}


def test_systemc_has_sentinels_times_and_broken_json(systemc):
    assert "1900-01-01" in set(systemc["ssd_cin_assessments"]["cina_assessment_auth_date"])
    assert "-1" in set(systemc["ssd_cin_assessments"]["cina_referral_id"])
    assert "9999-12-31" in set(systemc["ssd_immigration_status"]["immi_immigration_status_end_date"])
    assert systemc["ssd_missing"]["miss_missing_episode_start_date"].str.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:00$").all()
    outcomes = systemc["ssd_contacts"]["cont_contact_outcome_json"]
    broken = [text for text in outcomes if not _is_json(text)]
    assert 0.005 < len(broken) / len(outcomes) < 0.05
    assert all("COMMENT-" in text for text in broken)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_factors_of_both_flavours_are_the_canonical_factors(invented, systemc, mosaic):
    wanted = invented["assessment_factors"].groupby(["child_id", "date"])["factor"].agg(set)
    assessments = invented["assessments"].set_index("row_key")
    for frame, read in (
        (systemc, set),
        (mosaic, lambda answers: {code for code, word in answers.items() if word == "Yes"}),
    ):
        rows = frame["ssd_assessment_factors"]
        keys = assessments.loc[rows["cinf_assessment_id"], ["child_id", "end_date"]]
        found = dict(
            zip(
                map(tuple, keys.itertuples(index=False)),
                (read(json.loads(text)) for text in rows["cinf_assessment_factors_json"]),
                strict=True,
            )
        )
        assert found == wanted.to_dict()


def test_mosaic_ends_a_spell_on_the_day_before_the_next(invented, mosaic):
    episodes = invented["care_episodes"].merge(
        mosaic["ssd_cla_episodes"], left_on="row_key", right_on="clae_cla_episode_id", validate="one_to_one"
    )
    written = pd.to_datetime(episodes["clae_cla_episode_ceased"])
    goes_on = episodes["end_reason"].eq("X1")
    assert ((episodes["end_date"] - written).dt.days[goes_on] == 1).all()
    ended = ~goes_on & episodes["end_date"].notna()
    assert (episodes["end_date"][ended] == written[ended]).all()


def test_mosaic_names_and_words(mosaic):
    assert set(mosaic["ssd_person"]["pers_sex"]) == {"Female", "Male", "Unknown"}
    assert "White British" in set(mosaic["ssd_person"]["pers_ethnicity"])
    assert "cin_plan_id" in mosaic["ssd_cin_plans"]
    assert set(mosaic["ssd_cin_episodes"]["cin_referral_nfa"]) == {"0", "1"}
    assert "V2" in set(mosaic["ssd_legal_status"]["LEGA_LEGAL_STATUS"])
    assert "NONE" not in set(mosaic["ssd_legal_status"]["LEGA_LEGAL_STATUS"])
    assert "NEG" in set(mosaic["ssd_cp_plans"]["cppl_cp_plan_initial_category"])
    for name, column in (("ssd_involvements", "invo_person_id"), ("ssd_cla_placement", "clap_person_id")):
        assert column not in mosaic[name]


def test_links_lead_to_rows_of_the_same_child(systemc):
    owner = systemc["ssd_cin_episodes"].set_index("cine_referral_id")["cine_person_id"]
    for name, key, child in [
        ("ssd_cin_assessments", "cina_referral_id", "cina_person_id"),
        ("ssd_involvements", "invo_referral_id", "invo_person_id"),
        ("ssd_cp_plans", "cppl_referral_id", "cppl_person_id"),
    ]:
        linked = systemc[name][systemc[name][key] != "-1"]
        assert len(linked) > 0.6 * len(systemc[name])
        assert (linked[key].map(owner).to_numpy() == linked[child].to_numpy()).all()
