"""Which part a child belongs to."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.records.households import real_links
from edgeofcare.scale.households import part_of_children, part_of_household
from tiny_tables import records_of


@pytest.mark.parametrize(("household", "part"), [("H1", 11), ("H2", 1), ("H1000123", 7), ("Hå", 7)])
def test_the_hash_never_changes(household, part):
    """Another hash would give other parts to the records of everybody who has some already."""
    assert part_of_household(household, 16) == part


def test_no_household_is_cut(scale_records):
    part = part_of_children(scale_records, 7)
    household = scale_records.households
    assert part.reindex(household.index).groupby(household).nunique().max() == 1
    assert part.nunique() == 7


def test_children_joined_by_a_stranger_stay_together():
    """C and A have nobody in common but B, who is in the links and not in the records."""
    links = "child, related_id, kind\nA, mum, mother\nB, mum, mother\nB, den, family\nC, den, family\nX, other, family"
    born = "child_id, birth_date\nA, 2008-06-15\nC, 2008-06-15\nD, 2008-06-15"
    records = records_of(children=born, relationships=links)
    assert records.households.to_dict() == {"A": "HA", "C": "HA", "D": "HD"}
    part = part_of_children(records, 1000)
    assert part["A"] == part["B"] == part["C"] == part_of_household("HA", 1000)
    assert part["D"] == part_of_household("HD", 1000)
    assert "X" in part


def test_links_to_placeholders_are_left_out_and_others_are_not():
    many = [(f"{child}", "unknown", "mother") for child in range(26)]
    links = pd.DataFrame(
        [*many, ("0", "m", "mother"), ("1", "m", "mother")], columns=["child_id", "related_id", "kind"]
    )
    links.loc[len(links)] = ["2", None, "mother"]
    assert real_links(links)["child_id"].tolist() == ["0", "1", "2"]
    assert len(real_links(links.iloc[1:])) == 28, "25 children are a family"
