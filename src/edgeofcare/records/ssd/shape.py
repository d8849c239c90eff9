"""Giving SSD tables their canonical shape: factors out of JSON, links out of mothers, spells stitched together."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from edgeofcare.records.codes.maps import default_code_maps
from edgeofcare.records.findings import Findings
from edgeofcare.records.values import as_codes, as_dates, as_ids, as_numbers, as_text

__all__ = ["answered_factors", "canonical_shape", "described_sources"]

_UASC = re.compile(r"\buasc\b|unaccompanied", re.IGNORECASE)
_FACTOR = re.compile(r"""["']\s*(\d{1,2}[A-Za-z]?)\s*\\*["']\s*(?:(:)\s*\\*["']?\s*(\w*))?""")
_BARE = re.compile(r"[\[(\s]*\d{1,2}[A-Za-z]?(?:\s*[,;|]\s*\d{1,2}[A-Za-z]?)*[\])\s]*")
_YES = ("yes", "y", "true", "1")
_NO_DISTANCE = 999.9
_LINKED = (
    ("worker_involvements", "referral", "referrals", "row_key"),
    ("placements", "period_key", "care_episodes", "period_key"),
)
_STITCHED = ("care_episodes", "legal_statuses", "placements")


def canonical_shape(frames: dict[str, pd.DataFrame], findings: Findings) -> dict[str, pd.DataFrame]:
    """Tables with canonical names and columns, their values still as the source wrote them.

    Parameters
    ----------
    frames : dict of str to DataFrame
        SSD tables with the columns of :data:`edgeofcare.records.ssd.layout.SSD_COLUMNS`.
    findings : Findings
        Is told of repairs.

    Returns
    -------
    dict of str to DataFrame
        Input of :meth:`Records.from_tables`.
    """
    frames = dict(frames)
    frames["children"] = _birth_dates(frames["children"])
    for name, shaped in (
        ("contacts", described_sources),
        ("referrals", described_sources),
        ("immigration_statuses", _asylum),
    ):
        if name in frames:
            frames[name] = shaped(frames[name])
    for name, link, parent, key in _LINKED:
        if name in frames and key in frames[parent]:
            frames[name] = _with_child(frames[name], name, link, frames[parent], key, findings)
    if "distance" in frames.get("placements", ()):
        frames["placements"] = _distances(frames["placements"], findings)
    if "assessment_factors" in frames:
        frames["assessment_factors"] = _factors(frames.pop("assessment_factors"), frames.get("assessments"), findings)
    for name in _STITCHED:
        if name in frames:
            frames[name] = _stitched(frames[name], name, findings)
    links = [_links(frames.pop(name), kind) for name, kind in (("mothers", "mother"), ("families", "family"))
             if name in frames]  # fmt: skip
    if links:
        frames["relationships"] = pd.concat(links, ignore_index=True)
    return frames


def _birth_dates(children: pd.DataFrame) -> pd.DataFrame:
    """Dates of birth, falling back to the expected date, which SystemC uses for an estimate."""
    if "expected_birth_date" not in children:
        return children
    held, _, _ = as_dates(children["birth_date"])
    unread = as_text(children["birth_date"]).notna()
    estimated = held.isna() & ~unread & as_text(children["expected_birth_date"]).notna()
    birth = children["birth_date"].astype(object).where(~estimated, children["expected_birth_date"])
    return children.assign(birth_date=birth, birth_date_estimated=estimated)


def described_sources(frame: pd.DataFrame) -> pd.DataFrame:
    """The source as its description says; the code where that says nothing, since SystemC may write internal ids.

    Parameters
    ----------
    frame : DataFrame
        Contacts or referrals, with ``source``, ``source_text``, both or neither.

    Returns
    -------
    DataFrame
        With ``source``: a canonical code where one is known, else the text.
    """
    if "source_text" not in frame:
        return frame
    if "source" not in frame:
        return frame.assign(source=frame["source_text"])
    maps = default_code_maps()["source"]
    described, _ = as_codes(frame["source_text"], "source", maps)
    code, _ = as_codes(frame["source"], "source", maps)
    text = as_text(frame["source_text"])
    return frame.assign(source=described.fillna(code).fillna(text).fillna(frame["source"]))


def _asylum(frame: pd.DataFrame) -> pd.DataFrame:
    """Whether a status is that of an unaccompanied asylum-seeking child; the text itself is not kept."""
    text = as_text(frame["text"]).fillna("")
    return frame.drop(columns="text").assign(uasc=[bool(_UASC.search(value)) for value in text])


def _with_child(
    frame: pd.DataFrame, name: str, link: str, parents: pd.DataFrame, key: str, findings: Findings
) -> pd.DataFrame:
    """Rows with their child, found through a parent row where the system does not write it (Mosaic)."""
    if "child_id" in frame or link not in frame:
        return frame
    child_of = pd.Series(as_ids(parents["child_id"]).to_numpy(), index=as_ids(parents[key]))
    child_of = child_of[~child_of.index.duplicated() & child_of.index.notna()]
    child = as_ids(frame[link]).map(child_of)
    why = f"no child is named, and {link.replace('_', ' ')} does not lead to one"
    findings.note(name, "child_id", int(child.isna().sum()), "dropped", why)
    return frame.assign(child_id=child)[child.notna()]


def _distances(frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Placements whose distance is missing where the system wrote 999.9 for it."""
    unknown = as_numbers(frame["distance"]) >= _NO_DISTANCE
    findings.note("placements", "distance", int(unknown.sum()), "repaired", "999.9 miles stands for not known")
    return frame.assign(distance=frame["distance"].astype(object).mask(unknown))


