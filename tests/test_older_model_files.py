"""Model files of every older layout are read, and score to the digit as when they were written.

Each file was written by the code of its time, with the scores of made-up rows beside it: version 1 by commit bce85f3,
2 by f8fab13, 3 by 2437175.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgeofcare.model_file import load_model

FOLDER = Path(__file__).parent / "data" / "model_files"
VERSIONS = (1, 2, 3)


def said(version):
    """What was written beside a file."""
    return json.loads((FOLDER / f"version_{version}.json").read_text(encoding="utf-8"))


def numbers(texts):
    """Numbers from their exact text."""
    return np.array([float.fromhex(text) for text in texts])


def rows_of(held, scorer):
    """The made-up rows as the model takes them."""
    frame = pd.DataFrame(held["rows"])[list(scorer.feature_names)]
    return frame.astype({name: float for name in frame if name not in scorer.vocabularies})


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_file_scores_to_the_digit_as_it_did(version):
    held, scorer = said(version), load_model(FOLDER / f"version_{version}.eoc")
    assert scorer.manifest["schema_version"] == version
    assert scorer.model_id == held["model_id"]
    assert (scorer.expires, scorer.verdict, scorer.wording) == (None, None, None)
    X = rows_of(held, scorer)
    assert np.array_equal(scorer.risk(X), numbers(held["risk"]))
    assert np.array_equal(scorer.log_odds(X), numbers(held["log_odds"]))
    psi, base = scorer.contributions(X)
    assert float(base).hex() == held["base"]
    np.testing.assert_allclose(psi.ravel(), numbers(held["contributions"]), rtol=0, atol=1e-14)
    assert np.ptp(scorer.risk(X)) > 0.01
    if version == 2:
        np.testing.assert_allclose(scorer.risk_interval(X).ravel(), numbers(held["risk_interval"]), rtol=0, atol=1e-12)


def test_the_older_files_hold_what_their_layout_was_for():
    two, three = (load_model(FOLDER / f"version_{version}.eoc") for version in (2, 3))
    assert len(two.refits) == 10
    assert set(three.vocabularies) == {"referral.last_source"}
