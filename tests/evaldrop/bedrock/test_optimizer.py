"""Bedrock's optimiser: its event stream as boto3 reads it, what passes tried again, the rest in words."""

import json
import re
import struct
import zlib
from types import SimpleNamespace

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from evaldrop.bedrock.optimizer import (
    ATTEMPTS,
    MAX_TEXT,
    AwsOptimizer,
    open_optimizer,
    optimized_model,
    text_of_events,
)
from evaldrop.bedrock.simulated.prompt_features import features_in
from evaldrop.errors import AwsError, PromptError

NOVA = "us.amazon.nova-lite-v1:0"
BETTER = "Be exact.\n\n{{prompt}}"
STREAM = "application/vnd.amazon.eventstream"


def message(payload, **headers):
    """One message of an event stream, as AWS frames it."""
    packed = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in ((f":{key.replace('_', '-')}", value) for key, value in headers.items())
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(packed) + len(body), len(packed))
    framed = prelude + struct.pack(">I", zlib.crc32(prelude)) + packed + body
    return framed + struct.pack(">I", zlib.crc32(framed))


def event(kind, payload):
    return message(payload, message_type="event", event_type=kind, content_type="application/json")


def optimized(text):
    return event("optimizedPromptEvent", {"optimizedPrompt": {"textPrompt": {"text": text}}})


def exception(name, words):
    return message({"message": words}, message_type="exception", exception_type=name)


ANALYSIS = event("analyzePromptEvent", {"message": "It lacks a form."})


class Raw:
    def __init__(self, content):
        self.content = content

    def stream(self, *_args, **_kwargs):
        yield self.content


@pytest.fixture(scope="module")
def client():
    return boto3.client(
        "bedrock-agent-runtime",
        region_name="us-east-1",
        aws_access_key_id="id",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def answered(client):
    """Has the client get answers, one for each call, and notes what it asked and how long was waited."""
    seen = SimpleNamespace(asked=[], waits=[], answers=[])

    def answer(request, **_):
        seen.asked.append(json.loads(request.body))
        given = seen.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        status, content = given if isinstance(given, tuple) else (200, given)
        headers = HTTPHeaders()
        headers["content-type"] = STREAM if status == 200 else "application/json"
        return AWSResponse(request.url, status, headers, Raw(content))

    name = "before-send.bedrock-agent-runtime.OptimizePrompt"
    client.meta.events.register_first(name, answer)
    seen.optimize = AwsOptimizer(client, sleep=seen.waits.append).optimize
    yield seen
    client.meta.events.unregister(name, answer)


def test_the_prompt_is_read_from_the_stream_that_boto3_opens(answered):
    answered.answers = [ANALYSIS + optimized(BETTER)]
    assert answered.optimize("Answer.\n\n{{prompt}}", NOVA) == BETTER
    assert answered.asked == [
        {"input": {"textPrompt": {"text": "Answer.\n\n{{prompt}}"}}, "targetModelId": "amazon.nova-lite-v1:0"}
    ]
    assert answered.waits == []


@pytest.mark.parametrize("parts", [[json.dumps(BETTER)], [f'"{BETTER}"'], [BETTER[:7], BETTER[7:]]])
def test_a_prompt_in_quotes_or_in_parts_is_read_as_it_was_meant(answered, parts):
    answered.answers = [ANALYSIS + b"".join(map(optimized, parts))]
    assert answered.optimize("Answer.", NOVA) == BETTER


@pytest.mark.parametrize(
    "passing",
    [
        (429, json.dumps({"__type": "ThrottlingException", "message": "Slow down"}).encode()),
        ANALYSIS + exception("throttlingException", "Slow down"),
        exception("internalServerException", "Oops"),
        ReadTimeoutError(endpoint_url="https://bedrock.example"),
    ],
    ids=["refused", "throttled in the stream", "failed in the stream", "silent"],
)
def test_what_passes_is_tried_again_after_a_wait_that_grows(answered, passing):
    answered.answers = [passing, passing, optimized(BETTER)]
    assert answered.optimize("Answer.", NOVA) == BETTER
    assert len(answered.waits) == 2
    assert 1 <= answered.waits[0] <= 2 <= answered.waits[1] <= 4


def test_what_does_not_pass_ends_in_words_after_a_few_attempts(answered):
    answered.answers = [exception("throttlingException", "Slow down")] * ATTEMPTS
    with pytest.raises(AwsError, match=r"made no prompt: .*Slow down"):
        answered.optimize("Answer.", NOVA)
    assert answered.answers == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (exception("validationException", "No such model"), "No such model"),
        (
            (403, json.dumps({"__type": "AccessDeniedException", "message": "Not you"}).encode()),
            "Not you.* needs a permission",
        ),
        (ANALYSIS, "without a prompt"),
        (optimized('""'), "without a prompt"),
    ],
)
def test_a_refusal_is_not_tried_again(answered, refusal, words):
    answered.answers = [refusal]
    with pytest.raises(AwsError, match=words):
        answered.optimize("Answer.", NOVA)
    assert answered.waits == []


@pytest.mark.parametrize("text", ["", "x" * (MAX_TEXT + 1)])
def test_a_text_that_it_does_not_take_is_not_sent(answered, text):
    with pytest.raises(PromptError, match="200,000 characters"):
        answered.optimize(text, NOVA)
    assert answered.asked == []


def test_models_are_named_without_their_inference_profile():
    foundation = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
    for model in (NOVA, "geo.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"):
        assert optimized_model(model) == "amazon.nova-lite-v1:0"
    profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"
    assert optimized_model(profile) == "amazon.nova-lite-v1:0"
    assert optimized_model(foundation) == foundation
    with pytest.raises(PromptError, match="which one it is"):
        optimized_model("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123")


def test_every_name_that_is_optimized_for_is_one_that_boto3_would_send(client):
    pattern = (
        client.meta.service_model.operation_model("OptimizePrompt")
        .input_shape.members["targetModelId"]
        .metadata["pattern"]
    )
    for model in ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "global.amazon.nova-2-lite-v1:0"):
        assert re.fullmatch(pattern, optimized_model(model))


def test_events_yet_unknown_are_passed_over():
    known = {"optimizedPromptEvent": {"optimizedPrompt": {"textPrompt": {"text": BETTER}}}}
    assert (
        text_of_events([{"SDK_UNKNOWN_MEMBER": {"name": "new"}}, {"optimizedPromptEvent": {}}, known])
        == BETTER
    )


def test_a_rehearsal_s_optimiser_adds_sentences_and_keeps_what_was_there():
    spec = "simulated:latency=0,seed=3"
    better = open_optimizer(spec).optimize("Answer.\n\n{{prompt}}", NOVA)
    assert better.endswith("\n\nAnswer.\n\n{{prompt}}")
    assert 2 <= len(features_in(better)) <= 3
    assert open_optimizer(spec).optimize("Answer.\n\n{{prompt}}", NOVA) == better
    assert open_optimizer("simulated").optimize("Answer.\n\n{{prompt}}", NOVA) != better


def test_another_server_has_none():
    assert isinstance(open_optimizer("aws"), AwsOptimizer)
    with pytest.raises(AwsError, match="only Amazon Bedrock"):
        open_optimizer("openai=http://localhost:1/v1")
