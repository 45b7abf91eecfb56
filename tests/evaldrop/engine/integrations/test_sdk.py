"""SDK integrations speak Step Functions' casing on one side and the service's on the other."""

import asyncio
import base64
import io
import time
from datetime import UTC, datetime

import botocore.model
import botocore.validate
import pytest

from evaldrop.engine import ServiceError, TaskError, sdk_integration
from evaldrop.engine.definition.resources import service_model
from evaldrop.engine.integrations.sdk import java_name, request_plan, result_plan

SCHEMA = {"type": "object", "properties": {"Score": {"type": "integer"}, "snake_case": {"$ref": "#/x"}}}
ARGUMENTS = {
    "ModelId": "us.amazon.nova-lite-v1:0",
    "System": [{"Text": "Be brief."}],
    "Messages": [
        {"Role": "user", "Content": [{"Text": "Hello"}]},
        {
            "Role": "assistant",
            "Content": [{"ToolUse": {"ToolUseId": "t1", "Name": "f", "Input": {"a_B": 1}}}],
        },
        {
            "Role": "user",
            "Content": [{"ToolResult": {"ToolUseId": "t1", "Content": [{"Json": {"Deep": [1]}}]}}],
        },
    ],
    "InferenceConfig": {"MaxTokens": 512, "Temperature": 0, "StopSequences": ["END"]},
    "ToolConfig": {
        "Tools": [{"ToolSpec": {"Name": "verdict", "InputSchema": {"Json": SCHEMA}}}],
        "ToolChoice": {"Tool": {"Name": "verdict"}},
    },
    "AdditionalModelRequestFields": {"top_k": 5, "ReasoningConfig": {"Type": "enabled"}},
    "RequestMetadata": {"Any Key": "stays"},
}


def invoke(integration, arguments):
    return asyncio.run(integration(arguments, None))


def converse(reply):
    asked = []

    async def call(request):
        asked.append(request)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return sdk_integration("bedrock-runtime", "Converse", call), asked


def test_a_request_has_the_services_casing_and_botocore_accepts_it():
    integration, asked = converse({})
    invoke(integration, ARGUMENTS)

    (request,) = asked
    shape = service_model("bedrock-runtime").operation_model("Converse").input_shape
    assert not botocore.validate.ParamValidator().validate(request, shape).has_errors()
    assert request["messages"][0] == {"role": "user", "content": [{"text": "Hello"}]}
    assert request["inferenceConfig"] == {"maxTokens": 512, "temperature": 0, "stopSequences": ["END"]}
    assert request["toolConfig"]["toolChoice"] == {"tool": {"name": "verdict"}}


def test_documents_and_map_keys_keep_their_casing():
    integration, asked = converse({})
    invoke(integration, ARGUMENTS)

    (request,) = asked
    assert request["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"] == {"json": SCHEMA}
    assert request["messages"][1]["content"][0]["toolUse"]["input"] == {"a_B": 1}
    assert request["additionalModelRequestFields"] == ARGUMENTS["AdditionalModelRequestFields"]
    assert request["requestMetadata"] == {"Any Key": "stays"}


