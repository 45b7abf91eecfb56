"""The openai runtime against a small chat completions server in this process."""

import asyncio
import contextlib

import orjson
import pytest
from aiohttp import web

from evaldrop.bedrock.families.chat import chat_of_converse, converse_of_chat
from evaldrop.bedrock.openai import OpenAIRuntime, chat_request, converse_response
from evaldrop.bedrock.protocol import ServiceError

COMPLETION = {
    "choices": [{"message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
}
BROKEN_OFF = {"message": {"content": "Hel"}, "error": {"message": "went away", "code": 502}}
SCHEMA = {"type": "object", "properties": {"score": {"type": "integer", "enum": [1, 2]}}}
TOOLS = {"tools": [{"toolSpec": {"name": "v", "description": "d", "inputSchema": {"json": SCHEMA}}}],
         "toolChoice": {"tool": {"name": "v"}}}  # fmt: skip
REQUEST = {"modelId": "llama3.2", "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}


@contextlib.asynccontextmanager
async def server(status=200, body=COMPLETION, wait_s=0.0, **options):
    """Give a runtime whose server answers always the same, and the list of what it was sent."""
    seen = []

    async def answer(request):
        seen.append((request.path, dict(request.headers), await request.json()))
        await asyncio.sleep(wait_s)
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return web.Response(status=status, body=raw, content_type="application/json")

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    runtime = OpenAIRuntime(f"{site.name}/v1/", max_in_flight=4, **options)
    try:
        yield runtime, seen
    finally:
        await runtime.close()
        await runner.cleanup()


def converse(request=REQUEST, **server_options):
    async def call():
        async with server(**server_options) as (runtime, seen):
            return await runtime.converse(request), seen[0]

    return asyncio.run(call())


def invoke(body, **server_options):
    async def call():
        async with server(**server_options) as (runtime, seen):
            answer = await runtime.invoke_model({"modelId": "llama3.2", "body": body})
            return orjson.loads(answer["body"]), seen[0][2]

    return asyncio.run(call())


def test_a_conversation_is_sent_as_chat_and_read_back(no_aws):
    request = {
        **REQUEST,
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"maxTokens": 64, "temperature": 0, "topP": 0.9, "stopSequences": ["END"]},
        "additionalModelRequestFields": {"seed": 1},
    }
    reply, (path, headers, sent) = converse(request)
    assert path == "/v1/chat/completions"
    assert "Authorization" not in headers
    assert sent == {
        "model": "llama3.2",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "max_tokens": 64,
        "temperature": 0,
        "top_p": 0.9,
        "stop": ["END"],
        "seed": 1,
    }
    latency_ms = reply.pop("metrics")["latencyMs"]
    assert 0 <= latency_ms < 2000
    assert reply == {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15},
    }


def test_the_key_is_sent_when_the_environment_holds_one(no_aws, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    _, (_, headers, _) = converse()
    assert headers["Authorization"] == "Bearer sk-1"


def test_a_judges_blocks_become_one_text_and_its_forced_tool_comes_back(no_aws):
    call = {"id": "c1", "type": "function", "function": {"name": "v", "arguments": '{"score": 2}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {"choices": [{"message": message, "finish_reason": "stop"}]}
    blocks = [{"text": "before\n"}, {"text": "response"}, {"text": "\nafter"}, {"text": "Call it now."}]
    request = {"modelId": "m", "messages": [{"role": "user", "content": blocks}], "toolConfig": TOOLS}
    reply, (_, _, sent) = converse(request, body=body)
    assert sent["messages"][0]["content"] == "before\nresponse\nafter\n\nCall it now."
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "v"}}
    assert sent["tools"][0]["function"] == {"name": "v", "description": "d", "parameters": SCHEMA}
    use = {"toolUseId": "c1", "name": "v", "input": {"score": 2}}
    assert reply["output"]["message"]["content"] == [{"toolUse": use}]
    assert reply["stopReason"] == "tool_use"
    # Not 0, which would cost nothing: this server did not tell.
    assert reply["usage"] == {}


def test_a_call_in_the_older_form_comes_back(no_aws):
    message = {"role": "assistant", "content": None, "function_call": {"name": "v", "arguments": "{}"}}
    body = {"choices": [{"message": message, "finish_reason": "function_call"}]}
    request = {
        "modelId": "m",
        "messages": [{"role": "user", "content": [{"text": "?"}]}],
        "toolConfig": TOOLS,
    }
    reply, _ = converse(request, body=body)
    use = {"toolUseId": "call_0", "name": "v", "input": {}}
    assert reply["output"]["message"]["content"] == [{"toolUse": use}]
    assert reply["stopReason"] == "tool_use"


def test_parts_of_a_native_body_become_one_text_unless_one_is_no_text():
    texts = [{"type": "text", "text": "before\n"}, {"type": "text", "text": "response"}]
    image = [*texts, {"type": "image_url", "image_url": {"url": "data:,"}}]
    messages = [{"role": "user", "content": texts}, {"role": "user", "content": image}]
    _, sent = invoke(orjson.dumps({"messages": messages}))
    assert [message["content"] for message in sent["messages"]] == ["before\nresponse", image]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("o3-mini", "max_completion_tokens"),
        ("openai/gpt-5-mini", "max_completion_tokens"),
        ("gpt-4o", "max_tokens"),
        ("llama3.2:3b", "max_tokens"),
    ],
)
def test_the_limit_of_tokens_has_the_name_that_the_model_takes(model, name):
    sent = chat_request({"modelId": model, "inferenceConfig": {"maxTokens": 9}})
    assert sent == {"model": model, "messages": [], name: 9}


