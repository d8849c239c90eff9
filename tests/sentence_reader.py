"""A reader of sentences: takes every number out of the text, and works it out again from the cited rows.

It knows the words, the raw tables and the index date, and nothing of features, of evidence or of the engine. A row is
looked up in its table by its key, as a reader of the page would do it. What it cannot work out is an error.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from edgeofcare.explanation.wording_codes import _SAID
from edgeofcare.schema.codes import CODE_LISTS, SHORT_BREAKS

__all__ = ["Reader", "Unreadable"]

DAY = np.timedelta64(1, "D")
NUMBER = r"\d{1,3}(?:,\d{3})*(?:\.\d+)?"
MANY = rf"(No|no|An|an|A|a|None|none|{NUMBER})"
DATE = r"\d{1,2} [A-Z][a-z]+ \d{4}"
IN = rf"(?:in the (?P<window>{NUMBER}) days? before @|(?P<same>in that time)|(?<!day )(?<!days )before @)"
ENDS = re.compile(r"\b(closed|completed|ended)\b")
WORDS = (
    ("initial_conferences", r"initial child protection conferences?"),
    ("cp_plans", r"child protection plans?"),
    ("cin_plans", r"child in need plans?"),
    ("early_help", r"early help episodes?"),
    ("s47_enquiries", r"section 47 enquir(?:y|ies)"),
    ("missing_episodes", r"[Mm]issing (?:episodes?|overnight)"),
    ("care", r"[Ll]ooked after|periods? of care"),
    ("care_episodes", r"care episodes?"),
    ("worker_involvements", r"allocations? of a worker|workers?"),
    ("assessment_factors", r"assessments? .*\bfactors?\b|factors?\b.* identified by assessments"),
    ("assessments", r"assessments?"),
    ("legal_statuses", r"legal status(?:es)?"),
    ("immigration_statuses", r"immigration status(?:es)?"),
    ("placements", r"placements?"),
    ("offences", r"offences?"),
    ("contacts", r"contacts?"),
    ("referrals", r"referrals?"),
)
COLUMNS = {
    "assessment_factors": ("factor",),
    "contacts": ("source",),
    "referrals": ("source", "close_reason"),
    "cp_plans": ("initial_category",),
    "care": ("status", "end_reason"),
    "legal_statuses": ("status",),
}
LISTS = {"initial_category": "abuse", "status": "legal_status", "close_reason": "closure"}
FLAGGED = {
    r"led to no further action": ("nfa", True),
    r"led to further action": ("nfa", False),
    r"led to no child protection plan": ("led_to_plan", False),
    r"led to a child protection plan": ("led_to_plan", True),
    r"because of a move from elsewhere": ("transfer_in", True),
}
MONTHS = pd.date_range("2000-01-01", periods=12, freq="MS").month_name().tolist()


class Unreadable(AssertionError):
    """A sentence that the reader does not understand."""


@dataclass
class Row:
    """A source row, or a period of care that some make up."""

    table: str
    key: str
    child: str
    start: np.datetime64
    end: np.datetime64
    start_known: np.datetime64
    end_known: np.datetime64
    data: dict = field(default_factory=dict)

    def until(self, day):
        """The first day after it, as known before the index date."""
        return self.end if self.end_known < day else day


class Reader:
    """Raw tables by row key."""

    def __init__(self, records):
        self.lag, self.first = records.reporting_lag, records.observed_from
        self.observed_until, self.absent = records.observed_until, records.absent_columns
        self.links = records.links
        self.tables = {}
        for name in [*(name for name, _ in WORDS if name != "care"), "children", "relationships"]:
            frame = records.table(name)
            keys = frame["child_id" if name == "children" else "row_key"]
            self.tables[name] = dict(zip(keys, frame.to_dict("records"), strict=True))

    # ------------------------------------------------------------------------------------------ rows

    def row(self, table, key):
        """Look a row up."""
        data, lag = self.tables[table][key], np.timedelta64(self.lag.get(table, 0), "D")
        day = {name: _day(data.get(name)) for name in ("date", "start_date", "end_date", "birth_date")}
        start = next((value for value in day.values() if not np.isnat(value)), np.datetime64("NaT"))
        start = day["start_date"] if not np.isnat(day["start_date"]) else start
        known = _latest(start, _day(data.get("recorded_date"))) + lag
        end = day["end_date"]
        end_known = end
        if not np.isnat(end):
            end_known = max(_latest(end, _day(data.get("end_recorded_date"))) + lag, known)
        return Row(table, key, data.get("child_id"), start, end, known, end_known, data)

    def _periods(self, rows, day):
        """Periods of care from cited episodes and the cited legal statuses that say how they began."""
        found = []
        for row in rows:
            if row.table == "care_episodes":
                statuses = [each for each in rows if each.table == "legal_statuses" and each.child == row.child]
                began, status = self._began(row, statuses, day)
                found.append((row.child, began, row, status))
        periods = []
        for child, began, row, status in sorted(found, key=lambda each: (each[0], each[1], each[2].key)):
            until = row.until(day)
            last = periods[-1] if periods and periods[-1].child == child else None
            if last is not None and self._continues(last, began, row):
                if until >= last.end:
                    last.data |= {"end_reason": row.data["end_reason"] if row.end_known < day else None}
                    last.end, last.end_known = max(last.end, until), row.end_known
                last.data["period_key"] = row.data["period_key"]
                continue
            data = {**row.data, "status": status, "end_reason": row.data["end_reason"] if row.end_known < day else None}
            periods.append(Row("care", row.key, child, began, until, row.start_known, row.end_known, data))
        return periods

    def _continues(self, last, began, row):
        """Whether an episode belongs to the period before it."""
        keys = (last.data["period_key"], row.data["period_key"])
        other = not any(pd.isna(key) for key in keys) and keys[0] != keys[1]
        return began < last.end or (began <= last.end + DAY and not other)

    def _began(self, episode, statuses, day):
        """From when an episode counts, and the legal status it began under."""
        until = episode.until(day)
        within = [
            each
            for each in statuses
            if each.start < max(until, episode.start + DAY)
            and (each.until(day) > episode.start or each.start == episode.start)
        ]
        short = [each for each in within if each.data["status"] in SHORT_BREAKS]
        others = sorted((each for each in within if each not in short), key=lambda each: each.start)
        if short and others and others[0].start > episode.start:
            return others[0].start, others[0].data["status"]
        return episode.start, others[0].data["status"] if others else None

    # ------------------------------------------------------------------------------------------ reading

    def read(self, sentence, cited, child, day):
        """Check one sentence; what kind of sentence it was."""
        self.day, self.child, self.used = np.datetime64(day, "D"), child, Counter()
        self.windows = []  # lengths of windows, and the ages that are asked for: what no row can tell
        self.whole = True  # whether every cited row must be told of by the clause that is read
        self.rows = [self.row(table, key) for table, key, _ in cited]
        self.siblings = "sibling" in sentence
        self._check_citation(cited, child)
        text = self._without_date(sentence)
        kind = self._read(text)
        left = Counter(re.findall(NUMBER, re.sub(r"section \d+", "", text))) - self.used
        assert not left, f"numbers that nothing was worked out for: {dict(left)} in {sentence}"
        return kind

    def _without_date(self, sentence):
        """The text with @ in place of the index date; any other date is an error."""
        stamp = pd.Timestamp(self.day)
        said = f"{stamp.day} {MONTHS[stamp.month - 1]} {stamp.year}"
        assert set(re.findall(DATE, sentence)) <= {said}, "a date that is not the index date"
        self._date = said
        return sentence.replace(said, "@")

    def _check_citation(self, cited, child):
        """Every row is of the child, or of its siblings, was known, and carries its own date."""
        for row, (table, _, date) in zip(self.rows, cited, strict=True):
            if table == "children":
                assert row.key == child
                continue
            assert (row.child != child) == self.siblings, "a row of somebody else"
            dates = {str(row.start), str(row.end), "nan"}
            if table == "relationships":
                dates = {str(_day(self.tables["children"][row.child]["birth_date"]))}
            else:
                assert row.start_known < self.day, "a row that was not known"
            assert date in dates, "a date that the row does not have"

    def _read(self, text):
        """Try every shape of sentence; exactly one fits."""
        for shape, kind, check in _SHAPES:
            if found := re.fullmatch(shape, text):
                check(self, found)
                return kind
        raise Unreadable(text)

    def number(self, said):
        """A number in words or digits."""
        if said.lower() in ("no", "none", "a", "an"):
            return 0.0 if said.lower() in ("no", "none") else 1.0
        self.used[said] += 1
        return float(said.replace(",", ""))

    def table_of(self, text):
        """The table that some words are about: the noun that comes first."""
        found = [
            (match.start(), place, name)
            for place, (name, words) in enumerate(WORDS)
            if (match := re.search(words, text, re.I))
        ]
        assert found, f"no table in: {text}"
        return min(found)[2]

    def of(self, text, table=None):
        """The cited rows that some words are about."""
        table = table or self.table_of(text)
        rows = self._periods(self.rows, self.day) if table == "care" else [r for r in self.rows if r.table == table]
        return [row for row in rows if self._is_meant(row, table, text)]

    def _is_meant(self, row, table, text):
        """Whether the words name the codes and flags of a row, where they name any."""
        return all(_fits(row.data, column, text) for column in COLUMNS.get(table, ())) and _flags_fit(row.data, text)

    def since(self, found):
        """First day of the window that a sentence names."""
        if found["same"]:
            return self.window
        self.windows += [found["window"]] if found["window"] else []
        self.window = (
            self.day - int(self.number(found["window"])) * DAY if found["window"] else np.datetime64("0001-01-01")
        )
        return self.window

    def happened(self, rows, text, table):
        """Days on which rows happened, by the verb."""
        if table not in ("assessment_factors",) and ENDS.search(re.sub(r"\([^()]*\)|that has ended", "", text)):
            return np.array(
                [row.end if row.end_known < self.day else np.datetime64("NaT") for row in rows], "datetime64[D]"
            )
        return np.array([row.start for row in rows], "datetime64[D]")

    def counted(self, text):
        """A clause that counts; the number that it says, and the days of its rows."""
        text, tail = _split(text, rf", (?:the last of them |the last time )?({NUMBER} days? before)$")
        found = re.search(IN, text)
        if not found:
            raise Unreadable(text)
        since = self.since(found)
        said = re.search(rf"as a factor ({NUMBER}) times$", text) or re.match(rf"{MANY}\b", text)
        if not said:
            raise Unreadable(text)
        rows = self.of(text)
        days = self.happened(rows, text, self.table_of(text))
        inside = days[(days >= since) & (days < self.day)]
        assert self.number(said[1]) == len(inside), f"{len(inside)} rows: {text}"
        self._ago(tail, inside)
        return inside, days, since

    def _ago(self, tail, days):
        """How long ago the last row was."""
        if tail:
            assert self.number(tail.split(" ")[0]) == (self.day - days.max()) // DAY
            assert tail.split(" ")[1] == ("day" if tail.startswith("1 ") else "days")

    def days_in(self, text):
        """A clause that says on how many days something was so."""
        window = rf"of (?:the (?P<window>{NUMBER}) days before @|(?P<same>them)|the days before @)"
        shape = rf"(.*?) on {MANY} (?:{window}|days? before @)"
        found = re.fullmatch(shape, text)
        if not found:
            raise Unreadable(text)
        since, sets = self.since(found), []
        for words in found[1].split(" while "):
            rows = self.of(words)
            spans = [np.arange(max(row.start, since), min(row.until(self.day), self.day)) for row in rows]
            sets.append(set(np.concatenate(spans).tolist()) if spans else set())
        assert self.number(found[2]) == len(set.intersection(*sets)), text


def _day(value):
    """A date as a day."""
    return np.datetime64("NaT", "D") if value is None or pd.isna(value) else np.datetime64(pd.Timestamp(value), "D")


def _latest(one, other):
    """The later of two days, the second of which may be missing."""
    return one if np.isnat(other) else max(one, other)


def _split(text, shape):
    """A text without its tail, and what the tail holds."""
    found = re.search(shape, text)
    return (text[: found.start()], found[1]) if found else (text, "")


def _phrases(column):
    """Codes of a column in words."""
    name = LISTS.get(column, column)
    return {**CODE_LISTS.get(name, {}), **_SAID.get(name, {})}


def _named(phrase, text):
    """Whether a text names a code, as a whole and not as the beginning of another."""
    ends = r"(?=$|[,.;)]| or | as | was | were | in | on | before | is | are | of | began| ended)"
    return re.search(rf"(?<![\w-]){re.escape(phrase)}{ends}", text)


def _fits(data, column, text):
    """Whether the words name the code of a row, or name no code of the column at all."""
    phrases, code = _phrases(column), data.get(column)
    named = {phrase for phrase in phrases.values() if _named(phrase, text)}
    if column == "factor":
        named = {"no factor"} if "without any factor" in text else named
    starts = {"source": " from ", "initial_category": " for ", "status": "(", "end_reason": "(", "close_reason": "("}
    if not named or (column in starts and starts[column] not in text):
        return True
    mine = phrases.get(code, str(code))
    return any(mine == phrase or mine.startswith((f"{phrase} by ", f"{phrase},")) for phrase in named) != _but(text)


def _but(text):
    """Whether the codes that a text names are left out."""
    return "other than" in text or " not from " in text or "(not " in text or " not for " in text


def _flags_fit(data, text):
    """Whether a row has the flags that a text names, or has them not where they are left out."""
    named = [held for words, held in FLAGGED.items() if re.search(words, text)]
    fits = all(not pd.isna(data.get(column)) and bool(data[column]) == wanted for column, wanted in named)
    return not fits if named and "other than those" in text else fits


# ------------------------------------------------------------------------------------------------ shapes


def _clause(reader, text):
    """A clause of a sentence, read as a sentence of its own."""
    return reader._read(f"{text[0].upper()}{text[1:]}.")


def _not_received(reader, found):
    first = reader.first["care_episodes" if (name := reader.table_of(found[1])) == "care" else name]
    assert first > reader.observed_until
    assert not reader.rows


def _not_held(reader, found):
    assert reader.absent[{"care": "care_episodes"}.get(name := reader.table_of(found[1]), name)]


def _no_reach(reader, found):
    reader.windows += [found["days"] or found["least"]] if found["days"] or found["least"] else []
    back = int(reader.number(found["days"] or found["least"])) if found["days"] or found["least"] else 0
    names = [name for name, words in WORDS if re.search(words, found[1])]
    tables = [each for name in names for each in (("care_episodes", "legal_statuses") if name == "care" else (name,))]
    firsts = [reader.first.get(name) for name in tables]
    short = any(first is not None and _day(first) > reader.day - back * DAY for first in firsts)
    if found["least"] and not reader.siblings:
        short = short or _day(reader.tables["children"][reader.child]["birth_date"]) > reader.day - back * DAY
    assert short or ("who the siblings are" in found[0] and reader.links != "dated"), found[0]


def _no_links(reader, found):
    assert reader.links != "dated"


def _nothing(reader, found):
    if found["window"]:
        reader.since(found)
    rows = reader.of(found[1])
    rows = [row for row in rows if row.end_known < reader.day] if "that has ended" in found[0] else rows
    assert not rows, "there are rows on record"


def _aged(reader, found):
    [row] = [row for row in reader.rows if row.table == "children"]
    assert reader.number(found[1]) == _age(row.data["birth_date"], reader.day)


def _age(born, day):
    born, day = pd.Timestamp(born), pd.Timestamp(day)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _not_recorded(reader, found):
    columns = {"The age": "birth_date", "Sex": "sex", "Ethnicity": "ethnicity", "Whether": "ehc_plan"}
    [column] = [column for words, column in columns.items() if found[0].startswith(words)]
    assert all(pd.isna(row.data[column]) for row in reader.rows)


def _month(reader, found):
    assert found[1] == MONTHS[pd.Timestamp(reader.day).month - 1]


def _year(reader, found):
    reader.used[found[1][:3]] += 1
    reader.used[found[1][3:]] += 1
    assert int(found[1]) == pd.Timestamp(reader.day).year


def _siblings(reader, found):
    low, high = reader.number(found[2]), reader.number(found[3])
    reader.windows += [found[2], found[3]]
    ages = [
        _age(reader.tables["children"][row.child]["birth_date"], reader.day)
        for row in reader.rows
        if row.table == "relationships"
    ]
    assert all(low <= age <= high for age in ages)
    assert reader.number(found[1]) == len(ages)


def _characteristic(reader, found):
    [row] = reader.rows
    column, words = found[1].lower(), found[3]
    assert (CODE_LISTS[column].get(row.data[column]) == words) != bool(found[2])


def _ehc_plan(reader, found):
    [row] = reader.rows
    assert bool(row.data["ehc_plan"]) == (found[1] == "An")


def _rate(reader, found):
    inside, days, since = reader.counted(found[1])
    assert len(inside) == len(days)
    assert reader.number(found[2]) == _covered(reader, found[1], since)


def _covered(reader, text, since):
    """Days of the window for which there can be records: a fact about the extract and the child, not about rows."""
    table = reader.table_of(text)
    firsts = [reader.first.get(name) for name in (("care_episodes", "legal_statuses") if table == "care" else (table,))]
    born = [] if reader.siblings else [_day(reader.tables["children"][reader.child]["birth_date"])]
    return (reader.day - max([since, *(_day(first) for first in firsts if first is not None), *born])) // DAY


def _no_rate(reader, found):
    reader.windows.append(found[2])
    reader.number(found[2])
    assert not reader.rows


def _share(reader, found):
    inside, days, _ = reader.counted(found[1])
    assert len(inside) == len(days) == len(reader.of(found[1]))
    meant = [row for row in reader.of(found[1]) if _is_of(row, found[3], reader.table_of(found[1]), reader)]
    assert reader.number(found[2]) == len(meant), found[0]


def _is_of(row, text, table, reader):
    """Whether a row has what a share is of."""
    text = text.replace("came from ", " from ").replace("was for ", " for ").replace("were for ", " for ")
    text = re.sub(r"^(was|were|had the [a-z ]+?) (?! from| for)", r"(", text) if not text.startswith(" ") else text
    return reader._is_meant(row, table, text)


def _trend(reader, found):
    inside, days, since = reader.counted(found[1])
    size = reader.day - since
    assert reader.number(found[3]) == size // DAY
    before = days[(days >= since - size) & (days < since)]
    assert reader.number(found[2]) == len(before)
    assert len(inside) + len(before) == len(days)


def _change(reader, found):
    since = reader.since(found)
    size = reader.day - since
    table = reader.table_of(found[2])
    days = reader.happened(reader.of(found[2], table), "", table)
    more = ((days >= since) & (days < reader.day)).sum() - ((days >= since - size) & (days < since)).sum()
    assert reader.number(found["before"]) == size // DAY
    assert more == (
        0 if found[1] is None else reader.number(found[1].split(" ")[0]) * (1 if "more" in found[1] else -1)
    )


def _return(reader, found):
    table = reader.table_of(found[1])
    ends = reader.happened(reader.of(found[1]), found[2].replace("last ", ""), table)
    starts = np.array([row.start for row in reader.of(found[1])])
    assert reader.number(found[3]) == (reader.day - ends[~np.isnat(ends)].max()) // DAY
    assert reader.number(found[5]) == (reader.day - starts.max()) // DAY


def _life(reader, found):
    _clause(reader, found[1])
    born = reader.tables["children"][reader.child]["birth_date"]
    assert ("children", reader.child) in {(row.table, row.key) for row in reader.rows}
    assert reader.number(found[2]) == _age(born, reader.day)


def _days_since(reader, found):
    if found[4]:
        reader.windows.append(found[4])
        since = reader.day - int(reader.number(found[4])) * DAY
    rows, table = reader.of(found[3]), reader.table_of(found[3])
    days = reader.happened(rows, found[3], table)
    days = days[~np.isnat(days)]
    last = days.min() if re.search(r"\bfirst\b", found[3]) else days.max()
    assert reader.number(found[1]) == (reader.day - last) // DAY
    assert (found[2] == "day") == (found[1] == "1")
    assert not found[4] or last >= since


def _both(reader, found):
    reader.whole = False
    _clause(reader, found[1])
    _clause(reader, found[2])


def _days_in(reader, found):
    reader.days_in(found[1])


def _active(reader, found):
    rows = reader.of(found[2] + (" worker" if found[3] == "allocated" else ""))
    assert all(row.end_known >= reader.day or np.isnat(row.end_known) for row in rows)
    assert reader.number(found[1]) == len(rows) == len([r for r in rows if r.start_known < reader.day])


def _distinct(reader, found):
    since, text = reader.since(found), found[0].split(", most recently")[0]
    table = reader.table_of(text)
    column = {"assessment_factors": "factor", "worker_involvements": "worker"}.get(table) or _column(
        reader, table, found[2]
    )
    rows = [row for row in reader.of(text, table) if column and not pd.isna(row.data[column])]
    days = np.array([row.start for row in rows], "datetime64[D]")
    assert ((days >= since) & (days < reader.day)).all()
    assert reader.number(found[1]) == len({row.data[column] for row in rows}), found[0]
    reader._ago(found["ago"], days)


def _column(reader, table, words):
    """The column that some words name, in the singular or the plural."""
    names = set(reader.rows[0].data) if reader.rows else set()
    said = words.replace("different ", "").replace(" ", "_")
    return next(
        (name for name in names if said in (name, f"{name}s", f"{name}es", f"{name.removesuffix('y')}ies")), None
    )


def _none_held(reader, found):
    reader.since(found)
    assert not reader.rows or not reader.whole


def _measure(reader, found):
    since = reader.since(found)
    rows = [row for row in reader.of(found[3]) if since <= row.start < reader.day]
    assert len(rows) == len(reader.rows) or not reader.whole
    values = np.array([row.data[found[2].lower().removesuffix("s")] for row in rows], float)
    made = {"mean": np.mean, "largest": np.max, "sum": np.sum}[found[1] or "sum"](values) if len(rows) else 0.0
    _is_about(reader, found["said"], made)


def _is_about(reader, said, made):
    """A number that a sentence gives to a few digits."""
    number = reader.number(said)
    assert abs(number - made) <= (0.051 if abs(made) >= 1 else 0.051 * abs(made) + 1e-9), f"{made} said as {said}"
    assert not float(number).is_integer() or abs(number - made) <= 0.051


def _last(reader, found):
    [row] = reader.of(found[2])
    if found["window"]:
        assert row.start >= reader.since(found)
    column = found[1].replace(" ", "_")
    if isinstance(row.data[column], float):
        _is_about(reader, found["said"].split(" ")[0], row.data[column])
    else:
        assert found["said"] == _phrases(column)[row.data[column]]


def _count(reader, found):
    inside, days, _ = reader.counted(found[1])
    assert len(inside) == len(days) or not reader.whole, "a row outside the window"


def _factors(reader, found):
    """Factors that are counted one by one, or by their kind."""
    alike = "different" in found[2] or "most recently" in found[0] or found[1] in ("No", "1")
    _distinct(reader, found) if alike or "factor" not in found[2] else reader.counted(found[0].rstrip("."))


AGO = rf"(?:, most recently (?P<ago>{NUMBER} days? before))?"
ANY = rf"(?: {IN})?"
_SHAPES = (
    (r"No records of (.*) were received\.", "not received", _not_received),
    (r"Unknown: the source of the records does not hold all that this needs of (.*)\.", "not held", _not_held),
    (rf"Unknown: the records of (.*?) (?:do not reach back (?P<days>{NUMBER}) days?|do not reach @|cover fewer than "
     rf"(?P<least>91) days before @)[a-z, ]*\.", "unknown", _no_reach),
    (r"Unknown: the records do not say who the siblings are, or not since when that was known\.", "unknown", _no_links),
    (r"The age is unknown\.|(?:Sex|Ethnicity|Whether there is an education, health and care plan) is not recorded\.",
     "not recorded", _not_recorded),
    (rf"Aged ({NUMBER})\.", "age", _aged),
    (r"The month of @ is ([A-Z][a-z]+)\.", "month", _month),
    (r"The year of @ is (\d{4})\.", "year", _year),
    (rf"{MANY} siblings? (?:\(undated links included\) )?aged ({NUMBER}) to ({NUMBER}) (?:is|are) on record\.",
     "siblings", _siblings),
    (r"(Sex|Ethnicity) is recorded as (other than )?(.*)\.", "characteristic", _characteristic),
    (r"(An|No) education, health and care plan is on record\.", "characteristic", _ehc_plan),
    (rf"No (.*?)(?: that has ended| with an? [a-z ]+)? is on record{ANY}\.", "nothing", _nothing),
    (rf"(.*); the records cover ({NUMBER}) of these days\.", "rate", _rate),
    (rf"No (.*) in as much of the ({NUMBER}) days before @ as the records cover\.", "rate", _no_rate),
    (rf"(.*), of which {MANY} (.*)\.", "share", _share),
    (rf"(.*?), (?:against|and) {MANY} in the ({NUMBER}) days before those\.", "trend", _trend),
    (rf"(?:No change: as many|({NUMBER} (?:more|fewer))) ((?:(?!those).)*) {IN} (?:as|than) in the "
     rf"(?P<before>{NUMBER}) days before those\.", "trend", _change),
    (rf"(.*?) ((?:was )?last [a-z]+) ({NUMBER}) days? before @, and one ((?:was )?last [a-z]+) ({NUMBER}) days? before "
     r"that date\.", "return", _return),
    (rf"(.*), in a life of ({NUMBER}) years? so far\.", "of a life", _life),
    (rf"(.*(?:before @|as a factor|since .*|miles?|times|on record|[Aa]ged [0-9]+|before those).*?), and "
     rf"((?:no|an?|none|{NUMBER}|assessments|looked|missing|the|aged|distances)\b.*)\.", "both", _both),
    (rf"({NUMBER}) (days?) since (.*?)(?:, looking back ({NUMBER}) days?)?\.", "days since", _days_since),
    (r"(.* on (?:none|[\d,]+) (?:of (?:the|them)|days? before).*)\.", "days in", _days_in),
    (rf"{MANY} (.*) (?:is|are) (open|allocated)\.", "open", _active),
    (rf"{MANY} ((?:different )?factors?.*|(?:different )?workers?) (?:was|were) (?:identified by assessments.*?|newly "
     rf"allocated) {IN}{AGO}\.", "different", _factors),
    (rf"{MANY} ((?:different )?[a-z ]+?) (?:is|are) on record for (.*) {IN}{AGO}\.", "different", _distinct),
    (rf"No (.*) {IN} has an? ([a-z ]+) on record\.", "different", _none_held),
    (rf"The (mean|largest) ([a-z]+) of (.*) {IN} is (?P<said>{NUMBER}) miles?\.", "numbers", _measure),
    (rf"()(Distances) of (.*) {IN} add up to (?P<said>{NUMBER}) miles?\.", "numbers", _measure),
    (rf"The ([a-z ]+?) of the last (.*?){ANY} is (?P<said>.*)\.", "last", _last),
    (r"((?:No|An?|Assessments|[\d,]+)\b.*)\.", "count", _count),
)  # fmt: skip
