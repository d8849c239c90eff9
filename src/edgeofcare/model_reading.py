"""Read a model file without trust: every entry and array is checked before a scorer is made of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from edgeofcare.exceptions import ModelFileError
from edgeofcare.explanation.named_reference import Reference
from edgeofcare.explanation.saved_reference import reference_from_mapping, reference_names, saved_reference
from edgeofcare.explanation.saved_wording import saved_wording
from edgeofcare.features.names import parse_feature
from edgeofcare.golden_rows import golden_names, golden_problem, saved_golden
from edgeofcare.model_archive import Archive, array_members, read_arrays, refuse
from edgeofcare.model_entries import (
    FORMAT,
    KINDS,
    SCHEMA_VERSION,
    calibration_line,
    certainly,
    feature_concepts,
    feature_names,
    finite_number,
    lags_or_none,
    protected,
    read_entry,
    same_task,
    share_or_none,
    whole_number,
)
from edgeofcare.model_statements import saved_card, saved_expiry, saved_verdict
from edgeofcare.models.arrays import LinearArrays, TreeArrays, array_names, from_mapping, validate
from edgeofcare.models.refit_members import refit_names, refits_from_mapping, saved_refits
from edgeofcare.models.saved_vocabularies import codes_fit, saved_vocabularies
from edgeofcare.models.spread import RefitArrays
from edgeofcare.scorer import Scorer

__all__ = ["make_scorer"]

_GOLDEN_SINCE = 4  # layout
_SINCE_GOLDEN = ("golden", "expires", "verdict", "wording", "card", "monitoring")


class _Found(NamedTuple):
    """The arrays of a file, each checked but for the golden rows, which need the whole model."""

    arrays: TreeArrays | LinearArrays
    refits: tuple[RefitArrays, ...]
    reference: Reference | None
    members: dict[str, npt.NDArray[Any]]


def make_scorer(archive: Archive) -> Scorer:
    """Check everything that a model file says, replay its golden rows, and make the scorer.

    Parameters
    ----------
    archive : Archive
        The members of the file.

    Returns
    -------
    Scorer
        The model.

    Raises
    ------
    ModelFileError
        If an entry, an array or a hash is not as ``make_manifest`` and ``pack`` write it; the layout is newer; or the
        model does not give what is stored with the golden rows.
    """
    manifest = archive.manifest
    version = _version(manifest)
    read_entry("decision_support_only", lambda: certainly(manifest["decision_support_only"]))
    kind = read_entry("kind", lambda: next(kind for kind in KINDS if kind == manifest["kind"]))
    names = read_entry("features", lambda: feature_names(manifest["features"]))
    read_entry(
        "protected_features", lambda: certainly(protected(map(parse_feature, names)) == manifest["protected_features"])
    )
    slope = read_entry("calibration", lambda: finite_number(manifest["calibration"]["slope"]))
    if slope <= 0:
        refuse("The slope of its calibration is not above zero, so every reason would point the wrong way.")
    intercept = read_entry("calibration", lambda: calibration_line(manifest["calibration"]).intercept)
    vocabularies = read_entry("vocabularies", lambda: saved_vocabularies(manifest["vocabularies"], names))
    golden = read_entry("golden", lambda: saved_golden(manifest)) if version >= _GOLDEN_SINCE else None
    found = _arrays(archive, kind, len(names), golden=golden is not None)
    if not codes_fit([found.arrays, *(refit.arrays for refit in found.refits)], names, vocabularies):
        refuse("Its arrays and its vocabularies do not belong together.")
    _check_statements(manifest, version)
    scorer = Scorer(
        found.arrays,
        feature_names=names,
        task=read_entry("task", lambda: same_task(manifest["task"])),
        slope=slope,
        intercept=intercept,
        prevalence=read_entry("prevalence", lambda: share_or_none(manifest["prevalence"])),
        reporting_lag=read_entry("assumptions", lambda: lags_or_none(manifest["assumptions"]["reporting_lag"])),
        refits=found.refits,
        vocabularies=vocabularies,
        reference=found.reference,
        wording=read_entry("wording", lambda: saved_wording(manifest)),
        manifest_json=archive.manifest_json,
    )
    if golden is not None and (problem := golden_problem(scorer, golden, found.members)):
        refuse(problem)
    return scorer


def _version(manifest: dict[str, Any]) -> int:
    """The layout, refused where this version cannot read it."""
    if manifest.get("format") != FORMAT:
        refuse("Its manifest is not that of an edgeofcare model.")
    version = read_entry("schema_version", lambda: whole_number(manifest["schema_version"]))
    if version > SCHEMA_VERSION:
        msg = (
            "The model file was written by a newer version of edgeofcare, whose layout this version cannot read. "
            "Upgrade edgeofcare."
        )
        raise ModelFileError(msg)
    return version


def _check_statements(manifest: dict[str, Any], version: int) -> None:
    """Check what an authority states, which came with the golden rows; an older file cannot have any of it."""
    if version < _GOLDEN_SINCE:
        if too_new := [name for name in _SINCE_GOLDEN if name in manifest]:
            refuse(f"Its manifest has {', '.join(too_new)}, which a file of its layout cannot have.")
        return
    read_entry("wording", lambda: manifest["wording"])
    read_entry("expires", lambda: (manifest["expires"], saved_expiry(manifest)))
    read_entry("card", lambda: (manifest["card"], saved_card(manifest)))
    read_entry("verdict", lambda: saved_verdict(manifest))
    read_entry("monitoring", lambda: certainly(isinstance(manifest.get("monitoring", {}), dict)))
    read_entry("features", lambda: feature_concepts(manifest["features"]))


def _arrays(archive: Archive, kind: str, n_features: int, *, golden: bool) -> _Found:
    """The arrays of the model, of its refits and of its reference, checked; and those of its golden rows."""
    count = read_entry("refits", lambda: saved_refits(archive.manifest))
    present = array_members(archive)
    said = read_entry("reference", lambda: saved_reference(archive.manifest, count))
    own, more = array_names(kind, present), refit_names(kind, count, present)
    made = golden_names(count) if golden else []
    found = read_arrays(archive, [*own, *more, *reference_names(kind, archive.manifest), *made])
    arrays = from_mapping(kind, {name: found[name] for name in own})
    validate(arrays, n_features)
    refits = refits_from_mapping(kind, count, found, n_features)
    return _Found(arrays, refits, reference_from_mapping(said, found, arrays, refits), found)
