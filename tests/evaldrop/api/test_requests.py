"""
The same requests to the API of one machine, by HTTP, and to a stack's function, by API Gateway's events.

What differs between the two is who has checked the key; all else is one code, and answers alike.
"""

import http.client
import json
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from evaldrop import storage
from evaldrop.api.server import ApiServer, served
from evaldrop.api.stack import stack_api
from evaldrop.report.serving import LOOPBACK
from evaldrop.store.model import Ending, StoredCandidate, StoredRun
from evaldrop.store.sqlite import SqliteStore
from lambdas.api.handler import handler
from tests.evaldrop.api.asking import Answered, answered, event
from tests.evaldrop.api.fakes import ARTICLE, FREE, NOW, key, standing
from tests.evaldrop.recorded_runs import recorded_run

MACHINE = "arn:aws:states:us-east-1:111122223333:stateMachine:EvaluateDataset"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:Api"
KEYS = (
    key("ada", user="ada"),
    key("bob", user="bob"),
    key("eve", role="viewer"),
    key("root", role="admin"),
    key("acme", customer="acme"),
    key("agency", customers=("zeta", "acme")),
    key("poor", limits=FREE.model_copy(update={"runs_per_month": 1})),
)
EVALUATION = {
    "name": "support",
    "candidates": [{"name": "lite", "model": "amazon.nova-lite-v1:0"}],
    "judges": [{"name": "haiku", "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0"}],
    "criteria": ["helpfulness"],
}
DONE = "api-00000000000000000000000000000001"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a run that has ended."""
    rows = [{"id": "a/b", "prompt": "One?"}, {"id": "c", "prompt": "Two?"}]
    return recorded_run(tmp_path_factory.mktemp("finished"), EVALUATION, rows).folder


def _fill(store, folder):
    for each in KEYS:
        store.add_key(each)
    store.add_key(key("gone"))
    store.revoke_key("gone", now=NOW)
    ending = Ending(
        state="finished",
        ended_at=NOW,
        cost_usd=0.25,
        records=2,
        recommendation="Ship lite.",
        candidates=(StoredCandidate(name="lite", model="amazon.nova-lite-v1:0", overall=0.5),),
    )
    owner = KEYS[0].owner.model_copy(update={"key_id": "ada"})
    run = StoredRun(
        run_id=DONE,
        state="running",
        started_at=NOW,
        dataset="s3://drop/datasets/api/x/records.jsonl",
        evaluation="support",
        folder=str(folder),
        owner=owner,
    )
    store.begin(run)
    store.end(DONE, ending)


@pytest.fixture(scope="module")
def by_http(tmp_path_factory, finished):
    """Asks a server on this machine."""
    here = standing(tmp_path_factory.mktemp("http"))
    _fill(here.store, finished)
    with served(server := ApiServer(0, here.api.handle, None)):

        def ask(method, target, body=None, *, who="ada", headers=None):
            connection = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=20)
            text = body if body is None or isinstance(body, str) else json.dumps(body)
            sent = {} if text is None else {"Content-Type": "application/json"}
            sent |= {"x-api-key": f"secret-{who}"} if who else {}
            connection.request(method, target, body=text and text.encode(), headers=sent | (headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            answer = Answered(response.status, found, response.read().decode())
            connection.close()
            return answer

        yield ask
    assert here.faults == []


@pytest.fixture(scope="module")
def by_event(tmp_path_factory, finished):
    """Asks a stack's function, whose bucket is in memory."""
    folder = tmp_path_factory.mktemp("stack")
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "EVALDROP_INPUT_BUCKET": "drop",
            "EVALDROP_OUT": "s3://results/runs",
            "EVALDROP_STATE_MACHINE": MACHINE,
            "EVALDROP_STORE": f"sqlite:{folder / 'runs.sqlite'}",
        }.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        client = boto3.client("s3")
        client.create_bucket(Bucket="drop")
        patch.setattr(storage, "_client", client)
        _fill(SqliteStore(folder / "runs.sqlite"), finished)
        context = SimpleNamespace(invoked_function_arn=FUNCTION)

        def ask(method, target, body=None, *, who="ada", headers=None, is_binary=False):
            asked = event(method, target, body, headers=headers, gateway_key=who, is_binary=is_binary)
            return answered(handler(asked, context))

        yield ask
        stack_api.cache_clear()


