"""What is asked of a page in a real browser, whichever page it is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from chromium import Chromium, chromium_path

__all__ = ["LOW_CONTRAST", "REACHABLE", "axe_violations", "opened", "printed_pages"]

REQUIRED = os.environ.get("EDGEOFCARE_REQUIRE_BROWSER") == "1"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

REACHABLE = """
[...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
  .filter(each => each.checkVisibility({contentVisibilityAuto: true}))
  .map(each => each.outerHTML.slice(0, 160))
"""
LOW_CONTRAST = """
(() => {
  const numbers = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = colour => {
    const [r, g, b] = numbers(colour).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = each => {
    for (let at = each; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour).length === 3 || numbers(colour)[3] > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  for (const each of document.querySelectorAll('body *')) {
    const drawn = each.closest('svg');
    if (drawn && each.tagName !== 'text') continue;
    if (![...each.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const ink = drawn ? getComputedStyle(each).fill : getComputedStyle(each).color;
    const [a, b] = [light(ink), light(behind(each))];
    const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (contrast < 4.5) found.push(`${each.tagName} ${contrast.toFixed(2)} ${each.textContent.slice(0, 40)}`);
  }
  return found;
})()
"""


def opened(profile: Path) -> Iterator[Chromium]:
    """One browser, ended afterwards; the tests skip where there is none, or fail where there has to be one."""
    program = chromium_path()
    if program is None or os.name == "nt":
        if REQUIRED:
            pytest.fail("EDGEOFCARE_REQUIRE_BROWSER is set, and Chromium is not installed")
        pytest.skip("Chromium is not installed")
    browser = Chromium(program, profile)
    yield browser
    browser.close()


def printed_pages(browser: Chromium) -> int:
    """Pages that the open page takes on paper."""
    browser.ask("Emulation.setEmulatedMedia", media="print")
    printed = browser.pdf()
    browser.ask("Emulation.setEmulatedMedia", media="screen")
    assert printed.startswith(b"%PDF")
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))


def axe_violations(browser: Chromium) -> list[str]:
    """What axe-core finds wrong with the open page; another axe.min.js can be named in EDGEOFCARE_AXE."""
    browser.run(f"{_axe()}; 0")
    asked = f"axe.run(document, {{runOnly: {json.dumps(AXE_RULES)}}})"
    found = json.loads(browser.run(f"{asked}.then(result => JSON.stringify([result.passes, result.violations]))"))
    passed, violations = found
    assert len(passed) > 10, "axe-core looked at next to nothing"
    return [f"{each['id']}: {node['html'][:120]}" for each in violations for node in each["nodes"]]


def _axe() -> str:
    """The program of axe-core, which a package of the test extra ships."""
    if named := os.environ.get("EDGEOFCARE_AXE"):
        return Path(named).read_text(encoding="utf-8")
    try:
        return (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        if REQUIRED:
            pytest.fail("EDGEOFCARE_REQUIRE_BROWSER is set, and axe-core-python is not installed")
        pytest.skip("axe-core-python is not installed")
