"""What a validation rule is, and the facts that rules are judged on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Facts", "Rule", "days_between", "given", "missing"]

_EVER = np.datetime64("9999-12-31", "s")


@dataclass(frozen=True)
class Rule:
    """One validation rule of the Department for Education, as it is judged on canonical tables.

    Parameters
    ----------
    number : str
        The return and the rule's number there: ``"903 501"``, ``"CIN 8820"``.
    sentence : str
        What is wrong with a row that fails, in plain words.
    tables : tuple of str
        Canonical tables that it needs; a failing row is a row of the first.
    harm : str
        What such rows do to a model.
    fails : callable, optional
        From :class:`Facts` to one boolean for each row judged, or to a count. None for a rule whose rows do not survive
        reading: those are counted there.
    judged : callable, optional
        How many rows it looks at, where these are not all rows of the first table.
    """

    number: str
    sentence: str
    tables: tuple[str, ...]
    harm: str
    fails: Callable[[Facts], Any] | None = None
    judged: Callable[[Facts], int] | None = None

    def count(self, facts: Facts) -> int:
        """How many rows of these tables fail."""
        return 0 if self.fails is None else int(np.sum(np.asarray(self.fails(facts), dtype=np.int64)))

    def rows(self, facts: Facts) -> int:
        """How many rows of these tables it looks at."""
        return len(facts.tables[self.tables[0]]) if self.judged is None else self.judged(facts)


def given(values: pd.Series) -> np.ndarray:
    """Where there is a value."""
    return values.notna().to_numpy(dtype=bool)


def missing(values: pd.Series) -> np.ndarray:
    """Where there is no value."""
    return values.isna().to_numpy(dtype=bool)


def days_between(start: Any, end: Any) -> np.ndarray:
    """Days from one date to another; NaN where either is missing."""
    gap = np.asarray(end, dtype="datetime64[s]") - np.asarray(start, dtype="datetime64[s]")
    return gap / np.timedelta64(1, "D")


class Facts:
    """Canonical tables with the joins that several rules need, each made once.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables.
    observed_until : Timestamp
        The last day of the extract.
    observed_from : mapping of str to Timestamp or None
        The first trusted day of each dated table.
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        *,
        observed_until: pd.Timestamp,
        observed_from: Mapping[str, pd.Timestamp | None],
    ) -> None:
        self.tables = tables
        self.observed_until = observed_until
        self.observed_from = observed_from

    def seen(self, name: str) -> bool:
        """Whether a table has rows."""
        return len(self.tables[name]) > 0

    def in_order(self, name: str) -> pd.DataFrame:
        """A table of spells by child and time, each row with the start and end of the child's last one and next one.

        ``reached`` is the latest day that any earlier spell of the child reaches; a spell that is open never ends.
        """
        frame = self.tables[name].sort_values(["child_id", "start_date", "end_date", "row_key"], ignore_index=True)
        same = frame["child_id"].eq(frame["child_id"].shift())
        follows = same.shift(-1, fill_value=False)
        end = frame["end_date"].fillna(_EVER)
        reached = end.groupby(frame["child_id"]).cummax().shift().where(same)
        beside = {
            "first": ~same,
            "last": ~follows,
            "before_start": frame["start_date"].shift().where(same),
            "before_end": frame["end_date"].shift().where(same),
            "next_start": frame["start_date"].shift(-1).where(follows),
            "reached": reached,
        }
        return frame.assign(**beside)

    def births(self, frame: pd.DataFrame) -> np.ndarray:
        """Date of birth of the child of each row."""
        children = self.tables["children"]
        birth = pd.Series(children["birth_date"].to_numpy(), index=children["child_id"])
        return birth.reindex(frame["child_id"]).to_numpy().astype("datetime64[s]")

    def status_on(self, frame: pd.DataFrame, date: str) -> pd.Series:
        """The legal status in force on a date of each row, the one that began last; NaN where none is."""
        statuses = self.tables["legal_statuses"]
        statuses = statuses[statuses["status"].notna() & (statuses["status"] != "NONE")]
        rows = pd.DataFrame({"child_id": frame["child_id"], "day": frame[date], "row": np.arange(len(frame))})
        pairs = rows.merge(statuses[["child_id", "start_date", "end_date", "status", "row_key"]], on="child_id")
        over = (pairs["end_date"] <= pairs["day"]) & (pairs["start_date"] < pairs["day"])
        pairs = pairs[(pairs["start_date"] <= pairs["day"]) & ~over]
        latest = pairs.sort_values(["row", "start_date", "row_key"]).drop_duplicates("row", keep="last")
        return latest.set_index("row")["status"].reindex(rows["row"]).set_axis(frame.index)

    @cached_property
    def episodes(self) -> pd.DataFrame:
        """Care episodes in order, with what came before, the legal status on the first day and the date of birth."""
        frame = self.in_order("care_episodes")
        same = ~frame["first"]
        before: dict[str, Any] = {
            "before_reason": frame["end_reason"].shift().where(same),
            "before_need": frame["need"].shift().where(same),
            "status": self.status_on(frame, "start_date"),
            "birth_date": self.births(frame),
        }
        return frame.assign(**before)

    @cached_property
    def referrals(self) -> pd.DataFrame:
        """Referrals in order."""
        return self.in_order("referrals")

    @cached_property
    def _cases(self) -> pd.DataFrame:
        """Referrals by date, each with the latest day that the child's referrals up to then reach."""
        frame = self.referrals
        end = frame["end_date"].fillna(_EVER)
        reach = end.groupby(frame["child_id"]).cummax()
        no_action = frame["nfa"].fillna(value=False).astype(bool)
        cases = pd.DataFrame({"child_id": frame["child_id"], "day": frame["start_date"], "reach": reach})
        cases["no_action"] = no_action
        cases["first"] = frame.groupby("child_id")["start_date"].transform("min")
        return cases.sort_values("day", kind="stable")

    def case_on(self, name: str, date: str) -> pd.DataFrame:
        """For each dated row of a table, the child's case on that date.

        Columns ``day``; ``first``, the child's first referral; ``reach``, the latest day that the referrals up to then
        reach (NaT where there is none yet); ``no_action``, whether the latest of them was no further action.
        """
        frame = self.tables[name]
        rows = pd.DataFrame({"child_id": frame["child_id"], "day": frame[date]}).dropna().sort_values("day")
        cases = self._cases
        held = pd.merge_asof(rows, cases.drop(columns="first"), on="day", by="child_id")
        first = cases.drop_duplicates("child_id").set_index("child_id")["first"]
        return held.assign(first=first.reindex(held["child_id"]).to_numpy())
