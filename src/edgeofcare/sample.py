"""The small synthetic authority that is shipped with the package."""

from __future__ import annotations

from pathlib import Path

from edgeofcare.exceptions import SpecError

__all__ = ["SAMPLE_OBSERVED_UNTIL", "sample_folder"]

SAMPLE_OBSERVED_UNTIL = "2025-03-31"
"""The last date on which the sample can be trusted."""


def sample_folder() -> Path:
    """The folder of the sample in SSD layout.

    Returns
    -------
    Path
        Inside the installed package, or in the checkout that the package runs from.

    Raises
    ------
    SpecError
        If the sample is not there.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "sample_data" / "ssd", package.parents[1] / "synthetic_data" / "ssd"):
        if (folder / "ssd_person.csv").is_file():
            return folder
    msg = "The sample records are not there. Install edgeofcare again, or make some with edgeofcare.make_records."
    raise SpecError(msg)
