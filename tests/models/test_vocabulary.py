"""Codes and their numbers: the same whatever order or form they come in, counted where a model does not know them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.exceptions import SpecError
from edgeofcare.models.cell_values import same_values
from edgeofcare.models.vocabulary import (
    LEAST_CHILDREN,
    check_codes,
    code_places,
    in_numbers,
    learn_vocabularies,
    renumbered,
    unseen_codes,
    unseen_names,
)

KNOWN = {"source": ("1A", "6", "9")}


def frame(codes, **more):
    return pd.DataFrame({"source": codes, "age": 12.0, **more})


@given(
    st.lists(st.sampled_from(["1A", "6", "9", "2B", None]), min_size=1), st.permutations(["1A", "6", "9", "2B", "7"])
)
def test_order_and_form_of_the_categories_make_no_difference(codes, order):
    expected = [{"1A": 0.0, "6": 1.0, "9": 2.0}.get(code, np.nan) for code in codes]
    forms = [
        pd.Categorical(codes, categories=order),
        pd.Categorical(codes, categories=order, ordered=True),
        pd.Series(codes, dtype=object),
        pd.Series(codes, dtype="string"),
    ]
    for form in forms:
        X = frame(form)
        before = X.copy()
        np.testing.assert_array_equal(in_numbers(X, KNOWN)["source"].to_numpy(), expected)
        assert unseen_codes(X, KNOWN)["source"].tolist() == [code == "2B" for code in codes]
        assert unseen_names(X, KNOWN) == [("source",) if code == "2B" else () for code in codes]
        pd.testing.assert_frame_equal(X, before)


def test_a_code_is_known_from_ten_children_on_however_many_rows_they_have():
    child = np.repeat(np.arange(2 * LEAST_CHILDREN - 1), 3)
    codes = np.where(child < LEAST_CHILDREN, "b", "a")
    X = frame(pd.Categorical(codes, categories=["c", "b", "a"]))
    assert learn_vocabularies(X, child) == {"source": ("b",)}
    assert learn_vocabularies(X) == {"source": ("a", "b")}  # every row another child
    assert learn_vocabularies(X.iloc[:5]) == {"source": ()}
    assert learn_vocabularies(X.to_numpy(dtype=object)) == {}


def test_codes_move_over_children_and_not_over_names():
    child = np.arange(20) % 9
    assert learn_vocabularies(frame(pd.Categorical(["a"] * 20)), child) == {"source": ()}


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (frame([0.0, np.nan]), "1 column of categories holds numbers: source"),
        (frame([0, 1]), "1 column of categories holds numbers: source"),
        (frame(["6", "9"], sex=pd.Categorical(["F", "M"])), "1 column holds categories, but numbers in training: sex"),
        (frame(pd.Categorical([6, 9])), "categories of source are not all text"),
        (frame(pd.Series(["6", 9], dtype=object)), "categories of source are not all text"),
        (np.zeros((2, 2)), "X is a ndarray; the model has columns of categories"),
    ],
)
def test_other_kinds_of_values_are_refused(X, words):
    with pytest.raises(SpecError, match=words):
        in_numbers(X, KNOWN)
    with pytest.raises(SpecError, match=words):
        unseen_codes(X, KNOWN)


def test_messages_hold_no_code():
    with pytest.raises(SpecError) as caught:
        code_places("source", pd.Series(["SECRET", 9], dtype=object), ["6"])
    assert "SECRET" not in str(caught.value)


def test_what_is_missing_throughout_is_of_either_kind():
    X = frame([np.nan, np.nan])
    check_codes(X, KNOWN)
    assert in_numbers(X, KNOWN)["source"].isna().all()
    assert not unseen_codes(X, KNOWN)["source"].any()


def test_places_in_the_whole_list_lead_to_the_same_numbers_as_codes():
    whole = ("0", "1A", "6", "8", "9")
    X = frame(pd.Categorical(["9", None, "8", "1A", "0"], categories=whole))
    places = np.column_stack([X["source"].cat.codes.where(X["source"].notna()), X["age"]])
    table = renumbered(places, ["source", "age"], {"source": whole}, KNOWN)
    np.testing.assert_array_equal(table, in_numbers(X, KNOWN).to_numpy())
    np.testing.assert_array_equal(renumbered(places, ["source", "age"], {}, {}), places)


def test_without_categories_rows_are_passed_on_as_they_are():
    X = pd.DataFrame({"age": [1.0]})
    assert in_numbers(X, {}) is X
    assert unseen_codes(X, {}) == {}


def test_values_are_compared_as_what_they_are():
    one = pd.Series(["6", "9", None, "6"], dtype=pd.CategoricalDtype(["9", "6"]))
    other = pd.Series(["6", "1A", None, None], dtype=pd.CategoricalDtype(["1A", "6"]))
    assert same_values(one, other).tolist() == [True, False, True, False]
    numbers = pd.Series([1.0, 2.0, np.nan])
    assert same_values(numbers, numbers * (1 + 1e-10), 1e-9).tolist() == [True, True, True]
    assert same_values(numbers, numbers.replace(2.0, 2.000001), 1e-9).tolist() == [True, False, True]
    assert same_values(["6", 1.0], [6.0, 1]).tolist() == [False, True]
