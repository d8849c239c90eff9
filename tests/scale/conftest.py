"""Records of a few hundred children in parts, and their features built in this process."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.cohort import quarters
from edgeofcare.features.catalogue import default_features
from edgeofcare.scale.build import build_features_in_parts
from edgeofcare.scale.job import FeatureJob
from edgeofcare.scale.parts import write_parts
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task

N_PARTS = 5


@pytest.fixture(scope="session")
def scale_records():
    """Records with a placeholder mother and a table of their own."""
    records = make_records(700, random_state=3, authority="sample")
    tables = {name: records.table(name) for name in records}
    children = tables["children"]["child_id"]
    links = pd.DataFrame({"row_key": [f"P{number}" for number in range(60)], "child_id": children.iloc[::11][:60]})
    links = links.assign(related_id="nobody's", kind="mother").reindex(columns=tables["relationships"].columns)
    tables["relationships"] = pd.concat([tables["relationships"], links], ignore_index=True)
    joined = type(records).from_tables(tables, observed_until="2025-03-31", reporting_lag={"contacts": 3})
    out = pd.DataFrame({"child_id": children.iloc[::3], "date": "2021-05-04", "days": 2.0, "why": "fight"})
    return joined.with_events("suspensions", out, value="days", category="why", reporting_lag="5D")


@pytest.fixture(scope="session")
def parts_folder(scale_records, tmp_path_factory):
    """The records in parts."""
    folder = tmp_path_factory.mktemp("records")
    write_parts(scale_records, folder, n_parts=N_PARTS)
    return folder


@pytest.fixture(scope="session")
def job():
    """Every default feature and one of the own table, some rows cut short."""
    names = [spec.name for spec in default_features()]
    extra = [name for name in ("suspensions.sum_value.1095d", "referral.last_source") if name not in names]
    return FeatureJob(Task(incomplete="drop"), quarters("2019-01-01", "2024-10-01"), [*names, *extra])


@pytest.fixture(scope="session")
def serial(parts_folder, job, tmp_path_factory):
    """Folder of features and summary, built in this process."""
    out = tmp_path_factory.mktemp("serial") / "features"
    return out, build_features_in_parts(parts_folder, out, job)
