"""Invented children straight into parts."""

from __future__ import annotations

import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.scale import synthetic
from edgeofcare.scale.stored import read_manifest, read_stored_part
from edgeofcare.scale.synthetic import make_part, write_synthetic_parts
from edgeofcare.synthetic.parts import make_parts


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Three parts of 100 children."""
    folder = tmp_path_factory.mktemp("synthetic") / "p"
    assert write_synthetic_parts(100, folder, n_parts=3, random_state=4) == 3
    return folder


def test_they_are_the_parts_of_make_parts(written):
    made = list(make_parts(100, 4, part_children=34))
    assert len(made) == 3
    for number, records in enumerate(made):
        assert read_stored_part(written, number).fingerprint == records.fingerprint
        assert dict(read_stored_part(written, number).observed_from) == dict(records.observed_from)
    assert make_part(2, 32, 4).fingerprint == made[2].fingerprint


def test_a_part_that_is_there_is_not_made_again(written, tmp_path, monkeypatch):
    real, made = synthetic.make_part, []

    def stopped(number, *rest):
        if number == 1 and not made:
            raise KeyboardInterrupt
        made.append(number)
        return real(number, *rest)

    monkeypatch.setattr(
        synthetic, "make_part", lambda number, *rest: real(number, *rest) if not number else stopped(number)
    )
    with pytest.raises(KeyboardInterrupt):
        write_synthetic_parts(100, tmp_path / "p", n_parts=3, random_state=4)
    with pytest.raises(SpecError, match="not all written"):
        read_manifest(tmp_path / "p")
    monkeypatch.setattr(synthetic, "make_part", lambda *given: made.append(given[0]) or real(*given))
    assert write_synthetic_parts(100, tmp_path / "p", n_parts=3, random_state=4) == 2
    assert made == [1, 2]
    assert read_manifest(tmp_path / "p") == read_manifest(written)
    assert write_synthetic_parts(100, tmp_path / "p", n_parts=3, random_state=4) == 0


def test_other_children_in_the_folder_are_refused(written):
    with pytest.raises(SpecError, match="cut in another way"):
        write_synthetic_parts(100, written, n_parts=3, random_state=5)


@pytest.mark.parametrize(("n_children", "n_parts"), [(0, 1), (2.5, 1), (True, 1), (10, 0)])
def test_numbers_that_cannot_be_used_are_refused(tmp_path, n_children, n_parts):
    with pytest.raises(SpecError, match="must be a whole number"):
        write_synthetic_parts(n_children, tmp_path / "p", n_parts=n_parts)
