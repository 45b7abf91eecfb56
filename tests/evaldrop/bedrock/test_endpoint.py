"""The benchmark endpoint answers as Bedrock would, so what is measured and tested against it is real."""

import asyncio
import json
import time
import urllib.request

import aiohttp
import pytest

from benchmarks.endpoint import Settings, fill, running_endpoint, serving_processes

CRITERION = {
    "type": "object",
    "properties": {"rationale": {"type": "string"}, "score": {"type": "integer", "enum": [1, 2, 3, 4, 5]}},
}
TOOL = {
    "toolSpec": {"name": "t", "inputSchema": {"json": {"type": "object", "properties": {"tone": CRITERION}}}}
}


def ask(path, body, settings=None, calls=1):
    async def call():
        async with running_endpoint(settings) as endpoint, aiohttp.ClientSession() as session:
            for _ in range(calls):
                async with session.post(endpoint.url + path, json=body) as response:
                    answer = response.status, await response.json()
            async with session.get(endpoint.url + "/stats") as response:
                return *answer, await response.json()

    return asyncio.run(call())


def test_a_candidate_gets_a_text_of_the_length_asked_for():
    status, body, stats = ask("/model/m/converse", {"messages": []}, Settings(latency_ms=0, text_chars=250))
    assert status == 200
    assert len(body["output"]["message"]["content"][0]["text"]) == 250
    assert body["stopReason"] == "end_turn"
    assert stats["candidate_calls"] == 1


def test_a_judge_gets_its_tool_filled_in():
    status, body, stats = ask("/model/m/converse", {"messages": [], "toolConfig": {"tools": [TOOL]}})
    assert status == 200
    verdict = body["output"]["message"]["content"][0]["toolUse"]["input"]
    assert verdict["tone"]["score"] == 3
    assert verdict["tone"]["rationale"]
    assert body["stopReason"] == "tool_use"
    assert stats["judge_calls"] == 1


@pytest.mark.parametrize(
    ("model", "sent", "path_to_text"),
    [
        ("meta.llama3", {"prompt": "x"}, ("generation",)),
        ("mistral.large", {"prompt": "x"}, ("outputs", 0, "text")),
        (
            "anthropic.claude",
            {"anthropic_version": "bedrock-2023-05-31", "messages": []},
            ("content", 0, "text"),
        ),
        ("amazon.nova", {"schemaVersion": "messages-v1"}, ("output", "message", "content", 0, "text")),
        ("openai.gpt-oss", {"messages": []}, ("choices", 0, "message", "content")),
    ],
)
def test_invoke_answers_in_the_familys_own_shape(model, sent, path_to_text):
    status, body, stats = ask(f"/model/{model}/invoke", sent)
    for key in path_to_text:
        body = body[key]
    assert (status, body[:10], stats["candidate_calls"]) == (200, "The parcel", 1)


def test_invoke_fills_in_a_claude_tool():
    tool = {"name": "t", "input_schema": {"type": "object", "properties": {"tone": CRITERION}}}
    sent = {"anthropic_version": "x", "messages": [], "tools": [tool]}
    _, body, stats = ask("/model/c/invoke", sent)
    assert body["content"][0]["input"]["tone"]["score"] == 3
    assert stats["judge_calls"] == 1


def test_throttles_come_at_the_stated_rate():
    _, _, stats = ask("/model/m/converse", {}, Settings(latency_ms=0, throttle_rate=0.3, seed=1), calls=200)
    assert 40 <= stats["throttled"] <= 80


def test_an_unknown_path_is_refused_and_not_counted():
    status, body, stats = ask("/model/m/other", {})
    assert (status, stats["calls"]) == (404, 0)
    assert body["__type"] == "UnknownOperationException"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [True, True]),
        ({"type": "number", "minimum": 0, "maximum": 10}, 5),
        ({"enum": ["bad", "good"]}, "good"),
        ({"type": "integer"}, 3),
    ],
)
def test_fill_satisfies_the_schema(schema, value):
    assert fill(schema) == value


def test_processes_share_one_port_and_one_count_and_take_their_time():
    with serving_processes(Settings(latency_ms=20), processes=2) as (url, counts):
        for _ in range(3):
            started = time.perf_counter()
            request = urllib.request.Request(f"{url}/model/m/converse", data=b"{}", method="POST")
            with urllib.request.urlopen(request) as response:
                assert json.load(response)["metrics"] == {"latencyMs": 20}
            assert time.perf_counter() - started >= 0.02
        assert counts.total()["calls"] == 3
        with urllib.request.urlopen(f"{url}/reset") as response:
            assert json.load(response)["calls"] == 0
