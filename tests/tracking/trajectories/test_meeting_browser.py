"""The page of a meeting in a real browser: silent, readable at 320 px, on paper, nothing for axe to find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from browsing import LOW_CONTRAST, REACHABLE, axe_violations, opened, printed_pages
from chromium import Chromium
from edgeofcare.tracking.trajectories.track import track
from trajectories import history

NAMES = ("usual", "nobody", "full")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all tests."""
    yield from opened(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A usual page, one of a first run, and a long one with gaps, ties and another model."""
    folder = tmp_path_factory.mktemp("pages")
    usual = history({"C-1": [0.1, 0.1, 0.3], "C-2": [0.3, 0.2, 0.1], "C-3": [0.2, 0.2, 0.2]}, intervals=0.1)
    risks = [[0.1, None if number < 10 else 0.1, 0.2, 0.2, 0.3, 0.3] for number in range(25)]
    many = {f"CHILD-WITH-A-LONG-KEY-{number:03d}": each for number, each in enumerate(risks)}
    full = history(many | {f"C-{number}": [0.4] * 5 + [0.01] for number in range(5)})
    full["model_id"] = ["m1" if day < pd.Timestamp("2025-04-01") else "m2" for _, _, day in full.index]
    made = {"usual": track(usual, capacity=2), "nobody": track(usual, capacity=1, on="2025-04-01")}
    made["full"] = track(full, capacity=10)
    for name, each in made.items():
        each.to_html(folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_silent_and_nothing_scrolls_sideways(name: str, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name], width=1366)
    assert browser.problems == []
    assert browser.requests == [pages[name].as_uri()]
    for width in (1366, 768, 390, 320):
        browser.widen(width)
        assert browser.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [1366, 320])
def test_axe_finds_nothing_and_text_stands_out(
    name: str, width: int, browser: Chromium, pages: dict[str, Path]
) -> None:
    browser.open(pages[name], width=width)
    assert axe_violations(browser) == []
    assert browser.run(LOW_CONTRAST) == []


def test_tab_reaches_the_table_and_shows_where_it_is(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["usual"])
    wanted = browser.run(REACHABLE)
    assert len(wanted) == 2
    for each in wanted:
        browser.press("Tab")
        assert browser.run("document.activeElement.outerHTML.slice(0, 160)") == each
        assert browser.run("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_few_children_take_two_sheets_at_most(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["usual"])
    assert printed_pages(browser) <= 2
    browser.open(pages["full"])
    assert printed_pages(browser) > 2


def test_every_line_has_words_for_it(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    said = browser.run("[...document.querySelectorAll('svg')].map(each => each.getAttribute('aria-label'))")
    assert len(said) == 30
    assert all("of 100" in each for each in said)
    gap = next(each for each in said if "no score for some time" in each)
    assert "another model or calibration from here" in gap
