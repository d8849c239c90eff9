"""Features in parts are the features of one run; what is done stays done; what fails is tried again and named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import LeakageError, RecordsError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.outcome import label_outcome
from edgeofcare.scale import build, run
from edgeofcare.scale.build import build_features_in_parts, part_tasks
from edgeofcare.scale.files import digest
from edgeofcare.scale.job import FeatureJob
from edgeofcare.scale.parts import write_parts
from edgeofcare.scale.read import iterate_features, read_features
from edgeofcare.scale.run import run_part, run_unless_done
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task

SMALL = FeatureJob(Task(incomplete="drop"), ["2021-04-01", "2023-04-01"], ["child.age", "contact.count.365d"])


def hashes(folder):
    """SHA-256 of every file of features, by its place."""
    return {path.relative_to(folder).as_posix(): digest(path.read_bytes()) for path in folder.rglob("*.parquet")}


@pytest.fixture(scope="module")
def whole(scale_records, job):
    """Cohort, features and labels of one run over all records."""
    cohort = build_cohort(scale_records, job.task, index_dates=job.index_dates)
    assert len(cohort) > 1000
    return (
        cohort,
        build_features(scale_records, cohort, job.features),
        label_outcome(scale_records, cohort, job.task, details=True),
    )


def test_the_union_of_the_parts_is_one_run(whole, parts_folder, job, tmp_path):
    cohort, X, y = whole
    exact = FeatureJob(job.task, job.index_dates, job.features, dtype="float64")
    build_features_in_parts(parts_folder, tmp_path / "f", exact)
    frame = read_features(tmp_path / "f")
    pd.testing.assert_frame_equal(frame[list(cohort)], cohort)
    pd.testing.assert_frame_equal(frame[list(X)], X, check_exact=True)
    follow_up = [name for name in y if name != "entered_care"]
    pd.testing.assert_frame_equal(frame[follow_up], y[follow_up])
    assert list(frame) == [*cohort, *X, *y]


def test_features_are_float32_where_nothing_else_is_said(whole, serial):
    X, frame = whole[1], read_features(serial[0])
    numbers = X.select_dtypes("number")
    assert len(numbers.columns) > 100
    pd.testing.assert_frame_equal(frame[list(numbers)], numbers.astype("float32"), check_exact=True)


def test_codes_stay_categories_with_every_code(whole, serial):
    X, frame = whole[1], read_features(serial[0])
    codes = X.select_dtypes("category")
    assert "referral.last_source" in codes
    pd.testing.assert_frame_equal(frame[list(codes)], codes)


def test_a_row_without_a_label_has_none(whole, serial):
    y, frame = whole[2], read_features(serial[0])
    assert 0 < y["labelled"].sum() < len(y)
    assert frame["entered_care"].isna().equals(~y["labelled"])
    labelled = y["labelled"]
    assert frame.loc[labelled, "entered_care"].astype("int64").equals(y.loc[labelled, "entered_care"])


def test_the_summary_counts(whole, serial):
    cohort, _, y = whole
    out, summary = serial
    assert summary["part"].tolist() == [0, 1, 2, 3, 4]
    assert summary["rows"].sum() == len(cohort)
    assert summary["children"].sum() == cohort.index.get_level_values("child_id").nunique()
    assert summary["entrants"].sum() == y.loc[y["labelled"], "entered_care"].sum()
    assert dict(enumerate(summary["sha256"])) == dict(
        enumerate(hashes(out)[f"part={n:04d}/features.parquet"] for n in range(5))
    )
    assert not summary["done_before"].any()


def test_columns_and_parts_can_be_read_alone(serial):
    out, summary = serial
    frame = read_features(out, ["contact.count.90d", "age"])
    assert list(frame) == ["contact.count.90d", "age"]
    assert frame.index.is_monotonic_increasing
    rows = [len(part) for part in iterate_features(out, [])]
    assert rows == summary["rows"].tolist()
    with pytest.raises(SpecError, match=r"no column 'contact.count'"):
        read_features(out, ["contact.count"])


def test_a_parquet_reader_takes_the_folder_as_one_table(serial):
    out, summary = serial
    frame = pd.read_parquet(out)
    assert len(frame) == summary["rows"].sum()
    assert frame["part"].nunique() == 5


def test_without_labels_nothing_of_the_outcome_is_written(parts_folder, tmp_path):
    """Index dates up to the end of the extract, whose outcome nobody knows yet."""
    job = FeatureJob(Task(), ["2025-04-01"], ["child.age"], labels=False)
    summary = build_features_in_parts(parts_folder, tmp_path / "f", job)
    assert summary["entrants"].isna().all()
    assert list(read_features(tmp_path / "f"))[-1] == "child.age"


def test_parts_with_nobody_and_without_an_entrant(tmp_path):
    """Thirty parts of thirty children: some hold nobody, most hold no child who entered care."""
    records = make_records(30, random_state=2, authority="sample")
    write_parts(records, tmp_path / "p", n_parts=30)
    summary = build_features_in_parts(tmp_path / "p", tmp_path / "f", SMALL)
    assert (summary["rows"] == 0).any()
    assert summary["entrants"].iloc[(summary["rows"] > 0).to_numpy().nonzero()].eq(0).any()
    frame = read_features(tmp_path / "f")
    cohort = build_cohort(records, SMALL.task, index_dates=SMALL.index_dates)
    pd.testing.assert_frame_equal(frame[list(cohort)], cohort)
    y = label_outcome(records, cohort, SMALL.task)
    assert frame["entered_care"].dropna().astype("int64").equals(y)


def test_authorities_are_told_in_every_part_or_in_none(tmp_path):
    """One part holds a child without an authority only: the column must not depend on that."""
    records = make_records(60, random_state=2, authority="sample")
    tables = {name: records.table(name) for name in records}
    alternating = (["North", None] * 30)[: len(tables["children"])]
    tables["children"] = tables["children"].assign(authority=alternating)
    named = type(records).from_tables(tables, observed_until="2025-03-31")
    write_parts(named, tmp_path / "p", n_parts=20)
    build_features_in_parts(tmp_path / "p", tmp_path / "f", SMALL)
    cohort = build_cohort(named, SMALL.task, index_dates=SMALL.index_dates)
    assert set(cohort["authority"]) == {"North", "not recorded"}
    assert read_features(tmp_path / "f")["authority"].equals(cohort["authority"])


# ------------------------------------------------------------------------------------------------- going on


def test_what_is_done_is_not_done_again(parts_folder, serial, tmp_path, job, monkeypatch):
    shutil.copytree(serial[0], tmp_path / "f")
    (tmp_path / "f" / "part=0001" / "_done.json").unlink()
    (tmp_path / "f" / "part=0002" / "features.parquet").write_bytes(b"half a file")
    shutil.rmtree(tmp_path / "f" / "part=0003")
    (tmp_path / "f" / "part=0000" / ".features.parquet.0.tmp").write_bytes(b"half")
    with pytest.raises(SpecError, match="2 of 5 parts are not done yet"):
        read_features(tmp_path / "f")
    again = []
    real = run.run_part
    monkeypatch.setattr(run, "run_part", lambda folder, *rest: again.append(folder[-4:]) or real(folder, *rest))
    summary = build_features_in_parts(parts_folder, tmp_path / "f", job)
    assert again == ["0001", "0002", "0003"]
    assert summary["done_before"].tolist() == [True, False, False, False, True]
    assert hashes(tmp_path / "f") == hashes(serial[0])
    assert not list((tmp_path / "f").rglob("*.tmp"))
    assert summary.drop(columns="done_before").equals(serial[1].drop(columns="done_before"))


def test_a_killed_command_goes_on_where_it_stopped(parts_folder, job, serial, tmp_path):
    """The process is killed when its first part is done; the second does the rest, and the bytes are the same."""
    code = (
        "import json, sys\n"
        "from edgeofcare.scale.build import build_features_in_parts, part_tasks\n"
        "from edgeofcare.scale.job import FeatureJob\n"
        "if __name__ == '__main__':\n"
        "    job = FeatureJob.from_dict(json.loads(sys.stdin.read()))\n"
        "    build_features_in_parts(sys.argv[1], sys.argv[2], job)\n"
    )
    out = tmp_path / "f"
    command = [sys.executable, "-c", code, str(parts_folder), str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True, encoding="utf-8") as process:
        process.stdin.write(json.dumps(job.to_dict()))
        process.stdin.close()
        until = time.monotonic() + 300
        while not list(out.glob("*/_done.json")) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
        process.wait()
    done = len(list(out.glob("*/_done.json")))
    assert 1 <= done < 5
    summary = build_features_in_parts(parts_folder, out, job)
    assert summary["done_before"].sum() == done
    assert hashes(out) == hashes(serial[0])


def test_a_folder_of_another_job_or_of_other_records_is_refused(parts_folder, tmp_path):
    build_features_in_parts(parts_folder, tmp_path / "f", SMALL)
    before = hashes(tmp_path / "f")
    other = FeatureJob(SMALL.task, SMALL.index_dates, ["child.age"])
    with pytest.raises(SpecError, match=r"those of another job .* Give a new folder"):
        build_features_in_parts(parts_folder, tmp_path / "f", other)
    write_parts(make_records(60, random_state=0, authority="sample"), tmp_path / "p", n_parts=2)
    with pytest.raises(SpecError, match="other records and of other parts"):
        build_features_in_parts(tmp_path / "p", tmp_path / "f", SMALL)
    assert hashes(tmp_path / "f") == before


def test_features_of_another_version_are_refused(parts_folder, tmp_path, monkeypatch):
    build_features_in_parts(parts_folder, tmp_path / "f", SMALL)
    monkeypatch.setattr(build, "VERSION", "99.0")
    with pytest.raises(SpecError, match="another version of edgeofcare"):
        build_features_in_parts(parts_folder, tmp_path / "f", SMALL)


def test_a_folder_with_something_else_is_refused(parts_folder, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    for place in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(SpecError, match="other files"):
            build_features_in_parts(parts_folder, place, SMALL)
    with pytest.raises(SpecError, match="no features in parts"):
        read_features(tmp_path)


# ------------------------------------------------------------------------------------------------- failing


def failing(monkeypatch, part, times, error=OSError):
    """Let one part fail some times, and tell how often each was tried."""
    tried, real = [], build.run_unless_done

    def work(folder, out, job):
        number = int(folder[-4:])
        tried.append(number)
        if number == part and tried.count(part) <= times:
            msg = "the disk is away"
            raise error(msg)
        return real(folder, out, job)

    monkeypatch.setattr(build, "run_unless_done", work)
    return tried


def test_a_part_that_fails_is_tried_again(parts_folder, tmp_path, monkeypatch):
    tried = failing(monkeypatch, part=1, times=2)
    build_features_in_parts(parts_folder, tmp_path / "f", SMALL)
    assert tried == [0, 1, 2, 3, 4, 1, 1]
    assert len(read_features(tmp_path / "f"))


def test_a_part_that_keeps_failing_is_named_and_the_others_are_kept(parts_folder, tmp_path, monkeypatch):
    failing(monkeypatch, part=3, times=9)
    with pytest.raises(OSError, match="the disk is away") as found:
        build_features_in_parts(parts_folder, tmp_path / "f", SMALL)
    said = " ".join(found.value.__notes__)
    assert "Tried 3 times" in said
    assert "In part 3 of 0 to 4" in said
    assert sorted(path.parent.name[-1] for path in (tmp_path / "f").glob("*/_done.json")) == ["0", "1", "2", "4"]


def test_what_can_never_work_is_not_tried_again(parts_folder, tmp_path):
    """Every part would refuse it: windows that pass the end of the extract."""
    job = FeatureJob(Task(incomplete="raise"), ["2025-01-01"], ["child.age"])
    with pytest.raises(LeakageError, match="passes observed_until") as found:
        build_features_in_parts(parts_folder, tmp_path / "f", job)
    assert found.value.__notes__ == ["In part 0 of 0 to 4."]


def test_a_damaged_part_is_named_by_part_and_table(parts_folder, tmp_path):
    shutil.copytree(parts_folder, tmp_path / "p")
    (tmp_path / "p" / "part=0004" / "contacts.parquet").write_bytes(b"")
    with pytest.raises(RecordsError, match="part 4, contacts"):
        build_features_in_parts(tmp_path / "p", tmp_path / "f", SMALL)


def test_records_without_any_care_are_refused_labels(tmp_path):
    records = make_records(60, random_state=0, years=3)
    tables = {name: records.table(name) for name in records}
    tables["care_episodes"] = tables["care_episodes"].iloc[:0]
    write_parts(type(records).from_tables(tables, observed_until="2025-03-31"), tmp_path / "p", n_parts=2)
    with pytest.raises(RecordsError, match="care_episodes: no part holds a row"):
        build_features_in_parts(tmp_path / "p", tmp_path / "f", SMALL)


def test_an_engine_without_submit_maps_over_the_tasks(parts_folder, tmp_path):
    """As the adapter for Spark does."""
    tasks = part_tasks(parts_folder, tmp_path / "f", SMALL)
    done = [run_unless_done(*task) for task in tasks.values()]
    assert not any(part["done_before"] for part in done)
    assert len(read_features(tmp_path / "f")) == sum(part["rows"] for part in done)
    assert build_features_in_parts(parts_folder, tmp_path / "f", SMALL)["done_before"].all()


def test_run_part_gives_the_same_bytes_each_time(parts_folder, job, serial, tmp_path):
    told = run_part(parts_folder / "part=0002", tmp_path / "f", job)
    assert told["sha256"] == serial[1]["sha256"][2]
    assert told["sha256"] == digest((tmp_path / "f" / "part=0002" / "features.parquet").read_bytes())
    assert np.isfinite(told["rows"])