@pytest.fixture(params=["by_http", "by_event"])
def ask(request):
    """Asks the one, then the other."""
    return request.getfixturevalue(request.param)


def test_a_text_starts_a_run_that_its_asker_sees_and_another_does_not(ask):
    answer = ask("POST", "/runs", {**ARTICLE, "labels": ["a"]})
    run_id = answer.json["run_id"]
    assert answer.status == 202
    assert answer.headers["location"] == answer.json["links"]["self"]
    assert answer.json["state"] == "admitted"
    assert ask("GET", f"/runs/{run_id}").json["labels"] == ["a"]
    assert run_id in [each["run_id"] for each in ask("GET", "/runs").json["runs"]]

    hidden = ask("GET", f"/runs/{run_id}", who="bob")

    assert hidden.status == 404
    assert hidden.json["detail"] == f"There is no run {run_id} here."
    assert ask("GET", "/runs", who="bob").json["runs"] == []
    assert ask("GET", "/runs?user=ada", who="bob").json["runs"] == []
    assert ask("DELETE", f"/runs/{run_id}", who="bob").status == 404
    assert run_id in [each["run_id"] for each in ask("GET", "/runs", who="root").json["runs"]]


def test_the_same_key_leads_to_the_same_run_and_another_body_is_refused(ask):
    sent = {"Idempotency-Key": "order-7"}
    first = ask("POST", "/runs", ARTICLE, headers=sent)
    again = ask("POST", "/runs", ARTICLE, headers=sent)
    assert (first.status, again.status) == (202, 202)
    assert first.json["run_id"] == again.json["run_id"]

    other = ask("POST", "/runs", {**ARTICLE, "prompt": "Translate it."}, headers=sent)

    assert other.status == 422
    assert "another body" in other.json["detail"]
    assert ask("POST", "/runs", ARTICLE, headers=sent, who="bob").json["run_id"] != first.json["run_id"]
    assert ask("POST", "/runs", ARTICLE, headers={"Idempotency-Key": "a b"}).status == 400


def test_a_month_that_is_used_up_answers_429_and_starts_nothing(ask):
    assert ask("POST", "/runs", ARTICLE, who="poor").status == 202

    refused = ask("POST", "/runs", ARTICLE, who="poor")

    assert refused.status == 429
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["content-type"] == "application/problem+json"
    assert len(ask("GET", "/runs", who="poor").json["runs"]) == 1


@pytest.mark.parametrize(
    ("who", "status"), [(None, 401), ("nobody", 401), ("gone", 403)], ids=["none", "unknown", "revoked"]
)
def test_who_has_no_key_is_told_nothing(ask, who, status):
    answer = ask("GET", "/runs", who=who)
    # Of a revoked one the server knows no more than of one that never was.
    assert answer.status in {status, 401}
    assert "run" not in answer.json["detail"]


def test_a_viewer_reads_and_starts_nothing(ask):
    assert ask("GET", "/runs", who="eve").status == 200
    assert ask("POST", "/runs", ARTICLE, who="eve").status == 403
    assert ask("POST", "/uploads", {"name": "a.jsonl"}, who="eve").status == 403


