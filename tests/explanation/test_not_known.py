"""What is not known of many children is what is not known of each alone."""

from __future__ import annotations

import pandas as pd

from edgeofcare.explanation.not_known import not_known
from edgeofcare.explanation.single import unknown_features
from edgeofcare.features.build import build_features
from edgeofcare.features.names import as_features
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.features.single.row import SingleFeatures
from edgeofcare.records.records import Records
from saved_models import records_with, trained

NAMES = (
    *("missing.count.365d", "missing.days_since", "referral.days_since", "referral.count.1825d", "care.days_since_end"),
    *("contact.count.730d", "offence.days_since", "child.age", "cp_plan.days_since_end", "assessment.count.365d"),
    *("missing.days_in.365d / missing.count.365d", "referral.days_since_end - referral.days_since"),
)


def test_many_children_at_once_are_as_each_alone():
    whole = records_with()
    held = {name: whole.table(name) for name in whole}
    records = Records.from_tables(held, observed_until=whole.observed_until, observed_from="2019-01-01")
    cohort = trained("logistic").cohort
    days = cohort.index.get_level_values("index_date")
    some = cohort[(days >= pd.Timestamp("2019-06-01")) & (days < pd.Timestamp("2021-01-01"))].iloc[::9]
    specs = as_features(NAMES)
    X = build_features(records, some, specs)
    found = not_known(records, X, specs)
    single = SingleFeatures(specs)
    for key, names in zip(X.index, found, strict=True):
        row = single.row(ChildRecords.from_records(records, key[1]), key[2].to_datetime64().astype("datetime64[D]"))
        assert names == unknown_features(row)
    assert len(set(found)) >= 2
    empty = int(X.isna().to_numpy().sum())
    assert 0 < sum(map(len, found)) < empty, "some empty values say that there was none, and are known"
