"""The page of one child: what a social worker reads in a minute, and beneath it what an analyst asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.cells import NOT_KNOWN, NOTHING, STRENGTHS, Cell, day_said, look_at
from edgeofcare.explanation.child_words import GENERAL_BLIND_SPOT, of_100, risk_said, rows_said, target_said
from edgeofcare.explanation.concepts import Reason, concept_reasons, probability_of, probability_points
from edgeofcare.features.catalogue import catalogue

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["child_page", "only_row", "template", "withheld"]

_MOST_A_SIDE, _MOST_UNKNOWN, _MOST_STRENGTHS, _MOST_BLIND, _MOST_ROWS = 4, 2, 2, 4, 3
_SURE_A_SIDE, _ROOM_A_SIDE = 3, 700  # reasons that are shown however long they are, and letters for more of them
_BLOCKS = 10
_FULL = math.log(2.0)  # log-odds that fill every block, unless a concept of this child moves more
_LEAST = 0.05  # log-odds below which a concept is left to the technical layer
_ENDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
_SIBLINGS = "sibling"
_COUNT = ".count"  # of the strengths that carry no reason, those that count something speak for themselves
_NO_STRENGTH = "how earlier work went"
_OF_TWO = (" - ", " / ")


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
    shown, columns = _columns(reasons)
    start, risk = probability_of(explanation.base), float(explanation._scores["risk"].iloc[0])
    return str(
        template("child.html").render(
            child=child,
            household=household,
            day=day_said(index_date),
            unbroken=day_said(index_date).replace(" ", "\N{NO-BREAK SPACE}"),
            risk_said=risk_said(risk, explanation.about.task),
            interval=_interval(explanation),
            line=_line(start, risk),
            columns=columns,
            left=len(reasons) - len(shown),
            also=_also(cells, [reason.cell.feature for reason in shown], columns.room_for_strengths),
            unknown=sum(cell.record == NOT_KNOWN for cell in cells),
            asked=len(cells),
            blind=_blind_spots(shown),
            general=GENERAL_BLIND_SPOT,
            target=target_said(explanation.about, index_date),
            with_records=explanation._records is not None,
            technical=_technical(explanation, reasons, cells),
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


def _columns(reasons: list[Reason]) -> tuple[list[Reason], _Columns]:
    """The reasons that are shown, and where each of them stands."""
    largest = max([_FULL, *(abs(reason.contribution) for reason in reasons)])
    columns, shown = _Columns(), []
    for reason in (each for each in reasons if abs(each.contribution) >= _LEAST):
        item, place = _item(reason, largest), _place(reason, columns)
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


def _item(reason: Reason, largest: float) -> _Item:
    """One reason as it is shown."""
    source, more = _source(reason.cell)
    return _Item(
        concept=_heading(reason),
        sentence=reason.cell.sentence,
        direction=reason.direction,
        blocks=max(1, round(_BLOCKS * abs(reason.contribution) / largest)),
        source=source,
        more=more,
        band=str(reason.certainty.get("band", "")),
        tied=bool(reason.certainty.get("tied", False)),
        why=_why(reason.cell) if reason.strength else "",
    )


def _heading(reason: Reason) -> str:
    """The concept with a capital; that of strengths is called so only where it is one."""
    plain = _NO_STRENGTH if reason.concept == STRENGTHS and not reason.strength else reason.concept
    return f"{plain[0].upper()}{plain[1:]}"


def _source(cell: Cell) -> tuple[str, str]:
    """Source rows of a cell in small print."""
    if withheld(cell.feature):
        number = len(cell.evidence)
        return (f"{number} source row{'' if number == 1 else 's'} of siblings, not shown here" if number else ""), ""
    return rows_said(cell.evidence, _MOST_ROWS)


def _also(cells: list[Cell], shown: list[str], most: int) -> list[_Item]:
    """Strengths on record that carry none of the reasons shown."""
    named = [cell for cell in cells if _COUNT in cell.feature and not any(mark in cell.feature for mark in _OF_TWO)]
    held = [cell for cell in named if cell.concept == STRENGTHS and cell.strength and cell.feature not in shown]
    held.sort(key=lambda cell: (cell.contribution, cell.feature))
    return [_Item("", cell.sentence, "", 0, *_source(cell), why=_why(cell)) for cell in held[:most]]


def _why(cell: Cell) -> str:
    """Why something is a strength, in the words of the catalogue."""
    entry = catalogue().get(cell.feature)
    return entry.reason if entry is not None and cell.concept == STRENGTHS else ""


def _blind_spots(shown: list[Reason]) -> list[tuple[str, str]]:
    """What the features behind the reasons shown cannot see, by concept; of nothing recorded, nothing can be said."""
    told = [reason for reason in shown if reason.cell.record != NOTHING]
    entries = [(_heading(reason), catalogue().get(reason.cell.feature)) for reason in told]
    spots = [(concept, entry.blind_spot) for concept, entry in entries if entry is not None and entry.blind_spot]
    return spots[:_MOST_BLIND]


def _interval(explanation: Explanation) -> str:
    """The interval of the risk in words, where the model has refits."""
    found = explanation.risk_interval
    if found is None:
        return ""
    low, high = (float(end) for end in found.iloc[0])
    return f"{of_100(low)} to {of_100(high)}"


def _line(start: float, risk: float) -> dict[str, Any]:
    """Where start and risk stand on the line, in per cent of its length, and how their labels are anchored."""
    end = next(each for each in _ENDS if each >= min(1.0, 1.15 * max(start, risk)))
    places = {"start": 100.0 * start / end, "risk": 100.0 * risk / end}
    anchors = {name: "start" if at < 25 else "end" if at > 75 else "middle" for name, at in places.items()}
    per = 1000 if end <= 0.01 else 100
    return {
        "at": {name: f"{min(99.0, max(1.0, at)):.2f}" for name, at in places.items()},
        "anchor": anchors,
        "end": f"{end * per:.0f} of {per:,}",
        "start_said": of_100(start).removeprefix("about "),
        "risk_said": of_100(risk).removeprefix("about "),
        "moved": "down" if risk < start else "up",
    }


def _technical(explanation: Explanation, reasons: list[Reason], cells: list[Cell]) -> dict[str, Any]:
    """What an analyst asks for: every number behind the page."""
    log_odds, risk = (float(explanation._scores[name].iloc[0]) for name in ("log_odds", "risk"))
    points = probability_points([cell.contribution for cell in cells], explanation.base, log_odds)
    order = sorted(range(len(cells)), key=lambda place: (-abs(cells[place].contribution), cells[place].feature))
    about, records = explanation.about, explanation._records
    return {
        "concepts": [
            (reason.concept, reason.cell.feature, *_numbers(reason.contribution, reason.points)) for reason in reasons
        ],
        "features": [
            (cells[place], _value(cells[place]), *_numbers(cells[place].contribution, float(points[place])))
            for place in order
        ],
        "rows": [
            (reason.cell.feature, *row) for reason in reasons if not withheld(reason.cell.feature)
            for row in reason.cell.evidence
        ],
        "facts": [
            ("Base: calibrated log-odds of the average child in training", f"{explanation.base:.4f}"),
            ("Risk at the base, which is below the mean risk in training", f"{probability_of(explanation.base):.4f}"),
            ("Calibrated log-odds", f"{log_odds:.4f}"),
            ("Risk", f"{risk:.4f}"),
            ("Slope and intercept of the calibration", f"{about.slope:.4f} and {about.intercept:.4f}"),
            *([("Version of the calibration", str(about.calibration_version))] if about.calibration_version else []),
            ("Model", about.model_id or "not loaded from a model file"),
            *([("Steadiness of its reasons", about.agreement)] if about.agreement else []),
            ("Trained with", _versions(about.trained_with) or "not stated"),
            ("Explained with", _versions(about.versions)),
            *([] if records is None else [("Records observed until", str(records.observed_until.date()))]),
            *([] if records is None else [("Input fingerprint", records.fingerprint[:16])]),
        ],
    }  # fmt: skip


def _numbers(contribution: float, points: float) -> tuple[str, str, str]:
    """Log-odds, multiplier of the odds and probability points, as text."""
    return f"{contribution:+.4f}", f"{math.exp(contribution):.3f}", f"{points:+.2f}"


def _value(cell: Cell) -> str:
    """A value as text."""
    return "" if math.isnan(cell.value) else f"{cell.value:g}"


def _versions(versions: Any) -> str:
    """Versions in one line."""
    return ", ".join(f"{name} {text}" for name, text in sorted(versions.items()))
