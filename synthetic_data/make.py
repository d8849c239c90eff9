"""Make the synthetic extract and returns in ``synthetic_data`` again, or check that they are what the code makes.

Run ``python synthetic_data/make.py`` to write them, ``python synthetic_data/make.py --check`` to compare byte for byte;
the check exits 1 and names the files that differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from edgeofcare.synthetic.records import simulate_tables
from edgeofcare.synthetic.writers.cin_census import write_cin_census
from edgeofcare.synthetic.writers.ssd import write_ssd
from edgeofcare.synthetic.writers.ssda903 import write_ssda903

FOLDER = Path(__file__).resolve().parent
PARTS = ("ssd", "ssda903", "cin_census")
CHILDREN = 5000
RANDOM_STATE = 2025
OBSERVED_FROM = "2015-04-01"
OBSERVED_UNTIL = "2025-03-31"
RETURN_YEARS = {"ssda903": 5, "cin_census": 4}


def write(folder: Path) -> list[Path]:
    """Write the extract and the returns of the same children, each into a folder of its own.

    Parameters
    ----------
    folder : Path
        Where to make the folders.

    Returns
    -------
    list of Path
        The files.
    """
    window = {"observed_from": OBSERVED_FROM, "observed_until": OBSERVED_UNTIL}
    tables = simulate_tables(CHILDREN, RANDOM_STATE, authority="sample", **window)
    files = write_ssd(tables, folder / "ssd", flavour="systemc", observed_until=OBSERVED_UNTIL)
    files += write_ssda903(tables, folder / "ssda903", years=RETURN_YEARS["ssda903"], **window)
    files += write_cin_census(tables, folder / "cin_census", years=RETURN_YEARS["cin_census"], **window)
    return files


def differing(folder: Path, other: Path) -> list[str]:
    """Name the files that are not the same in both folders.

    Parameters
    ----------
    folder, other : Path
        The folders that hold the parts.

    Returns
    -------
    list of str
        Parts and names of files that differ or that only one folder has.
    """
    names = {name for place in (folder, other) for name in _names(place)}
    return sorted(name for name in names if _content(folder / name) != _content(other / name))


def _names(folder: Path) -> set[str]:
    """Files of all parts, by their path from the folder on."""
    files = (path for part in PARTS for path in (folder / part).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in files}


def _content(path: Path) -> bytes | None:
    """Bytes of a file, or None where there is none."""
    return path.read_bytes() if path.exists() else None


def main(arguments: list[str] | None = None) -> int:
    """Write or check the extract and the returns.

    Parameters
    ----------
    arguments : list of str, optional
        Words of the command line; those of the process if not given.

    Returns
    -------
    int
        Exit code.
    """
    parser = argparse.ArgumentParser(description="Make the synthetic extract and returns again.")
    parser.add_argument("--check", action="store_true", help="compare with what is there, and write nothing")
    if not parser.parse_args(arguments).check:
        files = write(FOLDER)
        size = sum(path.stat().st_size for path in files)
        sys.stdout.write(f"{len(files)} files, {size / 1e6:.1f} MB, in {', '.join(PARTS)}\n")
        return 0
    with tempfile.TemporaryDirectory() as fresh:
        write(Path(fresh))
        names = differing(FOLDER, Path(fresh))
    sys.stdout.write("".join(f"differs: {name}\n" for name in names) or "the files are what the code makes\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
