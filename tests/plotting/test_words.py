"""Words that the library did not write are drawn letter for letter, dollar signs included."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from matplotlib.cbook import is_math_text

from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.evaluation import plot_groups
from edgeofcare.plotting.explanations import plot_concept_dependence, plot_concept_groups
from edgeofcare.plotting.groups import plot_recording_sensitivity
from edgeofcare.plotting.reasons import plot_reasons
from edgeofcare.plotting.rollout import plot_rollout
from edgeofcare.plotting.sides import plot_sides
from edgeofcare.plotting.timeline import plot_timeline
from edgeofcare.plotting.waterfall import plot_waterfall
from edgeofcare.plotting.words import literal
from edgeofcare.plotting.workload import plot_lead_time, plot_workload
from looks import texts_of

EVIL = r"$\foo$"
DAYS = pd.to_datetime(["2023-01-01", "2024-01-01"])
ENDS = {"ci_low": [0.1, 0.1], "ci_high": [0.3, 0.3]}
REASONS = pd.DataFrame({"direction": "raises", "concept": [EVIL], "sentence": EVIL, "contribution": 0.4})
UNKNOWN = REASONS.assign(record="not known")
SCORES = pd.DataFrame(
    {"index_date": DAYS, "risk": 0.1, "risk_low": 0.05, "risk_high": 0.2, "eligible": True, "rule": ""}
)
EVENTS = pd.DataFrame(
    {"table": ["t"], "lane": EVIL, "start": DAYS[:1], "end": pd.NaT, "hidden_end": pd.NaT, "spell": False,
     "known": True, "ranks": [(1,)]}
)  # fmt: skip
WINDOWS = pd.DataFrame(
    {"rank": [1], "direction": "raises", "concept": EVIL, "sentence": EVIL, "record": "recorded", "table": "t",
     "lane": EVIL, "kind": "window", "start": DAYS[:1], "end": DAYS[1:]}
)  # fmt: skip
GROUPS = pd.DataFrame({"by": EVIL, "group": [EVIL, "x"], "concept": EVIL, "difference": 0.2, "note": "", **ENDS})
RATIOS = GROUPS.assign(observed_expected_ratio=1.0, oe_low=0.9, oe_high=1.1)
VALUES = pd.DataFrame({"concept": EVIL, "feature": EVIL, "value": [EVIL, "x"], "mean_contribution": 0.2, **ENDS})
UNEQUAL = pd.DataFrame(
    {"group": [EVIL] * 2, "measure": "ppv", "unrecorded": [0.0, 0.2], "truth": 0.5, "as_recorded": 0.4}
)
TEAMS = pd.DataFrame({"team": [EVIL, EVIL], "step": 1, "period": DAYS, "exposed": [False, True]})
LISTS = pd.DataFrame({"model": EVIL, "list": ["capacity", "top 5%"], "share": [0.03, 0.05], "measure": "ppv",
                      "estimate": 0.2, **ENDS})  # fmt: skip
LEAD = pd.DataFrame({"model": EVIL, "blackout_days": 0, "measure": "alerted_at_least", "at": [30.0, 60.0],
                     "estimate": 0.2, **ENDS})  # fmt: skip
PICTURES = {
    "bars": lambda: plot_reasons(REASONS),
    "sentences": lambda: plot_reasons(REASONS, level="feature"),
    "sides": lambda: plot_sides(REASONS),
    "not known": lambda: plot_sides(UNKNOWN),
    "waterfall": lambda: plot_waterfall(REASONS, base=-3.0),
    "timeline": lambda: plot_timeline(SCORES, EVENTS, WINDOWS)[0],
    "groups": lambda: plot_groups(RATIOS),
    "concept groups": lambda: plot_concept_groups(GROUPS),
    "hidden groups": lambda: plot_concept_groups(GROUPS.assign(difference=[float("nan"), 0.2])),
    "values": lambda: plot_concept_dependence(VALUES),
    "unequal recording": lambda: plot_recording_sensitivity(UNEQUAL, measure="ppv"),
    "teams": lambda: plot_rollout(TEAMS),
    "lists": lambda: plot_workload(LISTS, models=[EVIL]),
    "lead time": lambda: plot_lead_time(LEAD, models=[EVIL]),
}


# Seen to fail with: words of a wording file or a cohort given to matplotlib as they are, which raised when drawn.
@pytest.mark.parametrize("picture", PICTURES)
def test_dollar_signs_in_words_of_others_are_no_mathematics(picture):
    figure = PICTURES[picture]().figure
    figure.savefig(io.BytesIO(), dpi=40)
    foreign = [text.get_text() for text in texts_of(figure) if "foo" in text.get_text().lower()]
    assert foreign
    assert not any(map(is_math_text, foreign))


@pytest.mark.parametrize("words", ["plain", "$5", "$5 or $6", r"a \$ b", "$$", EVIL])
def test_what_is_drawn_is_what_was_written(words):
    """A picture of the words is that of a text whose mathematics is switched off."""
    pictures = []
    for text, more in ((literal(words), {}), (words, {"parse_math": False})):
        figure, drawn = NotebookFigure(figsize=(2, 0.5)), io.BytesIO()
        figure.text(0.1, 0.4, text, **more)
        figure.savefig(drawn, format="rgba", dpi=60)
        pictures.append(drawn.getvalue())
    assert pictures[0] == pictures[1]
