"""What drives the scores, in sentences: concepts by importance, how steady reasons are, and concepts for groups."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.explanation.proxies import ALL_CONCEPTS
from edgeofcare.reporting.shareable import SMALL, shareable_groups
from edgeofcare.schema.audit import NOT_RECORDED, from_audit_list

__all__ = ["MEASURES", "WEAK", "agreement_words", "audit_proxies", "column_words", "importance_words", "proxy_words"]

WEAK = 70
"""Below so many of 100, agreement is called weak."""

MEASURES = {
    "signs": "same direction of the three strongest",
    "bands": "same band of the three strongest",
    "top_three": "among the first three both times",
}
"""What is compared of a child's reasons, in words."""

_FIRST = 3
_NOT_SHOWN = f"Not shown: fewer than {SMALL} children."
_COLUMNS = {"disability_or_ehc": "disability or EHC plan", "ehc_plan": "EHC plan"}
_STANDS, _BORNE_OUT = "stands for the group", "differs, borne out within groups"
_OPEN = "differs, outcomes cannot tell"


def importance_words(frame: pd.DataFrame | None) -> str:
    """Which concepts move the scores most, and which of them make the risks better.

    Parameters
    ----------
    frame : DataFrame or None
        From :func:`edgeofcare.concept_importance`.

    Returns
    -------
    str
        Sentences; nothing where the frame is another.

    Examples
    --------
    >>> frame = pd.DataFrame({"concept": ["school", "household"], "mean_size": [0.3, 0.1], "share": [0.75, 0.25]})
    >>> importance_words(frame)
    'Of all that moves the scores, 75 of 100 parts come from school and 25 from household.'
    """
    if frame is None or not {"concept", "mean_size", "share"} <= set(frame.columns):
        return ""
    seen = frame.loc[frame["share"].notna()]
    if seen.empty:
        return _NOT_SHOWN
    first = seen.head(_FIRST)
    shares = [f"{100 * share:.0f}" for share in first["share"]]
    named = [f"{share} from {name}" for share, name in zip(shares, first["concept"], strict=True)]
    named[0] = f"{shares[0]} of 100 parts come from {first['concept'].iloc[0]}"
    return " ".join([f"Of all that moves the scores, {_listed(named)}.", *_overlap(seen), *_worth(seen)])


def _overlap(frame: pd.DataFrame) -> list[str]:
    """Whether it is sure which concepts are the first, and in which order."""
    if not {"place_low", "place_high"} <= set(frame.columns):
        return []
    shared = frame.loc[(frame["place_low"] <= _FIRST) & (frame["place_high"] > frame["place_low"]), "concept"]
    return [f"Not told apart in size: {_listed(shared)}."] if len(shared) else []


def _worth(frame: pd.DataFrame) -> list[str]:
    """Without which concepts the risks are less right."""
    if "loss_low" not in frame or frame["loss_low"].isna().all():
        return []
    worse = frame.loc[frame["loss_low"] > 0, "concept"]
    if worse.empty:
        return ["Of no concept it is shown that the risks would be less right without it."]
    rest = len(frame) - len(worse)
    more = f"; of the other {rest} that is not shown" if rest else ""
    which = worse.iloc[0] if len(worse) == 1 else f"any one of {_listed(worse)}"
    return [f"Leaving out {which} makes the risks clearly less right{more}."]


def agreement_words(frame: pd.DataFrame | None) -> str:
    """How steady the reasons of a child are when the model is fitted again, and what is weak.

    Parameters
    ----------
    frame : DataFrame or None
        ``Explanation.agreement().table``.

    Returns
    -------
    str
        Sentences; nothing where the frame is another.

    Examples
    --------
    >>> frame = pd.DataFrame({"level": "concept", "measure": ["signs", "bands", "top_three"], "refits": 20,
    ...                       "estimate": [0.96, 0.81, 0.61]})
    >>> agreement_words(frame)[-69:]
    'read which way a concept moves a risk, not which concepts come first.'
    """
    if frame is None or not {"level", "measure", "estimate", "refits"} <= set(frame.columns):
        return ""
    found = frame[frame["level"].eq("concept")].set_index("measure")["estimate"]
    if not set(MEASURES) <= set(found.index):
        return ""
    if found[list(MEASURES)].isna().any():
        return _NOT_SHOWN
    of_100 = {name: of_hundred(float(found[name])) for name in MEASURES}
    said = {name: f"{number} of 100{' (weak)' if number < WEAK else ''}" for name, number in of_100.items()}
    return (
        f"Fitted again {int(frame['refits'].iloc[0])} times on resampled households, the model gives the three "
        f"strongest concepts of a child the same direction in {said['signs']} cases and the same band (strong, some or "
        f"slight) in {said['bands']}. Of the concepts among a child's first three before or after, "
        f"{said['top_three']} are among them both times. {_advice(of_100)}"
    )


