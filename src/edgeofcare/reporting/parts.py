"""One part of the report: its sentences, its pictures, a table that is short, and one with everything that opens."""

from __future__ import annotations

from collections.abc import Mapping

from edgeofcare.reporting.blocks import Block, grid, wide
from edgeofcare.reporting.cells import DOMAINS
from edgeofcare.reporting.drawings import part_pictures
from edgeofcare.reporting.sections import ReportSections

__all__ = ["measure_labels", "one_part"]

_LONG = 12
_FOLDED = ("calibration_check",)


def one_part(
    name: str, title: str, sentence: str, sections: ReportSections, shape: Mapping[str, tuple[str, ...]] | None = None
) -> Block | None:
    """A block of one frame, with the sentences and pictures given for it.

    Parameters
    ----------
    name, title : str
        Name of the part, and its heading.
    sentence : str
        What stands above everything.
    sections : ReportSections
        With the frame, or with why there is none.
    shape : mapping of str to tuple of str, optional
        ``rows`` and ``order``: columns that name a row, and measures to show of the model in a short table.

    Returns
    -------
    Block or None
        None where there is neither a frame nor a reason for its absence.
    """
    frame = sections.frame(name)
    if frame is None:
        why = sections.not_looked_at.get(name)
        return None if why is None else Block(title, (f"Not looked at: {why.rstrip('.')}.",))
    said = tuple(text for text in (sentence, sections.said.get(name, "")) if text)
    frame = frame.rename(columns={"low": "ci_low", "high": "ci_high"})
    folded = len(frame) > _LONG or name in _FOLDED
    grids = [grid(f"{title.rstrip('?')}: all figures" if folded else title, frame, folded=folded)]
    if shape is not None and {"model", "measure", "estimate"} <= set(frame.columns):
        ours = frame[frame["model"] == "model"]
        keys = [key for key in shape["rows"] if key in frame]
        brief = grid(title, wide(ours, rows=keys, columns="measure", order=shape["order"]), labels=measure_labels())
        grids = [brief, grid(f"{title}: all figures", frame, folded=True)]
    return Block(title, said, tuple(grids), part_pictures(sections, name))


def measure_labels() -> dict[str, str]:
    """Measure to its label."""
    return {name: label for domain in DOMAINS for name, label in domain.labels.items()}
