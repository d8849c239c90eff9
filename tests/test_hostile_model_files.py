"""Model files made to harm: each is refused in clear words that say what to do, and nothing in it ever runs."""

from __future__ import annotations

import hashlib
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgeofcare.exceptions import ModelFileError
from edgeofcare.model_file import load_model, save_model
from edgeofcare.signing import make_signing_key, sign_model
from forged_files import members_of, parts_of, repacked, sealed, zipped
from saved_models import FEATURES, KINDS, TASK, trained

FRESH = "Take a fresh copy from the people who made it"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The bytes of a saved model of each kind."""
    folder = tmp_path_factory.mktemp("saved")
    for kind in KINDS:
        made = trained(kind)
        save_model(folder / kind, made.model, features=FEATURES, task=TASK, records=made.records)
    return {kind: (folder / kind).read_bytes() for kind in KINDS}


@pytest.fixture
def data(files):
    return files["boosting"]


def refused(tmp_path, data, why, advice=FRESH, **options):
    """Check that a file is refused, why, and that it is said what to do."""
    path = tmp_path / "bad.eoc"
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=why) as caught:
        load_model(path, **options)
    assert advice.lower() in str(caught.value).lower()
    assert str(tmp_path) not in str(caught.value)


def changed(data, name, at, value, *, seal=True):
    """A file with one entry of an array changed; every digest right, that of the golden rows too if it is sealed."""
    manifest, arrays = parts_of(data)
    arrays[name].reshape(-1)[at] = value
    return (sealed if seal else repacked)(manifest, arrays)


class Harm:
    """What a pickle can do."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.write_text, (Path(self.path), "it ran")


# --------------------------------------------------------------------------------------------------- the twelve


def test_1_a_pickle_inside(data, tmp_path):
    harm = pickle.dumps(Harm(tmp_path / "ran"))
    manifest = json.loads(members_of(data)["manifest.json"])
    manifest["members"]["arrays/value.npy"] = hashlib.sha256(harm).hexdigest()
    text = json.dumps(manifest).encode()
    digest = f"{hashlib.sha256(text).hexdigest()}\n".encode()
    forged = zipped(members_of(data) | {"manifest.json": text, "digest.txt": digest, "arrays/value.npy": harm})
    refused(tmp_path, forged, "arrays/value.npy carries a pickle")
    refused(tmp_path, harm, "It is a pickle")
    assert not (tmp_path / "ran").exists()


def test_2_a_wrong_digest(data, tmp_path):
    members = members_of(data)
    refused(tmp_path, zipped(members | {"digest.txt": b"0" * 64 + b"\n"}), "digest of manifest.json is wrong")
    value = bytearray(members["arrays/value.npy"])
    value[-1] ^= 1
    refused(tmp_path, zipped(members | {"arrays/value.npy": bytes(value)}), "hash of arrays/value.npy is wrong")


@pytest.mark.parametrize("name", ["arrays/cover.npy", "arrays/golden.values.npy", "arrays/golden.risk.npy"])
def test_3_a_missing_member(name, data, tmp_path):
    refused(tmp_path, zipped({other: held for other, held in members_of(data).items() if other != name}), name)


@pytest.mark.parametrize("name", ["../escaped.npy", "/escaped.npy", "arrays/../../escaped.npy", "C:\\escaped.npy"])
def test_4_a_path_that_leads_elsewhere(name, data, tmp_path):
    refused(tmp_path, zipped(members_of(data) | {name: b"x"}), r"1 member\(s\) that a model file of this kind")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.eoc"]


