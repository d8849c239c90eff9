"""Write records as the CSV files of a Standard Safeguarding Dataset extract."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.writers.ssd_links import linked_tables
from edgeofcare.synthetic.writers.ssd_mosaic import MOSAIC, UPPER_CASE
from edgeofcare.synthetic.writers.ssd_systemc import SYSTEMC
from edgeofcare.synthetic.writers.ssd_values import numbered

__all__ = ["ssd_tables", "write_ssd"]

_FLAVOURS = {"systemc": SYSTEMC, "mosaic": MOSAIC}


def write_ssd(
    records: Records | Mapping[str, pd.DataFrame],
    folder: str | Path,
    *,
    flavour: str = "systemc",
    observed_until: str | None = None,
) -> list[Path]:
    """Write one CSV file for each SSD table, as a case system would extract it.

    Parameters
    ----------
    records : Records or mapping of str to DataFrame
        Records, or canonical tables by name.
    folder : str or Path
        Where to write; made if it is not there.
    flavour : {"systemc", "mosaic"}
        Whose column names and values to write.
    observed_until : str, optional
        Last date of the extract, to tell unborn children; that of the records, or the latest contact, if not given.

    Returns
    -------
    list of Path
        The files, in order of their names.

    Raises
    ------
    SpecError
        If there is no such flavour.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_ssd(make_records(50, random_state=0), folder)
    >>> files[0].name
    'ssd_address.csv'
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in sorted(ssd_tables(records, flavour=flavour, observed_until=observed_until).items()):
        path = target / f"{name}.csv"
        path.write_bytes(frame.to_csv(index=False, lineterminator="\n").encode())
        written.append(path)
    return written


def ssd_tables(
    records: Records | Mapping[str, pd.DataFrame], *, flavour: str = "systemc", observed_until: str | None = None
) -> dict[str, pd.DataFrame]:
    """The SSD tables of records, all values as text, by the name of the table.

    Parameters
    ----------
    records, flavour, observed_until
        As for :func:`write_ssd`.

    Returns
    -------
    dict of str to DataFrame
        One frame for each SSD table.

    Raises
    ------
    SpecError
        If there is no such flavour.
    """
    if flavour not in _FLAVOURS:
        msg = f"flavour must be one of {', '.join(map(repr, _FLAVOURS))}; got {flavour!r}."
        raise SpecError(msg)
    tables = {name: records.table(name) for name in TABLES} if isinstance(records, Records) else dict(records)
    last = records.observed_until if isinstance(records, Records) else observed_until
    last = pd.Timestamp(last) if last is not None else tables["contacts"]["date"].max()
    sources = _sources(linked_tables(tables), last)
    if flavour == "mosaic":
        sources["legal_statuses"] = sources["legal_statuses"].query("status != 'NONE'")
    frames = {}
    for name, (source, encoders) in _FLAVOURS[flavour].items():
        frame = pd.DataFrame({column: encode(sources[source]) for column, encode in encoders.items()})
        frames[name] = frame.rename(columns=str.upper) if flavour == "mosaic" and name in UPPER_CASE else frame
    return frames


def _sources(tables: dict[str, pd.DataFrame], last: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Canonical tables, and those that SSD arranges otherwise."""
    children = tables["children"]
    births = children.set_index("child_id")["birth_date"]
    links = tables["relationships"]
    mothers = links[links["kind"] == "mother"]
    statuses = tables["legal_statuses"]
    sixteen = statuses["child_id"].map(births) + pd.DateOffset(years=16)
    number = numbered(children["child_id"])
    postcode = "ZZ" + (number % 90 + 10).astype(str) + " " + (number // 90 % 10).astype(str) + "ZZ"
    return {
        **tables,
        "children": children.assign(unborn=children["birth_date"] > last),
        "families": links[links["kind"] == "family"],
        "mothers": mothers.assign(birth_date=mothers["child_id"].map(births)),
        "addresses": children.assign(postcode=postcode),
        "legal_statuses": statuses.assign(over_16=statuses["start_date"] >= sixteen),
        "factor_lists": _factor_lists(tables["assessment_factors"]),
    }


def _factor_lists(factors: pd.DataFrame) -> pd.DataFrame:
    """One row for each assessment, with its factors as a JSON array and as answers to single questions."""
    order = {code: place for place, code in enumerate(CODE_LISTS["factor"])}
    rows = factors.assign(form=factors["row_key"].str.split(":").str[0], place=factors["factor"].map(order))
    rows = rows.sort_values(["form", "place"], kind="stable")
    first = rows.drop_duplicates("form")
    edges = np.append(np.flatnonzero(~rows["form"].duplicated().to_numpy()), len(rows))
    codes = rows["factor"].to_numpy()
    lists = [codes[low:high] for low, high in pairwise(edges)]
    return pd.DataFrame(
        {
            "row_key": first["form"].to_numpy(),
            "assessment_id": first["assessment_id"].to_numpy(),
            "listed": ["[" + ",".join(f'"{code}"' for code in found) + "]" for found in lists],
            "answered": [_answers(list(found)) for found in lists],
        }
    )


def _answers(found: list[str]) -> str:
    """Answers as JSON: Yes to what was found, and No to two common questions otherwise."""
    no = [code for code in ("1B", "3B", "10A") if code not in found][:2]
    answers = [*((code, "Yes") for code in found), *((code, "No") for code in no)]
    return "{" + ",".join(f'"{code}":"{word}"' for code, word in answers) + "}"
