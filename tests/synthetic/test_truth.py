"""Tests of the true risk: that it is the risk, and that no record holds it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics import auroc
from edgeofcare.outcome import label_outcome
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic import records as synthetic
from edgeofcare.synthetic import truth as true
from edgeofcare.synthetic.branches import copied_world, households_of
from edgeofcare.synthetic.drift import DriftRates, plan_of
from edgeofcare.synthetic.history import make_history, options_of
from edgeofcare.synthetic.world.draws import streams
from edgeofcare.synthetic.world.population import make_population
from edgeofcare.synthetic.world.settings import Settings
from edgeofcare.synthetic.world.world import World
from edgeofcare.synthetic.writers.ssd import write_ssd
from edgeofcare.task import Task

# the sample has many adolescents and entries, so that few children show much
make_truth = partial(true.make_truth, authority="sample")
make_records = partial(synthetic.make_records, authority="sample")
simulate_tables = partial(synthetic.simulate_tables, authority="sample")

DATES = ["2020-04-01", "2022-10-01"]
TASK = Task()


def observed(n_children: int, seed: int, dates: list[str], **options) -> pd.DataFrame:
    """The cohort's rows with their outcome and their true risk."""
    records = make_records(n_children, seed, **options)
    cohort = build_cohort(records, TASK, index_dates=dates)
    followed = label_outcome(records, cohort, TASK, details=True).query("labelled").reset_index()
    truth = make_truth(n_children, seed, index_dates=dates, draws=25, **options)
    rows = followed.merge(cohort.reset_index()[["child_id", "index_date", "age", "status", "sex"]])
    return rows.merge(truth, on=["child_id", "index_date"], how="left", validate="one_to_one")


@pytest.fixture(scope="module")
def rows():
    return pd.concat([observed(2000, seed, DATES, years=7) for seed in (1, 2)])


@pytest.fixture(scope="module")
def truth():
    return make_truth(400, 5, index_dates=DATES, draws=40)


def assert_calibrated(rows: pd.DataFrame) -> None:
    """As many entries as the risks add up to, within what households and futures leave to chance."""
    gap = (rows["entered_care"] - rows["risk"]).groupby(rows["household_id"]).sum()
    assert abs(gap.sum()) < 3 * np.sqrt((gap**2).sum())


def test_every_child_at_risk_has_a_truth(rows):
    without = rows[rows["risk"].isna()]
    assert len(without) < 0.01 * len(rows)
    assert not without["entered_care"].any()  # moved away or adopted, and nobody closed the case


def test_mean_risk_is_the_observed_frequency_in_every_group(rows):
    rows = rows.dropna(subset=["risk"])
    assert rows["entered_care"].sum() > 40
    assert_calibrated(rows)
    cuts = pd.cut(rows["hazard"], [-1, 0.002, 0.008, 0.02, 1])  # not by the risk, whose error would sort the rows
    for by in (cuts, rows["age"] >= 14, rows["sex"], rows["status"], rows["index_date"]):
        for _, group in rows.groupby(by, observed=True):
            if group["risk"].sum() > 8:
                assert_calibrated(group)


def test_the_true_risk_ranks_better_than_what_can_be_seen(rows):
    rows = rows.dropna(subset=["risk"])
    y = rows["entered_care"].to_numpy()
    seen = rows.groupby(["age", "status"])["entered_care"].transform("mean").to_numpy()
    assert auroc(y, rows["risk"].to_numpy()) > auroc(y, seen) + 0.05


def test_the_hazard_orders_children_as_the_risk_does(rows):
    rows = rows.dropna(subset=["risk"])
    assert rows["hazard"].between(0, 0.35).all()
    assert rows[["hazard", "risk"]].corr(method="spearman").iloc[0, 1] > 0.6


def test_a_certain_state_has_a_certain_risk(monkeypatch):
    for chance, expected in ((0.0, 0.0), (1.0, 1.0)):
        monkeypatch.setattr(
            "edgeofcare.synthetic.world.care.entry_chance", lambda world, chance=chance: np.full(world.size, chance)
        )
        settings = Settings()
        object.__setattr__(settings.care, "sibling", 0.0)
        object.__setattr__(settings.care, "short_break_converts", 0.0)
        truth = make_truth(120, 2, index_dates=["2021-04-01"], draws=4, ages=(10, 16), settings=settings)
        if expected:
            assert truth.empty or (truth["risk"] > 0.9).all()  # all who can be are in care already
        else:
            assert len(truth) > 10
            assert (truth["risk"] == 0).all()


