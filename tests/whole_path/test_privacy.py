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


def long_numbers(text) -> set[str]:
    """Every number of five digits or more."""
    return set(re.findall(r"\d{5,}", text))


def bare(finished) -> set[str]:
    """Keys of children without their disguise."""
    return {key[3:-1] for key in finished.identifiers}


def secrets(folder) -> set[str]:
    """Names, pupil numbers and postcodes in the source."""
    people = pd.read_csv(folder / "ssd_person.csv", dtype=str, keep_default_na=False)
    named = [name for name in people if re.search(r"forename|surname|upn|nhs", name)]
    return {value for name in named for value in people[name] if len(value) > 5}


SECTIONS = (
    "is-there-enough-data",
    "does-it-hold-for-new-families-and-later-periods",
    "what-a-team-would-see",
    "stability",
    "what-drives-the-scores",
)
PARTS = ("Is there enough data?", "Earlier periods", "What to expect at this AUROC", "Would it name the same children?",
         "Which concepts move the scores most?", "How steady reasons are")  # fmt: skip


@pytest.fixture(params=["quick", "looked"])
def out(request, finished):
    """The folder of a quick run, and that of one in which everything is looked at."""
    return finished.out if request.param == "quick" else request.getfixturevalue("looked")


@pytest.mark.parametrize("name", SHAREABLE)
def test_no_identifier_in_what_may_be_shared(finished, out, name):
    text = contents(out / name)
    assert "KEY" not in text
    assert not long_numbers(text) & bare(finished)


def test_no_identifier_in_a_document(finished, looked):
    for path in (looked / "documents").iterdir():
        text = contents(path)
        assert "KEY" not in text, path.name
        assert not long_numbers(text) & bare(finished), path.name


def test_what_is_looked_at_beside_the_evaluation_tells_of_no_day_and_no_few(looked):
    """Months of index dates are the calendar's; a day could be a child's, and a count below 10 of single children."""
    page = (looked / "report.html").read_text(encoding="utf-8")
    assert [part for part in PARTS if part not in page] == []
    for key in SECTIONS:
        start = page.index(f'<section id="{key}"')
        part = re.sub(r"<svg.*?</svg>", "", page[start : page.index("</section>", start)], flags=re.DOTALL)
        assert not re.findall(r"\d{4}-\d{2}-\d{2}", part), key
        assert not re.findall(r"\b[1-9] (?:children|entrants|households) ", part), key


@pytest.mark.parametrize("name", [*SHAREABLE, "scores.csv"])
def test_no_name_or_number_of_a_person_anywhere(finished, out, name):
    planted = secrets(finished.folder)
    assert planted
    text = contents(out / name)
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
