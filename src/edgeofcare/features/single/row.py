"""The features of one child on one day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeofcare.features.feature import Feature
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.features.specs.combined import Combined

__all__ = ["CountedRows", "SingleFeatures", "SingleRow"]


@dataclass(frozen=True, eq=False, repr=False)
class CountedRows:
    """The source rows that count in a value, oldest first."""

    tables: list[str]
    row_keys: list[str]
    dates: np.ndarray
    end_dates: np.ndarray
    known: np.ndarray

    def __len__(self) -> int:
        """How many rows count."""
        return len(self.tables)


class SingleRow:
    """The features of one child on one day, and the rows behind each."""

    def __init__(
        self, features: tuple[Feature, ...], records: ChildRecords, index_date: np.datetime64, values: np.ndarray
    ) -> None:
        self.features = features
        self.values = values
        self.index_date = index_date
        self._records = records

    def counted(self, position: int) -> CountedRows:
        """The rows that count in a feature."""
        return self._counted(self.features[position])

    def unknown(self, position: int) -> str:
        """Why a feature is unknown; empty where it is known."""
        looks = self._evidence(self.features[position]).looks
        return next((look.unknown for look in looks if look.unknown), "")

    def part(self, position: int, which: int) -> tuple[Feature, float, CountedRows, str]:
        """One of the two features that a combined one is made of."""
        spec = self.features[position]
        assert isinstance(spec, Combined)
        part = (spec.first, spec.second)[which]
        found = self._evidence(part)
        return part, float(found.value), self._counted(part), found.looks[0].unknown

    def _evidence(self, spec: Feature):  # type: ignore[no-untyped-def]
        """Through the frames."""
        from edgeofcare.features.evidence import evidence

        return evidence(self._records.whole, [spec], ("", self._records.child_id, self.index_date), spec)

    def _counted(self, spec: Feature) -> CountedRows:
        """Through the frames."""
        frame = self._evidence(spec).counted()
        dates = [frame[name].to_numpy().astype("datetime64[D]") for name in ("date", "end_date", "known")]
        return CountedRows(frame["table"].tolist(), frame["row_key"].tolist(), *dates)


class SingleFeatures:
    """A plan for the features of a model, made once."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = tuple(features)

    def row(self, records: ChildRecords, index_date: np.datetime64 | dt.date | str) -> SingleRow:
        """The features of one child on one day."""
        import pandas as pd

        from edgeofcare.features.build import build_features

        day = np.datetime64(index_date, "D")
        names = ["household_id", "child_id", "index_date"]
        index = pd.MultiIndex.from_tuples([("", records.child_id, pd.Timestamp(day))], names=names)
        built = build_features(records.whole, pd.DataFrame(index=index), self.features)
        places = [built[name].cat.codes if built[name].dtype == "category" else built[name] for name in built]
        values = np.array([float(column.iloc[0]) for column in places])
        coded = np.array([built[name].dtype == "category" for name in built])
        return SingleRow(self.features, records, day, np.where(coded & (values < 0), np.nan, values))
