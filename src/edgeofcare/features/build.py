"""Features of a cohort: what was known of each child before each index date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.held import check_held
from edgeofcare.features.index import index_days
from edgeofcare.features.measures import table_column
from edgeofcare.features.names import as_features
from edgeofcare.features.people import People, child_column
from edgeofcare.features.rows import Rows
from edgeofcare.features.specs.combined import Combined, Difference
from edgeofcare.features.specs.numbers import Last
from edgeofcare.features.specs.spells import Overlap
from edgeofcare.features.streams import PartStreams, TableStreams
from edgeofcare.progress import watched
from edgeofcare.records.records import Records
from edgeofcare.records.strangers import refuse_strangers

__all__ = ["build_features"]

_DTYPES = ("float64", "float32")
_ROWS_AT_ONCE = 500_000


def build_features(
    records: Records,
    cohort: pd.DataFrame,
    features: Iterable[Feature | str],
    *,
    dtype: str = "float64",
    part_rows: int | None = None,
    progress: bool | None = False,
) -> pd.DataFrame:
    """Build features of every row of a cohort from what was known before its index date.

    Parameters
    ----------
    records : Records
        The case records.
    cohort : DataFrame
        Any frame on the index (household_id, child_id, index_date); only the index is used.
    features : iterable of Feature or str
        Specs or feature names; :func:`edgeofcare.default_features` is a start.
    dtype : {"float64", "float32"}, default "float64"
        Of the columns. Values are computed in float64 either way; float32 takes half the memory.
    part_rows : int, optional
        How many rows are worked on at a time, which bounds memory: whole children, so one child with more rows is a
        part of its own. The features are the same to the last bit. By default half a million.
    progress : bool or None, default False
        Whether to show a progress bar; None shows one where a person watches.

    Returns
    -------
    DataFrame
        One column of ``dtype`` for each feature, on the cohort's index; the last code of a column is a pandas
        category. NaN means unknown: a window that reaches before ``records.observed_from``, siblings of whom the
        records cannot say who they are (``records.links``), a column that the source does not hold
        (``records.absent_columns``), or a value that an empty window does not have.

    Raises
    ------
    IndexNamesError
        If the cohort does not carry the index, or an index date is missing, has a time or is no date.
    RecordsError
        If the cohort has children whom the records do not hold.
    SpecError
        If a feature or an option is not understood.

    Notes
    -----
    An event counts where it happened in ``[index_date - lookback, index_date)`` and was known before ``index_date``.
    An event on the index date itself is future. A spell that had ended looks open until its end was known.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort
    >>> from edgeofcare.synthetic.records import make_records
    >>> from edgeofcare.task import Task
    >>> records = make_records(100, random_state=0)
    >>> cohort = build_cohort(records, Task(), index_dates=["2020-04-01"])
    >>> build_features(records, cohort, ["child.age", "cp_plan.active"]).columns.tolist()
    ['child.age', 'cp_plan.active']
    """
    days = index_days(cohort)
    most = _checked(dtype, part_rows)
    specs = as_features(features)
    plain = _plain(specs)
    check_held(records, plain)
    refuse_strangers(records, cohort.index.get_level_values("child_id"))
    ids, code = np.unique(cohort.index.get_level_values("child_id").to_numpy(dtype=str), return_inverse=True)
    rows = Rows.sort(code, days, ids.size)
    columns = _Columns(specs, plain, len(cohort), dtype)
    people, parts = People(records, ids), list(rows.parts(most))
    for table, wanted in watched(_by_table(plain).items(), "Building features", progress=progress):
        _fill(columns, people, parts, table, wanted)
    columns.restore(rows)
    return columns.frame(cohort.index)


def _checked(dtype: str, part_rows: int | None) -> int:
    """The rows of a part; options that are not understood are refused."""
    if dtype not in _DTYPES:
        msg = f"dtype must be 'float64' or 'float32'; got {dtype!r}."
        raise SpecError(msg)
    if part_rows is None:
        return _ROWS_AT_ONCE
    if isinstance(part_rows, bool) or not isinstance(part_rows, int | np.integer) or part_rows < 1:
        msg = f"part_rows must be a whole number from 1, or None; got {part_rows!r}."
        raise SpecError(msg)
    return int(part_rows)


def _plain(specs: Sequence[Feature]) -> list[Feature]:
    """Every feature that is not made of others, once."""
    plain = [(spec.first, spec.second) if isinstance(spec, Combined) else (spec,) for spec in specs]
    return list(dict.fromkeys(each for several in plain for each in several))


def _by_table(specs: Iterable[Feature]) -> dict[str, list[Feature]]:
    """Features by table; features of the child itself by an empty name."""
    found: dict[str, list[Feature]] = {}
    for spec in specs:
        found.setdefault(getattr(spec, "table", ""), []).append(spec)
    return found


def _fill(columns: _Columns, people: People, parts: Sequence[Rows], table: str, specs: Sequence[Feature]) -> None:
    """Compute the features of one table, part by part."""
    others = {spec.other for spec in specs if isinstance(spec, Overlap)}
    tables = {name: TableStreams(people, name) for name in {table, *others} if name}
    for rows in parts:
        streams = PartStreams(rows, tables)
        for spec in specs:
            values = table_column(streams, spec) if isinstance(spec, TableFeature) else child_column(people, rows, spec)
            for out in columns.places(spec):
                rows.write(values, out)


class _Columns:
    """The columns to be filled: numbers in one block, the places of codes in another."""

    def __init__(self, specs: Sequence[Feature], plain: Sequence[Feature], size: int, dtype: str) -> None:
        self._specs = specs
        self._coded = [spec for spec in specs if isinstance(spec, Last) and spec.categories]
        self._numbers = [spec for spec in specs if spec not in self._coded]
        self._values = np.empty((len(self._numbers), size), dtype=dtype)
        self._codes = np.empty((len(self._coded), size), dtype=np.float32)
        stored: list[Feature] = [*self._numbers, *self._coded]
        held = dict(zip(stored, [*self._values, *self._codes], strict=True))
        self._out = {spec: [held[spec]] if spec in held else [] for spec in plain}
        self._parts: dict[Feature, np.ndarray] = {}
        for part in _plain([spec for spec in specs if isinstance(spec, Combined)]):
            exact = held.get(part) if dtype == "float64" else None
            self._parts[part] = np.empty(size) if exact is None else exact
            self._out[part] += [] if exact is not None else [self._parts[part]]

    def places(self, spec: Feature) -> list[np.ndarray]:
        """Where the values of a plain feature go."""
        return self._out[spec]

    def restore(self, rows: Rows) -> None:
        """Bring what was computed into the order of the cohort."""
        for out in {id(out): out for places in self._out.values() for out in places}.values():
            rows.restore(out)

    def frame(self, index: pd.Index) -> pd.DataFrame:
        """All columns, with combinations made of the features that they combine."""
        for spec, out in zip(self._numbers, self._values, strict=True):
            if isinstance(spec, Combined):
                out[:] = _combined(spec, self._parts[spec.first], self._parts[spec.second])
        frame = pd.DataFrame(self._values.T, index=index, columns=pd.Index([spec.name for spec in self._numbers]))
        for spec, places in zip(self._coded, self._codes, strict=True):
            codes = np.where(np.isnan(places), -1, places).astype(np.int64)
            category = pd.Categorical.from_codes(codes, categories=pd.Index(spec.categories))
            frame.insert(self._specs.index(spec), spec.name, pd.Series(category, index=index))
        return frame


def _combined(spec: Combined, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One feature by another, or less another."""
    if isinstance(spec, Difference):
        return first - second
    return np.divide(first, second, out=np.full(first.size, np.nan), where=second != 0)
