"""Of all adolescents who entered care, how many a list could reach, did reach, and reached before a crisis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.ages import age_in_years
from edgeofcare.care import care_periods, outcome_lag, uasc_from
from edgeofcare.evaluation._inputs import Scored, check_index
from edgeofcare.evaluation._resample import Ratio, interval_of, ratio_of, resample_sums
from edgeofcare.evaluation._small import COMPLEMENT, HIDDEN, SMALL, SUPPRESSED, interval_note, shown, write_cells
from edgeofcare.evaluation.capacity import DAYS_IN_MONTH, months_between
from edgeofcare.evaluation.workload.alerts import first_alerts
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.records.known import start_known
from edgeofcare.records.records import Records
from edgeofcare.task import Task, days

__all__ = ["CRISIS", "GROUPS", "REACH_COLUMNS", "entries_between", "reach", "reviewed_rows"]

REACH_COLUMNS = ("model", "group", "entrants", "share", "ci_low", "ci_high", "note")
#: What became of the entrants of the period: four groups that no two share.
GROUPS = ("no_open_case", "never_alerted", "alerted_after_crisis", "alerted_before_crisis")
#: Legal statuses that are a crisis: police protection, emergency protection order.
CRISIS = ("L1", "L2")
_DAY = "datetime64[D]"


def reviewed_rows(rows: Scored, selected: Mapping[str, Floats], index: pd.MultiIndex) -> pd.DataFrame:
    """Put the shares reviewed back on the index of the test rows, one column for each model.

    Parameters
    ----------
    rows : Scored
        Test rows, all of them.
    selected : mapping of str to ndarray of shape (n,)
        By model, the share of each row that is reviewed.
    index : MultiIndex
        Index of the X that ``rows`` were scored from, in its own order.

    Returns
    -------
    DataFrame
        A case thing, since it is on the index of the rows.
    """
    return pd.DataFrame(dict(selected), index=index[rows.order])


def entries_between(records: Records, task: Task, first: np.datetime64, last: np.datetime64) -> pd.DataFrame:
    """First entry into care of each child in a period, for children of the ages of the task.

    Parameters
    ----------
    records : Records
        The case records.
    task : Task
        Ages, and what counts as an entry: short breaks, remand and unaccompanied asylum-seeking children as there.
    first, last : datetime64
        The period ``[first, last)``.

    Returns
    -------
    DataFrame
        child_id and entry_date, one row for each child. A case thing.
    """
    periods = care_periods(records, task)
    counts = (periods["entry_date"] >= first) & (periods["entry_date"] < last)
    if task.remand == "competing":
        counts &= ~periods["remand"].astype(bool)
    if task.uasc == "exclude":
        since = uasc_from(records)["since"].reindex(periods["child_id"]).to_numpy()
        counts &= ~(since <= periods["entry_date"].to_numpy())
    born = records.table("children").set_index("child_id")["birth_date"]
    entries = periods.loc[counts, ["child_id", "entry_date"]]
    entries = entries.assign(birth_date=born.reindex(entries["child_id"]).to_numpy()).dropna()
    age = age_in_years(entries["birth_date"].to_numpy(), entries["entry_date"].to_numpy())
    of_age = entries.loc[(age >= task.ages[0]) & (age <= task.ages[1]), ["child_id", "entry_date"]]
    return of_age.sort_values(["child_id", "entry_date"]).drop_duplicates("child_id", ignore_index=True)


def reach(
    records: Records,
    cohort: pd.DataFrame,
    task: Task,
    reviewed: pd.DataFrame,
    *,
    crisis_lookback: str = "365D",
    n_resamples: int = 1000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Say what became of every adolescent who entered care in the test period: out of reach, missed, late, in time.

    Parameters
    ----------
    records : Records
        The case records, all of them: most who enter care without an open case are in no row of the cohort.
    cohort : DataFrame
        The cohort on the index dates of the test period; other dates are left out.
    task : Task
        Ages, and what counts as an entry.
    reviewed : DataFrame
        On the index of the test rows, by model the share of each row that is reviewed (see :func:`reviewed_rows`).
    crisis_lookback : str
        How long before an alert a crisis still counts as its reason.
    n_resamples, random_state : int
        Resamples of households, and their seed.

    Returns
    -------
    DataFrame
        model, group, entrants, share, ci_low, ci_high, note. Groups, which add up to all entrants:

        - ``no_open_case``: in the cohort on no index date of the test period up to their entry.
        - ``never_alerted``: in the cohort, and on no list up to their entry.
        - ``alerted_after_crisis``: first alerted when a section 47 enquiry had begun, or police protection or an
          emergency protection order, within the lookback and known before the alert.
        - ``alerted_before_crisis``: first alerted without any such thing.

        A first row with group "all entrants" has their number.

    Raises
    ------
    IndexNamesError
        If ``reviewed`` or the cohort lacks the index (household_id, child_id, index_date).
    SpecError
        If shares are outside [0, 1], or no time is left to observe entries in.

    Notes
    -----
    The period is ``[first index date, last index date + the time to the next)``, cut off where the extract stops
    showing entries. Every entry thus had a list at most one spacing before it, and the first entrants had one
    list only: the period's start is a truncation that makes lists look later than they would in steady use.

    Pre-proceedings (a letter or a legal planning meeting) have no canonical table, so an alert that came after one
    counts as before the crisis: the last group is an upper limit.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort
    >>> from edgeofcare.synthetic.records import make_records
    >>> records, task = make_records(300, random_state=0), Task()
    >>> cohort = build_cohort(records, task, index_dates=["2021-04-01", "2021-07-01"])
    >>> table = reach(records, cohort, task, pd.DataFrame({"model": 0.5}, index=cohort.index), n_resamples=20)
    >>> table["group"].tolist()[:2]
    ['all entrants', 'no_open_case']
    """
    index = check_index(reviewed.index, "reviewed")
    share = reviewed.to_numpy(dtype=np.float64)
    if not ((share >= 0) & (share <= 1)).all():
        msg = "reviewed has values that are missing or outside [0, 1]; give the share of each row that is reviewed."
        raise SpecError(msg)
    dates = np.unique(index.get_level_values("index_date").to_numpy().astype(_DAY))
    entries = entries_between(records, task, dates[0], _end(records, dates))
    rows = _cohort_rows(check_index(cohort.index, "cohort"), dates, entries)
    crisis = _in_crisis(records, rows, days(crisis_lookback))
    home = pd.factorize(records.households.reindex(entries["child_id"]), sort=True)[0].astype(np.int64)
    of_model = {str(name): _share_of(rows, reviewed[name]) for name in reviewed}
    groups = {name: _groups(rows, values, crisis, len(entries)) for name, values in of_model.items()}
    frame = _frame(groups, home, n_resamples, random_state)
    if not records.observed("s47_enquiries"):
        told = frame["group"].isin(GROUPS[2:]) & (frame["note"] == "")
        frame.loc[told, "note"] = "these records hold no section 47 enquiries, so some crises cannot be seen"
    return frame


