"""The page of one child: what a social worker reads in a minute, and beneath it what an analyst asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.cells import NOT_KNOWN, NOTHING, STRENGTHS, Cell, look_at
from edgeofcare.explanation.child_words import of_100, risk_said, rows_said, target_said
from edgeofcare.explanation.concepts import Reason, concept_reasons, odds_multiplier, probability_of, probability_points
from edgeofcare.explanation.page_words import NO_STRENGTH
from edgeofcare.features.catalogue import catalogue

if TYPE_CHECKING:
    from edgeofcare.explanation.about import About
    from edgeofcare.explanation.explanation import Explanation
    from edgeofcare.explanation.page_words import PageWords

__all__ = ["child_page", "heading", "only_row", "template", "withheld"]

_MOST_A_SIDE, _MOST_UNKNOWN, _MOST_STRENGTHS, _MOST_BLIND, _MOST_ROWS = 4, 2, 2, 4, 3
_SURE_A_SIDE, _ROOM_A_SIDE = 3, 700  # reasons that are shown however long they are, and letters for more of them
_BLOCKS = 10
_FULL = math.log(2.0)  # log-odds that fill every block, unless a concept of this child moves more
_MOST_ODDS = 1_000_000  # multiplier of the odds beyond which its size says nothing any more
_FAR = math.log(_MOST_ODDS)
_LEAST = 0.05  # log-odds below which a concept is left to the technical layer
_ENDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
_SIBLINGS = "sibling"
_COUNT = ".count"  # of the strengths that carry no reason, those that count something speak for themselves
_OF_TWO = (" - ", " / ")


class _Said(str):
    """Fixed words, which an apostrophe need not be escaped in: every attribute stands between double quotes."""

    __slots__ = ()

    def __html__(self) -> str:
        """The words in HTML."""
        return escape(self, quote=False).replace('"', "&quot;")


@dataclass(frozen=True)
class _Item:
    """One reason on the page."""

    concept: str
    sentence: str
    direction: str
    blocks: int
    source: str
    more: str
    band: str = ""
    tied: bool = False
    why: str = ""


@dataclass(frozen=True)
class _Columns:
    """What raised and what lowered, side by side, and what was not known."""

    raised: list[_Item] = field(default_factory=list)
    strengths: list[_Item] = field(default_factory=list)
    lowered: list[_Item] = field(default_factory=list)
    nothing: list[_Item] = field(default_factory=list)
    unknown: list[_Item] = field(default_factory=list)

    @property
    def falling(self) -> list[_Item]:
        """All that lowered."""
        return [*self.strengths, *self.lowered, *self.nothing]

    @property
    def room_for_strengths(self) -> int:
        """How many more strengths can be named."""
        return max(0, min(_MOST_STRENGTHS - len(self.strengths), _MOST_A_SIDE + 1 - len(self.falling)))


def only_row(explanation: Explanation) -> None:
    """Refuse an explanation of several children or days.

    Parameters
    ----------
    explanation : Explanation
        From :func:`edgeofcare.explain`.

    Raises
    ------
    SpecError
        If it has not exactly one row.
    """
    if len(explanation) != 1:
        msg = f"A page is about one child; this explanation has {len(explanation)} rows. Use explanation.row(0), or "
        msg += "explanation.row((household_id, child_id, index_date))."
        raise SpecError(msg)


def child_page(explanation: Explanation) -> str:
    """Write the page of one row.

    Parameters
    ----------
    explanation : Explanation
        With one row.

    Returns
    -------
    str
        HTML that needs no other file, no script and no network.

    Raises
    ------
    SpecError
        If it has not exactly one row.
    """
    only_row(explanation)
    household, child, index_date = explanation._values.index[0]
    reasons = concept_reasons(explanation, 0)
    cells = [look_at(explanation, 0, column) for column in range(explanation._values.shape[1])]
    say = explanation._wording.page
    shown, columns = _columns(reasons, say)
    day = say.day(index_date)
    start, risk = probability_of(explanation.base), float(explanation._scores["risk"].iloc[0])
    return str(
        template("child.html").render(
            child=child,
            household=household,
            say=lambda key, **fill: _Said(say(key, **fill)),
            many=lambda key, number, **fill: _Said(say.many(key, number, **fill)),
            day=day,
            unbroken=day.replace(" ", "\N{NO-BREAK SPACE}"),
            risk_said=risk_said(risk, explanation.about.task, say),
            interval=_interval(explanation, say),
            line=_line(start, risk, say),
            of_cohort=_of_cohort(explanation.about),
            cohort=explanation.about.reference,
            columns=columns,
            left=len(reasons) - len(shown),
            also=_also(cells, [reason.cell.feature for reason in shown], columns.room_for_strengths, say),
            unknown=sum(cell.record == NOT_KNOWN for cell in cells),
            asked=len(cells),
            blind=_blind_spots(shown, say),
            target=target_said(explanation.about, index_date, say),
            with_records=explanation._records is not None,
            technical=_technical(explanation, reasons, cells, say),
        )
    )


def template(name: str, *, html: bool = True) -> Any:
    """A template of the package; in HTML everything that is filled in is escaped.

    Parameters
    ----------
    name : str
        Name of the file.
    html : bool, default True
        Whether to escape.

    Returns
    -------
    jinja2.Template
        Ready to render.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("edgeofcare.explanation") / "templates"
    loader = FunctionLoader(lambda wanted: (folder / wanted).read_text(encoding="utf-8"))
    options: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}
    return Environment(loader=loader, autoescape=html, undefined=StrictUndefined, **options).get_template(name)