FAULTS = [
    ({"models": ["m"]}, "", "give one of article, records and dataset"),
    ({**ARTICLE, "modles": []}, "/modles", "Did you mean models?"),
    ({**ARTICLE, "models": [7]}, "/models/0", ""),
    ({**ARTICLE, "limit": "5"}, "/limit", "integer"),
    ({**ARTICLE, "prompt": None}, "/prompt", "missing"),
    ({**ARTICLE, "models": None}, "/models", "missing"),
    ({**ARTICLE, "criteria": ["corectness"]}, "/criteria/0", "correctness"),
    ({**ARTICLE, "models": [{"model": "x", "temprature": 1}]}, "/models/0/temprature", "unknown key"),
    ({**ARTICLE, "evaluation": "nope"}, "/evaluation", "no evaluation of this name"),
    ({**ARTICLE, "evaluation": "../../etc"}, "/evaluation", ""),
    ({"records": [{"id": "a", "prompt": "?"}, {"id": "b"}], "models": ["m"]}, "/records/1", "no prompt"),
    (
        {"records": ["?"], "models": ["m"], "prompt": "!", "criteria": ["correctness"]},
        "/records",
        "no record",
    ),
    ({**ARTICLE, "criteria": ["correctness"]}, "/article", "needs a reference"),
    ({**ARTICLE, "models": "m"}, "/models", "a list is needed"),
    ({"records": []}, "/records", "List should have at least 1 item, not 0."),
    ({**ARTICLE, "criteria": [7]}, "/criteria/0", "an object is needed"),
    ({"records": [{"prompt": "?"}], "evaluation": {**EVALUATION, "gat": []}}, "/evaluation/gat", "gate"),
    (
        {"records": [{"prompt": "?"}], "evaluation": {**EVALUATION, "anchors": "/etc/passwd"}},
        "/evaluation/anchors",
        "a file is not read",
    ),
    (
        {"records": [{"prompt": "?"}], "evaluation": {**EVALUATION, "checks": [{"json": "/etc/passwd"}]}},
        "/evaluation/checks",
        "give the schema itself",
    ),
    (
        {"records": [{"prompt": "?"}], "evaluation": {**EVALUATION, "metrics": [{"python": "os:system"}]}},
        "/evaluation/metrics/0/python",
        "a request brings no code",
    ),
    (
        {"dataset": "s3://drop/uploads/bob/00000000000000000000000000000000/a.jsonl", "models": ["m"]},
        "/dataset",
        "",
    ),
    ({"dataset": "s3://drop/../../etc/passwd", "models": ["m"]}, "/dataset", "no dataset of yours"),
]


@pytest.mark.parametrize(
    ("body", "pointer", "words"), FAULTS, ids=[f"{n}{p}" for n, (_, p, _) in enumerate(FAULTS)]
)
def test_what_is_wrong_is_told_with_its_place(ask, body, pointer, words):
    answer = ask("POST", "/plan", body)
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    assert words in json.dumps(answer.json)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("{", {}, 400),
        ("[" * 100_000, {}, 400),
        ('{"a":' * 200 + "1" + "}" * 200, {}, 400),
        ("[]", {}, 422),
        ("{}", {"Content-Type": "text/plain"}, 415),
        ('{"article": "%s"}' % ("x" * 4_200_000), {}, 413),
        ('{"article": "\\ud800", "models": ["m"], "prompt": "?"}', {}, 200),
    ],
    ids=["cut", "deep", "deeper", "list", "text", "huge", "half a pair"],
)
def test_a_body_that_is_no_request_is_refused(ask, body, headers, status):
    assert ask("POST", "/plan", body, headers=headers).status == status


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/runs/../../etc/passwd", 404),
        ("/runs/%2e%2e%2f%2e%2e%2fetc", 404),
        ("/runs/..", 404),
        ("/runs/a%00b", 404),
        (f"/runs/{'x' * 300}", 404),
        ("/runs/%F0%9F%92%A9", 404),
        ("/runs?limit=1&limit=2", 400),
        ("/runs?limit=0", 400),
        ("/runs?stat=running", 400),
        ("/runs?since=2026-13-45", 400),
        ("/runs?after=%00", 400),
        ("/nowhere", 404),
        (f"/compare?a={DONE}", 400),
        (f"/runs/{DONE}/records/%2e%2e%2f%2e%2e%2frun.json", 404),
    ],
)
def test_a_hostile_address_finds_nothing(ask, target, status):
    answer = ask("GET", target)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_method_that_is_not_for_a_route_is_told_which_are(ask):
    answer = ask("PATCH", "/runs")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


