"""The contract of a case system: answers that are those of score_child, refusals that tell everything but values."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgeofcare
from edgeofcare.exceptions import NotEligibleError, RequestError, UnfitModelError
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.model_file import load_model, save_model
from edgeofcare.scoring.contract import request_schema, response_schema
from edgeofcare.scoring.contract_examples import REQUEST, RESPONSE
from edgeofcare.scoring.fitness import LONGEST_OVERRIDE
from edgeofcare.scoring.request_form import MOST_CHILDREN, MOST_REASONS, MOST_ROWS, read_request
from saved_models import FEATURES, KINDS, TASK, records_with, trained

DAY, EVE = "2023-01-01", "2022-12-31"
HEAVY = ("sklearn", "pandas", "scipy", "shap", "matplotlib", "joblib", "numba", "pyarrow", "edgeofcare.records")
ANSWERS = jsonschema.Draft202012Validator(response_schema())
REQUESTS = jsonschema.Draft202012Validator(request_schema())


@pytest.fixture(scope="module", params=KINDS)
def path(request, tmp_path_factory):
    """A model file of each kind."""
    made = trained(request.param)
    target = tmp_path_factory.mktemp("request") / "model.eoc"
    return save_model(target, made.model, features=FEATURES, task=TASK, records=made.records)


@pytest.fixture(scope="module")
def scorer(path):
    return load_model(path)


@pytest.fixture(scope="module")
def children():
    """Records of children of whom some are eligible, as JSON gives them."""
    records = records_with()
    cohort = trained("logistic").cohort.xs(DAY, level="index_date")
    eligible = cohort.index.get_level_values("child_id").tolist()[:12]
    others = [child for child in records.table("children")["child_id"] if child not in set(eligible)][:12]
    mixed = [child for pair in zip(others, eligible, strict=True) for child in pair]
    return [json.loads(json.dumps(ChildRecords.from_records(records, child).to_plain())) for child in mixed]


def request_of(children, **options):
    """A request."""
    return {"schema_version": "1.0", "index_date": DAY, "children": children, **options}


def problems_of(request):
    """What is wrong with a request."""
    with pytest.raises(RequestError) as caught:
        read_request(request)
    assert str(caught.value).count("\n") == len(caught.value.problems)
    return caught.value.problems


# ------------------------------------------------------------------------------------------------------- the answer


def test_answers_are_those_of_score_child_in_the_order_of_the_request(scorer, children):
    found = scorer.score_request(request_of(children, top_reasons=5))
    assert [score["child_id"] for score in found["scores"]] == [child["child_id"] for child in children]
    assert {score["eligible"] for score in found["scores"]} == {True, False}
    for child, score in zip(children, found["scores"], strict=True):
        if score["eligible"]:
            expected = scorer.score_child(child, DAY, top_reasons=5).to_dict()
            assert {name: expected[name] for name in score if name in expected} == {
                name: value for name, value in score.items() if name in expected
            }
        else:
            with pytest.raises(NotEligibleError) as caught:
                scorer.score_child(child, DAY)
            assert score["not_eligible_because"] == list(caught.value.reasons)
            assert (score["risk"], score["reasons"]) == (None, [])
            assert child["child_id"] not in str(caught.value)


def test_the_children_are_scored_as_the_day_is(scorer, children):
    scores = scorer.score(records_with(), DAY).reset_index().set_index("child_id")
    found = scorer.score_request(request_of(children))["scores"]
    for score in found:
        assert score["eligible"] == (score["child_id"] in scores.index)
        if score["eligible"]:
            assert score["risk"] == scores.loc[score["child_id"], "risk"]


def test_ranks_are_among_the_children_of_the_request_who_have_a_risk(scorer, children):
    plain = scorer.score_request(request_of(children))["scores"]
    assert all("rank" not in score for score in plain)
    found = scorer.score_request(request_of(children, rank=True))["scores"]
    risks = [score["risk"] for score in found if score["eligible"]]
    assert len(set(risks)) > 5
    for score in found:
        expected = 1 + sum(risk > score["risk"] for risk in risks) if score["eligible"] else None
        assert score["rank"] == expected


def test_the_answer_says_what_it_is_of(scorer, children):
    found = scorer.score_request(request_of(children[:2], top_reasons=0))
    about = {name: value for name, value in found.items() if name != "scores"}
    assert about == {
        "schema_version": "1.0",
        "model_id": scorer.model_id,
        "index_date": DAY,
        "decision_support_only": True,
        "override": None,
        "expires": None,
        "verdict": None,
    }
    assert {score["data_until"] for score in found["scores"]} == {"2025-03-31"}
    assert [score["reasons"] for score in found["scores"]] == [[], []]


def test_text_bytes_and_what_they_hold_are_answered_alike(scorer, children):
    request = request_of(children[:4], bands=True)
    expected = scorer.score_request(request)
    text = json.dumps(request)
    assert scorer.score_request(text) == scorer.score_request(text.encode()) == expected
    assert json.loads(json.dumps(expected, allow_nan=False)) == expected


def test_answers_are_those_that_the_schema_describes(scorer, children):
    for options in ({}, {"rank": True, "bands": True, "top_reasons": MOST_REASONS}, {"top_reasons": 0}):
        request = request_of(children, **options)
        REQUESTS.validate(request)
        found = scorer.score_request(request)
        ANSWERS.validate(found)
        assert set(found) == set(RESPONSE)
        for score in found["scores"]:
            assert {*score, "rank"} == set(RESPONSE["scores"][0])
            for reason in score["reasons"]:
                assert set(reason) == set(RESPONSE["scores"][0]["reasons"][0])


def test_the_example_is_answered(scorer):
    found = scorer.score_request(REQUEST)
    ANSWERS.validate(found)
    assert [score["not_eligible_because"] for score in found["scores"]] == [
        score["not_eligible_because"] for score in RESPONSE["scores"]
    ]


def altered(scorer, monkeypatch, **said):
    """A scorer whose manifest says something else."""
    monkeypatch.setattr(type(scorer), "_said", {**scorer.manifest, **said})
    return scorer


def test_a_model_that_is_not_to_be_used_answers_only_with_a_reason_that_is_kept(path, children, monkeypatch):
    old = altered(load_model(path), monkeypatch, expires=EVE)
    with pytest.raises(UnfitModelError, match=f"last day of use, {EVE},"):
        old.score_request(request_of(children[:2]))
    with pytest.raises(UnfitModelError, match="expired"):
        old.score_child(children[1], DAY)
    found = old.score_request(request_of(children[:2], override=" The new one arrives in May. "))
    assert (found["override"], found["expires"]) == ("The new one arrives in May.", EVE)
    ANSWERS.validate(found)
    assert old.score_child(children[1], DAY, override="May").to_dict()["override"] == "May"
    assert set(old.score(records_with(), DAY, override="May")["override"]) == {"May"}
    before = str(np.datetime64(DAY) - 1)
    assert old.score_request({**request_of(children[:2], override="May"), "index_date": before})["override"] is None


def test_the_verdict_of_the_model_is_told_and_heeded(path, children, monkeypatch):
    bad = altered(load_model(path), monkeypatch, evaluation={"verdict": {"conclusion": "do not use"}})
    with pytest.raises(UnfitModelError, match="'do not use'"):
        bad.score_request(request_of(children[:2]))
    with pytest.raises(UnfitModelError, match="'do not use'"):
        bad.score(records_with(), DAY)
    assert bad.score_request(request_of(children[:2], override="A pilot."))["verdict"] == "do not use"


def test_a_child_whom_the_model_is_not_for_is_scored_only_where_that_is_asked_for(scorer, children):
    with pytest.raises(NotEligibleError, match="not for this child"):
        scorer.score_child(children[0], DAY)
    found = scorer.score_child(children[0], DAY, eligible_only=False)
    assert 0 < found.risk < 1
    assert found.not_eligible_because
    assert scorer.score_child(children[1], DAY).not_eligible_because == ()


def test_the_example_of_the_page_is_answered_and_its_limits_are_those_of_the_code(scorer):
    text = (Path(__file__).parents[2] / "docs" / "reference" / "score_contract.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    names = {"scorer": scorer}
    exec(code, names)
    REQUESTS.validate(names["request"])
    ANSWERS.validate(names["answer"])
    assert [score["rank"] for score in names["answer"]["scores"]] == [1]
    for limit in (f"up to {MOST_CHILDREN:,} children with {MOST_ROWS:,} rows", f"0 to {MOST_REASONS};",
                  f"at most {LONGEST_OVERRIDE} characters"):  # fmt: skip
        assert limit in text
    for name in (*request_schema()["properties"], *response_schema()["required"]):
        assert f"`{name}`" in text


# ------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON: see line 1, column 1"),
        ('{"SECRET": ', "no JSON"),
        (b"\xff\xfe", "UTF-8"),
        ('{"index_date": NaN}', "NaN or Infinity"),
        ('{"index_date": -Infinity}', "NaN or Infinity"),
        ('{"index_date": 1, "index_date": 2}', "a name twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"index_date": ' + "9" * 5000 + "}", "too many digits"),
        ('{"index_date": 1e999}', "too large"),
        ('{"SECRET": ' * 33 + "1" + "}" * 33, "nested too deeply"),
        (r'{"SECRET \ud800": 1}', "half of a character"),
        ("[]", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ([], "must be a JSON object"),
        (None, "must be a JSON object"),
    ],
)
def test_what_is_no_request_is_refused(text, said):
    (problem,) = problems_of(text)
    assert said in problem
    assert "SECRET" not in problem


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"schema_version": "2.0"}, "schema_version must be '1.0'"),
        ({"schema_version": 1.0}, "schema_version must be '1.0'"),
        ({"index_date": "31/03/2025"}, "index_date must be an ISO date"),
        ({"index_date": "2025-02-30"}, "index_date must be an ISO date"),
        ({"index_date": "1900-01-01"}, "index_date must be an ISO date"),
        ({"index_date": "2100-01-01"}, "after 1900-01-01 and before 2100"),
        ({"index_date": 20250331}, "index_date must be an ISO date"),
        ({"index_date": None}, "index_date must be an ISO date"),
        ({"children": []}, "1 to 1,000 children"),
        ({"children": {}}, "1 to 1,000 children"),
        ({"children": [None] * 1001}, "1 to 1,000 children"),
        ({"top_reasons": -1}, "top_reasons must be"),
        ({"top_reasons": True}, "top_reasons must be"),
        ({"top_reasons": MOST_REASONS + 1}, "top_reasons must be"),
        ({"top_reasons": 1.5}, "top_reasons must be"),
        ({"top_reasons": None}, "top_reasons must be"),
        ({"bands": 1}, "bands must be"),
        ({"rank": "yes"}, "rank must be"),
        ({"accept_lag": None}, "accept_lag must be"),
        ({"override": ""}, "override must be"),
        ({"override": "x" * 201}, "override must be"),
        ({"SECRET": 1}, "1 of the names at the top"),
    ],
)
def test_another_form_is_refused_here_and_by_the_schema(options, said, children):
    request = request_of(children[:1]) | options
    problems = problems_of(request)
    assert len(problems) == 1
    assert said in problems[0]
    assert "SECRET" not in problems[0]
    assert not REQUESTS.is_valid(request)


@pytest.mark.parametrize(
    "options",
    [
        {"override": None},
        {"override": " A pilot. "},
        {"top_reasons": 0},
        {"top_reasons": MOST_REASONS},
        {"bands": True, "rank": True, "accept_lag": True},
        {"index_date": "1900-01-02"},
        {"index_date": "2099-12-31"},
        {"index_date": "2024-02-29"},
    ],
)
def test_other_options_are_taken_here_and_by_the_schema(options, children):
    request = request_of(children[:1]) | options
    REQUESTS.validate(request)
    assert len(read_request(request).children) == 1


def test_whole_numbers_may_be_written_with_a_point(scorer, children):
    request = request_of(children[:2], top_reasons=2.0)
    request["children"] = [{**child, "reporting_lag": {"contacts": 0.0}} for child in children[:2]]
    REQUESTS.validate(request)
    assert scorer.score_request(request) == scorer.score_request(request_of(children[:2], top_reasons=2))


def test_every_problem_is_told_at_once_by_position_and_without_a_value(children):
    broken = json.loads(json.dumps(children[:5]))
    broken[1]["tables"]["contacts"] = [{"row_key": "SECRET", "child_id": "SECRET", "date": "SECRET"}]
    broken[2]["tables"]["SECRET"] = []
    broken[3] = "SECRET"
    broken[4] = broken[0]
    problems = problems_of(request_of(broken, index_date="SECRET", bands="SECRET", SECRET=1))
    told = "\n".join(problems)
    for said in ("names at the top", "index_date", "bands", "children[1]: contacts", "children[2]: 1 of the tables"):
        assert said in told
    assert "children[3]: The records must be a mapping" in told
    assert "children[4]: the same child as children[0]" in told
    assert "SECRET" not in told
    assert "KIND" not in told


def test_records_that_the_model_cannot_be_used_with_are_told_by_position(scorer, children):
    late, lagged = json.loads(json.dumps(children[1:3]))
    late["observed_until"] = "2022-12-30"
    lagged["reporting_lag"] = {"contacts": 14}
    with pytest.raises(RequestError) as caught:
        scorer.score_request(request_of([children[0], late, lagged]))
    assert len(caught.value.problems) == 2
    assert caught.value.problems[0].startswith("children[1]: index_date lies more than one day after")
    assert "children[2]: The records declare another reporting lag" in caught.value.problems[1]
    assert "KIND" not in str(caught.value)
    found = scorer.score_request(request_of([children[0], lagged], accept_lag=True))
    assert len(found["scores"]) == 2


def test_too_many_rows_are_refused_before_they_are_read(children, monkeypatch):
    monkeypatch.setattr("edgeofcare.scoring.request_form.MOST_ROWS", 10)
    monkeypatch.setattr(ChildRecords, "from_plain", lambda _: pytest.fail("read"))
    (problem,) = problems_of(request_of(children))
    assert "10 are the most" in problem


def test_too_long_a_text_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr("edgeofcare.scoring.request_form.LONGEST_TEXT", 2**20)
    assert "longer than 1 MB" in problems_of("[" * (2**20 + 1))[0]


def test_a_key_that_utf_8_cannot_write_is_refused(children):
    child = json.loads(json.dumps(children[1]))
    child["tables"]["contacts"] = [{"row_key": "\ud800", "child_id": child["child_id"], "date": "2022-01-01"}]
    assert problems_of(request_of([child])) == (
        "children[0]: a key holds half of a character, which UTF-8 cannot write.",
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.sampled_from(["1.0", DAY]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["children", "tables", "child_id", "observed_until", "index_date", "own_tables", "x"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=150)
@given(ANYTHING, st.sampled_from(["whole", "child", "tables", "referrals", "row", "declared"]), st.data())
def test_whatever_is_sent_is_answered_or_refused_with_its_problems(anything, where, data):
    request = json.loads(json.dumps(REQUEST))
    child = request["children"][0]
    if where == "whole":
        request = anything
    elif where == "child":
        request["children"][0] = anything
    elif where == "tables":
        child["tables"] = anything
    elif where == "referrals":
        child["tables"]["referrals"] = anything
    elif where == "row":
        child["tables"]["missing_episodes"][0]["row_key"] = anything
    else:
        names = ["observed_from", "reporting_lag", "links", "absent_columns", "own_tables", "observed_until"]
        child[data.draw(st.sampled_from(names))] = anything
    try:
        found, problems = read_request(request), ()
    except RequestError as error:
        found, problems = None, error.problems
    assert problems if found is None else len(found.children) == 2


# ------------------------------------------------------------------------------------------------------ many at once


def test_eight_threads_that_begin_at_once_get_the_answers_of_one(path, children):
    request = json.dumps(request_of(children, bands=True, rank=True))
    expected = load_model(path).score_request(request)
    shared, barrier = load_model(path), threading.Barrier(8, timeout=60)

    def ask(number):
        barrier.wait()
        found = [shared.score_request(request) for _ in range(2)]
        alone = shared.score_child(children[1], DAY)
        return found, alone

    with ThreadPoolExecutor(8) as executor:
        answers = list(executor.map(ask, range(8)))
    assert all(found == [expected, expected] for found, _ in answers)
    assert {alone.risk for _, alone in answers} == {expected["scores"][1]["risk"]}


# -------------------------------------------------------------------------------------------------------- numpy alone

CODE = (
    "import json, sys, pathlib, edgeofcare as eoc\n"
    "scorer = eoc.load_model(sys.argv[1])\n"
    "found = scorer.score_request(pathlib.Path(sys.argv[2]).read_bytes())\n"
    "print(json.dumps({'found': found, 'modules': sorted(sys.modules)}))"
)


def answered(python, path, request, folder, **options):
    """The answer of a new process."""
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    command = [str(python), "-c", CODE, str(path), str(folder / "request.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_request_is_answered_with_numpy_alone(path, scorer, children, tmp_path):
    request = request_of(children[:4], bands=True, rank=True)
    told = answered(sys.executable, path, request, tmp_path)
    assert [name for name in told["modules"] if name.startswith(HEAVY)] == []
    assert told["found"] == scorer.score_request(request)


def test_a_request_is_answered_where_only_numpy_is_installed(path, scorer, children, tmp_path):
    builder = venv.EnvBuilder(with_pip=False)
    context = builder.ensure_directories(tmp_path / "bare")
    builder.create(tmp_path / "bare")
    site = next(Path(context.env_dir).rglob("site-packages"))
    source = Path(np.__file__).parents[1]
    try:
        for name in ("numpy", "numpy.libs"):
            if (source / name).exists():
                (site / name).symlink_to(source / name, target_is_directory=True)
        (site / "edgeofcare").symlink_to(Path(edgeofcare.__file__).parent, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    request = request_of(children[:4])
    told = answered(context.env_exe, path, request, tmp_path, env={"PYTHONPATH": "", "SYSTEMROOT": "C:\\Windows"})
    assert told["found"] == scorer.score_request(request)
    missing = "import importlib.util as u; print([n for n in ('pandas', 'sklearn', 'scipy') if u.find_spec(n)])"
    done = subprocess.run([context.env_exe, "-c", missing], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": ""})  # fmt: skip
    assert done.stdout.strip() == "[]"
