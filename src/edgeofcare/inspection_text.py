"""What a model file says in words and lines; text from the file is shortened and holds nothing that steers a screen."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

__all__ = ["WIDTH", "inspection_text"]

WIDTH = 100
"""Letters of a line."""

_LABEL = 15
_LONGEST = 2_000
_MEASURES = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "scaled_brier_score": "scaled Brier score",
    "observed_expected_ratio": "observed / expected",
    "calibration_slope": "calibration slope",
    "ppv_at_capacity": "PPV at capacity",
    "recall_at_capacity": "recall at capacity",
}
_POPULATIONS = {"open_case": "with an open case", "child_in_need": "in need"}
_CHOICES = {
    "short_breaks": {"exclude": "short breaks are no care", "include": "short breaks count as care"},
    "uasc": {"exclude": "not unaccompanied asylum-seeking children", "include": "asylum-seeking children too"},
    "remand": {"competing": "remand does not count", "entry": "remand counts as entering care"},
}
_CARD = {"name": "Name", "owner": "Owner", "contact": "Contact", "purpose": "Purpose", "not_for": "Not for"}


def inspection_text(facts: Mapping[str, Any], *, features: bool = False) -> str:
    """Say everything in lines.

    Parameters
    ----------
    facts : mapping
        As :class:`edgeofcare.model_inspection.Inspection` holds them.
    features : bool, default False
        Whether every feature is listed.

    Returns
    -------
    str
        Lines of at most 100 letters, as far as single words are shorter than that.
    """
    card = facts["card"] or {}
    lines = [
        *_entry("Model file", f"{facts['file']}, model {facts['model_id']}, layout {facts['schema_version']}"),
        *(line for name, label in _CARD.items() if name in card for line in _entry(label, card[name])),
        "",
        *_about_task(facts["task"]),
        *_entry("Model", f"{facts['kind']}, {facts['size']}; {_refits(facts['refits'])}"),
        *_entry("Features", _features(facts)),
        *_entry(
            "Concepts", ", ".join(f"{name} ({count})" for name, count in facts["concepts"].items()) or "not stated"
        ),
        *_entry("Protected", ", ".join(facts["protected_features"]) or "no protected characteristic is a feature"),
        "",
        *_about_training(facts["training"]),
        *_entry("Calibration", _calibration(facts["calibration"])),
        *_entry("Reference", _reference(facts["reference"])),
        *_entry("Wording", _wording(facts["wording"])),
        "",
        *_entry("Evaluation", _evaluation(facts["evaluation"])),
        *_entry("Verdict", _verdict(facts["verdict"])),
        *_entry("Expires", _expiry(facts)),
        *_entry("Monitoring", _monitoring(facts["monitoring"])),
        "",
        *_entry("Golden rows", _golden(facts["golden_rows"])),
        *_entry("Signature", facts["signature"]),
        *_entry("SHA-256", facts["sha256"]),
        *(_feature_lines(facts["features"]) if features else []),
        "",
        "A score supports a professional's decision. It never takes one.",
    ]
    return "\n".join(lines)


def _entry(label: str, text: Any) -> list[str]:
    """A label with its text, wrapped beside it."""
    wrapped = textwrap.wrap(_plain(text), WIDTH - _LABEL, break_on_hyphens=False) or [""]
    return [f"{label if at == 0 else '':{_LABEL}}{line}" for at, line in enumerate(wrapped)]


def _plain(text: Any) -> str:
    """Text in one line, without what would steer a screen."""
    plain = " ".join(str(text)[:_LONGEST].split())
    return "".join(letter if letter.isprintable() else "?" for letter in plain)


def _about_task(task: Mapping[str, Any]) -> list[str]:
    """What is predicted, and for whom."""
    gap = "" if task["gap"] in ("0D", "0") else f", from {task['gap'].rstrip('D')} days after it on"
    low, high = task["ages"]
    population = _POPULATIONS.get(task["population"], task["population"].replace("_", " "))
    early = ", early help included" if task["early_help"] else ""
    rest = "; ".join(words[task[name]] for name, words in _CHOICES.items() if task[name] in words)
    return [
        *_entry("Predicts", f"entering care within {task['horizon'].rstrip('D')} days of the index date{gap}"),
        *_entry("For", f"children aged {low} to {high} {population}{early}; {rest}"),
    ]


def _refits(count: int) -> str:
    """Whether there are intervals."""
    return f"{count} refits, so risks have intervals" if count else "no refits, so risks have no interval"


def _features(facts: Mapping[str, Any]) -> str:
    """How many features, and how many of them are codes."""
    count, coded = len(facts["features"]), len(facts["codes"])
    return f"{count:,}" + (f", of which {coded} are codes ({sum(facts['codes'].values())} in all)" if coded else "")


def _concepts(concepts: Mapping[str, int]) -> str:
    """How many features each concept has."""
    return ", ".join(f"{name} ({count})" for name, count in concepts.items()) or "not stated"


def _monitoring(usual: Mapping[str, Any] | None) -> str:
    """What later months are held against."""
    if usual is None:
        return "no baseline: monitor() needs one"
    months = usual["months"] if isinstance(usual["months"], list) else []
    return f"later months are held against {_count(usual['rows'])} rows of {' to '.join(map(str, months))}"


def _about_training(training: Mapping[str, Any]) -> list[str]:
    """Counts, extract and versions."""
    counts = training["counts"] if isinstance(training["counts"], dict) else {}
    said = ", ".join(f"{_count(size)} {name}" for name, size in counts.items())
    share = "" if training["prevalence"] is None else f"; {training['prevalence']:.2%} of rows entered care"
    if training["observed_until"] is None:
        extract = "not stated"
    else:
        lag = f"; reporting lag up to {training['reporting_lag']} days" if training["reporting_lag"] else ""
        extract = f"{training['observed_from'] or 'not stated'} to {training['observed_until']}{lag}"
    versions = training["versions"] if isinstance(training["versions"], dict) else {}
    again = "the run is recorded, so it can be repeated" if training["can_be_reproduced"] else "no run is recorded"
    return [
        *_entry("Trained on", (said or "not stated") + share),
        *_entry("Extract", extract),
        *_entry("Made with", f"{', '.join(f'{name} {version}' for name, version in versions.items())}; {again}"),
    ]


def _count(size: Any) -> str:
    """A count; small ones are not in the file."""
    return "fewer than 10" if size is None else f"{size:,}" if isinstance(size, int) else "unknown"


def _calibration(line: Mapping[str, Any]) -> str:
    """The line and its version."""
    version = f", version {line['version']}" if "version" in line else ""
    return f"{line.get('method', 'not stated')}: slope {line['slope']:.3f}, intercept {line['intercept']:.3f}{version}"


def _reference(reference: Mapping[str, Any] | None) -> str:
    """Whom reasons compare a child with."""
    if reference is None:
        return "reasons compare a child with the average child in training"
    return f"{reference['name']} ({reference['children']:,} children in {reference['rows']:,} rows)"


def _wording(sentences: int | None) -> str:
    """In whose words reasons are told."""
    return "that of the library" if sentences is None else f"the authority's own, {sentences:,} sentences"


def _evaluation(measures: list[Mapping[str, Any]] | None) -> str:
    """The main measures with their intervals."""
    if measures is None:
        return "none is stored"
    by_name = {row["measure"]: row for row in measures if isinstance(row["measure"], str)}
    said = [f"{label} {_number(by_name[name])}" for name, label in _MEASURES.items() if name in by_name]
    return "; ".join(said) or "none of the usual measures is stored"


def _number(row: Mapping[str, Any]) -> str:
    """An estimate with its interval."""
    numbers = [row[name] for name in ("estimate", "ci_low", "ci_high")]
    shown = [f"{number:.3f}" if isinstance(number, int | float) else "not known" for number in numbers]
    return shown[0] if "not known" in shown[1:] else f"{shown[0]} ({shown[1]} to {shown[2]})"


def _verdict(verdict: Mapping[str, str] | None) -> str:
    """What the evaluation concludes."""
    if verdict is None:
        return "none: without an evaluation nobody can tell whether to use it"
    return f"{verdict['conclusion'].upper()}. {verdict.get('text', '')}"


def _expiry(facts: Mapping[str, Any]) -> str:
    """Until when the model may be used."""
    if facts["expires"] is None:
        return "no day is given"
    return f"{facts['expires']}{': EXPIRED, do not use it' if facts['expired'] else ''}"


def _golden(rows: int) -> str:
    """Whether the model still calculates as it did."""
    return f"{rows} replayed, every one the same" if rows else "none: the file was written before there were any"


def _feature_lines(features: list[Mapping[str, Any]]) -> list[str]:
    """Every feature with its concept and sentence."""
    lines = ["", "Every feature"]
    for entry in features:
        lines += textwrap.wrap(
            _plain(f"{entry['name']} ({entry['concept'] or 'concept not stated'}): {entry['sentence']}"),
            WIDTH,
            initial_indent="  ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )
    return lines
