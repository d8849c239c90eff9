"""Listing what no code map knows, and the template to map it in."""

from __future__ import annotations

import csv

import pandas as pd
import pytest

from edgeofcare.exceptions import EdgeOfCareError, RecordsError, SpecError
from edgeofcare.records.codes.maps import merged_code_maps
from edgeofcare.records.codes.unmapped import TOO_LONG, UNMAPPED_COLUMNS, unmapped_codes, write_code_template
from edgeofcare.schema.codes import CODE_LISTS
from tiny_tables import picture, told

EXTRACT = {
    "ssd_person": "pers_person_id, pers_sex, pers_ethnicity\nQ7731, F, Martian\nQ7732, Male, WBRI",
    "ssd_development.SSD_Legal_Status": """LEGA_PERSON_ID, LEGA_LEGAL_STATUS
        Q7731, Our own order
        Q7731, V2
        Q7732, our own ORDER
        Q7732, Interim Care Order s38
        Q7732, """,
    "ssd_contacts": """cont_person_id, cont_contact_source_code, cont_contact_source_desc
        Q7731, 1042, Front desk
        Q7732, 6, Something local
        Q7732, 77, """,
    "ssd_cin_episodes": """cine_person_id, cine_referral_source, cine_close_reason
        Q7731, front desk, RC7
        Q7731, 1A, RC99""",
    "ssd_assessment_factors": """cinf_table_id, cinf_assessment_factors_json
        1, "[""1A"",""99Z""]"
        2, "{""99Z"":""Yes"",""2B"":""Yes"",""88"":""No""}\"""",
    "ssd_address": "addr_address_type\n1 Hidden Lane",
}
LISTED = [
    "children, ethnicity, ethnicity, Martian, 1",
    "contacts, source, source, 77, 1",
    "contacts, source, source, Front desk, 1",
    "referrals, source, source, front desk, 1",
    "referrals, close_reason, closure, RC99, 1",
    "assessment_factors, factor, factor, 99Z, 2",
    "legal_statuses, status, legal_status, Interim Care Order s38, 1",
    "legal_statuses, status, legal_status, Our own order, 1",
    "legal_statuses, status, legal_status, our own ORDER, 1",
]


@pytest.fixture
def extract():
    return {name: picture(text) for name, text in EXTRACT.items()}


def listed(found):
    """The listing without its suggestions."""
    return told(found, *UNMAPPED_COLUMNS[:5])


def test_every_text_that_no_map_knows_is_listed(extract):
    found = unmapped_codes(extract)
    assert tuple(found.columns) == UNMAPPED_COLUMNS
    assert listed(found) == LISTED


def test_a_folder_gives_the_same_listing(extract, tmp_path):
    for name, frame in extract.items():
        frame.to_csv(tmp_path / f"{name.lower()}.csv", index=False)
    assert listed(unmapped_codes(tmp_path)) == LISTED


def test_the_order_of_rows_does_not_matter(extract):
    turned = {name: frame.iloc[::-1] for name, frame in reversed(extract.items())}
    pd.testing.assert_frame_equal(unmapped_codes(turned), unmapped_codes(extract))


def test_what_ones_own_map_knows_is_not_listed(extract):
    own = {"legal_status": {"Our own order": "C2"}, "source": {"Front desk": "8"}}
    texts = unmapped_codes(extract, code_maps=own)["text"].tolist()
    assert texts == ["Martian", "77", "RC99", "99Z", "Interim Care Order s38"]


def test_a_text_is_suggested_its_closest_meaning_and_a_strange_one_nothing(extract):
    found = unmapped_codes(extract).set_index("text")["suggestion"]
    assert found["Interim Care Order s38"] == "C1: interim care order"
    assert (found["Our own order"], found["Martian"], found["99Z"]) == ("", "", "")


def test_the_most_frequent_text_comes_first():
    frame = pd.DataFrame({"lega_legal_status": ["b order", "a order", "c order", "c order", "V2"]})
    found = unmapped_codes({"ssd_legal_status": frame})
    assert found[["text", "count"]].to_numpy().tolist() == [["c order", 2], ["a order", 1], ["b order", 1]]


def test_notes_in_a_code_column_are_counted_and_not_shown(tmp_path):
    notes = ["She told her secret. " * 6, "He moved to his aunt. " * 6, "short"]
    found = unmapped_codes({"ssd_cin_episodes": pd.DataFrame({"cine_close_reason": notes})})
    assert found[["text", "count"]].to_numpy().tolist() == [["short", 1], [TOO_LONG, 2]]
    written = write_code_template(found, tmp_path / "codes.csv").read_text(encoding="utf-8-sig")
    assert "short" in written
    assert "secret" not in written + found.to_csv()
    assert TOO_LONG not in written


