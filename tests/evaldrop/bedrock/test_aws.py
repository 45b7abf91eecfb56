"""The aws runtime against an endpoint in this process, and against what boto3 itself sends."""

import asyncio
import base64
import contextlib
import datetime as dt

import boto3
import botocore.session
import orjson
import pytest
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials, RefreshableCredentials

from benchmarks.endpoint import Settings, running_endpoint
from evaldrop.bedrock.aws import _OWN_CODES, AwsRuntime, _authorisation, resolve_access, service_error
from evaldrop.bedrock.channel import HttpReply
from evaldrop.bedrock.protocol import ServiceError, code_by_status
from evaldrop.bedrock.signing import BearerToken, Signature
from evaldrop.errors import InputError

NOVA = "us.amazon.nova-lite-v1:0"
PROFILE_ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"
REQUEST = {
    "modelId": NOVA,
    "messages": [{"role": "user", "content": [{"text": "Où est mon colis?"}]}],
    "system": [{"text": "Be brief."}],
    "inferenceConfig": {"maxTokens": 64, "temperature": 0.0},
}
SCORE = {"type": "integer", "enum": [1, 2, 3, 4, 5]}
CRITERION = {"type": "object", "properties": {"rationale": {"type": "string"}, "score": SCORE}}
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "give_verdicts",
                "inputSchema": {"json": {"type": "object", "properties": {"correctness": CRITERION}}},
            }
        }
    ],
    "toolChoice": {"tool": {"name": "give_verdicts"}},
}


@contextlib.asynccontextmanager
async def runtime_at(monkeypatch, settings=None, **options):
    async with running_endpoint(settings) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", endpoint.url)
        runtime = AwsRuntime(**{"max_in_flight": 8, **options})
        try:
            yield runtime, endpoint
        finally:
            await runtime.close()


async def boto3_call(endpoint, operation, request):
    """Send with boto3 what the runtime sends, and return what arrived."""

    def call():
        client = boto3.client(
            "bedrock-runtime", endpoint_url=endpoint.url, config=Config(retries={"max_attempts": 0})
        )
        with contextlib.closing(client):
            return getattr(client, operation)(**request)

    return await asyncio.to_thread(call), endpoint.requests[-1]


@pytest.mark.parametrize("model", [NOVA, PROFILE_ARN, "a model/with~odd._-signs%2F+é"])
def test_converse_sends_the_path_and_body_that_boto3_sends(aws, model):
    request = {**REQUEST, "modelId": model, "toolConfig": TOOLS}

    async def both():
        async with runtime_at(aws) as (runtime, endpoint):
            ours = await runtime.converse(request)
            sent = endpoint.requests[-1]
            return ours, sent, *(await boto3_call(endpoint, "converse", request))

    ours, sent, theirs, expected = asyncio.run(both())
    assert sent.path == expected.path
    assert orjson.loads(sent.body) == orjson.loads(expected.body)
    assert sent.headers["content-type"] == expected.headers["content-type"]
    theirs.pop("ResponseMetadata")
    assert ours == theirs


def test_invoke_model_sends_the_path_headers_and_body_that_boto3_sends(aws):
    request = {
        "modelId": PROFILE_ARN,
        "body": orjson.dumps({"prompt": "hello", "max_gen_len": 32}),
        "accept": "application/json",
        "contentType": "application/json",
        "guardrailIdentifier": "gr1",
        "guardrailVersion": "2",
        "trace": "ENABLED",
    }

    async def both():
        async with runtime_at(aws) as (runtime, endpoint):
            ours = await runtime.invoke_model(request)
            sent = endpoint.requests[-1]
            return ours, sent, *(await boto3_call(endpoint, "invoke_model", request))

    ours, sent, theirs, expected = asyncio.run(both())
    assert (sent.path, sent.body) == (expected.path, expected.body)
    for name in (
        "x-amzn-bedrock-guardrailidentifier",
        "x-amzn-bedrock-guardrailversion",
        "x-amzn-bedrock-trace",
    ):
        assert sent.headers[name] == expected.headers[name]
    assert ours == {"body": theirs["body"].read(), "contentType": "application/json"}