class _Rows(NamedTuple):
    """Cohort rows of entrants up to their entry: where the entrant is, and the row's index."""

    entrant: Ints
    day: Ints
    row: pd.MultiIndex


def _end(records: Records, dates: np.ndarray) -> np.datetime64:
    """First day after the period."""
    spacing = round(months_between(dates.astype(np.int64)) * DAYS_IN_MONTH)
    seen = np.datetime64(records.observed_until, "D") - outcome_lag(records) + 1
    end = min(dates[-1] + np.timedelta64(spacing, "D"), seen)
    if end <= dates[0]:
        msg = "The extract ends before the first index date of the reviewed rows, so no entry can be seen after it."
        raise SpecError(msg)
    return np.datetime64(end, "D")


def _cohort_rows(index: pd.MultiIndex, dates: np.ndarray, entries: pd.DataFrame) -> _Rows:
    """Rows of the cohort on the test dates, of children who entered care on that day or later."""
    child, day = index.get_level_values("child_id"), index.get_level_values("index_date").to_numpy().astype(_DAY)
    where = pd.Index(entries["child_id"]).get_indexer(child)
    entry = np.append(entries["entry_date"].to_numpy().astype(_DAY), np.datetime64("1900-01-01", "D"))
    kept = (where >= 0) & np.isin(day, dates) & (day <= entry[where])
    return _Rows(where[kept].astype(np.int64), day[kept].astype(np.int64), index[kept])


def _share_of(rows: _Rows, reviewed: pd.Series) -> Floats:
    """Share reviewed of each row; a row of the cohort that is no test row was not reviewed."""
    return np.asarray(reviewed.reindex(rows.row).fillna(0.0), dtype=np.float64)


