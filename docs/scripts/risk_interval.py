"""How often the interval of a child's risk holds the true risk, and the risk that such models give on average.

``python docs/scripts/risk_interval.py`` prints the table of ``docs/concepts/calibration.md`` in a quarter of an hour.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd

from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.models.rows import ROW_NAMES

HOUSEHOLDS, DATES, LEVEL, FEATURES = 900, 4, -3.2, 12
WEIGHTS = np.array([0.8, 0.5, -0.5, 0.3, 0.3, -0.2, 0.15, 0.1, 0.0, 0.0, 0.0, 0.0])
FAMILY = 0.6  # standard deviation of what a household shares and no feature tells
KINDS = {"logistic": {}, "boosting": {"max_iter": 150, "min_samples_leaf": 40}}


def log_odds(x: np.ndarray) -> np.ndarray:
    """Log-odds of a row of an average family: a line, and a jump that no line holds."""
    return LEVEL + x @ WEIGHTS + 0.4 * (x[:, 0] > 1) * (x[:, 1] > 0)


def true_log_odds(x: np.ndarray) -> np.ndarray:
    """Log-odds of a row over all families."""
    node, weight = np.polynomial.hermite_e.hermegauss(30)
    risk = (1 / (1 + np.exp(-(log_odds(x)[:, None] + FAMILY * node)))) @ (weight / weight.sum())
    return np.log(risk / (1 - risk))


def children(rng: np.random.Generator, households: int, dates: int) -> tuple[np.ndarray, ...]:
    """Household, child, date and features of each row."""
    kids = rng.integers(1, 4, households)
    house = np.repeat(np.arange(households), kids)
    base = 0.6 * rng.normal(size=(households, FEATURES))[house] + 0.8 * rng.normal(size=(len(house), FEATURES))
    child = np.repeat(np.arange(len(house)), dates)
    x = 0.8 * base[child] + 0.6 * rng.normal(size=(len(child), FEATURES))
    return house[child], child, np.tile(np.arange(dates), len(house)), x


def named(house: np.ndarray, child: np.ndarray, date: np.ndarray, x: np.ndarray) -> pd.DataFrame:
    """Rows as a model takes them."""
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(91 * date, unit="D")
    levels = [[f"h{number:05d}" for number in house], [f"c{number:05d}" for number in child], days]
    index = pd.MultiIndex.from_arrays(levels, names=list(ROW_NAMES))
    return pd.DataFrame(x, index=index, columns=[f"f{number}" for number in range(FEATURES)])


def authority(seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Training rows of one authority."""
    rng = np.random.default_rng(seed)
    house, child, date, x = children(rng, HOUSEHOLDS, DATES)
    family = FAMILY * rng.normal(size=house.max() + 1)[house]
    X = named(house, child, date, x)
    return X, pd.Series((rng.random(len(x)) < 1 / (1 + np.exp(-log_odds(x) - family))).astype(int), index=X.index)


def covered(kind: str, repeats: int) -> tuple[float, float, float]:
    """Share of intervals that hold the mean risk of such models and the true risk, and the bias of the models."""
    X = named(*(part[:500] for part in children(np.random.default_rng(99), 400, 1)))
    truth = true_log_odds(X.to_numpy())
    found, ends = [], []
    for seed in range(1000, 1000 + repeats):
        model = make_risk_model(kind, refits=20, monotone=None, **KINDS[kind]).fit(*authority(seed))
        interval = model.risk_interval(X)
        found.append(model.log_odds(X))
        ends.append(np.log(interval / (1 - interval)))
    low, high = np.moveaxis(np.array(ends), 2, 0)
    mean = np.mean(found, axis=0)
    held = [float(((low <= aim) & (aim <= high)).mean()) for aim in (mean, truth)]
    return held[0], held[1], float(np.sqrt(((mean - truth) ** 2).mean()))


def main() -> None:
    """Print the table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    warnings.simplefilter("ignore", UserWarning)
    sys.stdout.write("| model | authorities | holds the mean risk of such models | holds the true risk | bias |\n")
    sys.stdout.write("| --- | ---: | ---: | ---: | ---: |\n")
    for kind, usual in (("logistic", 30), ("boosting", 16)):
        mean, truth, bias = covered(kind, repeats or usual)
        sys.stdout.write(f"| {kind} | {repeats or usual} | {mean:.0%} | {truth:.0%} | {bias:.2f} |\n")


if __name__ == "__main__":
    main()
