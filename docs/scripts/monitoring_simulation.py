"""Whether monitoring finds what changes and is quiet where nothing does, on synthetic authorities.

``python docs/scripts/monitoring_simulation.py`` makes ten authorities, runs every month of theirs that is quiet, plants
four changes, and writes ``docs/reference/monitoring_simulation.md``. It ends with an error if a promise does not hold.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

import edgeofcare as eoc

__all__ = [
    "Authority",
    "Runs",
    "drop_entries",
    "holds",
    "late_from",
    "lose",
    "make",
    "merge_code",
    "pooled",
    "promised",
]

PAGE = Path(__file__).parents[1] / "reference" / "monitoring_simulation.md"
AUTHORITIES, CHILDREN, CAPACITY = 10, 20_000, 20
TRAIN = pd.DatetimeIndex(["2018-04-01", "2018-07-01", "2018-10-01"])
REFERENCE = pd.date_range("2019-10-01", "2021-09-01", freq="MS")
RUN_IN = pd.date_range("2022-07-01", "2022-09-01", freq="MS")
QUIET = pd.date_range("2022-10-01", "2024-05-01", freq="MS")
CHANGE, AFTER = "2023-01-01", pd.date_range("2023-02-01", "2023-04-01", freq="MS")
FALL, LATE_SHARE, LATE_DAYS, LOST = 0.5, 0.3, 21, "missing.count.365d"
CODED, LATE = ("contacts", "source"), "missing_episodes"
SHARE = 1 / 24


class Authority(NamedTuple):
    """One synthetic authority with a model and what was usual when it was made."""

    records: Any
    cohort: pd.DataFrame
    X: pd.DataFrame
    model: Any
    baseline: Any

    @property
    def scores(self) -> pd.DataFrame:
        """Risks of the monthly runs."""
        X = self.X[self.dates >= RUN_IN[0]]
        return pd.DataFrame({"risk": self.model.predict_proba(X)[:, 1]}, index=X.index)

    @property
    def dates(self) -> pd.Index:
        """Index date of each row."""
        return self.X.index.get_level_values("index_date")

    def run(self, day: Any, scores: pd.DataFrame) -> Any:
        """Monitor one run, with the scores so far."""
        rows = self.dates == day
        seen = scores[scores.index.get_level_values("index_date") <= day]
        options = {"X": self.X[rows], "cohort": self.cohort[rows], "index_date": day, "baseline": self.baseline}
        return eoc.monitor(self.model, seen, self.records, **options)


class Runs(NamedTuple):
    """Alarms of the runs of one authority."""

    quiet: list[list[str]]
    planted: dict[str, int | None]
    cpu: float


def made(seed: int) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """Records, cohort and features of a synthetic authority."""
    records = eoc.make_records(
        CHILDREN, random_state=100 + seed, observed_from="2015-04-01", observed_until="2024-05-31"
    )
    dates = TRAIN.append([REFERENCE, RUN_IN, QUIET])
    cohort = eoc.build_cohort(records, eoc.Task(), index_dates=dates)
    return records, cohort, eoc.build_features(records, cohort, eoc.default_features())


def make(records: Any, cohort: pd.DataFrame, X: pd.DataFrame) -> Authority:
    """A model, and what was usual when it was made."""
    task, dates = eoc.Task(), X.index.get_level_values("index_date")
    train, usual = dates.isin(TRAIN), dates.isin(REFERENCE)
    y = eoc.label_outcome(records, cohort[train], task)
    model = eoc.make_risk_model("logistic", task=task, random_state=0).fit(X.loc[y.index], y)
    baseline = eoc.monitoring_baseline(model, X[usual], cohort[usual], records, capacity=CAPACITY)
    return Authority(records, cohort, X, model, baseline)


# ------------------------------------------------------------------------------------------------- what is planted


def again(records: Any, tables: dict[str, pd.DataFrame]) -> Any:
    """Records with some tables changed."""
    every = {name: records.table(name) for name in records} | tables
    return eoc.Records.from_tables(
        every, observed_from=dict(records.observed_from), observed_until=records.observed_until, links=records.links
    )


def merge_code(records: Any, table: str, column: str, day: str) -> tuple[dict[str, pd.DataFrame], str]:
    """From a day on the second most frequent code of a column is written as the most frequent one."""
    frame = records.table(table)
    first, second = frame[column].value_counts().index[:2]
    start = str(records.definition(table).start)
    new = (frame[start] >= pd.Timestamp(day)) & (frame[column] == second)
    return {table: frame.assign(**{column: frame[column].mask(new, first)})}, str(second)


def late_from(records: Any, table: str, day: str, seed: int) -> dict[str, pd.DataFrame]:
    """From a day on some rows of a table are recorded weeks later."""
    frame = records.table(table)
    start = str(records.definition(table).start)
    late = (frame[start] >= pd.Timestamp(day)) & (np.random.default_rng(seed).random(len(frame)) < LATE_SHARE)
    recorded = frame["recorded_date"].fillna(frame[start]) + pd.Timedelta(days=LATE_DAYS)
    inside = recorded <= records.observed_until
    kept = frame.assign(recorded_date=frame["recorded_date"].mask(late, recorded).astype("datetime64[s]"))
    return {table: kept[inside | ~late].reset_index(drop=True)}


def lose(X: pd.DataFrame, name: str, day: str) -> pd.DataFrame:
    """From a day on a feature is unknown."""
    return X.assign(**{name: X[name].mask(X.index.get_level_values("index_date") >= pd.Timestamp(day))})


def drop_entries(records: Any, day: str, share: float, seed: int) -> dict[str, pd.DataFrame]:
    """From a day on that share of the children who would enter care do not."""
    names = ("care_episodes", "placements", "legal_statuses")
    tables = {name: records.table(name) for name in names}
    new = tables["care_episodes"].groupby("child_id")["start_date"].max()
    new = np.sort(new.index[new >= pd.Timestamp(day)].to_numpy(dtype=str))
    spared = new[np.random.default_rng(seed).random(len(new)) < share]
    return {
        name: frame[~(frame["child_id"].isin(spared) & (frame["start_date"] >= pd.Timestamp(day)))]
        for name, frame in tables.items()
    }


# ----------------------------------------------------------------------------------------------------- what is run


def quiet_runs(authority: Authority) -> list[list[str]]:
    """Alarms of each quiet run: kind and what it is about."""
    scores = authority.scores
    return [sorted(_named(authority.run(day, scores).alarms)) for day in QUIET]


def _named(alarms: pd.DataFrame) -> list[str]:
    """Kind and subject of each alarm."""
    return [f"{kind}: {about}" for kind, about in zip(alarms["check"], alarms["about"], strict=True)]


def planted_runs(authority: Authority, seed: int) -> dict[str, int | None]:
    """At which run after the change each planted change raised its alarm."""
    codes, _ = merge_code(authority.records, *CODED, CHANGE)
    records = again(authority.records, codes | late_from(authority.records, LATE, CHANGE, seed))
    changed = authority._replace(records=records, X=lose(authority.X, LOST, CHANGE))
    scores = changed.scores
    wanted = {"codes": ".".join(CODED), "lag": LATE, "loss": LOST}
    found: dict[str, int | None] = dict.fromkeys(wanted)
    for number, day in enumerate(AFTER, start=1):
        alarms = changed.run(day, scores).alarms
        for kind, about in wanted.items():
            if found[kind] is None and ((alarms["check"] == kind) & (alarms["about"] == about)).any():
                found[kind] = number
    return found


def all_runs(seed: int) -> Runs:
    """Everything of one authority."""
    started = time.process_time()
    authority = make(*made(seed))
    return Runs(quiet_runs(authority), planted_runs(authority, seed), time.process_time() - started)


def pooled(parts: list[tuple[Any, pd.DataFrame, pd.DataFrame]]) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """Several authorities as one, with keys of their own."""
    tables: dict[str, list[pd.DataFrame]] = {}
    frames = []
    for number, (records, cohort, X) in enumerate(parts):
        for name in records:
            frame = records.table(name)
            keys = [key for key in ("child_id", "row_key", "related_id", "period_key") if key in frame]
            tables.setdefault(name, []).append(frame.assign(**{key: f"{number}-" + frame[key] for key in keys}))
        dates = X.index.get_level_values("index_date")
        keep = dates.isin(TRAIN) | dates.isin(REFERENCE) | ((dates >= RUN_IN[-1]) & (dates <= AFTER[-1]))
        frames.append([_prefixed(each[keep], number) for each in (cohort, X)])
    first = parts[0][0]
    every = {name: pd.concat(each, ignore_index=True) for name, each in tables.items()}
    records = eoc.Records.from_tables(every, observed_from="2015-04-01", observed_until=first.observed_until)
    cohort, X = (pd.concat(each) for each in zip(*frames, strict=True))
    home = records.households.reindex(X.index.get_level_values("child_id")).to_numpy()
    index = pd.MultiIndex.from_arrays([home, *(X.index.get_level_values(n) for n in (1, 2))], names=X.index.names)
    return records, cohort.set_axis(index), X.set_axis(index)


def _prefixed(frame: pd.DataFrame, number: int) -> pd.DataFrame:
    """Rows with keys of their own."""
    levels = [frame.index.get_level_values(n) for n in range(3)]
    new = [f"{number}-" + levels[0], f"{number}-" + levels[1], levels[2]]
    return frame.set_axis(pd.MultiIndex.from_arrays(new, names=frame.index.names))


def fall_runs(authority: Authority) -> tuple[int | None, list[tuple[str, float, float]]]:
    """At which run a fall of entries raised its alarm, and the ratio of observed to expected at each run."""
    records = again(authority.records, drop_entries(authority.records, CHANGE, FALL, 0))
    changed, found, ratios = authority._replace(records=records), None, []
    scores = changed.scores
    for number, day in enumerate(AFTER, start=1):
        table = changed.run(day, scores).table
        entries = table[table["check"] == "entries"]
        if found is None and entries["alarm"].any():
            found = number
        row = entries.sort_values("p_value").iloc[0]
        ratios.append((str(day.date())[:7], float(row["value"]), float(row["p_value"])))
    return found, ratios


def holds(false: int, runs: int, found: list[int | None]) -> bool:
    """Whether at most 1 quiet run in 24 has a false alarm, and every planted change raised its alarm in three runs."""
    return false <= SHARE * runs and all(each is not None and each <= len(AFTER) for each in found)


def promised(done: list[Runs], fall: int | None) -> bool:
    """Whether what is promised holds."""
    runs = [run for each in done for run in each.quiet]
    found = [number for each in done for number in each.planted.values()]
    return holds(sum(map(bool, runs)), len(runs), [*found, fall])


PAGE_TEXT = """# Whether monitoring finds what changes, and is quiet where nothing does

