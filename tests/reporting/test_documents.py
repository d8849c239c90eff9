"""Documents are filled from the run and from nothing else, tell no small number, and are the same in every form."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from edgeofcare.criteria import Criteria
from edgeofcare.exceptions import SpecError
from edgeofcare.features.leaks.report import LeakReport
from edgeofcare.model_statements import CARD
from edgeofcare.reporting.card_facts import card_facts
from edgeofcare.reporting.document import packaged_rows
from edgeofcare.reporting.documents import write_documents
from edgeofcare.reporting.facts import Fact, Run, run_facts
from edgeofcare.reporting.impact import field_inventory
from edgeofcare.reporting.items import fill, probast_ai
from edgeofcare.reporting.method import METHOD
from edgeofcare.reporting.sections import ReportSections
from edgeofcare.schema.tables import TABLES
from edgeofcare.task import Task
from reported import CANARY, UNTIL, all_sections, document_parts

LISTS = ("tripod_ai.csv", "probast_ai.csv", "model_card.csv", "atrs.csv", "dpia_risks.csv")
NAMES = ("tripod_ai", "probast_ai", "model_card", "atrs_record", "equality_impact", "dpia_pack")
# Facts that this run is too small to tell.
SMALL_HERE = ("strata", "at_capacity", "events_per_feature")
# Facts that the authority states.
STATED_FACTS = card_facts(dict.fromkeys(CARD, "In words."), "2030-03-31", None)
LEAKS = LeakReport(500, 24, ("child.age",), (("later rows", 9120),))


@pytest.fixture(scope="module")
def parts() -> dict[str, Any]:
    """Arguments of the documents, with every optional part."""
    return {**document_parts(), "sections": all_sections()}


@pytest.fixture(scope="module")
def run(parts: dict[str, Any]) -> Run:
    """The run itself, with a leak check."""
    return Run(**parts, leaks=LEAKS)


@pytest.fixture(scope="module")
def texts(parts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every file by name."""
    written = write_documents(tmp_path_factory.mktemp("documents"), **parts)
    return {path.name: path.read_text(encoding="utf-8") for path in written}


# ------------------------------------------------------------------------------------------------ the lists of items


def test_tripod_has_its_27_items_in_52_parts_in_order() -> None:
    items = [row["item"] for row in packaged_rows("tripod_ai.csv")]
    assert len(items) == len(set(items)) == 52
    numbers = [int(re.sub(r"\D", "", item)) for item in items]
    assert sorted(set(numbers)) == list(range(1, 28))
    assert items == sorted(items, key=lambda item: (int(re.sub(r"\D", "", item)), item))


def test_probast_has_two_parts_of_four_domains() -> None:
    rows = packaged_rows("probast_ai.csv")
    domains = {(row["part"], row["domain"]) for row in rows}
    assert len(domains) == 8
    assert {row["item"][0] for row in rows} == {"D", "E"}


def test_atrs_has_metadata_and_both_tiers() -> None:
    sections = list(dict.fromkeys(row["section"] for row in packaged_rows("atrs.csv")))
    assert sections[:2] == ["Metadata and title", "Tier 1"]
    assert len(sections) == 9


@pytest.mark.parametrize("name", LISTS)
def test_items_ask_for_facts_that_a_run_can_give(name: str, run: Run) -> None:
    known = {*run_facts(run), *SMALL_HERE, *STATED_FACTS}
    asked = {key for row in packaged_rows(name) for key in row["facts"].split()}
    assert asked - known == set()


def test_every_fact_is_used_by_some_item(run: Run) -> None:
    asked = {key for name in LISTS for row in packaged_rows(name) for key in row["facts"].split()}
    assert set(run_facts(run)) - asked - {"how_code"} == set()


@pytest.mark.parametrize("name", LISTS)
def test_every_item_has_an_answer_or_says_what_to_write(name: str) -> None:
    assert [row for row in packaged_rows(name) if not row["facts"] and not row["authority"]] == []


# ------------------------------------------------------------------------------------------- filled, never invented


