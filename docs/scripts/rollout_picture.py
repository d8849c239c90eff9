"""Draw the schedule of a roll-out: ``python docs/scripts/rollout_picture.py`` writes it to docs/pictures."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context

from edgeofcare.cohort import quarters
from edgeofcare.tracking.rollout.design import RolloutDesign, design_rollout

PICTURE = Path(__file__).parents[1] / "pictures" / "rollout.png"


def design() -> RolloutDesign:
    """Eight teams; two quarters before the first begins, and six in which they begin."""
    teams = ("North", "East", "South", "West", "Riverside", "Hill", "Park", "Town")
    return design_rollout(
        teams, periods=quarters("2026-01-01", "2027-10-01"), begin=quarters("2026-07-01", "2027-10-01")
    )


def main() -> None:
    """Draw."""
    with rc_context({"font.size": 10, "font.family": "DejaVu Sans"}):
        design().plot().savefig(PICTURE, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
