"""Descriptions and local texts of the case systems, as canonical codes.

An authority adds its own through ``code_maps``; its entries win over these. Texts are compared by their letters and
digits only, so that case, spaces and punctuation do not matter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from edgeofcare.exceptions import SpecError
from edgeofcare.schema.codes import CODE_LISTS

__all__ = ["DEFAULT_CODE_MAPS", "merged_code_maps"]

_LEGAL_STATUS = {
    "Interim care order Sec. 38(1)": "C1",
    "Care Order Sec. 31(a)": "C2",
    "C.O. Extended S40(5) CA": "C2",
    "Care Order Sec.31(a) & Placement Order (Sec. 21)": "E1",
    "Placement Order (Sec. 21)": "E1",
    "Child freed for adoption": "D1",
    "Single placement acc. by LA S20(1) CA under 16": "V2",
    "Single placement acc. by LA S20(3) CA 16 & over": "V2",
    "Regular occ. acc by LA S20(3) CA 16 & over": "V4",
    "regular occ. acc. by LA S.20(1) CA under 16": "V4",
    "Police protection power Sec.38(1)": "L1",
    "Emergency protection order - LA": "L2",
    "Child assessment order Sec. 43(1)": "L3",
    "Remanded to LA accommodation S20": "J1",
    "P.A.C.E Interview (CYP)": "J2",
    "Wardship": "NONE",
    "Special Guardianship Order": "NONE",
    "Private fostering": "NONE",
    "Care leaver": "NONE",
}

_ETHNICITY = {
    "Mixed White and Black Caribbean": "MWBC",
    "White and Black Caribbean": "MWBC",
    "Mixed White and Black African": "MWBA",
    "Mixed White and Asian": "MWAS",
    "Any other mixed background": "MOTH",
    "Any other ethnic group": "OOTH",
    "Gypsy/Roma": "WROM",
    "Information not yet obtained": "NOBT",
    "ORAB": "OOTH",
    "Black Caribbean": "BCRB",
    "Black African": "BAFR",
    "Caribbean": "BCRB",
    "African": "BAFR",
}

_SOURCE = {
    "School": "2A",
    "Schools": "2A",
    "Education services": "2B",
    "General practitioner": "3A",
    "GP": "3A",
    "Health visitor": "3B",
    "School nurse": "3C",
    "Other primary health services": "3D",
    "Accident and emergency": "3E",
    "A&E": "3E",
    "Other health services": "3F",
    "Housing": "4",
    "Early help": "5D",
    "Police": "6",
    "Other legal agency": "7",
    "Anonymous": "9",
    "Unknown": "10",
}

DEFAULT_CODE_MAPS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "abuse": MappingProxyType({"Multiple": "MUL", "Emotional": "EMO", "Physical": "PHY", "Sexual": "SAB"}),
        "ethnicity": MappingProxyType(_ETHNICITY),
        "legal_status": MappingProxyType(_LEGAL_STATUS),
        "missing_type": MappingProxyType({"Missing": "M", "Absent": "A", "Away": "A"}),
        "source": MappingProxyType(_SOURCE),
        "sex": MappingProxyType({"Unknown": "U", "Indeterminate": "U", "Not specified": "U"}),
    }
)
"""What is understood without a map of the authority's own, by code list."""


def merged_code_maps(
    own: Mapping[str, Mapping[str, str]] | str | Path | None = None,
) -> dict[str, dict[str, str]]:
    """The built-in maps with an authority's own entries on top.

    Parameters
    ----------
    own : mapping or path, optional
        ``{code list: {local text: canonical code}}``, or the path of a JSON file of that shape.

    Returns
    -------
    dict of dict
        One map for each code list.

    Raises
    ------
    SpecError
        If the file cannot be read, or a code list or canonical code does not exist.

    Examples
    --------
    >>> merged_code_maps({"legal_status": {"S20 agreement": "V2"}})["legal_status"]["S20 agreement"]
    'V2'
    """
    maps = {name: dict(DEFAULT_CODE_MAPS.get(name, {})) for name in CODE_LISTS}
    problems = []
    for name, entries in _loaded(own).items():
        if name not in CODE_LISTS:
            problems.append(f"there is no code list {name!r} (there are {', '.join(CODE_LISTS)})")
            continue
        wrong = sorted({str(code) for code in entries.values()} - set(CODE_LISTS[name]))
        if wrong:
            problems.append(f"{name} has no code {', '.join(wrong)}")
        maps[name] |= entries
    if problems:
        msg = "The code map cannot be used: " + "; ".join(problems) + "."
        raise SpecError(msg)
    return maps


def _loaded(own: Mapping[str, Mapping[str, str]] | str | Path | None) -> Mapping[str, Mapping[str, str]]:
    """The authority's own map, read from its file if need be."""
    if own is None:
        return {}
    if isinstance(own, Mapping):
        return own
    try:
        loaded = json.loads(Path(own).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        msg = f"The code map file could not be read as JSON ({type(error).__name__})."
        raise SpecError(msg) from None
    if not isinstance(loaded, dict) or not all(isinstance(entries, dict) for entries in loaded.values()):
        msg = "The code map file must hold {code list: {local text: canonical code}}."
        raise SpecError(msg)
    return loaded
