"""A document about a run: blocks to read, and the same tables to edit."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

import pandas as pd

from edgeofcare.reporting.blocks import Block, Grid, plain
from edgeofcare.reporting.pages import page_template

__all__ = ["Document", "packaged_rows"]

FOOT = (
    "Drafted by edgeofcare from one run. What stands here as filled was taken from the run; what is for the "
    "authority is "
    "left open. It holds counts and measures only: no name, key or date of a child."
)


@dataclass(frozen=True, eq=False)
class Document:
    """One document in four forms.

    Parameters
    ----------
    name : str
        Name of its files, without ending.
    title, about : str
        Heading, and what it is.
    blocks : tuple of Block
        What a person reads.
    tables : mapping of str to DataFrame
        The same as tables to edit; the table named "" has the document's own name.
    foot : str
        The last line.
    """

    name: str
    title: str
    about: str
    blocks: tuple[Block, ...]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    foot: str = FOOT

    def html(self) -> str:
        """The document as a page that needs no other file.

        Returns
        -------
        str
            HTML.
        """
        return str(page_template("document.html").render(document=self))

    def markdown(self) -> str:
        """The document to edit.

        Returns
        -------
        str
            Markdown, with tables.
        """
        parts = [
            f"# {self.title}",
            self.about,
            *(text for block in self.blocks for text in _block(block, 2)),
            self.foot,
        ]
        return "\n\n".join(parts) + "\n"

    def csv(self, name: str = "") -> str:
        """One table as CSV.

        Parameters
        ----------
        name : str
            Which table.

        Returns
        -------
        str
            With a line of headings.
        """
        return str(self.tables[name].to_csv(index=False, lineterminator="\n"))

    def json(self) -> str:
        """All tables as JSON.

        Returns
        -------
        str
            title, about and tables, each a list of rows.
        """
        rows = {name or self.name: _rows(table) for name, table in self.tables.items()}
        said = {"title": self.title, "about": self.about, "tables": rows}
        return json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def packaged_rows(name: str) -> list[dict[str, str]]:
    """Rows of a list of items of the package.

    Parameters
    ----------
    name : str
        File name in ``edgeofcare/reporting/items``.

    Returns
    -------
    list of dict of str to str
        One for each line.

    Examples
    --------
    >>> len(packaged_rows("tripod_ai.csv"))
    52
    """
    text = (files("edgeofcare.reporting") / "items" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def _rows(table: pd.DataFrame) -> list[dict[str, str]]:
    """Rows as text."""
    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _block(block: Block, level: int) -> list[str]:
    """A block as Markdown, pictures left out."""
    texts = [f"{'#' * level} {block.title}", *block.said]
    if block.points:
        texts.append("\n".join(f"- {_cell(point)}" for point in block.points))
    texts += [_table(each) for each in block.grids]
    texts += block.more
    return texts + [text for part in block.parts for text in _block(part, level + 1)]


def _table(table: Grid) -> str:
    """A table as Markdown."""
    frame = table.frame
    lines = [
        [_cell(name) for name in frame.columns],
        ["---"] * len(frame.columns),
        *([_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)),
    ]
    return f"{table.caption}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    """Text that cannot break a table or become a tag."""
    return str(value).replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")
