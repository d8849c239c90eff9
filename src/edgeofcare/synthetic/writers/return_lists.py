"""The lists of Annex A, as on one day."""

from __future__ import annotations

from string import ascii_lowercase

import pandas as pd

from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.synthetic.writers.return_care import reported_statuses
from edgeofcare.synthetic.writers.return_tables import Source, as_known, latest_before, looked_up, values_of

__all__ = ["LIST_HEADERS", "annex_a_lists"]

_CHILD = ("Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age")
_TEAM = ("Allocated Team", "Allocated Worker")
_DISABLED = "Does the Child have a Disability"

LIST_HEADERS: dict[int, tuple[str, ...]] = {
    1: (*_CHILD, "Date of Contact", "Contact Source"),
    2: (*_CHILD, "Assessment start date", "Assessment completion date", "Organisation completing assessment"),
    3: (
        *_CHILD, "Date of Referral", "Referral Source", "Referral NFA?", "Number of Referrals in Last 12 Months",
        *_TEAM,
    ),
    4: (
        *_CHILD, _DISABLED, "Continuous Assessment Start Date", "Child Seen During Continuous Assessment",
        "Continuous Assessment Date of Authorisation",
        "Was the child assessed as requiring LA children's social care support?", *_TEAM,
    ),
    5: (
        *_CHILD, _DISABLED, "Strategy discussion initiating Section 47 Enquiry Start Date",
        "Was an Initial Child Protection Conference deemed unnecessary?",
        "Date of Initial Child Protection Conference",
        "Did the Initial Child Protection Conference Result in a Child Protection Plan",
        "Number of Section 47 Enquiries in the last 12 months", "Number of ICPCs in the last 12 months", *_TEAM,
    ),
    6: (
        *_CHILD, _DISABLED, "CIN Start Date", "Primary Need Code", "Date Child Was Last Seen", "CIN Closure Date",
        "Reason for Closure", "Case Status", *_TEAM,
    ),
    7: (
        *_CHILD, _DISABLED, "Child Protection Plan Start Date", "Initial Category of Abuse",
        "Latest Category of Abuse", "Date of the Last Statutory Visit", "Was the Child Seen Alone?",
        "Date of latest review conference", "Child Protection Plan End Date",
        "Subject to Emergency Protection Order or Protected Under Police Powers in Last Six Months (Y/N)",
        "Number of Previous Child Protection Plans", *_TEAM,
    ),
    8: (
        *_CHILD, "Unaccompanied Asylum Seeking Child (UASC) within the Last 12 Months (Y/N))", _DISABLED,
        "Date Started to be Looked After", "Child's Category of Need",
        "Is this a second or subsequent period of being a Looked After Child within the last 12 months (Y/N)",
        "Start date of current legal status", "Child's Legal Status", "Date of Latest Statutory Review",
        "Date of Last Social Work Visit", "What is the permanence plan for this child?",
        "Date of Last IRO Visit / Contact to the Child", "Date of Last Health Assessment",
        "Date of Last Dental Check", "Number of Placements in the Last 12 months", "Date Ceased to be Looked After",
        "Reason Ceased to be Looked After", "Start Date of Most Recent Placement", "Placement Type",
        "Placement Provider", "Placement postcode", "URN of Placement", "Placement Location", "LA of Placement",
        "Number of Episodes the Child has been \u2018Missing\u2019 from their Placement in the last 12 months",
        "Number of Episodes the Child has been \u2018Absent\u2019 from their Placement in the last 12 months",
        "Was the child offered a Return Interview after their last missing episode (Y/N)?",
        "Did the child accept a Return Interview after their last missing episode (Y/N)?", *_TEAM,
    ),
}  # fmt: skip
"""Header of each list, as in the workbooks of authorities."""

_GENDERS = {"M": "a) Male", "F": "b) Female", "U": "c) Not stated/recorded"}
_ETHNICITIES = (
    "WBRI", "WIRI", "WIRT", "WOTH", "WROM", "MWBC", "MWBA", "MWAS", "MOTH", "AIND", "APKN", "ABAN", "AOTH", "BCRB",
    "BAFR", "BOTH", "CHNE", "OOTH", "NOBT", "REFU",
)  # fmt: skip
_SOURCES = [code for code in CODE_LISTS["source"] if code != "5D"]
_ORDERS = ("L1", "L2")
_DAYS_IN_YEAR = 365.25


