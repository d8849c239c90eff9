"""A day in a table or a file: the scores of the scorer, once each, changed only where they changed."""

from __future__ import annotations

import json
import re
import tempfile
import traceback
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from batch_jobs import DAY, kept_rows, line_scorer, made, made_with, score, table_rows
from edgeofcare.exceptions import IndexNamesError, LeakageError, SpecError, UnfitModelError
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.models.arrays import LinearArrays
from edgeofcare.scale.parts import write_parts
from edgeofcare.scorer import Scorer
from edgeofcare.scoring.batch import run, unfinished
from edgeofcare.scoring.batch.database import open_database
from edgeofcare.scoring.batch.layout import COLUMNS
from edgeofcare.scoring.batch.parts import children_of_day
from edgeofcare.scoring.batch.rows import ranks
from edgeofcare.scoring.batch.run import score_in_parts
from edgeofcare.scoring.batch.write import write_scores
from edgeofcare.scoring.batch.written import Written
from edgeofcare.task import Task


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/scores.db"


@pytest.fixture(scope="module")
def scores():
    """The frame of the scorer."""
    return line_scorer().score(made(), DAY)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The table of one run in one part."""
    url = f"sqlite:///{tmp_path_factory.mktemp('whole')}/scores.db"
    assert score(url, children=10_000).parts == 1
    return table_rows(url)


def expired(weight=0.6):
    """A scorer whose model has expired."""
    zero = np.zeros(1)
    line = LinearArrays(zero, zero, np.array([weight]), zero, zero, intercept=-3.0)
    names = ["missing.count.365d"]
    said = json.dumps({"expires": "2022-03-31"}).encode()
    return Scorer(line, feature_names=names, task=Task(), slope=1.0, intercept=0.0, manifest_json=said)


def send(url, statement):
    """Send a statement past the library."""
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql(statement)


# ------------------------------------------------------------------------------------------------ what is written


def test_the_table_holds_what_the_scorer_gives(whole, scores):
    held = whole.set_index("child_id").loc[scores.index.get_level_values("child_id")]
    for name in ("risk", "rank", "log_odds", "model_id", "compared_with", "data_until"):
        assert held[name].tolist() == scores[name].tolist(), name
    assert held["household_id"].tolist() == scores.index.get_level_values("household_id").tolist()
    assert set(held["index_date"]) == {DAY}
    sentences = [tuple(reason["sentence"] for reason in json.loads(text)) for text in held["reasons"]]
    assert sentences == scores["reasons"].tolist()
    assert held["override"].isna().all()
    assert held["decision_support_only"].astype(bool).all()


def test_reasons_cite_the_source_rows_of_the_child(whole):
    tables = {name: made().table(name) for name in ("missing_episodes", "referrals")}
    cited = [
        (child, row["table"], row["row_key"], row["date"])
        for child, text in zip(whole["child_id"], whole["reasons"], strict=True)
        for reason in json.loads(text)
        for row in reason["rows"]
    ]
    assert len(cited) > 10
    for child, table, key, date in cited:
        found = tables[table].loc[lambda rows, key=key: rows["row_key"] == key]
        assert found["child_id"].tolist() == [child]
        assert str(found["start_date"].iloc[0].date()) == date


def test_windows_before_the_records_are_not_known(whole):
    records = made()
    late = type(records).from_tables(
        {name: records.table(name) for name in records},
        observed_until=records.observed_until,
        observed_from="2021-06-01",
    )
    frame = score_frame(late)
    assert set(frame["unknown"]) == {'["missing.count.365d","referral.count.1095d"]'}
    assert set(whole["unknown"]) == {"[]"}
    for child, unknown in zip(frame["child_id"].iloc[:4], frame["unknown"], strict=False):
        alone = line_scorer().score_child(ChildRecords.from_records(late, child), DAY)
        assert list(alone.unknown) == json.loads(unknown)


def score_frame(records, **options):
    """Scores in memory, through a table that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/scores.db"
        score_in_parts(line_scorer(), records, DAY, url, progress=False, **options)
        return table_rows(url)