def test_an_extract_whose_codes_are_all_known_has_an_empty_listing(tmp_path):
    found = unmapped_codes({"ssd_legal_status": pd.DataFrame({"lega_legal_status": ["V2", None, ""]})})
    assert found.empty
    assert tuple(found.columns) == UNMAPPED_COLUMNS
    assert write_code_template(found, tmp_path / "codes.csv").read_text(encoding="utf-8-sig").count("\n") == 1


def test_the_template_is_a_code_map_once_it_is_filled_in(extract, tmp_path):
    path = write_code_template(unmapped_codes(extract), tmp_path / "codes.csv")
    assert merged_code_maps(path) == merged_code_maps(), "an empty template changes nothing"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [row["text"] for row in rows if row["text"]]
    assert texts == ["Martian", "77", "Front desk", "RC99", "99Z", "Interim Care Order s38", "Our own order"]
    desk = next(row for row in rows if row["text"] == "Front desk")
    assert (desk["count"], desk["where"]) == ("2", "contacts.source; referrals.source")
    legend = {(row["code_list"], row["code"]): row["meaning"] for row in rows if not row["text"]}
    assert legend["legal_status", "V2"] == CODE_LISTS["legal_status"]["V2"]
    assert {code_list for code_list, _ in legend} == {"ethnicity", "source", "closure", "factor", "legal_status"}
    codes = {"Our own order": "c2", "Front desk": "8", "Martian": "OOTH"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"code": codes.get(row["text"], row["code"])} for row in rows)
    left = unmapped_codes(extract, code_maps=path)["text"].tolist()
    assert left == ["77", "RC99", "99Z", "Interim Care Order s38"]


def test_a_text_that_excel_would_run_as_a_formula_is_written_as_text(tmp_path):
    text = '=HYPERLINK("x")'
    extract = {"ssd_legal_status": pd.DataFrame({"lega_legal_status": [text]})}
    path = write_code_template(unmapped_codes(extract), tmp_path / "codes.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["text"] == "'" + text
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerow(rows[0] | {"code": "V2"})
    assert unmapped_codes(extract, code_maps=path).empty


def test_a_template_is_never_overwritten(extract, tmp_path):
    found = unmapped_codes(extract)
    path = write_code_template(found, tmp_path / "codes.csv")
    path.write_text("my decisions", encoding="utf-8")
    with pytest.raises(SpecError, match="not overwritten"):
        write_code_template(found, path)
    assert path.read_text(encoding="utf-8") == "my decisions"
    with pytest.raises(SpecError, match="could not be written"):
        write_code_template(found, tmp_path / "no" / "codes.csv")
    with pytest.raises(SpecError, match="listing"):
        write_code_template(pd.DataFrame({"text": ["x"]}), tmp_path / "x.csv")


def test_sources_that_cannot_be_listed_are_refused(tmp_path):
    with pytest.raises(SpecError, match="not a folder"):
        unmapped_codes(tmp_path / "nowhere")
    with pytest.raises(RecordsError, match="No SSD table"):
        unmapped_codes(tmp_path)
    with pytest.raises(SpecError, match="DataFrame"):
        unmapped_codes({"ssd_legal_status": ["V2"]})
    (tmp_path / "ssd_legal_status.csv").write_bytes(b"lega_legal_status\nQ7731 \xff\xfe\n")
    with pytest.raises(RecordsError) as caught:
        unmapped_codes(tmp_path)
    assert "Q7731" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [[1.5, None, float("inf")], [True, False], [b"x", 3], [["a"], {"b": 1}], [pd.Timestamp("2020-01-01"), pd.NaT]],
    ids=["numbers", "flags", "bytes", "nested", "dates"],
)
def test_odd_columns_are_listed_or_refused_but_never_break(values):
    frame = pd.DataFrame({"lega_legal_status": pd.Series(values, dtype=object)})
    twice = pd.concat([frame, frame], axis=1)
    for odd in (frame, twice, frame.iloc[:0], pd.DataFrame()):
        try:
            assert tuple(unmapped_codes({"ssd_legal_status": odd}).columns) == UNMAPPED_COLUMNS
        except EdgeOfCareError:
            pytest.fail("an odd column was refused")
