"""The default features: what each is, the concept it belongs to, and the direction in which risk may go.

A direction of +1 is a promise that the boosting model keeps: more of the feature never lowers the risk, all else
equal. It is given only where experience and the published record leave no doubt; everything else is left free.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from edgeofcare.features.feature import Feature
from edgeofcare.features.names import parse_feature

__all__ = ["CATALOGUE", "CatalogueEntry", "concept_of", "default_features", "directions", "feature_dictionary"]


@dataclass(frozen=True)
class CatalogueEntry:
    """One default feature.

    Parameters
    ----------
    name : str
        The feature name.
    concept : str
        What it is about.
    direction : {0, 1}
        1 where more may only raise the risk, 0 where the model is free.
    """

    name: str
    concept: str
    direction: int = 0

    @property
    def feature(self) -> Feature:
        """The spec."""
        return parse_feature(self.name)


_BY_CONCEPT: dict[str, tuple[str, ...]] = {
    "age": ("child.age",),
    "contact with services": (
        "contact.count.90d",
        "contact.count.365d",
        "contact.source_6.count.365d +",
        "contact.source_2A+2B.count.365d",
        "contact.days_since",
        "early_help.active",
        "early_help.count.1095d",
        "referral.count.365d",
        "referral.count.1095d",
        "referral.source_6.count.1095d",
        "referral.close_reason_RC8.count.1095d",
        "referral.days_since",
        "referral.days_in.1095d",
    ),
    "assessment": (
        "assessment.count_ended.365d",
        "assessment.days_since_end",
        "assessment.factor.distinct_factor.1095d",
    ),
    "plans and statutory steps": (
        "s47.count.365d +",
        "s47.count.1095d",
        "s47.days_since",
        "conference.count.365d",
        "cin_plan.active",
        "cin_plan.days_in.1095d",
        "cin_plan.days_since",
        "cp_plan.active +",
        "cp_plan.count.1095d",
        "cp_plan.days_in.1095d",
        "cp_plan.days_since_end",
        "cp_plan.initial_category_NEG.count.1095d",
        "cp_plan.initial_category_EMO.count.1095d",
    ),
    "risks outside the home": (
        "missing.count.30d +",
        "missing.count.90d +",
        "missing.count.365d +",
        "missing.days_in.365d +",
        "missing.days_since",
        "assessment.factor_10A.count.365d +",
        "assessment.factor_11A.count.1095d +",
        "assessment.factor_13A.count.1095d +",
        "assessment.factor_24A.count.365d +",
        "assessment.factor_24A.count.1095d +",
        "assessment.factor_12A.count.1095d",
        "assessment.factor_14A.count.1095d",
        "assessment.factor_1A+2A.count.1095d",
        "offence.count.365d +",
        "offence.count.1095d +",
        "offence.days_since",
    ),
    "risks at home": (
        "assessment.factor_3A+3B.count.1095d",
        "assessment.factor_1B+2B.count.1095d",
        "assessment.factor_4B.count.1095d",
        "assessment.factor_16A.count.1095d",
        "assessment.factor_17A.count.1095d",
        "assessment.factor_18A+18B+18C.count.1095d",
        "assessment.factor_19A+19B+19C.count.1095d",
        "assessment.factor_7A.count.1095d",
    ),
    "health and disability": (
        "assessment.factor_4A.count.1095d",
        "assessment.factor_15A.count.1095d +",
        "assessment.factor_5A+6A.count.1095d",
    ),
    "care history": (
        "care.count.1095d +",
        "care.days_in.1095d",
        "care.days_since_end",
        "legal_status.status_V3+V4.count.1095d",
    ),
    "worker changes": (
        "worker.count.365d",
        "worker.distinct_worker.1095d",
        "worker.days_since",
    ),
}

CATALOGUE: tuple[CatalogueEntry, ...] = tuple(
    CatalogueEntry(line.removesuffix(" +"), concept, int(line.endswith(" +")))
    for concept, lines in _BY_CONCEPT.items()
    for line in lines
)
"""Every default feature, concept by concept; adding one is adding a line."""


def default_features() -> list[Feature]:
    """The default features.

    Returns
    -------
    list of Feature
        About sixty specs; a list to add to or take from.

    Examples
    --------
    >>> len(default_features()) > 50
    True
    """
    return [entry.feature for entry in CATALOGUE]


def directions() -> dict[str, int]:
    """Directions of the default features that have one, by feature name.

    Returns
    -------
    dict of str to int
        Always 1: more may only raise the risk.
    """
    return {entry.name: entry.direction for entry in CATALOGUE if entry.direction}


def concept_of(name: str) -> str:
    """The concept that a feature belongs to; features of one's own are ``"own features"``.

    Examples
    --------
    >>> concept_of("missing.count.90d")
    'risks outside the home'
    """
    return next((entry.concept for entry in CATALOGUE if entry.name == name), "own features")


def feature_dictionary(features: list[Feature] | None = None) -> pd.DataFrame:
    """The data dictionary: one plain sentence for each feature.

    Parameters
    ----------
    features : list of Feature, optional
        The default features if left out.

    Returns
    -------
    DataFrame
        Columns ``name``, ``concept``, ``sentence``, ``direction`` (1 where more may only raise the risk) and
        ``empty`` (the value where nothing is in the window).

    Examples
    --------
    >>> feature_dictionary().loc[0, "sentence"]
    'Age on the index date, in years.'
    """
    fixed = directions()
    rows = [
        {
            "name": spec.name,
            "concept": concept_of(spec.name),
            "sentence": spec.sentence,
            "direction": fixed.get(spec.name, 0),
            "empty": spec.empty,
        }
        for spec in (default_features() if features is None else features)
    ]
    return pd.DataFrame(rows)