def test_a_finished_run_shows_its_scorecard_report_and_records(ask):
    shown = ask("GET", f"/runs/{DONE}").json
    responded = {(each["record_id"], each["candidate"]) for each in shown["responses"]}
    assert responded == {("a/b", "lite"), ("c", "lite")}
    assert shown["scorecard"]["evaluation"] == "support"
    assert shown["ending"]["recommendation"] == "Ship lite."
    report = ask("GET", f"/runs/{DONE}/report")
    assert report.headers["content-type"].startswith("text/html")
    policy = report.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    # Without allow-same-origin it has an origin of its own, and nothing of the API's.
    assert policy.endswith("; sandbox allow-scripts allow-downloads")
    assert report.text.startswith("<!doctype html>")

    record = ask("GET", f"/runs/{DONE}/records/a%2Fb").json

    assert record["record_id"] == "a/b"
    assert [row["candidate"] for row in record["responses"]] == ["lite"]
    assert [row["criterion"] for row in record["verdicts"]] == ["helpfulness"]
    assert ask("GET", f"/runs/{DONE}/records/none").status == 404
    assert ask("GET", f"/runs/{DONE}/report", who="bob").status == 404
    assert ask("GET", f"/runs/{DONE}/report/link", who="bob").status == 404


def test_the_page_of_prompts_is_shown_where_a_run_made_some(ask, finished):
    none = ask("GET", f"/runs/{DONE}/prompts")
    assert none.status == 404
    assert "made no prompt" in none.json["detail"]
    page = Path(finished) / "prompts.html"
    page.write_text("<!doctype html>prompts")
    try:
        shown = ask("GET", f"/runs/{DONE}/prompts")
        assert shown.text == "<!doctype html>prompts"
        assert shown.headers["content-security-policy"].endswith("; sandbox allow-scripts allow-downloads")
        assert ask("GET", f"/runs/{DONE}/prompts", who="bob").status == 404
    finally:
        page.unlink()


def test_two_runs_are_compared(ask):
    found = ask("GET", f"/compare?a={DONE}&b={DONE}&limit=1").json
    assert found["records"] == {"both": 2, "only_now": 0, "only_then": 0}
    assert len(found["responses"]) <= 1
    assert ask("GET", f"/compare?a={DONE}&b={DONE}", who="bob").status == 404


def test_the_candidate_that_was_taken_is_noted(ask):
    chosen = ask("POST", f"/runs/{DONE}/choice", {"candidate": "lite", "note": "cheap"})
    assert chosen.json["choice"] == {
        "candidate": "lite",
        "chosen_at": chosen.json["choice"]["chosen_at"],
        "chosen_by": "ada",
        "note": "cheap",
    }
    wrong = ask("POST", f"/runs/{DONE}/choice", {"candidate": "lit"})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/candidate")
    assert "Did you mean lite?" in wrong.json["detail"]
    assert ask("POST", f"/runs/{DONE}/choice", {"candidate": "lite"}, who="bob").status == 404


def test_a_customers_key_charges_its_own_customer_alone(ask):
    assert ask("POST", "/runs", {**ARTICLE, "customer": "other"}, who="acme").status == 403
    assert ask("POST", "/runs", ARTICLE, who="acme").json["customer"] == "acme"


