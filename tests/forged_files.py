"""Model files changed by somebody who makes every digest right again, and random damage; used by tests and on its own.

``python tests/forged_files.py FILE COUNT SEED`` damages a file COUNT times and prints what came of it as JSON. It is
run in a process of its own, with limits, so that a crash of the interpreter would be seen.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

from edgeofcare import golden_rows
from edgeofcare.exceptions import ModelFileError
from edgeofcare.model_archive import array_members, open_archive, pack, read_arrays
from edgeofcare.model_reading import make_scorer
from edgeofcare.models.arrays import array_names, from_mapping
from edgeofcare.saved_model import SavedModel
from edgeofcare.task import Task

__all__ = ["damage", "members_of", "parts_of", "repacked", "sealed", "tally", "zipped"]

KINDS = ("bytes", "members", "manifest", "entries", "informed")


def members_of(data):
    """All members by name, as they stand in the file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def parts_of(data):
    """The manifest without its hashes, and the arrays, which can be changed."""
    archive = open_archive(data)
    manifest = dict(archive.manifest)
    found = read_arrays(archive, array_members(archive))
    del manifest["members"]
    return manifest, {name: array.copy() for name, array in found.items()}


def repacked(manifest, arrays):
    """A file of these, every digest right."""
    return pack(manifest, arrays)


def sealed(manifest, arrays):
    """The same, and the digest of the golden rows' model made right as well: by somebody who knows the layout."""
    names = array_names(manifest["kind"], arrays)
    model = SavedModel(
        from_mapping(manifest["kind"], {name: arrays[name] for name in names}),
        feature_names=[feature["name"] for feature in manifest["features"]],
        task=Task(),
        slope=float(manifest["calibration"]["slope"]),
        intercept=float(manifest["calibration"]["intercept"]),
        vocabularies=manifest["vocabularies"],
    )
    golden = manifest["golden"] | {"model": golden_rows._digest(model)}
    return pack({**manifest, "golden": golden}, arrays)


def zipped(members, compression=zipfile.ZIP_STORED):
    """A zip of members, framed as save_model does, with whatever digest and hashes they hold."""
    first = ("manifest.json", "digest.txt")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in sorted(members.items(), key=lambda pair: (*(pair[0] != other for other in first), pair[0])):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system, entry.external_attr = compression, 3, 0o100644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def flipped(data, rng):
    """Bytes with a few changed, cut out or put in."""
    data = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(len(data)))
        what = rng.integers(8)
        if what == 0:
            del data[at : at + int(rng.integers(1, 50))]
        elif what == 1:
            data[at:at] = rng.bytes(int(rng.integers(1, 50)))
        else:
            data[at] ^= int(rng.integers(1, 256))
        if not data:
            break
    return bytes(data)


def _of_bytes(data, rng):
    """The bytes of the file damaged."""
    return flipped(data, rng) if rng.random() < 0.9 else data[: int(rng.integers(len(data)))]


def _of_members(data, rng):
    """The bytes of an array member damaged, its hash and the digest made right."""
    members = members_of(data)
    name = str(rng.choice([name for name in members if name.startswith("arrays/")]))
    members[name] = flipped(members[name], rng)
    manifest = json.loads(members["manifest.json"])
    manifest["members"][name] = hashlib.sha256(members[name]).hexdigest()
    text = f"{json.dumps(manifest, sort_keys=True, indent=1)}\n".encode()
    return zipped(members | {"manifest.json": text, "digest.txt": f"{hashlib.sha256(text).hexdigest()}\n".encode()})


def _of_manifest(data, rng):
    """The bytes of the manifest damaged, the digest made right."""
    members = members_of(data)
    text = flipped(members["manifest.json"], rng)
    return zipped(members | {"manifest.json": text, "digest.txt": f"{hashlib.sha256(text).hexdigest()}\n".encode()})


def _changed_entries(data, rng):
    """Manifest and arrays with a few entries of one array changed."""
    manifest, arrays = parts_of(data)
    name = str(rng.choice(sorted(arrays)))
    array = arrays[name].reshape(-1)
    for at in rng.integers(len(array), size=int(rng.integers(1, 4))):
        array[at] = _other(array[at], rng)
    return manifest, arrays


def _other(value, rng):
    """Another value of the same kind: a flipped bit, a special number or one like it."""
    if value.dtype.kind == "b":
        return not value
    if value.dtype.kind == "i":
        return rng.choice([-2, -1, 0, 1, int(value) + 1, int(value) ^ (1 << int(rng.integers(31))), 2**31 - 1])
    if rng.random() < 0.5:
        bits = np.array(value).view(np.uint64) ^ np.uint64(1 << int(rng.integers(64)))
        return bits.view(np.float64)
    plain = float(value)
    return rng.choice([np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 0.0, -plain, plain * 1.5, plain + 1])


def damage(data, kind, rng):
    """A damaged file."""
    if kind in ("entries", "informed"):
        manifest, arrays = _changed_entries(data, rng)
        return repacked(manifest, arrays) if kind == "entries" else sealed(manifest, arrays)
    return {"bytes": _of_bytes, "members": _of_members, "manifest": _of_manifest}[kind](data, rng)


def answers(scorer, table):
    """Risks and contributions of rows."""
    with np.errstate(all="ignore"):
        psi, base = scorer.contributions(table)
        return np.concatenate([scorer.risk(table), psi.ravel(), [base]])


def tally(data, count, seed, kinds=KINDS):
    """Damage a file so many times; count what came of it, by kind."""
    rng = np.random.default_rng(seed)
    whole = make_scorer(open_archive(data))
    values = parts_of(data)[1]["golden.values"].reshape(golden_rows.GOLDEN_ROWS, -1)
    rows = np.stack([rng.permutation(column) for column in values.T], axis=1) + rng.normal(scale=0.3, size=values.shape)
    table = np.concatenate([values, rows, np.round(rows)])
    expected = answers(whole, table)
    found = Counter()
    for number in range(count):
        kind = kinds[number % len(kinds)]
        try:
            bad = damage(data, kind, rng)
        except (ModelFileError, ValueError):  # no forger could make it into a file at all
            found[f"{kind}: could not be made"] += 1
            continue
        try:
            same = np.abs(answers(make_scorer(open_archive(bad)), table) - expected).max() <= 1e-9
            found[f"{kind}: {'unchanged' if same else 'changed'}"] += 1
        except ModelFileError:
            found[f"{kind}: refused"] += 1
    return dict(found)


def main():
    """Damage a file from the command line, within limits of memory."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    path, count, seed = sys.argv[1:4]
    sys.stdout.write(json.dumps(tally(Path(path).read_bytes(), int(count), int(seed))) + "\n")


if __name__ == "__main__":
    main()
