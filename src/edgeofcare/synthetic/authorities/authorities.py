"""The invented authorities: England, an inner London profile, and the small sample with many adolescents."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edgeofcare.exceptions import SpecError
from edgeofcare.synthetic.authorities.england import ENGLAND
from edgeofcare.synthetic.authorities.triborough import TRIBOROUGH
from edgeofcare.synthetic.world.settings import Settings

__all__ = ["AUTHORITIES", "settings_of"]

AUTHORITIES: Mapping[str, Settings] = MappingProxyType(
    {"england": ENGLAND, "triborough": TRIBOROUGH, "sample": Settings()}
)
"""The assumptions of each invented authority."""


def settings_of(name: str) -> Settings:
    """The assumptions of an invented authority.

    Parameters
    ----------
    name : str
        One of the keys of :data:`AUTHORITIES`.

    Returns
    -------
    Settings
        Its assumptions.

    Raises
    ------
    SpecError
        If there is no such authority.

    Examples
    --------
    >>> settings_of("england").front_door.nfa
    0.065
    """
    if not isinstance(name, str) or name not in AUTHORITIES:
        known = ", ".join(repr(key) for key in AUTHORITIES)
        msg = f"There is no invented authority of that name. Use one of {known}."
        raise SpecError(msg)
    return AUTHORITIES[name]