def _advice(of_100: dict[str, int]) -> str:
    """What to make of agreement that is weak."""
    weak = {name for name, number in of_100.items() if number < WEAK}
    if not weak:
        return f"None of these is weak (below {WEAK} of 100)."
    said = f"Below {WEAK} of 100 is weak: "
    if "signs" in weak:
        return f"{said}do not show single children's reasons of this model as if they were sure."
    nots = {"bands": "how strong it is said to be", "top_three": "which concepts come first"}
    told = [words for name, words in nots.items() if name in weak]
    return f"{said}read which way a concept moves a risk, not {' or '.join(told)}."


def of_hundred(share: float) -> int:
    """A share as cases of 100, rounded down, so that what is below a limit is seen to be.

    Examples
    --------
    >>> of_hundred(0.698), of_hundred(0.7)
    (69, 70)
    """
    return int(100 * share + 1e-9)


def proxy_words(frame: pd.DataFrame | None, by_group: pd.DataFrame | None = None) -> str:
    """Which concepts stand for a group of children, and which differ for a reason that outcomes bear out.

    Parameters
    ----------
    frame : DataFrame or None
        ``proxies`` of a :class:`~edgeofcare.ConceptDependence`.
    by_group : DataFrame, optional
        Its ``by_group``; says which group is scored higher through a concept that stands for it.

    Returns
    -------
    str
        Sentences; nothing where the frame is another.

    Examples
    --------
    >>> frame = pd.DataFrame({"by": ["sex"], "concept": ["school"], "share_told": [0.01],
    ...                       "reading": ["no difference shown"], "note": [""]})
    >>> proxy_words(frame)
    'By sex: no concept was found to stand for a group of children.'
    """
    if frame is None or not {"by", "concept", "share_told", "reading"} <= set(frame.columns):
        return ""
    frame = audit_proxies(frame)
    shown = frame.loc[frame["share_told"].notna() | frame["reading"].ne("")]
    if shown.empty:
        return f"Not shown: fewer than two groups of {SMALL} children." if len(frame) else ""
    stands = shown.loc[shown["reading"] == _STANDS]
    said = [_stands(row, by_group) for row in stands.to_dict("records")]
    if not said:
        columns = _listed(column_words(by) for by in dict.fromkeys(shown["by"]))
        said = [f"By {columns}: no concept was found to stand for a group of children."]
    for reading, words in (
        (_BORNE_OUT, "Differs between groups, and outcomes within groups bear it out"),
        (_OPEN, "Differs between groups, and there are too few entrants to say whether outcomes bear it out"),
        ("differs", "Differs between groups; outcomes were not compared"),
    ):
        rows = shown.loc[shown["reading"] == reading]
        pairs = [f"{row['concept']} by {column_words(row['by'])}" for row in rows.to_dict("records")]
        said += [f"{words}: {_listed(pairs)}."] if pairs else []
    return " ".join(said)


def audit_proxies(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the columns that :func:`edgeofcare.build_cohort` makes for audit.

    Parameters
    ----------
    frame : DataFrame
        ``proxies`` of a :class:`~edgeofcare.ConceptDependence`.

    Returns
    -------
    DataFrame
        Without columns of one's own.

    Examples
    --------
    >>> audit_proxies(pd.DataFrame({"by": ["sex", "worker"]}))["by"].tolist()
    ['sex']
    """
    return frame[[from_audit_list(str(by), NOT_RECORDED) for by in frame["by"]]].reset_index(drop=True)


def column_words(by: object) -> str:
    """A column of the cohort in words.

    Examples
    --------
    >>> column_words("disability_or_ehc"), column_words("ethnic_group")
    ('disability or EHC plan', 'ethnic group')
    """
    return _COLUMNS.get(str(by), str(by).replace("_", " "))


def _stands(row: Mapping[Hashable, Any], by_group: pd.DataFrame | None) -> str:
    """One concept that stands for a group."""
    return (
        f"{str(row['concept']).capitalize()} stands for the group by {column_words(row['by'])}: groups tell "
        f"{100 * row['share_told']:.0f} of 100 parts of what it adds, and outcomes within groups are not shown to bear "
        f"it out.{_higher(row, by_group)} Ask whether it should be in the model."
    )


def _higher(row: Mapping[Hashable, Any], by_group: pd.DataFrame | None) -> str:
    """Which group is scored higher through a concept, where that is shown."""
    if by_group is None or row["concept"] == ALL_CONCEPTS:
        return ""
    kept, _ = shareable_groups(by_group)
    kept = kept[kept["by"].eq(row["by"]) & kept["concept"].eq(row["concept"]) & kept["difference"].notna()]
    if kept.empty:
        return ""
    most = kept.nlargest(1, "difference").to_dict("records")[0]
    factor = float(np.exp(most["difference"]))
    return f" Through it the odds of the group \u201c{most['group']}\u201d are {factor:.2f} times those of the others."


def _listed(names: Iterable[object]) -> str:
    """Names with commas and "and"."""
    texts = [str(name) for name in names]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
