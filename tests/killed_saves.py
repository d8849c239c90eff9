"""Save over one file again and again until killed: run by test_killed_saves.py in a process of its own.

``python tests/killed_saves.py MODEL FILE``: the pickled arguments of save_model stand in MODEL, which the test wrote.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import joblib

from edgeofcare.model_file import save_model
from edgeofcare.whole_write import write_model

__all__ = ["EXPIRIES", "LARGE", "save_once"]

EXPIRIES = ("2031-03-31", "2032-03-31")
LARGE = 8_000_000


def save_once(arguments, path, number):
    """Save one of two files that differ in a date."""
    return save_model(path, **arguments, expires=EXPIRIES[number % 2])


def main():
    """Save until killed, and write a large file in between so that the kill often falls into writing."""
    arguments, path = joblib.load(sys.argv[1]), Path(sys.argv[2])
    for number in itertools.count():
        save_once(arguments, path, number)
        for byte in (b"0", b"1"):
            write_model(path.with_name("large.eoc"), byte * LARGE)
        sys.stdout.write("saved\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
