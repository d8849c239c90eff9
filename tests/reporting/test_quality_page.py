"""The page of a quality check: everything in one file, readable, and nothing personal in it."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.quality import plot_quality
from edgeofcare.records.quality.quality import unreadable
from edgeofcare.records.records import Records
from edgeofcare.reporting.quality_page import write_quality_page
from edgeofcare.synthetic.records import make_records
from tiny_tables import records_of

UNTIL = "2025-03-31"


@pytest.fixture(scope="module")
def made():
    """A small authority whose referrals stop, with a few episodes that end before they start."""
    records = make_records(1000, random_state=3, authority="sample")
    tables = {name: records.table(name) for name in records}
    tables["referrals"] = tables["referrals"][tables["referrals"]["start_date"] < "2024-06-01"]
    episodes = tables["care_episodes"].copy()
    wrong = episodes.index[:3]
    episodes.loc[wrong, "end_date"] = episodes.loc[wrong, "start_date"] - pd.Timedelta(days=3)
    tables["care_episodes"] = episodes
    return Records.from_tables(tables, observed_until=UNTIL, observed_from="2015-04-01", invalid="drop")


@pytest.fixture(scope="module")
def quality(made):
    return made.quality()


@pytest.fixture(scope="module")
def page(quality, tmp_path_factory):
    path = tmp_path_factory.mktemp("quality") / "quality.html"
    assert write_quality_page(quality, path) == path
    assert [entry.name for entry in path.parent.iterdir()] == ["quality.html"]
    return path.read_text(encoding="utf-8")


def words(page):
    """The text of the page, without tags and pictures."""
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


def test_the_page_says_what_was_found(page):
    said = words(page)
    assert "Not ready" in said
    assert "referrals stops about 10 months before the end of the extract" in said
    assert "903 356 &lt;10 An episode ends before it starts." in said
    assert "The window, and what it cuts off" in said


def test_the_page_needs_no_network_and_runs_nothing(page):
    assert "<script" not in page
    for mark in ('src="http', 'href="http', "url(http", "@import"):
        assert mark not in page


def test_the_page_holds_nothing_personal(made, page):
    keys = set(made.table("children")["child_id"]) | set(made.table("referrals")["row_key"])
    assert not keys & set(re.findall(r"\w+", words(page)))
    assert not re.search(r"\d{4}-\d{2}-\d{2}", words(page).replace(UNTIL, ""))


def test_small_counts_are_written_as_small(tmp_path):
    rows = "\n".join(f"c{n}, 2020-01-{n + 1:02d}, " for n in range(7))
    page = write_quality_page(records_of(referrals="child, start, end\n" + rows).quality(), tmp_path / "q.html")
    said = words(page.read_text(encoding="utf-8"))
    assert "referrals &lt;10 &lt;10" in said
    assert "children &lt;10 &lt;10" in said
    shown = said[said.index("Tables and columns") : said.index("This page holds")].replace("from 1 to 9", "")
    assert not re.search(r"(?<![\d,.;<]) [1-9] ", shown)


def test_a_column_filled_in_few_rows_does_not_give_them_away(made, tmp_path, quality):
    """Rows minus missing would tell how many children died."""
    deaths = int(made.table("children")["death_date"].notna().sum())
    assert 0 < deaths < 10
    said = words(write_quality_page(quality, tmp_path / "q.html").read_text(encoding="utf-8"))
    assert re.search(r"children death_date [\d,]+ all but &lt;10", said)


def test_the_same_check_gives_the_same_bytes(quality, page, tmp_path):
    assert write_quality_page(quality, tmp_path / "again.html").read_text(encoding="utf-8") == page


def test_records_that_could_not_be_read_have_a_page(tmp_path):
    problems = ["referrals: column <script> is missing."]
    page = write_quality_page(unreadable(problems, None), tmp_path / "q.html").read_text(encoding="utf-8")
    assert "referrals: column &lt;script&gt; is missing." in page
    assert "Not ready" in page


@pytest.mark.parametrize("place", ["none/q.html", ".", None])
def test_a_page_that_cannot_be_written_is_refused(place, quality, tmp_path):
    with pytest.raises(SpecError, match="cannot be written there"):
        write_quality_page(quality, None if place is None else tmp_path / place)


# ------------------------------------------------------------------------------------------------- the picture


def test_the_picture_has_a_row_for_each_table_that_is_there(quality):
    ax = plot_quality(quality)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert len(names) == int(quality.window["observed"].sum())
    assert "contacts" in names
    assert any(name.endswith(("(quarters)", "(years)")) for name in names)
    assert "2020" in [label.get_text() for label in ax.get_xticklabels()]
    assert {text.get_text() for text in ax.get_legend().get_texts()} >= {"no rows", "as usual", "break"}


def test_the_picture_marks_the_break_in_its_month(quality):
    ax = plot_quality(quality, Figure().subplots())
    (marks,) = [line for line in ax.lines if line.get_marker() == "v"]
    months = pd.period_range("2015-04", "2025-03", freq="M")
    names = [label.get_text() for label in ax.get_yticklabels()]
    drawn = {(names[int(y)], str(months[int(x)])) for x, y in zip(*marks.get_data(), strict=True)}
    assert ("referrals (quarters)", "2024-05") in drawn


def test_a_check_without_tables_has_a_picture_that_says_so():
    ax = plot_quality(unreadable(["nothing"], None))
    assert [text.get_text() for text in ax.texts] == ["nothing to show: no table has rows"]
