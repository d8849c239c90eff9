"""What writing scores did, in counts."""

from __future__ import annotations

from dataclasses import dataclass

from edgeofcare.scoring.batch.merging import Merged

__all__ = ["Written", "of_merged"]

_LEAST = 10  # smaller counts are not told in words


@dataclass(frozen=True)
class Written:
    """What writing scores did: counts, and nothing of a child. Its text hides counts below 10.

    Parameters
    ----------
    rows : int
        Scores given.
    new : int
        Rows that were not there; all rows, where a file was written.
    changed : int
        Rows of a table that were there with other values.
    unchanged : int
        Rows that were there as they are.
    others : int
        Rows of the same model and day in the table of children who were not among those scored; they were left alone.
    removed : int
        Such rows that were taken away.
    resumed : int
        Parts that an earlier run, which was stopped, had scored.
    parts : int
        Parts of the run.

    Examples
    --------
    >>> Written(40, 25, 15)
    Written: 40 scores, of which 25 new, 15 changed and 0 as they were.
    >>> Written(40, unchanged=40)
    Written: 40 scores, all as they were: nothing was changed.
    """

    rows: int
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    others: int = 0
    removed: int = 0
    resumed: int = 0
    parts: int = 0

    @property
    def text(self) -> str:
        """What was done, in a few sentences fit for a log."""
        if not self.rows:
            said = "no child to score"
        elif self.unchanged == self.rows:
            said = f"{_count(self.rows)} scores, all as they were"
        else:
            said = f"{_count(self.rows)} scores, of which {_count(self.new)} new, {_count(self.changed)} changed and "
            said += f"{_count(self.unchanged)} as they were"
        nothing = ": nothing was changed" if not self.new + self.changed + self.removed else ""
        told = [f"{said}{nothing}."]
        if self.resumed:
            told.append(f"{self.resumed} of {self.parts} parts had been scored by a run that was stopped.")
        if self.removed:
            told.append(f"{_count(self.removed)} rows of other children of this model and day were removed.")
        if self.others:
            told.append(
                f"{_count(self.others)} rows of this model and day are of children who were not scored now; they were "
                "left as they are, with the rank that they had."
            )
        return " ".join(told)

    def __repr__(self) -> str:
        return f"Written: {self.text}"


def of_merged(merged: Merged, *, resumed: int = 0, parts: int = 0) -> Written:
    """The counts of a merge.

    Parameters
    ----------
    merged : Merged
        What merging did.
    resumed, parts : int
        Parts that were scored before, and all parts.

    Returns
    -------
    Written
        The same, for the caller.
    """
    rows = merged.new + merged.changed + merged.same
    more = {"others": merged.others, "removed": merged.removed, "resumed": resumed, "parts": parts}
    return Written(rows, merged.new, merged.changed, merged.same, **more)


def _count(number: int) -> str:
    """A count in words, hidden where it is small."""
    return f"{number:,}" if number == 0 or number >= _LEAST else f"fewer than {_LEAST}"
