"""Measures of the synthetic England, taken from its canonical tables as the Department for Education defines them.

Used by ``docs/scripts/synthetic_england.py`` and by the tests. Every measure is a share or a ratio, so that no size of
the population is needed; flows and stocks are means over the last years of the extract.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

YEARS = 4
SHORT_BREAKS = ("V1", "V3", "V4")
LEGAL = {
    "s20": ("V2",),
    "ico": ("C1",),
    "police_protection": ("L1", "L3"),
    "remand": ("J1", "J2", "J3"),
    "epo": ("L2",),
}
FACTORS = {
    "parent_mental_health": "4B", "domestic_abuse_parent": "3B", "emotional_abuse": "17A", "child_mental_health": "4A",
    "neglect": "16A", "alcohol_parent": "1B", "drugs_parent": "2B", "child_learning_disability": "5A",
    "physical_abuse_adult_on_child": "18C", "domestic_abuse_child": "3A", "socially_unacceptable_behaviour": "14A",
    "self_harm": "15A", "drugs_child": "2A", "young_carer": "7A", "sexual_abuse_adult_on_child": "19C",
    "going_missing": "10A", "cce": "24A", "cse": "11A", "alcohol_child": "1A", "gangs": "13A", "trafficking": "12A",
}  # fmt: skip
NEEDS = {
    "abuse_neglect": "N1", "disability": "N2", "parental_illness": "N3", "family_acute_stress": "N4",
    "family_dysfunction": "N5", "socially_unacceptable_behaviour": "N6", "absent_parenting": "N8",
}  # fmt: skip
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Extract:
    """Tables with whole-number keys of children, and the years that are measured."""

    tables: dict[str, pd.DataFrame]
    births: pd.Series
    periods: pd.DataFrame
    uasc: set[int]
    first: pd.Timestamp
    last: pd.Timestamp

    @property
    def march(self) -> list[pd.Timestamp]:
        """The 31 March of each measured year."""
        return [self.last - pd.DateOffset(years=year) for year in range(YEARS)]

    def within(self, dates: pd.Series) -> pd.Series:
        """Whether dates lie in the measured years."""
        return dates.ge(self.first) & dates.le(self.last)

    def age(self, child: pd.Series, date: pd.Series | pd.Timestamp) -> pd.Series:
        """Age in years of children on a date."""
        days = date - child.map(self.births)
        return days / pd.Timedelta(days=365.25)

    def open_on(self, rows: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
        """Whether spells were open at the end of a day, for children under 18."""
        running = rows["start_date"].le(day) & ~rows["end_date"].le(day)
        return running & self.age(rows["child_id"], day).lt(18)

    def stock(self, rows: pd.DataFrame) -> float:
        """Children with an open spell on 31 March, mean over the measured years."""
        return float(np.mean([rows.loc[self.open_on(rows, day), "child_id"].nunique() for day in self.march]))

    def flow(self, rows: pd.DataFrame, column: str) -> float:
        """Rows in a year, mean over the measured years."""
        return float(self.within(rows[column]).sum() / YEARS)


def read_extract(tables: dict[str, pd.DataFrame], last: str = "2025-03-31") -> Extract:
    """Prepare canonical tables for measuring.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Canonical tables.
    last : str
        Last day of the extract, a 31 March.

    Returns
    -------
    Extract
        The tables with whole-number keys, and periods of care.
    """
    keys = pd.Index(tables["children"]["child_id"])
    numbered = {}
    for name, table in tables.items():
        rows = table.assign(child_id=keys.get_indexer(table["child_id"]))
        numbered[name] = rows[rows["child_id"] >= 0].drop_duplicates(ignore_index=True)
    births = numbered["children"].set_index("child_id")["birth_date"]
    statuses = numbered["immigration_statuses"]
    uasc = set(statuses.loc[statuses["uasc"].fillna(False).astype(bool), "child_id"])
    until = pd.Timestamp(last)
    first = until - pd.DateOffset(years=YEARS) + pd.Timedelta(days=1)
    return Extract(numbered, births, _periods(numbered), uasc, first, until)


def _periods(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row for each period of care, from its first episode that is not a short break."""
    statuses = tables["legal_statuses"].query("status != 'NONE'").sort_values("start_date", kind="stable")
    episodes = tables["care_episodes"].sort_values(["start_date", "row_key"], kind="stable")
    statuses = statuses[["child_id", "start_date", "status"]]
    rows = pd.merge_asof(episodes, statuses, on="start_date", by="child_id")
    rows = rows[~rows["status"].isin(SHORT_BREAKS)]
    rows["open"] = rows["end_date"].isna()
    grouped = rows.groupby("period_key", sort=False)
    periods = grouped.agg(
        child_id=("child_id", "first"),
        start_date=("start_date", "first"),
        end_date=("end_date", "max"),
        open=("open", "any"),
        status=("status", "first"),
        need=("need", "first"),
        reason=("end_reason", "last"),
    )
    periods.loc[periods["open"], "end_date"] = pd.NaT
    return periods.reset_index(drop=True)