def _lettered(codes: list[str] | tuple[str, ...]) -> dict[str, str]:
    """Codes after the letter of their place in the list, such as ``q) 6``."""
    return {code: f"{letter}) {code}" for letter, code in zip(ascii_lowercase, codes, strict=False)}


_ETHNIC_TEXTS = _lettered(_ETHNICITIES)
_SOURCE_TEXTS = {
    code: f"{start}: {CODE_LISTS['source'][code].capitalize()}" for code, start in _lettered(_SOURCES).items()
} | {"5D": "v) 5D: Early help"}
_NEED_TEXTS = {code: f"{code} - {words.capitalize()}" for code, words in CODE_LISTS["need"].items()}
_CATEGORIES = {code: words.capitalize() for code, words in CODE_LISTS["abuse"].items()}
_STATUS_TEXTS = {code: f"{code}: {words.capitalize()}" for code, words in CODE_LISTS["legal_status"].items()}
_CLOSURES = {code: f"{code} - {words.capitalize()}" for code, words in CODE_LISTS["closure"].items()}
_CEASED = {
    code: f"{start}: {CODE_LISTS['end_reason'][code].capitalize()}"
    for code, start in _lettered([code for code in CODE_LISTS["end_reason"] if code != "X1"]).items()
}
_PROVIDERS = {f"PR{number}": f"{letter}) PR{number}" for number, letter in enumerate("abcdef")}


def annex_a_lists(source: Source) -> dict[int, pd.DataFrame]:
    """Lists 1 to 8 as on the last day of the extract, looking back 12 months.

    Parameters
    ----------
    source : Source
        What they are made from.

    Returns
    -------
    dict of int to DataFrame
        Each list with the columns of :data:`LIST_HEADERS`; dates are Timestamps, what is not simulated is missing.
    """
    writer = _Lists(source)
    lists = {
        1: writer.contacts(), 2: writer.early_help(), 3: writer.referrals(), 4: writer.assessments(),
        5: writer.enquiries(), 6: writer.cases(), 7: writer.protection_plans(), 8: writer.looked_after(),
    }  # fmt: skip
    return {number: writer.finished(frame, number) for number, frame in lists.items()}


def _texts(values: pd.Series, words: dict[str, str]) -> pd.Series:
    """Words of codes; missing where there is no code."""
    return values.astype(object).map(words)


def _yes(flags: pd.Series, yes: str = "a) Yes", no: str = "b) No") -> pd.Series:
    """Yes or no, missing where not known."""
    return flags.astype(object).map({True: yes, False: no})


