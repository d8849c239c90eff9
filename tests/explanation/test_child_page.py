"""A few rows of records in, the text of a child's page out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.about import about_model
from edgeofcare.explanation.child_words import of_100, risk_said, rows_said
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.explanation import Explanation
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.task import Task
from tiny_tables import records_of
from told_child import CHILD, DAY, RECORDS, explained, longest

MOVED = {
    "missing.count.90d": 0.9,
    "cp_plan.count_ended.1095d": -0.4,
    "contact.count.365d": -0.2,
    "offence.count.365d": 0.1,
    "referral.count.1095d": -0.3,
    "s47.active": -0.01,
}


class _Text(HTMLParser):
    """Text of a page, one line for each block; folded parts are left out unless asked for."""

    def __init__(self, folded):
        super().__init__()
        self.lines, self.folded, self.hidden = [""], folded, 0

    def handle_starttag(self, tag, attrs):
        hides = ("style", "title") if self.folded else ("style", "title", "details")
        self.hidden += tag in hides
        if tag not in ("strong", "em", "span", "text", "rect"):
            self.lines.append("")
        self.lines[-1] += " "

    def handle_endtag(self, tag):
        self.hidden -= tag in (("style", "title") if self.folded else ("style", "title", "details"))

    def handle_data(self, data):
        if not self.hidden:
            self.lines[-1] += data


def text_of(page, *, folded=False):
    """Lines of a page as a person reads them."""
    reader = _Text(folded)
    reader.feed(page)
    return [" ".join(line.split()) for line in reader.lines if line.strip()]


def between(lines, first, last):
    """The lines between two headings."""
    return lines[lines.index(first) + 1 : lines.index(last)]


@pytest.fixture(scope="module")
def lines():
    return text_of(explained(MOVED).to_html())


def test_the_first_view_in_full(lines):
    assert lines[1:4] == [
        "Risk of entering care: child Kim 17",
        "Household home of Kim 17. As known before 31 March 2024.",
        "About 5 of 100 children with records like these are expected to enter care within 365 days.",
    ]
    assert "This supports a professional's decision. It never takes one." in lines


def test_what_raised_and_what_lowered_stand_apart(lines):
    assert between(lines, "▲ Raised the risk", "▼ Lowered the risk") == [
        "Risks outside the home",
        "4 missing episodes began in the 90 days before 31 March 2024, the last of them 12 days before.",
        "Source rows: Missing episodes: missing_episodes 4 (19 March 2024), missing_episodes 3 (2 March 2024), "
        "missing_episodes 2 (11 February 2024) and 1 row more",
    ]
    assert between(lines, "▼ Lowered the risk", "What was not known") == [
        "Strengths on record",
        "Strengths and protective factors",
        "1 child protection plan ended in the 1,095 days before 31 March 2024, 336 days before. A plan that ended may "
        "have made home safe.",
        "Source rows: Child protection plans: cp_plans 1 (30 April 2023)",
        "Nothing recorded",
        "No record is not proof that nothing happened.",
        "Contact with services",
        "No referral was made in the 1,095 days before 31 March 2024.",
    ]


def test_target_horizon_reference_and_model_are_stated(lines):
    about = between(
        lines, "What this is about", "This page is part of one child's case record. Keep it where the record is kept."
    )
    said = " ".join(about)
    assert "Becoming looked after from 31 March 2024 to 30 March 2025 (horizon 365 days, no gap)." in said
    assert "Not counted: short breaks, remand and unaccompanied asylum-seeking children." in said
    assert "Compared with the average child in training." in said
    assert "Boosted trees, model 0123456789ab." in said


def test_the_gap_shifts_the_window():
    page = text_of(explained(MOVED, task=Task(horizon="90D", gap="30D")).to_html())
    assert any("enter care between 30 and 120 days from then." in line for line in page)
    assert any("from 30 April 2024 to 28 July 2024 (horizon 90 days, after a gap of 30 days)" in line for line in page)


def test_what_the_model_cannot_see_is_that_of_the_reasons_shown(lines):
    spots = between(lines, "What the model cannot see", "What this is about")
    assert spots[0].startswith("What the child and the family say, want and fear")
    assert spots[1] == "Risks outside the home: families who stopped reporting."
    assert len(spots) == 3


def test_what_was_not_known_is_never_told_as_knowledge():
    records = records_of(**{name: text for name, text in RECORDS.items() if name != "contacts"})
    page = text_of(
        explained({"contact.source_2A+2B.count.365d": -0.6, "missing.count.90d": 0.2}, records=records).to_html()
    )
    unknown = between(page, "What was not known", "If something is wrong")
    assert unknown == [
        "School. No records of contacts were received. For want of it the model's estimate is lower.",
        "1 of the 2 facts that the model asks for was not known.",
    ]
    assert not any("contact" in line.lower() for line in between(page, "▲ Raised the risk", "What was not known"))


def test_strengths_that_moved_nothing_are_named_and_their_lack_is_no_verdict():
    page = text_of(explained({"cp_plan.count_ended.1095d": 0.0, "missing.count.90d": 0.2}).to_html())
    strengths = between(page, "▼ Lowered the risk", "What was not known")
    assert strengths[:2] == [
        "Strengths on record",
        "1 child protection plan ended in the 1,095 days before 31 March 2024, 336 days before. A plan that ended may "
        "have made home safe.",
    ]
    page = text_of(explained({"missing.count.90d": 0.2}).to_html())
    (_, none) = between(page, "▼ Lowered the risk", "What was not known")
    assert none.startswith("None that the model can see.")


def test_a_strength_that_raises_is_not_called_one():
    page = text_of(explained({"cp_plan.count_ended.1095d": 0.4}).to_html())
    raised = between(page, "▲ Raised the risk", "▼ Lowered the risk")
    assert raised[0] == "How earlier work went"
    assert "may have made home safe" not in " ".join(raised)


def test_neither_bands_nor_an_interval_without_refits(lines):
    said = " ".join(lines)
    assert "Fitted again" not in said
    assert "tied" not in said


def test_bands_ties_and_an_interval_are_shown_where_there_are_refits(monkeypatch):
    from edgeofcare.explanation import concepts

    plain = concepts._by_concept
    monkeypatch.setattr(
        concepts,
        "_by_concept",
        lambda why, row, **options: plain(why, row, **options).assign(band="strong", tied=[True, True, False, False]),
    )
    why = explained(MOVED)
    ends = pd.DataFrame({"risk_low": [0.03], "risk_high": [0.11]})
    monkeypatch.setattr(type(why), "risk_interval", property(lambda _: ends))
    lines = text_of(why.to_html())
    assert "Fitted again on other households, the model says from about 3 of 100 to about 11 of 100." in lines
    at = lines.index("Risks outside the home")
    assert lines[at + 1] == "strong"
    at = lines.index("Contact with services")
    assert lines[at + 1] == "strong tied"


def test_numbers_are_in_the_technical_layer_alone():
    page = explained(MOVED).to_html()
    first, _, technical = page.partition("<details>")
    assert not re.search(r"log-odds|odds multipl|Aumann", first)
    assert "Aumann-Shapley share of the change in probability, not the Shapley value of the probability" in technical
    assert "<td>+0.9000</td><td>2.460</td>" in technical
    assert 'role="img" aria-label="raises the risk, 10 of 10 blocks"' in first


def test_what_is_filled_in_is_text():
    name = '<b onload="x">&'
    child = {name.replace(",", ""): "2008-06-15"}
    records = records_of(
        born=child | {CHILD: "2008-06-15"},
        missing_episodes=f"child, start, end, row_key\n{CHILD}, 2024-03-19, 2024-03-20, <script>alert(1)</script>",
    )
    page = explained({"missing.count.90d": 0.5}, records=records).to_html()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_nothing_is_fetched_and_nothing_runs(lines):
    page = explained(MOVED).to_html()
    assert "default-src 'none'" in page
    assert not re.search(r"<script|https?://|@import|url\(", page)


def test_one_row_and_no_other():
    two = explained(MOVED, days=(DAY, "2024-02-01"))
    with pytest.raises(SpecError, match=r"2 rows\. Use explanation\.row"):
        two.to_html()
    assert "As known before 1 February 2024." in two.row(1).to_html()


def test_the_file_is_written_whole_or_not_at_all(tmp_path):
    why = explained(MOVED)
    assert why.to_html(tmp_path / "page.html") == (tmp_path / "page.html").read_bytes().decode("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    with pytest.raises(SpecError, match="cannot be written there") as error:
        why.to_html(tmp_path / "Kim 17" / "page.html")
    assert "Kim" not in str(error.value)
    (tmp_path / "folder").mkdir()
    with pytest.raises(SpecError, match="cannot be written there"):
        why.to_html(tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "page.html"]


def test_the_same_page_every_time():
    assert explained(MOVED).to_html() == explained(MOVED).to_html()


# ------------------------------------------------------------------------------------------------- privacy


def test_no_other_child_is_on_the_page():
    page = explained(MOVED).to_html()
    assert "Ali" not in page
    assert "missing_episodes 5" not in page


def test_keys_and_dates_of_siblings_stay_out():
    links = "row_key, child, related_id, kind\nl1, Kim 17, m, mother\nl2, Ali 4, m, mother"
    records = records_of(**RECORDS, relationships=links)
    why = explained({"sibling_undated.missing.count.365d": 0.7, "missing.count.90d": 0.5}, records=records)
    assert why.evidence(0, "sibling_undated.missing.count.365d")["row_key"].tolist() == ["missing_episodes 5"]
    page = why.to_html()
    assert "1 source row of siblings, not shown here" in page
    assert "Ali" not in page
    assert "missing_episodes 5" not in page


def test_every_key_on_the_page_is_the_childs_own(records, X, y):
    model = make_risk_model("boosting", max_iter=40, min_samples_leaf=10).fit(X, y)
    why = explain(model, X.iloc[[100, 410]], records=records)
    for row in (0, 1):
        child, page = X.index[(100, 410)[row]][1], why.row(row).to_html()
        keys = set(re.findall(r"(?:key|status)-[\w-]+", page))
        own = {
            key
            for name in records
            if "row_key" in (table := records.table(name))
            for key in table.loc[table["child_id"] == child, "row_key"]
        }
        assert keys <= own | {"status-title"}
        assert set(re.findall(r"kid-\d+", page)) == {child}
        assert len(keys) > 3


# --------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("risk", "said"),
    [
        (0.0001, "fewer than 1 of 1,000"),
        (0.0006, "about 1 of 1,000"),
        (0.0094, "about 9 of 1,000"),
        (0.0096, "about 1 of 100"),
        (0.5, "about 50 of 100"),
        (0.9949, "about 99 of 100"),
        (0.995, "more than 99 of 100"),
    ],
)
def test_risks_as_numbers_of_children(risk, said):
    assert of_100(risk) == said


def test_one_is_and_more_are():
    assert "1 of 100 children with records like these is expected" in risk_said(0.011, Task())
    assert "10 of 100 children with records like these are expected" in risk_said(0.1, Task())
    assert risk_said(0.1, None).endswith("expected to enter care.")


def test_source_rows_the_latest_first():
    rows = (("a", "1", "2020-01-01"), ("b", "2", "2022-01-01"), ("a", "3", "2021-01-01"))
    assert rows_said(rows, 5) == ("B: 2 (1 January 2022); A: 3 (1 January 2021), 1 (1 January 2020)", "")
    assert rows_said(rows, 1) == ("B: 2 (1 January 2022)", "and 2 rows more")
    assert rows_said((), 3) == ("", "")
    long = tuple(("a", f"{number}" * 60, "2020-01-01") for number in range(3))
    assert rows_said(long, 3)[1] == "and 2 rows more"
    assert "2" * 60 in rows_said(long[2:], 3)[0]


def test_a_feature_of_ones_own_is_told_too():
    index = pd.MultiIndex.from_tuples([("h", "c", pd.Timestamp(DAY))], names=["household_id", "child_id", "index_date"])
    phi = pd.DataFrame({"mine": [0.5]}, index=index)
    scores = pd.DataFrame({"log_odds": [-2.5], "risk": [0.0759]}, index=index)
    page = Explanation(phi, -3.0, scores, phi + 1, specs=(None,)).to_html()
    assert "A feature of your own is 1.5." in page
    assert "made without the case records" in page


# --------------------------------------------------------------------------------------------------- about


def test_a_loaded_model_says_what_it_is(tmp_path, records, X, y):
    model = make_risk_model("logistic", task=Task(horizon="180D")).fit(X, y)
    save_model(tmp_path / "m.eoc", model, features=list(X.columns), task=model.task, records=records)
    scorer = load_model(tmp_path / "m.eoc")
    loaded, fitted = explain(scorer, X.iloc[[0]]).about, explain(model, X.iloc[[0]]).about
    assert loaded.model_id == scorer.model_id
    assert (loaded.horizon_days, loaded.kind, loaded.calibration_version) == (180, "logistic", 1)
    assert set(loaded.trained_with) >= {"edgeofcare", "scikit-learn"}
    assert (fitted.model_id, fitted.trained_until) == (None, str(X.index.get_level_values(2).max().date()))
    assert fitted.to_dict()["decision_support_only"] is True
    assert about_model(object(), slope=1.0, intercept=0.0).task is None


def test_longest_sentences_are_long(records, X):
    why = longest(records, X, 100)
    assert len(why.reasons(100)) >= 10
    assert max(map(len, why.reasons(100)["sentence"])) > 150