def measure(extract: Extract) -> dict[str, float]:
    """Every measure, under the names of ``england_2025.json`` joined by dots."""
    measures = {}
    for part in (_front_door, _plans, _care, _starts, _missing, _factors, _school, _ethnicity):
        measures.update(part(extract))
    return measures


def _front_door(extract: Extract) -> dict[str, float]:
    """Referrals: sources, repeats and outcomes; children in need."""
    rows = extract.tables["referrals"].sort_values(["child_id", "start_date"])
    earlier = rows.groupby("child_id")["start_date"].shift()
    recent = rows["start_date"] - earlier <= pd.Timedelta(days=365)
    inside = extract.within(rows["start_date"])
    n = inside.sum()
    settled = inside & rows["start_date"].le(extract.last - pd.Timedelta(days=180))
    source = rows.loc[inside, "source"].dropna()
    cases = rows[~rows["nfa"].fillna(False).astype(bool)]
    return {
        "per_10k_0_17.cin_31mar": extract.stock(cases) / (n / YEARS),
        "rereferral_12m_share": recent[inside].mean(),
        "referral_nfa_share": rows.loc[inside, "nfa"].mean(),
        "assessed_not_in_need_share": rows.loc[settled, "close_reason"].eq("RC8").mean(),
        "referral_source.police": source.eq("6").mean(),
        "referral_source.school": source.eq("2A").mean(),
        "referral_source.health": source.str.startswith("3").mean(),
        **_durations(extract, cases, "cin_open", (91, 183, 365, 731)),
    }


def _durations(extract: Extract, rows: pd.DataFrame, name: str, edges: tuple[int, ...]) -> dict[str, float]:
    """Shares of the spells open on 31 March by how long they have been open."""
    days = []
    for day in extract.march:
        running = rows[extract.open_on(rows, day)]
        days.append((day - running["start_date"]).dt.days.to_numpy())
    found = np.bincount(np.searchsorted(edges, np.concatenate(days), side="right"), minlength=len(edges) + 1)
    return {f"{name}.{number}": share for number, share in enumerate(found / max(found.sum(), 1))}


def _plans(extract: Extract) -> dict[str, float]:
    """Enquiries, conferences and child protection plans, each for one referral."""
    tables = extract.tables
    referrals = extract.flow(tables["referrals"], "start_date")
    plans = tables["cp_plans"].sort_values(["child_id", "start_date"])
    inside = extract.within(plans["start_date"])
    category = plans.loc[inside, "initial_category"].value_counts(normalize=True)
    return {
        "per_10k_0_17.s47": extract.flow(tables["s47_enquiries"], "start_date") / referrals,
        "per_10k_0_17.icpc": extract.flow(tables["initial_conferences"], "date") / referrals,
        "per_10k_0_17.cpp_starts": extract.flow(plans, "start_date") / referrals,
        "per_10k_0_17.cpp_31mar": extract.stock(plans) / referrals,
        "cpp_second_or_subsequent": plans["child_id"].duplicated()[inside].mean(),
        **{f"cpp_category.{code}": category.get(code, 0.0) for code in ("NEG", "EMO", "PHY", "SAB", "MUL")},
        **_durations(extract, plans, "cpp_open", (92, 183, 365, 731)),
    }


def _first_in_year(rows: pd.DataFrame, column: str, extract: Extract, *, keep: str) -> pd.DataFrame:
    """The first, or last, row of each child in each measured year."""
    rows = rows[extract.within(rows[column])].sort_values(column, kind="stable")
    year = (rows[column] - pd.DateOffset(months=3)).dt.year
    return rows[~pd.DataFrame({"child": rows["child_id"], "year": year}).duplicated(keep=keep)]


