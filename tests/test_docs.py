"""The documentation: its examples run, its lists are complete, its links and pictures exist."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)]
WORDS = [
    *("child_id", "household_id", "index_date", "lookback", "gap", "horizon", "observed_until", "records", "cohort"),
    *("capacity", "by", "entrant", "known", "reporting_lag", "row key", "baseline", "model file", "y_true", "y_prob"),
    *("margin", "risk", "authority", "own table", "quality", "recording lag"),
    *("catalogue", "concept", "edit", "feature"),
    *("finding", "proxy", "re-anchor", "reference cohort", "refit", "band"),
    *("member", "unseen", "vocabulary", "timeline"),
    "token",
    *("head", "ledger", "override", "payload", "rectify"),
    *("request", "unfit"),
    *("contamination", "exposed", "roll-out", "step"),
    *("list", "new", "rising", "falling", "leaving", "run"),
    "monitoring baseline",
    *("expiry", "golden row", "signature"),
    *("alarm", "alert", "criteria", "design effect", "origin", "stability", "the rest", "transport", "verdict"),
]


def page_id(path: Path) -> str:
    """Path of a page for the name of a test."""
    return path.relative_to(ROOT).as_posix()


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """One of the modules in docs/scripts/, which is not a package."""
    monkeypatch.syspath_prepend(str(DOCS / "scripts"))
    return importlib.import_module(name)


def examples(path: Path) -> str:
    """All lines of the fenced Python blocks of a page that hold a prompt, at their own line numbers."""
    text = path.read_text(encoding="utf-8")
    kept = [""] * text.count("\n")
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
        if ">>> " in block[1]:
            first = text.count("\n", 0, block.start(1))
            lines = block[1].splitlines()
            kept[first : first + len(lines)] = lines
    return "\n".join(kept) + "\n"


@pytest.mark.parametrize("path", [page for page in PAGES if ">>> " in examples(page)], ids=page_id)
def test_examples_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    test = doctest.DocTestParser().get_doctest(examples(path), {}, path.name, str(path), 0)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=flags).run(test, out=said.append)
    assert said == [], "".join(said)


def test_examples_keep_their_line_numbers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n\n```python\nplain()\n```\n\n```python\n>>> 1 + 1\n2\n\n```\n")
    assert examples(page).splitlines()[7:9] == [">>> 1 + 1", "2"]
    assert "plain" not in examples(page)


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_python_blocks_are_python(path: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S):
        if ">>> " not in block:
            compile(block, path.name, "exec")


@pytest.mark.parametrize("path", [page for page in PAGES if "eoc." in page.read_text(encoding="utf-8")], ids=page_id)
def test_public_names_in_examples_exist(path: Path) -> None:
    used = set(re.findall(r"\beoc\.([A-Za-z_0-9]+)", path.read_text(encoding="utf-8")))
    package = importlib.import_module("edgeofcare")
    assert used <= set(package.__all__)


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_links_and_pictures_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s#]+)", text) if "://" not in link]
    missing = [link for link in links if "generated" not in link and not (path.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("path", [page for page in PAGES if page.parent.name == "concepts"], ids=page_id)
def test_every_concept_has_a_picture_with_words_for_it(path: Path) -> None:
    assert re.search(r"!\[[^\]]{40,}\]\(\.\./pictures/", path.read_text(encoding="utf-8"))


def test_every_picture_is_drawn_and_used(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = set(load("pictures", monkeypatch).PICTURES)
    committed = {path.stem for path in (DOCS / "pictures").glob("*.png")}
    pages = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert drawn <= committed
    assert [name for name in committed if f"pictures/{name}.png" not in pages] == []


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in PAGES[1:]} - {"index"}
    assert [page for page in sorted(pages) if not re.search(rf"^{page}$", index, re.M)] == []


def test_every_public_name_is_on_the_api_page(monkeypatch: pytest.MonkeyPatch) -> None:
    package = importlib.import_module("edgeofcare")
    api_page = load("api_page", monkeypatch)
    page = api_page.page(package)
    namespaces = {module.removeprefix("edgeofcare.") for _, module in api_page.NAMESPACES}
    listed = set(re.findall(r"^   edgeofcare\.(\w+)$", page, re.M))
    assert listed == set(package.__all__) - namespaces
    for _, module in api_page.NAMESPACES:
        for name in importlib.import_module(module).__all__:
            assert f"   {module}.{name}\n" in page


def test_no_public_name_is_left_to_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    api_page = load("api_page", monkeypatch)
    assert api_page.sections(importlib.import_module("edgeofcare")).get(api_page.OTHER, []) in (
        [],
        ["edgeofcare.__version__"],
    )


def test_every_table_is_on_the_tables_page(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgeofcare.schema.tables import TABLES

    page = load("api_page", monkeypatch).tables_page()
    for table in TABLES.values():
        assert f"\n{table.name}\n---" in page
        assert all(f"``{column.name}``" in page for column in table.columns)


def defined_words() -> list[str]:
    """Words that the glossary defines, in order."""
    return re.findall(r"^(\S[^\n]*)\n: ", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.M)


def test_glossary_defines_every_word_once_in_order() -> None:
    assert sorted(WORDS) == sorted(defined_words())
    assert defined_words() == sorted(defined_words(), key=str.lower)


def test_the_auroc_table_is_the_computed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (DOCS / "concepts" / "what_auroc_means.md").read_text(encoding="utf-8")
    assert load("binormal", monkeypatch).table() in page


@pytest.mark.parametrize("auroc", [0.6, 0.75, 0.9])
def test_binormal_arithmetic_against_drawn_scores(auroc: float, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    binormal = load("binormal", monkeypatch)
    rng = np.random.default_rng(0)
    entrants = rng.random(200_000) < 0.1
    scores = rng.standard_normal(entrants.size) + binormal.distance(auroc) * entrants
    order = np.argsort(-scores)
    precision, recall = binormal.at_capacity(auroc, 0.1, 0.05)
    listed = entrants[order[: entrants.size // 20]]
    assert listed.mean() == pytest.approx(precision, abs=0.02)
    assert listed.sum() / entrants.sum() == pytest.approx(recall, abs=0.01)
    found = entrants[order].cumsum() / np.arange(1, entrants.size + 1)
    assert found[entrants[order]].mean() == pytest.approx(binormal.average_precision(auroc, 0.1), abs=0.01)


def test_limits_quote_nothing_unverified() -> None:
    page = (DOCS / "reference" / "limits_and_proper_use.md").read_text(encoding="utf-8")
    assert "[U" not in page
    assert page.count("[F") + page.count("[S") >= 10


def test_decisions_have_three_lines_each() -> None:
    page = (DOCS / "decisions.md").read_text(encoding="utf-8")
    for section in page.split("\n## ")[1:]:
        heads = re.findall(r"^- \*\*(.+?)\.\*\*", section, re.M)
        assert heads == ["Decision", "Why", "What would change it"], section.splitlines()[0]
