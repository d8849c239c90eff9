"""Periods of care of one child as known before a day, by the rules of :func:`edgeofcare.care.care_periods_as_known`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.single.tables import PlainTable
from edgeofcare.features.sources import SOURCES
from edgeofcare.schema.codes import SHORT_BREAKS

__all__ = ["PeriodTable", "SourceRow", "periods_as_known"]


class _Spell(NamedTuple):
    """An episode of care or a legal status, as known before the day; ``MAX_DAY`` where it has no end."""

    start: int
    key: str
    known: int
    end: int
    end_known: int
    told: str | None
    """The status; of an episode, why it ended."""
    period_key: str | None = None


class _Episode(NamedTuple):
    """An episode that counts, by the day from which it does."""

    counted_from: int
    key: str
    spell: _Spell
    known: int
    status: str | None
    says: tuple[_Spell, ...]
    """Legal statuses that say how it counts: the one on its first day, or a short break and the one that ended it."""


class SourceRow(NamedTuple):
    """A source row of a period, as known before the day."""

    table: str
    key: str
    start: int
    end: int
    known: int


class PeriodTable(PlainTable):
    """Periods of care as a table; each as known before the day asked for.

    Parameters
    ----------
    columns : mapping of str to list
        Of the periods.
    known, end_known : list of int
        When each entry and end could first be seen.
    sources : list of list of SourceRow
        The source rows that each rests on.
    """

    def __init__(
        self,
        columns: Mapping[str, list[Any]],
        known: list[int],
        end_known: list[int],
        sources: list[list[SourceRow]],
    ) -> None:
        super().__init__(SOURCES["care_periods"], columns, len(known))
        self.source = "care_episodes"
        self.known = known
        self.end_known = end_known
        self.sources = sources


def periods_as_known(
    episodes: PlainTable, statuses: PlainTable, children: Iterable[str], day: int, *, short_breaks: bool = False
) -> PeriodTable:
    """Every period of care of some children as the records showed it before a day, without short breaks.

    Parameters
    ----------
    episodes, statuses : PlainTable
        Care episodes and legal statuses.
    children : iterable of str
        The children.
    day : int
        The day, since 1970-01-01.
    short_breaks : bool, default False
        Whether short breaks count as care.

    Returns
    -------
    PeriodTable
        One row for each child and period, by the day of entry.
    """
    rows: list[_Row] = []
    skipped = () if short_breaks else SHORT_BREAKS
    for child in children:
        own = list(_seen(episodes, child, day, "end_reason"))
        if own:
            own_statuses = [each for each in _seen(statuses, child, day, "status") if each.told not in (None, "NONE")]
            rows += [_row(child, period) for period in _periods(sorted(_counting(own, own_statuses, skipped)))]
    rows.sort()
    names = ("start_date", "child_id", "row_key", "known", "end", "end_known", "status", "end_reason", "sources")
    cells = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {name: [] for name in names}
    ends = [None if end == MAX_DAY else end for end in cells["end"]]
    columns = {name: cells[name] for name in ("start_date", "child_id", "row_key", "status", "end_reason")}
    return PeriodTable({**columns, "end_date": ends}, cells["known"], cells["end_known"], cells["sources"])


def _seen(table: PlainTable, child: str, day: int, told: str) -> Iterator[_Spell]:
    """What was known of a child's spells before the day; an end that was not known yet is open."""
    known, end, end_known, keys = table.known, table.end, table.end_known, table.keys
    said, period = table.column(told), table.column("period_key") if told == "end_reason" else None
    for place, whose in enumerate(table.child):
        if whose != child or known[place] >= day:
            continue
        over = end_known[place] < day
        what = said[place] if over or told == "status" else None
        ends = (end[place], end_known[place]) if over else (MAX_DAY, MAX_DAY)
        key = None if period is None else period[place]
        yield _Spell(table.start[place], keys[place], known[place], *ends, what, key)


def _counting(episodes: Sequence[_Spell], statuses: Sequence[_Spell], skipped: Sequence[str]) -> Iterator[_Episode]:
    """Episodes that count as care, each from the day on which it does, with the legal status on that day."""
    for episode in episodes:
        within = sorted(_within(episode, statuses))
        first = within[0][-1] if within else None
        if first is None or first.told not in skipped:
            status = None if first is None else first.told
            says = () if first is None else (first,)
            yield _Episode(episode.start, episode.key, episode, episode.known, status, says)
            continue
        since = [each for each in within if each[-1].start > first.start and each[-1].told not in skipped]
        if since:
            from_day, later = since[0][0], since[0][-1]
            known = max(episode.known, later.known)
            yield _Episode(from_day, episode.key, episode, known, later.told, (first, later))


def _within(episode: _Spell, statuses: Sequence[_Spell]) -> Iterator[tuple[int, int, bool, str, _Spell]]:
    """Legal statuses in force within an episode, so that they sort by which was in force first."""
    for status in statuses:
        from_day = max(episode.start, status.start)
        begins_then = status.start == episode.start
        in_force_then = from_day == episode.start and not status.end <= episode.start
        on_one_day = episode.start == episode.end and (begins_then or in_force_then)
        if from_day < min(episode.end, status.end) or on_one_day:
            yield from_day, -status.start, status.told in SHORT_BREAKS, status.key, status


def _periods(episodes: Sequence[_Episode]) -> list[list[_Episode]]:
    """Episodes that belong to one period, where they overlap or one begins by the day after another ended."""
    periods: list[list[_Episode]] = []
    reached, before = -MAX_DAY, None
    for episode in episodes:
        key = episode.spell.period_key
        other_key = key is not None and before is not None and key != before
        touches = episode.counted_from <= reached + 1 and not other_key
        if periods and (episode.counted_from < reached or touches):
            periods[-1].append(episode)
        else:
            periods.append([episode])
        reached, before = max(reached, episode.spell.end), key
    return periods


_Row = tuple[int, str, str, int, int, int, str | None, str | None, list[SourceRow]]


def _row(child: str, period: Sequence[_Episode]) -> _Row:
    """One period as a row: entered as its first episode counts, ended as its last did."""
    first = period[0]
    last = max((each.spell for each in period), key=lambda spell: (spell.end, spell.start, spell.key))
    return (
        first.counted_from, child, first.key, first.known, last.end, last.end_known, first.status, last.told,
        _sources(period),
    )  # fmt: skip


def _sources(period: Sequence[_Episode]) -> list[SourceRow]:
    """The episodes of a period, and the legal statuses that say how it began and from when a short break counts."""
    rows = [_source("care_episodes", each.spell) for each in period]
    says = [*period[0].says, *(status for each in period if len(each.says) > 1 for status in each.says)]
    return rows + [_source("legal_statuses", status) for status in says]


def _source(table: str, spell: _Spell) -> SourceRow:
    """An episode or a legal status as a source row."""
    return SourceRow(table, spell.key, spell.start, spell.end, spell.known)
