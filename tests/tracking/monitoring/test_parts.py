"""Parts of monitoring by themselves: bins, drift, chance, loss, blocks, proposals."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from edgeofcare.exceptions import LeakageError, SpecError
from edgeofcare.features.catalogue import default_features
from edgeofcare.records.known import start_known
from edgeofcare.synthetic.records import make_records
from edgeofcare.tracking.ledger import Ledger
from edgeofcare.tracking.monitoring.bins import FEWEST, Bins, make_bins
from edgeofcare.tracking.monitoring.blocks import DELAYS, TableBlocks, known_days, table_blocks
from edgeofcare.tracking.monitoring.chance import Level, count_p_value, share_p_value
from edgeofcare.tracking.monitoring.checks import Check, with_alarms
from edgeofcare.tracking.monitoring.codes import code_checks, learn_codes
from edgeofcare.tracking.monitoring.columns import drift_checks, group_checks, lag_checks, late_checks
from edgeofcare.tracking.monitoring.drift import Drift, learn_drift
from edgeofcare.tracking.monitoring.growing import grows
from edgeofcare.tracking.monitoring.learn import _judged
from edgeofcare.tracking.monitoring.lists import override_check
from edgeofcare.tracking.monitoring.loss import learn_telling, loss_checks
from edgeofcare.tracking.monitoring.recalibrate import recalibrate
from edgeofcare.tracking.monitoring.rows import row_codes
from edgeofcare.tracking.monitoring.volume import children_check, volume_checks
from monitored import REFERENCE, watched


def test_no_bin_tells_of_few_children() -> None:
    rng = np.random.default_rng(0)
    values = pd.Series(np.concatenate([rng.poisson(0.3, 400), [40.0] * 9, [np.nan] * 9]))
    child = np.arange(len(values))
    bins = make_bins(values, child)
    counts = np.bincount(bins.place(values), minlength=bins.size)[:-1]
    assert counts.min() >= FEWEST
    text = pd.Series(["a"] * 30 + ["b"] * 9 + [None] * 5, dtype=object)
    assert make_bins(text, np.arange(44)).codes == ("a",)
    assert Bins(codes=("a",)).place(text).tolist() == [0] * 30 + [1] * 9 + [2] * 5


def test_few_households_of_the_run_before_are_not_told() -> None:
    usual = {"variance": 1.0, "n": 24, "root": 14.0, "day": 0}
    few = children_check([30, 60], [4, 43], 48, usual)
    assert np.isnan(few.usual)
    assert few.happened == "48 children in 43 households were scored; fewer than 10 households the time before."
    enough = children_check([30, 60], [10, 43], 48, usual)
    assert (enough.usual, enough.value) == (10, 43)
    assert children_check([60], [43], 48, usual).usual == 49
    assert np.isnan(children_check([60], [43], 48, usual | {"root": 4.0}).usual)


@pytest.mark.parametrize(("households", "told"), [(7, "fewer than 10"), (20, "20")])
def test_a_table_of_few_households_is_judged_and_not_told(households: int, told: str) -> None:
    home, none = np.arange(12), np.zeros(12, dtype=np.int64)
    block = TableBlocks("contacts", home, home, none, none, pd.DataFrame(index=home), 1)
    found = volume_checks([block], {"contacts": Level(2 * np.sqrt(households), 1.0, 24)})[0]
    assert np.isnan(found.usual) == (households < FEWEST)
    assert f"where {told} households are usual" in found.happened
    assert np.isfinite(found.p_value)


def rows(homes: int, dates: int, seed: int, shift: float = 0.0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Households of three children with much in common, on some dates."""
    rng = np.random.default_rng(seed)
    home = np.tile(np.repeat(np.arange(homes), 3), dates)
    date = np.repeat(np.arange(dates), homes * 3)
    shared = rng.normal(size=(dates, homes))[date, home]
    columns = {f"f{n}": shared + 0.3 * rng.normal(size=home.size) + (shift if n == 0 else 0) for n in range(5)}
    return pd.DataFrame(columns), home, date


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("referral.days_since_first", True),
        ("missing.days_since", True),
        ("missing.days_since.365d", False),
        ("care.total_days", True),
        ("referral.total_days / child.age", True),
        ("missing.count.365d", False),
        ("cp_plan.active", False),
        ("child.age", False),
        ("a column of the authority's own", False),
    ],
)
def test_a_feature_that_looks_at_all_time_grows(name: str, said: bool) -> None:
    assert grows(name) is said


