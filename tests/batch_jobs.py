"""A day scored into a database, in this process or in one that may be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import sqlalchemy as sa

from edgeofcare.cohort import build_cohort
from edgeofcare.models.arrays import LinearArrays
from edgeofcare.scorer import Scorer
from edgeofcare.scoring.batch import merging, run, unfinished
from edgeofcare.scoring.batch.run import score_in_parts
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task

__all__ = ["DAY", "PAUSE", "Jobs", "kept_rows", "line_scorer", "made", "made_with", "score", "table_rows"]

DAY = "2022-04-01"
PARTS = 5
"""Children of a part: so few that there are many parts."""
PAUSE = 0.01
"""Seconds that every step of a job waits, so that a kill can come between any two of them."""


@cache
def made():
    """Records of some children, whose identifiers read KINDxxxxxxx."""
    records = make_records(400, random_state=11, authority="sample")
    tables = {name: records.table(name) for name in records}
    for frame in tables.values():
        for column in frame.columns.intersection(["child_id", "related_id"]):
            frame[column] = "KIND" + frame[column]
    return type(records).from_tables(tables, observed_until=records.observed_until)


def made_with(key):
    """The same records, in which the first eligible child has another key."""
    tables = {name: made().table(name) for name in made()}
    first = build_cohort(made(), Task(), index_dates=[DAY]).index.get_level_values("child_id")[0]
    for frame in tables.values():
        for column in frame.columns.intersection(["child_id", "related_id"]):
            frame[column] = frame[column].astype(object).mask(frame[column] == first, key)
    return type(made()).from_tables(tables, observed_until=made().observed_until)


@cache
def line_scorer():
    """A regression on two features."""
    weight = np.array([0.6, 0.04])
    zero = np.zeros(2)
    line = LinearArrays(zero, zero, weight, zero, zero, intercept=-3.0)
    names = ["missing.count.365d", "referral.count.1095d"]
    return Scorer(line, feature_names=names, task=Task(), slope=1.0, intercept=0.0)


def score(place, **options):
    """Score the day into a place."""
    return score_in_parts(line_scorer(), made(), DAY, place, **({"children": PARTS, "progress": False} | options))


def table_rows(url, table="edgeofcare_scores"):
    """Every row of the table of scores, in an order of its own; none where there is no table."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(table):
            return pd.DataFrame()
        frame = pd.read_sql(sa.text(f"SELECT * FROM {table}"), connection)
    return (
        frame.sort_values(["index_date", "model_id", "child_id"], ignore_index=True) if "child_id" in frame else frame
    )


def kept_rows(url):
    """Parts that a run has left; the line that says that one has ended is none."""
    left = table_rows(url, "edgeofcare_scores_unfinished")
    return int((left["part"] >= 0).sum()) if len(left) else 0


class Jobs:
    """A process that scores on demand, each time in a child of its own that may be killed."""

    def __init__(self):
        here = Path(__file__)
        path = os.pathsep.join([str(here.parent), str(here.parents[1] / "src"), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, str(here)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        )

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def score(self, url, *, kill_at=None, wait=0.0):
        """Score, killed some seconds after so many steps: the steps that were told, and whether it came to its end."""
        self._process.stdin.write(f"{url}\n")
        self._process.stdin.flush()
        pid, told = int(self._line()), []
        while True:
            if kill_at is not None and len(told) == kill_at:
                time.sleep(wait)
                os.kill(pid, signal.SIGKILL)
                kill_at = None
            line = self._line()
            if line.startswith("ended "):
                return told, line == "ended 0"
            told.append(line)

    def _line(self):
        """The next word of a job."""
        line = self._process.stdout.readline()
        assert line, "the process that scores has died"
        return line.strip()


def serve():
    """Score into each URL that is asked for, in a child; what a part holds is worked out once, before the first."""
    known = {}
    work_out = run.part_rows

    def once(scorer, records, cohort, **options):
        key = tuple(cohort.index)
        if key not in known:
            known[key] = work_out(scorer, records, cohort, **options)
        return [dict(row) for row in known[key]]

    with (
        mock.patch.object(run, "part_rows", once),
        mock.patch.object(run, "children_of_day", cache(run.children_of_day)),
        tempfile.TemporaryDirectory() as folder,
    ):
        score(f"sqlite:///{folder}/warm.db")
        for line in sys.stdin:
            pid = os.fork()
            if not pid:
                say(os.getpid())
                job(line.strip())
                os._exit(0)
            say(f"ended {os.waitpid(pid, 0)[1]}")


def job(url):
    """Score the day, and say so at every step: a part that is kept, a chunk that is merged."""

    def told(work):
        """The same work, with a word before it, and time to be killed before and after it."""

        def said(*arguments, **options):
            say(work.__name__)
            time.sleep(PAUSE)
            result = work(*arguments, **options)
            time.sleep(PAUSE)
            return result

        return said

    with (
        mock.patch.object(merging, "_AT_ONCE", 8),
        mock.patch.object(merging, "_insert", told(merging._insert)),
        mock.patch.object(run, "keep_part", told(unfinished.keep_part)),
    ):
        score(url)


def say(what):
    """Tell whoever watches."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
