"""The API does what its OpenAPI document says, for requests that are made from the document."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from evaldrop.api.openapi import document_of
from evaldrop.api.routes import OPERATIONS
from evaldrop.api.server import ApiServer, served
from evaldrop.store.model import Ending
from tests.evaldrop.api.fakes import NOW, standing

DOCUMENT = document_of(OPERATIONS)
schema = schemathesis.openapi.from_dict(json.loads(json.dumps(DOCUMENT)))


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    here = standing(tmp_path_factory.mktemp("contract"))
    ended = Ending(state="finished", ended_at=NOW, cost_usd=0.1, records=1)
    here.place.ends = lambda run_id: here.store.end(run_id, ended)
    server = ApiServer(0, here.api.handle, None)
    with served(server):
        yield server.address
    assert [repr(fault) for fault in here.faults] == []


@schema.parametrize()
@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_an_operation_answers_as_it_is_described(case, address):
    case.call_and_validate(
        base_url=address,
        headers={"x-api-key": "secret-own"},
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_headers_conformance,
            response_schema_conformance,
            negative_data_rejection,
        ],
    )
