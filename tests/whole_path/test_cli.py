"""The command line: what it writes, what it says, and how it ends."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from edgeofcare.cli.entry import main
from edgeofcare.cli.jobs import _summary
from edgeofcare.exceptions import SpecError
from edgeofcare.main_checks import CHECKS, WITHOUT_REFITS
from edgeofcare.main_job import write_outputs
from edgeofcare.model_file import load_model
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.task import days


def test_run_writes_everything_it_promises(finished):
    assert finished.status == 0, finished.complained
    names = {path.relative_to(finished.out).as_posix() for path in finished.out.rglob("*") if path.is_file()}
    documents = {name for name in names if name.startswith("documents/")}
    kinds = ("tripod_ai", "probast_ai", "model_card", "atrs_record", "equality_impact", "dpia_pack")
    assert documents >= {f"documents/{kind}.{form}" for kind in kinds for form in ("html", "md", "json")}
    assert names - documents == {
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
    for words in ("Cohort:", "Training:", "AUROC", "count rule", "Verdict:", "scores.csv holds", "never takes one"):
        assert words in finished.said


def test_a_quick_run_says_what_it_left_out(finished):
    page = (finished.out / "report.html").read_text(encoding="utf-8")
    for name in ("Earlier periods", "Stability"):
        assert re.search(f"{name}</h[23]>\\s*<p>Not looked at: this run was asked to leave it out.</p>", page), name
        assert (
            f"Not looked at: {'origins' if name.startswith('E') else 'stability'} (this run was asked" in finished.said
        )
    assert "Is there enough data?" in page


def test_everything_is_looked_at_unless_one_asks_for_less(monkeypatch):
    asked = []
    monkeypatch.setattr("edgeofcare.main_job.run_main_job", lambda _, plan, **__: asked.append(plan) or 1 / 0)
    monkeypatch.setattr("edgeofcare.records.sources.read_records", lambda *_, **__: None)
    for more in ([], ["--quick"], ["--refits", "10"], ["--refits", "0"], ["--quick", "--refits", "30"]):
        assert main([*RUN, *more]) == 1
    assert [plan.checks for plan in asked] == [CHECKS, WITHOUT_REFITS, CHECKS, CHECKS, WITHOUT_REFITS]
    assert [plan.refits for plan in asked] == [20, 0, 10, 0, 30]


def test_run_tells_of_no_single_child(finished):
    """What is printed ends in logs, so even a child without a name is not told of."""
    for words in ("Three children", "Child 1", "raises", "lowers", "Aged "):
        assert words not in finished.said + finished.complained


def test_demo_tells_of_three_invented_children(monkeypatch, capsys):
    """The summary of a demo is that of a run, but for the examples; the command says that no child is real."""
    asked = []
    monkeypatch.setattr("edgeofcare.cli.jobs._job", lambda _, options, *, examples: asked.append(examples) or 0)
    monkeypatch.setattr("edgeofcare.records.ssd.read.read_ssd", lambda *_, **__: None)
    monkeypatch.setattr("edgeofcare.sample.sample_folder", lambda: None)
    assert main(["demo", "--quiet"]) == 0
    assert "no child in them is real" in capsys.readouterr().out
    monkeypatch.setattr("edgeofcare.records.sources.read_records", lambda *_, **__: None)
    assert main(["run", "--ssd", "x", "--observed-until", "2025-03-31"]) == 0
    assert asked == [True, False]


def test_a_summary_holds_examples_only_where_it_is_asked_to(finished_job):
    told, silent = _summary(finished_job, examples=True), _summary(finished_job, examples=False)
    assert told.count("Child 1:") == told.count("Child 3:") == 1
    assert "Three children, without a name or a date" in told
    assert "Child" not in silent.replace("Children", "")
    assert "edgeofcare.explain" in silent


def test_scores_are_those_of_the_saved_model(finished):
    records = read_ssd(finished.folder, observed_until="2025-03-31")
    scores = load_model(finished.out / "edge_of_care.eoc").score(records, "2025-04-01", override=finished.override)
    written = pd.read_csv(finished.out / "scores.csv")
    assert written["child_id"].tolist() == scores.index.get_level_values("child_id").tolist()
    assert written["risk"].to_numpy() == pytest.approx(scores["risk"].to_numpy(), abs=1e-12)
    assert written["risk"].is_monotonic_decreasing
    assert set(written["override"]) == {finished.override}


def test_a_model_that_is_not_to_be_used_scores_nobody_unless_somebody_says_why(finished_job, tmp_path):
    (tmp_path / "scores.csv").write_text("of an earlier run", encoding="utf-8")
    bare = replace(finished_job, plan=replace(finished_job.plan, override=None))
    paths = write_outputs(bare, tmp_path)
    assert bare.evaluation.verdict().conclusion == "do not use"
    assert "scores.csv" not in {path.name for path in paths} | {path.name for path in tmp_path.iterdir()}
    assert {"report.html", "edge_of_care.eoc"} <= {path.name for path in paths}


def test_a_second_run_gives_the_same_bytes(finished, tmp_path):
    again = ["run", "--ssd", str(finished.folder), "--observed-until", "2025-03-31", "--out", str(tmp_path), "--quiet"]
    assert main([*again, "--quick", "--refits", "10", "--override", finished.override]) == 0
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
        (["run", "--ssd", "nowhere", "--observed-until", "2025-03-31"], "no file or folder at the path"),
        (["run", "--ssd", "tests", "--observed-until", "2025-03-31"], "holds nothing that can be read"),
    ],
    ids=["no such folder", "no tables"],
)
def test_bad_input_ends_with_2_and_says_why(arguments, words, capsys):
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_bad_usage_ends_with_2():
    with pytest.raises(SystemExit) as left:
        main(["run", "--no-such-option"])
    assert left.value.code == 2


def test_a_run_without_a_source_says_what_a_source_is(capsys):
    assert main(["run"]) == 2
    assert "an SSD folder" in capsys.readouterr().err


RUN = ["run", "--ssd", "no_such_folder", "--observed-until", "2025-03-31"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--capacity", "0"),
        ("--capacity", "-1"),
        ("--capacity", "many"),
        ("--capacity", "1.5"),
        ("--capacity", "9" * 30),
        ("--refits", "-1"),
        ("--refits", "9"),
        ("--refits", "201"),
        ("--refits", "²0"),
        ("--refits", "1e1"),
        ("--refits", "9" * 30),
        ("--refits", ""),
        ("--reporting-lag", "²D"),
        ("--reporting-lag", "²"),
        ("--reporting-lag", "99999999999D"),
        ("--reporting-lag", "99999999999"),
        ("--reporting-lag", "soon"),
        ("--reporting-lag", ""),
        ("--out", "n" * 300),
    ],
)
def test_an_option_that_cannot_be_used_is_named_before_any_work(option, value, capsys, monkeypatch):
    monkeypatch.setattr("edgeofcare.cli.jobs._run", lambda _: pytest.fail("work was begun"))
    with pytest.raises(SystemExit) as left:
        main([*RUN, option, value])
    assert left.value.code == 2
    assert f"argument {option}" in capsys.readouterr().err


@pytest.mark.parametrize("command", [RUN, ["demo"]], ids=["run", "demo"])
def test_an_out_that_cannot_be_made_is_refused_before_any_work(command, tmp_path, capsys, monkeypatch):
    for name in ("_run", "_demo"):
        monkeypatch.setattr(f"edgeofcare.cli.jobs.{name}", lambda _: pytest.fail("work was begun"))
    (tmp_path / "file").write_text("")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "plots").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "out"):
        with pytest.raises(SystemExit) as left:
            main([*command, "--out", str(out)])
        assert left.value.code == 2
        assert "argument --out" in capsys.readouterr().err


def test_an_out_that_may_not_be_written_to_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(SystemExit) as left:
        main([*RUN, "--out", str(tmp_path)])
    assert left.value.code == 2
    assert "argument --out" in capsys.readouterr().err


def test_an_out_is_not_made_before_there_is_a_result(tmp_path):
    assert main([*RUN, "--out", str(tmp_path / "new" / "deep")]) == 2
    assert list(tmp_path.iterdir()) == []


def test_outputs_in_a_folder_that_cannot_be_made_are_refused(finished_job, tmp_path):
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below", None):
        with pytest.raises(SpecError, match="folder to write into cannot be made") as caught:
            write_outputs(finished_job, out)
        assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(("given", "lag"), [("10", 10), ("10D", 10), ("2W", 14), (None, 0)])
def test_a_lag_without_a_unit_is_in_days(given, lag, monkeypatch):
    asked = {}
    monkeypatch.setattr("edgeofcare.records.sources.read_records", lambda *_, **options: asked.update(options))
    monkeypatch.setattr("edgeofcare.cli.jobs._job", lambda *_, **__: 0)
    assert main(RUN if given is None else [*RUN, "--reporting-lag", given]) == 0
    assert days(asked["reporting_lag"]) == lag


CANARY = "Ada-Lovelace-1815"


def broken(*_):
    """A fault of ours whose message quotes a record."""
    raise KeyError(CANARY)


def test_a_fault_of_ours_ends_with_1_and_quotes_nothing(capsys, monkeypatch):
    monkeypatch.setattr("edgeofcare.cli.jobs._run", broken)
    monkeypatch.delenv("EDGEOFCARE_TRACEBACK", raising=False)
    assert main(RUN) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("edgeofcare: an internal fault (KeyError). ")
    assert len(said.err.splitlines()) == 1
    assert CANARY not in said.err


def test_a_traceback_is_shown_when_it_is_asked_for(capsys, monkeypatch):
    monkeypatch.setattr("edgeofcare.cli.jobs._run", broken)
    monkeypatch.setenv("EDGEOFCARE_TRACEBACK", "1")
    assert main(RUN) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert CANARY in said
    assert said.splitlines()[-1].startswith("edgeofcare: an internal fault (KeyError). ")


def test_advice_is_said_as_an_option_of_the_command(finished, tmp_path, capsys):
    for path in finished.folder.glob("*.csv"):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        if path.stem == "ssd_cla_episodes":
            frame.loc[[3, 5], "clae_cla_episode_ceased_date"] = "1990-07-19"
        frame.to_csv(tmp_path / path.name, index=False)
    assert main(["run", "--ssd", str(tmp_path), "--observed-until", "2025-03-31"]) == 2
    said = capsys.readouterr().err
    assert "pass invalid='drop'" in said
    assert said.count("(--invalid drop)") == 1
    assert main(RUN) == 2
    assert "--invalid" not in capsys.readouterr().err


def test_python_m_edgeofcare_is_the_command():
    said = subprocess.run([sys.executable, "-m", "edgeofcare", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("edgeofcare ")


def test_importing_the_package_loads_nothing_heavy():
    heavy = ("numpy", "pandas", "sklearn", "scipy", "shap", "matplotlib", "pyarrow", "jinja2", "tqdm")
    program = f"import sys, edgeofcare; print([name for name in {heavy!r} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
