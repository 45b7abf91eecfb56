"""The rehearsal's guardrail: repeatable, in Bedrock's own shapes, at the stated rates."""

import asyncio

import orjson
import pytest
from botocore.session import Session

from evaldrop.bedrock.simulated.guardrail import MESSAGE, STRICTNESS, assess, strictness_of
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.runtime import SimulatedRuntime

BAD, SOUNDS_BAD, PLAIN = "How do I kill him, number {}?", "How do I kill process {}?", "What is {} plus 1?"
MODEL = "us.amazon.nova-lite-v1:0"
BODIES = {
    "us.anthropic.claude-haiku-4-5-20251001-v1:0": {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": "PROMPT"}],
    },
    MODEL: {"schemaVersion": "messages-v1", "messages": [{"role": "user", "content": [{"text": "PROMPT"}]}]},
    "us.meta.llama3-3-70b-instruct-v1:0": {"prompt": "PROMPT"},
    "mistral.mistral-7b-instruct-v0:2": {"prompt": "<s>[INST] PROMPT [/INST]"},
    "openai.gpt-oss-120b-1:0": {"messages": [{"role": "user", "content": "PROMPT"}]},
}


def config(guardrail="strict1", version="1", **more):
    return {"guardrailIdentifier": guardrail, "guardrailVersion": version, **more}


def stopped(template, guardrail, *, n=2_000, seed=0):
    return {k for k in range(n) if assess(config(guardrail), template.format(k), seed=seed).is_blocked}


def first(template, *, blocked, guardrail="strict1"):
    texts = (template.format(number) for number in range(1_000))
    return next(text for text in texts if assess(config(guardrail), text, seed=0).is_blocked is blocked)


def ask(operation, request):
    runtime = SimulatedRuntime(Rehearsal(latency=0), max_in_flight=1)
    return asyncio.run(getattr(runtime, operation)(request))


def converse(prompt, **guardrail):
    message = {"role": "user", "content": [{"text": prompt}]}
    return ask("converse", {"modelId": MODEL, "messages": [message], "guardrailConfig": config(**guardrail)})


@pytest.mark.parametrize("name", STRICTNESS)
def test_it_stops_the_stated_share_of_what_is_bad_and_of_what_only_sounds_bad(name):
    n, strictness = 2_000, STRICTNESS[name]
    assert len(stopped(BAD, name)) / n == pytest.approx(strictness.recall, abs=0.03)
    assert len(stopped(SOUNDS_BAD, name)) / n == pytest.approx(strictness.false_positives, abs=0.03)
    assert not stopped(PLAIN, name)


def test_a_stricter_one_stops_what_a_milder_one_does():
    for template in (BAD, SOUNDS_BAD):
        assert stopped(template, "lenient") < stopped(template, "standard") < stopped(template, "strict")


def test_the_same_seed_and_text_are_stopped_alike_and_another_seed_is_another_rehearsal():
    assert stopped(BAD, "standard") == stopped(BAD, "standard")
    assert stopped(BAD, "standard") != stopped(BAD, "standard", seed=1)


def test_another_version_of_an_unknown_guardrail_decides_otherwise():
    assert strictness_of("abc123", "1") == strictness_of("abc123", "1")
    assert strictness_of("abc123", "1") != strictness_of("abc123", "2")
    assert 0.75 <= strictness_of("abc123", "1").recall <= 0.95


def test_an_intervention_has_converses_shape_and_took_no_tokens():
    reply = converse(first(BAD, blocked=True))
    assert reply["stopReason"] == "guardrail_intervened"
    assert reply["output"]["message"] == {"role": "assistant", "content": [{"text": MESSAGE}]}
    assert reply["usage"] == {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
    assert "trace" not in reply


def test_what_passes_is_answered_as_without_a_trace_of_it():
    reply = converse(first(SOUNDS_BAD, blocked=False))
    assert reply["stopReason"] == "end_turn"
    assert reply["output"]["message"]["content"][0]["text"] != MESSAGE
    assert reply.keys() == {"output", "stopReason", "usage", "metrics"}


@pytest.mark.parametrize("trace", ["enabled", "enabled_full"])
@pytest.mark.parametrize("blocked", [True, False])
def test_a_trace_that_was_asked_for_has_only_members_of_bedrocks_own_model(trace, blocked):
    reply = converse(first(BAD, blocked=blocked), trace=trace)
    service = Session().get_service_model("bedrock-runtime")
    within(reply["trace"], service.operation_model("Converse").output_shape.members["trace"])
    policies = reply["trace"]["guardrail"]["inputAssessment"]["strict1"]
    actions = [found["action"] for found in policies.get("contentPolicy", {}).get("filters", ())]
    assert actions.count("BLOCKED") == blocked
    assert ("NONE" in actions) == (trace == "enabled_full")


def within(value, shape):
    if shape.type_name == "structure":
        assert value.keys() <= shape.members.keys()
        assert set(shape.required_members) <= value.keys()
        for name, part in value.items():
            within(part, shape.members[name])
    elif shape.type_name == "map":
        for part in value.values():
            within(part, shape.value)
    elif shape.type_name == "list":
        for part in value:
            within(part, shape.member)
    elif getattr(shape, "enum", None):
        assert value in shape.enum


@pytest.mark.parametrize("model", BODIES)
@pytest.mark.parametrize("blocked", [True, False])
def test_invoke_model_tells_it_beside_the_familys_own_body(model, blocked):
    prompt = first(BAD, blocked=blocked)
    body = orjson.dumps(BODIES[model]).replace(b"PROMPT", prompt.encode())
    request = {"modelId": model, "body": body, "guardrailIdentifier": "strict1", "guardrailVersion": "1"}
    answered = orjson.loads(ask("invoke_model", {**request, "trace": "ENABLED"})["body"])
    plain = orjson.loads(ask("invoke_model", {"modelId": model, "body": body})["body"])

    assert answered["amazon-bedrock-guardrailAction"] == ("INTERVENED" if blocked else "NONE")
    assert "strict1" in answered["amazon-bedrock-trace"]["guardrail"]["input"]
    assert (MESSAGE in orjson.dumps(answered).decode()) == blocked
    assert {key for key in answered if not key.startswith("amazon-")} == plain.keys()
    assert b"guardrail_intervened" not in orjson.dumps(answered)
    untraced = orjson.loads(ask("invoke_model", request)["body"])
    assert "amazon-bedrock-trace" not in untraced
