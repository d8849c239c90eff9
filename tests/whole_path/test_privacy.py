"""Nothing that may be shared holds a key, a name or a date of a child."""

from __future__ import annotations

import re
import zipfile

import pandas as pd
import pytest

from edgeofcare.exceptions import EdgeOfCareError
from edgeofcare.records.ssd.read import read_ssd

SHAREABLE = ("report.html", "measures.csv", "edge_of_care.eoc")


def contents(path) -> str:
    """All text of a file, members of an archive included."""
    parts = [path.read_bytes()]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            parts += [archive.read(name) for name in archive.namelist()]
    return "\n".join(part.decode("latin-1") for part in parts)


def secrets(folder) -> set[str]:
    """Names, pupil numbers and postcodes in the source."""
    people = pd.read_csv(folder / "ssd_person.csv", dtype=str, keep_default_na=False)
    named = [name for name in people if re.search(r"forename|surname|upn|nhs", name)]
    return {value for name in named for value in people[name] if len(value) > 5}


@pytest.mark.parametrize("name", SHAREABLE)
def test_no_identifier_in_what_may_be_shared(finished, name):
    text = contents(finished.out / name)
    assert "KEY" not in text
    assert not [key for key in finished.identifiers if key[3:-1] in re.findall(r"\d{5,}", text)]


@pytest.mark.parametrize("name", [*SHAREABLE, "scores.csv"])
def test_no_name_or_number_of_a_person_anywhere(finished, name):
    planted = secrets(finished.folder)
    assert planted
    text = contents(finished.out / name)
    assert not [secret for secret in planted if secret in text]


def test_no_identifier_on_the_screen(finished):
    assert "KEY" not in finished.said + finished.complained


def test_the_case_file_does_carry_the_keys(finished):
    """The search above would find a key if there were one."""
    assert "KEY" in contents(finished.out / "scores.csv")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("ssd_person", "pers_dob", "not a date"),
        ("ssd_person", "pers_person_id", None),
        ("ssd_cla_episodes", "clae_cla_episode_ceased_date", "1990-07-19"),
        ("ssd_legal_status", "lega_legal_status", "an unheard-of order"),
    ],
    ids=["unreadable date", "duplicate key", "end before start", "unknown legal status"],
)
def test_no_identifier_or_date_of_a_child_in_an_error(finished, table, column, value):
    frames = {path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in finished.folder.glob("*.csv")}
    frame = frames[table].copy()
    if value is None:
        frame.loc[1, column] = frame.loc[0, column]
    else:
        if column == "pers_dob":
            frame["pers_expected_dob"] = ""
        frame.loc[[3, 5], column] = value
    frames[table] = frame
    with pytest.raises(EdgeOfCareError) as found:
        read_ssd(frames, observed_until="2025-03-31")
    text = str(found.value)
    assert "KEY" not in text
    dates = set(re.findall(r"\d{4}-\d{2}-\d{2}", text)) - {"2024-03-31"}
    assert not dates
    assert re.search(r"\b\d+ (row|unreadable|status)", text)
