"""Where a table stops early, falls silent, or changes its level from one month to the next.

Each rule asks for a change that is both large and far beyond chance, so that a steady table hardly ever gives an alarm:

* **stops early**: no row for more than 30 days before the end of the extract, where the table's rate over the year
  before would have brought more than 20 visits (under a Poisson rate, a chance below one in a hundred million); a
  visit is a household and a month;
* **silence**: whole months without a row, where the median of the 6 to 24 months on either side would have brought
  more than 20 visits;
* **drop** or **rise**: the months after a date against the same calendar months of the year before (so that seasons
  cancel; 6 to 12 pairs). The median ratio is below 0.65 or above 1/0.65; at most one pair in six points the other way;
  the two totals differ by more than 5 standard errors, widened by the table's own month-to-month scatter, and by more
  than 5 of those that take the rows of one household as one observation; and most of the change happened within three
  months, so that steady growth is none. In the first year, where there is no year before, the months before it are
  taken and the ratio must be below 0.5 or above 2.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.records.findings import counted
from edgeofcare.records.quality.months import dated_tables, whole_months
from edgeofcare.records.records import Records

__all__ = ["find_breaks", "level_changes"]

_YEAR, _FEWEST_PAIRS, _NEAR = 12, 6, 3
_EXPECTED = 20.0
_GAP_DAYS = 30
_LOG_CHANGE, _LOG_FIRST_YEAR = float(np.log(1 / 0.65)), float(np.log(2.0))
_ERRORS = 5.0
_ABRUPT = 0.6
_LEVEL_COLUMNS = ["position", "change"]
_COLUMNS = ["table", "kind", "month", "months", "before", "after", "sentence"]


def find_breaks(records: Records, months: pd.DataFrame) -> pd.DataFrame:
    """Find tables that stop early, fall silent or change level.

    Parameters
    ----------
    records : Records
        The case records.
    months : DataFrame
        From :func:`edgeofcare.records.quality.months.month_counts`.

    Returns
    -------
    DataFrame
        One row for each break: ``table``, ``kind`` ("stops early", "silence", "drop", "rise"), ``month`` (its first
        day), ``months`` (how long), ``before`` and ``after`` (median rows a month) and ``sentence``.
    """
    rows = []
    for table in dated_tables(records):
        frame = records.table(table.name)
        homes = pd.factorize(records.households.reindex(frame["child_id"]))[0]
        happened = frame[str(table.start)].to_numpy().astype("datetime64[D]")
        early = _stops_early(table.name, happened, homes, records.observed_until)
        window = whole_months(records, table.name)
        if window is not None:
            own = months[months["table"] == table.name].set_index("month")["rows"]
            every = np.arange(window[0], window[1] + 1)
            counts = own.reindex(every.astype("datetime64[s]"), fill_value=0).to_numpy(dtype=np.float64)
            place = (happened.astype("datetime64[M]") - every[0]).astype(np.int64)
            inside = (place >= 0) & (place < every.size)
            rows += _within(table.name, counts, (place[inside], homes[inside]), every, stopped=bool(early))
        rows += early
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"month": "datetime64[s]"})


def _stops_early(name: str, happened: np.ndarray, homes: np.ndarray, until: pd.Timestamp) -> list[tuple]:
    """The gap between the last row and the end of the extract, where it cannot be chance."""
    if not happened.size:
        return []
    last = happened.max()
    gap = int((np.datetime64(until, "D") - last).astype(np.int64))
    recent = happened > last - np.timedelta64(365, "D")
    year_before = len(set(zip(homes[recent].tolist(), happened[recent].astype("datetime64[M]").tolist(), strict=True)))
    if gap <= _GAP_DAYS or year_before / 365 * gap <= _EXPECTED:
        return []
    month = pd.Timestamp(last.astype("datetime64[M]").astype("datetime64[s]"))
    sentence = f"{name} stops about {counted(round(gap / 30.4), 'month')} before the end of the extract."
    return [(name, "stops early", month, round(gap / 30.4), round(int(recent.sum()) / 12, 1), 0.0, sentence)]


def _within(
    name: str, counts: np.ndarray, rows: tuple[np.ndarray, np.ndarray], every: np.ndarray, *, stopped: bool
) -> list[tuple]:
    """Silences and changes of level within the trusted months of a table, whose rows have a month and a household."""
    visits = np.unique(np.stack(rows, axis=1), axis=0)[:, 0]
    found, quiet = [], _silences(np.bincount(visits, minlength=counts.size).astype(np.float64))
    for first, last, _ in quiet:
        if stopped and last == counts.size - 1:
            continue
        month, length = pd.Timestamp(every[first].astype("datetime64[s]")), last - first + 1
        sentence = f"{name} has no row for {length} whole months from {month:%B %Y}."
        usual = float(np.median(counts[max(0, first - _YEAR) : first])) if first else 0.0
        found.append((name, "silence", month, length, usual, 0.0, sentence))
    heard = counts.copy()
    for first, last, _ in quiet:
        heard[max(0, first - 1) : last + 2] = np.nan  # a silence seldom begins on the first of a month
    for position, change in level_changes(heard).itertuples(index=False):
        if not _not_a_few_families(position, counts.size, *rows):
            continue
        month = pd.Timestamp(every[position].astype("datetime64[s]"))
        before = float(np.nanmedian(heard[max(0, position - _YEAR) : position]))
        after = float(np.nanmedian(heard[position : position + _YEAR]))
        kind, verb = ("drop", "drops") if change < 0 else ("rise", "rises")
        sentence = f"{name} {verb} by about {abs(np.expm1(change)):.0%} in {month:%B %Y}."
        found.append((name, kind, month, min(_YEAR, counts.size - position), before, after, sentence))
    return sorted(found, key=lambda each: each[2])


def _not_a_few_families(position: int, size: int, month: np.ndarray, home: np.ndarray) -> bool:
    """Whether a change is beyond chance when the rows of one household are taken as one observation."""
    length = min(_YEAR, position, size - position)
    origin = position - _YEAR if position >= _YEAR else 0
    after = (month >= position) & (month < position + length)
    before = (month >= origin) & (month < origin + length)
    homes = int(home.max(initial=0)) + 1
    change = np.bincount(home[after], minlength=homes) - np.bincount(home[before], minlength=homes)
    return bool(abs(change.sum()) > _ERRORS * np.sqrt((change**2).sum()))


def _silences(counts: np.ndarray) -> list[tuple[int, int, float]]:
    """First month, last month and usual monthly rows of each run of empty months that cannot be chance."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], counts == 0, [False]]).astype(np.int8)))
    found = []
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        around = np.concatenate([counts[max(0, first - _YEAR) : first], counts[after : after + _YEAR]])
        rate = float(np.median(around)) if around.size >= _FEWEST_PAIRS else 0.0
        if rate * (after - first) > _EXPECTED:
            found.append((first, after - 1, rate))
    return found


