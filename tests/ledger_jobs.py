"""Programs that write in a ledger and may be killed: ``python ledger_jobs.py JOB URL ...`` with tests/ on the path."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from ledgers import made_scores

__all__ = ["BATCHES", "ROWS", "all_scores", "start", "stop"]

BATCHES = 6
ROWS = 400


def all_scores():
    """The batches that the jobs write."""
    return [made_scores(ROWS, first=number * ROWS) for number in range(BATCHES)]


def start(*arguments):
    """Start a job in a process of its own."""
    here = Path(__file__)
    path = os.pathsep.join([str(here.parent), str(here.parents[1] / "src"), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, str(here), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )


def stop(process):
    """Kill a job at once, as a power cut would."""
    process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    process.communicate()


def score(ledger):
    """Write all batches, and say when each is there."""
    for batch in all_scores():
        say(ledger.scored(batch))


def compete(ledger, name):
    """Write many small batches and rows of one's own, while somebody else does the same."""
    for turn in range(25):
        ledger.scored(made_scores(4, first=4 * turn))
        ledger.shown(made_scores(2, first=4 * turn), by=name)
    say("done")


def erase(ledger):
    """Erase one child after the other."""
    for child in made_scores(40).index.get_level_values("child_id"):
        ledger.erase(child, by="officer", ground="article 17")
        say(child)


def say(what):
    """Tell whoever watches."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    from edgeofcare.tracking.ledger import Ledger

    job, place, *rest = sys.argv[1:]
    opened = Ledger(place)
    say("ready")
    {"score": score, "compete": compete, "erase": erase}[job](opened, *rest)
