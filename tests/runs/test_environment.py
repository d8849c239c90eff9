"""What is said of an environment: versions and platform, and no name of a machine."""

from __future__ import annotations

import getpass
import hashlib
import platform
import re
from importlib import metadata

import pytest

from edgeofcare.runs import environment as module
from edgeofcare.runs.environment import code_hash, environment, installed_versions


def test_versions_are_the_installed_ones():
    found = environment()
    for name in ("numpy", "pandas", "scipy", "scikit-learn", "threadpoolctl"):
        assert found[name] == metadata.version(name)
    assert found["python"] == platform.python_version()


def test_what_is_needed_through_another_is_there():
    """pandas needs dateutil; edgeofcare does not name it."""
    assert installed_versions()["python-dateutil"] == metadata.version("python-dateutil")
    assert "pytest" not in installed_versions()


def test_the_lock_is_a_hash_of_the_versions(monkeypatch):
    versions = {"b": "2", "a": "1"}
    monkeypatch.setattr(module, "installed_versions", lambda: versions)
    assert environment()["lock"] == hashlib.sha256(b"a==1\nb==2").hexdigest()
    versions["a"] = "1.1"
    assert environment()["lock"] != hashlib.sha256(b"a==1\nb==2").hexdigest()


def test_the_code_is_known_by_its_source_and_not_by_its_line_ends(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.py").write_bytes(b"x = 1\ny = 2\n")
    first = code_hash(tmp_path)
    (tmp_path / "a.py").write_bytes(b"x = 1\r\ny = 2\r\n")
    (tmp_path / "notes.txt").write_text("not code")
    assert code_hash(tmp_path) == first
    (tmp_path / "a.py").rename(tmp_path / "inner" / "a.py")
    assert code_hash(tmp_path) != first
    (tmp_path / "inner" / "a.py").rename(tmp_path / "a.py")
    (tmp_path / "a.py").write_bytes(b"x = 1\ny = 3\n")
    assert code_hash(tmp_path) != first


def test_limits_of_threads_are_told(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    found = environment()
    assert (found["OMP_NUM_THREADS"], found["MKL_NUM_THREADS"]) == ("7", "not set")


def test_no_machine_user_or_path_is_named():
    text = " ".join(environment().values())
    assert not re.search(r"[/\\]", text)
    for secret in (platform.node(), getpass.getuser()):
        assert not re.search(rf"\b{re.escape(secret)}\b", text)


@pytest.mark.parametrize("config", [None, {}])
def test_a_numpy_that_does_not_tell_its_instructions_is_no_fault(config, monkeypatch):
    monkeypatch.setattr(module.np, "show_config", lambda mode: config)
    assert environment()["vector instructions"] == "not known"
