"""Cases and what was done in each, as the children in need census nests them."""

from __future__ import annotations

import pandas as pd

from edgeofcare.synthetic.writers.return_tables import Source, looked_up

__all__ = ["ACTIVITIES", "nested_cases"]

ACTIVITIES = ("assessments", "cin_plans", "s47_enquiries", "cp_plans")
"""Spells that a census shows inside a case."""

_ONE_DAY = pd.Timedelta(days=1)


def nested_cases(source: Source) -> dict[str, pd.DataFrame]:
    """Cases, and the spells and events of each with the key of their case.

    Parameters
    ----------
    source : Source
        What the census is made from.

    Returns
    -------
    dict of str to DataFrame
        ``cases``: referrals, and one stand-in for each child with work whose case is not in the extract (it began
        before the extract's window, and so did its referral, which an extract drops once the case is closed). Each
        table of :data:`ACTIVITIES` with a column ``case``; ``s47_enquiries`` with ``conference``, the date of the
        conference that followed; ``conferences`` that followed no known enquiry, with their ``case``;
        ``assessment_factors`` with ``assessment``.
    """
    tables = source.tables
    nested = {name: tables[name].assign(case=_case_of(tables[name], tables["referrals"])) for name in ACTIVITIES}
    conferences = tables["initial_conferences"].rename(columns={"date": "start_date"})
    enquiry = _enquiry_of(conferences, nested["s47_enquiries"])
    held = pd.Series(conferences["start_date"].to_numpy(), index=enquiry.to_numpy())
    held = held[held.index.notna()]
    nested["s47_enquiries"]["conference"] = looked_up(nested["s47_enquiries"]["row_key"], held)
    lone = conferences[enquiry.isna()]
    lone = lone.assign(end_date=lone["start_date"])
    nested["conferences"] = lone.assign(case=_case_of(lone, tables["referrals"]))
    work = [frame[frame["case"].isna()] for frame in nested.values()]
    stand_ins = _stand_ins(pd.concat([frame[["child_id", "start_date", "end_date"]] for frame in work]), source)
    for frame in nested.values():
        frame["case"] = frame["case"].fillna("before:" + frame["child_id"].astype(object)).astype(object)
    cases = pd.concat([tables["referrals"], stand_ins], ignore_index=True).astype({"nfa": "boolean"})
    order = ["child_id", "start_date", "row_key"]
    return {
        "cases": cases.sort_values(order, ignore_index=True),
        **nested,
        "assessment_factors": _factors(tables["assessment_factors"], tables["assessments"]),
    }


def _case_of(rows: pd.DataFrame, referrals: pd.DataFrame) -> pd.Series:
    """Key of the case that was open when each row began; of several, the one that began last."""
    cases = referrals[referrals["nfa"].ne(True).fillna(True).astype(bool)]
    cases = cases[["child_id", "start_date", "end_date", "row_key"]]
    pairs = rows[["row_key", "child_id", "start_date"]].merge(cases, on="child_id", suffixes=("", "_case"))
    began_before = pairs["start_date_case"] <= pairs["start_date"]
    pairs = pairs[began_before & ~(pairs["end_date"] < pairs["start_date"])]
    pairs = pairs.sort_values(["start_date_case", "row_key_case"]).drop_duplicates("row_key", keep="last")
    return looked_up(rows["row_key"], pairs.set_index("row_key")["row_key_case"]).astype(object)


def _enquiry_of(conferences: pd.DataFrame, enquiries: pd.DataFrame) -> pd.Series:
    """Key of the enquiry that led to each conference: the latest that had begun and ended, each used once."""
    pairs = conferences[["row_key", "child_id", "start_date"]].merge(
        enquiries[["row_key", "child_id", "start_date", "end_date"]], on="child_id", suffixes=("", "_s47")
    )
    begun = pairs["start_date_s47"] <= pairs["start_date"]
    pairs = pairs[begun & ~(pairs["end_date"] > pairs["start_date"])]
    pairs = pairs.sort_values(["start_date", "start_date_s47", "row_key", "row_key_s47"], ascending=[True, False] * 2)
    pairs = pairs.drop_duplicates("row_key").drop_duplicates("row_key_s47")
    return looked_up(conferences["row_key"], pairs.set_index("row_key")["row_key_s47"]).astype(object)


def _stand_ins(work: pd.DataFrame, source: Source) -> pd.DataFrame:
    """One closed case from before the extract for each child with work outside its known cases."""
    work = work.assign(last=work["end_date"].fillna(work["start_date"]))
    spans = work.groupby("child_id").agg(start_date=("start_date", "min"), end_date=("last", "max")).reset_index()
    before = source.observed_from - _ONE_DAY
    births = source.tables["children"].set_index("child_id")["birth_date"].reindex(spans["child_id"])
    begun = spans["start_date"].where(spans["start_date"] < before, before)
    return pd.DataFrame(
        {
            "row_key": "before:" + spans["child_id"].astype(object),
            "child_id": spans["child_id"],
            "start_date": begun.where(begun >= births.to_numpy(), spans["start_date"]).astype("datetime64[s]"),
            "end_date": spans["end_date"].astype("datetime64[s]"),
            "nfa": pd.array([False] * len(spans), dtype="boolean"),
            "close_reason": "RC7",
        }
    )


def _factors(factors: pd.DataFrame, assessments: pd.DataFrame) -> pd.DataFrame:
    """Factors with the key of the assessment that was authorised on their day."""
    ended = assessments[["child_id", "end_date", "row_key"]].rename(columns={"end_date": "date"})
    ended = ended.dropna(subset=["date"]).drop_duplicates(["child_id", "date"])
    keys = pd.MultiIndex.from_frame(ended[["child_id", "date"]])
    assessment = pd.Series(ended["row_key"].to_numpy(), index=keys)
    found = assessment.reindex(pd.MultiIndex.from_frame(factors[["child_id", "date"]]))
    return factors.assign(assessment=found.to_numpy())
