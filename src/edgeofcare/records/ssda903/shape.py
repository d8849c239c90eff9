"""Canonical tables from SSDA903 returns: children, episodes stitched into spells, missing episodes, asylum status."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from edgeofcare.records.findings import Findings, counted, quoted_statuses
from edgeofcare.records.ssda903.stitching import period_starts, stitched
from edgeofcare.records.values import as_codes

__all__ = ["canonical_shape"]

_SEXES = {"1": "M", "2": "F", "0": "U", "3": "U", "9": "U"}
_DISAGREE = {"sex": ("SEX", "903 202"), "birth_date": ("DOB", "903 203"), "ethnicity": ("ETHNIC", "903 204")}
_CODES = {"start_reason": "903 143", "end_reason": "903 149"}


def canonical_shape(
    kinds: Mapping[str, pd.DataFrame], code_maps: Mapping[str, Mapping[str, str]], findings: Findings
) -> dict[str, pd.DataFrame]:
    """Tables for :meth:`Records.from_tables` of the files of all returns.

    Parameters
    ----------
    kinds : mapping of str to DataFrame
        As :func:`edgeofcare.records.ssda903.years.dated_kinds` gives them.
    code_maps : mapping
        For each code list, local text to canonical code.
    findings : Findings
        Is told of repairs and of what is left out.

    Returns
    -------
    dict of str to DataFrame
        Canonical tables. Row keys are the child's number and the first day.
    """
    raw = _sound(kinds["episodes"], "episodes", "DECOM", "DEC", "903 356", findings)
    raw = _end_and_reason(_coded(raw, code_maps, findings), findings)
    episodes = stitched(raw, findings)
    episodes = episodes.assign(
        period_key=_key(episodes["child"], period_starts(episodes)), end_seen=_ends_seen_later(episodes)
    )
    children = _children(kinds["header"], findings)
    _tell_doubts(episodes, findings)
    tables = {
        "children": _with_deaths(children, episodes, findings),
        "care_episodes": _care_episodes(episodes),
        "legal_statuses": _legal_statuses(episodes),
        "placements": _placements(episodes),
    }
    if "missing" in kinds:
        _tell_births(kinds["missing"], children, "missing", findings)
        tables["missing_episodes"] = _missing_episodes(kinds["missing"], findings)
    if "uasc" in kinds:
        _tell_births(kinds["uasc"], children, "uasc", findings)
        tables["immigration_statuses"] = _asylum(kinds["uasc"], episodes, findings)
    return tables


def _key(child: pd.Series, day: pd.Series) -> pd.Series:
    """A row key: the child's own number and a day."""
    return child + ":" + day.dt.strftime("%Y%m%d")


def _sound(
    frame: pd.DataFrame, kind: str, start: str, end: str, backwards_rule: str, findings: Findings
) -> pd.DataFrame:
    """Rows that name a child and begin before they end; the others are a problem, or left out."""
    gone = pd.Series(data=False, index=frame.index)
    for column, wrong, why, expected in (
        ("CHILD", frame["child"].isna(), "no child", "Each row names a child."),
        (start, frame["start"].isna(), "no first day", "Each row has a first day."),
        (end, frame["end"] < frame["start"], f"ends before it begins ({backwards_rule})", "Correct the dates."),
    ):
        told = wrong & ~gone if findings.invalid == "drop" else wrong
        findings.invalid_rows(kind, column, int(told.sum()), why, expected)
        gone |= wrong
    return frame[~gone]


def _coded(episodes: pd.DataFrame, code_maps: Mapping[str, Mapping[str, str]], findings: Findings) -> pd.DataFrame:
    """Episodes with canonical codes; an unknown legal status is a problem, since it decides what counts as care."""
    for name, column in (("start_reason", "RNE"), ("end_reason", "REC")):
        codes, unknown = as_codes(episodes[name], name, code_maps[name])
        why = "the code is not in the national list"
        findings.note("episodes", column, int(unknown.sum()), "emptied", why, rule=_CODES[name])
        episodes = episodes.assign(**{name: codes})
    codes, unknown = as_codes(episodes["status"], "legal_status", code_maps["legal_status"])
    if len(unknown):
        findings.problem(
            f"episodes: column 'LS' has {counted(len(unknown), 'status', 'statuses')} that no code map knows: "
            f"{quoted_statuses(unknown)}. Add each to your code map: code_maps={{'legal_status': {{text: code}}}}."
        )
    nothing = int(episodes["status"].isna().sum())
    findings.note("episodes", "LS", nothing, "ignored", "no legal status", rule="903 144")
    return episodes.assign(status=codes)