def test_an_answer_is_made_of_facts_alone(run: Run) -> None:
    facts = {**{key: Fact("Nothing.", "evaluation") for key in SMALL_HERE}, **run_facts(run)} | STATED_FACTS
    for name in LISTS:
        rows = packaged_rows(name)
        for row, filled in zip(rows, fill(rows, facts).to_dict("records"), strict=True):
            left = filled["answer"]
            for key in row["facts"].split():
                left = left.replace(facts[key].text, "", 1)
            assert left.strip() == ""


def test_what_no_run_knows_is_left_to_the_authority(texts: dict[str, str]) -> None:
    rows = {row["item"]: row for row in csv.DictReader(io.StringIO(texts["tripod_ai.csv"]))}
    for item in ("3c", "9c", "17", "18a", "18b", "18c", "18d", "18e", "19"):
        assert rows[item]["answer"] == ""
        assert rows[item]["source"] == rows[item]["status"] == "for the authority"
        assert rows[item]["to_write"]


def test_the_same_items_answered_from_less_say_so(run: Run) -> None:
    less = run_facts(replace(run, leaks=None, sections=ReportSections()))
    more = run_facts(run)
    assert set(more) - set(less) >= {"leaks", "stability", "agreement", "alarms", "findings", "origins"}
    filled = fill([{"item": "9b", "facts": "leaks", "authority": ""}], less)
    assert filled.loc[0, ["answer", "source", "status"]].tolist() == ["", *["not measured in this run"] * 2]


def test_the_model_card_prints_the_agreement_of_reasons_where_it_is_given(texts: dict[str, str], run: Run) -> None:
    assert "agreement-row" in texts["model_card.html"]
    assert "Sentence on agreement." in texts["model_card.md"]
    assert "agreement" not in run_facts(replace(run, sections=ReportSections()))


def test_facts_follow_the_run(run: Run) -> None:
    facts = run_facts(run)
    assert facts["title"] == Fact(
        "Development and evaluation of a model of the probability that a child aged 10 to 17 with an open case enters "
        "care within 365 days.",
        "task",
    )
    other = run.model.__class__(
        kind="boosting", task=Task(horizon="180D", gap="30D", short_breaks="include", ages=(12, 15))
    )
    other.__dict__ |= {name: value for name, value in vars(run.model).items() if name not in ("kind", "task")}
    changed = run_facts(replace(run, model=other))
    assert "aged 12 to 15" in changed["title"].text
    assert "within 180 days of the index date, after a gap of 30 days" in changed["outcome"].text
    assert "Short breaks are counted as care" in changed["outcome"].text
    assert "gradient-boosted trees" in changed["model"].text
    cell = run.cells["model", "auroc"]
    assert f"AUROC {cell.text()}" in facts["discrimination"].text
    assert "child.sex_F" in facts["protected"].text
    assert facts["alarms"].text == "Alarms open: seen-household gain."
    assert facts["verdict"].text.startswith("Verdict: use with care.")


@pytest.mark.parametrize(
    ("entrants", "said"), [(100, "yes"), (99, "probably no"), (74, "probably no"), (29, "no"), ("<10", "no")]
)
def test_too_few_entrants_are_called_too_few(entrants: int | str, said: str, run: Run) -> None:
    assert _enough(entrants, run) == said


@pytest.mark.parametrize(("entrants", "said"), [(163, "yes"), (162, "probably no"), (100, "probably no"), (29, "no")])
def test_no_yes_stands_beside_a_sample_size_that_says_too_few(entrants: int, said: str, run: Run) -> None:
    size = pd.DataFrame(
        {"part": ["training rows"] + ["test period"] * 3, "entrants_needed": [2706.0, 163.0, 159.0, 223.0],
         "quantity": ["entrants_per_feature", "auroc", "observed_expected_ratio", "calibration_slope"]}
    )  # fmt: skip
    assert _enough(entrants, replace(run, sections=replace(run.sections, sample_size=size))) == said


@pytest.mark.parametrize(("least", "said"), [(80, "probably yes"), (82, "probably yes"), (83, "probably no")])
def test_no_yes_stands_beside_a_criterion_that_is_not_met(least: int, said: str, run: Run) -> None:
    evaluation = replace(run.evaluation, criteria=Criteria(min_entrants=least))
    assert _enough(82, replace(run, evaluation=evaluation)) == said


