"""The optimised integrations: bedrock:invokeModel, dynamodb:updateItem, lambda:invoke, sns:publish."""

import asyncio
import io
import json
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor

import pytest

from evaldrop.engine import (
    ServiceError,
    TaskError,
    bedrock_invoke_model,
    dynamodb_update_item,
    lambda_invoke,
    sns_publish,
)


def invoke(integration, arguments):
    return asyncio.run(integration(arguments, None))


def bedrock(reply):
    asked = []

    async def call(request):
        asked.append(request)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return bedrock_invoke_model(call), asked


def test_a_body_goes_out_as_bytes_and_comes_back_parsed():
    integration, asked = bedrock({"body": b'{"text": "hi"}', "contentType": "application/json"})
    result = invoke(integration, {"ModelId": "m", "Body": {"Prompt": "é"}, "GuardrailIdentifier": "g"})
    assert result == {"Body": {"text": "hi"}, "ContentType": "application/json"}
    assert asked == [
        {
            "modelId": "m",
            "body": '{"Prompt":"é"}'.encode(),
            "guardrailIdentifier": "g",
            "contentType": "application/json",
            "accept": "application/json",
        }
    ]


def test_a_body_may_be_a_string_and_a_stream():
    integration, asked = bedrock({"body": io.BytesIO(b"no json")})
    result = invoke(
        integration, {"ModelId": "m", "Body": "raw", "ContentType": "text/plain", "Accept": "*/*"}
    )
    assert result == {"Body": "no json", "ContentType": "application/json"}
    assert asked[0]["body"] == b"raw"
    assert (asked[0]["contentType"], asked[0]["accept"]) == ("text/plain", "*/*")


def test_input_and_output_may_be_objects_in_s3():
    integration, asked = bedrock({})
    arguments = {"ModelId": "m", "Input": {"S3Uri": "s3://b/in"}, "Output": {"S3Uri": "s3://b/out"}}
    assert invoke(integration, arguments) == {"Body": "", "ContentType": "application/json"}
    assert asked[0]["input"] == {"s3Uri": "s3://b/in"}
    assert asked[0]["output"] == {"s3Uri": "s3://b/out"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"Body": {}}, "ModelId"),
        ({"ModelId": "m"}, "either Body or Input"),
        ({"ModelId": "m", "Body": {}, "Input": {"S3Uri": "s3://b/k"}}, "either Body or Input"),
        ({"ModelId": "m", "Body": {}, "Modelld": 1}, "Modelld"),
        ({"ModelId": 1, "Body": {}}, "ModelId"),
        ({"ModelId": "m", "Input": "s3://b/k"}, "Input"),
        ({"ModelId": "m", "Input": {"S3Uri": 1}}, "Input.S3Uri"),
        ([], "must be an object"),
    ],
)
def test_arguments_bedrock_does_not_take_are_refused(arguments, named):
    integration, asked = bedrock({})
    with pytest.raises(TaskError, match=r"States.Runtime") as refused:
        invoke(integration, arguments)
    assert named in str(refused.value)
    assert asked == []


def test_bedrocks_errors_are_named_after_bedrock():
    integration, _ = bedrock(ServiceError("ThrottlingException", "busy"))
    with pytest.raises(TaskError) as failed:
        invoke(integration, {"ModelId": "m", "Body": {}})
    assert (failed.value.error, failed.value.cause) == ("Bedrock.ThrottlingException", "busy")
    integration, _ = bedrock(ServiceError("BadGateway", "no", status=502))
    with pytest.raises(TaskError) as failed:
        invoke(integration, {"ModelId": "m", "Body": {}})
    assert failed.value.error == "Bedrock.BedrockRuntimeException"
    assert failed.value.cause == "no (Service: BedrockRuntime, Status Code: 502)"


class BadDatasetError(Exception):
    pass


def fails(event, _context):
    raise BadDatasetError(f"no rows in {event['key']}")


FUNCTIONS = {
    "double": lambda event, context: {"twice": event["n"] * 2, "by": context.function_name},
    "fails": fails,
    "thread": lambda event, context: threading.current_thread() is threading.main_thread(),
    "tuple": lambda event, context: (1, {2: "two"}),
    "odd": lambda event, context: {1, 2},
    "nan": lambda event, context: {"mean": float("nan")},
    "echo": lambda event, context: event,
    "time": lambda event, context: context.get_remaining_time_in_millis(),
}


def test_a_handler_gets_the_payload_and_lambdas_envelope_comes_back():
    result = invoke(lambda_invoke(FUNCTIONS), {"FunctionName": "double", "Payload": {"n": 4}})
    assert result == {
        "StatusCode": 200,
        "Payload": {"twice": 8, "by": "double"},
        "ExecutedVersion": "$LATEST",
    }


@pytest.mark.parametrize(
    "name", ["echo", "arn:aws:lambda:eu-west-1:1:function:echo", "arn:aws:lambda:x:1:function:echo:7"]
)
def test_a_function_is_found_by_name_or_arn(name):
    assert invoke(lambda_invoke(FUNCTIONS), {"FunctionName": name, "Payload": 5})["Payload"] == 5


def test_a_handler_runs_in_a_thread_of_its_own():
    assert invoke(lambda_invoke(FUNCTIONS), {"FunctionName": "thread"})["Payload"] is False


def test_a_handler_runs_where_the_executor_says_and_its_errors_come_back_whole():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as elsewhere:
        integration = lambda_invoke({"pid": _pid, "fails": _fails}, executor=elsewhere)
        assert invoke(integration, {"FunctionName": "pid"})["Payload"] != os.getpid()
        with pytest.raises(TaskError) as failed:
            invoke(integration, {"FunctionName": "fails"})
        assert failed.value.error == "ValueError"
        assert json.loads(failed.value.cause)["errorMessage"] == "no rows"