def test_parts_give_the_same_table_as_the_whole(whole, url, tmp_path):
    assert score(url, children=3).parts > 5
    pd.testing.assert_frame_equal(table_rows(url), whole, check_exact=True)
    write_parts(made(), tmp_path / "parts", n_parts=4, progress=False)
    other = f"sqlite:///{tmp_path}/other.db"
    done = score_in_parts(line_scorer(), tmp_path / "parts", DAY, other, progress=False)
    assert done.parts == 4
    pd.testing.assert_frame_equal(table_rows(other), whole, check_exact=True)


def test_parts_hold_whole_households_once():
    day = pd.Timestamp(DAY)
    parts = children_of_day(made(), Task(), day, 3)
    found = [parts.part(number) for number in range(len(parts))]
    homes = [set(cohort.index.get_level_values("household_id")) for _, cohort in found]
    assert sum(map(len, homes)) == len(set().union(*homes))
    for (records, _), names in zip(found, homes, strict=True):
        assert set(records.households) == names
        theirs = made().households[lambda home, names=names: home.isin(names)]
        assert records.households.sort_index().equals(theirs.sort_index())
    sizes = [len(cohort) for _, cohort in found]
    assert min(sizes[:-1]) >= 3


def test_ranks_are_those_of_the_whole_day():
    draw = np.random.default_rng(0)
    risk = draw.integers(0, 20, 300) / 20
    assert ranks(risk) == pd.Series(risk).rank(method="min", ascending=False).astype(int).tolist()
    assert ranks([]) == []


# ------------------------------------------------------------------------------------------------ again, and changed


def test_a_second_run_changes_nothing_and_says_so(url):
    first, again = score(url), score(url)
    assert first.new == first.rows > 30
    assert (again.new, again.changed, again.unchanged) == (0, 0, first.rows)
    assert again.text == f"{first.rows} scores, all as they were: nothing was changed."
    assert kept_rows(url) == 0


def test_what_changed_is_updated_and_the_rest_left(url, whole):
    score(url)
    send(url, "UPDATE edgeofcare_scores SET risk = 0.5, risk_low = 0.1, rank = 99 WHERE rank = 1")
    ones = int((whole["rank"] == 1).sum())
    send(url, "DELETE FROM edgeofcare_scores WHERE rank = 2")
    twos = int((whole["rank"] == 2).sum())
    done = score(url)
    assert (done.new, done.changed, done.unchanged) == (twos, ones, len(whole) - ones - twos)
    pd.testing.assert_frame_equal(table_rows(url), whole, check_exact=True)


def test_other_days_and_models_stay(url, whole):
    score(url)
    score_in_parts(line_scorer(), made(), "2022-07-01", url, progress=False)
    score_in_parts(expired(), made(), DAY, url, override="A test.", progress=False)
    held = table_rows(url)
    ours = held[(held["index_date"] == DAY) & (held["model_id"] == line_scorer().model_id)]
    pd.testing.assert_frame_equal(ours.reset_index(drop=True), whole, check_exact=True, check_dtype=False)
    assert held.groupby(["index_date", "model_id"]).ngroups == 3


def test_rows_of_other_children_are_left_and_counted_or_removed(url, whole):
    score(url)
    copied = "child_id, model_id, index_date, household_id, risk, rank, reasons, data_until, decision_support_only"
    rest = copied.removeprefix("child_id")
    send(url, f"INSERT INTO edgeofcare_scores ({copied}) SELECT 'gone' || child_id{rest} FROM edgeofcare_scores")
    done = score(url)
    assert (done.others, done.removed, done.unchanged) == (len(whole), 0, len(whole))
    assert "were left as they are" in done.text
    done = score(url, remove_others=True)
    assert (done.others, done.removed) == (0, len(whole))
    pd.testing.assert_frame_equal(table_rows(url), whole, check_exact=True)


def test_what_a_run_with_other_options_left_is_dropped(url, monkeypatch, whole):
    calls = []

    def ends(*_arguments, **_options):
        calls.append(1)
        raise KeyboardInterrupt

    monkeypatch.setattr("edgeofcare.scoring.batch.run.end_run", ends)
    with pytest.raises(KeyboardInterrupt):
        score(url, top_reasons=1)
    left = len(table_rows(url, "edgeofcare_scores_unfinished"))
    assert left > 3
    assert table_rows(url).empty
    monkeypatch.undo()
    done = score(url)
    assert done.resumed == 0
    pd.testing.assert_frame_equal(table_rows(url), whole, check_exact=True)
    assert kept_rows(url) == 0


