"""What drives the scores, as the report tells it: words that follow the numbers, and nothing of few children."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from edgeofcare.reporting.documents import write_documents
from edgeofcare.reporting.driver_drawings import value_drawings
from edgeofcare.reporting.driver_words import agreement_words, importance_words, proxy_words
from edgeofcare.reporting.drivers import agreement_grid, drivers_block, importance_grid
from edgeofcare.reporting.html import write_report
from edgeofcare.reporting.sections import ReportSections
from reported import CANARY, SUMMARY, document_parts, report_parts

NAMES = ["plans", "school", "household", "age"]


def importance(**changed: Any) -> pd.DataFrame:
    """Four concepts, of which the second and third share their places and one is worth nothing."""
    columns = {
        "concept": NAMES,
        "mean_size": [np.log(2.0), 0.2, 0.19, 0.01],
        "ci_low": [np.log(1.9), 0.15, 0.14, 0.005],
        "ci_high": [np.log(2.1), 0.25, 0.24, 0.02],
        "share": [0.5, 0.3, 0.15, 0.05],
        "place_low": [1, 2, 2, 4],
        "place_high": [1, 3, 3, 4],
        "loss_without": [0.02, 0.01, 0.0, -0.01],
        "loss_low": [0.01, 0.002, -0.01, -0.02],
        "loss_high": [0.03, 0.02, 0.01, -0.001],
        "note": "",
    }
    return pd.DataFrame({**columns, **changed})


def hidden_importance() -> pd.DataFrame:
    """The same of few children, as concept_importance gives it."""
    frame = importance(note="suppressed: fewer than 10 children")
    numbers = [name for name in frame.columns if name not in ("concept", "note")]
    return frame.assign(**dict.fromkeys(numbers, np.nan)).sort_values("concept", ignore_index=True)


def agreement(signs: float = 0.96, bands: float = 0.8, top_three: float = 0.75) -> pd.DataFrame:
    """Agreement of concepts, and of features at half of it."""
    rows = [
        (level, measure, part * value, part * value - 0.1, part * value + 0.02, 20, "")
        for level, part in (("concept", 1.0), ("feature", 0.5))
        for measure, value in (("signs", signs), ("bands", bands), ("top_three", top_three))
    ]
    return pd.DataFrame(rows, columns=["level", "measure", "estimate", "low", "high", "refits", "note"])


def proxies(*readings: str, by: str = "ethnic_group", told: float = 0.12) -> pd.DataFrame:
    """One concept for each reading."""
    return pd.DataFrame(
        {"by": by, "concept": NAMES[: len(readings)], "share_told": told, "reading": list(readings), "note": ""}
    )


def by_group(group: str = "Black", by: str = "ethnic_group") -> pd.DataFrame:
    """Which of two groups is scored higher through the first concept."""
    return pd.DataFrame(
        {"by": by, "group": [group, "White"], "concept": "plans", "difference": [np.log(1.5), -np.log(1.5)],
         "ci_low": -1.0, "ci_high": 1.0, "note": ""}
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------- in words


def test_the_first_three_concepts_are_told_with_their_parts_of_a_hundred():
    said = importance_words(importance())
    assert said.startswith("Of all that moves the scores, 50 of 100 parts come from plans, 30 from school and 15 from")
    assert "Not told apart in size: school and household." in said
    assert "Leaving out any one of plans and school makes the risks clearly less right; of the other 2 that" in said


def test_a_concept_that_makes_nothing_better_is_not_said_to():
    none = importance(loss_low=-0.01)
    assert "Of no concept it is shown that the risks would be less right without it." in importance_words(none)
    one = importance(loss_low=[0.01, -0.1, -0.1, -0.1])
    assert (
        "Leaving out plans makes the risks clearly less right; of the other 3 that is not shown."
        in importance_words(one)
    )
    assert "less right" not in importance_words(importance().drop(columns=["loss_low", "loss_high", "loss_without"]))


@pytest.mark.parametrize(
    ("shares", "weak", "advice"),
    [
        ((0.96, 0.8, 0.75), [], "None of these is weak (below 70 of 100)."),
        ((0.96, 0.8, 0.7), [], "None of these is weak (below 70 of 100)."),
        ((0.96, 0.8, 0.6999), ["69"], "not which concepts come first."),
        ((0.96, 0.6, 0.75), ["60"], "not how strong it is said to be."),
        ((0.96, 0.6, 0.5), ["60", "50"], "not how strong it is said to be or which concepts come first."),
        ((0.65, 0.6, 0.5), ["65", "60", "50"], "do not show single children's reasons of this model as if"
         " they were sure."),
    ],
)  # fmt: skip
def test_agreement_below_70_of_100_is_called_weak(shares, weak, advice):
    said = agreement_words(agreement(*shares))
    assert re.findall(r"(\d+) of 100 \(weak\)", said) == weak
    assert said.endswith(advice)
    assert said.startswith("Fitted again 20 times on resampled households")


def test_what_is_hidden_is_said_to_be_hidden():
    few = agreement().assign(estimate=np.nan, low=np.nan, high=np.nan)
    assert agreement_words(few) == importance_words(hidden_importance()) == "Not shown: fewer than 10 children."
    hidden = proxies("").assign(share_told=np.nan)
    assert proxy_words(hidden) == "Not shown: fewer than two groups of 10 children."


def test_a_concept_that_stands_for_a_group_is_named_with_the_group_it_raises():
    said = proxy_words(proxies("stands for the group", "no difference shown"), by_group())
    assert said.startswith("Plans stands for the group by ethnic group: groups tell 12 of 100 parts of what it adds,")
    assert "the odds of the group \u201cBlack\u201d are 1.50 times those of the others." in said
    assert "no concept was found" not in said
    assert "school" not in said


def test_other_readings_are_told_apart():
    readings = ("differs, borne out within groups", "differs, outcomes cannot tell", "no difference shown")
    said = proxy_words(proxies(*readings))
    assert said.startswith("By ethnic group: no concept was found to stand for a group of children.")
    assert "outcomes within groups bear it out: plans by ethnic group." in said
    assert "too few entrants to say whether outcomes bear it out: school by ethnic group." in said
    assert "household" not in said


def test_columns_and_groups_of_ones_own_are_not_told():
    assert proxy_words(proxies("stands for the group", by=CANARY)) == ""
    named = proxy_words(proxies("stands for the group"), by_group(group=CANARY))
    assert CANARY not in named
    assert "times those of the others" not in named
    block = drivers_block(SUMMARY, ReportSections(by_group=by_group(group=CANARY), proxies=proxies("x", by=CANARY)))
    assert [part.title for part in block.parts] == ["Contributions"]


@pytest.mark.parametrize("say", [importance_words, agreement_words, proxy_words])
def test_nothing_is_said_of_another_frame(say):
    assert say(None) == say(pd.DataFrame({"concept": ["a"]})) == ""


# ------------------------------------------------------------------------------------------------------- in tables


def test_a_factor_on_the_odds_is_told_with_its_place():
    table = importance_grid(importance()).frame
    first = table.iloc[0].tolist()
    assert first == ["plans", "1", "50", "2.00 (1.90 to 2.10)", "yes"]
    assert table["place"].tolist() == ["1", "2 to 3", "2 to 3", "4"]
    assert table["less right without it"].tolist() == ["yes", "yes", "cannot be told", "no, more right"]


def test_agreement_is_told_in_cases_of_100_beside_single_features():
    table = agreement_grid(agreement()).frame
    assert table.columns.tolist() == ["what agrees", "concepts", "single features"]
    assert table.iloc[2].tolist() == ["among the first three both times", "75 (65 to 77)", "37 (27 to 39)"]
    other = pd.DataFrame({"level": ["concept"], "measure": ["luck"], "estimate": [0.5]})
    assert agreement_grid(other).frame["measure"].tolist() == ["luck"]


def test_pictures_by_value_are_of_the_strongest_concepts_with_two_values_or_more():
    frame = pd.DataFrame(
        [(name, f"own.{name}", value, 0.1, 0.0, 0.2) for name in NAMES for value in ("0", "1 or more")],
        columns=["concept", "feature", "value", "mean_contribution", "ci_low", "ci_high"],
    )
    frame.loc[(frame["concept"] == "school") & (frame["value"] == "0"), "mean_contribution"] = np.nan
    order = importance(concept=["age", "school", "plans", "household"])
    titles = [drawing.title for drawing in value_drawings(frame, order)]
    assert titles == [f"What does \u201c{name}\u201d depend on?" for name in ("age", "plans", "household")]
    assert not any("hollow" in drawing.caption for drawing in value_drawings(frame, order))
    assert value_drawings(frame.drop(columns="value"), order) == ()


# ------------------------------------------------------------------------------------------------------- on the page


def part_of(page: str) -> str:
    """The part of a page on what drives the scores."""
    start = page.index('<section id="what-drives-the-scores"')
    return page[start : page.index("</section>", start)]


def written(tmp_path, **sections: Any) -> str:
    """That part of a report."""
    parts = vars(report_parts())
    path = write_report(tmp_path / "report.html", **parts, sections=ReportSections(**sections))
    return part_of(path.read_text(encoding="utf-8"))


def test_the_part_says_what_it_is_and_is_not_with_a_table_and_a_picture(tmp_path):
    page = written(tmp_path, importance=importance(), agreement=agreement(), proxies=proxies("stands for the group"))
    assert "This is what the model uses, not what causes care" in page
    assert "<h3>Which concepts move the scores most?</h3><svg" in page
    assert "2.00 (1.90 to 2.10)" in page
    order = ["Importance of concepts: all figures", "How steady reasons are", "75 (65 to 77)",
             "Does a concept stand for a group of children?", "Plans stands for the group"]  # fmt: skip
    places = [page.index(words) for words in order]
    assert places == sorted(places)


def test_without_it_the_mean_sizes_are_shown_and_nothing_else(tmp_path):
    page = written(tmp_path)
    assert "This is what the model uses, not what causes care" in page
    assert "Mean size of the contribution" in page
    for words in ("<svg", "How steady reasons are", "stand for a group", "resampled households"):
        assert words not in page


def test_what_was_not_looked_at_says_why(tmp_path):
    page = written(tmp_path, not_looked_at={"agreement": "no refits.", "importance": "too few rows"})
    assert "<h3>How steady reasons are</h3>\n<p>Not looked at: no refits.</p>" in re.sub(r"\n+", "\n", page)
    assert "not looked at: too few rows." in page


def test_of_few_children_there_is_no_number_no_order_and_no_picture(tmp_path):
    few = agreement().assign(estimate=np.nan, low=np.nan, high=np.nan)
    page = written(tmp_path, importance=hidden_importance(), agreement=few)
    assert page.count("Not shown: fewer than 10 children.") == 2
    assert "<svg" not in page
    assert not any(name in page for name in NAMES[:3])
    assert "not shown" in page[page.index("How steady") :]


def test_ones_own_sentence_stands_in_place_of_ours(tmp_path):
    page = written(tmp_path, importance=importance(), said={"importance": "A sentence of our own."})
    assert "A sentence of our own." in page
    assert "50 of 100 parts" not in page


def test_the_model_card_and_the_lists_tell_the_same_in_few_lines(tmp_path):
    sections = ReportSections(importance=importance(), agreement=agreement(0.9, 0.8, 0.6), proxies=proxies("differs"))
    paths = write_documents(tmp_path, **document_parts(), sections=sections)
    texts = {path.name: path.read_text(encoding="utf-8") for path in paths}
    card = texts["model_card.md"]
    assert "| Drivers | Of all that moves the scores, 50 of 100 parts come from plans" in card
    assert "60 of 100 (weak)" in card
    assert "| plans | 1 | 50 | 2.00 (1.90 to 2.10) | yes |" in card
    assert "Differs between groups; outcomes were not compared: plans by ethnic group." in texts["tripod_ai.md"]
    assert "60 of 100 (weak)" in texts["atrs_record.md"]
    bare = write_documents(tmp_path, **document_parts())
    said = next(path for path in bare if path.name == "model_card.md").read_text(encoding="utf-8")
    assert re.search(r"\| Drivers \| Not measured in this run\.", said)