@pytest.mark.parametrize("model", [NOVA, PROFILE_ARN])
def test_a_request_carries_the_signature_that_botocore_computes_for_it(aws, model):
    aws.setenv("AWS_SESSION_TOKEN", "session-token")

    async def call():
        async with runtime_at(aws) as (runtime, endpoint):
            await runtime.converse({**REQUEST, "modelId": model})
            return endpoint.url, endpoint.requests[-1]

    url, sent = asyncio.run(call())
    signed = {name: sent.headers[name] for name in ("content-type", "x-amz-date", "x-amz-security-token")}
    again = AWSRequest(method="POST", url=url + sent.path, headers=signed, data=sent.body)
    again.context["timestamp"] = sent.headers["x-amz-date"]
    signer = SigV4Auth(Credentials("AKIDEXAMPLE", "secret", "session-token"), "bedrock", "us-east-1")
    expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    assert sent.headers["authorization"].endswith(f"Signature={expected}")
    assert "/us-east-1/bedrock/aws4_request" in sent.headers["authorization"]
    if model == PROFILE_ARN:
        assert "%253A" in signer.canonical_request(again).split("\n")[1], (
            "the canonical path is encoded twice"
        )


def test_an_api_key_is_sent_as_a_bearer_token(aws):
    aws.setenv("AWS_BEARER_TOKEN_BEDROCK", "key-123")
    aws.delenv("AWS_ACCESS_KEY_ID")
    aws.delenv("AWS_SECRET_ACCESS_KEY")

    access = resolve_access()
    signed = asyncio.run(access.authorisation.sign(access.endpoint, b"{}", {}))
    assert signed == {"Authorization": "Bearer key-123"}


def test_an_api_key_is_not_sent_without_encryption(aws):
    aws.setenv("AWS_BEARER_TOKEN_BEDROCK", "key-123")
    aws.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:1")
    with pytest.raises(InputError, match="HTTPS") as caught:
        AwsRuntime(max_in_flight=1)
    assert "aws sso login" not in str(caught.value), "credentials are not what is missing"


def test_the_endpoint_follows_region_and_fips_setting(aws):
    assert resolve_access().endpoint == "https://bedrock-runtime.us-east-1.amazonaws.com"
    aws.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    aws.setenv("AWS_DEFAULT_REGION", "us-west-2")
    access = resolve_access()
    assert access.endpoint == "https://bedrock-runtime-fips.us-west-2.amazonaws.com"
    assert access.certificates is not None
    assert "evaldrop/" in access.user_agent


def test_a_profile_and_a_proxy_are_used(no_aws, monkeypatch):
    no_aws.write_text(
        "[profile lab]\nregion = eu-west-1\naws_access_key_id = AKLAB\naws_secret_access_key = s\n"
        "services = here\n[services here]\nbedrock_runtime =\n  endpoint_url = http://proxied.example/path\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "lab")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:3128")
    access = resolve_access()
    assert access.endpoint == "http://proxied.example/path"
    assert access.proxy == "http://127.0.0.1:3128"
    signed = asyncio.run(access.authorisation.sign("http://proxied.example/path", b"{}", {}))
    assert "Credential=AKLAB/" in signed["Authorization"]
    assert "/eu-west-1/bedrock/" in signed["Authorization"]


