"""Reading features that were built in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from edgeofcare.cohort import INDEX_NAMES
from edgeofcare.exceptions import SpecError
from edgeofcare.scale.build import read_job
from edgeofcare.scale.columns import column_names, feature_frame
from edgeofcare.scale.files import part_folder, read_parquet
from edgeofcare.scale.run import FEATURES

__all__ = ["iterate_features", "read_features"]


def read_features(out_folder: str | Path, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read features that were built in parts, as one frame.

    Parameters
    ----------
    out_folder : path
        That :func:`edgeofcare.scale.build.build_features_in_parts` wrote.
    columns : iterable of str, optional
        Columns to read beside the index; all if not given. Reading few takes little memory.

    Returns
    -------
    DataFrame
        On the index (household_id, child_id, index_date), sorted: the columns of the cohort; the features; and, with
        labels, ``entered_care`` (nullable integer, missing where the row has no label), ``followup_days``,
        ``end_reason``, ``complete`` and ``labelled``.

    Raises
    ------
    SpecError
        If not all parts are done, or there is no such column.
    """
    frames = list(iterate_features(out_folder, columns))
    frame = pd.concat([each for each in frames if len(each)] or frames[:1]).sort_index()
    if "authority" in frame:
        if frame["authority"].isna().all():  # the records name none, as those of most authorities
            return frame if columns is not None else frame.drop(columns="authority")
        frame["authority"] = frame["authority"].fillna("not recorded")
    return frame


def iterate_features(out_folder: str | Path, columns: Iterable[str] | None = None) -> Iterator[pd.DataFrame]:
    """Read features that were built in parts, one part at a time.

    Parameters
    ----------
    out_folder, columns
        As for :func:`read_features`.

    Yields
    ------
    DataFrame
        The rows of one part, with whole households.

    Raises
    ------
    SpecError
        As for :func:`read_features`.
    """
    job, n_parts = read_job(out_folder)
    known = column_names(job)
    wanted = known if columns is None else list(columns)
    if unknown := sorted(set(wanted) - set(known)):
        msg = f"The features in the folder have no column {', '.join(map(repr, unknown[:5]))}."
        raise SpecError(msg)
    for number in range(n_parts):
        path = part_folder(out_folder, number) / FEATURES
        yield feature_frame(read_parquet(path, [*INDEX_NAMES, *wanted]), job)
