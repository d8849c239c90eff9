"""Features of a child as known before a day: the kinds of feature, to be combined with tables, windows and filters.

Examples
--------
>>> from edgeofcare.features import Active, Count
>>> [spec.name for spec in (Active("cp_plans"), Count("assessment_factors", "365D", {"factor": "24A"}))]
['cp_plan.active', 'assessment.factor_24A.count.365d']
"""

from __future__ import annotations

from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.features.specs.combined import Difference, Ratio
from edgeofcare.features.specs.events import Count, DaysSince, DaysSinceFirst, Rate, Share, Trend
from edgeofcare.features.specs.levels import Levels
from edgeofcare.features.specs.numbers import Distinct, Last, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap, TotalDays

__all__ = [
    "Active",
    "Age",
    "Calendar",
    "Characteristic",
    "Count",
    "DaysIn",
    "DaysSince",
    "DaysSinceFirst",
    "Difference",
    "Distinct",
    "Last",
    "Levels",
    "Max",
    "Mean",
    "Overlap",
    "Rate",
    "Ratio",
    "Share",
    "Siblings",
    "Sum",
    "TotalDays",
    "Trend",
]