def test_without_credentials_the_error_names_the_other_runtimes_and_the_ways_to_log_in(no_aws, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with pytest.raises(InputError, match="credentials") as caught:
        AwsRuntime(max_in_flight=1)
    for hint in ("simulated", "openai=", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"):
        assert hint in str(caught.value)


def test_without_a_region_the_error_says_how_to_set_one(no_aws, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with pytest.raises(InputError, match="AWS_DEFAULT_REGION=") as caught:
        AwsRuntime(max_in_flight=1)
    assert "simulated" in str(caught.value)


def test_an_unknown_profile_is_an_input_error(no_aws, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(InputError, match="nobody"):
        AwsRuntime(max_in_flight=1)


def test_bytes_in_a_request_go_as_base64(aws):
    image = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}

    async def call():
        async with runtime_at(aws) as (runtime, endpoint):
            await runtime.converse({"modelId": NOVA, "messages": [{"role": "user", "content": [image]}]})
            return orjson.loads(endpoint.requests[-1].body)

    sent = asyncio.run(call())
    assert base64.b64decode(sent["messages"][0]["content"][0]["image"]["source"]["bytes"]) == b"\x89PNG"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"messages": []}, "modelId"),
        ({"modelId": NOVA, "messages": [{"role": "user", "content": [{"text": "\ud800"}]}]}, "JSON"),
        ({"modelId": NOVA, "messages": [{1, 2}]}, "set"),
    ],
)
def test_a_request_that_cannot_be_sent_is_a_validation_error(aws, request_, said):
    async def call():
        async with runtime_at(aws) as (runtime, _):
            await runtime.converse(request_)

    with pytest.raises(ServiceError, match=said) as caught:
        asyncio.run(call())
    assert caught.value.code == "ValidationException"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (Settings(latency_ms=0, throttle_rate=1.0), "ThrottlingException"),
        (Settings(latency_ms=0, error_rate=1.0), "InternalServerException"),
    ],
)
def test_throttles_and_errors_arrive_once_under_bedrocks_names(aws, settings, code):
    async def call():
        async with runtime_at(aws, settings) as (runtime, endpoint):
            with pytest.raises(ServiceError) as caught:
                await runtime.converse(REQUEST)
            return caught.value, endpoint.counts.total()["calls"]

    error, calls = asyncio.run(call())
    assert error.code == code
    assert error.message
    assert calls == 1, "the runtime must not retry: the workflow does"


ERRORS = [
    (
        429,
        {"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/coral/"},
        b"{}",
        "ThrottlingException",
    ),
    (
        400,
        {},
        b'{"__type": "com.amazon.bedrock#ServiceQuotaExceededException"}',
        "ServiceQuotaExceededException",
    ),
    (400, {}, b'{"code": "ModelNotReady", "Message": "warming"}', "ModelNotReadyException"),
    (400, {}, b'{"message": "Too many requests, rate exceeded"}', "ValidationException"),
    (403, {}, b"<html>no</html>", "AccessDeniedException"),
    (404, {}, b"", "ResourceNotFoundException"),
    (408, {}, b"{}", "ModelTimeoutException"),
    (424, {}, b"{}", "ModelErrorException"),
    (429, {}, b"{}", "ThrottlingException"),
    (500, {}, b"[]", "InternalServerException"),
    (503, {}, b"{}", "ServiceUnavailableException"),
    (504, {}, b"upstream", "ServiceUnavailableException"),
    (599, {}, b"", "InternalServerException"),
    (302, {}, b"", "ValidationException"),
]


@pytest.mark.parametrize(("status", "headers", "body", "code"), ERRORS)
def test_a_refusal_is_named_by_header_then_body_then_status_and_never_by_wording(status, headers, body, code):
    error = service_error(HttpReply(status, headers, body, 1))
    assert error.code == code
    assert error.message


def test_every_unnamed_status_has_a_code_that_ends_in_exception():
    assert all(code_by_status(status, _OWN_CODES).endswith("Exception") for status in range(300, 600))


def test_a_server_that_does_not_answer_is_a_model_timeout(aws):
    async def call():
        async with runtime_at(aws, Settings(latency_ms=5000), read_timeout_s=0.05) as (runtime, _):
            await runtime.converse(REQUEST)

    with pytest.raises(ServiceError) as caught:
        asyncio.run(call())
    assert caught.value.code == "ModelTimeoutException"