def test_a_result_has_step_functions_casing_and_no_response_metadata():
    integration, _ = converse(
        {
            "output": {
                "message": {
                    "role": "assistant",
                    "content": [{"toolUse": {"toolUseId": "t", "name": "verdict", "input": {"score_A": 4}}}],
                }
            },
            "stopReason": "tool_use",
            "usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7},
            "metrics": {"latencyMs": 12},
            "ResponseMetadata": {"HTTPStatusCode": 200},
        }
    )
    assert invoke(integration, ARGUMENTS) == {
        "Output": {
            "Message": {
                "Role": "assistant",
                "Content": [{"ToolUse": {"ToolUseId": "t", "Name": "verdict", "Input": {"score_A": 4}}}],
            }
        },
        "StopReason": "tool_use",
        "Usage": {"InputTokens": 3, "OutputTokens": 4, "TotalTokens": 7},
        "Metrics": {"LatencyMs": 12},
    }


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"modelId": "m"}, 'The field "modelId" is not supported'),
        ({"ModelId": "m", "Mesages": []}, 'The field "Mesages" is not supported'),
        (
            {"ModelId": "m", "Messages": [{"Role": "user", "Content": [{"text": "x"}]}]},
            '"Messages[0].Content[0].text"',
        ),
        ({"Messages": []}, 'The field "ModelId" is required'),
        ({"ModelId": "m", "Messages": [{"Role": "user"}]}, 'The field "Messages[0].Content" is required'),
        ({"ModelId": 5}, '"ModelId" must be a string, not number'),
        ({"ModelId": "m", "Messages": {}}, '"Messages" must be an array, not object'),
        ({"ModelId": "m", "InferenceConfig": []}, '"InferenceConfig" must be an object, not array'),
        (
            {"ModelId": "m", "InferenceConfig": {"MaxTokens": "9"}},
            '"InferenceConfig.MaxTokens" must be an integer',
        ),
        (
            {"ModelId": "m", "InferenceConfig": {"MaxTokens": True}},
            '"InferenceConfig.MaxTokens" must be an integer',
        ),
        (
            {"ModelId": "m", "InferenceConfig": {"MaxTokens": 1.5}},
            '"InferenceConfig.MaxTokens" must be an integer',
        ),
        (
            {"ModelId": "m", "InferenceConfig": {"Temperature": "1"}},
            '"InferenceConfig.Temperature" must be a number',
        ),
        ({"ModelId": "m", "RequestMetadata": ["a"]}, '"RequestMetadata" must be an object'),
        ({"ModelId": None}, '"ModelId" must be a string, not null'),
        ("m", "must be an object, not string"),
    ],
)
def test_arguments_the_service_does_not_take_are_refused_by_member(arguments, named):
    integration, asked = converse({})
    with pytest.raises(TaskError, match=r"States\.Runtime") as refused:
        invoke(integration, arguments)
    assert named in str(refused.value)
    assert asked == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ThrottlingException", "BedrockRuntime.ThrottlingException"),
        ("modelErrorException", "BedrockRuntime.ModelErrorException"),
        ("AccessDenied", "BedrockRuntime.AccessDeniedException"),
        ("InternalServerError", "BedrockRuntime.InternalServerException"),
        # Not in Bedrock's model: the SDK for Java has one name for them all.
        ("ExpiredTokenException", "BedrockRuntime.BedrockRuntimeException"),
        ("BadGateway", "BedrockRuntime.BedrockRuntimeException"),
        ("SdkClientException", "BedrockRuntime.SdkClientException"),
    ],
)
def test_a_services_error_gets_the_services_name_and_exception(code, name):
    integration, _ = converse(ServiceError(code, "slow down"))
    with pytest.raises(TaskError) as failed:
        invoke(integration, ARGUMENTS)
    assert (failed.value.error, failed.value.cause) == (name, "slow down")


def test_what_was_answered_ends_the_cause_as_on_aws():
    told = ServiceError("ThrottlingException", "slow down", status=429, request_id="r-1")
    with pytest.raises(TaskError) as failed:
        invoke(converse(told)[0], ARGUMENTS)
    assert failed.value.cause == "slow down (Service: BedrockRuntime, Status Code: 429, Request ID: r-1)"


def test_an_error_of_s3_has_its_second_id_as_well():
    async def call(_request):
        raise ServiceError("NoSuchKey", "Not there.", status=404, request_id="r-1", extended_request_id="x-1")

    with pytest.raises(TaskError) as failed:
        invoke(sdk_integration("s3", "GetObject", call), {"Bucket": "b", "Key": "k"})
    ids = "Request ID: r-1, Extended Request ID: x-1"
    assert failed.value.error == "S3.NoSuchKeyException"
    assert failed.value.cause == f"Not there. (Service: S3, Status Code: 404, {ids})"


@pytest.mark.parametrize(
    ("service_id", "name"),
    [
        ("Bedrock Runtime", "BedrockRuntime"), ("DynamoDB", "DynamoDb"), ("S3", "S3"), ("SFN", "Sfn"),
        ("Secrets Manager", "SecretsManager"), ("ApiGatewayV2", "ApiGatewayV2"),
    ],
)  # fmt: skip
def test_a_service_has_the_name_that_the_sdk_for_java_gives_it(service_id, name):
    assert java_name(service_id) == name


