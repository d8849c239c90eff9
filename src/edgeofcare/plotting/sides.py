"""What raises and what lowers the risk, side by side, as on a child's page: blocks and words instead of numbers.

Examples
--------
>>> blocks_of([0.7, -0.3, 0.01])
[10, 4, 1]
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.palette import DARK, GREY, LOWERS, RAISES
from edgeofcare.plotting.reasons import capital, certainty_said, check_reasons, risk_title, times_said
from edgeofcare.plotting.words import literal

__all__ = ["blocks_of", "plot_sides"]

_BLOCKS = 10
_FULL = math.log(2.0)  # log-odds that fill every block, unless a reason of this child moves more
_LEAST = 0.05  # log-odds below which a reason is counted and not shown
_WIDTH, _LINE = 9.0, 0.185  # inches: of a figure, of a line of text
_LETTER = 0.0072  # inches of a letter, for each point of its size
_SIZE = 9.0  # points
_COLUMN, _MIDDLE = 0.47, 0.53  # width of a column, and where the second begins
_NOT_KNOWN, _NOTHING = "not known", "nothing recorded"
_HEADS = {"raises": ("▲ Raises the risk", RAISES), "lowers": ("▼ Lowers the risk", LOWERS)}
_NONE = {"raises": "Nothing raises it by much.", "lowers": "Nothing lowers it by much."}
_MORE_BLOCKS = "More blocks move the risk more."
_TIED = "Tied: too close to another reason to say which is larger."


@dataclass(frozen=True)
class _Item:
    """One reason as it is shown."""

    direction: str
    heading: str
    sentence: str
    blocks: int
    words: str
    unknown: bool = False


@dataclass
class _Pen:
    """Where the next line goes, in lines from the top, and everything that is to be drawn."""

    letters: int
    texts: list[tuple[float, float, str, bool]] = field(default_factory=list)
    rows: list[tuple[float, float, _Item]] = field(default_factory=list)

    def write(self, x: float, y: float, text: str, *, bold: bool = False, letters: int | None = None) -> float:
        """Write some lines, and say where the next one goes."""
        lines = textwrap.wrap(text, letters or self.letters)
        self.texts += [(x, y + place, line, bold) for place, line in enumerate(lines)]
        return y + len(lines)


def plot_sides(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    top: int = 8,
    level: str = "concept",
    start: float | None = None,
    risk: float | None = None,
    interval: Sequence[float] | None = None,
    numbers: bool = False,
) -> Axes:
    """Draw what raises the risk beside what lowers it, in blocks and words.

    Parameters
    ----------
    frame : DataFrame
        Reasons of one row, from ``Explanation.reasons``: direction, concept, sentence, contribution; where they are
        held also record, strength, and of a model with refits band and tied.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, tall enough for the sentences, if None. On an axis that is too small for them
        the letters are smaller.
    top : int, default 8
        Most reasons; the others are counted, as are those that change the odds by less than 5%.
    level : {"concept", "feature"}, default "concept"
        Whether the concept stands above each sentence, or the sentence alone.
    start, risk : float, optional
        Risk of the average child and of this row, for the line above.
    interval : sequence of float, optional
        Lower and upper end of the risk over refits.
    numbers : bool, default False
        Whether each reason says by what it multiplies the odds.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. Ten blocks stand for the largest reason, or for twice the odds if that is more; reasons that share a
        rank have as many blocks. What was not known stands apart, below both sides.

    Raises
    ------
    SpecError
        If a column is missing, the frame holds the reasons of several rows, or there is no such level.

    Examples
    --------
    >>> reasons = pd.DataFrame({"direction": ["raises"], "concept": ["school"],
    ...                         "sentence": ["2 contacts from schools."], "contribution": [0.4]})
    >>> [text.get_text() for text in plot_sides(reasons).texts][:3]
    ['▲ Raises the risk', 'School', '2 contacts from schools.']
    """
    check_reasons(frame, level)
    items = _items(frame, level, numbers=numbers)[:top]
    pen = _Pen(_letters(ax))
    height = _laid_out(pen, items, left=len(frame) - len(items))
    if ax is None:
        inches = 0.55 + _LINE * height
        ax = NotebookFigure(figsize=(_WIDTH, inches), layout="constrained").subplots()
    ax.set(xlim=(0.0, 1.0), ylim=(height, 0.0))
    ax.axis("off")
    _draw(ax, pen, _points(ax, height))
    ax.set_title(risk_title(start, risk, interval), loc="left", fontsize=11, fontweight="bold", color=DARK)
    return ax


def blocks_of(contributions: Sequence[float]) -> list[int]:
    """How many of ten blocks each contribution fills.

    Parameters
    ----------
    contributions : sequence of float
        Of one row, in log-odds.

    Returns
    -------
    list of int
        From 1 to 10.
    """
    largest = max([_FULL, *map(abs, contributions)])
    return [max(1, round(_BLOCKS * abs(each) / largest)) for each in contributions]


def _items(frame: pd.DataFrame, level: str, *, numbers: bool) -> list[_Item]:
    """The reasons that are large enough to be shown, the largest first."""
    sizes = frame["contribution"].abs()
    if "rank" in frame.index.names:  # ties share a rank, and must look alike
        sizes = sizes.groupby(frame.index.get_level_values("rank")).transform("mean")
    blocks = blocks_of(sizes.tolist())
    items = [
        (abs(row["contribution"]), _item(row, words, number, level, numbers=numbers))
        for (_, row), words, number in zip(frame.iterrows(), certainty_said(frame), blocks, strict=True)
    ]
    return [item for size, item in sorted(items, key=lambda each: -each[0]) if size >= _LEAST]


def _item(row: pd.Series, words: list[str], blocks: int, level: str, *, numbers: bool) -> _Item:
    """One reason in words."""
    record = row.get("record", "")
    more = ["a strength on record"] if bool(row.get("strength", False)) else []
    more += ["nothing recorded"] if record == _NOTHING and not more else []
    said = [*words, *([f"odds {times_said(row['contribution'])}"] if numbers else []), *more]
    heading = capital(str(row["concept"])) if level == "concept" else ""
    text = str(row["sentence"])
    return _Item(str(row["direction"]), heading, text, blocks, ", ".join(said), unknown=record == _NOT_KNOWN)


def _letters(ax: Axes | None) -> int:
    """Letters in a line of a column."""
    inches = _WIDTH if ax is None else ax.get_window_extent().width / ax.figure.dpi
    return max(16, int(_COLUMN * inches / (_LETTER * _SIZE)))


def _points(ax: Axes, height: float) -> float:
    """Size of letters with which all lines fit."""
    inches = ax.get_window_extent().height / ax.figure.dpi
    return min(_SIZE, max(4.0, _SIZE * inches / (_LINE * height)))


def _laid_out(pen: _Pen, items: list[_Item], *, left: int) -> float:
    """Put everything in its place, and say how many lines there are."""
    bottom = 0.0
    for x, direction in ((0.0, "raises"), (_MIDDLE, "lowers")):
        y = pen.write(x, 0.0, _HEADS[direction][0], bold=True) + 0.5
        own = [item for item in items if item.direction == direction and not item.unknown]
        for item in own:
            y = _put(pen, x, y, item) + 0.7
        if not own:
            y = pen.write(x, y, _NONE[direction]) + 0.7
        bottom = max(bottom, y)
    unknown = [item for item in items if item.unknown]
    bottom = _put_unknown(pen, bottom + 0.3, unknown) if unknown else bottom
    for line in _notes(items, left):
        bottom = pen.write(0.0, bottom, line, letters=2 * pen.letters)
    return bottom + 0.3


def _put(pen: _Pen, x: float, y: float, item: _Item) -> float:
    """One reason: its heading, its blocks, its sentence."""
    y = pen.write(x, y, item.heading, bold=True) if item.heading else y
    pen.rows.append((x, y, item))
    return pen.write(x, y + 1.0, item.sentence)


def _put_unknown(pen: _Pen, y: float, items: list[_Item]) -> float:
    """What was not known, below both sides."""
    y = pen.write(0.0, y, "What was not known", bold=True) + 0.2
    for item in items:
        way = "higher" if item.direction == "raises" else "lower"
        heading = f"{item.heading}. " if item.heading else ""
        more = f" ({item.words})" if item.words else ""
        text = f"{heading}{item.sentence} For want of it the estimate is {way}{more}."
        y = pen.write(0.0, y, text, letters=2 * pen.letters) + 0.3
    return y + 0.2


def _notes(items: list[_Item], left: int) -> Iterator[str]:
    """What a reader must know about the picture, in small print."""
    tied = any("tied" in item.words.split(", ") for item in items)
    yield " ".join([_MORE_BLOCKS, *([_TIED] if tied else [])])
    if left > 0:
        yield f"{left} more thing{'' if left == 1 else 's'} moved it less."


def _draw(ax: Axes, pen: _Pen, points: float) -> None:
    """Draw all lines and blocks."""
    for x, y, line, bold in pen.texts:
        weight = "bold" if bold else "normal"
        ax.text(x, y + 0.5, literal(line), fontsize=points, fontweight=weight, color=DARK, va="center")
    side = 0.0125
    for x, y, item in pen.rows:
        colour = _HEADS[item.direction][1]
        for place in range(_BLOCKS):
            face, edge = (colour, DARK) if place < item.blocks else ("white", GREY)
            where = (x + place * side * 1.25, y + 0.15)
            ax.add_patch(Rectangle(where, side, 0.62, facecolor=face, edgecolor=edge, linewidth=0.5))
        end = x + _BLOCKS * side * 1.25 + 0.01
        ax.text(end, y + 0.5, item.words, fontsize=points, color=DARK, va="center")
    for x, head in ((0.0, "raises"), (_MIDDLE, "lowers")):
        ax.plot([x, x + _COLUMN], [1.15, 1.15], color=_HEADS[head][1], linewidth=2.0)
