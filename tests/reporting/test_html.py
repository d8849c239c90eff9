"""The report shows no small number of children, no group of free values, and says where it cannot be written."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.features.leaks.report import LeakReport, hash_of_spec
from edgeofcare.models.calibration_check import check_maps
from edgeofcare.reporting.group_part import findings_grid
from edgeofcare.reporting.html import write_report
from edgeofcare.reporting.judged import plain_words
from edgeofcare.reporting.sections import ReportSections
from reported import CANARY, all_sections, report_parts
from saved_models import FEATURES

TAG = re.compile(r"<(h[1-6]|main|nav|header|footer|html|svg|table)\b([^>]*)>")


@pytest.fixture(scope="module")
def parts():
    """Everything that a report is made of, with small counts."""
    return vars(report_parts())


@pytest.fixture(scope="module")
def page(parts, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert write_report(path, **parts) == path
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    return path.read_text(encoding="utf-8")


def words(page, start, stop):
    """The text of a part of the page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page[page.index(start) : page.index(stop, page.index(start))]))


def test_small_counts_of_training_are_not_shown(page):
    said = words(page, "<p>Training:", "</p>")
    assert "Training: 60 rows, &lt;10 children, &lt;10 entrants. Purged: &lt;10 rows" in said
    assert "from &lt;10 entrants" in said
    assert "&lt;10 in training" in page
    assert "7 in training" not in page


def test_small_steps_of_attrition_are_not_shown(page):
    said = words(page, ">Rows and children left after each rule<", "</table>")
    assert "all 0 60,010 7,770 alive &lt;10 60,010 7,770" in said
    for exact in ("60,013", "60,006", "7,771", "7,768"):
        assert exact not in page


def test_small_counts_of_the_records_are_not_shown(page, parts):
    said = words(page, "<summary>Tables", "<summary>Features")
    counts = parts["records"].counts()
    assert f"{counts['table'][0]} {counts['rows'][0]:,} &lt;10" in said
    assert f"{counts['table'][1]} &lt;10" in said
    assert "contacts source &lt;10 emptied" in said
    assert "contacts date 70 dropped" in said


def test_groups_by_own_columns_are_left_out_and_counted(page, parts):
    assert parts["evaluation"].groups["group"].str.contains(CANARY).any()
    assert CANARY not in page
    assert "Left out of this page: 2 group(s) by columns of your own" in page
    assert ">female<" in page


@pytest.fixture(scope="module")
def whole(parts, tmp_path_factory):
    """The page with every optional part."""
    path = tmp_path_factory.mktemp("whole") / "report.html"
    return write_report(path, **parts, sections=all_sections()).read_text(encoding="utf-8")


def test_reach_says_whom_and_which_days_it_counts(whole):
    said = words(whole, ">All entrants of the authority, by whether a list could have held them<", "<table")
    assert "from the first index date of the test until one spacing of index dates after the last" in said
    assert "the number of entrants and the share who were on a list differ" in said
    assert "no list could hold" not in whole


def test_empty_cells_of_net_benefit_have_their_reason(page, parts):
    assert parts["evaluation"].decision_curve["net_benefit"].isna().any()
    assert "A cell is empty where fewer than 10 children" in words(page, ">Utility<", "<table")
    assert "where fewer than 10 children of a kind would be reviewed or left: not shown" in words(
        page, "<h3>Is it worth using?", "</figcaption>"
    )


def test_resamples_of_calibration_maps_are_told_as_they_are(parts):
    told = ReportSections().with_evaluation(parts["evaluation"]).said["calibration_check"]
    made = inspect.signature(check_maps).parameters["n_resamples"].default
    assert f"come from {made} resamples of households" in told
    assert "Intervals of the gains" in told


def test_the_size_of_a_finding_is_told_in_words():
    findings = pd.DataFrame({"by": "sex", "group": ["male", "female"], "size": ["shown", "material"]})
    table = findings_grid(findings).frame
    assert table["how far"].tolist() == ["beyond chance", "beyond chance, and the whole interval outside 0.8 to 1.25"]


