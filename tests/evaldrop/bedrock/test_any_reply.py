"""Any bytes and any JSON as a model's reply: what is read of it is a value, or an error with a name."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaldrop.bedrock.answers import json_bytes, json_object
from evaldrop.bedrock.billing import usage_of
from evaldrop.bedrock.channel import HttpReply
from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.registry import FAMILIES
from evaldrop.bedrock.families.replies import read_reply
from evaldrop.bedrock.metered import MeteredRuntime
from evaldrop.bedrock.openai import OpenAIRuntime, converse_response
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.engine.errors import StatesError
from evaldrop.engine.integrations.optimised import bedrock_invoke_model
from evaldrop.engine.integrations.sdk import sdk_integration
from evaldrop.engine.payloads import to_json
from evaldrop.evaluation.prices import ModelPrice, cost_at
from evaldrop.json_text import loads

texts = st.text(max_size=8) | st.sampled_from(
    ["42", "{}", "[", '{"a": 1}', "\ud83d", '{"a": "\\ud83d"}', "<think>"]
)
numbers = st.integers() | st.floats() | st.sampled_from([-1, 10**18, 10**30, 12.0, True])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)

CHAT = {
    "choices": [
        {
            "message": {
                "content": "42", "reasoning": "hm", "refusal": None,
                "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": '{"tone": {"score": 4}}'}}],
            },
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 10, "completion_tokens": 5},
}  # fmt: skip
CONVERSE = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm"}}},
                {"text": "42"},
                {"toolUse": {"toolUseId": "t", "name": "f", "input": {"tone": {"score": 4}}}},
                {"citationsContent": {"content": [{"text": "so"}]}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {"inputTokens": 10, "outputTokens": 5, "cacheReadInputTokens": 3},
    "metrics": {"latencyMs": 12},
}  # fmt: skip
BODIES = [
    CHAT,
    {"content": [{"type": "text", "text": "42"}, {"type": "tool_use", "input": {"tone": 4}}],
     "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 2}},
    {"output": CONVERSE["output"], "stopReason": "end_turn", "usage": {"inputTokens": 1, "outputTokens": 2}},
    {"generation": "42", "stop_reason": "stop", "prompt_token_count": 1, "generation_token_count": 2},
    {"outputs": [{"text": "42", "stop_reason": "stop"}]},
    {"text": "42", "finish_reason": "COMPLETE", "meta": {"billed_units": {"input_tokens": 1}}},
    {"generations": [{"text": "42", "finish_reason": "COMPLETE"}]},
    {"results": [{"outputText": "42", "tokenCount": 2, "completionReason": "FINISH"}],
     "inputTextTokenCount": 1},
    {"completions": [{"data": {"text": "42", "tokens": [{}]}, "finishReason": {"reason": "stop"}}],
     "prompt": {"tokens": [{}]}},
]  # fmt: skip


@st.composite
def broken(draw, whole):
    """A well-formed reply with some of its parts replaced by anything, or taken away."""
    reply = json.loads(json.dumps(draw(st.sampled_from(whole))))
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = reply
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(holder[key], dict | list) and draw(st.booleans()):
                holder = holder[key]
                continue
            if draw(st.booleans()):
                holder[key] = draw(values)
            else:
                del holder[key]
            break
    return reply


def as_sent(value):
    """JSON as a server may send it; what Python has and JSON has not is left in, as some servers do."""
    return json.dumps(value).encode()


class Answers:
    """A channel that gives one answer, whatever is asked."""

    def __init__(self, body, status=200):
        self.answer = (status, {}, body, 5)

    async def post(self, url, body, authorise):
        return HttpReply(*self.answer)


def finished(coroutine):
    """What a coroutine returns that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


def assert_kept(raw):
    """A file can hold it, as the engine writes it, and it can be read from there."""
    loads(to_json(raw))


def assert_read(reply):
    assert isinstance(reply.text, str)
    assert reply.stop_reason is None or isinstance(reply.stop_reason, str)
    assert reply.tool_input is None or isinstance(reply.tool_input, dict)
    for tokens in (reply.input_tokens, reply.output_tokens):
        assert tokens is None or (type(tokens) is int and 0 <= tokens <= 3 * bodies.MOST_TOKENS)
    assert reply.latency_ms is None or 0 <= reply.latency_ms <= 86_400_000
    assert reply.error is None or (reply.error["Error"] and reply.error["Cause"])


async def through_the_engine(integration):
    """
    A reply as the workflow has it, parsed and in its casing; None where it is an error with a name.

    Any other exception would be States.TaskFailed, with Python's words for a cause.
    """
    try:
        return await integration
    except StatesError:
        return None


