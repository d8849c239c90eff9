"""What a run depends on beside its data: versions, code, platform and limits of threads; no name of a machine."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import sklearn.linear_model  # noqa: F401 - loads the libraries that fitting uses, so that they are found below
from threadpoolctl import threadpool_info

from edgeofcare.version import VERSION

__all__ = ["environment", "installed_versions"]

_OURS = "edgeofcare"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def environment() -> dict[str, str]:
    """Say what the results of this process depend on beside its data.

    Returns
    -------
    dict of str to str
        ``python``, ``edgeofcare`` and each distribution that it needs, directly or through another, with its version;
        ``lock``, one SHA-256 of those versions (not of a file: an installed package has none); ``code``, one of the
        source of edgeofcare itself; ``system``, ``machine``, ``vector instructions`` and ``linear algebra``; and the
        limits of threads that are set. No name of a machine or a user, and no path.

    Examples
    --------
    >>> found = environment()
    >>> found["edgeofcare"] == VERSION, len(found["lock"])
    (True, 64)
    """
    versions = installed_versions()
    lock = "\n".join(f"{name}=={version}" for name, version in sorted(versions.items()))
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        **versions,
        "edgeofcare": VERSION,
        "lock": hashlib.sha256(lock.encode()).hexdigest(),
        "code": _own_code(),
        "system": platform.system(),
        "machine": platform.machine(),
        "vector instructions": _vector_instructions(),
        "linear algebra": _linear_algebra(),
        **{name: os.environ.get(name, "not set") for name in _THREADS},
    }


def installed_versions() -> dict[str, str]:
    """Versions of all that edgeofcare needs, directly or through another; optional extras apart.

    Returns
    -------
    dict of str to str
        Distribution to version; what is not installed is left out.

    Examples
    --------
    >>> "numpy" in installed_versions()
    True
    """
    versions: dict[str, str] = {}
    waiting = ["numpy", "pandas", "scikit-learn", "scipy", *_needs(_OURS)]
    while waiting:
        name = waiting.pop()
        if name not in versions:
            try:
                versions[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
            waiting += _needs(name)
    return dict(sorted(versions.items()))


def _needs(name: str) -> list[str]:
    """What a distribution needs without extras, by normal name."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    found = [_NAME.match(line) for line in lines if "extra" not in line.partition(";")[2]]
    return [re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match]


@cache
def _own_code() -> str:
    """Hash of the package's own source, taken once: what runs was loaded once."""
    return code_hash(Path(__file__).resolve().parents[1])


def code_hash(package: Path) -> str:
    """SHA-256 of the source files in a folder, whatever their ends of lines."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py"), key=lambda path: path.relative_to(package).as_posix()):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def _vector_instructions() -> str:
    """Vector instructions that numpy found in the processor, on which the last digit of a logarithm may depend."""
    try:
        found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    except (KeyError, TypeError):
        return "not known"
    return " ".join(map(str, found)) or "none"


def _linear_algebra() -> str:
    """Libraries of linear algebra that are loaded, with the processor that each was tuned for."""
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    kinds = {f"{pool['internal_api']} {pool['version']} {pool.get('architecture', '')}".strip() for pool in pools}
    return ", ".join(sorted(kinds)) or "not known"
