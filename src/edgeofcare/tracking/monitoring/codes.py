"""Codes that come into use, go out of use or take the place of others; columns that cease to be filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.tracking.monitoring.bins import FEWEST
from edgeofcare.tracking.monitoring.blocks import DELAYS, TableBlocks
from edgeofcare.tracking.monitoring.chance import Level, family_p_value, only_one_side
from edgeofcare.tracking.monitoring.checks import Check
from edgeofcare.tracking.monitoring.volume import few, told

__all__ = ["CodeUse", "code_checks", "learn_codes"]

_WINDOWS = (1, 3)  # blocks
_MEANS = {
    "appears": "A code list changed, or a form asks for something new. A model learned without it takes the code as "
    "any other, or does not count it at all.",
    "vanishes": "A code list changed, a form no longer asks for it, or it is no longer translated. Features that count "
    "it fall although the children are the same.",
    "filled": "A form changed, the column is no longer delivered, or new texts are not in the code map and emptied.",
}
_DO = (
    "Ask for the new code list, put old and new codes together in your code map, and score again; learn the model anew "
    "once a year of new codes is there."
)


@dataclass(frozen=True)
class CodeUse:
    """How a column was filled in the reference.

    Parameters
    ----------
    households : int
        Households with a value, added up over blocks of four weeks.
    codes : mapping of str to int
        Of these, those with each code, from 10 on.
    rare : tuple of str
        Codes of fewer than 10.
    filled : Level
        Share of the households with a row that have a value, a block, as an angle.
    """

    households: int
    codes: Mapping[str, int]
    rare: tuple[str, ...]
    filled: Level


def learn_codes(tables: Sequence[TableBlocks]) -> dict[str, CodeUse]:
    """Learn which codes each column holds.

    Parameters
    ----------
    tables : sequence of TableBlocks
        Reference blocks.

    Returns
    -------
    dict of str to CodeUse
        By ``"table.column"``; columns without a value in 10 households are left out.
    """
    found = {}
    for each in tables:
        for column in each.coded.columns.drop(DELAYS):
            values = each.coded[column]
            filled = values.notna().to_numpy(dtype=bool)
            total = int(each.households(filled).sum())
            if total < FEWEST:
                continue
            counts = _by_code(each, values, filled)
            found[f"{each.name}.{column}"] = CodeUse(
                total,
                {code: count for code, count in counts.items() if count >= FEWEST},
                tuple(code for code, count in counts.items() if count < FEWEST),
                Level.of(_angles(each, filled)),
            )
    return found


def code_checks(tables: Sequence[TableBlocks], usual: Mapping[str, CodeUse]) -> list[Check]:
    """Hold the last four and the last twelve weeks of each column against the reference.

    Parameters
    ----------
    tables : sequence of TableBlocks
        At the run.
    usual : mapping of str to CodeUse
        From :func:`learn_codes`.

    Returns
    -------
    list of Check
        Codes that appear or vanish, and how each column is filled.

    Notes
    -----
    Cases are households in blocks of four weeks. If nothing changed, each of the ``k`` cases of a code lies in the
    newest weeks with the chance that any case with a value does, ``n / (N + n)``: so all lie there with the chance
    ``(n / (N + n)) ** k``, and none with ``(N / (N + n)) ** k``.
    """
    found: list[Check] = []
    tests = sum(len(use.codes) + 2 for use in usual.values()) * len(_WINDOWS)
    for each in tables:
        for column in each.coded.columns.drop(DELAYS):
            use = usual.get(f"{each.name}.{column}")
            if use is not None:
                found += _column(each, column, use, tests, len(usual))
    return found


def _column(each: TableBlocks, column: str, use: CodeUse, tests: int, columns: int) -> list[Check]:
    """One column."""
    best: dict[str, Check] = {}
    values = each.coded[column]
    filled = values.notna().to_numpy(dtype=bool)
    for window in _WINDOWS:
        recent = each.happened < window
        now = int(each.households(filled & recent)[:window].sum())
        counts = _by_code(each, values, filled & recent)
        for code, check in _changes(f"{each.name}.{column}", use, counts, now, tests, window):
            if code not in best or check.p_value < best[code].p_value:
                best[code] = check
    return [*best.values(), _filled(each, column, use, filled, columns)]


def _changes(
    about: str, use: CodeUse, counts: Mapping[str, int], now: int, tests: int, window: int
) -> list[tuple[str, Check]]:
    """Codes that appear or vanish in a window."""
    share = now / (use.households + now)
    found = []
    for code in sorted({*counts, *use.codes}):
        count, before = counts.get(code, 0), use.codes.get(code, 0)
        if not before and code not in use.rare:
            p, measure, what = only_one_side(count, share), "appears", f"{told(count)} households have it, none before"
        elif before and not count:
            p, measure, what = only_one_side(before, 1 - share), "vanishes", "no household has it any more"
        else:
            continue
        beside = _partner(code, use, counts, now, appears=measure == "appears")
        check = Check(
            "codes",
            about,
            measure,
            float("nan") if not now or few(count, now) else count / now,
            before / use.households,
            family_p_value(p, tests),
            f"{about}: code {code} {measure}: in {4 * window} weeks {what}.{beside}",
            _MEANS[measure],
            _DO,
        )
        found.append((code, check))
    return found


def _partner(code: str, use: CodeUse, counts: Mapping[str, int], now: int, *, appears: bool) -> str:
    """The code that may have been split, or with which this one may have been merged."""
    if not now:
        return ""
    shift = {
        other: counts.get(other, 0) / now - before / use.households
        for other, before in use.codes.items()
        if other != code
    }
    if not shift:
        return ""
    moved = counts.get(code, 0) / now if appears else use.codes[code] / use.households
    other = (
        min(shift, key=lambda name: (shift[name], name))
        if appears
        else max(shift, key=lambda name: (shift[name], name))
    )
    if abs(shift[other]) < moved / 2 or (shift[other] < 0) != appears:
        return ""
    return f" It may have been split from code {other}." if appears else f" It may have been merged into code {other}."


def _filled(each: TableBlocks, column: str, use: CodeUse, filled: np.ndarray, columns: int) -> Check:
    """How a column is filled in the last block."""
    about = f"{each.name}.{column}"
    size, some = int(each.households()[0]), int(each.households(filled)[0])
    angle = float(_angles(each, filled)[0])
    p = use.filled.p_value(angle, least=0.25 / size) if size else float("nan")
    share, usual = float(np.sin(angle) ** 2), float(np.sin(use.filled.mean) ** 2)
    shares = size > 0 and not few(some, size)
    shown = f"{share:.0%}" if shares else "too few to say which share"
    return Check(
        "codes",
        about,
        "share filled",
        share if shares else float("nan"),
        usual,
        family_p_value(p, columns),
        f"{about}: {shown} of households with something new have a value, where {usual:.0%} are usual.",
        _MEANS["filled"],
        "Run edgeofcare codes on the newest extract: it lists texts that no code map knows. Then read it again.",
    )


def _angles(each: TableBlocks, filled: np.ndarray) -> Any:
    """Share of households with a value in each block, as an angle of steady variance; 0 where there is none."""
    every, some = each.households(), each.households(filled)
    return np.arcsin(np.sqrt(np.divide(some, every, out=np.zeros(every.size), where=every > 0)))


def _by_code(each: TableBlocks, values: pd.Series, rows: np.ndarray) -> dict[str, int]:
    """Households with each code, added up over blocks."""
    text = values.astype(str).to_numpy()
    return {str(code): int(each.households(rows & (text == code)).sum()) for code in sorted(set(text[rows].tolist()))}