def test_a_server_that_is_not_there_is_unavailable(aws):
    aws.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:1")

    async def call():
        runtime = AwsRuntime(max_in_flight=1)
        try:
            await runtime.converse(REQUEST)
        finally:
            await runtime.close()

    with pytest.raises(ServiceError, match="cannot be reached") as caught:
        asyncio.run(call())
    assert caught.value.code == "ServiceUnavailableException"


@pytest.mark.parametrize("payload", [b"<html>", b"[1]"])
def test_a_success_that_is_no_json_object_is_a_server_error(aws, payload):
    async def answer(_):
        return web.Response(body=payload)

    async def call():
        app = web.Application()
        app.router.add_post("/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await (site := web.TCPSite(runner, "127.0.0.1", 0)).start()
        aws.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", site.name)
        runtime = AwsRuntime(max_in_flight=1)
        try:
            await runtime.converse(REQUEST)
        finally:
            await runtime.close()
            await runner.cleanup()

    with pytest.raises(ServiceError) as caught:
        asyncio.run(call())
    assert caught.value.code == "InternalServerException"


def test_both_operations_share_the_places_in_flight(aws):
    async def call():
        async with runtime_at(aws, Settings(latency_ms=30), max_in_flight=4) as (runtime, _):
            body = {"modelId": NOVA, "body": b'{"prompt": "x"}'}
            started = asyncio.get_running_loop().time()
            await asyncio.gather(
                *(runtime.converse(REQUEST) for _ in range(6)),
                *(runtime.invoke_model(body) for _ in range(6)),
            )
            return asyncio.get_running_loop().time() - started

    assert asyncio.run(call()) >= 0.09, "12 calls, 4 at a time, 30 ms each"


def renewing(expires_in_s, refresh):
    expiry = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=expires_in_s)
    return RefreshableCredentials("old", "s", "t", expiry, refresh_using=refresh, method="test")


def test_credentials_about_to_expire_are_renewed_before_signing():
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat()
    credentials = renewing(
        60, lambda: {"access_key": "new", "secret_key": "s", "token": "t", "expiry_time": later}
    )
    signature = Signature(credentials, service="bedrock", region="us-east-1")
    signed = asyncio.run(signature.sign("https://example.com/model/a/converse", b"{}", {}))
    assert "Credential=new/" in signed["Authorization"]


def test_credentials_that_cannot_be_renewed_are_a_service_error():
    credentials = renewing(-60, lambda: None)
    signature = Signature(credentials, service="bedrock", region="us-east-1")
    with pytest.raises(ServiceError, match="renewed") as caught:
        asyncio.run(signature.sign("https://example.com/model/a/converse", b"{}", {}))
    assert caught.value.code == "ExpiredTokenException"


def test_fresh_credentials_are_used_as_they_are():
    def fail():
        raise AssertionError("renewed too early")

    signature = Signature(renewing(3600, fail), service="bedrock", region="us-east-1")
    signed = asyncio.run(signature.sign("https://example.com/model/a/converse", b"{}", {"X-A": "1"}))
    assert signed["X-A"] == "1"
    assert isinstance(signature._credentials.get_frozen_credentials(), ReadOnlyCredentials)


def test_a_signing_scheme_that_is_not_spoken_here_is_named(aws):
    with pytest.raises(InputError, match="AWS4-ECDSA-P256-SHA256"):
        _authorisation(botocore.session.get_session(), "AWS4-ECDSA-P256-SHA256 Credential=a/b/c")


def test_a_bearer_token_leaves_other_headers_alone():
    signed = asyncio.run(BearerToken("Bearer k").sign("https://example.com", b"", {"X-A": "1"}))
    assert signed == {"X-A": "1", "Authorization": "Bearer k"}
