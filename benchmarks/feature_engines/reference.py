"""The reference engine with one clock, read in place.

It sums decimal values in floating point from one end of a table to the other, which costs it some 2e-9 of the smallest
sums. So what other engines are compared with is what it makes of the same values in whole hundredths, which floating
point sums exactly, divided by 100 afterwards.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import workload


def load(folder: Path) -> tuple[Any, Any]:
    """The tables as arrays."""
    return workload.load(folder)


def compute(tables: tuple[Any, Any], dtype: type) -> np.ndarray:
    """All features of all rows."""
    return matrix("m_numpy", tables, dtype)


def matrix(module: str, tables: tuple[Any, Any], dtype: type) -> np.ndarray:
    """All features of all rows, a column for each row, by one module of the reference."""
    folder = str(workload.reference_folder())
    if folder not in sys.path:
        sys.path.insert(0, folder)
        os.environ["OUT64"] = "1" if dtype is np.float64 else "0"
    return importlib.import_module(module).compute(tables).T


def exact(module: str, tables: tuple[Any, Any]) -> np.ndarray:
    """All features of all rows in float64, free of the rounding of long sums."""
    events, rows = tables
    hundredths = {name: {**table, "value": np.rint(table["value"] * 100)} for name, table in events.items()}
    out = matrix(module, (hundredths, rows), np.float64)
    for column, name in zip(out, workload.FEATURES, strict=True):
        if name.split("__")[1] in workload.FLOATS:
            column /= 100
    return out


def expected(tables: tuple[Any, Any]) -> np.ndarray:
    """What other engines with one clock are compared with."""
    return exact("m_numpy", tables)
