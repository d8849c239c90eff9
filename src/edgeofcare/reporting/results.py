"""The blocks of the report that show what the model is worth: measures, time, workload, groups, alarms, stability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from edgeofcare.evaluation.report import Evaluation
from edgeofcare.reporting.blocks import Block, Grid, Picture, grid, wide
from edgeofcare.reporting.cells import DOMAINS, Domain, measure_cells
from edgeofcare.reporting.drawings import drawn
from edgeofcare.reporting.group_part import groups_block
from edgeofcare.reporting.needed import what_each_is_for
from edgeofcare.reporting.parts import measure_labels, one_part
from edgeofcare.reporting.sections import Drawing, ReportSections
from edgeofcare.reporting.shareable import small_count
from edgeofcare.reporting.work import work_block

__all__ = ["measure_grids", "result_blocks"]

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
_MAIN = (
    "auroc",
    "observed_expected_ratio",
    "calibration_slope",
    "scaled_brier_score",
    "ppv_at_capacity",
    "entrants_found_at_capacity",
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
        _data_block(evaluation, sections),
        _measures_block(evaluation),
        _time_block(evaluation, sections),
        work_block(sections),
        groups_block(evaluation, sections),
        _calibration_block(sections),
        _alarms_block(sections),
        one_part("stability", "Stability", "Whether it names the same children when it is fitted again.", sections),
    ]
    return [block for block in blocks if block is not None]


def _data_block(evaluation: Evaluation, sections: ReportSections) -> Block | None:
    """Whether there is enough data, and what each number that is asked for is for."""
    block = one_part("sample_size", "Is there enough data?", "", sections)
    purposes = what_each_is_for(evaluation, sections)
    return replace(block, said=(*block.said, purposes)) if block is not None and purposes else block


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
    parts = [
        Block(domain.title, (domain.sentence,), (replace(table, folded=True),))
        for domain, table in measure_grids(evaluation.measures)
    ]
    curve = evaluation.decision_curve
    whole = (100 * curve["threshold"]).round(6) % 1 == 0
    curve = curve[whole & (curve["strategy"] != "review none")]
    said = (
        "Net benefit: entries found, less what needless reviews cost at that threshold, by row. A cell is empty where "
        "fewer than 10 children with an entry, or fewer than 10 without, would be reviewed or would be left out at "
        "that threshold: it is not shown."
    )
    if not curve.empty:
        wider = wide(
            curve.rename(columns={"net_benefit": "estimate"}).assign(threshold=_percent(curve["threshold"])),
            rows=["threshold"],
            columns="strategy",
        )
        parts.append(Block("Utility", (said,), (grid("Net benefit by threshold", wider, folded=True),)))
    return Block(
        "Measures, with the rules it would replace",
        (about,),
        (_main_grid(evaluation.measures),),
        _pictures(evaluation),
        tuple(parts),
    )


def _main_grid(measures: pd.DataFrame) -> Grid:
    """The few measures that one reads first, beside the count rule."""
    cells, labels = measure_cells(measures), measure_labels()
    names = [name for name in _MODELS if (name, "auroc") in cells]
    rows = [
        {
            "measure": labels[measure],
            **{name: cells[name, measure].text() if (name, measure) in cells else "" for name in names},
        }
        for measure in _MAIN
        if ("model", measure) in cells
    ]
    return grid("Main measures, with 95% intervals", pd.DataFrame(rows, columns=["measure", *names]))


def _percent(values: pd.Series) -> list[str]:
    """Shares as percentages."""
    return ["" if pd.isna(value) else f"{value:.1%}" for value in values]


def _pictures(evaluation: Evaluation) -> tuple[Picture, ...]:
    """Panels that need nothing but the evaluation."""
    from edgeofcare.plotting.evaluation import (
        plot_calibration,
        plot_decision_curve,
        plot_measures,
        plot_risk_distribution,
    )

    chosen = (
        Drawing(
            "Are the risks right?",
            "Risk that the model gave against the share of children who then entered care. On the line, it is right.",
            lambda ax: plot_calibration(evaluation.calibration, ax),
        ),
        Drawing(
            "Is it worth using?",
            "Net benefit at each threshold, against reviewing everybody, nobody, or the children of a simple rule. A "
            "line has gaps, or ends, where fewer than 10 children of a kind would be reviewed or left: not shown.",
            lambda ax: plot_decision_curve(evaluation.decision_curve, ax),
        ),
        Drawing(
            "Does it tell children apart?",
            "Risks given to children who entered care and to those who did not.",
            lambda ax: plot_risk_distribution(evaluation.risk_distribution, ax),
        ),
        Drawing(
            "Is it better than a simple rule?",
            "Measures between 0 and 1 of the model and of each rule that it would replace, with 95% intervals.",
            lambda ax: plot_measures(evaluation.measures, ax),
        ),
    )
    return drawn(chosen)


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
    origins = one_part("origins", "Earlier periods", "", sections, _LONG_ORIGINS)
    transport = one_part("transport", "Other authorities", "Trained on some authorities, tested on others.", sections)
    parts = [part for part in (seen, origins, transport) if part is not None]
    return Block("Does it hold for new families and later periods?", parts=tuple(parts))


_LONG_ORIGINS: Mapping[str, tuple[str, ...]] = {
    "rows": ("origin", "first_month", "last_month", "stratum"),
    "order": ("auroc", "observed_expected_ratio", "calibration_slope", "ppv_at_capacity", "entrants_found_at_capacity"),
}


def _calibration_block(sections: ReportSections) -> Block | None:
    """How much a straight line on the log-odds leaves undone, and how the level was moved since."""
    parts = [
        one_part(
            "calibration_check",
            "Would another curve fit better?",
            "For diagnosis only; never used for scoring.",
            sections,
        ),
        one_part("reanchoring", "Versions of the level", "Whether recent entries agree with the risks.", sections),
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
    table = grid("Signs that something is too good, too few or too fragile", shown, folded=not any(opened))
    return Block("Alarms", (said,), (table,))
