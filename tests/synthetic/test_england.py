"""The synthetic England: its records show the proportions of the official statistics, and keep them over the years."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.synthetic.authorities.authorities import AUTHORITIES, settings_of
from edgeofcare.synthetic.records import simulate_tables
from edgeofcare.synthetic.world.settings import Settings
from samples import sample_path

DOCS = Path(__file__).parents[2] / "docs"
LOOSE = {
    "per_10k_0_17.cla_31mar": 0.25,
    "cpp_category.PHY": 0.4,
    "reentry.within_1y_2012": 0.5,
    "cla_missing_share_of_year": 0.35,
    "missing_incidents.each": 0.35,
    "missing_incidents.total": 0.5,
    "missing_incidents.10_15": 0.35,
    "missing_incidents.16_plus": 0.35,
    "assessment_factor_prevalence.trafficking": 0.6,
}
PRIORS = [
    ("missing_many", "missing_ge3_90d"),
    ("exploited", "cce_or_cse_flag"),
    ("prior_care", "prior_cla"),
    ("cp_plan", "cpp_current_or_12m"),
    ("suspended", "suspension_last_term"),
    ("excluded", "permanent_exclusion"),
    ("parents", "parent_mh_or_substance"),
    ("domestic_abuse", "da_6m"),
    ("self_harm", "self_harm"),
]


def load(name: str) -> ModuleType:
    """One of the modules in docs/scripts/, which is not a package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS / "scripts"))
        return importlib.import_module(name)


MEASURES, TARGETS = load("england_measures"), load("england_targets").TARGETS


@pytest.fixture(scope="module")
def extract():
    tables = simulate_tables(20_000, 0, authority="england", also=("suspensions",))
    return MEASURES.read_extract(tables)


@pytest.fixture(scope="module")
def measures(extract):
    return MEASURES.measure(extract)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.key)
def test_records_are_near_the_target(measures, target):
    of_starts = target.panel == "Starting to be looked after"
    allowed = LOOSE.get(target.key, max(0.25, 0.1 / target.value**0.5 if of_starts else 0.0))
    assert measures[target.key] == pytest.approx(target.value, rel=allowed)


@pytest.mark.parametrize("name", ["referrals", "contacts", "periods"])
def test_flows_do_not_drift_over_ten_years(extract, name):
    date = "date" if name == "contacts" else "start_date"
    flows = MEASURES.flows_by_year(extract, ((name, date),))[name].to_numpy()
    year = np.arange(len(flows)) - (len(flows) - 1) / 2
    slope = (year * flows).sum() / (year * year).sum()
    assert len(flows) == 10
    assert abs(slope) < max(0.01 * flows.mean(), 3 * np.sqrt(2 * flows.mean() / (year * year).sum()))


def test_all_ages_are_known_and_adolescents_are_a_minority(extract):
    referrals = extract.tables["referrals"]
    age = extract.age(referrals["child_id"], referrals["start_date"])
    share = np.histogram(age, [-1, 1, 5, 10, 16, 18])[0] / len(age)
    assert (share > [0.05, 0.15, 0.2, 0.2, 0.05]).all()
    assert share[3:].sum() < 0.5


def test_unaccompanied_children_are_a_fifth_of_starts_and_arrive_in_care(extract):
    rows = MEASURES.starts_of(extract)
    assert 0.15 < rows["uasc"].mean() < 0.29
    assert rows.loc[rows["uasc"], "age"].min() > 14.9
    assert rows.loc[rows["uasc"], "status"].eq("V2").all()


def test_nobody_who_turned_18_before_the_extract_is_in_it(extract):
    births = extract.births
    assert (births + pd.DateOffset(years=18) > pd.Timestamp("2015-03-28")).all()


def test_suspensions_are_of_school_age_and_none_in_august(extract):
    rows = extract.tables["suspensions"]
    age = extract.age(rows["child_id"], rows["date"])
    assert len(rows) > 2000
    assert age.between(4.99, 16.6).all()
    assert rows["date"].dt.month.ne(8).all()
    assert set(rows["category"]) == {"suspension", "permanent exclusion"}
    assert rows.loc[rows["category"].eq("suspension"), "days"].between(1, 45).all()
    assert rows.loc[rows["category"].ne("suspension"), "days"].eq(0).all()