def withheld(feature: str) -> bool:
    """Whether source rows of a feature are other children's, whose keys and dates stay out of a child's page.

    Parameters
    ----------
    feature : str
        The feature name.

    Returns
    -------
    bool
        True for features of siblings.
    """
    return _SIBLINGS in feature


def _columns(reasons: list[Reason], say: PageWords) -> tuple[list[Reason], _Columns]:
    """The reasons that are shown, and where each of them stands."""
    largest = max([_FULL, *(abs(reason.contribution) for reason in reasons)])
    columns, shown = _Columns(), []
    for reason in (each for each in reasons if abs(each.contribution) >= _LEAST):
        item, place = _item(reason, largest, say), _place(reason, columns)
        if place is columns.unknown:
            room = len(place) < _MOST_UNKNOWN
        else:
            room = _has_room(columns.raised if place is columns.raised else columns.falling, item)
        if room:
            place.append(item)
            shown.append(reason)
    return shown, columns


def _place(reason: Reason, columns: _Columns) -> list[_Item]:
    """Where a reason stands."""
    if reason.cell.record == NOT_KNOWN:
        return columns.unknown
    if reason.direction == "raises":
        return columns.raised
    if reason.strength:
        return columns.strengths
    return columns.nothing if reason.cell.record == NOTHING else columns.lowered


def _has_room(side: list[_Item], item: _Item) -> bool:
    """Whether one more reason fits on its side of a printed page."""
    length = sum(len(each.sentence) + len(each.source) for each in [*side, item])
    return len(side) < _SURE_A_SIDE or (len(side) < _MOST_A_SIDE and length <= _ROOM_A_SIDE)


def _item(reason: Reason, largest: float, say: PageWords) -> _Item:
    """One reason as it is shown."""
    source, more = _source(reason.cell, say)
    return _Item(
        concept=heading(reason, say),
        sentence=reason.cell.sentence,
        direction=reason.direction,
        blocks=max(1, round(_BLOCKS * abs(reason.contribution) / largest)),
        source=source,
        more=more,
        band=str(reason.certainty.get("band", "")),
        tied=bool(reason.certainty.get("tied", False)),
        why=_why(reason.cell, say) if reason.strength else "",
    )


def heading(reason: Reason, say: PageWords) -> str:
    """The concept with a capital; that of strengths is called so only where it is one.

    Parameters
    ----------
    reason : Reason
        The reason.
    say : PageWords
        The words of a wording file.

    Returns
    -------
    str
        Its name on a page or in a picture.
    """
    plain = NO_STRENGTH if reason.concept == STRENGTHS and not reason.strength else reason.concept
    said = say.concept(plain)
    return f"{said[0].upper()}{said[1:]}"


def _source(cell: Cell, say: PageWords) -> tuple[str, str]:
    """Source rows of a cell in small print."""
    if withheld(cell.feature):
        number = len(cell.evidence)
        return (say.many("siblings' rows", number) if number else ""), ""
    return rows_said(cell.evidence, _MOST_ROWS, say)


def _also(cells: list[Cell], shown: list[str], most: int, say: PageWords) -> list[_Item]:
    """Strengths on record that carry none of the reasons shown."""
    named = [cell for cell in cells if _COUNT in cell.feature and not any(mark in cell.feature for mark in _OF_TWO)]
    held = [cell for cell in named if cell.concept == STRENGTHS and cell.strength and cell.feature not in shown]
    held.sort(key=lambda cell: (cell.contribution, cell.feature))
    return [_Item("", cell.sentence, "", 0, *_source(cell, say), why=_why(cell, say)) for cell in held[:most]]


def _why(cell: Cell, say: PageWords) -> str:
    """Why something is a strength, in the words of the catalogue."""
    entry = catalogue().get(cell.feature)
    if entry is None or cell.concept != STRENGTHS:
        return ""
    return say.of_feature(cell.feature, "why", entry.reason)


