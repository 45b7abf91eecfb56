"""What nobody may: each claim on every operation that the API has, so that new ones are held to it."""

import json
import re
from urllib.parse import quote

import pytest

from evaldrop.api.routes import OPERATIONS
from evaldrop.store.model import Ending, StoredCandidate, StoredRun
from tests.evaldrop.api.asking import answered, ask, event
from tests.evaldrop.api.fakes import ARTICLE, NOW, key, standing

DONE, OPEN = f"api-{'1' * 32}", f"api-{'2' * 32}"
SECRETS = ("secret-ada", "secret-bob", "/secret/folder")
HOSTILE_IDS = (
    "..",
    "../..",
    "../../etc/passwd",
    "a\0b",
    "a\r\nX-Evil: 1",
    "\u202e",
    "%2e%2e",
    "x" * 5000,
    "~",
    "*",
)
BODIES = {
    "cut": b'{"article": ',
    "no utf-8": b'{"article": "\xff\xfe"}',
    "nan": b'{"article": NaN}',
    "infinite": b'{"limit": Infinity}',
    "huge integer": b'{"limit": ' + b"9" * 5000 + b"}",
    "a float of hundreds of digits": b'{"limit": 1e999}',
    "deep": b'{"evaluation": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "half a pair": b'{"article": "\\ud800", "candidate": "\\udfff", "name": "\\ud800.jsonl"}',
    "twice": b'{"article": "a", "article": "b", "candidate": "x", "candidate": 1}',
    "wrong types": b'{"article": {}, "records": 1, "models": {}, "candidate": [], "name": {}}',
    "null": b"null",
    "proto": b'{"__proto__": {"admin": true}, "__class__": "x"}',
}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    here = standing(tmp_path_factory.mktemp("hostile"))
    for each in (
        key("ada", user="ada"),
        key("bob", user="bob"),
        key("viewer", role="viewer"),
        key("runner"),
        key("admin", role="admin"),
    ):
        here.store.add_key(each)
    owner = key("ada", user="ada").owner.model_copy(update={"key_id": "ada"})
    for run_id in (DONE, OPEN):
        run = StoredRun(
            run_id=run_id,
            state="running",
            started_at=NOW,
            dataset="s3://b/d",
            owner=owner,
            folder="/secret/folder",
        )
        here.store.begin(run)
    done = (StoredCandidate(name="lite", model="m"),)
    here.store.end(DONE, Ending(state="finished", ended_at=NOW, candidates=done))
    return here


def _operations(wanted):
    return pytest.mark.parametrize(
        "operation", [each for each in OPERATIONS if wanted(each)], ids=lambda each: each.name
    )


def _of_a_run(operation):
    return "{run_id}" in operation.path or "a" in operation.parameters.model_fields


def _target(operation, run_id="r", record_id="1"):
    path = operation.path.replace("{run_id}", run_id).replace("{record_id}", record_id)
    return f"{path}?a={run_id}&b={run_id}" if "a" in operation.parameters.model_fields else path


def _valid(operation):
    return (
        None
        if operation.content is None
        else operation.content.model_config["json_schema_extra"]["examples"][0]
    )


@pytest.mark.parametrize("run_id", [DONE, OPEN], ids=["finished", "running"])
@_operations(_of_a_run)
def test_anothers_run_is_answered_as_one_that_never_was(here, operation, run_id):
    absent = f"api-{'f' * 32}"
    there, not_there = (
        ask(here.api, operation.method, _target(operation, each), _valid(operation), secret="secret-bob")
        for each in (run_id, absent)
    )
    assert there.status == not_there.status == 404
    assert there.text.replace(run_id, "") == not_there.text.replace(absent, "")
    assert here.place.stopped == []
    assert here.store.run(run_id).choice is None


# Who gets further than 403, by what an operation does.
MAY = {"read": {"viewer", "runner", "admin"}, "start": {"runner", "admin"}, "administer": {"admin"}}


