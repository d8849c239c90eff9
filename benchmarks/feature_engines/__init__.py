"""Engines that compute the 125 features of the workload, each by the same two functions.

``load(folder)`` brings the tables into memory in the form that the engine works on, and is not timed.
``compute(tables, dtype)`` gives a matrix with a row for each of ``workload.FEATURES`` and a column for each of the
caller's rows, and is what is timed. All keep one convention: a window is ``[t - lookback, t)``; an empty count and
sum is 0; an empty mean, largest and time since is NaN.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from types import ModuleType

import workload


@dataclass(frozen=True)
class Engine:
    """One engine: the module that runs it, what must be installed for it, and whether it uses both clocks."""

    module: str
    needs: tuple[str, ...] = ()
    two_clocks: bool = False

    def imported(self) -> ModuleType:
        """The module that runs it."""
        return importlib.import_module(f"feature_engines.{self.module}")

    def missing(self) -> str:
        """What is not installed of what it needs; nothing where it can run."""
        if self.module.startswith("reference") and workload.reference_folder() is None:
            return "the folder benchmarks/features of EDGEOFCARE_SAMPLES"
        return ", ".join(name for name in self.needs if importlib.util.find_spec(name) is None)


ENGINES = {
    "edgeofcare": Engine("ours"),
    "edgeofcare, two clocks": Engine("ours_two_clocks", two_clocks=True),
    "edgeofcare, in parts": Engine("ours_in_parts"),
    "reference": Engine("reference"),
    "reference, two clocks": Engine("reference_two_clocks", two_clocks=True),
    "polars rolling": Engine("polars_rolling", ("polars",)),
    "DuckDB range join": Engine("duckdb_join", ("duckdb",)),
    "timeseriesflattener": Engine("flattener", ("attr", "polars", "timeseriesflattener")),
}
