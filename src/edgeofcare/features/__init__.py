"""Features of a child as known before a day: the kinds of feature, to be combined with tables, windows and filters.

Examples
--------
>>> from edgeofcare.features import Active, Count
>>> [spec.name for spec in (Active("cp_plans"), Count("assessment_factors", "365D", {"factor": "24A"}))]
['cp_plan.active', 'assessment.factor_24A.count.365d']
"""

from __future__ import annotations

from edgeofcare.features.specs import Active, Age, Characteristic, Count, DaysIn, DaysSince, Distinct, Max, Mean, Sum

__all__ = ["Active", "Age", "Characteristic", "Count", "DaysIn", "DaysSince", "Distinct", "Max", "Mean", "Sum"]
