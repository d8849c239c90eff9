"""The default features: what each is, the concept it belongs to, and the direction in which risk may go.

They stand in ``catalogue.csv``, one line each: adding a feature is adding a line. A direction is a promise that the
boosting model keeps: with 1, more of the feature never lowers the risk, all else equal; with -1, more never raises
it. It is given only where experience and the published record leave no doubt; everything else is left free.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgeofcare.features.feature import SCOPES, Feature, TableFeature
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.features.specs.combined import Combined, Ratio
from edgeofcare.features.specs.events import SHORTEST_EXPOSURE, Rate
from edgeofcare.features.specs.spells import Overlap

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CONCEPTS",
    "OWN_FEATURES",
    "CatalogueEntry",
    "catalogue",
    "concept_of",
    "default_features",
    "directions",
    "feature_dictionary",
]

CONCEPTS = (
    "contact with services",
    "plans and statutory steps",
    "risks outside the home",
    "risks at home",
    "school",
    "health and self-harm",
    "care history",
    "household",
    "worker change and stability",
    "strengths and protective factors",
    "age and time",
)
"""What features are about, in the order of the catalogue."""

OWN_FEATURES = "own features"
"""The concept of features that are not in the catalogue."""

_DIRECTIONS = {1: "raises", -1: "lowers", 0: "free"}
_NO_LINKS = "the records hold no links of siblings"
_UNDATED = SCOPES["undated_siblings"]


@dataclass(frozen=True)
class CatalogueEntry:
    """One default feature.

    Parameters
    ----------
    name : str
        The feature name.
    concept : str
        What it is about: one of :data:`CONCEPTS`.
    direction : {-1, 0, 1}
        1 where more may only raise the risk, -1 where more may only lower it, 0 where the model is free.
    reason : str
        Why it may matter for entering care as an adolescent.
    source : str
        The study or statistic that says so, with its finding; ``"practice; no study"`` where there is none.
    blind_spot : str
        What it cannot see.
    """

    name: str
    concept: str
    direction: int
    reason: str
    source: str
    blind_spot: str

    @property
    def feature(self) -> Feature:
        """The spec."""
        return parse_feature(self.name)


@cache
def catalogue() -> Mapping[str, CatalogueEntry]:
    """Every default feature by name, those of siblings included, concept by concept.

    Returns
    -------
    mapping of str to CatalogueEntry
        In the order of :data:`CONCEPTS`. It is read from the package once.

    Examples
    --------
    >>> catalogue()["missing.days_since"].direction
    -1
    """
    text = files("edgeofcare.features").joinpath("catalogue.csv").read_text(encoding="utf-8")
    _, *lines = csv.reader(text.splitlines())
    entries = (CatalogueEntry(name, concept, int(direction), *words) for name, concept, direction, *words in lines)
    return MappingProxyType({entry.name: entry for entry in entries})


def default_features(*, undated_links: bool = False) -> list[Feature]:
    """The default features.

    Parameters
    ----------
    undated_links : bool, default False
        Whether to take the features of siblings as well. Links of the standard extract have no date, so nobody can
        tell when the authority came to know of them: a model that uses them may have learned from links that were
        only made when a child entered care.

    Returns
    -------
    list of Feature
        About 140 specs, and a dozen of siblings; a list to add to or take from.

    Examples
    --------
    >>> len(default_features()) > 130
    True
    >>> [spec.name for spec in default_features(undated_links=True) if "sibling" in spec.name][0]
    'sibling_undated.number_0_17'
    """
    return [spec for name, spec in _specs().items() if undated_links or _UNDATED not in name]


@cache
def _specs() -> Mapping[str, Feature]:
    """The spec of every feature of the catalogue."""
    return MappingProxyType({name: entry.feature for name, entry in catalogue().items()})


def directions() -> dict[str, int]:
    """Directions of the default features that have one, by feature name.

    Returns
    -------
    dict of str to {-1, 1}
        1 where more may only raise the risk, -1 where more may only lower it.

    Examples
    --------
    >>> directions()["cp_plan.active"]
    1
    """
    return {name: entry.direction for name, entry in catalogue().items() if entry.direction}


def concept_of(name: str) -> str:
    """The concept that a feature belongs to; features of one's own are ``"own features"``.

    Parameters
    ----------
    name : str
        The feature name.

    Returns
    -------
    str
        One of :data:`CONCEPTS`, or ``"own features"``.

    Examples
    --------
    >>> concept_of("missing.count.90d")
    'risks outside the home'
    """
    entry = catalogue().get(name)
    return OWN_FEATURES if entry is None else entry.concept


def feature_dictionary(features: Iterable[Feature | str] | None = None) -> pd.DataFrame:
    """The data dictionary: what each feature says, why it is there, and what it cannot see.

    Parameters
    ----------
    features : iterable of Feature or str, optional
        Specs or names; the whole catalogue if left out, features of siblings included.

    Returns
    -------
    DataFrame
        One row for each feature, with the columns ``name``, ``concept``, ``sentence`` (what it says), ``direction``
        (``"raises"`` where more may only raise the risk, ``"lowers"`` where more may only lower it, ``"free"``
        elsewhere), ``empty`` (the value where nothing is in the window), ``unknown`` (when the value is NaN),
        ``reason``, ``source`` and ``blind_spot``; these three are empty for features of one's own.

    Raises
    ------
    SpecError
        If a name is not understood.

    Examples
    --------
    >>> feature_dictionary(["missing.days_since"]).loc[0, ["direction", "unknown"]].tolist()
    ['lowers', 'there was none, or the records of missing episodes do not reach the index date']
    """
    import pandas as pd

    specs = list(_specs().values()) if features is None else as_features(features)
    return pd.DataFrame([_described(spec) for spec in specs])


def _described(spec: Feature) -> dict[str, object]:
    """One row of the dictionary."""
    own = CatalogueEntry(spec.name, OWN_FEATURES, 0, "", "", "")
    entry = catalogue().get(spec.name, own)
    return {
        "name": spec.name,
        "concept": entry.concept,
        "sentence": spec.sentence,
        "direction": _DIRECTIONS[entry.direction],
        "empty": spec.empty,
        "unknown": ", or ".join(_unknown(spec)) or "never",
        "reason": entry.reason,
        "source": entry.source,
        "blind_spot": entry.blind_spot,
    }


def _unknown(spec: Feature) -> list[str]:
    """When the value of a feature is NaN."""
    if isinstance(spec, Combined):
        return _unknown_of_two(spec)
    if isinstance(spec, TableFeature):
        return _unknown_of_table(spec)
    said: dict[type[Feature], str] = {
        Age: "the date of birth is not recorded",
        Characteristic: "it is not recorded",
        Siblings: _NO_LINKS,
    }
    return [] if isinstance(spec, Calendar) else [said.get(type(spec), "the feature itself says so")]


def _unknown_of_two(spec: Combined) -> list[str]:
    """When either part is NaN; of two windows of one table the longer one says enough."""
    parts = sorted((spec.first, spec.second), key=lambda part: -getattr(part, "reach", 0))
    found: dict[str, str] = {}
    for said in (*_unknown(parts[0]), *_unknown(parts[1])):
        found.setdefault(said.partition(" reach ")[0], said)
    return [*found.values(), *(["the second is 0"] if isinstance(spec, Ratio) else [])]


def _unknown_of_table(spec: TableFeature) -> list[str]:
    """When the value of a feature of a table is NaN."""
    tables = spec.source.plural + (f" or {spec.other_source.plural}" if isinstance(spec, Overlap) else "")
    found = ["there was none"] if spec.empty != 0 else []
    if isinstance(spec, Rate):
        found.append(f"the records of {tables} cover fewer than {SHORTEST_EXPOSURE} days")
    else:
        far = f"back {spec.reach:,} days" if spec.reach else "the index date"
        found.append(f"the records of {tables} do not reach {far}")
    return found + ([] if spec.scope == "child" else [_NO_LINKS])