def test_the_targets_are_the_figures_of_the_file():
    figures = json.loads(sample_path("england_2025.json").read_text(encoding="utf-8"))
    values = {target.key: target.value for target in TARGETS}
    shares = ("rereferral_12m_share", "referral_nfa_share", "assessed_not_in_need_share")
    for name in (*shares, "cla_missing_share_of_year"):
        assert values[name] == figures[name]
    for group in ("referral_source", "cla_starts_need", "cla_starts_legal", "assessment_factor_prevalence"):
        for key, figure in figures[group].items():
            assert values[f"{group}.{key}"] == figure, (group, key)
    per_10k, starts, missing = figures["per_10k_0_17"], figures["cla_starts"], figures["missing_incidents"]
    for key in ("s47", "icpc", "cpp_starts", "cpp_31mar", "cin_31mar", "cla_31mar", "cla_starts", "cla_ceased"):
        assert values[f"per_10k_0_17.{key}"] == per_10k[key] / per_10k["referrals"]
    for key in ("u1", "1_4", "5_9", "10_15", "16_plus", "uasc", "male"):
        assert values[f"cla_starts.{key}"] == starts[key] / starts["total"]
    for key in ("10_15", "16_plus"):
        assert values[f"missing_incidents.{key}"] == missing[key] / missing["total"]


def test_the_sample_is_the_default_and_an_unknown_authority_is_refused():
    assert settings_of("sample") == Settings()
    assert set(AUTHORITIES) == {"england", "triborough", "sample"}
    for name in ("Wales", None, 3):
        with pytest.raises(SpecError, match="no invented authority"):
            settings_of(name)


def test_the_page_lists_every_assumption_with_its_value():
    page = (DOCS / "reference" / "synthetic_england.md").read_text(encoding="utf-8")
    tables = load("england_assumptions").assumption_tables(settings_of("england"), settings_of("sample"))
    assert tables in page
    assert "| no source |" in tables
    assert "england: fitted" in tables


def test_the_page_says_that_the_targets_are_met():
    page = (DOCS / "reference" / "synthetic_england.md").read_text(encoding="utf-8")
    claimed = page.split("## Targets it claims")[1].split("## Measured")[0]
    assert "200,000 children with each of 5 seeds" in " ".join(page.split())
    assert claimed.count(" | yes |") == len(TARGETS)
    assert "**no**" not in claimed


def test_the_concept_page_gives_the_effects_on_entry_that_are_set():
    page = (DOCS / "concepts" / "synthetic_england.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| `(\w+)` \| ([0-9.]+) \|", page, re.M)
    care = settings_of("england").care
    assert len(rows) == 12
    assert {name: f"{np.exp(getattr(care, name)):.1f}" for name, _ in rows} == dict(rows)


@pytest.mark.parametrize(("name", "priors"), PRIORS)
def test_effects_on_entry_lie_within_their_priors(name, priors):
    low, high = json.loads(sample_path("england_2025.json").read_text(encoding="utf-8"))["assumption_or_ranges"][priors]
    care = settings_of("england").care
    effect = care.prior_care + care.recent_exit if name == "prior_care" else getattr(care, name)
    assert low <= np.exp(effect) <= high


def test_the_triborough_is_older_and_more_often_in_a_crisis(measures):
    inner = MEASURES.measure(MEASURES.read_extract(simulate_tables(8_000, 0, authority="triborough")))
    assert inner["cla_starts.10_15"] + inner["cla_starts.16_plus"] > 0.55
    assert inner["cla_starts_legal.police_protection"] > 1.3 * measures["cla_starts_legal.police_protection"]
    assert inner["cla_starts_legal.ico"] < 0.8 * measures["cla_starts_legal.ico"]
    assert inner["cpp_second_or_subsequent"] < 0.7 * measures["cpp_second_or_subsequent"]
    assert inner["per_10k_0_17.cla_31mar"] / inner["per_10k_0_17.cla_starts"] < 2.3


@pytest.mark.slow
def test_every_target_is_met_with_200_000_children_and_five_seeds():
    script = load("synthetic_england")
    rows = script.summary([script.measure_seed(200_000, seed) for seed in range(5)], TARGETS)
    assert rows.loc[~rows["met"], "label"].tolist() == []
