"""Reference set A with its expected values, and the other references where they are to be had."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from samples import sample_path

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def set_a():
    """Outcomes and risks of 500 rows from an over-confident model."""
    table = np.genfromtxt(DATA / "calib_A_n500.csv", delimiter=",", names=True)
    return table["y"].astype(int), table["p"]


@pytest.fixture(scope="session")
def expected_r():
    """Expected values by tool and metric, from R."""
    with (DATA / "expected_R.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = {}
    for row in rows:
        if row["value"].strip() != "NA":
            numbers[row["tool"].split(" ")[0] + "|" + row["metric"]] = float(row["value"])
            numbers[row["tool"] + "|" + row["metric"]] = float(row["value"])
    return numbers


@pytest.fixture(scope="session")
def expected_py():
    """Expected values from Python tools."""
    return json.loads((DATA / "expected_py.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def references():
    """Folder of references that may be read but not committed."""
    return sample_path("references")
