"""Tests of the committed extract and of the script that makes it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "synthetic_data" / "make.py"


@pytest.fixture
def make():
    spec = importlib.util.spec_from_file_location("make_synthetic_data", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_extract_is_what_the_code_makes(make, capsys):
    assert make.main(["--check"]) == 0, capsys.readouterr().out


def test_the_committed_extract_is_small(make):
    assert sum(path.stat().st_size for path in make.FOLDER.glob("*.csv")) < 10e6


def test_check_names_the_files_that_differ(make, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(make, "CHILDREN", 40)
    monkeypatch.setattr(make, "FOLDER", tmp_path)
    assert make.main([]) == 0
    assert make.main(["--check"]) == 0
    (tmp_path / "ssd_missing.csv").unlink()
    (tmp_path / "ssd_extra.csv").write_text("a\n", encoding="utf-8")
    with (tmp_path / "ssd_person.csv").open("a", encoding="utf-8") as file:
        file.write("x\n")
    capsys.readouterr()
    assert make.main(["--check"]) == 1
    assert capsys.readouterr().out.split() == [
        "differs:", "ssd_extra.csv", "differs:", "ssd_missing.csv", "differs:", "ssd_person.csv",
    ]  # fmt: skip
