"""Compiled contributions: the same to the last bit as with numpy, whatever the rows stand beside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgeofcare.explanation._compiled as compiled_code
from edgeofcare.exceptions import SpecError
from edgeofcare.explanation import batch, kernel
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.paths import path_form
from edgeofcare.models.arrays import TreeArrays
from growing import grow_mixed, mixed_table


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 30),
    st.integers(0, 14),
    st.booleans(),
    st.sampled_from([3, 40, 1024]),
)
def test_compiled_contributions_are_those_of_numpy_to_the_bit(
    seed: int, features: int, depth: int, grouped: bool, leaves: int
) -> None:
    rng = np.random.default_rng(seed)
    arrays = grow_mixed(rng, features=features, trees=3, depth=depth, categories=(0, 2, 3))
    X = mixed_table(rng, 40, features)
    X[0], X[1] = -np.inf, np.inf
    form = path_form(arrays, groups=rng.integers(0, 4, features) if grouped else None)
    phi, base = contributions(form, X, compiled=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "_LEAVES", leaves)
        again, base_again = contributions(form, X, compiled=True)
    np.testing.assert_array_equal(again, phi)
    assert base_again == base


@pytest.fixture(scope="module")
def trees() -> TreeArrays:
    """Bushy trees with paths of one, two and three parts."""
    return grow_mixed(np.random.default_rng(5), features=40, trees=6, depth=17, categories=(1, 4))


def test_paths_of_every_number_of_parts_are_there(trees: TreeArrays) -> None:
    assert {len(group.parts) for group in path_form(trees).groups} == {1, 2, 3}


def test_neighbours_layout_and_place_change_nothing(trees: TreeArrays) -> None:
    X = mixed_table(np.random.default_rng(6), compiled_code._ROWS * 2 + 3, 40)
    whole, _ = contributions(trees, X, compiled=True)
    np.testing.assert_array_equal(contributions(trees, X[::-1], compiled=True)[0], whole[::-1])
    np.testing.assert_array_equal(contributions(trees, X[300:301], compiled=True)[0], whole[300:301])
    np.testing.assert_array_equal(contributions(trees, np.asfortranarray(X), compiled=True)[0], whole)
    X.setflags(write=False)
    np.testing.assert_array_equal(contributions(trees, X, compiled=True)[0], whole)
    np.testing.assert_array_equal(contributions(trees, X[250:260], compiled=False)[0], whole[250:260])


def test_no_rows_and_no_splits_are_no_trouble(trees: TreeArrays) -> None:
    assert contributions(trees, np.empty((0, 40)), compiled=True)[0].shape == (0, 40)
    stumps = grow_mixed(np.random.default_rng(0), features=2, trees=3, depth=0)
    phi, base = contributions(stumps, np.zeros((2, 2)), compiled=True)
    assert not phi.any()
    assert base == contributions(stumps, np.zeros((2, 2)))[1]


def test_compiled_code_is_for_many_rows_alone(trees: TreeArrays, monkeypatch: pytest.MonkeyPatch) -> None:
    form, calls = path_form(trees), []
    monkeypatch.setattr(kernel, "add_terms", lambda *given: calls.append(given))
    assert not batch.is_batch(form, 1)
    contributions(form, np.zeros((1, 40)))
    assert not calls
    monkeypatch.setattr(batch, "_MANY", len(form.player) * 2)
    contributions(form, np.zeros((2, 40)))
    assert len(calls) == 1
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    contributions(form, np.zeros((2, 40)))
    assert len(calls) == 1


def test_without_numba_compiled_code_is_refused_and_never_needed(
    trees: TreeArrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = mixed_table(np.random.default_rng(7), 4, 40)
    monkeypatch.setitem(sys.modules, "edgeofcare.explanation._compiled", None)
    with pytest.raises(SpecError, match="numba is not installed"):
        contributions(trees, X, compiled=True)
    assert contributions(trees, X)[0].shape == X.shape


def test_an_installation_that_cannot_be_written_compiles_for_itself(tmp_path: Path) -> None:
    """Nothing may be kept, neither beside the module nor in the user's own folder."""
    source = Path(compiled_code.__file__)
    shutil.copy(source, tmp_path / "alone.py")
    (tmp_path / "__pycache__").write_text("in the way", encoding="utf-8")
    (tmp_path / "home").write_text("in the way", encoding="utf-8")
    code = (
        "import numpy as np; import alone; met = np.zeros(3, np.uint8); "
        "alone._meet(np.array([1.0, 2.0, np.nan]), 1.0, 2.0, True, met); print(met.tolist())"
    )
    blocked = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
    env = {**os.environ, **blocked, "LOCALAPPDATA": str(tmp_path / "home")}
    env.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[0, 1, 1]"), done.stderr
