"""The command line: what it writes, what it says, and how it ends."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from edgeofcare.cli import main
from edgeofcare.model_file import load_model
from edgeofcare.records.ssd import read_ssd


def test_run_writes_everything_it_promises(finished):
    assert finished.status == 0, finished.complained
    names = {path.relative_to(finished.out).as_posix() for path in finished.out.rglob("*") if path.is_file()}
    assert names == {
        "report.html",
        "measures.csv",
        "scores.csv",
        "edge_of_care.eoc",
        "plots/calibration.png",
        "plots/decision_curve.png",
        "plots/groups.png",
        "plots/risk_distribution.png",
    }
    assert finished.complained == ""


def test_run_says_what_it_found(finished):
    for words in ("Cohort:", "Training:", "AUROC", "count rule", "Verdict:", "Three children", "never takes one"):
        assert words in finished.said


def test_scores_are_those_of_the_saved_model(finished):
    records = read_ssd(finished.folder, observed_until="2025-03-31")
    scores = load_model(finished.out / "edge_of_care.eoc").score(records, "2025-04-01")
    written = pd.read_csv(finished.out / "scores.csv")
    assert written["child_id"].tolist() == scores.index.get_level_values("child_id").tolist()
    assert written["risk"].to_numpy() == pytest.approx(scores["risk"].to_numpy(), abs=1e-12)
    assert written["risk"].is_monotonic_decreasing


def test_a_second_run_gives_the_same_bytes(finished, tmp_path):
    again = ["run", "--ssd", str(finished.folder), "--observed-until", "2025-03-31", "--out", str(tmp_path), "--quiet"]
    assert main(again) == 0
    for path in finished.out.rglob("*"):
        if path.is_file():
            twin = tmp_path / path.relative_to(finished.out)
            assert twin.read_bytes() == path.read_bytes(), path.name


def test_the_report_needs_no_network(finished):
    page = (finished.out / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    for mark in ('src="http', "src='http", 'href="http', "url(http", "@import"):
        assert mark not in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--ssd", "nowhere", "--observed-until", "2025-03-31"], "not a folder"),
        (["run", "--ssd", ".", "--observed-until", "soon"], "table is missing"),
    ],
    ids=["no such folder", "no tables and no date"],
)
def test_bad_input_ends_with_2_and_says_why(arguments, words, capsys):
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_bad_usage_ends_with_2():
    with pytest.raises(SystemExit) as left:
        main(["run"])
    assert left.value.code == 2


def test_python_m_edgeofcare_is_the_command():
    said = subprocess.run([sys.executable, "-m", "edgeofcare", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("edgeofcare ")


def test_importing_the_package_loads_nothing_heavy():
    heavy = ("numpy", "pandas", "sklearn", "scipy", "shap", "matplotlib", "pyarrow", "jinja2", "tqdm")
    program = f"import sys, edgeofcare; print([name for name in {heavy!r} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