def stopped(monkeypatch, url, day=DAY):
    """A run that is stopped before its end."""

    def ends(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run, "end_run", ends)
        with pytest.raises(KeyboardInterrupt):
            score_in_parts(line_scorer(), made(), day, url, children=20, progress=False)


def test_what_a_stopped_run_left_is_dropped_days_later_by_any_start(url, monkeypatch):
    stopped(monkeypatch, url, "2022-05-01")
    left = kept_rows(url)
    assert left > 1
    today = unfinished._today()
    for days, kept in ((4, left), (5, 0)):
        monkeypatch.setattr(unfinished, "_today", lambda days=days: today + pd.Timedelta(days=days))
        score(url, children=10_000)
        assert kept_rows(url) == kept


def test_what_an_ended_run_leaves_holds_no_child(url):
    done = score(url)
    line = table_rows(url, "edgeofcare_scores_unfinished")
    assert line["part"].tolist() == [-1]
    assert json.loads(line["body"].iloc[0]) == {"ended": 1, "rows": done.rows, "others": 0}
    assert "KIND" not in line.to_csv()


def overtaken(monkeypatch, url, first, **options):
    """A run that another one overtakes before its last part is kept."""
    keep = run.keep_part
    parts = []

    def slow(database, this, part, rows):
        parts.append(part)
        if part == this.parts - 1:
            with monkeypatch.context() as patched:
                patched.setattr(run, "keep_part", keep)
                first()
        keep(database, this, part, rows)

    with monkeypatch.context() as patched:
        patched.setattr(run, "keep_part", slow)
        return score(url, children=20, **options)


def test_of_two_runs_at_once_the_later_finds_the_day_done(url, monkeypatch, whole):
    for _ in range(2):  # the second time the table says of an earlier run already that it ended
        done = overtaken(monkeypatch, url, lambda: score(url, children=20))
        assert (done.new, done.changed, done.unchanged) == (0, 0, len(whole))
        assert kept_rows(url) == 0
        pd.testing.assert_frame_equal(table_rows(url), whole, check_exact=True)


def test_a_run_that_another_one_dropped_says_so_and_leaves_nothing(url, monkeypatch):
    with pytest.raises(SpecError, match="Another program has ended or dropped"):
        overtaken(monkeypatch, url, lambda: score(url, children=20, top_reasons=1))
    assert kept_rows(url) == 0
    assert len(table_rows(url)) > 30


def test_a_later_run_that_is_to_remove_others_does_not_take_them_for_removed(url, monkeypatch):
    write_scores(line_scorer().score(made(), DAY).rename(index=lambda key: f"gone{key}", level="child_id"), url)
    with pytest.raises(SpecError, match="Run it again"):
        overtaken(monkeypatch, url, lambda: score(url, children=20), remove_others=True)
    assert score(url, children=20, remove_others=True).removed > 30


# ------------------------------------------------------------------------------------------------ frames


def test_a_frame_of_the_scorer_is_written_once(url, scores, whole):
    assert write_scores(scores, url).new == len(scores)
    again = write_scores(scores.sample(frac=1, random_state=0), url)
    assert (again.new, again.changed, again.unchanged) == (0, 0, len(scores))
    held = table_rows(url)
    same = ["child_id", "household_id", "risk", "rank", "log_odds", "compared_with", "index_date", "data_until"]
    pd.testing.assert_frame_equal(held[same], whole[same], check_exact=True)
    texts = [[reason["sentence"] for reason in json.loads(text)] for text in held["reasons"]]
    assert texts == [[reason["sentence"] for reason in json.loads(text)] for text in whole["reasons"]]
    part = scores.iloc[:3].assign(risk=0.25)
    done = write_scores(part, url)
    assert (done.changed, done.others) == (3, 0)
    assert len(table_rows(url)) == len(scores)


