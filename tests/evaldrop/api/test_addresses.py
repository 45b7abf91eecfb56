"""Links that an answer holds, by whatever address the API is reached; and IDs that are not plain."""

import pytest

from evaldrop.api.exchange import RequestPlace, place_of
from evaldrop.store.model import Ending
from tests.evaldrop.api.asking import answered, event
from tests.evaldrop.api.fakes import ARTICLE


@pytest.fixture(params=[(None, "/v1"), ("", ""), ("/eval", "/eval")])
def reached(request, here):
    """The API by its stage, a domain of one's own, or a base path of that; and what links begin with."""
    domain_path, base = request.param

    def ask(method, target, body=None):
        headers = {"x-api-key": "secret-own"}
        return answered(
            here.api.handle(event(method, target, body, headers=headers, domain_path=domain_path))
        )

    return here, ask, base


def test_links_lead_to_where_the_request_was_sent(reached):
    here, ask, base = reached
    made = ask("POST", "/runs?wait=0", ARTICLE)
    own = f"{base}/runs/{made.json['run_id']}"
    assert made.headers["location"] == made.json["links"]["self"] == own
    assert ask("GET", "/runs").json["runs"][0]["links"] == {"self": own}
    here.store.end(made.json["run_id"], Ending(state="finished", ended_at="2026-11-30T12:00:01Z"))
    assert ask("GET", f"/runs/{made.json['run_id']}").json["links"]["report"] == f"{own}/report"


def test_the_page_and_the_description_are_found_by_each_address(reached):
    _, ask, _ = reached
    assert ask("GET", "/").headers["content-type"].startswith("text/html")
    assert ask("GET", "/openapi.json").json["openapi"] == "3.1.0"


def test_a_server_on_this_machine_has_nothing_before_its_paths():
    told = {
        "resource": "/{proxy+}",
        "path": "/runs/x",
        "pathParameters": None,
        "requestContext": {"stage": "local"},
    }
    assert place_of(told) == RequestPlace("/runs/x", "")


def test_what_comes_before_a_path_is_a_plain_path_or_nothing():
    strange = event("GET", "/runs")
    for before in ("//evil.example", "/\\evil", "/a%2fb", "/a?b", "https://evil.example"):
        strange["requestContext"]["path"] = f"{before}/runs"
        assert place_of(strange) == RequestPlace("/runs", "")


@pytest.mark.parametrize("decoded", [False, True])
def test_a_path_is_found_whether_or_not_its_parameter_was_decoded(decoded):
    asked = event("GET", "/runs/x/records/a%2Fb%20c", domain_path="/eval")
    if decoded:
        asked["pathParameters"] = {"proxy": "runs/x/records/a/b c"}
    assert place_of(asked) == RequestPlace("/runs/x/records/a%2Fb%20c", "/eval")
