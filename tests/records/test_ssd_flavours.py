"""The same children through SystemC and Mosaic names give the same cohort, labels and features, cell for cell."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.outcome import label_outcome
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.ssd import write_ssd
from edgeofcare.task import Task


@pytest.fixture(scope="module")
def flavours(tmp_path_factory):
    records = make_records(1200, random_state=11, authority="sample")
    read = {}
    for flavour in ("systemc", "mosaic"):
        folder = tmp_path_factory.mktemp(flavour)
        write_ssd(records, folder, flavour=flavour)
        read[flavour] = read_ssd(folder, observed_until="2025-03-31")
    return read


def everything(records):
    task = Task()
    cohort = build_cohort(records, task, index_dates=quarters("2018-04-01", "2024-03-31"))
    details = label_outcome(records, cohort, task, details=True)
    return cohort, details, build_features(records, cohort, default_features())


def test_same_cohort_labels_and_features(flavours):
    systemc, mosaic = everything(flavours["systemc"]), everything(flavours["mosaic"])
    assert len(systemc[0]) > 1000
    assert systemc[1]["entered_care"].sum() > 50
    for one, other in zip(systemc, mosaic, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_the_folders_really_differ(tmp_path):
    records = make_records(200, random_state=11, authority="sample")
    for flavour in ("systemc", "mosaic"):
        write_ssd(records, tmp_path / flavour, flavour=flavour)
    systemc = pd.read_csv(tmp_path / "systemc" / "ssd_legal_status.csv", dtype=str)
    mosaic = pd.read_csv(tmp_path / "mosaic" / "ssd_legal_status.csv", dtype=str)
    assert set(map(str.lower, systemc.columns)) & set(map(str.lower, mosaic.columns))
    assert not set(systemc.iloc[:, 2]) & set(mosaic.iloc[:, 2])
