"""The rows of an SSDA903 return: what an authority reports of its looked-after children after each 31 March."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from edgeofcare.schema.codes import SHORT_BREAKS
from edgeofcare.synthetic.writers.return_tables import (
    ReturnYear,
    Source,
    as_known,
    first_after,
    latest_before,
    looked_up,
    postcodes,
    pupil_numbers,
    running,
    values_of,
)
from edgeofcare.synthetic.writers.ssd_values import text

__all__ = ["HEADERS", "SEX_LETTERS_FROM", "reported_episodes", "reported_statuses", "return_files"]

HEADERS: dict[str, tuple[str, ...]] = {
    "header": ("CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB"),
    "episodes": (
        "CHILD", "DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC", "REASON_PLACE_CHANGE",
        "HOME_POST", "PL_POST", "URN",
    ),
    "reviews": ("CHILD", "DOB", "REVIEW", "REVIEW_CODE"),
    "uasc": ("CHILD", "SEX", "DOB", "DUC"),
    "oc2": (
        "CHILD", "DOB", "SDQ_SCORE", "SDQ_REASON", "CONVICTED", "HEALTH_CHECK", "IMMUNISATIONS", "TEETH_CHECK",
        "HEALTH_ASSESSMENT", "SUBSTANCE_MISUSE", "INTERVENTION_RECEIVED", "INTERVENTION_OFFERED",
    ),
    "oc3": ("CHILD", "DOB", "IN_TOUCH", "ACTIV", "ACCOM"),
    "ad1": ("CHILD", "DOB", "DATE_INT", "DATE_MATCH", "FOSTER_CARE", "NB_ADOPTR", "SEX_ADOPTR", "LS_ADOPTR"),
    "placed_for_adoption": ("CHILD", "DOB", "DATE_PLACED", "DATE_PLACED_CEASED", "REASON_PLACED_CEASED"),
    "previous_permanence": ("CHILD", "DOB", "PREV_PERM", "LA_PERM", "DATE_PERM"),
    "missing": ("CHILD", "DOB", "MISSING", "MIS_START", "MIS_END"),
    "sw_episodes": ("CHILD", "DOB", "SW_ID", "SW_DECOM", "SW_DEC", "SW_REASON"),
}  # fmt: skip
"""Columns of each file of a return, by its name."""

SEX_LETTERS_FROM = 2025
"""First return year whose SEX is M, F or U; it was 1 or 2 before."""

_WORKERS_FROM = 2024
_PERMANENCE = {"E11": "P1", "E12": "P1", "E41": "P3", **dict.fromkeys(("E45", "E46", "E47", "E48"), "P2")}
_NEEDS = [f"N{number}" for number in range(1, 9)]
_YEAR = pd.DateOffset(years=1)


def _day(dates: pd.Series) -> pd.Series:
    """Dates as dd/mm/yyyy, empty where missing."""
    return text(dates.dt.strftime("%d/%m/%Y"))


def reported_episodes(source: Source, year: ReturnYear) -> pd.DataFrame:
    """Care episodes that were open on any day of a return year, as known at its end.

    Parameters
    ----------
    source : Source
        What the return is made from.
    year : ReturnYear
        The year.

    Returns
    -------
    DataFrame
        Care episodes with ``status``, ``type``, ``provider``, ``moved`` (why the placement ended with the episode)
        and ``postcode``, sorted by child and start.
    """
    episodes = running(source.tables["care_episodes"], "care_episodes", year)
    statuses = source.tables["legal_statuses"]
    placements = as_known(source.tables["placements"], "placements", year.last)
    place = latest_before(episodes, "start_date", placements, by="period_key")
    children = source.tables["children"]
    home = postcodes(children).set_axis(children["child_id"])
    left = placements["end_date"].reindex(place).to_numpy() == episodes["end_date"].to_numpy()
    return episodes.assign(
        status=values_of(statuses, "status", reported_statuses(episodes, statuses)),
        type=values_of(placements, "type", place),
        provider=values_of(placements, "provider", place),
        moved=values_of(placements, "change_reason", place).where(left, ""),
        postcode=looked_up(episodes["child_id"], home),
    )


def reported_statuses(episodes: pd.DataFrame, statuses: pd.DataFrame) -> pd.Series:
    """Where the legal status of each episode is: in force on its first day, else the first that begins later.

    Parameters
    ----------
    episodes : DataFrame
        Care episodes.
    statuses : DataFrame
        Legal statuses; those under which a child is not looked after are passed over.

    Returns
    -------
    Series of float64
        Labels of ``statuses`` on the index of ``episodes``; NaN where there is none.
    """
    statuses = statuses[statuses["status"].ne("NONE").fillna(False)]
    short = statuses["status"].isin(SHORT_BREAKS)
    statuses = statuses.assign(short=~short).sort_values(["start_date", "short", "row_key"])
    found = latest_before(episodes, "start_date", statuses)
    ended = statuses["end_date"].reindex(found).to_numpy() <= episodes["start_date"].to_numpy()
    return found.where(~ended, first_after(episodes, "start_date", statuses))


def return_files(source: Source, year: ReturnYear, episodes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The files of one return, all values as text.

    Parameters
    ----------
    source : Source
        What the return is made from.
    year : ReturnYear
        The year.
    episodes : DataFrame
        What :func:`reported_episodes` gave.

    Returns
    -------
    dict of str to DataFrame
        Every file of :data:`HEADERS` by name. Files of which nothing is simulated have no rows: reviews, care
        leavers and adoption. Workers are returned from 2023/24 on.
    """
    children = source.tables["children"]
    children = children[children["child_id"].isin(episodes["child_id"])]
    rows: dict[str, pd.DataFrame] = {
        "header": _header(children, year),
        "episodes": _episodes(episodes),
        "uasc": _asylum(source, year, children),
        "oc2": _outcomes(source, year, episodes),
        "previous_permanence": _permanence(source, year, children),
        "missing": _in_care(source, year, "missing_episodes", _missing),
    }
    if year.year >= _WORKERS_FROM:
        rows["sw_episodes"] = _in_care(source, year, "worker_involvements", _workers)
    births = _day(children["birth_date"]).set_axis(children["child_id"])
    files = {}
    for name, columns in HEADERS.items():
        if name == "sw_episodes" and name not in rows:
            continue
        frame = rows.get(name, pd.DataFrame({"CHILD": []}, dtype=object))
        if "DOB" in columns and "DOB" not in frame:
            frame = frame.assign(DOB=looked_up(frame["CHILD"], births))
        files[name] = frame.reindex(columns=list(columns), fill_value="").reset_index(drop=True)
    return files


