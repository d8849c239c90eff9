"""Draw what unequal recording does: ``python docs/scripts/recording_sensitivity.py`` renews the table and the picture.

Four invented populations of 8,000 children; figures are means over them. About two minutes.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from pictures import FOLDER, STYLE, canvas

from edgeofcare.evaluation.groups.recording import recording_sensitivity
from edgeofcare.plotting.groups import plot_recording_sensitivity

PAGE = Path(__file__).parents[1] / "concepts" / "groups_and_fairness.md"
START, END = "<!-- computed by docs/scripts/recording_sensitivity.py -->\n", "<!-- end of what is computed -->\n"
SEEDS, GROUP = (0, 1, 2, 3), "Black"
ROWS = {
    "mean_risk": ("mean risk", "{:.1%}"),
    "observed_expected_ratio": ("observed/expected", "{:.2f}"),
    "selection_rate": ("reviewed at capacity", "{:.1%}"),
    "true_positive_rate": ("true positive rate", "{:.1%}"),
    "ppv": ("PPV", "{:.1%}"),
    "auroc": ("AUROC", "{:.3f}"),
}


def means() -> pd.DataFrame:
    """The frame of each population, averaged."""
    frames = [recording_sensitivity(random_state=seed, group=GROUP) for seed in SEEDS]
    keys = ["unrecorded", "group", "measure"]
    return pd.concat(frames).groupby(keys, sort=False).mean().reset_index()


def table(frame: pd.DataFrame) -> str:
    """True measures of the group and the rest, by share of unrecorded events."""
    shares = sorted(frame["unrecorded"].unique())
    lines = [
        f"| measure, by true risk | children | {' | '.join(f'{share:.0%}' for share in shares)} |",
        f"| :--- | :--- | {' | '.join('---:' for _ in shares)} |",
    ]
    for measure, (name, written) in ROWS.items():
        for group in frame["group"].unique():
            part = frame[(frame["measure"] == measure) & (frame["group"] == group)].set_index("unrecorded")["truth"]
            lines.append(f"| {name} | {group} | {' | '.join(written.format(part[share]) for share in shares)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Compute and write."""
    frame = means()
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.index(START) + len(START), page.index(END)
    PAGE.write_text(page[:before] + table(frame) + page[after:], encoding="utf-8", newline="")
    with rc_context(STYLE):
        figure, _ = canvas(9, 3.6)
        figure.clear()
        left, right = figure.subplots(1, 2)
        plot_recording_sensitivity(frame, left)
        plot_recording_sensitivity(frame, right, measure="true_positive_rate")
        right.set_title("", loc="left")
        right.get_legend().remove()
        figure.savefig(FOLDER / "recording_sensitivity.png", dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
