"""The wording file: every sentence of the catalogue, to be edited or translated without touching code."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeofcare.ages import age_in_years
from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.page_words import COMMON, PageWords
from edgeofcare.explanation.wording import percent_said, reason_sentence
from edgeofcare.explanation.wording_checks import GROUPS, WORDS, wrong_line
from edgeofcare.explanation.wording_rows import number_said
from edgeofcare.explanation.wording_two import joined, two_numbers
from edgeofcare.features.feature import Feature

if TYPE_CHECKING:
    from edgeofcare.explanation.source_rows import Rows

__all__ = ["Wording", "default_wording", "library_text", "read_wording", "wording_of", "write_wording"]

_HEADER = ["feature", "case", "sentence"]
_HOLE = re.compile(r"\{(\w*)\}")
_WITH_ROWS = re.compile(r"\[([^\[\]]*)\]")
_MOST = 10_000_000  # bytes


@dataclass(frozen=True, repr=False)
class Wording:
    """Sentences by feature and case, from a wording file.

    Parameters
    ----------
    sentences : mapping of (str, str) to str
        By name of a feature and a case; by ``"*"`` and a word that all sentences use; by ``"page"``, ``"concept"`` or
        ``"table"`` and a name of theirs.

    Examples
    --------
    >>> from edgeofcare.features.names import parse_feature
    >>> default_wording().sentence(parse_feature("missing.count.90d"), 2.0)
    '2 missing episodes began in the 90 days before the index date.'
    >>> default_wording().sentence(parse_feature("missing.count.90d"), 0.0, date="31 March")
    'No missing episode began in the 90 days before 31 March.'
    """

    sentences: Mapping[tuple[str, str], str]

    def __post_init__(self) -> None:
        """Keep a copy that nobody can change."""
        object.__setattr__(self, "sentences", MappingProxyType(dict(self.sentences)))

    def __repr__(self) -> str:
        features = {feature for feature, _ in self.sentences} - {COMMON, *GROUPS}
        return f"Wording({len(self.sentences)} sentences of {len(features)} features)"

    @property
    def page(self) -> PageWords:
        """The fixed words of a child's page."""
        return PageWords(self.sentences)

    def sentence(
        self,
        spec: Feature | None,
        value: float | str,
        rows: Rows | None = None,
        index_date: Any = None,
        *,
        date: str | None = None,
        parts: tuple[float, float] | None = None,
        reached: bool | None = None,
    ) -> str:
        """Say the value of one feature of one child.

        Parameters
        ----------
        spec : Feature or None
            The feature; None for a column that is no feature of the library.
        value : float or str
            Its value; NaN is unknown, or what an empty window gives.
        rows : Rows, optional
            The source rows behind the value, such as :meth:`Evidence.counted` gives them.
        index_date : Timestamp or datetime64, optional
            The index date; needed with rows.
        date : str, optional
            How to call the index date; as the file says if left out.
        parts : tuple of float, optional
            Of a ratio or a difference, the values of its two features: then the sentence says both.
        reached : bool, optional
            Whether the records are known to reach and to hold enough: NaN then means that there was nothing, or that
            they do not. Left out where nobody knows.

        Returns
        -------
        str
            One sentence. A feature that the file does not hold is worded by the library.
        """
        name = self.sentences[COMMON, "date"] if date is None else date
        numbers = two_numbers(spec, value, rows, index_date, parts)
        said = None if spec is None or numbers is None else self._of_two(spec.name, numbers)
        if said is None:
            said = self._of_one(spec, value, rows, index_date, reached=reached)
        if said is None:
            said = reason_sentence(spec, value, rows, index_date, parts=parts, reached=reached)
            return said if date is None else said.replace("the index date", date)
        return said.replace("{date}", name)

    def _of_two(self, name: str, numbers: tuple[float, float]) -> str | None:
        """A sentence with two numbers; None where the file does not hold both its clauses."""
        clauses = []
        for place, number in zip(("first", "second"), numbers, strict=True):
            clause = self.sentences.get((name, f"{place} {_case(number, None)}"))
            if clause is None:
                return None
            clauses.append(clause.replace("{number}", number_said(number)))
        return joined(*clauses)

    def _of_one(
        self,
        spec: Feature | None,
        value: float | str,
        rows: Rows | None,
        index_date: Any,
        *,
        reached: bool | None,
    ) -> str | None:
        """A sentence for a value as a whole; None where the file does not hold it."""
        held = rows if rows is not None and len(rows) and index_date is not None else None
        case = _case(value, held)
        if spec is None or case is None:
            return None
        if case == "nothing" and reached is not None:
            case = "empty" if reached else "unknown"
        template = self._template(spec.name, case)
        if template is None:
            return None
        kept = _WITH_ROWS.sub("" if held is None else r"\1", template)
        fill = self._part
        return _HOLE.sub(
            lambda hole: hole[0] if hole[1] == "date" else fill(hole[1], spec, float(value), held, index_date), kept
        )

    def _template(self, name: str, case: str) -> str | None:
        """The sentence of a feature and case; nothing on record is unknown, where the file makes no difference."""
        cases = {"empty": ("empty", "nothing", "unknown"), "nothing": ("nothing", "unknown")}.get(case, (case,))
        return next((self.sentences[name, each] for each in cases if (name, each) in self.sentences), None)

    def _part(self, hole: str, spec: Any, value: float, rows: Rows | None, index_date: Any) -> str:
        """What stands for a placeholder."""
        if hole == "number":
            return number_said(abs(value))
        if hole == "percent":
            return percent_said(value)
        if hole == "years":
            return str(_years(value, rows, index_date))
        if hole == "month":
            month = f"month {int(value)}"
            return self.sentences.get((COMMON, month), month)
        return "" if rows is None else self._days(_days_ago(spec, rows, index_date))

    def _days(self, number: int) -> str:
        """A number of days with its noun."""
        return self.sentences[COMMON, "day" if number == 1 else "days"].replace("{number}", number_said(number))


