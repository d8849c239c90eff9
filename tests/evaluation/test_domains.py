"""Every measure shows one side of what a model is worth."""

from __future__ import annotations

from itertools import chain

from edgeofcare.evaluation._domains import DOMAINS, domain_of
from edgeofcare.evaluation.judgement.agreed_thresholds import NET_BENEFIT
from edgeofcare.metrics.bootstrap import MEASURES
from edgeofcare.reporting import cells


def test_each_measure_has_one_of_five_domains():
    assert list(DOMAINS) == ["discrimination", "calibration", "overall", "classification at capacity", "utility"]
    assert sorted(chain.from_iterable(DOMAINS.values())) == sorted([*MEASURES, NET_BENEFIT])


def test_every_measure_of_an_evaluation_has_a_domain(evaluation):
    told = {measure: domain_of(measure) for measure in evaluation.measures["measure"]}
    assert set(told.values()) == set(DOMAINS)
    assert told["auroc"] == "discrimination"
    assert told["recall_at_capacity"] == "classification at capacity"
    assert told[NET_BENEFIT] == "utility"


def test_the_report_shows_each_measure_under_the_same_domain():
    shown = {domain.title.lower(): set(domain.labels) for domain in cells.DOMAINS}
    assert shown == {name: set(DOMAINS[name]) for name in shown}
    assert len(shown) >= 4
