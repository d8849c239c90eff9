"""The page of a monitoring run: one file without scripts, for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from html import escape
from pathlib import Path

from edgeofcare.exceptions import SpecError
from edgeofcare.tracking.monitoring.checks import FAMILIES, Check
from edgeofcare.version import VERSION

__all__ = ["monitoring_page", "write_text"]

_STYLE = """
:root { --ink: #1b1f24; --quiet: #57606a; --line: #d0d7de; --wash: #f3f6f9; --calm: #0072b2; --alarm: #b35806; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 16px/1.5 system-ui, "Segoe UI", Arial, sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; padding-top: .5rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 0 0 .3rem; }
p { max-width: 46rem; margin: .3rem 0 .7rem; }
.quiet { color: var(--quiet); font-size: .9rem; }
.mark { border-left: 6px solid var(--calm); background: var(--wash); padding: .8rem 1.2rem; margin: 1.2rem 0; }
.mark.alarm { border-color: var(--alarm); }
.mark p:first-child { font-size: 1.3rem; font-weight: 700; }
article { border: 1px solid var(--line); border-left: 6px solid var(--alarm); padding: .8rem 1.2rem; margin: 1rem 0; }
dl { margin: 0; } dt { font-weight: 600; } dd { margin: 0 0 .5rem; max-width: 46rem; }
table { border-collapse: collapse; font-size: .9rem; margin: .5rem 0; }
caption { text-align: left; color: var(--quiet); padding-bottom: .3rem; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { overflow-x: auto; } summary { cursor: pointer; font-weight: 600; padding: .4rem 0; }
@media print { main { max-width: none; } article { break-inside: avoid; } }
"""

_FEW = 12  # checks of a kind that are shown unfolded
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def monitoring_page(
    checks: Sequence[Check], index_date: str, model_id: str | None, reference: tuple[str, str], false_runs: float
) -> str:
    """The page of a run.

    Parameters
    ----------
    checks : sequence of Check
        Alarms first.
    index_date : str
        Day of the run.
    model_id : str or None
        The model.
    reference : tuple of str
        Months of the baseline.
    false_runs : float
        Share of quiet runs in which a false alarm is allowed.

    Returns
    -------
    str
        HTML without scripts, pictures or links to elsewhere.
    """
    alarms = [each for each in checks if each.alarm]
    title = f"Monitoring of {index_date}"
    about = f"Model {model_id}. " if model_id else ""
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="quiet">{escape(about)}Held against {escape(reference[0])} to {escape(reference[1])}. edgeofcare '
        f"{VERSION}.</p>",
        _mark(alarms, len(checks), false_runs),
        *(["<h2>Alarms</h2>"] if alarms else []),
        *(_alarm(each) for each in alarms),
        "<h2>Everything that was looked at</h2>",
        "<p>“Chance” is how often anything of its kind would lie as far from usual if nothing had changed. What "
        "rests on fewer than 10 children is not shown.</p>",
        *(_kind(kind, [each for each in checks if each.check == kind]) for kind in FAMILIES),
        '<p class="quiet">This page holds counts, shares, codes and names of columns only: no name, key or date of a '
        "child. An alarm says that something changed, not why.</p>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _mark(alarms: Sequence[Check], count: int, false_runs: float) -> str:
    """The first thing that a reader sees."""
    said = "No alarm" if not alarms else "1 alarm" if len(alarms) == 1 else f"{len(alarms)} alarms"
    rate = (
        f"In quiet months a run has a false alarm at most once in {round(1 / false_runs)}, by the null of each check."
    )
    kinds = ", ".join(dict.fromkeys(FAMILIES[each.check] for each in alarms))
    return (
        f'<section class="mark{" alarm" if alarms else ""}" aria-label="Result"><p>{said}</p>'
        f"<p>{count} checks{f'; alarms about {escape(kinds)}' if kinds else ''}. {rate}</p></section>"
    )


def _alarm(each: Check) -> str:
    """One alarm."""
    lines = [("It may mean", each.means), ("What to do", each.do), ("Chance", _chance(each.p_value))]
    told = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in lines if text)
    head = f"{FAMILIES[each.check].capitalize()}: {each.about}"
    return f"<article><h3>{escape(head)}</h3><p>{escape(each.happened)}</p><dl>{told}</dl></article>"


def _kind(kind: str, checks: Sequence[Check]) -> str:
    """All checks of a kind."""
    if not checks:
        return ""
    head = "".join(
        f'<th scope="col"{css}>{name}</th>'
        for name, css in (
            ("about", ""),
            ("measure", ""),
            ("now", ' class="n"'),
            ("usual", ' class="n"'),
            ("chance", ' class="n"'),
            ("alarm", ""),
        )
    )
    rows = "".join(_row(each) for each in checks)
    name = FAMILIES[kind].capitalize()
    grid = (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(name)}"><table><thead><tr>{head}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )
    count = f"{len(checks)} check" + ("" if len(checks) == 1 else "s")
    opened = " open" if len(checks) <= _FEW else ""
    return f"<details{opened}><summary>{escape(name)} ({count})</summary>{grid}</details>"


def _row(each: Check) -> str:
    """One check as a row."""
    numbers = "".join(
        f'<td class="n">{text}</td>' for text in (*map(_number, (each.value, each.usual)), _chance(each.p_value))
    )
    about = f'<th scope="row">{escape(each.about)}</th><td>{escape(each.measure)}</td>'
    return f"<tr>{about}{numbers}<td>{'alarm' if each.alarm else ''}</td></tr>"


def _number(value: float) -> str:
    """A number in few digits; nothing where there is none."""
    if math.isnan(value):
        return ""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) >= 1 else f"{value:.3g}"


def _chance(p_value: float) -> str:
    """A chance in words that can be read."""
    if math.isnan(p_value):
        return "not tested"
    if p_value == 0:
        return "a fact"
    return "less than 1 in 10,000" if p_value < 1e-4 else f"{p_value:.4f}" if p_value < 0.01 else f"{p_value:.2f}"


def write_text(path: str | Path, text: str) -> Path:
    """Write a text whole or not at all.

    Parameters
    ----------
    path : path
        The file.
    text : str
        What to write.

    Returns
    -------
    Path

    Raises
    ------
    SpecError
        If it cannot be written.
    """
    try:
        target = Path(path)
        temporary = target.parent / f".{target.stem[:40]}.part"
    except (TypeError, ValueError):
        msg = "That is no path of a file."
        raise SpecError(msg) from None
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(target)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        msg = f"It cannot be written there ({error.strerror or type(error).__name__}). Give another path."
        raise SpecError(msg) from None
    return target
