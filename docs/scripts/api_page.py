"""Write the list of public names from ``edgeofcare.__all__``, in the order of the flow, each with its own page."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from edgeofcare.records.rules.judge import NOT_JUDGED, rule_table
from edgeofcare.schema.columns import NEVER, Table
from edgeofcare.schema.tables import TABLES

__all__ = ["SECTIONS", "page", "rules_list", "sections", "tables_page", "write"]

# Title of each section, and the parts of the package whose names belong there.
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Task", ("task",)),
    ("Records", ("schema", "records")),
    ("Cohort and outcome", ("care", "cohort", "outcome")),
    ("Features", ("features",)),
    ("Features in parts", ("scale",)),
    ("Split", ("splitting",)),
    ("Model", ("models",)),
    ("Evaluation", ("evaluation", "criteria")),
    ("Explanation", ("explanation",)),
    (
        "Model file, scoring and reporting",
        ("model_file", "model_inspection", "signing", "scorer", "scoring", "reporting"),
    ),
    ("Tracking", ("tracking",)),
    ("Running again", ("runs", "reproduction")),
    ("Synthetic records", ("synthetic",)),
    ("Errors", ("exceptions",)),
)
NAMESPACES = (
    ("Kinds of feature", "edgeofcare.features"),
    ("Measures", "edgeofcare.metrics"),
    ("Plots", "edgeofcare.plotting"),
)
OTHER = "Other names"


def part_of(thing: object) -> str:
    """First part below the package of the module that defines an object; empty if it does not say."""
    module = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None) or ""
    return module.split(".")[1] if module.startswith("edgeofcare.") else ""


def sections(package: ModuleType) -> dict[str, list[str]]:
    """Full public names by title of section; namespaces follow the flow, and nothing is left out."""
    title_of = {part: title for title, parts in SECTIONS for part in parts}
    found: dict[str, list[str]] = {title: [] for title, _ in SECTIONS}
    for name in getattr(package, "__all__", []):
        thing = getattr(package, name)
        if not (isinstance(thing, ModuleType) and thing.__name__ in dict(NAMESPACES).values()):
            found.setdefault(title_of.get(part_of(thing), OTHER), []).append(f"edgeofcare.{name}")
    for title, module in NAMESPACES:
        if find_spec(module):
            found[title] = [f"{module}.{name}" for name in getattr(import_module(module), "__all__", [])]
    return {title: names for title, names in found.items() if names}


def page(package: ModuleType) -> str:
    """Text of the page in reStructuredText."""
    title = "API"
    lines = [title, "=" * len(title), "", "Every public name, in the order of the flow.", ""]
    headings = {heading: f" (``{module}``)" for heading, module in NAMESPACES}
    for heading, names in sections(package).items():
        shown = heading + headings.get(heading, "")
        lines += [shown, "-" * len(shown), "", ".. autosummary::", "   :toctree: .", "   :nosignatures:", ""]
        lines += [*(f"   {name}" for name in names), ""]
    return "\n".join(lines)


def table_lines(table: Table) -> list[str]:
    """One section of the page of tables: what a row is, then each column."""
    lines = [table.name, "-" * len(table.name), "", table.meaning, "", ".. list-table::", "   :header-rows: 1", ""]
    rows = [("column", "kind", "known from", "meaning")]
    for column in table.columns:
        kind = f"{column.kind}, required" if column.required else column.kind
        known = "never (for audit)" if column.known == NEVER else f"``{column.known}``"
        rows.append((f"``{column.name}``", kind, known, column.meaning))
    for row in rows:
        lines += [f"   {'*' if cell is row[0] else ' '} - {cell}" for cell in row]
    return [*lines, ""]


def tables_page() -> str:
    """Text of the page that lists the canonical tables."""
    title = "Tables"
    lines = [title, "=" * len(title), "", "The canonical tables of ``Records``. Nothing else is loaded.", ""]
    return "\n".join([*lines, *(line for table in TABLES.values() for line in table_lines(table))])


def list_table(rows: list[tuple[str, ...]], widths: str) -> list[str]:
    """Lines of a table, its first row the header."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in rows:
        lines += [f"   {'*' if place == 0 else ' '} - {cell}" for place, cell in enumerate(row)]
    return [*lines, ""]


def rules_list() -> str:
    """Text of the list of validation rules, which their page includes, and of those that are not judged."""
    rows = [(each["rule"], each["sentence"], each["judged"], each["harm"]) for each in rule_table()]
    judged = list_table([("rule", "what is wrong", "judged", "what it does to a model"), *rows], "12 40 14 34")
    apart = list_table([("rule", "why it is not judged"), *NOT_JUDGED.items()], "20 80")
    return "\n".join([*judged, "Not judged, although they touch what is loaded:", "", *apart])


def write(folder: Path, package: ModuleType) -> None:
    """Write the pages, each only if it changed, so that a second build does not start from nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"index.rst": page(package), "tables.rst": tables_page(), "validation_rules.txt": rules_list()}
    for name, text in texts.items():
        target = folder / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