@pytest.mark.parametrize("api", ["converse", "invoke_model"])
def test_a_guardrail_is_refused_rather_than_left_out(no_aws, api):
    runtime = OpenAIRuntime("http://127.0.0.1:1/v1", max_in_flight=1)
    guarded = {
        "converse": {"guardrailConfig": {"guardrailIdentifier": "g1", "guardrailVersion": "1"}},
        "invoke_model": {"guardrailIdentifier": "g1", "body": b'{"prompt": "q"}'},
    }[api]

    async def ask():
        try:
            await getattr(runtime, api)({"modelId": "m", **guarded})
        finally:
            await runtime.close()

    with pytest.raises(ServiceError, match="guardrail") as refused:
        asyncio.run(ask())
    assert refused.value.code == "ValidationException"


@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (400, {"error": {"message": "bad model"}}, "ValidationException", "bad model"),
        (401, {"error": "no key"}, "AccessDeniedException", "no key"),
        (403, {}, "AccessDeniedException", "{}"),
        (404, {"error": {"message": "model not found, pull it"}}, "ResourceNotFoundException", "pull it"),
        (408, b"", "ModelTimeoutException", "HTTP 408"),
        (418, b"", "ValidationException", "HTTP 418"),
        (429, b"slow down", "ThrottlingException", "slow down"),
        (500, [1], "InternalServerException", "[1]"),
        (501, b"", "InternalServerException", "HTTP 501"),
        (503, b"loading", "ServiceUnavailableException", "loading"),
        (504, b"", "ModelTimeoutException", "HTTP 504"),
        (200, b"<html>", "InternalServerException", "not JSON"),
        (200, [], "InternalServerException", "not a JSON object"),
        (200, {"choices": []}, "ModelErrorException", "no choices"),
        (
            200,
            {"error": {"message": "no such model", "code": 404}},
            "ResourceNotFoundException",
            "no such model",
        ),
        (200, {"error": {"message": "slow down", "code": "429"}}, "ThrottlingException", "slow down"),
        (200, {"error": {"message": "odd", "code": "model_gone"}}, "ModelErrorException", "odd"),
        (200, {"error": "overloaded", "choices": []}, "ModelErrorException", "overloaded"),
        (200, {"choices": [BROKEN_OFF]}, "ServiceUnavailableException", "went away"),
    ],
)
def test_refusals_carry_bedrocks_names(no_aws, status, body, code, said):
    with pytest.raises(ServiceError) as caught:
        converse(status=status, body=body)
    assert caught.value.code == code
    assert said in caught.value.message


