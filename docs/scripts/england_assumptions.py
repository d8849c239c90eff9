"""Tables of every assumption of the synthetic records, from the settings and the comments beside them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import fields
from types import ModuleType

from edgeofcare.synthetic.authorities import england
from edgeofcare.synthetic.world import settings
from edgeofcare.synthetic.world.settings import Settings

_FIELD = re.compile(r"^    (\w+)(?::|=)[^#]*(?:#\s*(.*))?$")
_COMMENT = re.compile(r"^    #\s*(.*)$")
_GROUP = re.compile(r"^(?:class (\w+)|_(\w+) = replace\()")


def comments_of(module: ModuleType) -> dict[tuple[str, str], str]:
    """The comment beside each field, or above it if there is none, by the names of the group and of the field."""
    found, group, above = {}, "", []
    for line in inspect.getsource(module).splitlines():
        opening, comment, field = _GROUP.match(line), _COMMENT.match(line), _FIELD.match(line)
        if opening:
            group, above = opening.group(1) or opening.group(2), []
        elif comment:
            above.append(comment.group(1))
        elif field:
            found[group, field.group(1)] = field.group(2) or " ".join(above)
            above = []
        elif not line.startswith("        "):
            above = []
    return found


def written(value: object) -> str:
    """A value as the pages write it."""
    if isinstance(value, Mapping):
        return "; ".join(f"{code} {share:g}" for code, share in value.items())
    return ", ".join(f"{number:g}" for number in (value if isinstance(value, tuple) else (value,)))


def assumption_tables(chosen: Settings, base: Settings) -> str:
    """Markdown tables of the assumptions of an authority, one for each group, with those of another beside them."""
    own, shared = comments_of(england), comments_of(settings)
    parts = []
    for group in fields(chosen):
        rates, others = getattr(chosen, group.name), getattr(base, group.name)
        lines = [
            f"### `{group.name}`: {type(rates).__doc__}\n",
            "| assumption | england | sample | source and meaning |",
            "| --- | --- | --- | --- |",
        ]
        for field in fields(rates):
            value, other = getattr(rates, field.name), getattr(others, field.name)
            meaning = shared.get((type(rates).__name__, field.name), "")
            if value != other:
                fitted = own.get((group.name.upper(), field.name), "")
                meaning = "; ".join(filter(None, [f"england: {fitted}" if fitted else "", meaning]))
            beside = "" if value == other else written(other)
            lines.append(f"| `{field.name}` | {written(value)} | {beside} | {meaning or 'no source'} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def default_tables() -> str:
    """Markdown tables of the default assumptions, as the README of ``synthetic_data`` holds them."""
    shared, parts = comments_of(settings), []
    for group in fields(Settings()):
        rates = getattr(Settings(), group.name)
        lines = [
            f"### `{group.name}`: {type(rates).__doc__}\n",
            "| assumption | value | source and meaning |",
            "|---|---|---|",
        ]
        for field in fields(rates):
            meaning = shared.get((type(rates).__name__, field.name), "") or "no source"
            lines.append(f"| `{field.name}` | {written(getattr(rates, field.name))} | {meaning} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    print(default_tables())