def _sex(children: pd.DataFrame, year: ReturnYear) -> pd.Series:
    """Sex as letters, or as 1 and 2 in earlier years, which had no code for unknown."""
    if year.year >= SEX_LETTERS_FROM:
        return text(children["sex"]).where(children["sex"].notna(), "U")
    return text(children["sex"].astype(object).map({"M": "1", "F": "2"}))


def _header(children: pd.DataFrame, year: ReturnYear) -> pd.DataFrame:
    """One row for each child."""
    return pd.DataFrame(
        {
            "CHILD": children["child_id"],
            "SEX": _sex(children, year),
            "DOB": _day(children["birth_date"]),
            "ETHNIC": text(children["ethnicity"]).where(children["ethnicity"].notna(), "NOBT"),
            "UPN": pupil_numbers(children),
        }
    )


def _episodes(episodes: pd.DataFrame) -> pd.DataFrame:
    """Episodes; a postcode of the placement only where it ends in this place or goes on, as systems hold them."""
    return pd.DataFrame(
        {
            "CHILD": episodes["child_id"],
            "DECOM": _day(episodes["start_date"]),
            "RNE": text(episodes["start_reason"]),
            "LS": text(episodes["status"]),
            "CIN": text(episodes["need"]).where(episodes["need"].isin(_NEEDS), ""),
            "PLACE": text(episodes["type"]),
            "PLACE_PROVIDER": text(episodes["provider"]),
            "DEC": _day(episodes["end_date"]),
            "REC": text(episodes["end_reason"]),
            "REASON_PLACE_CHANGE": text(episodes["moved"]),
            "HOME_POST": text(episodes["postcode"]),
            "PL_POST": "ZZ99 9ZZ",
        }
    )


