"""The container of a model file: a zip of JSON and plain arrays with a digest of everything.

The same content always gives the same bytes. Reading trusts nothing: sizes, names, hashes and array headers are
checked before a number is used, and no step can run code from the file.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.scoring.strict_json import StrictJSONError, read_json

__all__ = ["MAX_BYTES", "Archive", "array_members", "open_archive", "pack", "read_arrays", "refuse", "too_large"]

MAX_BYTES = 200_000_000
"""Largest sum of the members' sizes that is read, unless the caller says otherwise."""

_MANIFEST, _DIGEST = "manifest.json", "digest.txt"
_FOLDER, _SUFFIX = "arrays/", ".npy"
_ADVICE = "Nothing of it was used. Take a fresh copy from the people who made it."
_PICKLE = b"\x80"  # first byte of every binary pickle, and so of a joblib file
_NPY = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(rb"\{'descr': '(<f8|<i4|\|b1)', 'fortran_order': False, 'shape': \((?:([0-9]{1,12}),)?\), \} *\n")
_OBJECTS = re.compile(rb"'\|?O")
# What zipfile raises on bytes that are no zip, or a damaged one.
_ZIP_ERRORS = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


class Archive(NamedTuple):
    """The members of a model file, with a manifest whose digest was right.

    Parameters
    ----------
    manifest_json : bytes
        The manifest as it stands in the file.
    manifest : dict
        The manifest, parsed.
    members : dict of str to bytes
        Every other member but the digest; not yet checked against the manifest.
    """

    manifest_json: bytes
    manifest: dict[str, Any]
    members: dict[str, bytes]


def refuse(problem: str) -> NoReturn:
    """Raise the error that refuses a model file.

    Parameters
    ----------
    problem : str
        What is wrong, as a whole sentence that quotes nothing from the file.

    Raises
    ------
    ModelFileError
        Always.

    Examples
    --------
    >>> refuse("It is empty.")
    Traceback (most recent call last):
    ...
    edgeofcare.exceptions.ModelFileError: The model file cannot be used. It is empty. Nothing of it was used. ...
    """
    msg = f"The model file cannot be used. {problem} {_ADVICE}"
    raise ModelFileError(msg)


def too_large(max_bytes: int) -> str:
    """Say that the limit was passed.

    Parameters
    ----------
    max_bytes : int
        The limit.

    Returns
    -------
    str
        Sentences for :func:`refuse`.
    """
    return f"It is larger than {max_bytes:,} bytes. If it is meant to be, pass a larger max_bytes to load_model."


def pack(manifest: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]) -> bytes:
    """Put a manifest and arrays into the bytes of a model file.

    Parameters
    ----------
    manifest : mapping
        Plain text, numbers, lists and mappings; the hashes of the arrays are added under ``"members"``.
    arrays : mapping of str to ndarray
        Arrays of float64, int32 or bool with at most one dimension.

    Returns
    -------
    bytes
        The same for the same content, whatever the day or the machine's file system.

    Raises
    ------
    SpecError
        If the manifest holds something that is not plain, or a number that is not finite.

    Examples
    --------
    >>> archive = open_archive(pack({"kind": "none"}, {"weight": np.zeros(2)}))
    >>> read_arrays(archive, ["weight"])["weight"].tolist()
    [0.0, 0.0]
    """
    members = {_member(name): _npy_bytes(array) for name, array in sorted(arrays.items())}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    try:
        text = json.dumps({**manifest, "members": hashes}, sort_keys=True, indent=1, allow_nan=False)
    except (TypeError, ValueError):
        msg = "The manifest holds something other than text, finite numbers, lists and mappings; it cannot be saved."
        raise SpecError(msg) from None
    manifest_json = f"{text}\n".encode()
    digest = f"{hashlib.sha256(manifest_json).hexdigest()}\n".encode()
    return _zipped({_MANIFEST: manifest_json, _DIGEST: digest, **members})


def open_archive(data: bytes, *, max_bytes: int = MAX_BYTES) -> Archive:
    """Take the members out of the bytes of a model file and check the digest of the manifest.

    Parameters
    ----------
    data : bytes
        The content of the file.
    max_bytes : int
        Largest sum of the sizes of its members, which is looked at before any of them is read.

    Returns
    -------
    Archive
        With the manifest parsed, and members that :func:`read_arrays` has still to check.

    Raises
    ------
    ModelFileError
        If it is a pickle, not a zip, truncated, compressed, too large, the digest is wrong, or a byte of the zip
        itself is not as :func:`pack` writes it: nothing may stand before, between or after the members.
    """
    if data.startswith(_PICKLE):
        refuse(
            "It is a pickle (as joblib and pickle write them), which can run any code when it is loaded. "
            "A model file is what save_model writes."
        )
    members = _members(data, max_bytes)
    if members is None:
        refuse("It is not a whole zip file: it was cut short, altered or is something else.")
    canonical = _is_canonical(members, data)
    for name in (_MANIFEST, _DIGEST):
        if name not in members:
            refuse(f"It has no {name}, so it is not what save_model writes.")
    manifest_json, digest = members.pop(_MANIFEST), members.pop(_DIGEST)
    if digest != f"{hashlib.sha256(manifest_json).hexdigest()}\n".encode():
        refuse(f"The digest of {_MANIFEST} is wrong: the file is damaged or was altered.")
    if not canonical:
        refuse("It is damaged or altered: it holds bytes that save_model does not write.")
    manifest = _parsed(manifest_json)
    if manifest is None:
        refuse(f"{_MANIFEST} is not the JSON that save_model writes.")
    return Archive(manifest_json, manifest, members)