def _case(value: float | str, rows: Rows | None) -> str | None:
    """Which of the cases a value is; None for a code, which the library words."""
    if isinstance(value, str):
        return None
    if math.isnan(value):
        return "nothing" if rows is None else "unknown"
    return "none" if value == 0 else "one" if value == 1 else "more" if value > 0 else "fewer"


def _years(value: float, rows: Rows | None, index_date: Any) -> int:
    """Completed years, by the birthday where it is in evidence."""
    if rows is None:
        return math.floor(value)
    return int(age_in_years(np.asarray(rows["date"]).astype("datetime64[D]")[0], np.datetime64(index_date, "D")))


def _days_ago(spec: Any, rows: Rows, index_date: Any) -> int:
    """Days from the latest row to the index date."""
    dates = rows["end_date" if getattr(spec, "edge", "start") == "end" else "date"]
    last = np.asarray(dates).astype("datetime64[D]").max()
    return int((np.datetime64(index_date, "D") - last).astype(np.int64))


@cache
def default_wording() -> Wording:
    """The wording that comes with the library.

    Returns
    -------
    Wording
        Of every feature of the catalogue.
    """
    return _read(library_text(), "the wording file of the library")


def read_wording(path: str | Path) -> Wording:
    """Read a wording file that was edited or translated.

    Parameters
    ----------
    path : path
        A CSV file in UTF-8 with the columns feature, case and sentence, as :func:`write_wording` writes it. What it
        leaves out is worded by the library; one line is enough.

    Returns
    -------
    Wording
        For ``explain(..., wording=...)``.

    Raises
    ------
    SpecError
        If the file cannot be read, or has wrong columns, features, cases or placeholders: all of them at once, by line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wording = read_wording(write_wording(Path(folder) / "wording.csv"))
    >>> wording == default_wording()
    True
    """
    try:
        if Path(path).stat().st_size > _MOST:
            msg = f"The wording file has more than {_MOST // 1_000_000} MB; a wording file is text of about 120 kB."
            raise SpecError(msg)
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError, TypeError) as error:
        reason = "it is not text in UTF-8" if isinstance(error, UnicodeError) else getattr(error, "strerror", None)
        reason = reason or type(error).__name__
        msg = f"The wording file cannot be read ({reason}). Give the path of a CSV file in UTF-8."
        raise SpecError(msg) from None
    return _read(text, "the wording file")


def write_wording(path: str | Path) -> Path:
    """Write the library's wording to a file, to be edited or translated.

    Parameters
    ----------
    path : path
        A file that is not there yet.

    Returns
    -------
    Path
        The file: a CSV in UTF-8 that a spreadsheet opens. ``{number}``, ``{percent}``, ``{years}``, ``{month}``,
        ``{ago}`` and ``{date}`` are filled in; what stands in square brackets is left out where there are no source
        rows.

    Raises
    ------
    SpecError
        If the file is there already, or cannot be written.
    """
    text = library_text()
    try:
        with Path(path).open("x", encoding="utf-8-sig", newline="") as file:
            file.write(text)
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        msg = f"The wording file cannot be written ({reason}). Give the path of a new file."
        raise SpecError(msg) from None
    return Path(path)


def library_text() -> str:
    """The wording file of the library as text.

    Returns
    -------
    str
        CSV.
    """
    return files("edgeofcare.explanation").joinpath("wording.csv").read_text(encoding="utf-8")


def wording_of(lines: Iterable[list[str]], what: str) -> Wording:
    """Wording from the lines of a wording file below its header, or all that is wrong with them.

    Parameters
    ----------
    lines : iterable of list of str
        Cells of each line; an empty line is passed over.
    what : str
        What they are, for the message.

    Returns
    -------
    Wording
        The sentences.

    Raises
    ------
    SpecError
        With all that is wrong, by line.
    """
    sentences: dict[tuple[str, str], str] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, start=2):
        if not line:
            continue
        wrong = wrong_line(line, sentences)
        problems += [f"line {number} {wrong}"] if wrong else []
        if not wrong:
            sentences[line[0], line[1]] = line[2]
    missing = [word for word in WORDS if (COMMON, word) not in sentences]
    problems += [f"the words {', '.join(missing)} of {COMMON} are missing"] if missing else []
    if problems:
        more = f"; and {len(problems) - 10} more" if len(problems) > 10 else ""
        msg = f"{what[0].upper()}{what[1:]} cannot be used: {'; '.join(problems[:10])}{more}."
        raise SpecError(msg)
    return Wording(sentences)


@cache
def _library_words() -> dict[str, str]:
    """Words that every sentence uses, as the library has them."""
    lines = csv.reader(io.StringIO(library_text(), newline=""))
    return {case: said for feature, case, said in lines if feature == COMMON and case in WORDS}


def _read(text: str, what: str) -> Wording:
    """Wording from the text of a file, or all that is wrong with it."""
    try:
        lines = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        msg = f"{what[0].upper()}{what[1:]} is no CSV file that can be read ({error}). Check its quotation marks."
        raise SpecError(msg) from None
    if not lines or lines[0] != _HEADER:
        msg = f"The first line of {what} must be {','.join(_HEADER)}."
        raise SpecError(msg)
    held = {line[1] for line in lines if line[:1] == [COMMON] and len(line) > 1}
    words = [[COMMON, word, said] for word, said in _library_words().items() if word not in held]
    return wording_of([*lines[1:], *words], what)
