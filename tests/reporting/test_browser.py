"""In a real browser: no console error, no outside request, reachable by keyboard, readable on a phone, printable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from browsing import LOW_CONTRAST, REACHABLE, opened
from chromium import Chromium
from edgeofcare.reporting.documents import write_documents
from edgeofcare.reporting.html import write_report
from reported import all_sections, document_parts, report_parts

PAGES = (
    "report",
    "whole_report",
    "index",
    "tripod_ai",
    "probast_ai",
    "model_card",
    "atrs_record",
    "equality_impact",
    "dpia_pack",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all tests."""
    yield from opened(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page that is written for people, by name."""
    folder = tmp_path_factory.mktemp("pages")
    parts, sections = vars(report_parts()), all_sections()
    made = {
        "report": write_report(folder / "report.html", **parts),
        "whole_report": write_report(folder / "whole_report.html", **parts, sections=sections),
    }
    written = write_documents(folder / "documents", **document_parts(), sections=sections)
    return made | {path.stem: path for path in written if path.suffix == ".html"}


def test_every_page_is_looked_at(pages: dict[str, Path]) -> None:
    assert set(pages) == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_asked_for_and_nothing_complains(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name])
    assert browser.problems == []
    assert browser.requests == [pages[name].as_uri()]


def test_a_page_that_asks_or_complains_would_be_noticed(browser: Chromium, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text('<img src="https://example.org/x.png"><script>console.error("a"); throw new Error("b")</script>')
    browser.open(bad)
    assert "https://example.org/x.png" in browser.requests
    assert len(browser.problems) >= 2


def test_a_page_may_load_nothing_from_outside(browser: Chromium, pages: dict[str, Path], tmp_path: Path) -> None:
    page = pages["report"].read_text(encoding="utf-8")
    planted = tmp_path / "planted.html"
    planted.write_text(
        page.replace("</main>", '<img src="https://example.org/x.png"><script>document.title = "ran"</script>')
    )
    browser.open(planted)
    assert any("Content Security Policy" in problem for problem in browser.problems)
    assert browser.run("document.title") != "ran"


@pytest.mark.parametrize("name", PAGES)
def test_only_tables_scroll_sideways(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name], width=1366)
    for width in (1366, 768, 390, 320):
        browser.widen(width)
        assert browser.run("document.documentElement.scrollWidth") <= width
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.run("document.documentElement.scrollWidth") <= 320


def test_a_page_that_is_too_wide_would_be_noticed(browser: Chromium, tmp_path: Path) -> None:
    broad = tmp_path / "broad.html"
    broad.write_text('<body><p style="width: 900px">broad</p>')
    browser.open(broad)
    browser.widen(390)
    assert browser.run("document.documentElement.scrollWidth") > 390


@pytest.mark.parametrize("name", PAGES)
def test_tab_reaches_everything_in_its_order(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name])
    wanted = browser.run(REACHABLE)
    assert 'class="skip"' in wanted[0]
    reached = []
    for _ in wanted:
        browser.press("Tab")
        reached.append(browser.run("document.activeElement.outerHTML.slice(0, 160)"))
    assert reached == wanted
    assert browser.run("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_keys_follow_the_skip_link_and_open_a_table(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["whole_report"])
    browser.press("Tab")
    assert browser.run("document.activeElement.getBoundingClientRect().left") >= 0  # seen as soon as it has the focus
    browser.press("Enter")
    assert browser.run("location.hash") == "#main"
    browser.run("document.querySelector('summary').focus()")
    assert not browser.run("document.querySelector('details').open")
    browser.press("Enter")
    assert browser.run("document.querySelector('details').open")
    browser.press("Tab")
    assert browser.run("document.activeElement === document.querySelector('details .wide')")


@pytest.mark.parametrize("name", PAGES)
def test_text_stands_out_from_what_is_behind_it(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name])
    assert browser.run(LOW_CONTRAST) == []


def test_pale_text_would_be_noticed(browser: Chromium, tmp_path: Path) -> None:
    pale = tmp_path / "pale.html"
    pale.write_text('<body><p style="color: #999">pale</p><p style="color: #555">dark</p>')
    browser.open(pale)
    assert [each.split()[0] for each in browser.run(LOW_CONTRAST)] == ["P"]
    assert "pale" in browser.run(LOW_CONTRAST)[0]


@pytest.mark.parametrize("name", ["report", "whole_report", "tripod_ai", "dpia_pack"])
def test_it_prints_whole(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name])
    printed = browser.pdf()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) > 1
    browser.open(pages[name], width=680)
    browser.ask("Emulation.setEmulatedMedia", media="print")
    assert browser.run("document.documentElement.scrollWidth") <= 680
    heights = "[...document.querySelectorAll('{} .wide')].map(each => each.getBoundingClientRect().height)"
    assert all(height > 20 for height in browser.run(heights.format("details:not(.long)")))  # closed ones are opened


def test_very_long_tables_stay_on_the_screen(browser: Chromium, tmp_path: Path) -> None:
    sections = all_sections()
    sections = replace(sections, value=pd.concat([sections.value] * 151))
    browser.open(write_report(tmp_path / "long.html", **vars(report_parts()), sections=sections), width=680)
    heights = "[...document.querySelectorAll('details.long .wide')].map(each => each.getBoundingClientRect().height)"
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert [height > 20 for height in browser.run(heights)] == [True]
    browser.ask("Emulation.setEmulatedMedia", media="print")
    assert not any(browser.run(heights))
    browser.ask("Emulation.setEmulatedMedia", media="")


def test_on_a_phone_the_cells_of_long_rows_stand_below_each_other(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["tripod_ai"], width=390)
    cells = "[...document.querySelectorAll('.stack tr td')].slice(0, 4).map(each => each.getBoundingClientRect())"
    lefts = browser.run(f"{cells}.map(each => each.left)")
    assert len(set(lefts)) == 1
    assert browser.run("[...document.querySelectorAll('.stack')].every(each => each.getAttribute('role') === 'table')")
