"""Raw replies of both operations, in every family's layout, read to the same neutral view."""

import json

import pytest

from evaldrop.bedrock.families.replies import Reply, elapsed_latency, read_reply

SCORES = {"rationale": "fine", "score": 4}

BODIES = {
    "anthropic": (
        {
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hi"}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 7, "output_tokens": 3, "cache_read_input_tokens": 5},
        },
        Reply("Hi", None, "end_turn", 12, 3, thinking="hm", cache_read_tokens=5),
    ),
    "anthropic tool": (
        {
            "content": [
                {"type": "text", "text": "So:"},
                {"type": "tool_use", "id": "1", "name": "give", "input": SCORES},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 7, "output_tokens": 3},
        },
        Reply("So:", SCORES, "tool_use", 7, 3),
    ),
    "nova": (
        {
            "output": {
                "message": {"role": "assistant", "content": [{"text": "Hi"}, {"toolUse": {"input": SCORES}}]}
            },
            "stopReason": "max_tokens",
            "usage": {"inputTokens": 7, "outputTokens": 3, "cacheReadInputTokenCount": 1},
        },
        Reply("Hi", SCORES, "max_tokens", 8, 3, cache_read_tokens=1),
    ),
    "llama": (
        {"generation": "Hi", "prompt_token_count": 7, "generation_token_count": 3, "stop_reason": "length"},
        Reply("Hi", None, "max_tokens", 7, 3),
    ),
    "mistral tells no tokens": (
        {"outputs": [{"text": "Hi", "stop_reason": "stop"}]},
        Reply("Hi", None, "end_turn", None, None),
    ),
    "chat": (
        {
            "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 3},
        },
        Reply("Hi", None, "end_turn", 7, 3),
    ),
    "chat tool": (
        {
            "choices": [
                {
                    "message": {
                        "content": None,
                        "tool_calls": [{"function": {"arguments": json.dumps(SCORES)}}],
                    },
                    "finish_reason": "tool_calls",
                }
            ],
            "usage": {"prompt_tokens": 7, "completion_tokens": 3},
        },
        Reply("", SCORES, "tool_use", 7, 3),
    ),
    "chat blocked": (
        {"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]},
        Reply("", None, "content_filtered"),
    ),
    "titan": (
        {
            "inputTextTokenCount": 7,
            "results": [{"outputText": "Hi", "tokenCount": 3, "completionReason": "FINISH"}],
        },
        Reply("Hi", None, "end_turn", 7, 3),
    ),
}


@pytest.mark.parametrize(("body", "reply"), BODIES.values(), ids=BODIES)
def test_every_familys_body_is_read_to_one_view(body, reply):
    assert read_reply("invoke_model", {"Body": body, "ContentType": "application/json"}) == reply


@pytest.mark.parametrize("name", ["anthropic", "nova", "llama", "mistral", "chat"])
def test_a_body_that_a_guardrail_replaced_says_so_whatever_its_models_own_stop_reason(name):
    """InvokeModel's body keeps `end_turn` and the like; the guardrail's action has a key of its own."""
    body = next(body for key, (body, _) in BODIES.items() if key.startswith(name))
    for action, stop in (("INTERVENED", "guardrail_intervened"), ("NONE", None)):
        marked = {"Body": {**body, "amazon-bedrock-guardrailAction": action}}
        plain = read_reply("invoke_model", {"Body": body})
        assert read_reply("invoke_model", marked) == plain._replace(stop_reason=stop or plain.stop_reason)


def test_a_body_that_is_still_a_text_is_parsed_first():
    assert read_reply("invoke_model", {"Body": '{"generation": "Hi"}'}).text == "Hi"


def test_converse_is_read_by_keys_so_reasoning_may_come_first():
    raw = {
        "Output": {
            "Message": {
                "Content": [
                    {"ReasoningContent": {"ReasoningText": {"Text": "secret"}}},
                    {"Text": "Hello, "},
                    {"Text": "you"},
                    {"ToolUse": {"ToolUseId": "1", "Name": "give", "Input": SCORES}},
                ]
            }
        },
        "StopReason": "tool_use",
        "Usage": {"InputTokens": 7, "OutputTokens": 3, "CacheReadInputTokens": 2, "CacheWriteInputTokens": 1},
        "Metrics": {"LatencyMs": 812},
    }
    assert read_reply("converse", raw) == Reply(
        "Hello, you",
        SCORES,
        "tool_use",
        10,
        3,
        812.0,
        thinking="secret",
        cache_read_tokens=2,
        cache_write_tokens=1,
    )


@pytest.mark.parametrize("raw", [
    None, "text", [], {}, {"Body": None}, {"Body": "not json"}, {"Body": []}, {"Body": {"output": None}},
    {"Body": {"outputs": []}}, {"Body": {"choices": [None]}}, {"Body": {"results": {}}},
    {"Body": {"unheard": "of"}}, {"Output": None}, {"Output": {"Message": {"Content": 3}}},
])  # fmt: skip
@pytest.mark.parametrize("api", ["converse", "invoke_model"])
def test_what_has_no_known_layout_is_an_error(api, raw):
    reply = read_reply(api, raw)
    assert (reply.text, reply.tool_input, reply.input_tokens) == ("", None, None)
    assert reply.error["Error"] == "UnknownReplyLayout"


def test_an_unknown_layout_is_told_by_its_keys():
    body = {
        "answer": {"words": ["Hi"], "by": "x"},
        "choices": [{"message": {"role": "assistant", "say": "Hi"}}],
    }
    cause = read_reply("invoke_model", {"Body": body}).error["Cause"]
    assert "answer.words[0], answer.by, choices[0].message.role, choices[0].message.say" in cause
    assert "api: converse" in cause
    assert "it is empty" in read_reply("converse", {}).error["Cause"]
    for other in ("<html>busy</html>", "null", "[]", '{"choices": [{"mess', "", '"42"'):
        assert "no JSON object" in read_reply("invoke_model", {"Body": other}).error["Cause"]


FIVE, ONE = {"correctness": {"score": 5}}, {"correctness": {"score": 1}}


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        ([FIVE, FIVE], FIVE),
        ([FIVE, ONE], {"verdicts": [FIVE, ONE]}),
        (["{broken", FIVE], FIVE),
        ([json.dumps(FIVE)], FIVE),
    ],
)
def test_several_calls_of_a_tool_are_one_input_that_loses_none(arguments, read):
    uses = [{"ToolUse": {"ToolUseId": "t", "Name": "give", "Input": each}} for each in arguments]
    raw = {"Output": {"Message": {"Role": "assistant", "Content": uses}}, "StopReason": "tool_use"}
    assert read_reply("converse", raw).tool_input == read
    calls = [{"function": {"name": "give", "arguments": json.dumps(each)}} for each in arguments]
    body = {"choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}]}
    assert read_reply("invoke_model", {"Body": body}).tool_input == read


@pytest.mark.parametrize(
    "body",
    [
        {"content": None},
        {"generation": None},
        {"choices": [{"message": {"tool_calls": [{"function": {"arguments": "{half"}}]}}]},
    ],
)
def test_a_known_layout_without_a_text_is_an_empty_response(body):
    reply = read_reply("invoke_model", {"Body": body})
    assert (reply.text, reply.tool_input, reply.error) == ("", None, None)


def test_bedrocks_own_count_of_tokens_stands_in_where_a_body_has_none():
    metrics = {"inputTokenCount": 7, "outputTokenCount": 3}
    body = {"outputs": [{"text": "Hi"}], "amazon-bedrock-invocationMetrics": metrics}
    reply = read_reply("invoke_model", {"Body": body})
    assert (reply.input_tokens, reply.output_tokens) == (7, 3)


def test_latency_is_the_models_own_measure():
    assert elapsed_latency(Reply("", latency_ms=500.0), elapsed_ms=900, retries=2) == 500


def test_the_workflows_clock_stands_in_only_without_retries():
    assert elapsed_latency(Reply(""), elapsed_ms=900, retries=0) == 900
    assert elapsed_latency(Reply(""), elapsed_ms=900, retries=1) is None


@pytest.mark.parametrize(
    ("word", "stop"),
    [
        ("STOP", "end_turn"),
        ("end_of_text", "end_turn"),
        ("max_new_tokens", "max_tokens"),
        ("max_completion_tokens", "max_tokens"),
        ("SAFETY", "content_filtered"),
        ("RECITATION", "content_filtered"),
        ("PROHIBITED_CONTENT", "content_filtered"),
        ("banana", "banana"),
    ],
)
def test_makers_words_for_a_stop_reason_are_converses_and_others_are_passed_on(word, stop):
    body = {"choices": [{"message": {"content": "Hi"}, "finish_reason": word}]}
    assert read_reply("invoke_model", {"Body": body}).stop_reason == stop
