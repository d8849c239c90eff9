"""Net benefit over the thresholds that practitioners agreed on, as one measure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.criteria import Criteria
from edgeofcare.evaluation._frames import enough_reviewed
from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation._small import SMALL, interval_note
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats
from edgeofcare.metrics.bootstrap import BootstrapResult, percentile_interval
from edgeofcare.metrics.classification import net_benefit

__all__ = ["NET_BENEFIT", "net_benefit_rows"]

#: Name of the measure: net benefit averaged over the agreed thresholds, in entries for each 1,000 rows.
NET_BENEFIT = "mean_net_benefit_per_1000"


def net_benefit_rows(rows: Scored, criteria: Criteria, result: BootstrapResult, cuts: Floats) -> pd.DataFrame:
    """Average net benefit over the agreed thresholds: of the model, of each baseline, and the gain over each.

    Parameters
    ----------
    rows : Scored
        The rows of the test period.
    criteria : Criteria
        Which thresholds.
    result : BootstrapResult
        With ``net_benefit`` at ``cuts``, of the same rows.
    cuts : ndarray of float64, shape (t,)
        Thresholds of ``result.net_benefit``; those of :meth:`Criteria.threshold_grid` must be among them.

    Returns
    -------
    DataFrame
        Rows for ``Evaluation.measures``: model, stratum ("all rows"), measure, estimate, ci_low, ci_high, note. In
        entries found for each 1,000 rows, to two decimals; to one where a threshold of the range is hidden in the
        decision curve, so that what is hidden there cannot be worked out from the average.

    Raises
    ------
    SpecError
        If ``cuts`` lack an agreed threshold.
    """
    wanted = criteria.threshold_grid()
    place = np.clip(np.searchsorted(cuts, wanted - 1e-9), 0, cuts.size - 1)
    if not np.allclose(cuts[place], wanted, atol=1e-9):
        msg = "The resamples lack some of the agreed thresholds; compute net benefit at criteria.threshold_grid()."
        raise SpecError(msg)
    mean = {name: float(net_benefit(rows.y, risk, wanted).mean()) for name, risk in rows.risk.items()}  # type: ignore[union-attr]
    drawn = {name: result.net_benefit[name][:, place].mean(axis=1) for name in mean}
    others = [name for name in mean if name not in ("model", "prevalence")]
    parts = [(name, mean[name], drawn[name]) for name in ("model", *others)]
    parts += [(f"model minus {name}", mean["model"] - mean[name], drawn["model"] - drawn[name]) for name in others]
    seen = [enough_reviewed(rows, rows.risk[name], wanted) for name in ("model", *others)]
    decimals = 2 if all(each.all() for each in seen) else 1
    frame = pd.DataFrame(
        [
            (name, "all rows", NET_BENEFIT, value, *percentile_interval(sample, result.confidence))
            for name, value, sample in parts
        ],
        columns=["model", "stratum", "measure", "estimate", "ci_low", "ci_high"],
    )
    numbers = ["estimate", "ci_low", "ci_high"]
    frame[numbers] = (1000 * frame[numbers].astype(np.float64)).round(decimals) + 0.0
    if rows.n_entrants < SMALL:
        frame[numbers] = np.nan
    return frame.assign(note=interval_note(rows.n_entrants))