@pytest.mark.parametrize("role", ["viewer", "runner", "admin"])
@_operations(lambda each: each.action is not None)
def test_a_role_gets_as_far_as_the_table_says_and_nobody_without_a_key(here, operation, role):
    target, body = _target(operation, f"api-{'e' * 32}"), _valid(operation)
    found = ask(here.api, operation.method, target, body, secret=f"secret-{role}")
    assert (found.status != 403) == (role in MAY[operation.action])
    assert ask(here.api, operation.method, target, body, secret=None).status == 401


@_operations(lambda each: "{" in each.path)
@pytest.mark.parametrize("evil", HOSTILE_IDS, ids=range(len(HOSTILE_IDS)))
def test_a_hostile_id_finds_nothing_and_comes_back_in_no_header(here, operation, evil):
    for target in (_target(operation, run_id=evil), _target(operation, run_id=DONE, record_id=evil)):
        if DONE in target and "{record_id}" not in operation.path:
            continue
        # Percent-encoded, as the server hands it on, and as it is.
        for path in (quote(target), target):
            asked = event(operation.method, "/x", _valid(operation), headers={"x-api-key": "secret-ada"})
            asked["path"], asked["pathParameters"] = path, {"proxy": path.lstrip("/")}
            asked["requestContext"]["path"] = f"/v1{path}"
            found = answered(here.api.handle(asked))
            assert found.status in {404, 405}
            assert not any(re.search(r"[\r\n]", value) for value in found.headers.values())
            assert "Evil" not in json.dumps(list(found.headers))


@pytest.mark.parametrize("body", BODIES)
@_operations(lambda each: each.content is not None)
def test_a_hostile_body_is_the_senders_fault_and_echoes_no_secret(here, operation, body):
    import base64

    target = _target(operation, DONE)
    sent = event(
        operation.method, target, "", headers={"x-api-key": "secret-ada", "Content-Type": "application/json"}
    )
    found = answered(
        here.api.handle({**sent, "body": base64.b64encode(BODIES[body]).decode(), "isBase64Encoded": True})
    )
    assert found.status in {400, 422}, found.text
    assert found.headers["content-type"] == "application/problem+json"
    assert not any(secret in found.text for secret in SECRETS)
    assert len(found.text) < 20_000
    assert here.faults == []


SERVER_FILES = ("/etc/passwd", "file:///etc/passwd")


@pytest.mark.parametrize("file", SERVER_FILES)
def test_a_request_names_no_file_that_the_server_would_read(here, file):
    models = ARTICLE["models"]
    own = {"name": "x", "candidates": [{"name": "a", "model": models[0]}], "criteria": ["helpfulness"]}
    asked = [
        {**ARTICLE, "prompt": file.removesuffix(".json") + ".v1"},
        {**ARTICLE, "evaluation": {**own, "prompt": file}},
        {**ARTICLE, "evaluation": {**own, "anchors": file}},
        {**ARTICLE, "evaluation": {**own, "anchors": {"file": file}}},
        {**ARTICLE, "evaluation": {**own, "checks": [{"json": file}]}},
        {**ARTICLE, "evaluation": {**own, "checks": [{"not_contains_json": file}]}},
        {**ARTICLE, "evaluation": {**own, "candidates": [{**own["candidates"][0], "prompt": file}]}},
        {**ARTICLE, "evaluation": {**own, "judges": [{"name": "j", "model": models[0], "prompt": file}]}},
        {**ARTICLE, "judge": {"model": models[0], "prompt": file}},
        {**ARTICLE, "evaluation": {**own, "baseline": file}},
        {"dataset": file, "models": models},
        {"records": [{"prompt": "?", "images": [file]}], "models": models},
        {"records": [{"prompt": "?", "documents": [{"path": file}]}], "models": models},
        {**ARTICLE, "evaluation": file},
    ]
    for body in asked:
        found = ask(here.api, "POST", "/plan", body)
        assert "root:" not in found.text
        if found.status == 200:
            # Then the name was a text to it, and what is put holds no more than was sent.
            started = ask(here.api, "POST", "/runs", body)
            assert started.status == 202
            put = here.place.puts[-1]
            assert b"root:" not in b"".join([put.content or b"", *put.files.values()])
            assert set(put.files) <= {"evaluation.yaml"} | {
                name for name in put.files if name.startswith("prompts/")
            }
    assert here.faults == []
