"""Synthetic tables that several tests look at; they must not be changed."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.synthetic.records import simulate_tables


@pytest.fixture(scope="session")
def invented() -> dict[str, pd.DataFrame]:
    """Ten years of 2,500 children: enough for the rare pathways."""
    return simulate_tables(2500, random_state=11, authority="sample")