def level_changes(counts: np.ndarray) -> pd.DataFrame:
    """Find the months in which a series of monthly counts changes its level for good or for half a year at least.

    Parameters
    ----------
    counts : ndarray of float64
        Rows in each month, NaN for months to leave out.

    Returns
    -------
    DataFrame
        ``position`` of the first month at the new level, and ``change``, the log of the ratio of the two levels.

    Examples
    --------
    >>> level_changes(np.array([100.0] * 30 + [50.0] * 30))["position"].tolist()
    [30]
    >>> level_changes(np.linspace(60.0, 140.0, 60)).empty
    True
    """
    rooted = 2 * np.sqrt(np.asarray(counts) + 3 / 8)
    steps = np.diff(rooted)
    steps = steps[np.isfinite(steps)]
    scatter = max(1.0, (1.4826 * np.median(np.abs(steps - np.median(steps)))) ** 2 / 2) if steps.size else 1.0
    tried = [(position, *_change_at(counts, position, scatter)) for position in range(_FEWEST_PAIRS, len(counts))]
    flagged = [(position, change, contrast) for position, change, contrast in tried if change]
    best: list[tuple[int, float, float]] = []
    for position, change, contrast in flagged:
        near = best and position - best[-1][0] <= _YEAR and np.sign(change) == np.sign(best[-1][1])
        if not near:
            best.append((position, change, contrast))
        elif abs(contrast) > abs(best[-1][2]):
            best[-1] = (position, change, contrast)
    return pd.DataFrame([each[:2] for each in best], columns=_LEVEL_COLUMNS)


def _change_at(counts: np.ndarray, position: int, scatter: float) -> tuple[float, float]:
    """The change of level at a month, 0 where there is none, and how much of it came within three months."""
    seasonal = position >= _YEAR
    after = counts[position : position + _YEAR]
    if seasonal:
        before = counts[position - _YEAR : position][: after.size]
    else:
        before, after = counts[:position], after[: max(position, _FEWEST_PAIRS)]
        if not np.isfinite(before).any():
            return 0.0, 0.0
    pairs = _log_ratios(after, before) if seasonal else _log_ratios(after, np.full(after.size, np.nanmedian(before)))
    pairs = pairs[np.isfinite(pairs)]
    if pairs.size < _FEWEST_PAIRS:
        return 0.0, 0.0
    change = float(np.median(pairs))
    if (
        abs(change) < (_LOG_CHANGE if seasonal else _LOG_FIRST_YEAR)
        or (pairs * np.sign(change) <= 0).sum() > pairs.size // 6
    ):
        return 0.0, 0.0
    both = np.isfinite(before[: after.size]) & np.isfinite(after[: before.size])
    sums = [np.nansum(part[: both.size][both]) for part in (before, after)]
    apart = 2 * (np.sqrt(sums[1] + 3 / 8) - np.sqrt(sums[0] + 3 / 8)) / np.sqrt(2 * scatter)
    contrast = _contrast(counts, position)
    beyond_chance = abs(apart) > _ERRORS and contrast * np.sign(change) > _ABRUPT * abs(change)
    return (change, contrast) if beyond_chance else (0.0, 0.0)


def _log_ratios(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Logs of ratios of counts, pair by pair."""
    size = min(len(after), len(before))
    return np.log((after[:size] + 0.5) / (before[:size] + 0.5))


def _contrast(counts: np.ndarray, position: int) -> float:
    """The log change between the three months before a month and the three from it, without seasons if possible."""
    change = _log_total(counts[position : position + _NEAR]) - _log_total(counts[max(0, position - _NEAR) : position])
    if position - _NEAR >= _YEAR:
        last_year = position - _YEAR
        change -= _log_total(counts[last_year : last_year + _NEAR]) - _log_total(counts[last_year - _NEAR : last_year])
    return change if np.isfinite(change) else 0.0


def _log_total(counts: np.ndarray) -> float:
    """Log of the mean count of a few months; NaN where there is none."""
    heard = counts[np.isfinite(counts)]
    return float(np.log(heard.mean() + 0.5)) if heard.size else float("nan")