def _asylum(source: Source, year: ReturnYear, children: pd.DataFrame) -> pd.DataFrame:
    """Unaccompanied asylum-seeking children in care in the year, and when the status ends: at 18 if nothing else."""
    held = running(source.tables["immigration_statuses"], "immigration_statuses", year)
    held = held[held["uasc"].fillna(False).astype(bool)].drop_duplicates("child_id", keep="last")
    held = children.merge(held[["child_id", "end_date"]], on="child_id")
    adult = (held["birth_date"] + pd.DateOffset(years=18)).astype("datetime64[s]")
    until = held["end_date"].fillna(adult)
    birth = _day(held["birth_date"])
    return pd.DataFrame(
        {
            "CHILD": held["child_id"],
            "SEX": _sex(held, year),
            "DOB": birth,
            "DUC": _day(until.where(until < adult, adult)),
        }
    )


def _outcomes(source: Source, year: ReturnYear, episodes: pd.DataFrame) -> pd.DataFrame:
    """Children looked after for the whole year, other than in short breaks, and whether they were convicted."""
    counted = episodes[~episodes["status"].isin(SHORT_BREAKS)]
    now = counted[counted["end_date"].isna()]
    since = source.tables["care_episodes"].groupby("period_key")["start_date"].min()
    now = now[looked_up(now["period_key"], since) <= year.last - _YEAR]
    offences = as_known(source.tables["offences"], "offences", year.last)
    convicted = offences.loc[offences["date"] >= year.first, "child_id"]
    children = now["child_id"].drop_duplicates()
    return pd.DataFrame({"CHILD": children, "CONVICTED": np.where(children.isin(convicted), "1", "0")})


def _permanence(source: Source, year: ReturnYear, children: pd.DataFrame) -> pd.DataFrame:
    """The permanence option under which each child left care before, Z1 where there is none."""
    episodes = as_known(source.tables["care_episodes"], "care_episodes", year.last)
    option = episodes["end_reason"].astype(object).map(_PERMANENCE)
    left = episodes.assign(option=option)[option.notna()].sort_values(["child_id", "end_date"])
    again = episodes.groupby("child_id")["start_date"].max()
    left = left[left["end_date"] <= looked_up(left["child_id"], again)].drop_duplicates("child_id", keep="last")
    left = children[["child_id"]].merge(left[["child_id", "option", "end_date"]], on="child_id", how="left")
    return pd.DataFrame(
        {
            "CHILD": left["child_id"],
            "PREV_PERM": text(left["option"].fillna("Z1")),
            "DATE_PERM": _day(left["end_date"]),
        }
    )


def _in_care(
    source: Source, year: ReturnYear, name: str, write: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Spells of a table that ran in the year and began while the child was in care, or while care began in them."""
    spells = running(source.tables[name], name, year)
    care = running(source.tables["care_episodes"], "care_episodes", year)[["child_id", "start_date", "end_date"]]
    pairs = spells[["row_key", "child_id", "start_date", "end_date"]].merge(care, on="child_id", suffixes=("", "_care"))
    begun_in_care = ~(pairs["end_date_care"] <= pairs["start_date"])
    if name == "missing_episodes":
        within = begun_in_care & (pairs["start_date_care"] <= pairs["start_date"])
    else:
        within = begun_in_care & ~(pairs["end_date"] <= pairs["start_date_care"])
    return write(spells[spells["row_key"].isin(pairs.loc[within, "row_key"])])


def _missing(spells: pd.DataFrame) -> pd.DataFrame:
    """Missing episodes of children in care."""
    kind = text(spells["type"]).replace("", "M")
    start, end = _day(spells["start_date"]), _day(spells["end_date"])
    return pd.DataFrame({"CHILD": spells["child_id"], "MISSING": kind, "MIS_START": start, "MIS_END": end})


def _workers(spells: pd.DataFrame) -> pd.DataFrame:
    """Workers of children in care."""
    return pd.DataFrame(
        {
            "CHILD": spells["child_id"],
            "SW_ID": text(spells["worker"]),
            "SW_DECOM": _day(spells["start_date"]),
            "SW_DEC": _day(spells["end_date"]),
            "SW_REASON": text(spells["change_reason"]),
        }
    )