def starts_of(extract: Extract) -> pd.DataFrame:
    """First start in the year of each child, with age and whether unaccompanied."""
    rows = _first_in_year(extract.periods, "start_date", extract, keep="first")
    age = extract.age(rows["child_id"], rows["start_date"])
    sex = rows["child_id"].map(extract.tables["children"].set_index("child_id")["sex"])
    return rows.assign(age=age, sex=sex, uasc=rows["child_id"].isin(extract.uasc))


def _care(extract: Extract) -> dict[str, float]:
    """Children looked after, and those who ceased to be, each for one referral; returns within a year."""
    periods = extract.periods
    referrals = extract.flow(extract.tables["referrals"], "start_date")
    ceased = _first_in_year(periods, "end_date", extract, keep="last")
    age = extract.age(ceased["child_id"], ceased["end_date"])
    reasons = ceased["reason"]
    return {
        "per_10k_0_17.cla_31mar": extract.stock(periods) / referrals,
        "per_10k_0_17.cla_starts": len(starts_of(extract)) / YEARS / referrals,
        "per_10k_0_17.cla_ceased": len(ceased) / YEARS / referrals,
        "ceased.at_18": (age > 17.99).mean(),
        "ceased.home": reasons.isin(["E4A", "E4B"]).mean(),
        "ceased.guardianship": reasons.isin(["E45", "E46", "E47", "E48"]).mean(),
        "ceased.adopted": reasons.isin(["E11", "E12"]).mean(),
        "ceased.10_15": ((age >= 10) & (age < 16)).mean(),
        "ceased.16_17": ((age >= 16) & (age < 17.99)).mean(),
        "reentry.within_1y_2012": _returns(extract),
        **_stock_by_age(extract),
    }


def _stock_by_age(extract: Extract) -> dict[str, float]:
    """Shares of the children looked after on 31 March by age."""
    ages = []
    for day in extract.march:
        rows = extract.periods[extract.open_on(extract.periods, day)]
        ages.append(extract.age(rows["child_id"], day).to_numpy())
    counts = np.histogram(np.concatenate(ages), [0, 1, 5, 10, 16, 18])[0]
    return {f"cla_age.{name}": share for name, share in zip(BANDS, counts / counts.sum(), strict=True)}


BANDS = ("u1", "1_4", "5_9", "10_15", "16_plus")


def _returns(extract: Extract) -> float:
    """Share of the children who left care for a home, before 17, and entered again within a year."""
    rows = extract.periods.sort_values(["child_id", "start_date"])
    following = rows.groupby("child_id")["start_date"].shift(-1)
    age = extract.age(rows["child_id"], rows["end_date"])
    year = pd.Timedelta(days=365)
    home = ~rows["reason"].isin(["E11", "E12", "E2", "E3"]) & age.lt(17) & ~rows["child_id"].isin(extract.uasc)
    chosen = home & rows["end_date"].gt(extract.first - year) & rows["end_date"].le(extract.last - year)
    return float((following - rows["end_date"] <= year)[chosen].mean())


def _starts(extract: Extract) -> dict[str, float]:
    """Starts in the year by age, sex, need, legal status, and how many were unaccompanied."""
    rows = starts_of(extract)
    counts = np.histogram(rows["age"], [-1, 1, 5, 10, 16, 19])[0] / len(rows)
    named = rows["need"].dropna()
    return {
        **{f"cla_starts.{name}": share for name, share in zip(BANDS, counts, strict=True)},
        "cla_starts.uasc": rows["uasc"].mean(),
        "cla_starts.male": rows["sex"].eq("M").mean(),
        **{f"cla_starts_need.{name}": named.eq(code).mean() for name, code in NEEDS.items()},
        **{f"cla_starts_legal.{name}": rows["status"].isin(codes).mean() for name, codes in LEGAL.items()},
        "non_uasc_10_plus": (rows["age"].ge(10) & ~rows["uasc"]).sum()
        / YEARS
        / extract.flow(extract.tables["referrals"], "start_date"),
    }