def test_every_default_feature_that_grows_is_not_judged_for_drift_and_is_for_loss() -> None:
    growing = [spec.name for spec in default_features() if grows(spec.name)]
    assert len(growing) > 10
    made = watched()
    X = made.X[made.rows(REFERENCE)]
    X = X.assign(**{"referral.days_since": np.arange(len(X)) % 400.0})
    assert "referral.days_since" not in _judged(X, pd.Series(0.1, X.index, name="risk"))
    codes = row_codes(X)
    assert "referral.days_since" in learn_telling(X, codes.household, codes.day)


def test_quiet_columns_are_seldom_beyond_chance_and_a_shift_is() -> None:
    frame, home, date = rows(150, 12, 0)
    usual = learn_drift(frame, home, np.arange(home.size), date, n_resamples=1200, random_state=0)
    assert usual is not None
    least = [min(each.p_value for each in usual.measure(*rows(150, 1, seed)[:2])) for seed in range(1, 101)]
    assert np.mean(np.array(least) <= 0.05) <= 0.1
    moved, homes, _ = rows(150, 1, 1, shift=0.8)
    first = usual.measure(moved, homes)[0]
    assert first.name == "f0"
    assert first.p_value == pytest.approx(1 / 1201)
    assert Drift.from_dict(usual.to_dict()).measure(moved, homes) == usual.measure(moved, homes)


def test_what_drifted_is_told_with_its_index_and_the_bin_that_grew() -> None:
    usual = Drift(
        {"x{0}": Bins(edges=(2.0,))}, {"x{0}": (50, 50, 0)}, {"x{0}": 0.1}, {"x{0}": 0.1}, (9.0,), 1, {"x{0}": 9.0}
    )
    frame, home = pd.DataFrame({"x{0}": np.repeat([1.0, 3.0], [10, 30])}), np.arange(40)
    share = "index 0.264, where 0.001 is usual by chance"
    wanted = {
        "drift": (
            "The children, the work",
            drift_checks,
            f"x{{0}} differs from the reference: {share}; more children above 2.",
        ),
        "groups": (
            "Other children than before",
            group_checks,
            f"Shares by x{{0}} differ from the reference: {share}; more are above 2.",
        ),
        "lag": (
            "Rows appear later",
            lag_checks,
            "x{0}: delays until rows of the last four weeks were recorded differ from the reference: "
            f"{share}; more took above 2 days.",
        ),
    }
    for kind, (means, checks, said) in wanted.items():
        [found] = checks(usual, frame, home)
        assert (found.check, found.about, found.measure) == (kind, "x{0}", "population stability index")
        assert (found.value, found.usual, found.p_value) == (0.2643, 0.001, 1.0)
        assert found.happened == said
        assert found.means.startswith(means)
        assert found.do


def test_few_households_drift_further_by_chance() -> None:
    frame, home, date = rows(150, 12, 0)
    usual = learn_drift(frame, home, np.arange(home.size), date, n_resamples=600, random_state=0)
    alone = learn_drift(frame, np.arange(home.size), np.arange(home.size), date, n_resamples=600, random_state=0)
    assert usual is not None
    assert alone is not None
    assert all(usual.centre[name] > 1.05 * alone.centre[name] for name in frame)


def test_count_is_that_of_a_poisson_or_wider() -> None:
    assert count_p_value(3, 9.0, 9.0) == pytest.approx(2 * stats.poisson(9).cdf(3))
    assert count_p_value(3, 9.0, 18.0) > count_p_value(3, 9.0, 9.0)
    assert count_p_value(9, 9.0, 9.0) == 1
    drawn = np.random.default_rng(0).negative_binomial(9, 0.5, 20_000)
    p = np.array([count_p_value(each, 9.0, 18.0) for each in range(60)])
    assert np.mean(p[np.minimum(drawn, 59)] <= 0.05) <= 0.05


