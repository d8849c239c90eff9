"""Before anything is fitted: how many entrants there are, and what can be learned and shown with so many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.care import outcome_lag
from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.evaluation._small import SMALL
from edgeofcare.evaluation.planning.formulas import (
    auroc_error,
    carried_features,
    development_children,
    log_ratio_error,
    predictor,
    slope_error,
)
from edgeofcare.evaluation.planning.plan_options import DESIGN_EFFECT, check_planning, measure_effects
from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.outcome import label_outcome
from edgeofcare.records.records import Records
from edgeofcare.task import Task

__all__ = ["DESIGN_EFFECT", "SampleSize", "sample_size"]

#: Fewest entrants of a test period, the half width of the AUROC's interval, and the ends of that of O/E.
LEAST_ENTRANTS, AUROC_WITHIN, RATIO_WITHIN, SLOPE_WITHIN = 100, 0.05, 1.25, 0.2
_NORMAL = 1.959963984540054
_TEST_MONTHS, _OBSERVED_DAYS = 12, 365
_COLUMNS = ["part", "quantity", "value", "low", "high", "entrants_needed", "note"]
ALL, TRAINING, TEST = "all index dates", "training rows", "test period"


@dataclass(frozen=True, eq=False, repr=False)
class SampleSize:
    """How many entrants there are, and what can be learned and shown with so many; nothing personal in it.

    Made by :func:`sample_size`.

    Attributes
    ----------
    table : DataFrame
        part ("all index dates", "training rows", "test period"), quantity, value, low, high, entrants_needed, note.
        Counts below 10 are "<10", and what would follow from them is left empty. All others are rounded to tens, those
        of the whole as well, so that no small number is left between them, nor between them and exact counts that
        are shown elsewhere (of an evaluation, or of a split).
    enough : bool
        Whether the test period is expected to have the entrants that an evaluation needs.
    text : str
        Sentences.
    """

    table: pd.DataFrame
    enough: bool
    text: str

    def __repr__(self) -> str:
        return f"SampleSize({'enough' if self.enough else 'too few'})"

    def __str__(self) -> str:
        return self.text


class _Part(NamedTuple):
    """Counts of one part: how many of each there are, as far as they may be known."""

    name: str
    rows: int
    children: int
    households: int
    entrants: int
    exact_entrants: int

    @property
    def small(self) -> bool:
        """Whether it has too few entrants for anything to be said."""
        return self.entrants < SMALL or self.children <= self.entrants

    @property
    def prevalence(self) -> float:
        """Share of children who entered care."""
        return self.entrants / self.children


def sample_size(
    records: Records,
    task: Task,
    *,
    index_dates: Iterable[Any] | None = None,
    features: Sequence[Feature | str] | int | None = None,
    expected_auroc: float = 0.75,
    design_effect: Mapping[str, float] | float | None = None,
) -> SampleSize:
    r"""Count the entrants before fitting, and say how precise an evaluation will be and what the entrants can carry.

    Parameters
    ----------
    records : Records
        The case records.
    task : Task
        The outcome window and the population.
    index_dates : iterable of dates, optional
        Index dates, each with its whole outcome window in the extract; quarters from a year after referrals can be
        trusted, if left out. The last 12 months of them are the test period; training rows are those whose outcome is
        known before it.
    features : sequence of Feature or str, or int, optional
        Candidate features, or how many (a name alone is one); the default features if left out.
    expected_auroc : float, default 0.75
        Between 0.55 and 0.95. See evidence on published models before hoping for more.
    design_effect : float or mapping of str to float, optional
        Variance relative to as many unrelated children, for all measures or by the name of the measure;
        :data:`DESIGN_EFFECT` if left out. 1 takes children as unrelated.

    Returns
    -------
    SampleSize
        ``.table``, ``.text`` and ``.enough``.

    Raises
    ------
    SpecError
        If options cannot be used (all are named at once), or no index date has a whole outcome window.
    LeakageError, RecordsError
        As :func:`edgeofcare.outcome.label_outcome` does.

    Notes
    -----
    Children are the unit: a child with an entry counts once, however many index dates see it coming. Standard errors
    are those of Riley et al. (2021, 2024): :math:`\sqrt{(1 - \phi)/(n \phi)}` for the logarithm of O/E, Newcombe's
    formula for the AUROC, and for the slope :math:`\sqrt{I_\alpha / (n (I_\alpha I_\beta - I_{\alpha\beta}^2))}` with
    calibrated log-odds that are spread normally, with the expected AUROC.

    Siblings are not unrelated. On a simulated panel of 498,000 rows with 5.1 rows with an entry for each entrant,
    standard errors from whole households were 2.9 (AUROC), 3.4 (O/E) and 2.8 (slope) times those of unrelated rows.
    Counting children in place of rows explains a factor of :math:`\sqrt{5.1}`; the rest is the default design effect,
    :math:`2.9^2 / 5.1 = 1.6`, 2.3 and 1.5.

    A test period is enough if it has at least 100 entrants, and as many as are expected to give an AUROC within 0.05
    and O/E within 0.8 to 1.25. The minimum for development is that of a regression without penalty (shrinkage 0.9 or
    milder, optimism of Nagelkerke's R squared at most 0.05, prevalence within 0.05). Penalised regressions and boosted
    trees are not bound by it, and no formula says what they need: many features for few entrants ask for a check on
    households left out.

    References
    ----------
    Riley et al. (2021), Statistics in Medicine 40, 4230-4251; Riley et al. (2024), BMJ 384, e074821; Riley et al.
    (2020), BMJ 368, m441.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> found = sample_size(make_records(300, random_state=0), Task(), index_dates=["2021-04-01", "2023-04-01"])
    >>> found.enough
    False
    """
    count = check_planning(records, task, features, expected_auroc, design_effect)
    effect = measure_effects(design_effect)
    whole, training, test = _parts(records, task, index_dates)
    rows = [*_counted(whole), *_counted(training), *_counted(test)]
    developed = _development(training, count, expected_auroc, effect["auroc"])
    precision = _precision(test, expected_auroc, effect)
    needed = max([LEAST_ENTRANTS, *(row["entrants_needed"] for row in precision if row["quantity"] in _REQUIRED)])
    table = pd.DataFrame([*rows, *developed, *precision], columns=_COLUMNS)
    table["value"] = pd.Series([row["value"] for row in (*rows, *developed, *precision)], dtype=object)
    enough = test.exact_entrants >= needed
    text = " ".join(
        [_in_sight(whole), _to_learn(training, count, developed), _to_show(test, precision), _conclude(test, needed)]
    )
    return SampleSize(table, enough, text)


_REQUIRED = ("auroc", "observed_expected_ratio")


def _parts(records: Records, task: Task, index_dates: Iterable[Any] | None) -> tuple[_Part, _Part, _Part]:
    """Count everything, what there is to learn from, and the test period."""
    dates = _quarters(records, task) if index_dates is None else index_dates
    cohort = build_cohort(records, task, index_dates=dates)
    y = label_outcome(records, cohort, task)
    cohort = cohort.loc[y.index]
    day = cohort.index.get_level_values("index_date")
    tested = np.asarray(day > day.max() - pd.DateOffset(months=_TEST_MONTHS)) if len(cohort) else np.zeros(0, bool)
    begin = day[tested].min() if tested.any() else pd.NaT
    known = (cohort["outcome_known"] <= begin).to_numpy()
    every = np.ones(len(cohort), dtype=bool)
    return _part(ALL, y, every), _part(TRAINING, y, known & ~tested), _part(TEST, y, tested)


def _quarters(records: Records, task: Task) -> pd.DatetimeIndex:
    """Quarters that can be scored and followed up."""
    start = records.observed_from["referrals"]
    first = records.table("referrals")["start_date"].min() if start is None else start
    followed = pd.Timedelta(days=task.gap_days + task.horizon_days - 1 + outcome_lag(records))
    last = records.observed_until - followed
    dates = quarters(str((first + pd.Timedelta(days=_OBSERVED_DAYS)).date()), str(last.date()))
    if dates.empty:
        msg = f"The extract is too short: no quarter has a year before it and a horizon of {task.horizon} after it."
        raise SpecError(msg)
    return dates


def _part(name: str, y: pd.Series, inside: np.ndarray) -> _Part:
    """Counts of some rows, to the nearest ten where they are not small anyway."""
    rows = y.index[inside]
    child = rows.get_level_values("child_id")
    entered = child[y.to_numpy()[inside] == 1].nunique()
    exact = (len(rows), child.nunique(), rows.get_level_values("household_id").nunique(), entered)
    rows_in, children, households, tens = (round(n, -1) if n >= SMALL else n for n in exact)
    return _Part(name, rows_in, children, households, tens, entered)


def _counted(part: _Part) -> list[dict[str, Any]]:
    """One row for each count of a part."""
    names = ("rows", "children", "households", "entrants")
    return [_row(part.name, name, _shown(getattr(part, name)), note="rounded to tens") for name in names]


def _row(part: str, quantity: str, value: Any, low: float = np.nan, high: float = np.nan, needed: float = np.nan,
         note: str = "") -> dict[str, Any]:  # fmt: skip
    """One row of the table."""
    return dict(zip(_COLUMNS, (part, quantity, value, low, high, needed, note), strict=True))


def _shown(count: int) -> int | str:
    """Write a count, or that it is small."""
    return count if count >= SMALL else f"<{SMALL}"


def _development(part: _Part, features: int, auroc: float, effect: float) -> list[dict[str, Any]]:
    """What there is to learn from, for each feature and against the minimum."""
    rows = [_row(part.name, "candidate_features", features)]
    if part.small:
        return [*rows, _row(part.name, "entrants_per_feature", np.nan, note=f"fewer than {SMALL} entrants")]
    found = predictor(auroc, part.prevalence)
    least = development_children(features, part.prevalence, found.r_squared, found.most_r_squared)
    needed = {name: ceil(children * effect * part.prevalence) for name, children in least.items()}
    rows.append(_row(part.name, "entrants_per_feature", round(part.entrants / features, 2), needed=max(needed.values()),
                     note="regression without penalty"))  # fmt: skip
    rows.append(_row(part.name, "features_carried", carried_features(part.children / effect, found.r_squared),
                     note="regression without penalty, shrinkage 0.9"))  # fmt: skip
    return rows


def _precision(part: _Part, auroc: float, effect: Mapping[str, float]) -> list[dict[str, Any]]:
    """Intervals to expect of a calibrated model, and the entrants at which they are narrow enough."""
    if part.small:
        note = f"fewer than {SMALL} entrants"
        return [_row(part.name, name, np.nan, needed=LEAST_ENTRANTS, note=note) for name in DESIGN_EFFECT]
    half = {
        "auroc": auroc_error(part.entrants, part.prevalence, auroc),
        "observed_expected_ratio": log_ratio_error(part.entrants, part.prevalence),
        "calibration_slope": slope_error(part.entrants, part.prevalence, auroc),
    }
    half = {name: _NORMAL * effect[name] ** 0.5 * error for name, error in half.items()}
    within = {
        "auroc": AUROC_WITHIN,
        "observed_expected_ratio": np.log(RATIO_WITHIN),
        "calibration_slope": SLOPE_WITHIN,
    }
    rows = []
    for name, width in half.items():
        # All three variances fall as one over the entrants (the AUROC's but for a trace).
        needed = ceil(part.entrants * (width / within[name]) ** 2)
        middle = auroc if name == "auroc" else 1.0
        low, high = middle - width, middle + width
        if name == "observed_expected_ratio":
            low, high = float(np.exp(-width)), float(np.exp(width))
        most = 1.0 if name == "auroc" else np.inf
        rows.append(_row(part.name, name, middle, round(low, 3), round(min(high, most), 3), needed))
    return rows


def _in_sight(whole: _Part) -> str:
    """Sentence on everything."""
    return (
        f"In sight: {_written(whole.entrants)} children who entered care, among {_written(whole.children)} children "
        f"of {_written(whole.households)} households."
    )


def _to_learn(training: _Part, features: int, rows: list[dict[str, Any]]) -> str:
    """Sentence on development."""
    if training.small:
        return f"There are fewer than {SMALL} entrants to learn from: no model can be fitted."
    per_feature, carried = rows[1], rows[2]["value"]
    return (
        f"About {training.entrants:,} of them are there to learn from, {per_feature['value']:.1f} for each of "
        f"{features} candidate features; a regression without penalty would need {per_feature['entrants_needed']:,} "
        f"for so many, and those there are carry {carried}."
    )


def _to_show(test: _Part, rows: list[dict[str, Any]]) -> str:
    """Sentence on precision."""
    if test.small:
        return f"The test period has fewer than {SMALL}: nothing can be measured."
    area, ratio, slope = rows
    return (
        f"The test period has about {test.entrants:,}. With an AUROC of {area['value']:.2f} expect an interval of "
        f"{area['low']:.2f} to {area['high']:.2f}, O/E of {ratio['low']:.2f} to {ratio['high']:.2f} and a calibration "
        f"slope of {slope['low']:.2f} to {slope['high']:.2f} around 1."
    )


def _conclude(test: _Part, needed: float) -> str:
    """Enough, or how much to pool."""
    if test.exact_entrants >= needed:
        return f"Enough for an evaluation: {int(needed):,} entrants are needed in the test period."
    times = ceil(needed / max(test.exact_entrants, SMALL - 1))
    return (
        f"Too few: {int(needed):,} entrants are needed in the test period. Pool years or authorities: about {times} "
        "times as many children as these."
    )


def _written(count: int) -> str:
    """Write a rounded count with commas, or that it is small."""
    return f"about {count:,}" if count >= SMALL else f"fewer than {SMALL}"
