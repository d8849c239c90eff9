"""One run of the command line on a made authority, shared by the tests of the whole path."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest

from edgeofcare.cli.entry import main
from edgeofcare.cli.jobs import _summary
from edgeofcare.main_checks import CHECKS, checks_after
from edgeofcare.main_found import Made, MainChecks
from edgeofcare.main_job import MainJob, write_outputs
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.ssd import write_ssd

UNTIL = "2025-03-31"
OVERRIDE = "A test of the command, whose model is judged on few resamples."
ID_COLUMNS = re.compile(r"_person_id$|_id$")


@dataclass(frozen=True)
class Finished:
    """What the command wrote and said."""

    folder: Path
    out: Path
    status: int
    said: str
    complained: str
    identifiers: frozenset[str]
    override: str = OVERRIDE


def disguise(folder: Path) -> frozenset[str]:
    """Give every key of the folder's tables an unmistakable form, and return those of the children."""
    children = set()
    for path in folder.glob("*.csv"):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in frame.columns:
            if ID_COLUMNS.search(column.lower()):
                frame[column] = frame[column].map(lambda key: key if key in ("", "-1") else f"KEY{key}Q")
        if path.stem.lower() == "ssd_person":
            children = set(frame["pers_person_id"])
        frame.to_csv(path, index=False, lineterminator="\n")
    return frozenset(children - {""})


@dataclass
class Kept:
    """Keeps the job that the command ran."""

    job: MainJob | None = None

    def summary(self, job: MainJob, *, examples: bool) -> str:
        """Keep the job and tell of it as the command does."""
        self.job = job
        return _summary(job, examples=examples)


@pytest.fixture(scope="session")
def kept() -> Kept:
    return Kept()


@pytest.fixture(scope="session")
def finished(tmp_path_factory, kept) -> Finished:
    folder = tmp_path_factory.mktemp("ssd")
    out = tmp_path_factory.mktemp("out")
    write_ssd(make_records(1500, random_state=3, authority="sample"), folder, flavour="systemc")
    identifiers = disguise(folder)
    said, complained = io.StringIO(), io.StringIO()
    arguments = ["run", "--ssd", str(folder), "--observed-until", UNTIL, "--out", str(out), "--quiet"]
    arguments += ["--quick", "--refits", "10", "--override", OVERRIDE]
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complained),
    ):
        patch.setattr("edgeofcare.cli.jobs._summary", kept.summary)
        status = main(arguments)
    return Finished(folder, out, status, said.getvalue(), complained.getvalue(), identifiers)


@pytest.fixture(scope="session")
def looked(finished_job, tmp_path_factory) -> Path:
    """What is written where everything is looked at: the job of the quick run, and the checks that it left out."""
    names = ("cohort", "X", "y", "split", "model", "evaluation")
    made = Made(finished_job.plan.task, *(getattr(finished_job, name) for name in names))
    before = MainChecks(*(getattr(finished_job.checks, name) for name in ("frames", "said", "points")))
    after = checks_after(made, checks=CHECKS, progress=False)
    out = tmp_path_factory.mktemp("looked")
    write_outputs(replace(finished_job, checks=before.and_also(after)), out)
    return out


@pytest.fixture(scope="session")
def finished_job(finished, kept) -> MainJob:
    """The job behind what was written."""
    assert kept.job is not None, finished.complained
    return kept.job
