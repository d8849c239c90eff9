"""Write the table of what an AUROC means for a list of a given size; the arithmetic is edgeofcare.metrics.binormal."""

from __future__ import annotations

from edgeofcare.metrics.binormal import at_capacity, average_precision, distance

__all__ = ["at_capacity", "average_precision", "distance", "table"]

BASE_RATES = (0.002, 0.02, 0.043, 0.08, 0.15)
AUROCS = (0.75, 0.80, 0.85)
CAPACITIES = (0.05, 0.10)


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
