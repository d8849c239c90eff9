"""A save that is killed leaves the old file or the new one, and no draft that the next save does not clear away."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest

from edgeofcare import whole_write
from edgeofcare.model_file import load_model
from edgeofcare.whole_write import write_model
from killed_saves import EXPIRIES, LARGE, save_once
from saved_models import FEATURES, TASK, trained

SCRIPT = Path(__file__).with_name("killed_saves.py")
WHOLE = (b"0" * LARGE, b"1" * LARGE)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


def killed(pickled, path, delay):
    """Start saving, and kill it a moment after the first file is there."""
    command = [sys.executable, str(SCRIPT), str(pickled), str(path)]
    done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert done.stdout.readline() == "saved\n", done.stderr.read()
        time.sleep(delay)
        assert done.poll() is None
    finally:
        done.kill()
        done.communicate()
    assert done.returncode == -9


def check(arguments, folder, wanted):
    """Old or new, nothing half; drafts are hidden, are no model files by name, and go with the next save."""
    path, large = folder / "edge_of_care.eoc", folder / "large.eoc"
    assert path.read_bytes() in wanted
    assert str(load_model(path).expires) in EXPIRIES
    assert large.read_bytes() in WHOLE
    left = [each.name for each in folder.iterdir() if each not in (path, large)]
    assert all(name.startswith(".") and not name.endswith(".eoc") for name in left)
    save_once(arguments, path, 0)
    write_model(large, WHOLE[0])
    assert sorted(each.name for each in folder.iterdir()) == ["edge_of_care.eoc", "large.eoc"]
    return len(left)


def kill_often(tmp_path, times, seed):
    """Kill so many saves at random moments; how many drafts were left in all."""
    arguments = {"model": trained("logistic").model, "features": FEATURES, "task": TASK}
    joblib.dump(arguments, tmp_path / "arguments.joblib")
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "edge_of_care.eoc"
    wanted = [save_once(arguments, path, number).read_bytes() for number in (0, 1)]
    rng, drafts = np.random.default_rng(seed), 0
    for _ in range(times):
        killed(tmp_path / "arguments.joblib", path, rng.uniform(0.0, 0.4))
        drafts += check(arguments, path.parent, wanted)
    return drafts


def test_a_save_that_is_killed_leaves_a_whole_file(tmp_path):
    kill_often(tmp_path, 5, seed=1)


@pytest.mark.slow
def test_twenty_saves_that_are_killed_leave_whole_files(tmp_path):
    assert kill_often(tmp_path, 20, seed=2) > 0  # some kills fell into writing


def test_a_draft_that_somebody_is_writing_is_left_alone(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    live, dead = (tmp_path / f".model.{digit * 16}.draft" for digit in "12")
    other = [tmp_path / name for name in (".other.2222222222222222.draft", ".model.22.draft", "model.eoc.draft")]
    for each in (live, *other):
        each.write_bytes(b"half a model")
    dead.touch()  # killed before the first byte
    with live.open("rb") as held:
        fcntl.flock(held.fileno(), fcntl.LOCK_EX)
        write_model(tmp_path / "model.eoc", b"whole")
    assert {each.name for each in tmp_path.iterdir()} == {"model.eoc", live.name, *(each.name for each in other)}
    write_model(tmp_path / "model.eoc", b"whole")
    assert not live.exists()


def test_a_draft_that_is_taken_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    taken, flock = [], fcntl.flock

    def late(descriptor, operation):
        if not taken:
            taken.extend(tmp_path.glob(".model.*.draft"))
            taken[0].unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(whole_write.fcntl, "flock", late)
    write_model(tmp_path / "model.eoc", b"whole")
    assert len(taken) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["model.eoc"]
    assert (tmp_path / "model.eoc").read_bytes() == b"whole"
