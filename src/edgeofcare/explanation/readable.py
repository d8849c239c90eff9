"""What people take from an explanation: reasons by concept, pictures, a child's page, and a bundle to contest it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import shap
    from matplotlib.figure import Figure

    from edgeofcare.explanation.explanation import Explanation

__all__ = ["Readable"]


class Readable:
    """What :class:`edgeofcare.Explanation` offers to people who read and do not compute."""

    def reasons(self, top: int = 5, *, level: str = "concept", bands: bool = True) -> pd.DataFrame:
        """What moved each risk most, in words, with the source rows behind it.

        Parameters
        ----------
        top : int, default 5
            Most reasons for each row.
        level : {"concept", "feature"}, default "concept"
            Concepts, each in the words of the feature that carries it; or single features, of which those of one
            concept often pull in different directions.
        bands : bool, default True
            Whether bands and ties are told where the model has refits, which takes as long as explaining it that often.

        Returns
        -------
        DataFrame
            On the index of the rows and ``rank`` (1 is the largest; ties by name): ``direction`` ("raises" or "lowers"
            the risk), ``concept``, ``feature`` (of a concept, the one that carries it: the largest that moves the risk
            the same way), its ``value``, ``record`` ("recorded", "nothing recorded" or "not known"), ``strength``
            (whether it lowers the risk because something good is on record), ``sentence``, ``contribution``
            (calibrated log-odds), ``odds_multiplier`` (its exponential), ``probability_points`` (Aumann-Shapley share
            of the change in probability, in percentage points; not the Shapley value of the probability) and
            ``evidence``: a tuple of (table, row key, ISO date on which it happened, began or, for a feature of ends,
            ended), empty without records. What adds exactly nothing is left out. With refits also ``band`` ("strong",
            "some" or "slight") and ``tied``: reasons too close to be told apart share a rank, and the next number is
            skipped.

        Raises
        ------
        SpecError
            If ``top`` is not a whole number of 1 or more, or there is no such level.
        """
        from edgeofcare.explanation.reasons import reason_frame

        return reason_frame(cast("Explanation", self), top, level, bands=bands)

    def plot(
        self,
        row: int | tuple = 0,
        top: int = 8,
        *,
        kind: str = "bars",
        level: str = "concept",
        numbers: bool = False,
    ) -> Figure:
        """Draw the reasons of one row.

        Parameters
        ----------
        row : int or tuple, default 0
            Position of the row, or its (household_id, child_id, index_date).
        top : int, default 8
            Most reasons.
        kind : {"bars", "waterfall", "sides"}, default "bars"
            Bars to the right raise the risk and bars to the left lower it; a waterfall leads from the average child to
            this one, and gathers what is left in one bar; sides stand side by side, in blocks and words as on a child's
            page.
        level : {"concept", "feature"}, default "concept"
            What a reason is of.
        numbers : bool, default False
            Whether bars and sides say by what each reason multiplies the odds; a waterfall always tells log-odds.

        Returns
        -------
        matplotlib.figure.Figure
            The figure, without any identifier; a notebook shows it, ``savefig`` writes it. Where the model has refits
            it tells bands, ties and the interval of the risk.

        Raises
        ------
        SpecError
            If there is no such row, kind or level, or ``top`` is not a whole number of 1 or more.
        """
        from edgeofcare.explanation.plots import explanation_figure

        one = cast("Explanation", self).row(row)
        return explanation_figure(one, kind=kind, level=level, top=top, numbers=numbers)

    def plot_importance(self, *, n_resamples: int = 1000, random_state: int | np.random.Generator = 0) -> Figure:
        """Draw how much each concept moves the risks of all rows, with intervals.

        Parameters
        ----------
        n_resamples : int, default 1000
            How many times households are drawn.
        random_state : int or numpy.random.Generator, default 0
            Seed.

        Returns
        -------
        matplotlib.figure.Figure
            What :func:`edgeofcare.concept_importance` says, the largest at the top; shareable as that is.
        """
        from edgeofcare.explanation.plots import importance_figure

        return importance_figure(cast("Explanation", self), n_resamples=n_resamples, random_state=random_state)

    def to_shap(self) -> shap.Explanation:
        """Hand over to shap, so that all its plots can be drawn.

        Returns
        -------
        shap.Explanation
            ``values`` and ``base_values`` in calibrated log-odds, ``data`` (of codes their numbers in the model, with
            the codes in ``display_data``), and the feature names; no identifier.
        """
        why = cast("Explanation", self)
        with warnings.catch_warnings():
            # shap 0.51 sets up its colours in a way that matplotlib is going to drop.
            warnings.filterwarnings("ignore", r"The set_\w+ function will be", PendingDeprecationWarning)
            import shap
        contributions, values = why.contributions, why._numbers
        return shap.Explanation(
            values=contributions.to_numpy(copy=True),
            base_values=np.full(len(values), why.base),
            data=values.to_numpy(copy=True),
            display_data=None if why._values is values else why._values.to_numpy(copy=True),
            feature_names=[str(name) for name in values.columns],
        )

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