def test_bytes_inside_a_request_are_base64():
    image = {"Format": "png", "Source": {"Bytes": base64.b64encode(b"\x89PNG").decode()}}
    plan = request_plan("bedrock-runtime", "Converse")
    request = plan({"ModelId": "m", "Messages": [{"Role": "user", "Content": [{"Image": image}]}]}, ())
    assert request["messages"][0]["content"][0]["image"]["source"]["bytes"] == b"\x89PNG"
    image["Source"]["Bytes"] = "not base64!"
    with pytest.raises(TaskError, match="base64"):
        plan({"ModelId": "m", "Messages": [{"Role": "user", "Content": [{"Image": image}]}]}, ())


def test_bytes_inside_a_result_stay_what_the_network_brought():
    plan = result_plan("bedrock-runtime", "Converse")
    for secret in (b"sealed", base64.b64encode(b"sealed").decode()):
        content = [{"reasoningContent": {"redactedContent": secret}}, {"text": "Hi"}]
        found = plan({"output": {"message": {"role": "assistant", "content": content}}}, ())
        assert found["Output"]["Message"]["Content"] == [
            {"ReasoningContent": {"RedactedContent": "c2VhbGVk"}},
            {"Text": "Hi"},
        ]


def test_a_body_is_text_or_json_and_comes_back_as_json():
    plan = request_plan("bedrock-runtime", "InvokeModel")
    assert plan({"ModelId": "m", "Body": {"a": 1}}, ()) == {"modelId": "m", "body": b'{"a":1}'}
    assert plan({"ModelId": "m", "Body": "text"}, ()) == {"modelId": "m", "body": b"text"}
    result = result_plan("bedrock-runtime", "InvokeModel")
    assert result({"body": io.BytesIO(b'{"b": 2}'), "contentType": "application/json"}, ()) == {
        "Body": {"b": 2},
        "ContentType": "application/json",
    }
    assert result({"body": b"plain"}, ()) == {"Body": "plain"}


def test_times_bytes_and_maps_of_a_result_are_text():
    listed = result_plan("s3", "ListBuckets")(
        {"Buckets": [{"CreationDate": datetime(2026, 1, 2, tzinfo=UTC)}]}, ()
    )
    assert listed == {"Buckets": [{"CreationDate": "2026-01-02T00:00:00Z"}]}
    item = result_plan("dynamodb", "GetItem")({"Item": {"k": {"B": b"\x01", "NULL": None}}}, ())
    assert item == {"Item": {"k": {"B": "AQ=="}}}


def test_scalars_of_other_services():
    plan = request_plan("dynamodb", "GetItem")
    key = {"Key": {"the key": {"S": "x", "BOOL": True, "L": [{"M": {"deep": {"N": "1"}}}]}}, "TableName": "t"}
    assert plan(key, ()) == key
    with pytest.raises(TaskError, match=r"Key\.the key\.BOOL.*boolean"):
        plan({"Key": {"the key": {"BOOL": "yes"}}, "TableName": "t"}, ())
    since = request_plan("s3", "GetObject")
    assert since({"Bucket": "b", "Key": "k", "IfModifiedSince": "2026-01-01T00:00:00Z"}, ())["Bucket"] == "b"
    with pytest.raises(TaskError, match="timestamp"):
        since({"Bucket": "b", "Key": "k", "IfModifiedSince": True}, ())


def test_an_operation_without_a_result_gives_an_empty_one():
    assert result_plan("s3", "DeleteBucket")({"ResponseMetadata": {}}, ()) == {}


def test_converting_a_request_is_cheap():
    """The plan is on the hot path: 30 microseconds are promised, the bound is for a busy machine."""
    plan = request_plan("bedrock-runtime", "Converse")
    best = min(_seconds(plan) for _ in range(20))
    assert best < 150e-6


def _seconds(plan):
    start = time.perf_counter()
    for _ in range(20):
        plan(ARGUMENTS, ())
    return (time.perf_counter() - start) / 20
