"""Make the synthetic extract in ``synthetic_data/ssd`` again, or check that it is what the code makes.

Run ``python synthetic_data/make.py`` to write it, ``python synthetic_data/make.py --check`` to compare byte for byte;
the check exits 1 and names the files that differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from edgeofcare.synthetic.exports import write_ssd
from edgeofcare.synthetic.records import simulate_tables

FOLDER = Path(__file__).resolve().parent / "ssd"
CHILDREN = 5000
RANDOM_STATE = 2025
OBSERVED_UNTIL = "2025-03-31"


def write(folder: Path) -> list[Path]:
    """Write the extract into a folder.

    Parameters
    ----------
    folder : Path
        Where to write.

    Returns
    -------
    list of Path
        The files.
    """
    tables = simulate_tables(CHILDREN, RANDOM_STATE, observed_until=OBSERVED_UNTIL)
    return write_ssd(tables, folder, flavour="systemc", observed_until=OBSERVED_UNTIL)


def differing(folder: Path, other: Path) -> list[str]:
    """Name the CSV files that are not the same in both folders.

    Parameters
    ----------
    folder, other : Path
        The folders.

    Returns
    -------
    list of str
        Names of files that differ or that only one folder has.
    """
    names = {path.name for place in (folder, other) for path in place.glob("*.csv")}
    return sorted(name for name in names if _content(folder / name) != _content(other / name))


def _content(path: Path) -> bytes | None:
    """Bytes of a file, or None where there is none."""
    return path.read_bytes() if path.exists() else None


def main(arguments: list[str] | None = None) -> int:
    """Write or check the extract.

    Parameters
    ----------
    arguments : list of str, optional
        Words of the command line; those of the process if not given.

    Returns
    -------
    int
        Exit code.
    """
    parser = argparse.ArgumentParser(description="Make the synthetic extract again.")
    parser.add_argument("--check", action="store_true", help="compare with what is there, and write nothing")
    if not parser.parse_args(arguments).check:
        files = write(FOLDER)
        size = sum(path.stat().st_size for path in files)
        sys.stdout.write(f"{len(files)} files, {size / 1e6:.1f} MB, in {FOLDER.name}\n")
        return 0
    with tempfile.TemporaryDirectory() as fresh:
        write(Path(fresh))
        names = differing(FOLDER, Path(fresh))
    sys.stdout.write("".join(f"differs: {name}\n" for name in names) or "the files are what the code makes\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
