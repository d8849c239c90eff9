"""Tests of the committed extract and of the script that makes it."""

from __future__ import annotations

import dataclasses
import importlib.util
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from edgeofcare.synthetic.world.settings import Settings

SCRIPT = Path(__file__).parents[2] / "synthetic_data" / "make.py"


@pytest.fixture
def make():
    spec = importlib.util.spec_from_file_location("make_synthetic_data", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_extract_is_what_the_code_makes(make, capsys):
    assert make.main(["--check"]) == 0, capsys.readouterr().out


def test_the_committed_extract_and_returns_are_small(make):
    sizes = {part: sum(path.stat().st_size for path in (make.FOLDER / part).rglob("*.*")) for part in make.PARTS}
    assert sizes["ssd"] < 10e6
    assert sum(sizes.values()) < 15e6


def test_the_returns_are_of_the_same_children_as_the_extract(make, monkeypatch, tmp_path):
    monkeypatch.setattr(make, "CHILDREN", 300)
    make.write(tmp_path)
    children = set(pd.read_csv(tmp_path / "ssd" / "ssd_person.csv", dtype=str)["pers_person_id"])
    episodes = pd.read_csv(tmp_path / "ssd" / "ssd_cla_episodes.csv", dtype=str)
    years = [path.name for path in sorted((tmp_path / "ssda903").iterdir())]
    assert years == ["2021", "2022", "2023", "2024", "2025"]
    header = pd.read_csv(tmp_path / "ssda903" / "2025" / "header.csv", dtype=str)
    late = episodes[~(episodes["clae_cla_episode_ceased_date"] < "2024-04-01")]
    assert set(header["CHILD"]) == set(late["clae_person_id"]) <= children
    censuses = sorted((tmp_path / "cin_census").iterdir())
    assert len(censuses) == make.RETURN_YEARS["cin_census"] >= 4
    found = {each.text for path in censuses for each in ET.parse(path).iter("LAchildID")}
    assert 100 < len(found) <= len(found & children)


def test_check_names_the_files_that_differ(make, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(make, "CHILDREN", 40)
    monkeypatch.setattr(make, "FOLDER", tmp_path)
    assert make.main([]) == 0
    (tmp_path / "ssd" / "ssd_missing.csv").unlink()
    (tmp_path / "ssd" / "ssd_extra.csv").write_text("a\n", encoding="utf-8")
    (tmp_path / "cin_census" / "cin_census_2024.xml").unlink()
    with (tmp_path / "ssda903" / "2023" / "header.csv").open("a", encoding="utf-8") as file:
        file.write("x\n")
    capsys.readouterr()
    assert make.main(["--check"]) == 1
    assert capsys.readouterr().out.split() == [
        "differs:", "cin_census/cin_census_2024.xml",
        "differs:", "ssd/ssd_extra.csv",
        "differs:", "ssd/ssd_missing.csv",
        "differs:", "ssda903/2023/header.csv",
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
