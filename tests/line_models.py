"""Loaded models made by hand: one weight for each feature, so that every contribution can be told in the head."""

from __future__ import annotations

import numpy as np

from edgeofcare.models.arrays import LinearArrays
from edgeofcare.scorer import Scorer
from edgeofcare.task import Task

__all__ = ["line_scorer"]


def line_scorer(weights, *, intercept=-3.0, absent=0.0, **task):
    """A regression with these weights; an unknown value counts as zero, and its absence as ``absent``."""
    zero, weight = np.zeros(len(weights)), np.array(list(weights.values()), dtype=np.float64)
    arrays = LinearArrays(zero, zero, weight, zero + absent, zero, intercept=intercept)
    return Scorer(arrays, feature_names=list(weights), task=Task(**task), slope=1.0, intercept=0.0)
