"""What an AUROC means for a list of a given size: the binormal arithmetic behind the documentation.

Scores of entrants and of other children are taken as normal with equal spread, a distance ``d`` apart, so
that AUROC = Phi(d / sqrt 2). Everything else follows from the base rate and the share of children listed.
"""

from __future__ import annotations

from math import sqrt

from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

BASE_RATES = (0.002, 0.02, 0.043, 0.08, 0.15)
AUROCS = (0.75, 0.80, 0.85)
CAPACITIES = (0.05, 0.10)


def distance(auroc: float) -> float:
    """Distance between the two score distributions, in standard deviations."""
    return sqrt(2) * float(norm.ppf(auroc))


def share_listed(cut: float, auroc: float, base_rate: float) -> float:
    """Share of all children whose score is above the cut."""
    return float(base_rate * norm.sf(cut - distance(auroc)) + (1 - base_rate) * norm.sf(cut))


def at_capacity(auroc: float, base_rate: float, capacity: float) -> tuple[float, float]:
    """Precision and recall of a list that holds the ``capacity`` share of children with the highest scores."""
    cut = brentq(lambda at: share_listed(at, auroc, base_rate) - capacity, -10, 20)
    recall = float(norm.sf(cut - distance(auroc)))
    return base_rate * recall / capacity, recall


def average_precision(auroc: float, base_rate: float) -> float:
    """Mean precision over all cuts, each weighted by the entrants found there."""

    def weighted_precision(cut: float) -> float:
        found = base_rate * norm.sf(cut - distance(auroc))
        return float(norm.pdf(cut - distance(auroc)) * found / share_listed(cut, auroc, base_rate))

    return float(quad(weighted_precision, -8, 12, limit=200)[0])


def figures(value: float, places: int) -> str:
    """Write a share without its leading zero, as tables of this field do."""
    return f"{value:.{places}f}".removeprefix("0")


def cell(auroc: float, base_rate: float) -> str:
    """Average precision, then precision/recall at each capacity."""
    pairs = [at_capacity(auroc, base_rate, capacity) for capacity in CAPACITIES]
    lists = "; ".join(f"{figures(precision, 3)}/{figures(recall, 2)}" for precision, recall in pairs)
    return f"{figures(average_precision(auroc, base_rate), 3)}; {lists}"


def table() -> str:
    """Markdown table of the documentation page: one line for each base rate."""
    heads = [f"AUROC {figures(auroc, 2)}" for auroc in AUROCS]
    lines = [["base rate", *heads], ["---:", *[":---" for _ in AUROCS]]]
    lines += [[f"{rate:.1%}", *[cell(auroc, rate) for auroc in AUROCS]] for rate in BASE_RATES]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
