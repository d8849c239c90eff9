"""What an authority states in a model file: expiry, card, wording and verdict, stored, checked, used and shown."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from edgeofcare.cli.entry import main
from edgeofcare.cli.options import day
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.wording_file import Wording, default_wording
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.inspection_text import WIDTH
from edgeofcare.model_file import load_model, save_model
from edgeofcare.model_inspection import inspect_model
from edgeofcare.reporting.card_facts import card_facts
from edgeofcare.reporting.document import packaged_rows
from edgeofcare.reporting.items import fill
from forged_files import parts_of, repacked
from saved_models import FEATURES, TASK, trained

CARD = {
    "name": "Edge of care 2025",
    "owner": "Head of the edge of care service",
    "contact": "edge-of-care team",
    "purpose": "A monthly list for the panel.\nNothing else.",
    "not_for": "Decisions about one child without a professional.",
}
DAY = "2023-01-01"
WHY = "A test with few resamples."


@pytest.fixture(scope="module")
def wording():
    sentences = dict(default_wording().sentences)
    sentences = {key: f"OWN {text}" if key[0] in FEATURES else text for key, text in sentences.items()}
    return Wording(sentences)


@pytest.fixture(scope="module")
def report():
    made = trained("logistic")
    return evaluate(made.model, made.X, made.y, n_resamples=20)


@pytest.fixture(scope="module")
def path(tmp_path_factory, wording, report):
    made = trained("logistic")
    more = {"wording": wording, "card": CARD, "expires": "31/03/2027", "evaluation": report, "records": made.records}
    return save_model(tmp_path_factory.mktemp("m") / "model.eoc", made.model, features=FEATURES, task=TASK, **more)


def save(path, **more):
    return save_model(path, trained("logistic").model, features=FEATURES, task=TASK, **more)


def refused(tmp_path, path, entries, name):
    """Check that a file with other entries, every digest right, is refused by the name of one."""
    manifest, arrays = parts_of(path.read_bytes())
    (tmp_path / "bad.eoc").write_bytes(repacked(manifest | entries, arrays))
    with pytest.raises(ModelFileError, match=f"no usable '{name}'"):
        load_model(tmp_path / "bad.eoc")


def test_a_loaded_model_knows_what_was_stated(path, wording, report):
    scorer = load_model(path)
    assert scorer.expires == dt.date(2027, 3, 31)
    assert scorer.verdict == report.verdict().conclusion
    assert scorer.manifest["verdict"] == {"conclusion": scorer.verdict, "text": report.verdict().text}
    assert scorer.wording == wording
    assert scorer.manifest["card"] == CARD


def test_a_file_without_statements_says_so(tmp_path):
    scorer = load_model(save(tmp_path / "m.eoc"))
    assert (scorer.expires, scorer.verdict, scorer.wording) == (None, None, None)
    assert scorer.manifest["wording"]["sentences"] is None
    assert len(scorer.manifest["wording"]["digest"]) == 64


@pytest.mark.parametrize("expires", ["2027-03-31", dt.date(2027, 3, 31), np.datetime64("2027-03-31")])
def test_a_day_of_expiry_can_be_written_in_several_ways(expires, tmp_path):
    assert load_model(save(tmp_path / "m.eoc", expires=expires)).expires == dt.date(2027, 3, 31)


def test_a_day_that_is_none_or_too_early_is_refused(tmp_path):
    for wrong in ("2027-02-30", "next year", 2027, "03-31-2027"):
        with pytest.raises(SpecError, match="expires must be a date"):
            save(tmp_path / "m.eoc", expires=wrong)
    until = trained("logistic").records.observed_until
    with pytest.raises(SpecError, match="not after the end of the records"):
        save(tmp_path / "m.eoc", expires=until, records=trained("logistic").records)
    assert not list(tmp_path.iterdir())
    later = until + pd.Timedelta(days=1)
    assert load_model(save(tmp_path / "m.eoc", expires=later, records=trained("logistic").records)).expires


@pytest.mark.parametrize(
    ("card", "match"),
    [
        ({}, "expected a mapping"),
        ("the card", "it is a str"),
        ({"owner": "x", "surname": "y"}, r"1 other name\(s\)"),
        ({"owner": ""}, "owner is not a text"),
        ({"owner": 5}, "owner is not a text"),
        ({"owner": "\x1b[2Jgone"}, "owner is not a text"),
        ({"purpose": "x" * 2001}, "purpose is not a text"),
    ],
)
def test_a_card_that_is_none_is_refused_on_both_ways(card, match, path, tmp_path):
    with pytest.raises(SpecError, match=match):
        save(tmp_path / "m.eoc", card=card)
    refused(tmp_path, path, {"card": card}, "card")


@pytest.mark.parametrize("said", ["2027-02-30", "20270331", 5, "", ["2027-03-31"], "9999-12-31", "2027-03-31T00:00"])
def test_a_stored_day_that_is_none_is_refused(said, path, tmp_path):
    refused(tmp_path, path, {"expires": said}, "expires")


def test_a_stored_verdict_must_be_that_of_the_evaluation(path, tmp_path):
    stored = load_model(path).manifest["verdict"]
    other = next(word for word in ("use", "do not use") if word != stored["conclusion"])
    for wrong in (None, stored | {"conclusion": other}, stored | {"text": ""}, 5, []):
        refused(tmp_path, path, {"verdict": wrong}, "verdict")
    evaluation = load_model(path).manifest["evaluation"]
    odd = {"conclusion": "buy it", "text": "x"}
    refused(tmp_path, path, {"verdict": odd, "evaluation": {**evaluation, "verdict": odd}}, "verdict")


def test_concepts_must_be_text(path, tmp_path):
    features = load_model(path).manifest["features"]
    for wrong in (None, "", "x" * 101, "a\nb", 5):
        refused(tmp_path, path, {"features": [features[0] | {"concept": wrong}, *features[1:]]}, "features")


def test_every_entry_must_be_there(path, tmp_path):
    manifest, arrays = parts_of(path.read_bytes())
    for name in ("expires", "card", "wording", "verdict"):
        (tmp_path / "bad.eoc").write_bytes(repacked({k: v for k, v in manifest.items() if k != name}, arrays))
        with pytest.raises(ModelFileError, match=f"no usable '{name}'"):
            load_model(tmp_path / "bad.eoc")


# ------------------------------------------------------------------------------------------------------ wording


def test_reasons_are_told_in_the_stored_wording_unless_told_otherwise(path, tmp_path):
    made, scorer = trained("logistic"), load_model(path)
    rows = made.X[made.X.index.get_level_values("index_date") == DAY].iloc[:3]
    told = explain(scorer, rows, records=made.records).reasons(top=2)
    own = told["feature"] != "child.sex_F"  # which the wording file does not hold
    assert own.any()
    assert told["sentence"].str.startswith("OWN ").tolist() == own.tolist()
    plain = explain(scorer, rows, records=made.records, wording=default_wording()).reasons(top=2)
    assert not plain["sentence"].str.contains("OWN ").any()
    scores = scorer.score(made.records, DAY, top_reasons=1, override=WHY)
    assert scores["reasons"].map(lambda reasons: "OWN " in reasons[0]).any()
    child = rows.index.get_level_values("child_id")[0]
    one = scorer.score_child(ChildRecords.from_records(made.records, child), DAY, override=WHY)
    assert any(reason.sentence.startswith("OWN ") for reason in one.reasons)
    library = load_model(save(tmp_path / "m.eoc"))
    assert not any(
        "OWN" in reason.sentence
        for reason in library.score_child(ChildRecords.from_records(made.records, child), DAY).reasons
    )


def test_a_wording_of_the_wrong_kind_is_refused(tmp_path):
    with pytest.raises(SpecError, match="wording is a str"):
        save(tmp_path / "m.eoc", wording="words.csv")
    with pytest.raises(SpecError, match="cannot be used"):
        save(tmp_path / "m.eoc", wording=Wording({("child.age", "one"): "No common words."}))
    assert not list(tmp_path.iterdir())


def test_a_stored_wording_passes_the_checks_of_a_wording_file(path, tmp_path):
    from edgeofcare.explanation.saved_wording import MOST_SAVED_SENTENCES, _digest

    sentences = load_model(path).manifest["wording"]["sentences"]
    good = {"sentences": sentences, "digest": _digest(sentences)}
    manifest, arrays = parts_of(path.read_bytes())
    (tmp_path / "good.eoc").write_bytes(repacked(manifest | {"wording": good}, arrays))
    assert load_model(tmp_path / "good.eoc").wording is not None
    for bad in (
        [["child.age", "one", "{password}"], *sentences],
        [["no.such.feature", "one", "x"], *sentences],
        [["child.age", "one", "x" * 401], *sentences],
        sentences + sentences[:1],
        [[*sentences[0][:2], f"{sentences[0][2]}\x9b2J"], *sentences[1:]],
        sentences[:5],
        [["child.age", "one"], *sentences],
        [["child.age", "one", 5], *sentences],
        ["child.age", *sentences],
        {"child.age": "one"},
        sentences + [["child.age", "one", "x"]] * MOST_SAVED_SENTENCES,
    ):
        plain = isinstance(bad, list) and all(isinstance(line, list) for line in bad)
        digest = _digest(bad) if plain and all(isinstance(c, str) for line in bad for c in line) else "0" * 64
        refused(tmp_path, path, {"wording": {"sentences": bad, "digest": digest}}, "wording")
    for entry in (None, 5, {"sentences": None}, good | {"digest": "0" * 64}, good | {"more": 1}):
        refused(tmp_path, path, {"wording": entry}, "wording")


# ------------------------------------------------------------------------------------------------------ inspect


def test_inspect_says_everything_in_lines_that_fit(path, report):
    text = inspect_model(path, today=dt.date(2026, 1, 1)).text(features=True)
    assert max(map(len, text.splitlines())) <= WIDTH
    joined = " ".join(text.split())
    for part in (
        "Edge of care 2025",
        "A monthly list for the panel. Nothing else.",
        "entering care within 365 days",
        "aged 10 to 17 with an open case",
        "Features 7",
        "child.sex_F",
        "to 2025-03-31",
        "AUROC",
        report.verdict().conclusion.upper(),
        "Expires 2027-03-31",
        "50 replayed",
        "Signature none",
        "the authority's own",
        "missing.count.365d (risks outside the home)",
    ):
        assert part in joined, part
    assert "EXPIRED" not in text
    assert "KIND" not in text
    assert "EXPIRED" in inspect_model(path, today=dt.date(2027, 4, 1)).text()
    assert not inspect_model(path, today=dt.date(2027, 3, 31)).expired


def test_inspect_prints_json_and_refuses_what_load_model_refuses(path, tmp_path, capsys):
    assert main(["inspect", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["model_id"] == load_model(path).model_id
    assert facts["golden_rows"] == 50
    assert facts["concepts"] == {**facts["concepts"], "age and time": 1}
    assert sum(facts["concepts"].values()) == len(FEATURES)
    (tmp_path / "bad.eoc").write_bytes(path.read_bytes()[:-1])
    assert main(["inspect", str(tmp_path / "bad.eoc")]) == 2
    assert "Take a fresh copy" in capsys.readouterr().err


@pytest.mark.parametrize("entry", ["training_counts", "versions", "evaluation", "run", "input_fingerprint"])
@pytest.mark.parametrize("value", [5, "\x1b[2J\x07", ["\x1b"], {"\x1b[0m": ["\x1b"]}, None])
def test_inspect_tells_of_odd_entries_without_steering_the_screen(entry, value, path, tmp_path):
    manifest, arrays = parts_of(path.read_bytes())
    later = ("golden", "verdict", "expires", "wording", "card")
    older = {name: held for name, held in manifest.items() if name not in later} | {"schema_version": 1, entry: value}
    plain = {name: array for name, array in arrays.items() if not name.startswith("golden.")}
    (tmp_path / "odd.eoc").write_bytes(repacked(older, plain))
    text = inspect_model(tmp_path / "odd.eoc").text(features=True)
    assert "\x1b" not in text
    assert "\x07" not in text


# --------------------------------------------------------------------------------------------------- model card


def test_the_model_card_answers_with_what_was_stated():
    facts = card_facts(CARD, "2027-03-31", trained("logistic").records.observed_until)
    rows = {row["topic"]: row for row in fill(packaged_rows("model_card.csv"), facts).to_dict("records")}
    assert rows["Owner"]["answer"] == "Owner: Head of the edge of care service. Contact: edge-of-care team."
    assert (rows["Owner"]["to_write"], rows["Owner"]["status"]) == ("", "filled from the run")
    assert rows["Use"]["answer"] == "Purpose: A monthly list for the panel. Nothing else."
    assert rows["Expiry"]["answer"] == "Last day of use: 2027-03-31."
    assert "who decides on renewal" in rows["Expiry"]["to_write"]  # which no date says
    half = fill(packaged_rows("model_card.csv"), card_facts({"owner": "The service"}, None, None)).to_dict("records")
    assert next(row for row in half if row["topic"] == "Owner")["to_write"]
    assert next(row for row in half if row["topic"] == "Expiry")["answer"] == ""


def test_the_command_knows_a_day_of_expiry(capsys):
    assert day("31/03/2027") == "2027-03-31"
    with pytest.raises(SystemExit):
        main(["demo", "--expires", "soon"])
    assert "must be a date" in capsys.readouterr().err