def test_a_frame_does_not_wipe_what_it_has_no_place_for(url, scores, whole):
    score(url)
    for frame in (scores, scores.drop(columns=["reasons", "log_odds"])):
        done = write_scores(frame, url)
        assert (done.changed, done.unchanged) == (0, len(scores))
        pd.testing.assert_frame_equal(table_rows(url), whole, check_exact=True)
    for frame in (scores.assign(risk=0.25), scores.assign(reasons=[()] * len(scores))):
        with pytest.raises(SpecError, match="source rows or columns that these do not have") as caught:
            write_scores(frame, url)
        assert "KIND" not in str(caught.value)
        pd.testing.assert_frame_equal(table_rows(url), whole, check_exact=True)


def test_a_frame_replaces_fuller_rows_when_told_to(url, scores):
    score(url)
    assert write_scores(scores.assign(risk=0.25), url, replace=True).changed == len(scores)
    held = table_rows(url)
    assert set(held["risk"]) == {0.25}
    assert held["unknown"].isna().all()
    assert not held["reasons"].str.contains("row_key").any()
    done = score(url)
    assert done.changed == len(scores)


def test_an_override_is_not_lost_to_a_frame_without_one(url, scores):
    write_scores(scores.assign(override="A test."), url)
    without = scores.drop(columns="override")
    assert write_scores(without, url).unchanged == len(scores)
    with pytest.raises(SpecError, match="nothing was changed"):
        write_scores(without.assign(risk=0.25), url)
    assert set(table_rows(url)["override"]) == {"A test."}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="risk"), "without risk"),
        (lambda frame: frame.assign(surname="x"), "with surname"),
        (lambda frame: frame.assign(risk=1.5), "scores cannot be kept"),
        (lambda frame: frame.assign(risk=np.nan), "scores cannot be kept"),
        (lambda frame: frame.assign(rank=1.5), "scores cannot be kept"),
        (lambda frame: frame.assign(model_id=""), "scores cannot be kept"),
        (lambda frame: frame.assign(model_id="m" * 101), "scores cannot be kept"),
        (lambda frame: frame.assign(decision_support_only=False), "scores cannot be kept"),
        (lambda frame: frame.assign(reasons="text"), "scores cannot be kept"),
    ],
)
def test_frames_that_are_no_scores_are_refused(url, scores, change, message):
    with pytest.raises(SpecError, match=message) as caught:
        write_scores(change(scores), url)
    assert "KIND" not in "".join(traceback.format_exception(caught.value))


def test_rows_without_names_or_twice_are_refused(url, scores):
    with pytest.raises(IndexNamesError, match="on the index"):
        write_scores(scores.reset_index(), url)
    with pytest.raises(IndexNamesError, match="more than once"):
        write_scores(pd.concat([scores, scores.iloc[:2]]), url)


# ------------------------------------------------------------------------------------------------ models and options


def test_an_expired_model_needs_a_reason_that_is_kept(url):
    with pytest.raises(UnfitModelError, match="expired"):
        score_in_parts(expired(), made(), DAY, url, progress=False)
    assert table_rows(url).empty
    done = score_in_parts(expired(), made(), DAY, url, override="The new one comes in May.", progress=False)
    assert done.new > 30
    assert set(table_rows(url)["override"]) == {"The new one comes in May."}


def test_a_day_after_the_records_is_refused(url):
    with pytest.raises(LeakageError):
        score_in_parts(line_scorer(), made(), "2035-01-01", url, progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_reasons": -1}, "top_reasons"),
        ({"children": 0}, "children must be"),
        ({"table": "scores; DROP TABLE x"}, "table must be a name"),
        ({"teams": "worker_involvements.worker"}, "sheets of a workbook"),
    ],
)
def test_options_that_are_not_understood(url, options, message):
    with pytest.raises(SpecError, match=message):
        score(url, **options)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("AAA" + "x" * 198, "1 of column 'child_id' and 1 of column 'household_id'"),
        ("AAA" + "x" * 197, "1 of column 'household_id'"),  # H and 200 characters
        ("AA\0A", "1 of column 'child_id' and 1 of column 'household_id'"),
    ],
    ids=["201", "200", "NUL"],
)
def test_keys_that_no_table_can_hold_are_refused_before_anybody_is_scored(tmp_path, monkeypatch, key, said):
    monkeypatch.setattr(run, "part_rows", None)
    records = made_with(key)
    for place in (f"sqlite:///{tmp_path}/scores.db", f"{tmp_path}/scores.parquet"):
        with pytest.raises(SpecError, match=f"or hold the character NUL: {said}[.]") as caught:
            score_in_parts(line_scorer(), records, DAY, place, progress=False)
        assert "AA" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_keys_are_looked_at_in_a_folder_too(url, tmp_path):
    write_parts(made_with("AAA" + "x" * 198), tmp_path / "parts", n_parts=2, progress=False)
    with pytest.raises(SpecError, match="1 of column 'child_id'"):
        score_in_parts(line_scorer(), tmp_path / "parts", DAY, url, progress=False)
    assert table_rows(url).empty