class _Lists:
    """The lists of one day.

    Parameters
    ----------
    source : Source
        What they are made from.
    """

    def __init__(self, source: Source) -> None:
        self.source, self.tables, self.until = source, source.tables, source.observed_until
        self.since = self.until - pd.DateOffset(years=1) + pd.Timedelta(days=1)
        self.children = self.tables["children"].set_index("child_id")

    def known(self, name: str) -> pd.DataFrame:
        """A table as on the day."""
        return as_known(self.tables[name], name, self.until)

    def spells(self, name: str) -> pd.DataFrame:
        """Spells that were open in the 12 months."""
        frame = self.known(name)
        return frame[frame["end_date"].isna() | (frame["end_date"] >= self.since)]

    def recent(self, name: str, date: str) -> pd.DataFrame:
        """Rows that began in the 12 months."""
        frame = self.known(name)
        return frame[frame[date] >= self.since]

    def finished(self, frame: pd.DataFrame, number: int) -> pd.DataFrame:
        """A list with the columns about the child and about the worker, in their order."""
        child = frame["child_id"]
        born = looked_up(child, self.children["birth_date"])
        sex = looked_up(child, self.children["sex"]).astype(object).fillna("U")
        ethnicity = looked_up(child, self.children["ethnicity"]).astype(object).fillna("NOBT")
        shared = {
            "Child Unique ID": child,
            "Gender": sex.map(_GENDERS),
            "Ethnicity": ethnicity.map(_ETHNIC_TEXTS),
            "Date of Birth": born,
            "Age": (self.until - born).dt.days / _DAYS_IN_YEAR,
            _DISABLED: _yes(child.isin(self.tables["disabilities"]["child_id"])),
            "Allocated Team": "Team 1",
            "Allocated Worker": self.worker(child),
        }
        columns = {name: frame.get(name, shared.get(name)) for name in LIST_HEADERS[number]}
        return pd.DataFrame(columns, index=frame.index).reset_index(drop=True)

    def worker(self, child: pd.Series) -> pd.Series:
        """Key of the worker on the day, #N/A where there is none."""
        held = self.known("worker_involvements")
        held = held[held["end_date"].isna()].drop_duplicates("child_id", keep="last")
        return looked_up(child, held.set_index("child_id")["worker"]).astype(object).fillna("#N/A")

    def counts(self, child: pd.Series, rows: pd.DataFrame) -> pd.Series:
        """How many of the rows each child has."""
        return child.map(rows["child_id"].value_counts()).fillna(0).astype(int)

    def contacts(self) -> pd.DataFrame:
        """List 1."""
        rows = self.recent("contacts", "date")
        source = _texts(rows["source"], _SOURCE_TEXTS)
        return rows[["child_id"]].assign(**{"Date of Contact": rows["date"], "Contact Source": source})

    def early_help(self) -> pd.DataFrame:
        """List 2."""
        rows = self.spells("early_help")
        return rows[["child_id"]].assign(
            **{
                "Assessment start date": rows["start_date"],
                "Assessment completion date": rows["end_date"],
                "Organisation completing assessment": pd.Series("Early Help Service", index=rows.index),
            }
        )

    def referrals(self) -> pd.DataFrame:
        """List 3."""
        rows = self.recent("referrals", "start_date")
        return rows[["child_id"]].assign(
            **{
                "Date of Referral": rows["start_date"],
                "Referral Source": _texts(rows["source"], _SOURCE_TEXTS),
                "Referral NFA?": _yes(rows["nfa"], "Yes", "No"),
                "Number of Referrals in Last 12 Months": self.counts(rows["child_id"], rows),
            }
        )

    def assessments(self) -> pd.DataFrame:
        """List 4."""
        rows = self.spells("assessments")
        return rows[["child_id"]].assign(
            **{
                "Continuous Assessment Start Date": rows["start_date"],
                "Continuous Assessment Date of Authorisation": rows["end_date"],
                "Was the child assessed as requiring LA children's social care support?": _yes(
                    rows["nfa"], "b) No", "a) Yes"
                ),
            }
        )

    def enquiries(self) -> pd.DataFrame:
        """List 5; a conference belongs to the latest enquiry that began before it."""
        rows = self.recent("s47_enquiries", "start_date")
        held = self.known("initial_conferences")
        recent = held[held["date"] >= self.since]
        place = latest_before(recent, "date", rows)
        found = recent.assign(place=place).dropna(subset=["place"]).drop_duplicates("place").set_index("place")
        found = found.reindex(rows.index)
        needless = rows["end_date"].notna() & found["date"].isna()
        return rows[["child_id"]].assign(
            **{
                "Strategy discussion initiating Section 47 Enquiry Start Date": rows["start_date"],
                "Was an Initial Child Protection Conference deemed unnecessary?": _yes(needless, "Yes", "No"),
                "Date of Initial Child Protection Conference": found["date"],
                "Did the Initial Child Protection Conference Result in a Child Protection Plan": _yes(
                    found["led_to_plan"], "Yes", "No"
                ),
                "Number of Section 47 Enquiries in the last 12 months": self.counts(rows["child_id"], rows),
                "Number of ICPCs in the last 12 months": self.counts(rows["child_id"], recent),
            }
        )

    def cases(self) -> pd.DataFrame:
        """List 6: cases, with the most intensive open service."""
        rows = self.spells("referrals")
        rows = rows[rows["nfa"].ne(True).fillna(True).astype(bool)]
        services = {"care_episodes": "a) Looked after child", "cp_plans": "b) Child protection plan"}
        services["cin_plans"] = "c) Child in need plan"
        status = pd.Series("d) Open assessment", index=rows.index, dtype=object)
        for name, words in reversed(services.items()):
            spells = self.known(name)
            status[rows["child_id"].isin(spells.loc[spells["end_date"].isna(), "child_id"])] = words
        return rows[["child_id"]].assign(
            **{
                "CIN Start Date": rows["start_date"],
                "Primary Need Code": _texts(rows["need"], _NEED_TEXTS),
                "CIN Closure Date": rows["end_date"],
                "Reason for Closure": _texts(rows["close_reason"], _CLOSURES),
                "Case Status": status.mask(rows["end_date"].notna(), "f) Closed episode"),
            }
        )

    def protection_plans(self) -> pd.DataFrame:
        """List 7."""
        every = self.known("cp_plans")
        before = every.groupby("child_id").cumcount()
        rows = self.spells("cp_plans")
        orders = self.tables["legal_statuses"]
        half_year = self.until - pd.DateOffset(months=6)
        recent = orders[orders["status"].isin(_ORDERS) & ~(orders["end_date"] < half_year)]
        return rows[["child_id"]].assign(
            **{
                "Child Protection Plan Start Date": rows["start_date"],
                "Initial Category of Abuse": _texts(rows["initial_category"], _CATEGORIES),
                "Latest Category of Abuse": _texts(rows["latest_category"], _CATEGORIES),
                "Child Protection Plan End Date": rows["end_date"],
                LIST_HEADERS[7][13]: _yes(rows["child_id"].isin(recent["child_id"])),
                "Number of Previous Child Protection Plans": before.reindex(rows.index),
            }
        )

    def looked_after(self) -> pd.DataFrame:
        """List 8: the latest episode of each period of care in the 12 months."""
        spells = self.spells("care_episodes")
        started = looked_up(
            spells["period_key"], self.tables["care_episodes"].groupby("period_key")["start_date"].min()
        )
        spells = spells.assign(started=started.astype("datetime64[s]"))
        rows = spells.drop_duplicates("period_key", keep="last")
        earlier = rows.groupby("child_id").cumcount() > 0
        goes_on = rows["end_reason"].eq("X1").fillna(False)
        ended = rows["end_date"].mask(goes_on)
        return rows[["child_id"]].assign(
            **{
                LIST_HEADERS[8][5]: _yes(rows["child_id"].isin(self._asylum_seekers())),
                "Date Started to be Looked After": rows["started"],
                "Child's Category of Need": _texts(rows["need"], _NEED_TEXTS),
                LIST_HEADERS[8][9]: _yes(earlier),
                **self._legal_status(rows),
                "Date Ceased to be Looked After": ended,
                "Reason Ceased to be Looked After": _texts(rows["end_reason"].mask(goes_on), _CEASED),
                **self._placement(rows),
                **self._missing(rows["child_id"]),
            }
        )

    def _asylum_seekers(self) -> pd.Series:
        """Unaccompanied asylum-seeking children of the 12 months."""
        held = self.spells("immigration_statuses")
        return held.loc[held["uasc"].fillna(False).astype(bool), "child_id"]

    def _legal_status(self, rows: pd.DataFrame) -> dict[str, pd.Series]:
        """The legal status of each episode and since when."""
        found = reported_statuses(rows, self.tables["legal_statuses"])
        statuses = self.tables["legal_statuses"]
        since = statuses["start_date"].reindex(found).set_axis(rows.index)
        code = values_of(statuses, "status", found)
        return {"Start date of current legal status": since, "Child's Legal Status": _texts(code, _STATUS_TEXTS)}

    def _placement(self, rows: pd.DataFrame) -> dict[str, pd.Series]:
        """The placement of each episode, and how many placements the child had."""
        held = self.known("placements")
        place = latest_before(rows, "start_date", held, by="period_key")
        words = {code: f"{code}: placement" for code in held["type"].dropna().unique()}
        return {
            "Number of Placements in the Last 12 months": self.counts(rows["child_id"], self.spells("placements")),
            "Start Date of Most Recent Placement": held["start_date"].reindex(place).set_axis(rows.index),
            "Placement Type": _texts(values_of(held, "type", place), words),
            "Placement Provider": _texts(values_of(held, "provider", place), _PROVIDERS),
        }

    def _missing(self, child: pd.Series) -> dict[str, pd.Series]:
        """Missing and absent episodes of the 12 months, and the interview after the last."""
        rows = self.recent("missing_episodes", "start_date")
        last = rows.drop_duplicates("child_id", keep="last").set_index("child_id")
        headers = LIST_HEADERS[8][-6:-2]
        kinds = [self.counts(child, rows[rows["type"] == kind]) for kind in ("M", "A")]
        offered, accepted = (_yes(looked_up(child, last[name])) for name in ("interview_offered", "interview_accepted"))
        return dict(zip(headers, (*kinds, offered, accepted), strict=True))
