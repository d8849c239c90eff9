"""Requests drawn from the OpenAPI document, right and wrong ones: no 5xx, and no answer that it does not name."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from asgi_calls import TOKEN, service_of
from edgeofcare.model_file import load_model
from edgeofcare.service.guard import ROUTES
from served_models import saved

QUIET = list(HealthCheck)
SHORT = settings(max_examples=8, derandomize=True, deadline=None, suppress_health_check=QUIET, database=None)
LONG = settings(max_examples=1_000, deadline=None, suppress_health_check=QUIET, database=None)
UNSAID = [positive_data_acceptance]
"""JSON Schema cannot say that a child is among the rows, or that a spell ends after it began: 422 is right then."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    path = saved(tmp_path_factory.mktemp("drawn") / "model.eoc")
    service = service_of(load_model(path), path, rate=1e6, burst=1_000_000)
    config = schemathesis.Config()
    config.projects.default.generation.update(modes=list(GenerationMode))
    return schemathesis.openapi.from_asgi("/openapi.json", service.app, config=config)


schema = schemathesis.pytest.from_fixture("drawn")


@schema.parametrize()
@SHORT
def test_drawn_requests_are_answered_as_the_document_says(case):
    case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=UNSAID)


@pytest.mark.slow
@schema.parametrize()
@LONG
def test_many_drawn_requests_are_answered_as_the_document_says(case):
    case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=UNSAID)


def test_every_route_is_drawn_from(drawn):
    assert {operation.ok().path for operation in drawn.get_all_operations()} == set(ROUTES) - {"/openapi.json"}
