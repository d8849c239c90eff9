"""Write records as the yearly children in need census."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.records.records import Records
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.synthetic.writers.return_cases import ACTIVITIES, nested_cases
from edgeofcare.synthetic.writers.return_tables import (
    ReturnYear,
    as_known,
    pupil_numbers,
    return_source,
    return_years,
    running,
)
from edgeofcare.synthetic.writers.return_xml import element, elements, gathered, wrapped

__all__ = ["SEX_FROM", "write_cin_census"]

SEX_FROM = 2024
"""First census year with the element Sex; it was GenderCurrent before."""

_GENDERS = {"M": "1", "F": "2", "U": "0"}
_FACTOR_ORDER = {code: place for place, code in enumerate(CODE_LISTS["factor"])}
_TARGET_DAYS = 15
_SCHOOL_AGE = pd.DateOffset(years=5)
_NOBODY = "999"


def write_cin_census(
    records: Records | Mapping[str, pd.DataFrame],
    folder: str | Path,
    *,
    years: int = 5,
    observed_from: Any = None,
    observed_until: Any = None,
) -> list[Path]:
    """Write one census of children in need for each of the latest years, as compact XML.

    A census holds the cases that were open on any day from 1 April to 31 March and what was done in them, as the
    authority knew it on that last day: what ended, or was found to have ended, later is open in it.

    Parameters
    ----------
    records : Records or mapping of str to DataFrame
        Records, or canonical tables by name.
    folder : str or Path
        Where to write; made if it is not there.
    years : int, default 5
        How many censuses, up to the last 31 March that the records cover.
    observed_from, observed_until : date, optional
        Window of the tables, where canonical tables are given.

    Returns
    -------
    list of Path
        The files, in order.

    Raises
    ------
    SpecError
        If ``years`` is not a positive whole number.

    Notes
    -----
    The census has no place for contacts, early help, workers, the end of a section 47 enquiry, the outcome of an
    assessment or whether a child is looked after. A plan or enquiry that nobody ended is in each census, and with it
    its case, as long as the case system shows it as open. Work in a case that the extract does not hold, because it
    began before the extract and has closed, is written under a referral of the day before the extract.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_cin_census(make_records(50, random_state=0), folder, years=2)
    >>> [file.name for file in files]
    ['cin_census_2024.xml', 'cin_census_2025.xml']
    """
    source = return_source(records, observed_from, observed_until)
    nested = nested_cases(source)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    return [
        _write_year(year, nested, source.tables, target / f"cin_census_{year.year}.xml")
        for year in return_years(source, years)
    ]


def _write_year(
    year: ReturnYear, nested: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame], path: Path
) -> Path:
    """One census, child by child."""
    cases = _cases(year, nested)
    held = tables["children"]
    children = held[held["child_id"].isin(cases)]
    identifiers, characteristics = _identifiers(children, year), _characteristics(children, tables["disabilities"])
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<Message>{_header(year)}<Children>\n')
        for child_id, who, what in zip(children["child_id"], identifiers, characteristics, strict=True):
            file.write(element("Child", who + what + cases[child_id]) + "\n")
        file.write("</Children></Message>\n")
    return path


def _header(year: ReturnYear) -> str:
    """Who sends what, at a fixed time, so that the same records make the same file."""
    collection = element("Collection", "CIN") + element("Year", str(year.year))
    collection += element("ReferenceDate", f"{year.last:%Y-%m-%d}")
    sender = {
        "SourceLevel": "L", "LEA": _NOBODY, "SoftwareCode": "edgeofcare synthetic", "Release": "1", "SerialNo": "001",
        "DateTime": f"{year.year}-06-30T12:00:00",
    }  # fmt: skip
    source = "".join(element(name, value) for name, value in sender.items())
    return element("Header", element("CollectionDetails", collection) + element("Source", source))


def _identifiers(children: pd.DataFrame, year: ReturnYear) -> np.ndarray:
    """Key, pupil number of those of school age, birth (or when it is expected), sex and death of each, as known."""
    birth = children["birth_date"]
    unborn = birth > year.last
    sex = children["sex"].fillna("U").astype(object)
    by_year = elements("Sex", sex) if year.year >= SEX_FROM else elements("GenderCurrent", sex.map(_GENDERS))
    return wrapped(
        "ChildIdentifiers",
        elements("LAchildID", children["child_id"]),
        elements("UPN", pupil_numbers(children).where(birth + _SCHOOL_AGE <= year.last, "")),
        elements("PersonBirthDate", birth.mask(unborn)),
        elements("ExpectedPersonBirthDate", birth.where(unborn)),
        by_year,
        elements("PersonDeathDate", children["death_date"].where(children["death_date"] <= year.last)),
    )


def _characteristics(children: pd.DataFrame, disabilities: pd.DataFrame) -> np.ndarray:
    """Ethnicity and disabilities of each child."""
    codes = gathered(elements("Disability", disabilities["code"]), disabilities["child_id"])
    held = [element("Disabilities", codes.get(child, "")) for child in children["child_id"]]
    ethnicity = elements("Ethnicity", children["ethnicity"].fillna("NOBT"))
    return wrapped("ChildCharacteristics", ethnicity, np.array(held, dtype=object))


def _cases(year: ReturnYear, nested: Mapping[str, pd.DataFrame]) -> Mapping[str, str]:
    """XML of all cases of each child that belong in a census."""
    written = _activities(year, nested)
    cases = as_known(nested["cases"], "referrals", year.last)
    begun = cases["start_date"] >= year.first
    ended = cases["end_date"] >= year.first
    left_open = cases["end_date"].isna() & ~cases["nfa"].fillna(False).astype(bool)
    busy = cases["row_key"].isin(set().union(*written.values()))
    cases = cases[begun | ended | left_open | busy]
    inside = {name: np.array([rows.get(k, "") for k in cases["row_key"]], object) for name, rows in written.items()}
    details = wrapped(
        "CINdetails",
        elements("CINreferralDate", cases["start_date"]),
        elements("ReferralSource", cases["source"]),
        elements("PrimaryNeedCode", cases["need"]),
        elements("CINclosureDate", cases["end_date"]),
        elements("ReasonForClosure", cases["close_reason"]),
        inside["conferences"],
        inside["assessments"],
        inside["cin_plans"],
        inside["s47_enquiries"],
        elements("ReferralNFA", cases["nfa"].astype(object).map({True: "1", False: "0"})),
        inside["cp_plans"],
    )
    return gathered(details, cases["child_id"])


def _activities(year: ReturnYear, nested: Mapping[str, pd.DataFrame]) -> dict[str, Mapping[str, str]]:
    """XML of what was done in each case in the year, by kind and key of the case."""
    writers = {
        "assessments": lambda rows: _assessments(rows, nested["assessment_factors"]),
        "cin_plans": _cin_plans,
        "s47_enquiries": lambda rows: _enquiries(rows, year),
        "cp_plans": lambda rows: _protection_plans(rows, nested["cp_plans"]),
    }
    written: dict[str, Mapping[str, str]] = {}
    for name in ACTIVITIES:
        rows = _reported(nested[name], name, year)
        written[name] = gathered(writers[name](rows), rows["case"])
    lone = nested["conferences"]
    lone = lone[(lone["start_date"] >= year.first) & (lone["start_date"] <= year.last)]
    lone = lone.drop_duplicates("case")
    written["conferences"] = gathered(elements("DateOfInitialCPC", lone["start_date"]), lone["case"])
    return written


def _reported(rows: pd.DataFrame, name: str, year: ReturnYear) -> pd.DataFrame:
    """Spells that ran in the year, and enquiries whose conference was held in it."""
    if name != "s47_enquiries":
        return running(rows, name, year)
    known = as_known(rows, name, year.last)
    ran = known["end_date"].isna() | (known["end_date"] >= year.first)
    return known[ran | ((known["conference"] >= year.first) & (known["conference"] <= year.last))]


def _assessments(rows: pd.DataFrame, factors: pd.DataFrame) -> np.ndarray:
    """Assessments, with their factors once they are authorised."""
    factors = factors[factors["assessment"].isin(rows.loc[rows["end_date"].notna(), "row_key"])]
    factors = factors.assign(place=factors["factor"].map(_FACTOR_ORDER)).sort_values(["assessment", "place"])
    codes = gathered(elements("AssessmentFactors", factors["factor"]), factors["assessment"])
    found = [element("FactorsIdentifiedAtAssessment", codes.get(key, "")) for key in rows["row_key"]]
    return wrapped(
        "Assessments",
        elements("AssessmentActualStartDate", rows["start_date"]),
        elements("AssessmentAuthorisationDate", rows["end_date"]),
        np.array(found, dtype=object),
    )


def _cin_plans(rows: pd.DataFrame) -> np.ndarray:
    """Child in need plans."""
    start, end = elements("CINPlanStartDate", rows["start_date"]), elements("CINPlanEndDate", rows["end_date"])
    return wrapped("CINPlanDates", start, end)


def _enquiries(rows: pd.DataFrame, year: ReturnYear) -> np.ndarray:
    """Section 47 enquiries, with the conference that followed, or that none was required."""
    held = rows["conference"].where(rows["conference"] <= year.last)
    needless = rows["end_date"].notna() & rows["conference"].isna()
    days = rows["start_date"].to_numpy().astype("datetime64[D]")
    target = pd.Series(np.busday_offset(days, _TARGET_DAYS, roll="forward").astype("datetime64[s]"), rows.index)
    return wrapped(
        "Section47",
        elements("S47ActualStartDate", rows["start_date"]),
        elements("InitialCPCtarget", target.mask(needless)),
        elements("DateOfInitialCPC", held),
        elements("ICPCnotRequired", pd.Series(np.where(needless, "true", "false"), rows.index)),
    )


def _protection_plans(rows: pd.DataFrame, every: pd.DataFrame) -> np.ndarray:
    """Child protection plans, with how many the child had before."""
    before = every.sort_values(["child_id", "start_date", "row_key"]).groupby("child_id").cumcount()
    return wrapped(
        "ChildProtectionPlans",
        elements("CPPstartDate", rows["start_date"]),
        elements("CPPendDate", rows["end_date"]),
        elements("InitialCategoryOfAbuse", rows["initial_category"]),
        elements("LatestCategoryOfAbuse", rows["latest_category"]),
        elements("NumberOfPreviousCPP", before.reindex(rows.index).astype(str)),
    )