def test_level_and_share() -> None:
    assert np.isnan(Level.of([1.0, 2.0]).p_value(5.0))
    assert Level(0.0, 0.0, 9).p_value(0.0) == 1
    assert Level(0.0, 0.0, 9).p_value(1.0) == 0
    assert Level(0.0, 0.1, 9).p_value(1.0, least=1.0) > Level(0.0, 0.1, 9).p_value(1.0)
    assert share_p_value(5, 50, 10, 100) == pytest.approx(1.0)
    assert share_p_value(20, 50, 10, 100) < 1e-3


def test_alarms_divide_what_is_allowed_among_kinds() -> None:
    checks = [Check(kind, "x", "m", 0, 0, p, "h") for kind, p in (("drift", 0.004), ("codes", 0.3), ("loss", 0.006))]
    assert [each.check for each in with_alarms(checks, 0.015) if each.alarm] == ["drift"]
    fact = Check("expiry", "model file", "days left", -1, 0, 0.0, "h")
    assert [each.check for each in with_alarms([*checks, fact], 0.015)][:2] == ["expiry", "drift"]


def test_a_rare_feature_is_no_loss() -> None:
    home = np.arange(200)
    X = pd.DataFrame({"often": (home % 4 == 0) * 1.0, "seldom": (home == 3) * 1.0})
    usual = learn_telling(X, home, np.zeros(200, dtype=np.int64))
    assert usual == {"often": 0.25, "seldom": 0.005}
    found = {each.about: each.p_value for each in loss_checks(X * 0, home, usual)}
    assert found["often"] == pytest.approx(2 * 0.75**200)
    assert found["seldom"] > 0.5


def blocks(codes: list[str | None], block: list[int]) -> TableBlocks:
    """A table with one column, each row a household of its own."""
    home, where = np.arange(len(codes)), np.array(block)
    coded = pd.DataFrame({"source": pd.Series(codes, dtype=object), DELAYS: np.nan})
    return TableBlocks("contacts", home, home, where, where, coded, max(block) + 1)


def test_codes_that_appear_split_vanish_and_merge() -> None:
    usual = learn_codes([blocks((["A"] * 6 + ["B"] * 4) * 13, sorted(list(range(13)) * 10))])
    same = code_checks([blocks((["A"] * 6 + ["B"] * 4) * 3, sorted([0, 1, 2] * 10))], usual)
    assert min(each.p_value for each in same) > 0.05
    merged = code_checks([blocks(["A"] * 30, sorted([0, 1, 2] * 10))], usual)
    best = min(merged, key=lambda each: each.p_value)
    assert best.p_value < 1e-3
    assert "code B vanishes" in best.happened
    assert "merged into code A" in best.happened
    split = code_checks([blocks((["A"] * 2 + ["C"] * 4 + ["B"] * 4) * 3, sorted([0, 1, 2] * 10))], usual)
    best = min(split, key=lambda each: each.p_value)
    assert "code C appears" in best.happened
    assert "split from code A" in best.happened
    emptied = code_checks([blocks((["A"] * 2 + [None] * 8) * 3, sorted([0, 1, 2] * 10))], usual)
    assert min(each.p_value for each in emptied if each.measure == "share filled") < 1e-3


def test_rows_are_known_when_both_clocks_say_so() -> None:
    records = make_records(300, random_state=0)
    frame = records.table("contacts")
    expected = start_known(frame, 3).to_numpy().astype("datetime64[D]").astype(np.int64)
    assert np.array_equal(known_days(frame, "date", 3), expected)
    day = np.datetime64("2024-01-01")
    [table] = [each for each in table_blocks(records, day, 2) if each.name == "contacts"]
    known = expected - 3
    assert table.block.size == ((known < day.astype(np.int64)) & (known >= day.astype(np.int64) - 56)).sum()


def test_rows_that_the_extract_before_lacked() -> None:
    found = late_checks({"contacts": (10, 200)}, {"contacts": (60, 200), "offences": (1, 30)}, {"contacts": 1.5})
    assert [each.about for each in found] == ["contacts"]
    assert found[0].p_value < 1e-3