def _missing(extract: Extract) -> dict[str, float]:
    """Missing incidents of looked-after children."""
    rows = extract.tables["missing_episodes"]
    rows = rows[rows["type"].eq("M") & extract.within(rows["start_date"])].sort_values("start_date", kind="stable")
    periods = extract.periods.sort_values("start_date", kind="stable").rename(columns={"end_date": "left"})
    found = pd.merge_asof(
        rows[["child_id", "start_date"]],
        periods.assign(entered=periods["start_date"])[["child_id", "start_date", "entered", "left"]],
        on="start_date",
        by="child_id",
    )
    found = found[found["entered"].notna() & ~found["left"].le(found["start_date"])]
    age = extract.age(found["child_id"], found["start_date"])
    year = (found["start_date"] - pd.DateOffset(months=3)).dt.year
    children = len(pd.DataFrame({"child": found["child_id"], "year": year}).drop_duplicates())
    looked_after = sum(
        periods.loc[
            periods["start_date"].le(day) & ~periods["left"].le(day - pd.DateOffset(years=1)), "child_id"
        ].nunique()
        for day in extract.march
    )
    return {
        "cla_missing_share_of_year": children / looked_after,
        "missing_incidents.each": len(found) / max(children, 1),
        "missing_incidents.total": len(found) / YEARS / extract.stock(extract.periods),
        "missing_incidents.10_15": (age.ge(10) & age.lt(16)).mean(),
        "missing_incidents.16_plus": age.ge(16).mean(),
    }


def _factors(extract: Extract) -> dict[str, float]:
    """Share of the assessments with any factor in which each factor was found."""
    rows = extract.tables["assessment_factors"]
    rows = rows[extract.within(rows["date"]) & rows["factor"].ne("21")]
    rows = rows.drop_duplicates(["child_id", "date", "factor"])
    n = len(rows.drop_duplicates(["child_id", "date"]))
    counts = rows["factor"].value_counts()
    return {f"assessment_factor_prevalence.{name}": counts.get(code, 0) / n for name, code in FACTORS.items()}


def _school(extract: Extract) -> dict[str, float]:
    """Education, health and care plans, and suspensions, of children in need of school age on 31 March."""
    cases = extract.tables["referrals"]
    cases = cases[~cases["nfa"].fillna(False).astype(bool)]
    plans = extract.tables["children"].set_index("child_id")["ehc_plan"].fillna(False).astype(bool)
    day = extract.last
    in_care = set(extract.periods.loc[extract.open_on(extract.periods, day), "child_id"])
    child = cases.loc[extract.open_on(cases, day), "child_id"].drop_duplicates()
    child = child[extract.age(child, day).between(5, 16)]
    measures = {"education.cin_ehcp": child.map(plans).mean()}
    rows = extract.tables.get("suspensions")
    if rows is None:
        return measures
    year = rows[rows["date"].gt(day - pd.DateOffset(years=1))]
    need = child[~child.isin(in_care)]
    looked_after = child[child.isin(in_care)]
    permanent = year.loc[year["category"].ne("suspension"), "child_id"]
    return {
        **measures,
        "education.suspended_ge1_2023_24.cin": need.isin(year["child_id"]).mean(),
        "education.suspended_ge1_2023_24.cla": looked_after.isin(year["child_id"]).mean(),
        "education.permanent_exclusion_2023_24.cin": need.isin(permanent).mean(),
    }


def _ethnicity(extract: Extract) -> dict[str, float]:
    """Shares of Black and of Mixed children among adolescents who enter care, unaccompanied children apart."""
    rows = starts_of(extract)
    rows = rows[rows["age"].ge(10) & ~rows["uasc"]]
    codes = rows["child_id"].map(extract.tables["children"].set_index("child_id")["ethnicity"])
    codes = codes[codes.notna() & ~codes.isin(["REFU", "NOBT"])]
    return {"ethnicity.black": codes.str.startswith("B").mean(), "ethnicity.mixed": codes.str.startswith("M").mean()}


def flows_by_year(extract: Extract, tables: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    """Rows in each year of the extract, one column for each table and date."""
    columns = {}
    for name, date in tables:
        rows = extract.periods if name == "periods" else extract.tables[name]
        columns[name] = ((rows[date] - pd.DateOffset(months=3)).dt.year).value_counts().sort_index()
    return pd.DataFrame(columns).loc[2015:2024]
