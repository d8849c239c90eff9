"""The same bytes from this process, joblib, spawned processes and a Dask cluster, also when a worker is killed."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import pytest

from edgeofcare.scale.build import build_features_in_parts
from edgeofcare.scale.files import digest
from scale_work import DeadlyJob


def hashes(folder):
    """SHA-256 of every file of features, by its place."""
    return {path.relative_to(folder).as_posix(): digest(path.read_bytes()) for path in folder.rglob("*.parquet")}


def deadly(job, folder):
    """The same job, but the first worker that begins with it after one part is done is killed."""
    return DeadlyJob(
        *(getattr(job, name) for name in ("task", "index_dates", "features", "labels", "dtype")),
        marker=str(folder / "killed"),
        out=str(folder / "f"),
        parent=os.getpid(),
    )


@contextmanager
def cluster():
    """Dask with two worker processes; skipped where it is not installed, unless the tests must be complete."""
    if os.environ.get("EDGEOFCARE_REQUIRE_SAMPLES") == "1" or os.environ.get("CI"):
        import distributed
    else:
        distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "host": "127.0.0.1"}
    with (
        distributed.LocalCluster(**options, dashboard_address=None, silence_logs="CRITICAL") as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def client():
    """One cluster for all tests here."""
    with cluster() as client:
        yield client


def test_joblib_gives_the_bytes_of_this_process(parts_folder, job, serial, tmp_path):
    build_features_in_parts(parts_folder, tmp_path / "f", job, n_jobs=2)
    assert hashes(tmp_path / "f") == hashes(serial[0])


def test_joblib_gives_them_when_a_worker_is_killed(parts_folder, job, serial, tmp_path):
    build_features_in_parts(parts_folder, tmp_path / "f", deadly(job, tmp_path), n_jobs=2)
    assert (tmp_path / "killed").exists()
    assert hashes(tmp_path / "f") == hashes(serial[0])


def test_spawned_processes_give_them(parts_folder, job, serial, tmp_path):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        build_features_in_parts(parts_folder, tmp_path / "f", job, executor=executor)
    assert hashes(tmp_path / "f") == hashes(serial[0])


def test_dask_gives_them(parts_folder, job, serial, tmp_path, client):
    with client.get_executor(pure=False) as executor:
        summary = build_features_in_parts(parts_folder, tmp_path / "f", job, executor=executor)
    assert hashes(tmp_path / "f") == hashes(serial[0])
    assert summary["sha256"].tolist() == serial[1]["sha256"].tolist()


def test_dask_gives_them_when_a_worker_is_killed(parts_folder, job, serial, tmp_path, client):
    before = set(client.run(os.getpid).values())
    assert len(before) == 2
    with client.get_executor(pure=False) as executor:
        build_features_in_parts(parts_folder, tmp_path / "f", deadly(job, tmp_path), executor=executor)
    assert (tmp_path / "killed").exists()
    client.wait_for_workers(2, timeout=120)
    assert set(client.run(os.getpid).values()) != before
    assert hashes(tmp_path / "f") == hashes(serial[0])