@pytest.mark.parametrize(("late", "told"), [(3, None), (34, None), (0, 0.0), (15, 0.375), (40, 1.0)])
def test_a_share_of_late_rows_that_tells_of_few_is_hidden(late: int, told: float | None) -> None:
    [found] = late_checks({"contacts": (40, 200)}, {"contacts": (late, 40)}, {"contacts": 1.0})
    assert (None if np.isnan(found.value) else found.value) == told
    assert (f"lacked {late / 40:.0%}" in found.happened) == (told is not None)
    [turned] = late_checks({"contacts": (late, 40)}, {"contacts": (40, 200)}, {"contacts": 1.0})
    assert np.isnan(turned.usual) == (told is None)
    assert ("too few is usual" in turned.happened) == (told is None)


@pytest.mark.parametrize(("filled", "of", "told"), [(24, 27, False), (3, 27, False), (7, 7, False), (0, 7, False),
                                                    (27, 27, True), (0, 27, True), (15, 27, True)])  # fmt: skip
def test_a_share_of_filled_columns_that_tells_of_few_is_hidden(filled: int, of: int, told: bool) -> None:
    usual = learn_codes([blocks((["A"] * 6 + ["B"] * 4) * 13, sorted(list(range(13)) * 10))])
    found = code_checks([blocks(["A"] * filled + [None] * (of - filled), [0] * of)], usual)
    [each] = [each for each in found if each.measure == "share filled"]
    assert np.isnan(each.value) == (not told)
    assert (f": {filled / of:.0%} of households" in each.happened) == told
    assert ("too few to say" in each.happened) == (not told)


def test_a_code_that_few_do_not_have_is_not_told_as_a_share() -> None:
    usual = learn_codes([blocks((["A"] * 6 + ["B"] * 4) * 13, sorted(list(range(13)) * 10))])
    for other, hidden in ((4, True), (12, False)):
        found = code_checks([blocks(["C"] * 30 + ["A"] * other, [0] * (30 + other))], usual)
        [each] = [each for each in found if each.measure == "appears"]
        assert np.isnan(each.value) == hidden


@pytest.mark.parametrize(("some", "said"), [(5, ", fewer than 10 were"), (55, "all but fewer than 10 were"),
                                            (60, ", 60 were"), (30, ", 30 were"), (0, ", 0 were")])  # fmt: skip
def test_a_share_overridden_that_tells_of_few_is_hidden(some: int, said: str) -> None:
    day = np.concatenate([np.full(60, 950), np.full(60, 500)])
    found = override_check(pd.Series((np.arange(120) % 60) < some), day, 1000)
    assert found is not None
    assert said in found.happened
    hidden = some in (5, 55)
    assert [np.isnan(found.value), np.isnan(found.usual)] == [hidden, hidden]


def test_another_level_is_proposed_and_never_applied(tmp_path: Path) -> None:
    authority = watched()
    model = copy.copy(authority.model)
    model.calibration_ = replace(model.calibration_, intercept=model.calibration_.intercept + 2.0)
    before = model.calibration_.intercept
    dates = [str(day.date()) for day in pd.date_range("2022-10-01", "2023-10-01", freq="MS")]
    proposal = recalibrate(model, authority.records, index_dates=dates)
    assert proposal.moves
    assert "This is a proposal" in proposal.text
    assert model.calibration_.intercept == before
    ledger = Ledger(tmp_path / "ledger.db")
    moved = proposal.accept(by="head of data", reason="a new panel", ledger=ledger, model_id="one")
    assert moved.calibration_.intercept < before
    assert model.calibration_.intercept == before
    assert ledger.log()["kind"].tolist() == ["monitored"]
    again = recalibrate(moved, authority.records, index_dates=dates)
    assert not again.moves
    for some, by, words in ((proposal, " ", "by must be"), (again, "head of data", "nothing to accept")):
        with pytest.raises(SpecError, match=words):
            some.accept(by=by, reason="none")
    with pytest.raises(LeakageError, match="have not been observed"):
        recalibrate(model, authority.records, index_dates=["2024-05-01"])