def test_the_risk_of_a_longer_window_is_larger():
    risks = {}
    for horizon in ("28D", "180D", "730D"):
        frame = make_truth(300, 5, index_dates=["2020-04-01"], draws=30, horizon=horizon, years=6)
        risks[horizon] = frame.set_index("child_id")["risk"]
    assert (risks["28D"].mean() < risks["180D"].mean()) & (risks["180D"].mean() < risks["730D"].mean())


def test_the_risk_of_a_month_is_about_the_hazard():
    truth = make_truth(1500, 5, index_dates=["2020-04-01"], draws=150, horizon="30D", years=6)
    gap = truth["risk"].mean() - truth["hazard"].mean()
    assert abs(gap) < 0.25 * truth["hazard"].mean()


def test_the_risk_of_today_is_what_the_next_half_year_makes_of_it_on_average():
    """Risk of a year = entry in 183 days, or else the risk of the 182 days that are left (a martingale)."""
    size, seed, options = 2500, 8, {"years": 6}
    records = make_records(size, seed, **options)
    cohort = build_cohort(records, TASK, index_dates=["2020-04-01"])
    half = Task(horizon="183D")
    followed = label_outcome(records, cohort.drop(columns="outcome_until"), half, details=True).query("labelled")
    rows = followed.reset_index().set_index("child_id")
    year, rest = (
        make_truth(
            size, seed, index_dates=[day], draws=60, horizon=horizon, ages=(9, 17), children=rows.index, **options
        )
        .set_index("child_id")["risk"]
        .reindex(rows.index)
        .fillna(0.0)
        for day, horizon in (("2020-04-01", "365D"), ("2020-10-01", "182D"))
    )
    ended = rows["end_reason"].isin(["entered_care", "remand", "turned_18", "died"])
    gap = (year - np.where(ended, rows["entered_care"], rest)).groupby(rows["household_id"]).sum()
    assert rows["entered_care"].sum() >= 10
    assert abs(gap.sum()) < 3 * np.sqrt((gap**2).sum())


def test_the_same_seed_gives_the_same_truth_of_the_same_children(truth):
    again = make_truth(400, 5, index_dates=DATES, draws=40)
    pd.testing.assert_frame_equal(truth, again)
    children = simulate_tables(400, 5)["children"]
    assert truth["child_id"].isin(children["child_id"]).all()
    birth = truth["child_id"].map(children.set_index("child_id")["birth_date"])
    years = (truth["index_date"] - birth).dt.days / 365.25
    assert years.between(9.99, 18.01).all()
    assert truth[["child_id", "index_date"]].duplicated().sum() == 0


def test_children_can_be_named_and_keep_their_need_and_hazard(truth):
    some = truth["child_id"].unique()[:15]
    named = make_truth(400, 5, index_dates=DATES, draws=40, children=some)
    wanted = truth[truth["child_id"].isin(some)].reset_index(drop=True)
    columns = ["child_id", "index_date", "need", "hazard", "decision"]
    pd.testing.assert_frame_equal(named[columns], wanted[columns])
    assert abs(named["risk"].mean() - wanted["risk"].mean()) < 0.05


def test_late_recording_and_faults_change_no_truth(truth):
    other = make_truth(400, 5, index_dates=DATES, draws=40, late_recording=False, faults=("missing",))
    both = truth.merge(other, on=["child_id", "index_date"], suffixes=("", "_other"))
    assert len(both) > 0.9 * len(truth)  # who is known on the last day can differ by a few
    pd.testing.assert_series_equal(both["need"], both["need_other"], check_names=False)
    pd.testing.assert_series_equal(both["hazard"], both["hazard_other"], check_names=False)


def test_more_futures_give_a_smaller_standard_error(truth):
    finer = make_truth(400, 5, index_dates=DATES, draws=160)
    assert finer["standard_error"].mean() < 0.6 * truth["standard_error"].mean()
    assert (truth["standard_error"] > 0).all()


def test_a_policy_to_come_is_part_of_the_truth():
    rates = DriftRates(policy_from="2021-05-01", policy_entry=3.0)
    before, told = (
        make_truth(500, 5, index_dates=["2021-04-01"], draws=40, drift=drift, drift_rates=rates)["risk"].mean()
        for drift in ((), ("policy_change",))
    )
    assert told > 1.6 * before


