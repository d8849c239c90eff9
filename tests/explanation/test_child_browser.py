"""A child's page in a real browser: silent, reachable, readable at 320 px, on one sheet, nothing for axe to find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from browsing import LOW_CONTRAST, REACHABLE, axe_violations, opened, printed_pages
from chromium import Chromium
from told_child import explained, longest

NAMES = ("typical", "longest", "nothing", "bare")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all tests."""
    yield from opened(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, records, X) -> dict[str, Path]:
    """A usual page, the longest there is, one on which nothing moved, and one without records."""
    folder = tmp_path_factory.mktemp("pages")
    moved = {
        "missing.count.90d": 0.9,
        "cp_plan.count_ended.1095d": -0.4,
        "referral.count.1095d": -0.3,
        "offence.count.365d": 0.2,
        "child.age": 0.1,
    }
    made = {
        "typical": explained(moved),
        "longest": longest(records, X, 100),
        "nothing": explained({"missing.count.90d": 0.0}),
        "bare": explained(moved, given=False, task=None),
    }
    assert tuple(made) == NAMES
    for name, why in made.items():
        why.to_html(folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in made}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_asked_for_and_nothing_complains(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name])
    assert browser.problems == []
    assert browser.requests == [pages[name].as_uri()]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_scrolls_sideways(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name], width=1366)
    for fold in ("false", "true"):
        browser.run(f"document.querySelectorAll('details').forEach(each => each.open = {fold})")
        for width in (1366, 768, 390, 320):
            browser.widen(width)
            assert browser.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", NAMES)
def test_labels_of_the_line_stay_on_the_page(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name], width=320)
    ends = "[...document.querySelectorAll('.line text')].map(each => each.getBoundingClientRect())"
    assert browser.run(f"Math.min(...{ends}.map(each => each.left))") >= 0
    assert browser.run(f"Math.max(...{ends}.map(each => each.right))") <= 320


@pytest.mark.parametrize("name", NAMES)
def test_it_prints_on_one_sheet_folded_or_not(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name])
    assert printed_pages(browser) == 1
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert printed_pages(browser) == 1


def test_a_page_of_two_sheets_would_be_noticed(browser: Chromium, tmp_path: Path) -> None:
    long = tmp_path / "long.html"
    long.write_text("<body><p style='height: 400mm'>long</p>end")
    browser.open(long)
    assert printed_pages(browser) == 2


@pytest.mark.parametrize("name", NAMES)
def test_tab_reaches_everything_in_its_order(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name])
    browser.run("document.querySelector('details').open = true")
    wanted = browser.run(REACHABLE)
    assert 'class="skip"' in wanted[0]
    assert len(wanted) >= 5
    reached = []
    for _ in wanted:
        browser.press("Tab")
        reached.append(browser.run("document.activeElement.outerHTML.slice(0, 160)"))
        assert browser.run("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert reached == wanted


def test_enter_opens_the_technical_layer(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["typical"])
    assert not browser.run("document.querySelector('details').open")
    browser.run("document.querySelector('summary').focus()")
    browser.press("Enter")
    assert browser.run("document.querySelector('details').open")


@pytest.mark.parametrize("name", NAMES)
def test_text_stands_out_from_what_is_behind_it(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name])
    browser.run("document.querySelector('details').open = true")
    assert browser.run(LOW_CONTRAST) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [1366, 320])
def test_axe_finds_no_violation(name: str, width: int, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name], width=width)
    assert axe_violations(browser) == []
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert axe_violations(browser) == []


def test_a_violation_would_be_found(browser: Chromium, pages: dict[str, Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    page = pages["typical"].read_text(encoding="utf-8")
    bad.write_text(page.replace('<html lang="en-GB">', "<html>").replace("--quiet: #57606a", "--quiet: #b0b8c0"))
    browser.open(bad)
    found = {each.partition(":")[0] for each in axe_violations(browser)}
    assert found == {"html-has-lang", "color-contrast"}