def test_5_a_zip_bomb(tmp_path):
    bomb = zipped({"manifest.json": bytes(250_000_000)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1_000_000
    refused(tmp_path, bomb, "larger than 200,000,000 bytes")
    small = zipped({"manifest.json": bytes(1_000_000)}, zipfile.ZIP_DEFLATED)
    refused(tmp_path, small, "members are compressed")


def test_6_a_leaf_that_is_no_number(data, tmp_path):
    leaf = int(np.flatnonzero(parts_of(data)[1]["feature"] < 0)[0])
    for value in (np.nan, np.inf):
        refused(tmp_path, changed(data, "value", leaf, value), "value.*not finite", "take a fresh copy")


def test_7_a_cycle_in_a_tree(data, tmp_path):
    arrays = parts_of(data)[1]
    inner = int(np.flatnonzero(arrays["feature"][1 : arrays["tree_start"][1]] >= 0)[0]) + 1
    for name in ("left", "right"):
        refused(tmp_path, changed(data, name, inner, 0), "not reached exactly once")
        refused(tmp_path, changed(data, name, inner, inner), "not reached exactly once")


@pytest.mark.parametrize("child", [10**6, -5, 2**31 - 1])
def test_8_a_child_out_of_bounds(child, data, tmp_path):
    refused(tmp_path, changed(data, "left", 0, child), "left.*outside the split's own tree")


def test_9_a_wrong_signature(data, tmp_path):
    keys = [make_signing_key(tmp_path / name) for name in ("ours", "theirs")]
    (tmp_path / "bad.eoc").write_bytes(data)
    sign_model(tmp_path / "bad.eoc", keys[1][0])
    advice = "Take the file and its signature again"
    refused(tmp_path, data, "not by this key", advice, public_key=keys[0][1])
    sign_model(tmp_path / "bad.eoc", keys[0][0])
    refused(tmp_path, data[:-1] + bytes([data[-1] ^ 1]), "altered", advice, public_key=keys[0][1])


def test_10_a_future_version(data, tmp_path):
    manifest, arrays = parts_of(data)
    refused(tmp_path, repacked(manifest | {"schema_version": 5}, arrays), "newer version", "Upgrade edgeofcare")


@pytest.mark.parametrize("kind", KINDS)
def test_11_a_swapped_calibrator(kind, files, tmp_path):
    manifest, arrays = parts_of(files[kind])
    for change in ({"slope": manifest["calibration"]["slope"] * 1.01}, {"intercept": 0.0}):
        other = manifest | {"calibration": manifest["calibration"] | change}
        refused(tmp_path, repacked(other, arrays), "golden rows are those of another model")
        # Even by somebody who makes the digest of the model right as well.
        refused(tmp_path, sealed(other, arrays), "golden rows it gives other scores")


def test_12_a_truncated_file(data, tmp_path):
    for length in (0, 4, 100, len(data) // 2, len(data) - 1):
        refused(tmp_path, data[:length], "not a whole zip")


# ------------------------------------------------------------------------------------ by somebody who knows more


def test_small_changes_of_leaves_and_thresholds_are_found_by_the_golden_rows(data, tmp_path):
    """Every leaf has a part in the contributions of every row, whether the row reaches it or not."""
    arrays = parts_of(data)[1]
    leaves, splits = np.flatnonzero(arrays["feature"] < 0), np.flatnonzero(arrays["feature"] >= 0)
    rng = np.random.default_rng(0)
    for at in rng.choice(leaves, 25, replace=False):
        refused(tmp_path, changed(data, "value", at, arrays["value"][at] + 1e-5), "golden rows it gives other")
    for at in rng.choice(splits, 25, replace=False):
        refused(tmp_path, changed(data, "threshold", at, arrays["threshold"][at] + 500), "golden rows it gives other")
        refused(tmp_path, changed(data, "missing_left", at, ~arrays["missing_left"][at]), "golden rows it gives other")


def test_features_in_another_order_are_found(data, tmp_path):
    manifest, arrays = parts_of(data)
    turned = manifest | {"features": manifest["features"][::-1]}
    refused(tmp_path, repacked(turned, arrays), "golden rows are those of another model")


@pytest.mark.parametrize("kind", KINDS)
def test_golden_rows_that_are_not_whole_are_refused(kind, files, tmp_path):
    manifest, arrays = parts_of(files[kind])
    for name in (name for name in arrays if name.startswith("golden.")):
        for bad in (
            arrays[name].reshape(-1)[:-1],
            np.full_like(arrays[name], np.inf),
            np.nan_to_num(arrays[name]).astype(np.int32),
        ):
            refused(tmp_path, repacked(manifest, arrays | {name: bad}), f"golden rows cannot be used: '{name}'")
    for entry in ({"rows": 0}, {"rows": 50.0}, {"model": "0"}, {"model": "é" * 64}, {"model": 5}, {"more": 1}):
        wrong = manifest | {"golden": manifest["golden"] | entry}
        refused(tmp_path, repacked(wrong, arrays), "no usable 'golden'")
    refused(tmp_path, repacked({k: v for k, v in manifest.items() if k != "golden"}, arrays), "no usable 'golden'")


def test_an_older_layout_cannot_hold_what_came_later(data, tmp_path):
    """So that nobody gets rid of the golden rows by naming an older layout and leaving only some of it out."""
    manifest, arrays = parts_of(data)
    older = {name: array for name, array in arrays.items() if not name.startswith("golden.")}
    refused(tmp_path, repacked(manifest | {"schema_version": 3}, older), "a file of its layout cannot have")


def test_trees_too_deep_to_be_replayed_are_refused_quickly(data, tmp_path):
    depth = 3_000
    split, leaf = np.arange(depth) * 2, np.arange(depth) * 2 + 1
    nodes = 2 * depth + 1
    made = {name: np.full(nodes, -1, dtype=np.int32) for name in ("feature", "left", "right")}
    made["feature"][split], made["left"][split], made["right"][split] = 0, leaf, split + 2
    cover = np.empty(nodes)
    cover[split], cover[leaf], cover[-1] = depth + 1.0 - np.arange(depth), 1.0, 1.0
    zero = np.zeros(nodes)
    made |= {"tree_start": np.int32([0, nodes]), "threshold": zero, "value": zero, "cover": cover}
    manifest, arrays = parts_of(data)
    forged = repacked(manifest, arrays | made | {"missing_left": np.zeros(nodes, dtype=np.bool_)})
    refused(tmp_path, forged, "more than 1,000 levels")


# ------------------------------------------------------------------------------------------------ random damage


def damaged(tmp_path, data, count, seed):
    """Damage a file in a process of its own, with limits of memory and time; what came of it."""
    (tmp_path / "whole.eoc").write_bytes(data)
    script = Path(__file__).with_name("forged_files.py")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), str(tmp_path / "whole.eoc"), str(count), str(seed)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 + count,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert sum(found.values()) == count
    assert sum(number for name, number in found.items() if name.endswith("refused")) > 0.8 * count
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="limits of memory")
@pytest.mark.parametrize("kind", KINDS)
def test_random_damage_is_refused_or_changes_no_score(kind, files, tmp_path):
    found = damaged(tmp_path, files[kind], 150, seed=3)
    assert not [name for name in found if name.endswith(": changed")]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of memory")
@pytest.mark.parametrize("kind", KINDS)
def test_5000_damages_are_refused_or_change_no_score(kind, files, tmp_path):
    found = damaged(tmp_path, files[kind], 5_000, seed=4)
    assert not [name for name in found if name.endswith(": changed")]