def read_arrays(archive: Archive, names: Iterable[str]) -> dict[str, npt.NDArray[Any]]:
    """Check the members of a model file against its manifest and turn them into arrays.

    Parameters
    ----------
    archive : Archive
        From :func:`open_archive`.
    names : iterable of str
        Names of the arrays; the file must hold these members and no other.

    Returns
    -------
    dict of str to ndarray
        Read-only arrays of float64, int32 or bool.

    Raises
    ------
    ModelFileError
        If a member is missing, unexpected, altered, or anything but a plain array.
    """
    expected = {_member(name): name for name in names}
    hashes = archive.manifest.get("members")
    missing = [member for member in expected if member not in archive.members]
    if missing:
        refuse(f"It lacks {', '.join(missing)}.")
    if extra := len(set(archive.members) - set(expected)):
        refuse(f"It holds {extra} member(s) that a model file of this kind does not have.")
    if not isinstance(hashes, dict) or set(hashes) != set(expected):
        refuse(f"{_MANIFEST} does not list the hash of each array.")
    altered = [member for member in expected if hashlib.sha256(archive.members[member]).hexdigest() != hashes[member]]
    if altered:
        refuse(f"The hash of {', '.join(altered)} is wrong: the file is damaged or was altered.")
    return {name: _array(member, archive.members[member]) for member, name in expected.items()}


def array_members(archive: Archive) -> set[str]:
    """Names of the arrays that a model file says it holds.

    Parameters
    ----------
    archive : Archive
        From :func:`open_archive`.

    Returns
    -------
    set of str
        Names for :func:`read_arrays`; not yet checked.

    Examples
    --------
    >>> array_members(open_archive(pack({}, {"weight": np.zeros(2)})))
    {'weight'}
    """
    names = [member.removeprefix(_FOLDER).removesuffix(_SUFFIX) for member in archive.members]
    return {name for name in names if _member(name) in archive.members}


def _member(name: str) -> str:
    """Name of the member that holds an array."""
    return f"{_FOLDER}{name}{_SUFFIX}"


def _zipped(members: Mapping[str, bytes]) -> bytes:
    """The one zip of these members: manifest and digest first, then the arrays by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(members, key=lambda name: (name != _MANIFEST, name != _DIGEST, name)):
            archive.writestr(_plain_entry(name), members[name])
    return buffer.getvalue()


def _is_canonical(members: Mapping[str, bytes], data: bytes) -> bool:
    """Whether the bytes of a file are the one zip of its members, which covers every byte that no hash does."""
    try:
        return _zipped(members) == data
    except _ZIP_ERRORS:  # a name that cannot be written
        return False


def _plain_entry(name: str) -> zipfile.ZipInfo:
    """An entry without a clock, an owner or compression, so that equal content is equal bytes."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_STORED
    entry.create_system = 3
    entry.external_attr = 0o100644 << 16
    return entry


def _npy_bytes(array: npt.NDArray[np.generic]) -> bytes:
    """An array as a .npy file of version 1, little-endian."""
    buffer = io.BytesIO()
    plain = np.array(array, dtype=array.dtype.newbyteorder("<"), order="C")
    np.lib.format.write_array(buffer, plain, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _members(data: bytes, max_bytes: int) -> dict[str, bytes] | None:
    """All members by name; None where the bytes are not a whole zip file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            problem = _entry_problem(archive.infolist(), max_bytes)
            found = {} if problem else {entry.filename: archive.read(entry) for entry in archive.infolist()}
    except _ZIP_ERRORS:
        return None
    if problem:
        refuse(problem)
    return found


def _entry_problem(entries: list[zipfile.ZipInfo], max_bytes: int) -> str:
    """Say what makes the entries unsafe to read, from what they declare; empty if nothing does."""
    if sum(entry.file_size for entry in entries) > max_bytes:
        return too_large(max_bytes)
    if any(e.compress_type != zipfile.ZIP_STORED or e.compress_size != e.file_size for e in entries):
        return "Its members are compressed; save_model writes them as they are."
    if len({entry.filename for entry in entries}) != len(entries):
        return "It holds a member twice."
    return ""


def _parsed(manifest_json: bytes) -> dict[str, Any] | None:
    """The manifest; None where it is not plain JSON with each key once and finite numbers."""
    try:
        parsed = read_json(manifest_json)
    except StrictJSONError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _array(member: str, data: bytes) -> npt.NDArray[Any]:
    """Read one plain array; its header is compared with the few that are possible before anything else."""
    start = len(_NPY) + 2
    stop = start + int.from_bytes(data[len(_NPY) : start], "little")
    header = data[start:stop]
    if data.startswith(_PICKLE) or (data.startswith(_NPY[:6]) and _OBJECTS.search(header)):
        refuse(f"{member} carries a pickle, which can run any code when it is loaded.")
    found = _HEADER.fullmatch(header) if data.startswith(_NPY) else None
    if found is None:
        refuse(f"{member} is not a plain array of float64, int32 or bool.")
    dtype, count = np.dtype(found[1].decode()), int(found[2] or 1)
    if len(data) != stop + count * dtype.itemsize:
        refuse(f"{member} has another length than its header says.")
    array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    array = array.astype(dtype.newbyteorder("="), copy=False)
    array.setflags(write=False)
    return array
