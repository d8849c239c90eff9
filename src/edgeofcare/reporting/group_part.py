"""The block of the report on groups: findings first, then pictures, the groups that can be shown, and the limits."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from edgeofcare.evaluation.groups.findings import MATERIAL
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.reporting.blocks import Block, Grid, Picture, grid
from edgeofcare.reporting.drawings import drawn, part_pictures
from edgeofcare.reporting.sections import Drawing, ReportSections
from edgeofcare.reporting.shareable import shareable_groups

__all__ = ["findings_grid", "group_grid", "groups_block"]

_SAME = "A model cannot be equally well calibrated and make equal errors in groups whose rates of entry differ."
_HIDDEN = (
    "Groups with fewer than 10 entrants are suppressed: their figures would say more about chance, and could point to "
    "a child. Where the total would give a small group away, the next smallest is suppressed with it. Suppressed means "
    "not known, not fair."
)
_POINTS = 8
_SIZES = {
    "shown": "beyond chance",
    "material": f"beyond chance, and the whole interval outside {MATERIAL[0]:g} to {MATERIAL[1]:g}",
}
_NONE = "No group was found to differ by more than chance allows."


def group_grid(groups: pd.DataFrame) -> Grid:
    """Groups with estimates and intervals in one cell each, narrow enough for a page.

    Parameters
    ----------
    groups : DataFrame
        ``Evaluation.groups``, fit to share.

    Returns
    -------
    Grid
        One row for each group.
    """
    frame = pd.DataFrame(
        {
            "by": groups["by"].str.replace("_", " "),
            **{name: groups[name] for name in ("group", "rows", "children", "entrants")},
            "rate of entry": _percent(groups["base_rate"]),
            "mean risk": _percent(groups["mean_risk"]),
            "observed / expected": _with_interval(groups, "observed_expected_ratio", "oe_low", "oe_high"),
            "AUROC": _with_interval(groups, "auroc", "auroc_low", "auroc_high"),
            "reviewed": _percent(groups["selection_rate"]),
            "PPV": _percent(groups["ppv"]),
            "note": groups["note"].fillna(""),
        }
    )
    return grid("Groups", frame)


def findings_grid(findings: pd.DataFrame) -> Grid:
    """What was found between groups, with its size in words.

    Parameters
    ----------
    findings : DataFrame
        ``Evaluation.group_findings()``, fit to share.

    Returns
    -------
    Grid
        One row for each finding.
    """
    if "size" in findings:
        findings = findings.assign(size=[_SIZES.get(str(size), str(size)) for size in findings["size"]])
    return grid("What was found between groups", findings, labels={"size": "how far"})


def groups_block(evaluation: Evaluation, sections: ReportSections) -> Block:
    """Findings, pictures, the groups that can be shown, and everything else to open.

    Parameters
    ----------
    evaluation : Evaluation
        What the model is worth.
    sections : ReportSections
        With measures of groups and findings, or without.

    Returns
    -------
    Block
        Groups by columns of one's own are counted and left out.
    """
    groups, left_out = shareable_groups(evaluation.groups)
    points, grids = _findings(sections)
    said: list[str] = []
    hidden = groups["observed_expected_ratio"].isna()
    shown = groups[~hidden]
    if len(groups):
        said.append(f"{len(shown):,} of {len(groups):,} groups can be shown. {_HIDDEN}")
    if evaluation.groups.empty:
        said.append("No group was measured: give by= to evaluate.")
    if left_out:
        said.append(
            f"Left out of this page: {left_out:,} group(s) by columns of your own, because such a column may hold "
            "names or dates."
        )
    if len(shown):
        grids.append(replace(_without_notes(shown), caption="Groups that can be shown"))
    if hidden.any():
        names = groups.loc[hidden, ["by", "group", "note"]].assign(by=groups["by"].str.replace("_", " "))
        grids.append(grid("Groups that are suppressed", names, folded=True))
    for name, title in (
        ("group_measures", "Every measure of every group"),
        ("recording", "If events of one group were recorded less often"),
    ):
        frame = sections.frame(name)
        if frame is not None:
            kept = shareable_groups(frame)[0] if name == "group_measures" else frame
            grids.append(grid(title, kept, folded=True))
    limits = sections.said.get("fairness_limits", sections.said.get("groups", ""))
    return Block(
        "Groups",
        tuple(said),
        tuple(grids),
        _pictures(shown, sections),
        points=tuple(points),
        more=(_SAME, limits) if limits else (_SAME,),
        more_title="Why no model can be fair in every sense at once",
    )


def _findings(sections: ReportSections) -> tuple[list[str], list[Grid]]:
    """Findings as points and as a table, or that nothing was found; empty where nobody looked."""
    findings = sections.group_findings
    if findings is None:
        return [], []
    kept = shareable_groups(findings)[0] if "by" in findings else findings
    if kept.empty:
        return [_NONE], []
    points = kept["finding"].astype(str).tolist() if "finding" in kept else []
    if len(points) > _POINTS:
        points = [*points[:_POINTS], f"And {len(points) - _POINTS:,} more; the table below has all."]
    return points, [replace(findings_grid(kept), folded=bool(points))]


def _without_notes(shown: pd.DataFrame) -> Grid:
    """The groups, with the first words of each note, which say how far to trust a row."""
    notes = [str(note).partition(":")[0] for note in shown["note"].fillna("")]
    made = group_grid(shown.assign(note=notes))
    return replace(made, frame=made.frame.rename(columns={"note": "read with"}))


def _pictures(shown: pd.DataFrame, sections: ReportSections) -> tuple[Picture, ...]:
    """Measures by group, or observed over expected where there is only that."""
    pictures = part_pictures(sections, "group_measures") + part_pictures(sections, "groups")
    if pictures or shown.empty:
        return pictures
    from edgeofcare.plotting.evaluation import plot_groups

    picture = Drawing(
        "Is it right for every group?",
        "Observed over expected entries. Small groups, and those that would give them away, are suppressed.",
        lambda ax: plot_groups(shown, ax),
        (6.4, max(2.6, 1.0 + 0.27 * len(shown))),
    )
    return drawn((picture,))


def _percent(values: pd.Series) -> list[str]:
    """Shares as percentages."""
    return ["" if pd.isna(value) else f"{value:.1%}" for value in values]


def _with_interval(frame: pd.DataFrame, estimate: str, low: str, high: str) -> list[str]:
    """Estimates with their intervals, and nothing where there is none."""
    rows = zip(frame[estimate], frame[low], frame[high], strict=True)
    return ["" if pd.isna(each[0]) else f"{each[0]:.2f} ({each[1]:.2f} to {each[2]:.2f})" for each in rows]
