"""The pictures of an explanation: by concept unless asked otherwise, adding up, and without any identifier."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.concepts import concept_reasons
from edgeofcare.explanation.dependence import concept_dependence
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.explanation import Explanation
from edgeofcare.explanation.told_reasons import reasons_to_draw
from edgeofcare.features.names import parse_feature
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.plotting.reasons import plot_reasons
from looks import drawn, overlapping, texts_of

NAMES = ["household_id", "child_id", "index_date"]
PERSONAL = re.compile(r"kid-|house-|key-|status-|\d{4}-\d\d-\d\d")
KINDS = ("bars", "waterfall", "sides")


@pytest.fixture(scope="module")
def few(records, X, y):
    trees = make_risk_model("boosting", max_iter=40, min_samples_leaf=10).fit(X, y)
    return explain(trees, X.iloc[::28], records=records)


@pytest.fixture(scope="module")
def refitted(records, X, y):
    lines = make_risk_model("logistic", refits=10, random_state=0).fit(X, y)
    return explain(lines, X.iloc[[5, 300, 700]], records=records)


def made_by_hand(contributions):
    """An explanation of one child with the given contributions."""
    index = pd.MultiIndex.from_tuples([("house-1", "kid-1", pd.Timestamp("2024-01-01"))], names=NAMES)
    phi = pd.DataFrame(contributions, index=index)
    scores = pd.DataFrame({"log_odds": phi.sum(axis=1) - 3.0, "risk": 0.1}, index=index)
    values = pd.DataFrame(dict.fromkeys(phi, 1.0), index=index)
    return Explanation(phi, -3.0, scores, values, specs=tuple(map(parse_feature, phi)))


@pytest.mark.parametrize("row", [0, 11, 29])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", ["concept", "feature"])
def test_pictures_read_well_and_name_nobody(few, row, kind, level):
    figure = few.plot(row, kind=kind, level=level, numbers=True)
    texts = texts_of(figure)
    words = " ".join(text.get_text() for text in texts)
    assert f"Risk {few.risk.iloc[row]:.1%}" in words
    assert not PERSONAL.search(words)
    assert overlapping(figure, texts) == ([], [])


@pytest.mark.parametrize("row", [0, 11, 29])
def test_bars_are_the_concepts_unless_features_are_asked_for(few, row):
    reasons = concept_reasons(few, row)[:6]
    ax = few.plot(row, top=6).axes[0]
    assert [bar.get_width() for bar in ax.patches] == [reason.contribution for reason in reasons]
    labels = [label.get_text().replace("\n", " ") for label in ax.get_yticklabels()]
    assert all(label.endswith(reason.cell.sentence) for label, reason in zip(labels, reasons, strict=True))
    told = few.row(row).reasons(6, level="feature")
    ax = few.plot(row, top=6, level="feature").axes[0]
    assert [label.get_text().replace("\n", " ") for label in ax.get_yticklabels()] == told["sentence"].tolist()
    assert [bar.get_width() for bar in ax.patches] == told["contribution"].tolist()


@pytest.mark.parametrize("level", ["concept", "feature"])
@pytest.mark.parametrize("row", range(0, 30, 3))
def test_the_waterfall_adds_up_to_the_log_odds(few, row, level):
    ax = few.plot(row, kind="waterfall", level=level, top=5).axes[0]
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    assert bars[0][0] == few.base
    assert sum(width for _, width in bars) + few.base == pytest.approx(few.log_odds.iloc[row], abs=1e-12)
    assert all(b[0] == pytest.approx(a[0] + a[1], abs=1e-12) for a, b in pairwise(bars))


def test_sides_leave_nothing_out_that_moves_the_odds_by_a_twentieth(few):
    for row in range(0, 30, 5):
        reasons = concept_reasons(few, row)
        words = " ".join(text.get_text() for text in texts_of(few.plot(row, kind="sides", top=20)))
        large = [reason for reason in reasons if abs(reason.contribution) >= 0.05]
        assert all(reason.cell.sentence in " ".join(words.split()) for reason in large)
        left = len(reasons) - len(large)
        assert (f"{left} more thing" in words) == (left > 0)


@pytest.mark.parametrize("kind", KINDS)
def test_bands_ties_and_the_interval_are_told_where_there_are_refits(refitted, kind):
    low, high = refitted.risk_interval.iloc[0]
    told = refitted.spread.told(0, "concept")
    words = [text.get_text() for text in texts_of(refitted.plot(0, kind=kind))]
    assert any(f"({low:.1%} to {high:.1%})" in text for text in words)
    bands = set(re.findall(r"strong|some|slight", " ".join(words)))
    largest = reasons_to_draw(refitted.row(0), "concept")["band"].head(3)
    assert set(largest) <= bands <= set(told["band"])


def test_without_refits_nothing_is_said_of_bands(few):
    for kind in KINDS:
        words = " ".join(text.get_text() for text in texts_of(few.plot(0, kind=kind)))
        assert not re.search(r"\b(strong|slight|tied|Tied)\b", words)


def test_ties_share_a_rank(refitted):
    for row in range(len(refitted)):
        frame = reasons_to_draw(refitted.row(row), "concept")
        ranks = frame.index.get_level_values("rank").to_series().reset_index(drop=True)
        assert ranks.is_monotonic_increasing
        assert (ranks.duplicated(keep=False).to_numpy() == frame["tied"].to_numpy()).all()


def test_a_strength_that_raises_is_not_called_one():
    one = made_by_hand({"early_help.count_ended.1095d": [0.5], "cp_plan.active": [-0.2]})
    assert reasons_to_draw(one, "concept")["concept"].iloc[0] == "How earlier work went"


def test_nothing_that_moves_is_said():
    still = made_by_hand({"child.age": [0.0]})
    assert "nothing moved this risk" in [text.get_text() for text in texts_of(still.plot())]
    assert [bar.get_width() for bar in still.plot(kind="waterfall").axes[0].patches] == []
    words = [text.get_text() for text in texts_of(still.plot(kind="sides"))]
    assert "Nothing raises it by much." in words
    assert "Nothing lowers it by much." in words


def test_other_kinds_levels_and_numbers_are_refused(few):
    for more, match in (({"kind": "pie"}, "kind"), ({"level": "row"}, "level"), ({"top": 0}, "top")):
        with pytest.raises(SpecError, match=match):
            few.plot(**more)


def test_a_figure_shows_itself_in_a_notebook_and_changes_nothing_global(few):
    before = dict(mpl.rcParams)
    for kind in KINDS:
        assert few.plot(kind=kind)._repr_png_().startswith(b"\x89PNG")
    assert dict(mpl.rcParams) == before


def test_plot_reasons_takes_the_reasons_of_one_row(few):
    told = few.reasons(3, level="feature")
    own = Figure().subplots()
    assert plot_reasons(few.row(0).reasons(3, level="feature"), own, level="feature") is own
    assert own.get_title(loc="left") == "What raises and what lowers the risk"
    with pytest.raises(SpecError, match="reasons of 30 rows"):
        plot_reasons(told)


def test_importance_and_dependence_draw_their_frames(few, X):
    figure = few.plot_importance(n_resamples=50)
    assert [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()] == few.summary().query(
        "level == 'concept'"
    )["name"].tolist()
    cohort = pd.DataFrame({"sex": np.where(np.arange(len(X)) % 3 == 0, "female", "male")}, index=X.index)
    depends = concept_dependence(few, cohort=cohort, by="sex", n_resamples=50)
    by_value = depends.plot(top=3)
    shown = [ax.get_xlabel() for ax in by_value.axes if ax.get_xlabel()]
    assert shown == depends.by_value["feature"].drop_duplicates().head(3).tolist()
    assert depends.plot(feature=shown[1]).axes[0].get_xlabel() == shown[1]
    assert depends.plot(by="sex").axes[0].get_title(loc="left") == "Through what groups differ, by sex"
    for each in (figure, by_value):
        drawn(each)


def test_a_picture_of_dependence_must_be_one(few):
    depends = concept_dependence(few, n_resamples=50)
    with pytest.raises(SpecError, match="No groups"):
        depends.plot(by="sex")
    with pytest.raises(SpecError, match="two pictures"):
        depends.plot(by="sex", feature="child.age")
    with pytest.raises(SpecError, match="feature"):
        depends.plot(feature="child.height")
    with pytest.raises(SpecError, match="top"):
        depends.plot(top=0)


def test_matplotlib_is_loaded_only_to_draw():
    code = (
        "import sys, edgeofcare as eoc; eoc.child_timeline, eoc.explain, eoc.concept_dependence; "
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