def _end_and_reason(episodes: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Episodes whose reason for ceasing goes where they have not ceased."""
    open_still, reason = episodes["end"].isna(), episodes["end_reason"].notna()
    why = "a reason for ceasing (REC) without a date (DEC): the episode is open"
    findings.note("episodes", "REC", int((open_still & reason).sum()), "emptied", why, rule="903 148")
    why = "a date of ceasing (DEC) without a reason (REC): the date stands"
    findings.note("episodes", "REC", int((~open_still & ~reason).sum()), "ignored", why, rule="903 148")
    return episodes.assign(end_reason=episodes["end_reason"].mask(open_still))


def _tell_doubts(episodes: pd.DataFrame, findings: Findings) -> None:
    """Tell of what remains odd in the stitched history; nothing is changed."""
    first = ~episodes.duplicated("period_key")
    by_child = episodes.groupby("child")
    before, after = by_child[["need"]].shift(), by_child[["start"]].shift(-1)
    goes_on = episodes["end_reason"] == "X1"
    joined = goes_on & (after["start"] == episodes["end"])
    other_need = ~first & (episodes["need"] != before["need"]) & episodes["need"].notna() & before["need"].notna()
    doubts = (
        ("RNE", first & (episodes["start_reason"] != "S"), "a period of care does not begin with RNE S", "903 357"),
        ("RNE", ~first & (episodes["start_reason"] == "S"), "RNE S within a period of care: no new entry", "903 431"),
        ("REC", goes_on & ~joined, "said to continue (X1), but no episode begins that day: ends there", "903 388"),
        ("CIN", other_need, "the primary need changes within a period of care", "903 504"),
    )
    for column, rows, why, rule in doubts:
        findings.note("episodes", column, int(rows.sum()), "ignored", why, rule=rule)


def _children(header: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """One row for each child: of each column the value of the latest return that has one."""
    findings.invalid_rows("header", "CHILD", int(header["child"].isna().sum()), "no child", "Each row names a child.")
    header = header[header["child"].notna()]
    header = header.assign(sex=header["sex"].replace(_SEXES))
    header = header.drop_duplicates(["child", "order", "sex", "birth_date", "ethnicity"])
    within = int(header.duplicated(["child", "order"]).sum())
    why = "the child is in the header of one return more than once, with different contents"
    findings.note("header", "CHILD", within, "repaired", why, rule="903 INT32")
    columns = ["child", *_DISAGREE, "authority"]
    ordered = header.sort_values(["order", "birth_date", "sex", "ethnicity", "authority"])
    for name, (column, rule) in _DISAGREE.items():
        said = header.groupby("child")[name].nunique()
        why = "returns differ about the child: the latest that says anything stands"
        findings.note("header", column, int((said > 1).sum()), "repaired", why, rule=rule)
    children = ordered[columns].groupby("child", as_index=False).last()
    return children.rename(columns={"child": "child_id"})


def _tell_births(frame: pd.DataFrame, children: pd.DataFrame, kind: str, findings: Findings) -> None:
    """Tell where another file gives a child another date of birth; the header's stands."""
    births = children.set_index("child_id")["birth_date"].reindex(frame["child"])
    held = pd.Series(births.to_numpy(), index=frame.index)
    differs = (frame["birth_date"] != held) & held.notna() & frame["birth_date"].notna()
    why = "another date of birth than the header's, which stands"
    findings.note(kind, "DOB", int(differs.sum()), "ignored", why, rule="903 INT13")


def _with_deaths(children: pd.DataFrame, episodes: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Children with the day of death, where their last episode ended with it (REC E2)."""
    last = ~episodes.duplicated("child", keep="last")
    died = episodes["end_reason"] == "E2"
    why = "the child has episodes after one that ended with death (E2), which is not believed"
    findings.note("episodes", "REC", int((died & ~last).sum()), "ignored", why, rule="903 437")
    deaths = episodes[died & last].set_index("child")["end"]
    return children.assign(death_date=deaths.reindex(children["child_id"]).to_numpy())


def _ends_seen_later(episodes: pd.DataFrame) -> pd.Series:
    """When the end could be seen of an episode that no later return has (RULE_2): once the next return is complete."""
    return (episodes["year_end"] + pd.DateOffset(years=1)).where(episodes["rule"] == "RULE_2").astype("datetime64[s]")


def _care_episodes(episodes: pd.DataFrame) -> pd.DataFrame:
    """Canonical care episodes."""
    names = ["start_reason", "end_reason", "need", "period_key"]
    return pd.DataFrame(
        {
            "row_key": _key(episodes["child"], episodes["start"]),
            "child_id": episodes["child"],
            "start_date": episodes["start"],
            "end_date": episodes["end"],
            "end_recorded_date": episodes["end_seen"],
            **{name: episodes[name] for name in names},
        }
    )


def _spells(episodes: pd.DataFrame, continues: pd.Series, columns: dict[str, str]) -> pd.DataFrame:
    """Spells of episodes, each joined to the one before where it continues that and follows without a day between."""
    joined = continues & (episodes["start"] == episodes.groupby("child")["end"].shift())
    spell = (~joined).cumsum()
    first = episodes.groupby(spell).nth(0)
    last = episodes.groupby(spell).nth(-1)
    return pd.DataFrame(
        {
            "row_key": _key(first["child"], first["start"]).to_numpy(),
            "child_id": first["child"].to_numpy(),
            "start_date": first["start"].to_numpy(),
            "end_date": last["end"].to_numpy(),
            "end_recorded_date": last["end_seen"].to_numpy(),
            **{ours: (last if ours == "change_reason" else first)[name].to_numpy() for ours, name in columns.items()},
        }
    )


def _legal_statuses(episodes: pd.DataFrame) -> pd.DataFrame:
    """Legal statuses: episodes on end with the same one are one spell."""
    held = episodes[episodes["status"].notna()]
    return _spells(held, held["status"] == held.groupby("child")["status"].shift(), {"status": "status"})


def _placements(episodes: pd.DataFrame) -> pd.DataFrame:
    """Placements: an episode that changes the legal status only (RNE L) continues the placement."""
    held = episodes[episodes["place"].notna()]
    before = held.groupby("child")[["place", "provider"]].shift()
    provider = (held["provider"] == before["provider"]) | (held["provider"].isna() & before["provider"].isna())
    same = (held["start_reason"] == "L") & (held["place"] == before["place"]) & provider
    columns = {
        "type": "place",
        "provider": "provider",
        "change_reason": "change_reason",
        "period_key": "period_key",
    }
    return _spells(held, same, columns)


def _missing_episodes(frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Missing episodes: of those that begin on one day the latest return's; none stays open from an earlier one."""
    rows = _sound(frame, "missing", "MIS_START", "MIS_END", "903 567", findings)
    rows = rows.assign(later=-rows["order"], length=rows["start"] - rows["end"], left=rows["end"].isna())
    rows = rows.sort_values(["child", "start", "later", "left", "length", "type"])
    again = rows.duplicated(["child", "start"])
    findings.note("missing", "", int(again.sum()), "dropped", "the same missing episode is there again")
    rows = rows[~again]
    left = rows["left"] & ~rows["latest"]
    why = "open in an earlier return and in none since: ends on 31 March of that return"
    findings.note("missing", "MIS_END", int(left.sum()), "repaired", why)
    at_year_end = rows["year_end"].where(rows["year_end"] >= rows["start"], rows["start"])
    return pd.DataFrame(
        {
            "row_key": _key(rows["child"], rows["start"]),
            "child_id": rows["child"],
            "start_date": rows["start"],
            "end_date": rows["end"].mask(left, at_year_end),
            "end_recorded_date": (rows["year_end"] + pd.DateOffset(years=1)).where(left).astype("datetime64[s]"),
            "type": rows["type"],
        }
    )


def _asylum(frame: pd.DataFrame, episodes: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Asylum status: from the start of the first period of care in a year whose return lists the child, to DUC."""
    rows = frame[frame["child"].notna()]
    findings.invalid_rows("uasc", "CHILD", len(frame) - len(rows), "no child", "Each row names a child.")
    starts = episodes.groupby("period_key")["start"].transform("min")
    spells = pd.DataFrame({"child": episodes["child"], "since": starts, "start": episodes["start"]})
    spells = spells.assign(until=episodes["end"].fillna(pd.Timestamp("2262-01-01")))
    pairs = rows[["child", "year_end"]].drop_duplicates().merge(spells, on="child")
    begin = pairs["year_end"] - pd.DateOffset(years=1)
    pairs = pairs[(pairs["start"] <= pairs["year_end"]) & (pairs["until"] > begin)]
    since = pairs.groupby("child")["since"].min()
    ends = rows.sort_values(["order", "end"]).groupby("child")["end"].last()
    listed = pd.DataFrame({"since": since.reindex(ends.index), "end": ends}).reset_index()
    undated = listed["since"].isna()
    why = "the child has no episode in a year whose return lists it, so the status has no first day"
    findings.note("uasc", "CHILD", int(undated.sum()), "dropped", why)
    ceased = listed["end"] < listed["since"]
    why = "the status ceased (DUC) before the child's period of care began"
    findings.note("uasc", "DUC", int(ceased.sum()), "dropped", why)
    listed = listed[~undated & ~ceased]
    return pd.DataFrame(
        {
            "row_key": listed["child"] + ":uasc",
            "child_id": listed["child"],
            "start_date": listed["since"].astype("datetime64[s]"),
            "end_date": listed["end"],
            "uasc": True,
        }
    )