def _blind_spots(shown: list[Reason], say: PageWords) -> list[tuple[str, str]]:
    """What the features behind the reasons shown cannot see, by concept; of nothing recorded, nothing can be said."""
    told = [reason for reason in shown if reason.cell.record != NOTHING]
    entries = [(reason, catalogue().get(reason.cell.feature)) for reason in told]
    spots = [(reason, entry.blind_spot) for reason, entry in entries if entry is not None and entry.blind_spot]
    return [
        (heading(reason, say), say.of_feature(reason.cell.feature, "blind spot", spot))
        for reason, spot in spots[:_MOST_BLIND]
    ]


def _interval(explanation: Explanation, say: PageWords) -> tuple[str, str] | None:
    """The interval of the risk in words, where the model has refits."""
    found = explanation.risk_interval
    if found is None:
        return None
    low, high = (of_100(float(end), say) for end in found.iloc[0])
    return low, high


def _line(start: float, risk: float, say: PageWords) -> dict[str, Any]:
    """Where start and risk stand on the line, in per cent of its length, and how their labels are anchored."""
    end = next(each for each in _ENDS if each >= min(1.0, 1.15 * max(start, risk)))
    places = {"start": 100.0 * start / end, "risk": 100.0 * risk / end}
    anchors = {name: "start" if at < 25 else "end" if at > 75 else "middle" for name, at in places.items()}
    return {
        "at": {name: f"{min(99.0, max(1.0, at)):.2f}" for name, at in places.items()},
        "anchor": anchors,
        "end": say("of 1,000", number=f"{end * 1000:.0f}") if end <= 0.01 else say("of 100", number=f"{end * 100:.0f}"),
        "start_said": of_100(start, say, bare=True),
        "risk_said": of_100(risk, say, bare=True),
        "moved": "down" if risk < start else "up",
    }


def _of_cohort(about: About) -> str:
    """What the keys of words end in that say with whom the child is compared."""
    return " of cohort" if about.cohort else ""


def _technical(explanation: Explanation, reasons: list[Reason], cells: list[Cell], say: PageWords) -> dict[str, Any]:
    """What an analyst asks for: every number behind the page."""
    log_odds, risk = (float(explanation._scores[name].iloc[0]) for name in ("log_odds", "risk"))
    points = probability_points([cell.contribution for cell in cells], explanation.base, log_odds)
    order = sorted(range(len(cells)), key=lambda place: (-abs(cells[place].contribution), cells[place].feature))
    about, records = explanation.about, explanation._records
    return {
        "concepts": [
            (say.concept(reason.concept), reason.cell.feature, *_numbers(reason.contribution, reason.points))
            for reason in reasons
        ],
        "features": [
            (cells[place], cells[place].said, *_numbers(cells[place].contribution, float(points[place])))
            for place in order
        ],
        "rows": [
            (reason.cell.feature, *row) for reason in reasons if not withheld(reason.cell.feature)
            for row in reason.cell.evidence
        ],
        "facts": [
            (say(f"base{_of_cohort(about)}", cohort=about.reference), f"{explanation.base:.4f}"),
            (say(f"risk at base{_of_cohort(about)}"), f"{probability_of(explanation.base):.4f}"),
            (say("log-odds"), f"{log_odds:.4f}"),
            (say("risk"), f"{risk:.4f}"),
            (say("calibration"), say("slope and intercept", **_line_of(about))),
            *([(say("calibration version"), str(about.calibration_version))] if about.calibration_version else []),
            (say("model"), about.model_id or say("not loaded")),
            *([(say("steadiness"), about.agreement)] if about.agreement else []),
            (say("trained with"), _versions(about.trained_with) or say("not stated")),
            (say("explained with"), _versions(about.versions)),
            *([] if records is None else [(say("observed until"), str(records.observed_until.date()))]),
            *([] if records is None else [(say("fingerprint"), records.fingerprint[:16])]),
        ],
    }  # fmt: skip


def _line_of(about: About) -> dict[str, str]:
    """The line of the calibration as text."""
    return {"slope": f"{about.slope:.4f}", "intercept": f"{about.intercept:.4f}"}


def _numbers(contribution: float, points: float) -> tuple[str, str, str]:
    """Log-odds, multiplier of the odds and probability points, as text."""
    odds = f"{odds_multiplier(contribution):.3f}" if contribution < _FAR else f">{_MOST_ODDS:,}"
    return f"{contribution:+.4f}", odds, f"{points:+.2f}"


def _versions(versions: Any) -> str:
    """Versions in one line."""
    return ", ".join(f"{name} {text}" for name, text in sorted(versions.items()))
