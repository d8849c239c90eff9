"""The command ``edgeofcare codes``: which local texts no code map knows, and a template to map them in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    import pandas as pd

__all__ = ["add_codes_command"]

_TEMPLATE = "code_map.csv"
_FEWEST_SHOWN = 2
_MOST_WORDS = 6
_WIDEST = 44
_HIDDEN = "(seen once, and long: see the template)"


def add_codes_command(commands: Any) -> None:
    """Add ``codes`` to the commands of a parser.

    Parameters
    ----------
    commands : object
        What ``ArgumentParser.add_subparsers`` gives.

    Examples
    --------
    >>> import argparse
    >>> parser = argparse.ArgumentParser()
    >>> add_codes_command(parser.add_subparsers())
    >>> parser.parse_args(["codes", "--ssd", "extract"]).ssd
    'extract'
    """
    codes = commands.add_parser(
        "codes", help="list local codes that are not understood, and write a template to map them"
    )
    codes.add_argument("--ssd", required=True, metavar="FOLDER", help="folder with one CSV or Parquet file a table")
    codes.add_argument(
        "--out",
        metavar="FILE",
        help=f"CSV template to write, {_TEMPLATE} here by default; a file that is there is not overwritten",
    )
    codes.add_argument(
        "--code-maps", metavar="FILE", help="CSV or JSON file with your own texts and their codes so far"
    )
    codes.set_defaults(command=_codes)


def _codes(options: argparse.Namespace) -> int:
    """List what is not understood, and write the template where asked to."""
    from edgeofcare.records.codes.unmapped import unmapped_codes, write_code_template

    found = unmapped_codes(options.ssd, code_maps=options.code_maps)
    out = options.out or (None if Path(_TEMPLATE).exists() else _TEMPLATE)
    path = write_code_template(found, out) if out and len(found) else None
    sys.stdout.write("\n".join([*_account(found), *_next_steps(found, None if path is None else str(path))]) + "\n")
    return 0


def _account(found: pd.DataFrame) -> list[str]:
    """The listing in lines, one block for each column."""
    if found.empty:
        return ["Every text of every code column is understood. There is nothing to map."]
    lines = [f"{len(found):,} {'text is' if len(found) == 1 else 'texts are'} not understood."]
    for (table, column, code_list), rows in found.groupby(["table", "column", "code_list"], sort=False):
        lines += ["", f"{table}.{column} (code list {code_list})", f"{'rows':>9}  {'text':{_WIDEST}}  closest meaning"]
        told = zip(rows["count"], rows["text"], rows["suggestion"], strict=True)
        lines += [f"{count:>9,}  {_shown(text, count):{_WIDEST}}  {closest}".rstrip() for count, text, closest in told]
    return lines


def _shown(text: str, count: int) -> str:
    """A text as far as it is printed: what was seen once and is as long as a note may be about a child."""
    if count < _FEWEST_SHOWN and len(text.split()) > _MOST_WORDS:
        return _HIDDEN
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable if len(printable) <= _WIDEST else printable[: _WIDEST - 3] + "..."


def _next_steps(found: pd.DataFrame, path: str | None) -> list[str]:
    """What to do with the listing."""
    if found.empty:
        return []
    lines = [""]
    if (found["table"] == "legal_statuses").any():
        lines += ["Records cannot be read until every legal status has a code; other unknown codes are left empty."]
    if path is None:
        lines += [f"{_TEMPLATE} is here already and was left as it is. Write a new template with --out FILE."]
    else:
        lines += [f"Written to {path}. Fill in its column 'code' and pass it with --code-maps."]
    return [*lines, "The texts are the authority's own: keep the listing with the case records."]
