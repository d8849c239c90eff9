"""What a report may show beyond the evaluation itself: each part is left out where it is not given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from edgeofcare.evaluation.groups.findings import group_findings
from edgeofcare.evaluation.groups.limits import fairness_limits
from edgeofcare.models.calibration_check import MATERIAL_SHARE
from edgeofcare.reporting.driver_words import agreement_words, importance_words, proxy_words
from edgeofcare.reporting.shareable import shareable_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from edgeofcare.evaluation.report import Evaluation

__all__ = ["Drawing", "ReportSections"]

_EVALUATED = ("alarms", "workload", "lead_time", "reach", "calibration_check")
_SMOOTH = ("beta", "spline")
_MAP_INTERVALS = "Intervals of the gains of other curves come from 200 resamples of households."


@dataclass(frozen=True)
class Drawing:
    """A picture to draw in a part of the report.

    Parameters
    ----------
    title, caption : str
        A question, and how to read the answer.
    draw : callable
        Draws on the axis that it is given.
    size : tuple of float
        Width and height in inches.
    """

    title: str
    caption: str
    draw: Callable[[Axes], Any]
    size: tuple[float, float] = (6.4, 4.8)


@dataclass(frozen=True, eq=False, repr=False)
class ReportSections:
    """Optional parts of a report and of its documents. Everything in them must be fit to share, as evaluations are.

    Parameters
    ----------
    conclusion : str, optional
        "use", "use with care" or "do not use"; that of ``evaluation.verdict()`` if left out.
    criteria : DataFrame, optional
        criterion, value, ci_low, ci_high, limit, met, why; that of ``evaluation.verdict()`` if left out.
    alarms : DataFrame, optional
        alarm, open, value, limit, what_it_means, what_to_check.
    workload : DataFrame, optional
        model, list, share, measure, estimate, ci_low, ci_high, note.
    lead_time, reach, value, thresholds, expected, origins, transport, sample_size : DataFrame, optional
        Tidy frames, shown as they are.
    group_measures : DataFrame, optional
        by, group, measure, estimate, ci_low, ci_high, difference and its limits, ratio, note.
    group_findings : DataFrame, optional
        What differs between groups; columns of text are shown.
    stability, calibration_check, reanchoring : DataFrame, optional
        Tidy frames, shown as they are.
    recording : DataFrame, optional
        Tidy frame on events of one group recorded less often. It is shown as it is, without the rule that leaves out
        groups by columns of one's own: names of groups in it must be fit to share, and groups of few children left out.
    importance : DataFrame, optional
        What :func:`edgeofcare.concept_importance` returns, best of the test rows.
    agreement : DataFrame, optional
        ``Explanation.agreement().table``.
    by_value, by_group, proxies : DataFrame, optional
        Frames of that name of a :class:`~edgeofcare.ConceptDependence`. Groups by columns of one's own are left out.
    said : mapping of str to str, optional
        Plain sentences to stand above a part, by the name of the part ("value", "stability", "groups", ...).
    drawings : mapping of str to sequence of Drawing, optional
        Pictures of a part, by its name, in place of those that its frame allows.
    points : tuple of str
        Sentences for somebody with two minutes, to stand among the plain words at the top.
    not_looked_at : mapping of str to str, optional
        Parts that were left out or could not be made, by name, with the reason: named in their place.
    settings : mapping of str to object, optional
        What was chosen for the run: name to value.
    versions : mapping of str to str, optional
        Name of a program or library to its version.

    Examples
    --------
    >>> alarms = pd.DataFrame({"alarm": ["few entrants"], "open": [False]})
    >>> ReportSections(alarms=alarms)
    ReportSections(alarms)
    """

    conclusion: str | None = None
    criteria: pd.DataFrame | None = None
    alarms: pd.DataFrame | None = None
    workload: pd.DataFrame | None = None
    lead_time: pd.DataFrame | None = None
    reach: pd.DataFrame | None = None
    value: pd.DataFrame | None = None
    thresholds: pd.DataFrame | None = None
    expected: pd.DataFrame | None = None
    origins: pd.DataFrame | None = None
    transport: pd.DataFrame | None = None
    sample_size: pd.DataFrame | None = None
    group_measures: pd.DataFrame | None = None
    group_findings: pd.DataFrame | None = None
    stability: pd.DataFrame | None = None
    calibration_check: pd.DataFrame | None = None
    reanchoring: pd.DataFrame | None = None
    recording: pd.DataFrame | None = None
    importance: pd.DataFrame | None = None
    agreement: pd.DataFrame | None = None
    by_value: pd.DataFrame | None = None
    by_group: pd.DataFrame | None = None
    proxies: pd.DataFrame | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    drawings: Mapping[str, tuple[Drawing, ...]] = field(default_factory=dict)
    points: tuple[str, ...] = ()
    not_looked_at: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Names of the parts that are given."""
        return f"ReportSections({', '.join(self.given)})"

    def with_evaluation(self, evaluation: Evaluation) -> ReportSections:
        """The same parts, and those that the evaluation holds where they are not given.

        Parameters
        ----------
        evaluation : Evaluation
            What the model is worth; groups by columns of one's own are left out.

        Returns
        -------
        ReportSections
            More parts.
        """
        groups, _ = shareable_groups(evaluation.groups)
        measures, _ = shareable_groups(evaluation.group_measures)
        held = {name: getattr(evaluation, name) for name in _EVALUATED}
        held |= {"group_measures": measures, "group_findings": group_findings(measures) if len(measures) else None}
        said = {"groups": fairness_limits(groups)} if len(groups) else {}
        said |= self.driver_words
        if len(evaluation.calibration_check) and self.calibration_check is None:
            said["calibration_check"] = f"{_said_of_maps(evaluation.calibration_check)} {_MAP_INTERVALS}"
        found = {name: part for name, part in held.items() if getattr(self, name) is None and part is not None}
        return replace(self, **found, said={**said, **self.said})

    @property
    def driver_words(self) -> dict[str, str]:
        """Sentences on what drives the scores, by the name of the part; of parts that are given."""
        words = {
            "importance": importance_words(self.importance),
            "agreement": agreement_words(self.agreement),
            "proxies": proxy_words(self.proxies, self.by_group),
        }
        return {name: text for name, text in words.items() if text}

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the parts that are given, in their order."""
        frames = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return tuple(name for name, part in frames.items() if part is not None and len(part))

    def frame(self, name: str) -> pd.DataFrame | None:
        """The frame of a part, where there is one with rows.

        Parameters
        ----------
        name : str
            Name of the part.

        Returns
        -------
        DataFrame or None
            The frame.
        """
        frame = getattr(self, name, None)
        return frame if isinstance(frame, pd.DataFrame) and len(frame) else None


def _said_of_maps(frame: pd.DataFrame) -> str:
    """What a line on the log-odds leaves undone, in one sentence."""
    smooth = frame[frame["map"].isin(_SMOOTH) & frame["gain"].notna()]
    if smooth.empty:
        return "Too few entrants to say whether a straight line is enough."
    clear = smooth[(smooth["ci_low"] > 0) & (smooth["share"] > MATERIAL_SHARE)]
    if clear.empty:
        return "A straight line on the log-odds is enough: no smooth curve would make the risks clearly more right."
    best = clear.nlargest(1, "gain").iloc[0]
    return (
        f"A curve ({best['map']}) would make the risks more right than the straight line that is used: by "
        f"{best['share']:.0%} of what the line gains over giving every child the same risk. Risks at one end or in the "
        "middle are off; look for a group or a feature that bends the curve."
    )