@pytest.mark.parametrize("place", ["scores.txt", "scores", "sqlite:///", "sqlite:///no/such/folder/scores.db"])
def test_places_that_cannot_be_written(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError):
        score(place)
    assert list(tmp_path.iterdir()) == []


def test_nobody_eligible_is_said(url):
    done = score_in_parts(line_scorer(), made(), "1999-01-01", url, progress=False)
    assert done.text == "no child to score: nothing was changed."
    assert table_rows(url).empty


def test_small_counts_are_not_told():
    told = repr(Written(15, 3, 5, 7, others=2, removed=4))
    assert not {"3", "5", "7", "2", "4"} & set(told.replace("15", ""))
    assert "fewer than 10" in told


# ------------------------------------------------------------------------------------------------ layouts


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("edgeofcare_scores (child_id TEXT, surname TEXT)", "columns are missing"),
        ("edgeofcare_scores_unfinished (run TEXT PRIMARY KEY)", "columns are missing"),
    ],
)
def test_a_table_of_another_layout_is_refused_and_left_alone(url, table, message):
    send(url, f"CREATE TABLE {table}")
    with pytest.raises(SpecError, match=message) as caught:
        score(url)
    assert "surname" not in str(caught.value)
    assert sa.inspect(sa.create_engine(url, poolclass=sa.NullPool)).get_table_names() == [table.split(" ")[0]]


def test_a_name_in_other_letters_is_refused(url):
    score(url, top_reasons=0)
    before = table_rows(url)
    with pytest.raises(SpecError, match="in other small and capital letters"):
        score(url, table="EdgeOfCare_Scores")
    pd.testing.assert_frame_equal(table_rows(url), before)


@pytest.mark.parametrize(("failures", "made_at_last"), [(2, True), (9, False)])
def test_tables_that_others_make_at_the_same_moment(url, monkeypatch, failures, made_at_last):
    create, calls = sa.MetaData.create_all, []

    def late(self, connection, **options):
        calls.append(1)
        if len(calls) <= failures:
            statement = "CREATE TABLE"
            raise sa.exc.ProgrammingError(statement, {}, Exception("it exists"))
        create(self, connection, **options)

    monkeypatch.setattr(sa.MetaData, "create_all", late)
    if made_at_last:
        open_database(url, "scores")
        assert sorted(sa.inspect(sa.create_engine(url, poolclass=sa.NullPool)).get_table_names()) == [
            "scores",
            "scores_unfinished",
        ]
    else:
        with pytest.raises(SpecError, match="could not be written"):
            open_database(url, "scores")


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("risk DOUBLE", "risk TEXT", "risk of another type"),
        (", \n\tPRIMARY KEY (model_id, index_date, child_id)", "", "primary key is another"),
        ("override VARCHAR(200)", "override VARCHAR(200), surname TEXT", "1 columns are not ours"),
    ],
)
def test_another_type_key_or_column_is_told(tmp_path, url, was, becomes, message):
    score(f"sqlite:///{tmp_path}/made.db")
    engine = sa.create_engine(f"sqlite:///{tmp_path}/made.db", poolclass=sa.NullPool)
    with engine.connect() as connection:
        asked = "SELECT sql FROM sqlite_master WHERE name = 'edgeofcare_scores'"
        statement = connection.exec_driver_sql(asked).scalar()
    assert was in statement
    send(url, statement.replace(was, becomes))
    with pytest.raises(SpecError, match=message):
        score(url)


def test_the_page_names_every_column():
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "score_in_batches.md").read_text(encoding="utf-8")
    table = text[text.index("## The table") : text.index("## When it is stopped")]
    named = [name for line in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", line)]
    assert named == [column.name for column in COLUMNS]
