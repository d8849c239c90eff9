"""Predictions under invented keys, for a check in R or anything else that reads CSV."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.evaluation._inputs import Scored, score_rows
from edgeofcare.evaluation.capacity import reviews_per_date, select_rows
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Ints

__all__ = ["export_predictions", "predictions_frame"]

_SCRIPT = """\
# A check of the predictions in {name}, in base R, without edgeofcare.
#
# CASE FILE: one row for each child and index date. Keep it with the case records. The keys are drawn anew for every
# export and are kept nowhere, but who holds the records can find a child again by its risk.
#
# household, child  invented keys, in no order          period  index dates in order, 1 the first
# y                 1 if the child entered care         risk    calibrated probability
# score             what rows are ranked by (the margin, where the model has one)
# selected          share of a review that the row gets at capacity (ties at the cut share), if a capacity was given
# risk_NAME, score_NAME  the same of each baseline

# Run it in the folder of both files: Rscript "{script}"
d <- read.csv("{name}")

# AUROC: chance that an entrant's row is ranked above another's; ties count half.
auroc <- function(y, score) {{
  r <- rank(score); n1 <- as.numeric(sum(y == 1)); n0 <- as.numeric(sum(y == 0))
  (sum(r[y == 1]) - n1 * (n1 + 1) / 2) / (n1 * n0)
}}
# Calibration: observed over expected, intercept with the slope held at 1, and slope.
line <- function(y, risk) qlogis(pmin(pmax(risk, 1e-15), 1 - 1e-15))
oe <- sum(d$y) / sum(d$risk)
citl <- coef(glm(y ~ 1, offset = line(y, risk), family = binomial, data = d))[[1]]
slope <- coef(glm(y ~ line(y, risk), family = binomial, data = d))[[2]]
brier <- mean((d$y - d$risk)^2)

# 95% interval of the AUROC: whole households drawn again, as rows of one family are not independent.
set.seed(1)
rows <- split(seq_len(nrow(d)), d$household)
drawn <- replicate(200, {{
  i <- unlist(rows[sample(length(rows), replace = TRUE)], use.names = FALSE)
  auroc(d$y[i], d$score[i])
}})

show <- function(name, value) cat(sprintf("%-32s %.10g\\n", name, value))
show("auroc", auroc(d$y, d$score))
show("observed_expected_ratio", oe)
show("calibration_in_the_large", citl)
show("calibration_slope", slope)
show("brier_score", brier)
if ("selected" %in% names(d)) show("ppv_at_capacity", sum(d$selected * d$y) / sum(d$selected))
for (name in sub("^score_", "", grep("^score_", names(d), value = TRUE)))
  show(paste("auroc of", name), auroc(d$y, d[[paste0("score_", name)]]))
cat(sprintf("AUROC, 95%% interval over households: %.4f to %.4f\\n",
            quantile(drawn, 0.025, na.rm = TRUE), quantile(drawn, 0.975, na.rm = TRUE)))
"""


def export_predictions(
    path: str | os.PathLike[str], model: Any, X: pd.DataFrame, y: pd.Series, *, capacity: int | None = None
) -> list[Path]:
    """Write outcomes and predictions of rows to CSV under invented keys, and an R script that measures them.

    Parameters
    ----------
    path : str or path
        The CSV file, such as ``"predictions.csv"``; the script gets the same name with ``.R``. Older ones are replaced.
    model, X, y
        As for :func:`edgeofcare.evaluate`, which gives the same measures for the same rows.
    capacity : int, optional
        Children a team can review in a calendar month, for the column ``selected``.

    Returns
    -------
    list of Path
        The CSV file and the script. The CSV is a case file: it holds a row for each child and index date, and stays
        with the authority.

    Raises
    ------
    IndexNamesError
        If X or y lack the index (household_id, child_id, index_date).
    SpecError
        If X and y differ in their index, predictions cannot be used, or the files cannot be written.

    Notes
    -----
    Columns are those of :func:`predictions_frame`. Keys and the order of rows are drawn from the operating system's own
    randomness, so that no seed brings them back: two exports of the same rows cannot be joined by key, and no bytes are
    the same. The numbers are.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng, day = np.random.default_rng(0), pd.Timestamp("2023-04-01")
    >>> rows = [(f"h{i}", f"c{i}", day) for i in range(100)]
    >>> index = pd.MultiIndex.from_tuples(rows, names=["household_id", "child_id", "index_date"])
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(1.0, 100).astype(float)}, index=index)
    >>> y = (rng.uniform(size=100) < 1 / (1 + np.exp(1 - X["missing.count.90d"]))).astype(int)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = export_predictions(f"{folder}/predictions.csv", LogisticRegression().fit(X, y), X, y)
    ...     [path.name for path in paths], pd.read_csv(paths[0]).columns.tolist()
    (['predictions.csv', 'predictions.R'], ['household', 'child', 'period', 'y', 'risk', 'score'])
    """
    table = _path_of(path)
    script = table.with_suffix(".R")
    frame = predictions_frame(model, X, y, capacity=capacity, rng=np.random.default_rng())
    try:
        frame.to_csv(table, index=False, lineterminator="\n", encoding="utf-8")
        script.write_text(_SCRIPT.format(name=table.name, script=script.name), encoding="utf-8", newline="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        msg = f"The predictions cannot be written there ({reason}). Give the path of a file in a folder that exists."
        raise SpecError(msg) from None
    return [table, script]


def predictions_frame(
    model: Any, X: pd.DataFrame, y: pd.Series, *, capacity: int | None = None, rng: np.random.Generator
) -> pd.DataFrame:
    """Outcomes and predictions of rows under invented keys, in no order.

    Parameters
    ----------
    model, X, y, capacity
        As for :func:`export_predictions`.
    rng : Generator
        Draws the keys and the order of the rows.

    Returns
    -------
    DataFrame
        household and child (whole numbers from 1), period (index dates in order, from 1), y (0 or 1), risk, score,
        ``risk_NAME`` and ``score_NAME`` of each baseline, and selected if a capacity is given.
    """
    rows = score_rows(model, X, y)
    columns: dict[str, Any] = {
        "household": _invented(rows.household, rng),
        "child": _invented(rows.child, rng),
        "period": rows.date + 1,
        "y": rows.y.astype(np.int64),
    }
    for name in rows.risk:
        end = "" if name == "model" else f"_{name}"
        columns |= {f"risk{end}": rows.risk[name], f"score{end}": rows.score[name]}
    if capacity is not None:
        columns["selected"] = _selected(rows, capacity)
    return pd.DataFrame(columns).iloc[rng.permutation(rows.y.size)].reset_index(drop=True)


def _selected(rows: Scored, capacity: int) -> np.ndarray:
    """Share of a review that each row gets."""
    return select_rows(rows.score["model"], rows.date, reviews_per_date(capacity, rows.days))


def _invented(codes: Ints, rng: np.random.Generator) -> Ints:
    """Other codes for the same things: the numbers from 1, dealt at random."""
    dealt = rng.permutation(int(codes.max()) + 1) + 1
    return np.asarray(dealt[codes], dtype=np.int64)


def _path_of(path: str | os.PathLike[str]) -> Path:
    """The file to write, which must not be the script itself."""
    try:
        table = Path(path)
    except TypeError:
        msg = f"path is a {type(path).__name__}; expected the path of a CSV file, as text or a Path."
        raise SpecError(msg) from None
    if table.suffix.lower() == ".r" or not table.name:
        msg = "path must be that of a CSV file, such as 'predictions.csv'; the R script is written beside it."
        raise SpecError(msg)
    return table