def test_settings_are_in_words(page):
    said = words(page, "<summary>Settings", "</table>")
    assert "model: inverse strength of the penalty 0.05" in said
    assert "model: criteria none were given to the model" in said
    assert not re.search("max_iter|not set|learning rate", said)


@pytest.mark.parametrize("place", ["none/report.html", ".", "n" * 300, "file/report.html", None])
def test_a_report_that_cannot_be_written_is_refused(place, parts, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError, match="report cannot be written there") as caught:
        write_report(None if place is None else tmp_path / place, **parts)
    assert str(tmp_path) not in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_leak_check_of_other_records_or_features_is_refused(parts, tmp_path):
    hashes = tuple(map(hash_of_spec, parts["features"]))
    right = LeakReport(500, 24, FEATURES, (), fingerprint=parts["records"].fingerprint, hashes=hashes)
    path = write_report(tmp_path / "report.html", **parts, leaks=right)
    assert right.sentence in path.read_text(encoding="utf-8")
    for wrong, why in (
        (replace(right, fingerprint=""), "about other records"),
        (replace(right, hashes=()), "about code of your own"),
        (replace(right, hashes=hashes[:-1]), r"not about 1 feature of 7: child\.sex_F"),
    ):
        with pytest.raises(SpecError, match=why):
            write_report(tmp_path / "wrong.html", **parts, leaks=wrong)
    assert not (tmp_path / "wrong.html").exists()


def test_a_report_is_written_whole_or_not_at_all(parts, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", CANARY)

    (tmp_path / "report.html").write_text("old")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SpecError, match=r"\(No space left on device\)") as caught:
        write_report(tmp_path / "report.html", **parts)
    assert CANARY not in str(caught.value)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("report.html", "old")]


# ------------------------------------------------------------------------------------------------ parts of the report

MARKS = {
    "workload": "Lists of different lengths",
    "lead_time": "lead-time-row",
    "reach": "reach-row",
    "value": "value-row",
    "thresholds": "threshold-row",
    "expected": "expected-row",
    "origins": ">Earlier periods<",
    "transport": "transport-row",
    "sample_size": "sample-row",
    "group_measures": "Every measure of every group",
    "group_findings": "finding-of-sex",
    "stability": "stability-row",
    "calibration_check": "check-row",
    "reanchoring": "Versions of the level",
    "recording": "recording-row",
    "agreement": "agreement-row",
    "importance": "importance-row",
    "by_value": "by-value-row",
    "by_group": "by-group-row",
    "proxies": "proxy-row",
    "alarms": "1 of 2 alarms are open.",
    "criteria": 'groups</th><td role="cell" data-name="met?"',
}