`python docs/scripts/monitoring_simulation.py` writes this page. Nothing in it describes a real child or authority.

## What is made

{authorities} synthetic authorities of England's proportions with {children:,} children each, of whom about {scored:.0f}
aged 10 to 17 are on an open case in a month. Each has a model, learned in 2018, and a baseline of {dates} monthly index
dates (October 2019 to September 2021). Then it is monitored in {months} quiet months, from October 2022 on: {runs}
runs. The model has the {features} default features. Those without a lookback, such as days since the first referral,
grow with the length of an extract, so their drift is not judged.

## Quiet months

{false} of {runs} runs had an alarm; at most 1 in 24, {allowed:.1f}, are promised, and the limits are set for 1 in 48.

{alarms}

## What is planted on 1 January 2023

Runs on 1 February, 1 March and 1 April 2023. The number is the run that raised the alarm, by authority.

{planted}

A fall of entries is another matter. In one authority of this size about {expected:.0f} entries are expected within
three months of a score, so no test can tell half of them from chance so soon. All {authorities} together are one large
county; there, with entries halved:

{fall}

{found_fall}
"""

WORDS = {
    "codes": "second most frequent source of a contact merged into the most frequent",
    "lag": f"{LATE_SHARE:.0%} of missing episodes recorded {LATE_DAYS} days later",
    "loss": f"`{LOST}` unknown for every child",
}


def page(done: list[Runs], fall: tuple[int | None, list[tuple[str, float, float]]], facts: dict[str, float]) -> str:
    """Write the page."""
    runs = [run for each in done for run in each.quiet]
    counts = Counter(alarm.split(": ")[0] for run in runs for alarm in run)
    names = Counter(alarm for run in runs for alarm in run)
    listed = (
        "\n".join(f"- {name} (in {count})" for name, count in sorted(names.items())) or "No kind of check raised any."
    )
    heads = [str(number) for number in range(1, len(done) + 1)]
    lines = [["planted", *heads], [":---", *["---:" for _ in heads]]]
    for kind, words in WORDS.items():
        lines.append([words, *[str(each.planted[kind] or "none") for each in done]])
    ratio = [["run", "observed to expected", "chance"], [":---", "---:", "---:"]]
    ratio += [[month, f"{value:.2f}", f"{p:.5f}"] for month, value, p in fall[1]]
    return PAGE_TEXT.format(
        authorities=len(done),
        children=CHILDREN,
        dates=len(REFERENCE),
        months=len(QUIET),
        runs=len(runs),
        false=sum(map(bool, runs)),
        allowed=SHARE * len(runs),
        alarms=f"By kind: {', '.join(f'{n} {k}' for k, n in sorted(counts.items()))}.\n\n{listed}"
        if counts
        else listed,
        planted=_grid(lines),
        fall=_grid(ratio),
        found_fall=f"The alarm came with run {fall[0]}." if fall[0] else "No alarm came within three runs.",
        **facts,
    )


def _grid(lines: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def facts_of(authority: Authority, size: int) -> dict[str, float]:
    """What the page says of the authorities, from all of them as one."""
    scored = np.isin(authority.dates, REFERENCE).sum() / len(REFERENCE) / size
    usual = authority.baseline.entries
    expected = usual.expected / len(REFERENCE) * usual.share[3] / size
    return {"scored": float(scored), "features": authority.X.shape[1], "expected": float(expected)}


def main() -> None:
    """Run the simulation and write the page."""
    parser = argparse.ArgumentParser(description="Quiet months and planted changes.")
    parser.add_argument("--authorities", type=int, default=AUTHORITIES)
    parser.add_argument("--jobs", type=int, default=1, help="processes; the page is the same")
    parser.add_argument("--print", action="store_true", help="show the page and write nothing")
    options = parser.parse_args()
    done = Parallel(n_jobs=options.jobs)(delayed(all_runs)(seed) for seed in range(options.authorities))
    whole = make(*pooled([made(seed) for seed in range(options.authorities)]))
    fall = fall_runs(whole)
    text = page(done, fall, facts_of(whole, options.authorities))
    if options.print:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
    print(f"{sum(each.cpu for each in done) + time.process_time():.0f} CPU seconds")
    if not promised(done, fall[0]):
        msg = "More than 1 quiet run in 24 has an alarm, or a planted change raised none within three runs."
        raise SystemExit(msg)


if __name__ == "__main__":
    main()