@pytest.mark.fuzz
@given(sent=broken([CONVERSE]).map(as_sent) | values.map(as_sent) | st.binary(max_size=30))
@example(sent=b'{"output":' + b"[" * 5000)
@example(sent=b'{"output":' + b"[" * 200 + b"]" * 200 + b"}")
@example(sent=b'{"output": "x", "usage": "y", "metrics": []}')
@example(sent=as_sent({**CONVERSE, "usage": {"inputTokens": -5, "outputTokens": "12"}}))
def test_converse(sent):
    async def converse(_request):
        return json_object(sent, what="the response")

    class Once:
        is_simulated = False

        async def converse(self, request):
            return await converse(request)

    metered = MeteredRuntime(
        Once(), lambda _model, reply, _asked: cost_at(ModelPrice(input=1, output=1), usage_of(reply))
    )
    call = sdk_integration("bedrock-runtime", "Converse", metered.converse)
    raw = finished(through_the_engine(call({"ModelId": "m", "Messages": []}, None)))
    assert metered.meter.input_tokens >= 0
    assert metered.meter.cost_usd >= 0
    if raw is not None:
        assert_kept(raw)
        assert_read(read_reply("converse", raw))


@pytest.mark.fuzz
@given(sent=broken(BODIES).map(as_sent) | values.map(as_sent) | st.binary(max_size=30))
@example(sent=as_sent({"choices": [{"text": "\ud83d"}]}))
@example(sent=b'{"choices": -9223372036854775809}')
@example(sent=b'{"choices": 1' + b"0" * 5000 + b"}")
def test_a_models_own_body(sent):
    async def invoke(_request):
        return {"body": json_bytes(sent, what="the response"), "contentType": "application/json"}

    call = bedrock_invoke_model(invoke)
    raw = finished(through_the_engine(call({"ModelId": "m", "Body": {}}, None)))
    if raw is not None:
        assert_kept(raw)
        assert_read(read_reply("invoke_model", raw))


@pytest.mark.fuzz
@given(
    sent=broken([CHAT]).map(as_sent) | values.map(as_sent) | st.binary(max_size=30),
    status=st.sampled_from([200, 200, 200, 400, 429, 500, 999]),
)
@example(sent=b'{"choices": [{"message": {"content": "4"}, "finish_reason": ["x"]}]}', status=200)
@example(sent=b'{"error": [1]}', status=200)
def test_an_openai_compatible_server(sent, status):
    runtime = OpenAIRuntime("http://localhost:1/v1", max_in_flight=1)
    runtime._channel = Answers(sent, status)
    call = sdk_integration("bedrock-runtime", "Converse", runtime.converse)
    raw = finished(through_the_engine(call({"ModelId": "m", "Messages": []}, None)))
    if raw is not None:
        assert_kept(raw)
        assert_read(read_reply("converse", raw))


@pytest.mark.fuzz
@given(raw=values | broken([CONVERSE, *BODIES]), api=st.sampled_from(["converse", "invoke_model"]))
def test_what_a_results_file_holds(raw, api):
    """On AWS no Python of ours sees a reply before BuildScorecard does."""
    for each in (raw, {"Body": raw}, {"Body": json.dumps(raw)}):
        assert_read(read_reply(api, each))


def test_every_family_has_a_body_here():
    missing = [
        name for name, family in FAMILIES.items() if not any(family.reply_key in body for body in BODIES)
    ]
    assert not missing


@pytest.mark.parametrize("tokens", [-1, 10**12, "12", None, True, 1.5, float("nan"), [1], {}])
def test_what_is_no_count_of_tokens_makes_no_cost(tokens):
    body = {**CHAT, "usage": {"prompt_tokens": tokens, "completion_tokens": 5}}
    assert "inputTokens" not in converse_response(body, latency_ms=1)["usage"]
    for cached in ({"CacheReadInputTokens": tokens}, {"InputTokens": tokens}):
        if tokens is None and "CacheReadInputTokens" in cached:
            continue  # nothing was read from a cache
        usage = {"InputTokens": 10, "OutputTokens": 5, **cached}
        assert read_reply("converse", {"Usage": usage}).input_tokens is None


def test_half_a_surrogate_pair_is_kept_and_read():
    sent = b'{"choices": [{"message": {"content": "42 \\ud83d"}}], "usage": {}}'
    reply = converse_response(json_object(sent, what="it"), latency_ms=1)
    assert reply["output"]["message"]["content"] == [{"text": "42 \ufffd"}]
    assert json.loads(json_bytes(sent, what="it"))["choices"][0]["message"]["content"] == "42 \ufffd"
    pair = b'{"text": "\\ud83d\\ude00"}'
    assert json_object(pair, what="it") == {"text": "😀"}
    called = [{"id": "a", "function": {"name": "f", "arguments": '{"rationale": "so \\ud83d", "score": 4}'}}]
    spoken = converse_response({"choices": [{"message": {"tool_calls": called}}]}, latency_ms=1)
    use = spoken["output"]["message"]["content"][0]["toolUse"]
    assert use["input"] == {"rationale": "so \ufffd", "score": 4}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"<html>Bad gateway</html>", "is not JSON: .*begins with '<html>Bad gateway</html>'"),
        (b'{"choices": [{"mess', "is not JSON"),
        (b"null", "not a JSON object"),
        (b"", "it is empty"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "nests more than 100 levels deep"),
    ],
)
def test_what_is_no_reply_is_an_error_that_the_workflow_tries_again(sent, said):
    with pytest.raises(ServiceError, match=said) as caught:
        json_object(sent, what="the answer")
    assert caught.value.code == "InternalServerException"
