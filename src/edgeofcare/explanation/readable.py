"""What people read of an explanation: reasons by concept, the page of one child, and what is needed to contest it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.explanation.explanation import Explanation

__all__ = ["Readable"]


class Readable:
    """What :class:`edgeofcare.Explanation` offers to people who read and do not compute."""

    def concepts(self, top: int = 5) -> pd.DataFrame:
        """The concepts that moved each risk most, in the words of the feature that carries each.

        Parameters
        ----------
        top : int, default 5
            Most concepts for each row.

        Returns
        -------
        DataFrame
            On the index of the rows and ``rank`` (1 is the largest; ties by concept): ``direction``, ``concept``,
            ``contribution`` (calibrated log-odds), ``odds_multiplier`` (its exponential), ``probability_points``
            (Aumann-Shapley share of the change in probability, in percentage points; not the Shapley value of the
            probability), ``record`` ("recorded", "nothing recorded" or "not known"), ``strength`` (whether it lowers
            the risk because something good is on record), ``feature`` (the one that carries the concept: the largest
            that moves the risk the same way), its ``value``, ``sentence`` and ``evidence`` (table, row key, ISO date
            of each source row). Concepts that add exactly nothing are left out.

        Raises
        ------
        SpecError
            If ``top`` is not a whole number of 1 or more.
        """
        from edgeofcare.explanation.concepts import concept_frame

        return concept_frame(cast("Explanation", self), top)

    def to_html(self, path: str | Path | None = None) -> str:
        """The page of one child: the risk, what raised and what lowered it, and what the model cannot see.

        Parameters
        ----------
        path : path, optional
            Where to write it as well.

        Returns
        -------
        str
            HTML that needs no script, no other file and no network, and prints on one A4 page. It names the child by
            the authority's own key and holds its source rows, so it belongs to the case record.

        Raises
        ------
        SpecError
            If there is not exactly one row (see :meth:`Explanation.row`), or the file cannot be written.
        """
        from edgeofcare.explanation.child_page import child_page
        from edgeofcare.explanation.whole_file import write_whole

        page = child_page(cast("Explanation", self))
        if path is not None:
            write_whole(path, page.encode("utf-8"), "page")
        return page

    def contest_bundle(self, path: str | Path) -> Path:
        """Write what a child, a family or an adviser needs to check and to challenge one risk.

        Parameters
        ----------
        path : path
            The zip file to write: the page, every reason, value and source row, what the model is, and how to
            challenge it, in plain words.

        Returns
        -------
        Path
            The file. It belongs to the case record.

        Raises
        ------
        SpecError
            If there is not exactly one row (see :meth:`Explanation.row`), or the file cannot be written.
        """
        from edgeofcare.explanation.contest import bundle
        from edgeofcare.explanation.whole_file import write_whole

        return write_whole(path, bundle(cast("Explanation", self)), "bundle")
