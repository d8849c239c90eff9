"""Pictures over origins: what is drawn is what the table says."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.origins import plot_origins, plot_origins_figure


@pytest.fixture
def measures():
    """Two origins, two models, two measures."""
    rows = [
        (origin, f"202{origin}-04", f"202{origin}-10", model, "all rows", measure, value, value - 0.1, value + 0.1)
        for origin in (1, 2)
        for model, shift in (("model", 0.0), ("count_rule", -0.05))
        for measure, value in (("auroc", 0.7 + origin / 100 + shift), ("observed_expected_ratio", 1.0 + shift))
    ]
    names = ["origin", "first_month", "last_month", "model", "stratum", "measure", "estimate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=names)


def test_every_model_is_drawn_where_its_estimates_are(measures):
    ax = plot_origins(measures.sample(frac=1, random_state=0), Figure().subplots())
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.get_lines()[:2]}
    assert drawn == {"model": pytest.approx([0.71, 0.72]), "count rule": pytest.approx([0.66, 0.67])}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["model", "count rule"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2021-04\nto 2021-10", "2022-04\nto 2022-10"]


def test_o_e_is_drawn_for_the_model_alone_against_one(measures):
    above, below = plot_origins_figure(measures).axes
    assert above.get_ylabel() == "AUROC"
    assert below.get_legend() is None
    assert [list(line.get_ydata()) for line in below.get_lines()] == [[1.0, 1.0], [1.0, 1.0]]


def test_a_hidden_origin_leaves_a_gap(measures):
    measures.loc[measures["origin"] == 1, ["estimate", "ci_low", "ci_high"]] = float("nan")
    assert str(plot_origins(measures, Figure().subplots()).get_lines()[0].get_ydata()[0]) == "nan"


def test_what_cannot_be_drawn_is_refused(measures):
    with pytest.raises(SpecError, match="no column ci_high"):
        plot_origins(measures.drop(columns="ci_high"))
    with pytest.raises(SpecError, match="no measure 'brier'"):
        plot_origins(measures, measure="brier")
