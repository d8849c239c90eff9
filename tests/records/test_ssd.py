"""Reading the SSD layout: folders and mappings, aliases, shapes, and what is never taken in."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.ssd.read import read_ssd
from tiny_tables import UNTIL, picture, told

PLANTED = ("Zebedee", "Quixote", "U999888777", "9434765919", "1 Hidden Lane", "ZZ1 1ZZ", "told her secret")

PERSON = """
    pers_person_id, pers_forename, pers_surname, pers_upn, nhs_number, pers_home, pers_dob, pers_expected_dob, pers_sex
    Q7731, Zebedee, Quixote, U999888777, 9434765919, 1 Hidden Lane, 2008-11-23T00:00:00, , F
    Q7732, Zebedee, Quixote, U999888777, 9434765919, ZZ1 1ZZ, , 2009-10-15, Male
"""
EPISODES = """
    clae_cla_episode_id, clae_person_id, clae_cla_episode_start_date, clae_cla_episode_ceased_date, clae_cla_id, notes
    E5501, Q7731, 2022-12-27, , 77, told her secret
"""
STATUSES = """
    lega_legal_status_id, lega_person_id, lega_legal_status, lega_legal_status_start_date, lega_legal_status_end_date
    S4401, Q7731, V2 Single period, 2022-12-27,
"""
REFERRALS = """
    cine_referral_id, cine_person_id, cine_referral_date, cine_close_date, cine_referral_nfa, cine_referral_source_code
    R9901, Q7731, 24/12/2021, , N, 1A
    R9902, Q7732, 2021-12-25, 2022-01-26, Y, 6 Police