def test_the_unrecorded_decision_is_in_the_truth_alone():
    rates = DriftRates(decided_more=1.8, decided_less=0.2)
    options = {"drift": ("selective_labels",), "drift_rates": rates}
    truth = make_truth(1200, 5, index_dates=["2021-04-01"], draws=60, **options)
    assert set(truth["decision"]) == {1.8, 0.2}
    means = truth.groupby("decision")[["risk", "hazard"]].mean()
    assert means["risk"][1.8] > 2.5 * means["risk"][0.2]
    equal = truth["hazard"] / truth["decision"]
    assert abs(np.log(equal.groupby(truth["decision"]).mean()).diff().iloc[-1]) < 0.7


def test_no_table_and_no_file_holds_the_truth(truth, tmp_path):
    tables = simulate_tables(400, 5)
    assert not {"hazard", "risk", "decision", "standard_error"} & {c for frame in tables.values() for c in frame}
    needs = set(np.round(truth["need"], 6))
    for frame in tables.values():
        for column in frame.select_dtypes("number"):
            assert not needs & set(np.round(frame[column].dropna().astype(float), 6)) - {0.0, 1.0}
    write_ssd(tables, tmp_path, observed_until="2025-03-31")
    written = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    for value in truth["need"].head(50):
        assert f"{value:.5f}"[:-1] not in written


def test_records_have_no_way_to_the_truth():
    records = make_records(60, 5)
    assert set(records) == set(TABLES)
    assert not [name for name in dir(records) if "truth" in name or "risk" in name]


def test_copies_of_households_stay_apart():
    settings = Settings()
    people = make_population(60, np.random.default_rng(0), settings.people, first_day=9000, last_day=9001)
    world = World(people, settings, streams(0))
    world.begin_month(10000, 10030)
    plan = plan_of(settings, (), DriftRates(), people.size, ("2015-04-01", "2025-03-31"), np.random.default_rng(0))
    member = households_of(people, np.array([0, 7]))
    new = copied_world(world, member, 3, plan, streams(1))
    assert new.size == 3 * len(member)
    homes = [set(part) for part in np.split(new.people.household, 3)]
    assert not homes[0] & homes[1]
    assert not homes[1] & homes[2]
    for part in np.split(np.arange(new.size), 3):
        np.testing.assert_array_equal(new.people.birth[part], people.birth[member])
        np.testing.assert_array_equal(new.need[part], world.need[member])
    for name, value in vars(world).items():
        if isinstance(value, np.ndarray):
            assert value.shape[-1] == world.size, name  # one element for each child, or copies would go wrong
    new.gone[:] = True
    assert not world.gone.any()


def test_a_simulation_that_was_looked_at_goes_on_as_if_it_had_not():
    options = options_of(authority="sample")
    plain = make_history(150, 4, options)
    make_truth(150, 4, index_dates=["2021-04-01"], draws=3)
    looked = make_history(150, 4, options, looks=lambda _people, _plan: {18718: [lambda world: world.need.sum()]})
    for name in ("start", "end"):
        ours, theirs = (history.log.columns("care_episodes", (name,))[name] for history in (plain, looked))
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dates", [[], ["2020-04-02"], ["2014-04-01"], ["2025-05-01"], ["soon"]])
def test_only_firsts_of_months_within_the_extract_will_do(dates):
    with pytest.raises(SpecError, match="index_dates"):
        make_truth(50, index_dates=dates)


def test_the_day_after_the_extract_will_do():
    assert len(make_truth(100, index_dates=["2025-04-01"], draws=3))


@pytest.mark.parametrize("draws", [0, 1.5, True])
def test_draws_must_be_a_whole_number(draws):
    with pytest.raises(SpecError, match="draws must be"):
        make_truth(50, index_dates=["2020-04-01"], draws=draws)


@pytest.mark.parametrize("wrong", [{"horizon": "0D"}, {"horizon": "a year"}, {"ages": (12, 19)}, {"drift": ("x",)}])
def test_options_that_are_not_understood_are_refused(wrong):
    with pytest.raises(SpecError):
        make_truth(50, index_dates=["2020-04-01"], draws=2, **wrong)