def test_a_process_that_went_away_is_named():
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as elsewhere,
        pytest.raises(TaskError, match=r"Lambda.Unknown: the process of dies"),
    ):
        invoke(lambda_invoke({"dies": _dies}, executor=elsewhere), {"FunctionName": "dies"})


def _pid(_event, _context):
    return os.getpid()


def _fails(_event, _context):
    raise ValueError("no rows")


def _dies(_event, _context):
    os._exit(1)


def test_payloads_are_json_both_ways():
    payload = {"a": [1]}
    given = []
    functions = {"keep": lambda event, context: given.append(event)}
    invoke(lambda_invoke(functions), {"FunctionName": "keep", "Payload": payload})
    assert given == [payload]
    assert given[0] is not payload
    assert invoke(lambda_invoke(FUNCTIONS), {"FunctionName": "tuple"})["Payload"] == [1, {"2": "two"}]


def test_an_exception_becomes_an_error_named_after_its_class():
    with pytest.raises(TaskError) as failed:
        invoke(lambda_invoke(FUNCTIONS), {"FunctionName": "fails", "Payload": {"key": "a.jsonl"}})
    cause = json.loads(failed.value.cause)
    assert failed.value.error == "BadDatasetError"
    assert cause["errorMessage"] == "no rows in a.jsonl"
    assert cause["errorType"] == "BadDatasetError"
    assert len(cause["stackTrace"]) == 1
    assert "in fails" in cause["stackTrace"][0]


@pytest.mark.parametrize("name", ["odd", "nan"])
def test_what_is_no_json_cannot_be_returned(name):
    with pytest.raises(TaskError, match=r"Runtime.MarshalError"):
        invoke(lambda_invoke(FUNCTIONS), {"FunctionName": name})


def test_a_handler_can_ask_for_its_time():
    assert invoke(lambda_invoke(FUNCTIONS), {"FunctionName": "time"})["Payload"] == 900_000


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"FunctionName": "nobody"}, "Lambda.ResourceNotFoundException.*nobody"),
        ({"Payload": 1}, "States.Runtime.*FunctionName"),
        ({"FunctionName": "echo", "Payloads": 1}, "States.Runtime.*Payloads"),
        ({"FunctionName": "echo", "InvocationType": "Event"}, "States.Runtime.*InvocationType"),
        ("echo", "States.Runtime.*object"),
    ],
)
def test_calls_lambda_would_not_take_are_refused(arguments, named):
    with pytest.raises(TaskError, match=named):
        invoke(lambda_invoke(FUNCTIONS), arguments)


def sns(reply):
    asked = []

    async def publish(request):
        asked.append(request)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return sns_publish(publish), asked


def test_a_message_may_be_json_and_is_published_as_text():
    integration, asked = sns({"MessageId": "1", "ResponseMetadata": {}})
    assert invoke(integration, {"TopicArn": "t", "Message": {"a": 1}}) == {"MessageId": "1"}
    invoke(integration, {"TopicArn": "t", "Message": "text", "Subject": "s"})
    assert asked == [
        {"TopicArn": "t", "Message": '{"a":1}'},
        {"TopicArn": "t", "Message": "text", "Subject": "s"},
    ]


def test_sns_errors_and_refusals():
    with pytest.raises(TaskError, match=r"SNS.NotFoundException"):
        invoke(sns(ServiceError("NotFound", "no topic"))[0], {"TopicArn": "t", "Message": "m"})
    with pytest.raises(TaskError, match=r"States.Runtime.*Mesage"):
        invoke(sns({})[0], {"TopicArn": "t", "Mesage": "m"})
    with pytest.raises(TaskError, match=r"States.Runtime.*object"):
        invoke(sns({})[0], "m")


def update_item(reply):
    async def update(request):
        if isinstance(reply, Exception):
            raise reply
        return {"Attributes": {"n": request["ExpressionAttributeValues"][":n"]}}

    return dynamodb_update_item(update)


def test_an_item_s_attributes_are_typed_as_the_service_types_them():
    arguments = {"TableName": "t", "Key": {"pk": {"S": "a"}}, "ExpressionAttributeValues": {":n": {"N": "1"}}}
    assert invoke(update_item(None), arguments) == {"Attributes": {"n": {"N": "1"}}}
    with pytest.raises(TaskError, match=r"ExpressionAttributeValues\.:n\.N.*string"):
        invoke(update_item(None), arguments | {"ExpressionAttributeValues": {":n": {"N": 1}}})


# The guide's own samples catch the first and retry the second; the others are the SDK's classes.
@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ConditionalCheckFailedException", "DynamoDB.ConditionalCheckFailedException"),
        ("ValidationException", "DynamoDB.AmazonDynamoDBException"),
        ("AccessDeniedException", "DynamoDB.AmazonDynamoDBException"),
        ("ProvisionedThroughputExceededException", "DynamoDB.ProvisionedThroughputExceededException"),
        ("InternalServerError", "DynamoDB.InternalServerErrorException"),
        ("RequestLimitExceeded", "DynamoDB.RequestLimitExceededException"),
        ("SdkClientException", "DynamoDB.SdkClientException"),
    ],
)
def test_errors_of_a_table_are_named_as_the_older_sdk_names_them(code, name):
    arguments = {"TableName": "t", "Key": {}}
    with pytest.raises(TaskError) as failed:
        invoke(update_item(ServiceError(code, "no")), arguments)
    assert failed.value.error == name