def _links(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Links of children to mothers or families, each once, with the first day on which it was entered."""
    links = pd.DataFrame({"child_id": as_ids(frame["child_id"]), "related_id": as_ids(frame["related_id"])})
    links = links.assign(recorded_date=_recorded(frame, "recorded_date")).dropna(subset=["child_id", "related_id"])
    links = links.sort_values("recorded_date", kind="stable").drop_duplicates(["child_id", "related_id"]).sort_index()
    return links.assign(row_key=kind + ":" + links["related_id"] + ":" + links["child_id"], kind=kind)


def _factors(frame: pd.DataFrame, assessments: pd.DataFrame | None, findings: Findings) -> pd.DataFrame:
    """One row for each factor answered yes, known from the day the assessment was authorised."""
    if assessments is None or assessments.empty or frame.empty:
        columns = ["row_key", "child_id", "date", "factor"]
        findings.note("assessment_factors", "", len(frame), "dropped", "the assessments table is missing or empty")
        return pd.DataFrame(columns=columns)
    text = as_text(frame["factors"]).fillna("")
    answers = [answered_factors(value) for value in text]
    listed = [sorted(code for code, yes in each.items() if yes) for each in answers]
    unread = sum(not each and bool(re.search(r"\w", value)) for value, each in zip(text, answers, strict=True))
    findings.note("assessment_factors", "factor", unread, "emptied", "no factor could be read from the JSON")
    keys = pd.DataFrame({"key": as_ids(frame["row_key"]), "assessment": as_ids(frame["assessment"])})
    keys["entered"] = _recorded(frame, "recorded_date")
    rows = (
        keys.assign(factor=pd.Series(listed, index=keys.index, dtype=object))
        .explode("factor")
        .dropna(subset=["factor"])
    )
    parents = pd.DataFrame(
        {
            "assessment": as_ids(assessments["row_key"]),
            "child_id": as_ids(assessments["child_id"]),
            "date": as_dates(assessments["end_date"])[0],
            "end_entered": _recorded(assessments, "end_recorded_date"),
        }
    )
    parents = parents.dropna(subset=["assessment"]).drop_duplicates("assessment")
    rows = rows.merge(parents, on="assessment", how="left")
    orphan, open_still = rows["child_id"].isna(), rows["child_id"].notna() & rows["date"].isna()
    findings.note("assessment_factors", "date", int(orphan.sum()), "dropped", "the assessment is not there")
    findings.note("assessment_factors", "date", int(open_still.sum()), "dropped", "the assessment is not authorised")
    rows = rows[~orphan & ~open_still]
    row_key = rows["key"] + ":" + as_text(rows["factor"])
    recorded = rows[["entered", "end_entered"]].max(axis=1)
    return rows[["child_id", "date", "factor"]].assign(row_key=row_key, recorded_date=recorded)


def _recorded(frame: pd.DataFrame, name: str) -> pd.Series:
    """Recorded dates where the source has them."""
    if name not in frame:
        return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]")
    return as_dates(frame[name])[0]


def answered_factors(text: str) -> dict[str, bool]:
    """Whether each factor code of a JSON array or mapping was answered yes, whether or not the JSON is valid.

    In an array each code is a yes; in a mapping only what stands after the colon says so. A list of codes without
    quotes, single quotes and JSON within a JSON text are read as well.

    Parameters
    ----------
    text : str
        As the case system wrote it.

    Returns
    -------
    dict of str to bool
        By factor code, in capital letters.

    Examples
    --------
    >>> answered_factors('{"1A": "Yes", "2B": "No"}')
    {'1A': True, '2B': False}
    """
    if _BARE.fullmatch(text):
        return dict.fromkeys(re.findall(r"\w+", text.upper()), True)
    mapping = text.lstrip("\"' \t\r\n").startswith("{")
    found = [each for each in _FACTOR.findall(text) if each[1] or not mapping]
    return {code.upper(): answer.lower() in _YES if colon else True for code, colon, answer in found}


def _stitched(frame: pd.DataFrame, name: str, findings: Findings) -> pd.DataFrame:
    """Spells that end the day before the child's next one begins, as Mosaic writes them, end on that day instead.

    Spells that carry a period of care are joined within one period only.
    """
    child = as_ids(frame["child_id"])
    start, end = as_dates(frame["start_date"])[0], as_dates(frame["end_date"])[0]
    order = np.lexsort((end.to_numpy(), start.to_numpy(), child.fillna("").to_numpy(dtype=str)))
    ordered = pd.DataFrame({"child": child, "start": start, "end": end}).iloc[order]
    following = ordered.shift(-1)
    touches = (ordered["child"] == following["child"]) & (ordered["end"] + pd.Timedelta(days=1) == following["start"])
    touches &= ordered["start"] <= ordered["end"]
    if "period_key" in frame:
        period = as_ids(frame["period_key"]).iloc[order]
        touches &= period == period.shift(-1)
    next_start = following["start"]
    findings.note(name, "end_date", int(touches.sum()), "repaired", "ends the day before the next begins: joined")
    ends = frame["end_date"].astype(object).copy()
    ends.loc[touches[touches].index] = next_start[touches].dt.strftime("%Y-%m-%d")
    return frame.assign(end_date=ends)
