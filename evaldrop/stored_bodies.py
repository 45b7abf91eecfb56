"""
InvokeModel with `Input.S3Uri` and `Output.S3Uri`, as Step Functions does it: bodies read and written beside
the call.

Runtimes know only bodies. On one machine a URI is a path, since a bucket is a directory.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.engine.errors import ServiceError
from evaldrop.errors import StorageError

JSON = dict[str, Any]


def with_stored_bodies(invoke: Callable[[JSON], Awaitable[JSON]]) -> Callable[[JSON], Awaitable[JSON]]:
    """
    Return a call for `bedrock_invoke_model` that takes {"input": {"s3Uri"}} and {"output": {"s3Uri"}} too.

    A reply that is written away leaves a reference to it in place of its body. What the reference looks like
    in Step Functions is not documented; the workflow does not read it.

    Args:
        invoke: Takes {"modelId", "body", …}, returns {"body": bytes, "contentType"}.
    """

    async def call(request: JSON) -> JSON:
        plain = {key: value for key, value in request.items() if key not in {"input", "output"}}
        if "input" in request:
            plain["body"] = await _read(request["input"]["s3Uri"])
        reply = await invoke(plain)
        if "output" not in request:
            return reply
        uri = request["output"]["s3Uri"]
        await asyncio.to_thread(storage.write_bytes, uri, _bytes(reply["body"]))
        return {**reply, "body": orjson.dumps({"S3Uri": uri})}

    return call


async def get_object(request: JSON) -> JSON:
    """Answer S3's GetObject of {"Bucket", "Key"}; on one machine the bucket is a directory."""
    return {"Body": await _read(storage.uri_of(request["Bucket"], request["Key"]))}


async def _read(uri: str) -> bytes:
    try:
        return await asyncio.to_thread(storage.read_bytes, uri)
    except StorageError as error:
        raise ServiceError("NoSuchKey", str(error)) from error


def _bytes(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else body