def _enough(entrants: int | str, run: Run) -> str:
    """Whether a test with so many entrants is called enough."""
    counts = run.evaluation.counts.astype({"entrants": object})
    counts.loc[0, "entrants"] = entrants
    changed = replace(run, evaluation=replace(run.evaluation, counts=counts))
    return str(probast_ai(run_facts(changed), changed).tables[""].set_index("item").loc["E4.1", "signal"])


@pytest.mark.parametrize("name", ["tripod_ai.md", "model_card.md", "atrs_record.md"])
def test_options_are_told_in_words(name: str, texts: dict[str, str]) -> None:
    assert "Options: inverse strength of the penalty 0.05; most steps 200;" in texts[name]
    assert "Criteria, fixed before it was fitted: none were given to the model." in texts[name]
    assert not re.search(r"Criteria\(|None|max_iter|learning rate", texts[name])


def test_without_a_leak_check_nothing_is_said_of_it(run: Run) -> None:
    for leaks, said in ((LEAKS, "yes"), (None, "no information"), (replace(LEAKS, differences=3), "no")):
        changed = replace(run, leaks=leaks)
        table = probast_ai(run_facts(changed), changed).tables[""].set_index("item")
        assert table.loc["D2.2", "signal"] == table.loc["E2.3", "signal"] == said


def test_the_judgement_is_left_to_a_person(texts: dict[str, str]) -> None:
    start = texts["probast_ai.md"].index("## Judgement of each domain")
    part = texts["probast_ai.md"][start : texts["probast_ai.md"].index("\n## ", start + 5)]
    lines = [line for line in part.splitlines() if line.startswith(("| Development", "| Evaluation"))]
    assert len(lines) == 8
    assert all(line.endswith("| for the authority | for the authority |") for line in lines)


# ---------------------------------------------------------------------------------------------------- fit to share


def test_no_free_value_key_or_date_of_a_child_is_in_any_file(texts: dict[str, str], parts: dict[str, Any]) -> None:
    for name, text in texts.items():
        assert CANARY not in text, name
        assert "KIND" not in text, name
        assert set(re.findall(r"\b\d{4}-\d{2}-\d{2}\b", text)) <= {UNTIL}, name
    assert parts["evaluation"].groups["group"].str.contains(CANARY).any()


def test_small_counts_are_in_no_file(texts: dict[str, str]) -> None:
    said = texts["tripod_ai.csv"]
    assert "Training: 60 rows of <10 children in <10 households, <10 of whom entered care." in said
    assert "from <10 entrants" in said
    assert "60,010 rows of 7,770 children" in said
    for text in texts.values():
        for exact in ("60,006", "7,768", "entrants in training for each feature"):
            assert exact not in text


def test_pairs_of_audit_columns_are_kept_and_own_columns_are_not(texts: dict[str, str]) -> None:
    kept = pd.read_csv(io.StringIO(texts["equality_impact_group_measures.csv"]))
    assert kept["by"].tolist() == ["sex", "sex x status"]
    assert pd.read_csv(io.StringIO(texts["equality_impact_group_findings.csv"]))["finding"].tolist() == [
        "finding-of-sex"
    ]


# ------------------------------------------------------------------------------------------------ impact assessments


def test_every_field_is_in_the_inventory_once(run: Run) -> None:
    table = field_inventory(run)
    assert list(zip(table["table"], table["field"], strict=True)) == [
        (each.name, column.name) for each in TABLES.values() for column in each.columns
    ]


def test_flags_are_of_fields_that_exist_and_miss_no_list_of_sensitive_codes() -> None:
    flagged = {(row["table"], row["column"]) for row in packaged_rows("special_category.csv")}
    fields = {(table.name, column.name): column for table in TABLES.values() for column in table.columns}
    assert flagged <= set(fields)
    sensitive = {"ethnicity", "need", "factor", "abuse", "sex", "legal_status", "source"}
    assert {key for key, column in fields.items() if column.codes in sensitive} <= flagged