@pytest.fixture(scope="module")
def whole_page(parts, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    return write_report(path, **parts, sections=all_sections()).read_text(encoding="utf-8")


def test_every_optional_part_has_a_mark_here():
    given = set(all_sections().given) - {
        "conclusion",
        "said",
        "drawings",
        "settings",
        "versions",
        "points",
        "not_looked_at",
    }
    assert given == set(MARKS)


@pytest.mark.parametrize("name", MARKS)
def test_a_part_is_shown_where_it_is_given_and_only_there(name, page, whole_page):
    assert MARKS[name] in whole_page
    assert MARKS[name] not in page


def test_a_part_alone_is_shown_alone(parts, tmp_path):
    only = ReportSections(stability=all_sections().stability)
    page = write_report(tmp_path / "r.html", **parts, sections=only).read_text(encoding="utf-8")
    assert [name for name, mark in MARKS.items() if mark in page] == ["stability"]


def test_the_verdict_comes_first_with_each_criterion_and_open_alarms(whole_page):
    start = whole_page.index('<section class="verdict care"')
    said = words(whole_page[start:], "<h2", "</section>")
    assert said.strip().startswith("id=") is False
    assert "Use with care" in said
    assert "Alarms open: seen-household gain." in said
    for row in ("entrants in the test period \u2717 not met 82 at least 100",
                "observed / expected \u2713 met 1.100 (0.860 to 1.330)",
                "groups ? cannot be told"):  # fmt: skip
        assert row in said
    assert whole_page.index("<h2") == whole_page.index('<h2 id="verdict-title"')


@pytest.mark.parametrize(
    ("said", "mark"), [("use", "use"), ("use with care", "care"), ("do not use", "not"), ("worse than the rule", "not")]
)
def test_the_frame_of_the_verdict_follows_its_words(said, mark, parts, tmp_path):
    page = write_report(tmp_path / "r.html", **parts, sections=ReportSections(conclusion=said)).read_text(
        encoding="utf-8"
    )
    assert f'<section class="verdict {mark}"' in page
    assert f">{said[0].upper()}{said[1:]}</h2>" in page


def test_plain_words_are_arithmetic_of_the_measures(parts):
    table = parts["evaluation"].measures.copy()
    for measure, values in {
        "ppv_at_capacity": (0.22, 0.17, 0.28),
        "entrants_found_at_capacity": (0.68, 0.58, 0.78),
    }.items():
        rows = (table["model"] == "model") & (table["stratum"] == "all rows") & (table["measure"] == measure)
        table.loc[rows, ["estimate", "ci_low", "ci_high"]] = values
    said = " ".join(plain_words(replace(parts["evaluation"], measures=table), ReportSections()).points)
    assert "can review 20 a month, 22 are of a child" in said
    assert "(between 17 and 28); 78 are not." in said
    assert "68 were on a list (between 58 and 78); 32 were on none" in said
    hidden = " ".join(plain_words(parts["evaluation"], ReportSections()).points)
    assert "reviews" not in hidden


def test_findings_and_measures_of_own_columns_are_left_out(whole_page):
    assert CANARY not in whole_page
    assert "sex x status" in whole_page


def test_no_finding_is_said_as_well(parts, tmp_path):
    none = ReportSections(group_findings=all_sections().group_findings.iloc[:0])
    page = write_report(tmp_path / "r.html", **parts, sections=none).read_text(encoding="utf-8")
    assert "No group was found to differ by more than chance allows." in page


def test_no_alarm_is_said_as_well(parts, tmp_path):
    frame = all_sections().alarms.assign(open=False)
    page = write_report(tmp_path / "r.html", **parts, sections=ReportSections(alarms=frame)).read_text(encoding="utf-8")
    assert "None of 2 alarms is open." in page
    assert "Alarms open" not in page


@pytest.mark.parametrize("which", ["page", "whole_page"])
def test_the_page_is_built_for_everybody(which, request):
    """Headings in order, one main, named landmarks, pictures with words, no name used twice, nothing from outside."""
    page = request.getfixturevalue(which)
    tags = TAG.findall(page)
    levels = [int(name[1]) for name, _ in tags if name[0] == "h" and name[1:].isdigit()]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert [sum(name == each for name, _ in tags) for each in ("main", "nav", "header", "footer")] == [1, 1, 1, 1]
    assert ' lang="en-GB"' in next(rest for name, rest in tags if name == "html")
    pictures = [rest for name, rest in tags if name == "svg"]
    assert len(pictures) >= 4
    assert all('role="img"' in rest and re.search(r'aria-label="[^"]{20,}', rest) for rest in pictures)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)
    assert len(re.findall(r'class="wide" role="region" tabindex="0" aria-label="Table: ', page)) == page.count(
        'class="wide"'
    )
    assert "<script" not in page
    assert re.findall(r'(?:src|href)="(?!#|data:)', page) == []