"""
SOUND = {
    "ssd_person": PERSON,
    "ssd_cla_episodes": EPISODES,
    "ssd_legal_status": STATUSES,
    "ssd_cin_episodes": REFERRALS,
}
SECRETS = (*PLANTED, "Q77", "R99", "E55", "S44", "2008", "2009", "2021", "2022")


def source(**changed):
    """SSD tables as a mapping; None leaves one out."""
    texts = SOUND | changed
    return {name: picture(text) for name, text in texts.items() if text is not None}


def read(how=None, **changed):
    """Records of the source."""
    return read_ssd(source(**changed), observed_until=UNTIL, **(how or {}))


def refused(where, **options):
    """The message with which a source is refused; it gives nothing away."""
    with pytest.raises(RecordsError) as caught:
        read_ssd(where, observed_until=UNTIL, **options)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]
    return str(caught.value)


@pytest.fixture
def folder(tmp_path):
    """The same tables as files, with an address table that nobody reads."""
    for name, frame in source().items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False, encoding="utf-8")
    (tmp_path / "ssd_address.csv").write_bytes(b"addr_person_id,street\nQ7731,1 Hidden Lane \xff\xfe\n")
    (tmp_path / "readme.txt").write_text("not a table", encoding="utf-8")
    return tmp_path


def test_a_folder_and_a_mapping_give_the_same_records(folder):
    assert read_ssd(folder, observed_until=UNTIL).fingerprint == read().fingerprint
    assert read_ssd(str(folder), observed_until=UNTIL, progress=True).fingerprint == read().fingerprint


def test_a_parquet_file_gives_the_same_records(folder):
    frame = pd.read_csv(folder / "ssd_person.csv", dtype=str)
    frame.to_parquet(folder / "SSD_PERSON.parquet")
    (folder / "ssd_person.csv").unlink()
    assert read_ssd(folder, observed_until=UNTIL).fingerprint == read().fingerprint


def test_names_numbers_and_addresses_are_never_taken_in(folder):
    for records in (read(), read_ssd(folder, observed_until=UNTIL)):
        kept = [records.table(name).to_csv() for name in records]
        shown = [repr(records), records._repr_html_(), records.findings().to_csv(), records.counts().to_csv()]
        assert not [planted for planted in PLANTED for text in (*kept, *shown) if planted in text]


def test_schema_prefixes_case_and_marks_of_temporary_tables_do_not_matter():
    frames = source()
    odd = {
        "HDM.ssd_development.SSD_PERSON": frames["ssd_person"].rename(columns=str.upper),
        "#ssd_cla_episodes": frames["ssd_cla_episodes"],
        "[dbo].[ssd_legal_status]": frames["ssd_legal_status"],
        "##SSD_cin_episodes": frames["ssd_cin_episodes"].rename(columns=lambda name: f" {name} "),
    }
    assert read_ssd(odd, observed_until=UNTIL).fingerprint == read().fingerprint


def test_an_expected_date_of_birth_stands_in_and_is_marked():
    assert told(read().table("children"), "child_id", "birth_date", "birth_date_estimated") == [
        "Q7731, 2008-11-23, False",
        "Q7732, 2009-10-15, True",
    ]


def test_an_unreadable_date_of_birth_is_not_replaced_by_the_expected_one():
    assert "children: column 'birth_date': unreadable date in 1 row" in refused(
        source(ssd_person=PERSON.replace("2008-11-23T00:00:00,", "23rd, 2008-11-20"))
    )


def test_missing_tables_and_columns_are_told_at_once_with_the_nearest_name():
    frames = source(ssd_cla_episodes=None)
    frames["ssd_legal_status"] = frames["ssd_legal_status"].rename(columns={"lega_legal_status": "lega_legal_statuss"})
    message = refused(frames)
    assert "2 problems" in message
    assert "ssd_cla_episodes: the table is missing. It is needed for care_episodes." in message
    assert (
        "ssd_legal_status: column 'lega_legal_status' is missing (needed for legal_statuses). Did you mean" in message
    )


BAD = {
    "unreadable date": {"ssd_cin_episodes": REFERRALS.replace("24/12/2021", "24/2021/12")},
    "no start date": {"ssd_cin_episodes": REFERRALS.replace("24/12/2021", "1900-01-01")},
    "no date of birth": {"ssd_person": PERSON.replace("2009-10-15", "")},
    "duplicate keys": {"ssd_cin_episodes": REFERRALS.replace("R9902", "R9901")},
    "end before start": {"ssd_cin_episodes": REFERRALS.replace("2022-01-26", "2020-01-26")},
    "no child": {"ssd_cin_episodes": REFERRALS.replace("Q7732", "-1")},
}
"""Sources that cannot be right, by what is said of them."""


@pytest.mark.parametrize("why", BAD)
def test_bad_sources_are_refused_or_counted(why, tmp_path):
    assert why in refused(source(**BAD[why]))
    for name, frame in source(**BAD[why]).items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    assert why in refused(tmp_path)
    found = read(how={"invalid": "drop"}, **BAD[why]).findings()
    assert why in set(found["why"])
    assert not [secret for secret in SECRETS if secret in found.to_string()]


def test_unknown_legal_statuses_are_named_with_their_count():
    message = refused(source(ssd_legal_status=STATUSES.replace("V2 Single period", "Our own order")), invalid="drop")
    assert "'Our own order' (1 row)" in message


def test_an_empty_extract_is_refused(tmp_path):
    empty = {name: frame.iloc[:0] for name, frame in source().items()}
    assert "children: the table has no rows" in refused(empty)
    for name, frame in empty.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    assert "children: the table has no rows" in refused(tmp_path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"pers_person_id,pers_dob\nZebed\xe9e,2008-11-23\n", "not UTF-8"),
        (b"", "could not be read"),
        (b'pers_person_id,pers_dob\n"Q7731,2008-11-23\n', "could not be read"),
        (b"pers_person_id,pers_dob\nQ7731,2008-11-23,too,many\n", "could not be read"),
    ],
    ids=["encoding", "nothing", "quotes", "columns"],
)
def test_files_that_cannot_be_read_are_told_by_table(folder, content, why):
    (folder / "ssd_person.csv").write_bytes(content)
    message = refused(folder)
    assert f"ssd_person: the file {'is ' if 'UTF' in why else ''}{why}" in message


def test_a_broken_parquet_file_and_two_files_of_one_table_are_told(folder):
    (folder / "SSD_person.parquet").write_bytes(b"not parquet Zebedee")
    message = refused(folder)
    assert "ssd_person: the file could not be read" in message
    assert "more than one file" in message


def test_a_source_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(SpecError, match="not a folder"):
        read_ssd(tmp_path / "nowhere", observed_until=UNTIL)


def test_a_recorded_date_of_the_authoritys_own_is_used():
    late = """
    cine_referral_id, cine_person_id, cine_referral_date, cine_recorded_date, cine_close_date, cine_end_recorded_date
    R9901, Q7731, 2021-12-24, 2022-01-05, 2022-02-01, 2022-02-03
    """
    dates = ("start_date", "recorded_date", "end_date", "end_recorded_date")
    found = told(read(ssd_cin_episodes=late).table("referrals"), *dates)
    assert found == ["2021-12-24, 2022-01-05, 2022-02-01, 2022-02-03"]


def test_a_comma_in_a_text_moves_no_column_sideways(folder):
    header = "cine_referral_id,cine_person_id,cine_referral_source_desc,cine_referral_date,cine_close_date,notes\n"
    rows = "R9901,Q7731,Police,2021-12-24,2022-01-26,N\n"
    for bad in ("R9902,Q7732,a text, with a comma,2021-12-25,2022-01-26,N\n", "R9902,Q7732,2021-12-25\n"):
        (folder / "ssd_cin_episodes.csv").write_text(header + rows + bad, encoding="utf-8")
        assert "ssd_cin_episodes: the file could not be read" in refused(folder)
    quoted = 'R9902,Q7732,"a text, with a comma\nand a line",2021-12-25,2022-01-26,N\n'
    (folder / "ssd_cin_episodes.csv").write_text(header + rows + quoted, encoding="utf-8-sig")
    assert read_ssd(folder, observed_until=UNTIL).table("referrals")["row_key"].tolist() == ["R9901", "R9902"]


def test_letters_of_another_encoding_in_a_name_do_not_matter_because_names_are_not_read(folder):
    text = (folder / "ssd_person.csv").read_bytes()
    (folder / "ssd_person.csv").write_bytes(text.replace(b"Zebedee", b"Zebed\xe9e"))
    assert read_ssd(folder, observed_until=UNTIL).fingerprint == read().fingerprint