def test_a_customer_is_named_by_who_may_charge_them_and_by_an_admin(ask):
    def customer_of(who, customer):
        answer = ask("POST", "/runs", {**ARTICLE, "customer": customer}, who=who)
        return answer.json["customer"] if answer.status == 202 else answer.status

    # Each new name would be a bill of its own, and a metric.
    for path in ("/runs", "/plan"):
        refused = ask("POST", path, {**ARTICLE, "customer": "other"}, who="bob")
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (403, "/customer")
    assert customer_of("agency", "zeta") == "zeta"
    assert customer_of("agency", "other") == 403
    assert customer_of("root", "new") == "new"


def test_usage_is_everybodys_to_an_admin_and_ones_own_to_others(ask):
    ask("POST", "/runs", ARTICLE)
    everybody = ask("GET", "/usage?by=user", who="root").json
    assert {row["name"] for row in everybody["rows"]} >= {"ada"}

    own = ask("GET", "/usage?by=user").json

    assert [row["name"] for row in own["rows"]] == ["ada"]
    assert own["own"]["month"]["runs"] >= 1
    assert own["own"]["limits"]["runs_per_month"] is None
    assert ask("GET", "/usage?by=user", who="bob").json["rows"] in ([], [*_of("bob", ask)])


def _of(user, ask):
    return [row for row in ask("GET", "/usage?by=user", who="root").json["rows"] if row["name"] == user]


def test_a_plan_says_what_a_run_costs_and_starts_nothing(ask):
    before = len(ask("GET", "/runs?limit=200").json["runs"])
    plan = ask("POST", "/plan", ARTICLE).json
    assert plan["records"] == 1
    assert plan["calls"] == 4
    assert 0 < plan["cost_usd"]["low"] <= plan["cost_usd"]["likely"] <= plan["cost_usd"]["high"]
    assert [line["name"] for line in plan["lines"]] == ["nova-lite", "nova-micro", "claude-haiku-4-5"]
    assert len(ask("GET", "/runs?limit=200").json["runs"]) == before


def test_what_may_be_chosen_is_listed(ask):
    names = [each["name"] for each in ask("GET", "/evaluations").json["criteria"]]
    models = {each["model"]: each for each in ask("GET", "/models").json["models"]}
    assert "correctness" in names
    assert (models["amazon.nova-lite"]["is_id"], models["amazon.nova-lite"]["input_usd"]) == (False, 0.06)


def test_the_page_and_the_description_are_had_without_a_key(ask):
    page = ask("GET", "/", who=None)
    assert page.headers["content-type"].startswith("text/html")
    described = ask("GET", "/openapi.json", who=None).json
    assert described["openapi"] == "3.1.0"
    assert {"/runs", "/runs/{run_id}", "/plan"} <= described["paths"].keys()


def test_a_body_that_api_gateway_hands_on_as_bytes_is_the_same_request(by_event):
    """As where an API, or a stage that is put before it, takes bodies for bytes."""
    said = {**ARTICLE, "article": "Der Zug fährt um acht. 🚆"}
    first, again = (by_event("POST", "/plan", said, is_binary=is_binary) for is_binary in (False, True))
    assert first.status == 200
    assert again == first


def test_a_server_on_one_machine_makes_the_events_that_are_documented():
    """All keys but those of its context, of which the API reads few: no code reads what only the one has."""
    taken = []

    def handle(made):
        taken.append(made)
        return {"statusCode": 204, "multiValueHeaders": {}, "body": ""}

    server = ApiServer(0, handle, None)
    with served(server):
        connection = http.client.HTTPConnection(LOOPBACK, server.server_port)
        connection.request("GET", "/runs?limit=2&state=finished", headers={"Accept": "*/*"})
        connection.getresponse().read()
        connection.close()
    [made] = taken
    documented = event("GET", "/runs?limit=2&state=finished")
    assert made.keys() == documented.keys()
    assert made["requestContext"].keys() <= documented["requestContext"].keys()
    for name in (
        "path",
        "httpMethod",
        "resource",
        "queryStringParameters",
        "multiValueQueryStringParameters",
    ):
        assert made[name] == documented[name]
    assert made["headers"].keys() == made["multiValueHeaders"].keys()
