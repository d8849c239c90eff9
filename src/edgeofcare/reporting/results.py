"""The blocks of the report that show what the model is worth: measures, time, workload, groups, alarms, stability."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from edgeofcare.evaluation.report import Evaluation
from edgeofcare.reporting.blocks import Block, Grid, Picture, grid, key_of, wide
from edgeofcare.reporting.cells import DOMAINS, Domain, measure_cells
from edgeofcare.reporting.pages import svg
from edgeofcare.reporting.sections import Drawing, ReportSections
from edgeofcare.reporting.shareable import shareable_groups, small_count

__all__ = ["group_grid", "measure_grids", "part_pictures", "result_blocks"]

_MODELS = ("model", "count_rule", "model minus count_rule")
_LEADING = (
    "model",
    "count_rule",
    "model minus count_rule",
    "age_and_status",
    "ten_features",
    "last_model",
    "prevalence",
)
_WORKLOAD = ("reviews", "children", "ppv", "entrants_found", "number_needed_to_review", "lift", "repeat_alerts")
_SAME = "A model cannot be equally well calibrated and make equal errors in groups whose rates of entry differ."
_HIDDEN = (
    "Groups with fewer than 10 entrants are suppressed: their figures would say more about chance, and could point to "
    "a child. Where the total would give a small group away, the next smallest is suppressed with it. Suppressed means "
    "not known, not fair."
)
_PARTS: tuple[tuple[str, str, str], ...] = (
    ("thresholds", "Reviewing at a fixed risk", "What would be found by reviewing every child at or above a risk."),
    ("lead_time", "Lead time", "How long before entry a child is first on a list, counted among all entrants."),
    ("reach", "Entrants whom no list could hold", "Of all entrants of that age in the authority's records."),
    ("value", "Value for money", "From the costs that were given, with their uncertainty and that of the sample."),
    ("expected", "What arithmetic allows", "PPV and recall to expect at an AUROC and a rate of entry."),
)


def result_blocks(evaluation: Evaluation, sections: ReportSections) -> list[Block]:
    """Everything that was measured, from discrimination to stability.

    Parameters
    ----------
    evaluation : Evaluation
        What the model is worth; its groups must be fit to share.
    sections : ReportSections
        What else was measured.

    Returns
    -------
    list of Block
        Blocks that have something to show, in the order of the report.
    """
    blocks = [
        _measures_block(evaluation),
        _time_block(evaluation, sections),
        _work_block(sections),
        _groups_block(evaluation, sections),
        _calibration_block(sections),
        _alarms_block(sections),
        _one(
            "stability", "Stability", "Whether another seed, sample or kind of model names the same children.", sections
        ),
        _one("agreement", "Agreement of reasons", "Whether refits on resampled households give the same.", sections),
        _one("sample_size", "How much there was to learn from", "", sections),
    ]
    return [block for block in blocks if block is not None]


def measure_grids(measures: pd.DataFrame) -> list[tuple[Domain, Grid]]:
    """One table for each side of what a model is worth.

    Parameters
    ----------
    measures : DataFrame
        ``Evaluation.measures``.

    Returns
    -------
    list of tuple of Domain and Grid
        Domains with a measure that is shown. Columns: the model, each baseline, the difference from the count rule.
    """
    cells = measure_cells(measures)
    names = [name for name in _LEADING if (name, "auroc") in cells]
    names += sorted({name for name, _ in cells if " minus " not in name} - set(names))
    made = []
    for domain in DOMAINS:
        rows = [
            {
                "measure": label,
                **{name: cells[name, measure].text() if (name, measure) in cells else "" for name in names},
                "note": cells["model", measure].note,
            }
            for measure, label in domain.labels.items()
            if ("model", measure) in cells
        ]
        if rows:
            made.append((domain, grid(f"{domain.title}, with 95% intervals", pd.DataFrame(rows))))
    return made


def _measures_block(evaluation: Evaluation) -> Block:
    """All measures by side, with the pictures."""
    households = small_count(evaluation.counts["households"].iloc[0])
    about = (
        "On the test period, which lies wholly after the training rows' outcomes. Intervals are 95% and come from "
        f"resampling {households} households {evaluation.n_resamples:,} times. A difference whose interval includes "
        "zero is no gain shown."
    )
    if evaluation.capacity:
        about += (
            f" Capacity: {evaluation.capacity:,} children a month, {evaluation.reviews_per_index_date:,} on each index "
            "date."
        )
    parts = [Block(domain.title, (domain.sentence,), (table,)) for domain, table in measure_grids(evaluation.measures)]
    curve = evaluation.decision_curve
    whole = (100 * curve["threshold"]).round(6) % 1 == 0
    curve = curve[whole & (curve["strategy"] != "review none")]
    said = "Net benefit: entries found, less what needless reviews cost at that threshold, by row."
    if not curve.empty:
        wider = wide(
            curve.rename(columns={"net_benefit": "estimate"}).assign(threshold=_percent(curve["threshold"])),
            rows=["threshold"],
            columns="strategy",
        )
        parts.append(Block("Utility", (said,), (grid("Net benefit by threshold", wider, folded=True),)))
    return Block(
        "Measures, with the rules it would replace", (about,), pictures=_pictures(evaluation), parts=tuple(parts)
    )


def _percent(values: pd.Series) -> list[str]:
    """Shares as percentages."""
    return ["" if pd.isna(value) else f"{value:.1%}" for value in values]


def _pictures(evaluation: Evaluation) -> tuple[Picture, ...]:
    """Panels that need nothing but the evaluation."""
    from edgeofcare.plotting.evaluation import plot_calibration, plot_decision_curve, plot_risk_distribution

    chosen = (
        Drawing(
            "Are the risks right?",
            "Risk that the model gave against the share of children who then entered care. On the line, it is right.",
            lambda ax: plot_calibration(evaluation.calibration, ax),
        ),
        Drawing(
            "Is it worth using?",
            "Net benefit at each threshold, against reviewing everybody, nobody, or the children of the count rule.",
            lambda ax: plot_decision_curve(evaluation.decision_curve, ax),
        ),
        Drawing(
            "Does it tell children apart?",
            "Risks given to children who entered care and to those who did not.",
            lambda ax: plot_risk_distribution(evaluation.risk_distribution, ax),
        ),
    )
    return _drawn(chosen)


def _drawn(drawings: tuple[Drawing, ...]) -> tuple[Picture, ...]:
    """Pictures as SVG, named by their title."""
    return tuple(
        Picture(
            each.title, each.caption, svg(each.draw, label=f"{each.title} {each.caption}", prefix=key_of(each.title))
        )
        for each in drawings
    )


def part_pictures(sections: ReportSections, name: str) -> tuple[Picture, ...]:
    """The pictures of a part.

    Parameters
    ----------
    sections : ReportSections
        With drawings, or without.
    name : str
        Name of the part.

    Returns
    -------
    tuple of Picture
        Drawn.
    """
    return _drawn(tuple(sections.drawings.get(name, ())))


def _time_block(evaluation: Evaluation, sections: ReportSections) -> Block:
    """Families seen and not seen, periods, and other authorities."""
    rows = []
    for stratum in evaluation.counts.to_dict("records"):
        cells = measure_cells(evaluation.measures, str(stratum["stratum"]))
        named = {"auroc": "AUROC", "observed_expected_ratio": "observed / expected"}
        shown = {to: cells["model", name].text() if ("model", name) in cells else "" for name, to in named.items()}
        counts = {name: stratum[name] for name in ("stratum", "rows", "children", "entrants")}
        rows.append({**counts, **shown})
    seen = Block(
        "Families that the model has and has not met",
        grids=(grid("Households seen and not seen in training", pd.DataFrame(rows), labels={"stratum": "households"}),),
    )
    origins = _one(
        "origins", "Periods", "Refitted at each origin and tested on what came next.", sections, _LONG_ORIGINS
    )
    transport = _one("transport", "Other authorities", "Trained on some authorities, tested on others.", sections)
    parts = [part for part in (seen, origins, transport) if part is not None]
    return Block("Does it hold for new families and later periods?", parts=tuple(parts))


_LONG_ORIGINS: Mapping[str, tuple[str, ...]] = {
    "rows": ("origin", "first_month", "last_month", "stratum"),
    "order": ("auroc", "observed_expected_ratio", "calibration_slope", "ppv_at_capacity", "entrants_found_at_capacity"),
}


def _one(
    name: str, title: str, sentence: str, sections: ReportSections, shape: Mapping[str, tuple[str, ...]] | None = None
) -> Block | None:
    """A block of one frame, with the sentence and pictures given for it; nothing where there is no frame."""
    frame = sections.frame(name)
    if frame is None:
        return None
    said = tuple(text for text in (sentence, sections.said.get(name, "")) if text)
    grids = [grid(title, frame, folded=len(frame) > 30)]
    if shape is not None and {"model", "measure", "estimate"} <= set(frame.columns):
        ours = frame[frame["model"] == "model"]
        keys = [key for key in shape["rows"] if key in frame]
        brief = grid(title, wide(ours, rows=keys, columns="measure", order=shape["order"]), labels=_labels())
        grids = [brief, grid(f"{title}: every measure", frame, folded=True)]
    return Block(title, said, tuple(grids), part_pictures(sections, name))


def _labels() -> dict[str, str]:
    """Measure to its label."""
    return {name: label for domain in DOMAINS for name, label in domain.labels.items()}


def _work_block(sections: ReportSections) -> Block | None:
    """Lists, lead time, reach, value."""
    lists = {"rows": ("list",), "order": _WORKLOAD}
    parts = [
        _one("workload", "Lists of different lengths", "Children as a team would meet them.", sections, lists),
        *(_one(name, title, sentence, sections) for name, title, sentence in _PARTS),
    ]
    kept = tuple(part for part in parts if part is not None)
    return Block("What a team would see", parts=kept) if kept else None


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


def _with_interval(frame: pd.DataFrame, estimate: str, low: str, high: str) -> list[str]:
    """Estimates with their intervals, and nothing where there is none."""
    rows = zip(frame[estimate], frame[low], frame[high], strict=True)
    return ["" if pd.isna(each[0]) else f"{each[0]:.2f} ({each[1]:.2f} to {each[2]:.2f})" for each in rows]


def _groups_block(evaluation: Evaluation, sections: ReportSections) -> Block:
    """Findings first, then the table, then every measure."""
    from edgeofcare.plotting.evaluation import plot_groups

    groups, left_out = shareable_groups(evaluation.groups)
    said = [sections.said.get("fairness_limits", sections.said.get("groups", _SAME)), _HIDDEN]
    if left_out:
        said.append(
            f"Left out of this page: {left_out:,} group(s) by columns of your own, because such a column may hold "
            "names "
            "or dates."
        )
    grids = []
    findings = sections.group_findings
    if findings is not None:
        kept = findings if "by" not in findings else shareable_groups(findings)[0]
        if kept.empty:
            said.insert(0, "No group was found to differ by more than chance allows.")
        else:
            grids.append(grid("What was found between groups, and what to check", kept))
    grids.append(group_grid(groups))
    measures = sections.frame("group_measures")
    if measures is not None:
        grids.append(grid("Every measure of every group", shareable_groups(measures)[0], folded=True))
    recording = sections.frame("recording")
    if recording is not None:
        grids.append(grid("If events of one group were recorded less often", recording, folded=True))
    picture = Drawing(
        "Is it right for every group?",
        "Observed over expected entries. Small groups, and those that would give them away, are suppressed.",
        lambda ax: plot_groups(groups, ax),
    )
    pictures = _drawn((picture,)) + part_pictures(sections, "groups")
    return Block("Groups", tuple(said), tuple(grids), pictures)


def _calibration_block(sections: ReportSections) -> Block | None:
    """How much a straight line on the log-odds leaves undone, and how the level was moved since."""
    parts = [
        _one(
            "calibration_check",
            "Would another curve fit better?",
            "For diagnosis only; never used for scoring.",
            sections,
        ),
        _one("reanchoring", "Versions of the level", "Whether recent entries agree with the risks.", sections),
    ]
    kept = tuple(part for part in parts if part is not None)
    return Block("Calibration, looked at closely", parts=kept) if kept else None


def _alarms_block(sections: ReportSections) -> Block | None:
    """Every alarm that was looked for, open ones first."""
    frame = sections.frame("alarms")
    if frame is None:
        return None
    opened = [value in (True, "yes") for value in frame["open"]]
    order = sorted(range(len(frame)), key=lambda position: not opened[position])
    shown = frame.assign(open=["OPEN" if is_open else "closed" for is_open in opened]).iloc[order]
    said = f"{sum(opened)} of {len(frame)} alarms are open." if any(opened) else f"None of {len(frame)} alarms is open."
    return Block("Alarms", (said,), (grid("Signs that something is too good, too few or too fragile", shown),))
