"""Whether anything but a line on the log-odds would calibrate the risks better, as a frame of an evaluation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation._small import FEWEST_RESAMPLES
from edgeofcare.models._maps import MAPS
from edgeofcare.models.calibration_check import CALIBRATION_CHECK_COLUMNS, check_maps

__all__ = ["CALIBRATION_CHECK_COLUMNS", "calibration_maps"]

_EDGES = "not checked: a risk is exactly 0 or 1, whose log-odds are infinite"


def calibration_maps(rows: Scored, *, random_state: int = 0) -> pd.DataFrame:
    """Compare other calibration maps of the model's risks with a line, on households left out.

    Parameters
    ----------
    rows : Scored
        Test rows.
    random_state : int
        Deals households into folds, and resamples them.

    Returns
    -------
    DataFrame
        The table of :func:`edgeofcare.calibration_check` with 200 resamples: map, log_loss, gain, ci_low, ci_high,
        share, note. Nothing but the note where fewer than 10 children entered care, or a risk is exactly 0 or 1.

    Examples
    --------
    >>> child = np.arange(400)
    >>> y, risk = (child % 8 == 0).astype(float), np.linspace(0.05, 0.2, 400)
    >>> rows = Scored(child, child, child * 0, np.array([0]), y, {"model": risk}, {"model": risk}, child)
    >>> calibration_maps(rows)["map"].tolist()
    ['identity', 'affine', 'beta', 'spline', 'isotonic']
    """
    risk = rows.risk["model"]
    if not ((risk > 0) & (risk < 1)).all():
        empty = pd.DataFrame({"map": list(MAPS)}).reindex(columns=list(CALIBRATION_CHECK_COLUMNS))
        return empty.astype(dict.fromkeys(CALIBRATION_CHECK_COLUMNS[1:-1], np.float64)).assign(note=_EDGES)
    options = {"n_resamples": FEWEST_RESAMPLES, "random_state": random_state}
    return check_maps(rows.y, risk, rows.household, child=rows.child, **options).table