def test_each_feature_has_its_reason_or_asks_for_one(texts: dict[str, str], run: Run) -> None:
    table = pd.read_csv(io.StringIO(texts["dpia_pack_features.csv"]), keep_default_na=False)
    assert table["name"].tolist() == [spec.name for spec in run.features]
    assert (table["reason"] != "").all()
    own = table.set_index("name").loc["child.sex_F"]
    assert own["reason"] == "a feature of your own: say why it is needed"
    assert own["source"] == "for the authority"


def test_retention_and_likelihood_are_left_open(texts: dict[str, str]) -> None:
    kept = pd.read_csv(io.StringIO(texts["dpia_pack_retention.csv"]), keep_default_na=False)
    risks = pd.read_csv(io.StringIO(texts["dpia_pack_risks.csv"]), keep_default_na=False)
    assert (kept["kept until"] == "").all()
    assert (risks[["likelihood", "severity", "residual"]] == "").all(axis=None)
    assert (risks["measures_to_take"] != "").all()


def test_characteristics_that_were_not_measured_are_named(texts: dict[str, str]) -> None:
    table = pd.read_csv(io.StringIO(texts["equality_impact_characteristics.csv"]), keep_default_na=False)
    said = dict(zip(table["column"], table["measured"], strict=True))
    assert said["ethnic_group"] == "not measured in this run"
    assert re.fullmatch(r"\d groups, \d suppressed", said["sex"])
    assert (table.loc[table["column"] == "none", "measured"] == "cannot be measured").all()


# ------------------------------------------------------------------------------------------------------- every form


@pytest.mark.parametrize("name", NAMES)
def test_every_form_holds_the_same(name: str, texts: dict[str, str]) -> None:
    tables = json.loads(texts[f"{name}.json"])["tables"]
    for table, rows in tables.items():
        key = name if table == name else f"{name}_{table}"
        assert [row.get("item") for row in rows] == [
            row.get("item") for row in csv.DictReader(io.StringIO(texts[f"{key}.csv"]))
        ]
        for row in rows:
            if row.get("answer"):
                assert row["answer"].replace("<", "&lt;") in texts[f"{name}.md"]
                assert (
                    row["answer"].replace("<", "&lt;").replace("'", "&#39;").replace('"', "&#34;")
                    in texts[f"{name}.html"]
                )


@pytest.mark.parametrize("name", NAMES)
def test_tables_of_markdown_have_as_many_cells_as_headings(name: str, texts: dict[str, str]) -> None:
    widths: list[int] = []
    for line in texts[f"{name}.md"].splitlines():
        if not line.startswith("|"):
            widths = []
            continue
        widths.append(len(re.findall(r"(?<!\\)\|", line)))
        assert widths[-1] == widths[0]


def test_the_index_leads_to_every_document(texts: dict[str, str]) -> None:
    assert set(re.findall(r'href="([^"#:]+)"', texts["index.html"])) == {
        f"{name}.{form}" for name in NAMES for form in ("html", "md", "json")
    }


def test_the_same_run_gives_the_same_bytes(texts: dict[str, str], parts: dict[str, Any], tmp_path: Path) -> None:
    again = write_documents(tmp_path / "new", **parts)
    assert {path.name: path.read_text(encoding="utf-8") for path in again} == texts


def test_documents_of_a_bare_run_are_written(tmp_path: Path) -> None:
    bare = document_parts()
    bare["evaluation"] = replace(bare["evaluation"], groups=bare["evaluation"].groups.iloc[:0])
    names = {path.name for path in write_documents(tmp_path, **bare)}
    assert "equality_impact.md" in names
    assert "No group was measured" in (tmp_path / "equality_impact.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", [None, "file/below"])
def test_a_folder_that_cannot_be_made_is_refused(place: str | None, parts: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError, match="folder of documents cannot be made") as caught:
        write_documents(None if place is None else tmp_path / place, **parts)  # type: ignore[arg-type]
    assert str(tmp_path) not in str(caught.value)


def test_a_leak_check_of_other_features_is_refused(parts: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SpecError):
        write_documents(tmp_path / "out", **parts, leaks=LEAKS)
    assert not (tmp_path / "out").exists()


def test_sentences_on_how_it_works_name_no_figure() -> None:
    assert [text for text in METHOD.values() if re.search(r"\d", text)] == []
