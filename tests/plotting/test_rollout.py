"""The picture of a roll-out shows who uses the score when."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from edgeofcare.cohort import quarters
from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.palette import BLUE
from edgeofcare.plotting.rollout import plot_rollout
from edgeofcare.tracking.rollout.design import design_rollout
from looks import overlapping, texts_of
from rollouts import drawn

DESIGN = drawn()


def test_a_cell_a_team_and_period_and_the_dark_ones_use_the_score():
    ax = plot_rollout(DESIGN.to_frame(), Figure().subplots())
    frame = DESIGN.to_frame()
    assert len(ax.patches) == len(frame)
    dark = [patch for patch in ax.patches if to_hex(patch.get_facecolor()) == BLUE.lower()]
    assert len(dark) == frame["exposed"].sum()
    assert len(ax.lines) == len(dark)  # a mark as well: no meaning rests on colour alone


def test_teams_that_begin_first_stand_on_top():
    ax = plot_rollout(DESIGN.to_frame(), Figure().subplots())
    teams = [label.get_text() for label in ax.get_yticklabels()]
    assert DESIGN.steps[teams].is_monotonic_increasing
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


@pytest.mark.parametrize("until", ["2027-10-01", "2030-10-01"])
def test_no_text_hides_another(until):
    figure = design_rollout(DESIGN.teams, periods=quarters("2026-01-01", until)).plot()
    assert figure.get_figwidth() < 14
    assert overlapping(figure, texts_of(figure)) == ([], [])


def test_another_frame_is_refused():
    with pytest.raises(SpecError, match="lacks step, exposed"):
        plot_rollout(DESIGN.to_frame().drop(columns=["step", "exposed"]))
