"""Features that reach back to the beginning of an extract, and so grow with its length."""

from __future__ import annotations

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.combined import Combined
from edgeofcare.features.specs.spells import Active

__all__ = ["grows"]


def grows(name: str) -> bool:
    """Tell whether a feature has no lookback, so that it drifts as long as the extract grows.

    Parameters
    ----------
    name : str
        Name of the feature; one that edgeofcare does not know is taken not to grow.

    Returns
    -------
    bool

    Examples
    --------
    >>> grows("referral.days_since_first"), grows("missing.count.365d"), grows("cp_plan.active")
    (True, False, False)
    """
    try:
        return _reaches_back(parse_feature(name))
    except SpecError:
        return False


def _reaches_back(spec: Feature) -> bool:
    """Whether a feature, or a part of it, looks at all time; a state on the day does not."""
    if isinstance(spec, Combined):
        return _reaches_back(spec.first) or _reaches_back(spec.second)
    return isinstance(spec, TableFeature) and spec.lookback is None and not isinstance(spec, Active)