def _in_crisis(records: Records, rows: _Rows, lookback: int) -> np.ndarray:
    """Whether a crisis had begun within the lookback before each row's index date, and was known by then."""
    enquiries = records.table("s47_enquiries")
    statuses = records.table("legal_statuses")
    statuses = statuses[statuses["status"].isin(CRISIS)]
    known = [start_known(enquiries, records.reporting_lag["s47_enquiries"])]
    known += [start_known(statuses, records.reporting_lag["legal_statuses"])]
    begun = pd.concat([enquiries[["child_id", "start_date"]], statuses[["child_id", "start_date"]]], ignore_index=True)
    begun["known"] = pd.concat(known).to_numpy()
    asked = pd.DataFrame({"child_id": rows.row.get_level_values("child_id"), "row": np.arange(rows.day.size)})
    pairs = asked.merge(begun, on="child_id")
    day = rows.day[pairs["row"].to_numpy()]
    start, seen = (pairs[column].to_numpy().astype(_DAY).astype(np.int64) for column in ("start_date", "known"))
    inside = (start >= day - lookback) & (start < day) & (seen < day) & pairs["start_date"].notna().to_numpy()
    out = np.zeros(rows.day.size, dtype=np.bool_)
    out[pairs["row"].to_numpy()[inside]] = True
    return out


def _groups(rows: _Rows, share: Floats, crisis: np.ndarray, n: int) -> dict[str, Floats]:
    """For each entrant, the chance of being in each group."""
    first = first_alerts(rows.entrant, rows.day, share)
    held = np.bincount(rows.entrant, minlength=n) > 0
    after = np.bincount(rows.entrant, weights=first * crisis, minlength=n)
    before = np.bincount(rows.entrant, weights=first * ~crisis, minlength=n)
    never = np.where(held, np.maximum(1 - after - before, 0.0), 0.0)
    return dict(zip(GROUPS, ((~held).astype(np.float64), never, after, before), strict=True))


def _frame(groups: Mapping[str, Mapping[str, Floats]], home: Ints, n_resamples: int, random_state: int) -> pd.DataFrame:
    """One row for all entrants, then one for each group of each model, small ones hidden."""
    total, n = interval_note(home.size), home.size
    # All entrants less those of the test rows, whom Evaluation.counts tells, can be those without an open case.
    apart = any(_hidden([float(chances[group].sum()) for group in GROUPS])[GROUPS[0]] for chances in groups.values())
    apart &= n >= SMALL
    whole = (HIDDEN, np.nan) if apart else (shown(n), 1.0 if n >= SMALL else np.nan)
    out: list[tuple[object, ...]] = [("", "all entrants", *whole, *[np.nan] * 2, COMPLEMENT if apart else total)]
    for model, chances in groups.items():
        counts = [float(chances[group].sum()) for group in GROUPS]
        hidden = _hidden(counts)
        if n >= SMALL:
            columns = {"entrants": np.ones(n), **chances}
            sums = resample_sums(home, columns, n_resamples=n_resamples, random_state=random_state)
        for group, count in zip(GROUPS, counts, strict=True):
            why = total if n < SMALL else hidden[group] or total
            if n < SMALL or hidden[group]:
                out.append((model, group, "suppressed", np.nan, np.nan, np.nan, why))
                continue
            ratio: Ratio = ratio_of(sums, group, "entrants")
            low, high = interval_of(ratio, int(np.unique(home).size))
            out.append((model, group, round(count), ratio.estimate, low, high, why))
    return pd.DataFrame(out, columns=list(REACH_COLUMNS))


def _hidden(counts: list[float]) -> dict[str, str]:
    """Why each group is hidden, or nothing where it is shown.

    Whether a child had an open case is the same for every model. Where that is of few children it is hidden with the
    next smallest group of every model; else it is shown in all, and the other groups are parts of what is left.
    """
    whole = [round(count) for count in counts]
    if whole[0] < SMALL:
        notes = [cell.note if cell.hidden else "" for cell in write_cells(whole)]
        notes[0] = notes[0] or SUPPRESSED
    else:
        notes = ["", *[cell.note if cell.hidden else "" for cell in write_cells(whole[1:])]]
        if sum(whole[1:]) < SMALL:
            notes = [COMPLEMENT, *notes[1:]]
    return dict(zip(GROUPS, notes, strict=True))
