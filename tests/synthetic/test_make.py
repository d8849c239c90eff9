"""Tests of the committed extract and of the script that makes it."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Mapping
from pathlib import Path

import pytest

from edgeofcare.synthetic.settings import Settings

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
    (tmp_path / "ssd_missing.csv").unlink()
    (tmp_path / "ssd_extra.csv").write_text("a\n", encoding="utf-8")
    with (tmp_path / "ssd_person.csv").open("a", encoding="utf-8") as file:
        file.write("x\n")
    capsys.readouterr()
    assert make.main(["--check"]) == 1
    assert capsys.readouterr().out.split() == [
        "differs:", "ssd_extra.csv", "differs:", "ssd_missing.csv", "differs:", "ssd_person.csv",
    ]  # fmt: skip


@pytest.mark.parametrize("group", [field.name for field in dataclasses.fields(Settings)])
def test_the_readme_lists_every_assumption_with_its_value(group):
    text = (SCRIPT.parent / "README.md").read_text(encoding="utf-8").split(f"### `{group}`")[1].split("###")[0]
    rates = getattr(Settings(), group)
    rows = dict(line.split(" | ")[:2] for line in text.splitlines() if line.startswith("| `"))
    assert rows == {f"| `{field.name}`": _written(getattr(rates, field.name)) for field in dataclasses.fields(rates)}


def _written(value):
    """A value as the README writes it."""
    if isinstance(value, Mapping):
        return "; ".join(f"{code} {share:g}" for code, share in value.items())
    return ", ".join(f"{number:g}" for number in (value if isinstance(value, tuple) else (value,)))
