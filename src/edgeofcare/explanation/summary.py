"""How much features and concepts move risks, on average over rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.features.catalogue import concept_of

__all__ = ["summary_frame"]

_LEAST_CHILDREN = 10


def summary_frame(contributions: pd.DataFrame, concepts: pd.DataFrame) -> pd.DataFrame:
    """Mean size of the contributions of features and of concepts.

    Parameters
    ----------
    contributions : DataFrame of float64, shape (n_rows, n_features)
        Of features, on the index (household_id, child_id, index_date).
    concepts : DataFrame of float64, shape (n_rows, n_concepts)
        Of concepts.

    Returns
    -------
    DataFrame
        See :meth:`edgeofcare.explanation.explanation.Explanation.summary`.
    """
    frames = []
    for level, frame in (("concept", concepts), ("feature", contributions)):
        names = [str(name) for name in frame.columns]
        within = names if level == "concept" else [concept_of(name) for name in names]
        sizes = {"level": level, "name": names, "concept": within, "mean_size": frame.abs().mean().to_numpy()}
        frames.append(pd.DataFrame(sizes).sort_values(["mean_size", "name"], ascending=[False, True]))
    found = pd.concat(frames, ignore_index=True).assign(note="")
    if contributions.index.get_level_values("child_id").nunique() < _LEAST_CHILDREN:
        found = found.sort_values(["level", "name"], ignore_index=True)
        found["mean_size"] = np.nan
        found["note"] = f"suppressed: fewer than {_LEAST_CHILDREN} children"
    return found