def test_a_silent_server_is_a_model_timeout(no_aws):
    with pytest.raises(ServiceError) as caught:
        converse(wait_s=0.5, read_timeout_s=0.05)
    assert caught.value.code == "ModelTimeoutException"


def test_invoke_model_sends_chat_bodies_and_plain_prompts(no_aws):
    chat = {"messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5}
    answer, sent = invoke(orjson.dumps(chat))
    assert answer == COMPLETION
    assert sent == {**chat, "model": "llama3.2"}
    _, sent = invoke('{"prompt": "Hi", "max_gen_len": 9, "temperature": 0}')
    assert sent == {
        "model": "llama3.2",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0,
        "max_tokens": 9,
    }
    assert "max_tokens" not in invoke('{"prompt": "Hi"}')[1]


@pytest.mark.parametrize(
    "body", ["{", "[]", '{"inputText": "x"}', '{"anthropic_version": "x", "messages": []}']
)
def test_a_body_of_another_family_is_refused_with_the_way_out(no_aws, body):
    with pytest.raises(ServiceError, match="body") as caught:
        invoke(body)
    assert caught.value.code == "ValidationException"


def test_a_text_that_json_cannot_carry_is_a_validation_error(no_aws):
    with pytest.raises(ServiceError, match="JSON"):
        converse({**REQUEST, "messages": [{"role": "user", "content": [{"text": "\ud800"}]}]})


@pytest.mark.parametrize(
    ("choice", "written"), [({}, "auto"), ({"auto": {}}, "auto"), ({"any": {}}, "required")]
)
def test_an_unforced_tool_choice_is_kept(choice, written):
    assert chat_request({"toolConfig": {**TOOLS, "toolChoice": choice}})["tool_choice"] == written


def test_content_that_chat_cannot_carry_is_refused_by_name():
    message = {"role": "user", "content": [{"image": {}}]}
    with pytest.raises(ServiceError, match="image"):
        chat_request({"messages": [message]})


def test_reasoning_comes_first_and_arguments_that_are_no_json_stay_text():
    arguments = ['{"score": ', {"a": 1}, None]
    calls = [{"function": {"name": "v", "arguments": given}} for given in arguments]
    message = {"reasoning_content": "Hm.", "content": [{"type": "text", "text": "So."}], "tool_calls": calls}
    body = {"choices": [{"message": message, "finish_reason": "length"}]}
    reply = converse_response(body, latency_ms=5)
    thought, said, *uses = reply["output"]["message"]["content"]
    assert thought["reasoningContent"]["reasoningText"]["text"] == "Hm."
    assert said == {"text": "So."}
    assert [use["toolUse"]["input"] for use in uses] == ['{"score": ', {"a": 1}, {}]
    assert uses[0]["toolUse"]["toolUseId"] == "call_0"
    assert reply["stopReason"] == "max_tokens"


def test_a_stop_reason_yet_unknown_is_passed_on():
    body = {"choices": [{"message": {"content": "x"}, "finish_reason": "new_reason"}]}
    assert converse_response(body, latency_ms=1)["stopReason"] == "new_reason"


def test_a_request_survives_the_way_to_chat_and_back():
    request = {
        "modelId": "m",
        "system": [{"text": "Be kind."}],
        "messages": [{"role": "user", "content": [{"text": "a"}]}],
        "inferenceConfig": {"maxTokens": 5, "temperature": 0.5},
        "toolConfig": {"tools": TOOLS["tools"]},
    }
    assert {"modelId": "m", **converse_of_chat(chat_request(request))} == request


def test_a_response_survives_the_way_to_chat_and_back():
    use = {"toolUseId": "t", "name": "v", "input": {"score": 1}}
    response = {
        "output": {"message": {"role": "assistant", "content": [{"text": "So."}, {"toolUse": use}]}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
        "metrics": {"latencyMs": 4},
    }
    assert converse_response(chat_of_converse("m", response), latency_ms=4) == response