def test_what_was_not_looked_at_is_said_in_its_place(parts, tmp_path):
    sections = ReportSections(not_looked_at={"stability": "too few entrants."}, points=("A point of its own.",))
    page = write_report(tmp_path / "r.html", **parts, sections=sections).read_text(encoding="utf-8")
    assert "<p>Not looked at: too few entrants.</p>" in page[page.index('id="stability-title"') :]
    start = page.index("In plain words</h2>")
    assert "A point of its own." in page[start : page.index("</section>", start)]


@pytest.mark.parametrize(
    ("share", "low", "said"),
    [(0.09, 0.001, "A curve (beta) would make the risks more right"), (0.01, 0.001, "A straight line"),
     (0.09, -0.001, "A straight line"), (float("nan"), float("nan"), "Too few entrants to say")],
)  # fmt: skip
def test_what_a_line_leaves_undone_is_one_sentence(share, low, said, parts, tmp_path):
    frame = pd.DataFrame({"map": ["affine", "beta"], "gain": [0.0, share], "ci_low": [float("nan"), low],
                          "ci_high": 0.2, "share": [0.0, share], "note": ""})  # fmt: skip
    found = replace(parts["evaluation"], calibration_check=frame)
    page = write_report(tmp_path / "r.html", **{**parts, "evaluation": found}).read_text(encoding="utf-8")
    assert said in words(page, ">Would another curve fit better?<", "<details>")


def test_pictures_are_drawn_of_frames_that_hold_what_they_need(parts, tmp_path):
    periods = pd.DataFrame({"origin": [1, 2], "first_month": "2022-04", "last_month": "2023-01", "model": "model",
                            "stratum": "all rows", "measure": ["auroc", "observed_expected_ratio"],
                            "estimate": [0.7, 1.1], "ci_low": [0.6, 0.9], "ci_high": [0.8, 1.3]})  # fmt: skip
    refits = pd.DataFrame({"kind": "seeds", "measure": ["list_overlap", "risk_ratio"], "estimate": [0.9, 1.2],
                           "low": [0.8, 1.1], "high": [1.0, 1.6]})  # fmt: skip
    sections = ReportSections(origins=periods, stability=refits)
    page = write_report(tmp_path / "r.html", **parts, sections=sections).read_text(encoding="utf-8")
    titles = ("Does it rank as well, year after year?", "Are the risks right, year after year?",
              "Would it name the same children?", "How sure is one child&#39;s risk?")  # fmt: skip
    assert [title for title in titles if f"<h3>{title}</h3><svg" not in page] == []
    alone = ReportSections(origins=periods.iloc[:1])
    assert titles[1] not in write_report(tmp_path / "r.html", **parts, sections=alone).read_text(encoding="utf-8")
    given = replace(sections, drawings={"stability": ()})
    page = write_report(tmp_path / "r.html", **parts, sections=given).read_text(encoding="utf-8")
    assert "Would it name the same children?" not in page


def test_groups_that_are_suppressed_are_named_and_not_drawn(page, parts):
    groups = parts["evaluation"].groups
    hidden = groups[(groups["by"] == "sex") & groups["observed_expected_ratio"].isna()]
    assert (f"Groups that are suppressed ({len(hidden)} row" in page) == bool(len(hidden))
    start = page.index('id="groups-title"')
    assert "Why no model can be fair in every sense at once" in page[start : page.index("</section>", start)]


def test_without_groups_the_part_says_so(parts, tmp_path):
    none = replace(parts["evaluation"], groups=parts["evaluation"].groups.iloc[:0])
    page = write_report(tmp_path / "r.html", **{**parts, "evaluation": none}).read_text(encoding="utf-8")
    assert "No group was measured: give by= to evaluate." in page
    assert "Groups that can be shown" not in page


def test_texts_of_parts_are_escaped(parts, tmp_path):
    frame = pd.DataFrame({"alarm": ["<script>x</script>"], "open": [True]})
    sections = ReportSections(alarms=frame, said={"value": "a < b"})
    page = write_report(tmp_path / "r.html", **parts, sections=sections).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "a &lt; b" in page
