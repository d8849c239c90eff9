"""Proof that features rest on nothing that was not known before the index date, nor on other households."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from edgeofcare.exceptions import LeakageError, SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.features.index import index_days
from edgeofcare.features.leaks.builder import Builder, differing
from edgeofcare.features.leaks.drawn import Drawn, draw_rows, everyone_on, facts_of, halves
from edgeofcare.features.leaks.report import NOTHING, LeakReport, Noticed, leak_message, ordered
from edgeofcare.features.leaks.scrambles import OTHERS, SCRAMBLES, SNAPSHOTS, Scramble, Unit, scrambled
from edgeofcare.features.prepare import as_days
from edgeofcare.progress import watched
from edgeofcare.records.records import Records
from edgeofcare.records.strangers import refuse_strangers

__all__ = ["LeakReport", "leak_check"]


def leak_check(
    records: Records,
    cohort: pd.DataFrame,
    features: Iterable[Feature | str] | Callable[[Records, pd.DataFrame], pd.DataFrame],
    *,
    n: int = 500,
    random_state: int = 0,
    progress: bool | None = None,
) -> LeakReport:
    """Check that features stay the same when everything they must not see is changed.

    Rows of the cohort are drawn. Then the records are copied and changed in one way after another, and the features of
    those rows are built again from each copy: they must be the same to the last bit.

    Parameters
    ----------
    records : Records
        The case records.
    cohort : DataFrame
        Any frame on the index (household_id, child_id, index_date).
    features : iterable of Feature or str, or callable
        Specs or feature names; or your own code, a function of records and cohort that returns a DataFrame with one
        column for each feature on the cohort's index. It is given the whole cohort, so that what it learns from later
        rows shows.
    n : int, default 500
        Rows to draw, by whole households on one index date each, from all index dates; the last household may add a
        few. Fewer where the cohort has fewer.
    random_state : int, default 0
        Seed of the draw and of the changes.
    progress : bool or None, default None
        Whether to show a progress bar; None shows one where a person watches.

    Returns
    -------
    LeakReport
        What was tried, without a difference, and on what: the fingerprint of the records and a hash of the specs.
        :func:`~edgeofcare.save_model` and the report take it, and refuse it where it is about other records or other
        features. What a check of your own code shows is not about any specs, so they refuse that too.

    Raises
    ------
    LeakageError
        If a feature differs: with the name of every such feature, in how many rows and when what was changed, and what
        to do. No child, date or value is in the message.
    IndexNamesError
        If the cohort does not carry the index.
    RecordsError
        If the cohort has children whom the records do not hold.
    SpecError
        If there is nothing to check, or a feature is not understood.

    Notes
    -----
    Known is what the schema and the reporting lag say of each table: a row on the day after which it can be seen, what
    an end tells on the day after which the end can be seen, and a snapshot never. Changed are, one after the other:
    everything of other households; rows that happened on or after the index date, the day itself included; rows that
    happened before it and were known later; ends, and what they tell, that were not known; snapshots; dated links
    between children; the order of rows; and the day on which the extract ends. Rows that are added repeat earlier ones,
    so that ties are tried as well.

    Links without a date are taken as known from the beginning, as households take them. Characteristics that are asked
    for by name (:class:`~edgeofcare.features.Characteristic`) are snapshots on purpose: the report names them.
    A check of some rows can miss what is wrong in others: a difference proves a leak, none makes it unlikely.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort
    >>> from edgeofcare.synthetic.records import make_records
    >>> from edgeofcare.task import Task
    >>> records = make_records(300, random_state=0)
    >>> cohort = build_cohort(records, Task(), index_dates=["2020-04-01", "2021-04-01"])
    >>> leak_check(records, cohort, ["missing.count.90d", "cp_plan.active"], n=20).differences
    0
    >>> def ever_missing(records, cohort):
    ...     missing = records.table("missing_episodes")["child_id"]
    ...     return pd.DataFrame({"ever_missing": cohort.index.get_level_values("child_id").isin(missing)}, cohort.index)
    >>> leak_check(records, cohort, ever_missing, n=20)
    Traceback (most recent call last):
    edgeofcare.exceptions.LeakageError: 1 of 1 feature rests on what was not known before the index date, ...
    """
    _check_cohort(records, cohort, n)
    check = _Check(records, cohort, Builder(features, cohort), n, random_state)
    check.run(progress=progress)
    leaks = check.leaks()
    dates = cohort.index.get_level_values("index_date")[np.concatenate([each.positions for each in check.draws])]
    if leaks:
        msg = leak_message(leaks, rows=len(dates), dates=dates.nunique(), features=len(check.names))
        raise LeakageError(msg)
    changed = tuple((way, count) for way, count in check.changed.items() if count)
    return LeakReport(
        len(dates),
        dates.nunique(),
        check.names,
        changed,
        check.builder.snapshots,
        fingerprint=records.fingerprint,
        hashes=check.builder.hashes,
    )


def _check_cohort(records: Records, cohort: pd.DataFrame, n: int) -> None:
    """Refuse what nothing can be drawn from."""
    index_days(cohort)
    if cohort.empty and not len(cohort.index):
        msg = "The cohort has no rows, so there is nothing to check."
        raise SpecError(msg)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        msg = f"n must be a whole number of rows from 1; got {n!r}."
        raise SpecError(msg)
    refuse_strangers(records, cohort.index.get_level_values("child_id"))


class _Check:
    """One check: what was drawn, how the records were changed, and which features noticed."""

    def __init__(self, records: Records, cohort: pd.DataFrame, builder: Builder, n: int, random_state: int) -> None:
        self.builder = builder
        self.changed: dict[str, int] = {}
        self.names: tuple[str, ...] = ()
        self._rng = np.random.default_rng(random_state)
        self._seed = int(self._rng.integers(2**32))
        self._records, self._index = records, cohort.index
        self._facts = facts_of(records)
        self._units = {each.name: each.units(self._facts) for each in SCRAMBLES}
        self.draws = draw_rows(records, cohort.index, n, self._rng)
        self._found: dict[str, dict[str, int]] = {}
        self._worst: dict[str, tuple[int, Drawn]] = {}

    def run(self, *, progress: bool | None) -> None:
        """Change the records in every way and note which features differ."""
        steps = [(drawn, each) for drawn in self.draws for each in SCRAMBLES]
        before: tuple[Drawn | None, pd.DataFrame] = (None, pd.DataFrame())
        for drawn, scramble in watched(steps, "Leak check", progress=progress):
            if before[0] is not drawn:
                before = (drawn, self.builder.built(self._records, drawn))
                self.names = self.names or tuple(before[1].columns)
            if scramble.name == OTHERS:
                for half in halves(self._records, drawn, self._rng):
                    rows = np.searchsorted(drawn.positions, half.positions)
                    self._try(half, scramble, before[1].iloc[rows].reset_index(drop=True))
            else:
                self._try(drawn, scramble, before[1])

    def _try(self, drawn: Drawn, scramble: Scramble, before: pd.DataFrame) -> None:
        """Change the records in one way and note which features differ."""
        differ, count = self._differing(drawn, scramble, self._units[scramble.name], before)
        self.changed[scramble.name] = self.changed.get(scramble.name, 0) + count
        found = self._found.setdefault(scramble.name, {})
        for name, rows in differ.items():
            found[name] = found.get(name, 0) + rows
        if len(differ) > self._worst.get(scramble.name, (0,))[0]:
            self._worst[scramble.name] = (len(differ), drawn)

    def _differing(
        self, drawn: Drawn, scramble: Scramble, units: Sequence[Unit], before: pd.DataFrame
    ) -> tuple[dict[str, int], int]:
        """Features that differ once some units are changed, and how many rows of the records were."""
        made, count = scrambled(self._records, self._facts, scramble, drawn, units, self._seed)
        if not count:
            return {}, 0
        try:
            after = self.builder.built(made, drawn, before.columns)
        except Exception as error:
            error.add_note(f"This happened in leak_check, {scramble.what}.")
            raise
        differ = differing(before, after, rounding=scramble.name == "order")
        spared = self.builder.snapshots if scramble.name == SNAPSHOTS else ()
        return {name: rows for name, rows in differ.items() if name not in spared}, count

    def leaks(self) -> dict[str, dict[str, Noticed]]:
        """Features that differed, and the tables and columns through which."""
        names = {name for found in self._found.values() for name in found}
        if not names:
            return {}
        unsure = self._without_change(names)
        leaks = {name: {NOTHING: Noticed(rows)} for name, rows in unsure.items()}
        shared = set(self._found.get(OTHERS, {})) - set(unsure)
        for scramble in SCRAMBLES:
            found = {name: rows for name, rows in self._found.get(scramble.name, {}).items() if name not in unsure}
            if scramble.timed and shared:
                found = {name: rows for name, rows in found.items() if name not in shared}
                self._add(leaks, scramble, self._everyone, shared)
            self._add(leaks, scramble, self._worst.get(scramble.name, (0, self.draws[0]))[1], set(found), found)
        return ordered(leaks, self.names)

    def _without_change(self, names: set[str]) -> dict[str, int]:
        """Features that differ when they are built twice from the same records."""
        first, second = (self.builder.built(self._records, self.draws[0], names) for _ in range(2))
        return differing(first, second, rounding=True)

    def _add(
        self,
        leaks: dict[str, dict[str, Noticed]],
        scramble: Scramble,
        drawn: Drawn,
        names: set[str],
        found: Mapping[str, int] | None = None,
    ) -> None:
        """Add through which units features leak; where that takes several together, none is named."""
        if not names:
            return
        before = self.builder.built(self._records, drawn, names)
        differ, _ = self._differing(drawn, scramble, self._units[scramble.name], before)
        sure = found or {name: rows for name, rows in differ.items() if name in names}
        through: dict[str, list[Unit]] = {}
        if sure:
            self._narrow(scramble, drawn, self._units[scramble.name], before, through)
        for name, rows in sure.items():
            leaks.setdefault(name, {})[scramble.name] = Noticed(rows, tuple(through.get(name, ())))

    def _narrow(
        self,
        scramble: Scramble,
        drawn: Drawn,
        units: Sequence[Unit],
        before: pd.DataFrame,
        through: dict[str, list[Unit]],
    ) -> None:
        """Halve the units until each that makes a difference stands alone."""
        differ, _ = self._differing(drawn, scramble, units, before)
        for name in differ:
            found = through.setdefault(name, [])
            found += units if len(units) == 1 else []
        if differ and len(units) > 1:
            middle = len(units) // 2
            for half in (units[:middle], units[middle:]):
                self._narrow(scramble, drawn, half, before, through)

    @cached_property
    def _everyone(self) -> Drawn:
        """Everybody, on the first index date that was drawn.

        What rests on other households differs in any case where households have index dates of their own. Here all
        have one, so that a difference is due to what was not known on it.
        """
        days = as_days(self._index.get_level_values("index_date"))
        drawn = np.concatenate([each.positions for each in self.draws])
        return everyone_on(self._records, self._index, int(days[drawn].min()), most=drawn.size)
