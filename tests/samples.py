"""Where the public sample returns and the other references are, for the tests that need them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["sample_path"]


def sample_path(*parts: str) -> Path:
    """Path inside the folder that EDGEOFCARE_SAMPLES names; the calling test is skipped without it.

    With EDGEOFCARE_REQUIRE_SAMPLES=1, as in ``.ci/run``, a missing folder or file fails the test instead.
    """
    root = os.environ.get("EDGEOFCARE_SAMPLES", "")
    path = Path(root, *parts)
    if root and path.exists():
        return path
    reason = f"{'/'.join(parts)} is not in EDGEOFCARE_SAMPLES" if root else "EDGEOFCARE_SAMPLES is not set"
    if os.environ.get("EDGEOFCARE_REQUIRE_SAMPLES") == "1":
        pytest.fail(f"{reason}, and EDGEOFCARE_REQUIRE_SAMPLES forbids a skip", pytrace=False)
    pytest.skip(reason)
