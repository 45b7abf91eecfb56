"""InvokeModel by way of S3: the body is read, the reply written, and what a runtime sees is a plain call."""

import asyncio
import json

import pytest

from evaldrop import storage
from evaldrop.engine import ServiceError, TaskError, bedrock_invoke_model, sdk_integration
from evaldrop.running.stored_bodies import get_object, with_stored_bodies


def recording(reply=b'{"text": "hi"}'):
    asked = []

    async def invoke(request):
        asked.append(request)
        return {"body": reply, "contentType": "application/json"}

    return with_stored_bodies(invoke, storage), asked


def test_a_runtime_gets_the_bytes_and_the_reply_is_written_where_the_output_says(tmp_path):
    (tmp_path / "in.json").write_bytes(b'{"messages": []}')
    call, asked = recording()
    places = {"input": {"s3Uri": f"{tmp_path}/in.json"}, "output": {"s3Uri": f"{tmp_path}/new/out.json"}}

    reply = asyncio.run(call({"modelId": "m", "accept": "application/json", **places}))

    assert asked == [{"modelId": "m", "accept": "application/json", "body": b'{"messages": []}'}]
    assert (tmp_path / "new/out.json").read_bytes() == b'{"text": "hi"}'
    assert json.loads(reply["body"]) == {"S3Uri": f"{tmp_path}/new/out.json"}


def test_a_call_with_a_body_passes_through_as_it_is():
    call, asked = recording()
    request = {"modelId": "m", "body": b"{}"}
    assert asyncio.run(call(request))["body"] == b'{"text": "hi"}'
    assert asked == [request]


def test_a_request_that_is_not_there_is_an_error_and_no_call(tmp_path):
    call, asked = recording()
    with pytest.raises(ServiceError, match="no such file"):
        asyncio.run(call({"modelId": "m", "input": {"s3Uri": f"{tmp_path}/none.json"}}))
    assert asked == []


def test_the_workflow_sees_no_reply_in_the_result_and_reads_it_from_the_object(tmp_path):
    (tmp_path / "in.json").write_bytes(b"{}")
    call, _ = recording(b'{"content": [{"text": "hi"}]}')
    arguments = {
        "ModelId": "m",
        "Input": {"S3Uri": f"{tmp_path}/in.json"},
        "Output": {"S3Uri": f"{tmp_path}/out.json"},
    }
    result = asyncio.run(bedrock_invoke_model(call)(arguments, None))
    assert result["Body"] == {"S3Uri": f"{tmp_path}/out.json"}

    read = sdk_integration("s3", "GetObject", get_object(storage))
    found = asyncio.run(read({"Bucket": str(tmp_path), "Key": "out.json"}, None))
    assert found == {"Body": {"content": [{"text": "hi"}]}}
    with pytest.raises(TaskError, match=r"S3\.NoSuchKeyException"):
        asyncio.run(read({"Bucket": str(tmp_path), "Key": "none.json"}, None))
