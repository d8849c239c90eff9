"""What an explained change holds: concepts, features, the rows that came and went, sentences and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.about import About
from edgeofcare.explanation.change_rows import NEW
from edgeofcare.explanation.change_words import change_sentences
from edgeofcare.features.feature import Feature

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Change"]


class Change:
    """What moved a child's score between two dates.

    Made by :func:`edgeofcare.explain_change`. It cannot be changed: its properties hand out copies. It carries the
    authority's own keys and stays with the authority; the repr, the sentences and the picture hold no key and no date.

    Parameters
    ----------
    concepts, features : DataFrame
        What each adds on both dates.
    events : DataFrame
        Source rows that came to count or no longer do.
    scores : DataFrame
        ``log_odds`` and ``risk``, by ``"from"`` and ``"to"``.
    specs : sequence of Feature
        The features.
    missed : tuple of str
        The rule of eligibility that the child does not meet on each date; empty where it is eligible.
    ages : tuple of int, optional
        Completed years of age on each date.
    about : About, optional
        What is predicted, by which model, and compared with whom.
    """

    def __init__(
        self,
        *,
        concepts: pd.DataFrame,
        features: pd.DataFrame,
        events: pd.DataFrame,
        scores: pd.DataFrame,
        specs: Sequence[Feature],
        missed: tuple[str, str],
        ages: tuple[int, int] | None = None,
        about: About | None = None,
    ) -> None:
        self._concepts = concepts.copy()
        self._features = features.copy()
        self._events = events.copy()
        self._scores = scores.copy()
        self._specs = {spec.name: spec for spec in specs}
        self._missed = (str(missed[0]), str(missed[1]))
        self._ages = ages
        self._about = About() if about is None else about

    @property
    def about(self) -> About:
        """Target, horizon, model, and whom the contributions on both dates compare the child with."""
        return self._about

    @property
    def concepts(self) -> pd.DataFrame:
        """What each concept adds on both dates, largest change first.

        Columns ``concept``, ``contribution_from``, ``contribution_to`` and ``change`` in calibrated log-odds, and
        ``because``: ``"record"`` where something came to be known, ``"time"`` where windows moved on or the child grew
        older and what had been known before gives the same value, ``"others"`` where no value changed but what others
        did weighs on it, empty where nothing moved. The changes add up to the difference in log-odds.
        """
        return self._concepts.copy()

    @property
    def features(self) -> pd.DataFrame:
        """The same for each feature, with ``value_from`` and ``value_to``."""
        return self._features.copy()

    @property
    def events(self) -> pd.DataFrame:
        """The source rows that count on one of the dates only, behind features whose contribution moved.

        ``change`` is ``"new"`` (it counts now and could not be known then), ``"counts now"`` (it was known, and counts
        only now: a sibling came of an age), ``"ended"`` (a spell is no longer open), ``"left the window"``, or ``"no
        longer counts"`` (another row decides now). ``table`` and ``row_key`` name the row, ``date`` is the day on which
        it happened, ``known`` the day from which it could be seen, ``what`` and ``concept`` what it is, ``features``
        the names of those that it moved. A period of care of several episodes is one row, under the key of the episode
        with which it began and with the day on which the period began or ended.
        """
        return self._events.copy()

    @property
    def log_odds(self) -> pd.Series:
        """Calibrated log-odds, by ``"from"`` and ``"to"``."""
        return self._scores["log_odds"].copy()

    @property
    def risk(self) -> pd.Series:
        """Calibrated probability, by ``"from"`` and ``"to"``."""
        return self._scores["risk"].copy()

    def sentences(self, top: int = 5) -> list[str]:
        """Say in plain words what moved the score.

        Parameters
        ----------
        top : int, default 5
            Most concepts to tell of.

        Returns
        -------
        list of str
            The risks, whether the child was not eligible on a date, and one sentence for each concept by the feature
            that carried it; that only time passed where it did; last, the reference cohort, where there is one. No key
            and no date.

        Raises
        ------
        SpecError
            If ``top`` is not a whole number of 1 or more.
        """
        first, last = (float(self._scores["risk"].iloc[place]) for place in (0, 1))
        said = change_sentences(
            self._concepts,
            self._features,
            self._specs,
            risk=(first, last),
            missed=self._missed,
            top=_checked(top),
            ages=self._ages,
        )
        compared = f"On both dates the child is compared with {self._about.reference}."
        return [*said, compared] if self._about.cohort else said

    def plot(self, top: int = 8) -> Figure:
        """Draw the change, concept by concept, from the earlier risk to the later one.

        Parameters
        ----------
        top : int, default 8
            Most concepts; the others are one bar.

        Returns
        -------
        matplotlib.figure.Figure
            The figure, without any identifier or date.

        Raises
        ------
        SpecError
            If ``top`` is not a whole number of 1 or more.
        """
        from edgeofcare.explanation.change_plots import change_figure

        before, now = (float(self._scores["log_odds"].iloc[place]) for place in (0, 1))
        return change_figure(self._concepts, log_odds=(before, now), top=_checked(top))

    def __repr__(self) -> str:
        """Counts only."""
        moved = int((self._concepts["change"] != 0).sum())
        new = int((self._events["change"] == NEW).sum())
        return (
            f"Change({moved} concept{'' if moved == 1 else 's'} moved, {new} new event{'' if new == 1 else 's'}, "
            f"{len(self._events) - new} that count otherwise)"
        )


def _checked(top: int) -> int:
    """A number of concepts, refused where it is none."""
    if not isinstance(top, int | np.integer) or isinstance(top, bool) or top < 1:
        msg = f"top must be a whole number of 1 or more; got {top!r}."
        raise SpecError(msg)
    return int(top)
