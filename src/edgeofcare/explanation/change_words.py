"""What moved a score between two dates, in plain sentences: the same for the same change every time."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from edgeofcare.explanation.wording import reason_sentence
from edgeofcare.explanation.wording_rows import number_said
from edgeofcare.features.feature import Feature
from edgeofcare.features.specs.child import Age, Siblings
from edgeofcare.features.specs.events import Count, DaysSince, Rate
from edgeofcare.features.specs.numbers import Distinct, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn

__all__ = ["change_sentences"]

_DAY = "the index date"
_LATER, _EARLIER = "the later date", "the earlier date"
_SAME = 5e-4  # of risk: less shows no difference in one decimal of a per cent
_BY_NUMBER = (Active, Count, DaysIn, DaysSince, Distinct, Max, Mean, Rate, Siblings, Sum)
"""Kinds whose earlier value is told by its number alone, once the later one has been told in full."""

_TIME = " Only time passed; nothing new was recorded of it."


def change_sentences(
    concepts: pd.DataFrame,
    features: pd.DataFrame,
    specs: Mapping[str, Feature],
    *,
    risk: tuple[float, float],
    missed: tuple[str, str],
    top: int,
    ages: tuple[int, int] | None = None,
) -> list[str]:
    """Say what moved a score.

    Parameters
    ----------
    concepts, features : DataFrame
        What each concept and each feature adds on both dates; largest change first.
    specs : mapping of str to Feature
        The features by name.
    risk : tuple of float
        On the earlier and the later date.
    missed : tuple of str
        The rule of eligibility that the child did not meet on each; empty where it was eligible.
    top : int
        Most concepts to tell of.
    ages : tuple of int, optional
        Completed years on both dates; where it is left out, whole years of the value, which can be one too few on a
        birthday.

    Returns
    -------
    list of str
        First the risks, then who is not eligible, then one sentence for each concept.
    """
    moved = concepts[concepts["change"] != 0]
    said = [_risks(*risk), *_not_for_it(*missed)]
    for concept in moved["concept"].head(top):
        change = float(moved.loc[moved["concept"] == concept, "change"].iloc[0])
        said.append(_concept(concept, change, features[features["concept"] == concept], specs, ages))
    if len(moved) > top:
        rest = float(moved["change"].iloc[top:].sum())
        said.append(f"All else together {_moved(rest)} the score." if rest else "All else cancelled out.")
    return said


def _moved(change: float) -> str:
    """Which way something moved the score."""
    return "raised" if change > 0 else "lowered"


def _risks(before: float, now: float) -> str:
    """The risk on both dates."""
    if abs(now - before) < _SAME:
        return f"The score stayed at {now:.1%}."
    return f"The score {'rose' if now > before else 'fell'} from {before:.1%} to {now:.1%}."


def _not_for_it(before: str, now: str) -> list[str]:
    """Say plainly where the model is not for the child."""
    return [
        f'On {when} the child was not eligible (rule: "{rule}"), so its score there is what the model gives for such '
        "a record, and no risk to act on."
        for when, rule in ((_EARLIER, before), (_LATER, now))
        if rule
    ]


def _concept(
    concept: str, change: float, features: pd.DataFrame, specs: Mapping[str, Feature], ages: tuple[int, int] | None
) -> str:
    """What a concept did, by the feature that carried it."""
    head = f"{concept[0].upper()}{concept[1:]} {_moved(change)} the score"
    carried = features[(features["change"] != 0) & (features["because"] != "others")]
    same_way = carried[(carried["change"] > 0) == (change > 0)]
    if carried.empty:
        return f"{head}, although nothing of it changed: it counts otherwise beside what did change."
    row = (carried if same_way.empty else same_way).iloc[0]
    said = _then_and_now(specs[str(row["feature"])], row["value_from"], row["value_to"], ages)
    told = f"{said}.{_TIME if row['because'] == 'time' else ''}"
    if same_way.empty:
        other = f"although what changed of it {_moved(-change)} the score"
        return f"{head}, {other}: {told} The rest of it counts otherwise beside what did change."
    return f"{head}: {told}"


def _then_and_now(spec: Feature, before: float | str, now: float | str, ages: tuple[int, int] | None) -> str:
    """A value on both dates in words."""
    if isinstance(before, str) or isinstance(now, str):
        return f"{_on(spec, now, _LATER)}; {_on(spec, before, _EARLIER)}"
    if isinstance(spec, Age) and not math.isnan(before + now):
        then, older = ages or (math.floor(before), math.floor(now))
        return f"the child grew older, {f'from {then} to {older}' if then < older else f'within the age of {older}'}"
    said = _on(spec, now, _LATER)
    if isinstance(spec, _BY_NUMBER) and not math.isnan(before) and _said(before) != _said(now):
        return f"{said}; {_said(before)} on {_EARLIER}"
    earlier = _on(spec, before, _EARLIER)
    if earlier.replace(_EARLIER, _LATER) == said:
        return f"{said}, and a little {'less' if before < now else 'more'} on {_EARLIER}"
    return f"{said}; {earlier}"


def _said(number: float) -> str:
    """A number at the end of a sentence."""
    return number_said(number) if number else "none"


def _on(spec: Feature, value: float | str, when: str) -> str:
    """A value in words, with the date that it is of."""
    said = reason_sentence(spec, value).rstrip(".")
    said = said.replace(_DAY, when) if _DAY in said else f"{said}, on {when}"
    return f"{said[0].lower()}{said[1:]}"
