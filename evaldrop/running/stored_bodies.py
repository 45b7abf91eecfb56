"""
InvokeModel with `Input.S3Uri` and `Output.S3Uri`, as Step Functions does it: it reads and writes the bodies.

Runtimes know only bodies. Whose files they are is said where a run is wired: on one machine a URI is a path,
for a bucket is a directory; in the local AWS they are objects that a role may or may not read.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import orjson

from evaldrop import storage
from evaldrop.engine.errors import ServiceError
from evaldrop.errors import StorageError

JSON = dict[str, Any]
Call = Callable[[JSON], Awaitable[JSON]]


class Files(Protocol):
    """Files by URI, as `evaldrop.storage` has them."""

    def read_bytes(self, uri: str) -> bytes:
        """Return a whole file; StorageError or ServiceError when it may not be had."""

    def write_bytes(self, uri: str, content: bytes) -> None:
        """Write a whole file; StorageError or ServiceError when it may not be written."""


def with_stored_bodies(invoke: Call, files: Files) -> Call:
    """
    Return a call for `bedrock_invoke_model` that takes {"input": {"s3Uri"}} and {"output": {"s3Uri"}} too.

    It calls `invoke` with {"modelId", "body", …}, which returns {"body": bytes, "contentType"}. A reply that
    is written away leaves a reference to it in place of its body. What the reference looks like in Step
    Functions is not documented; the workflow does not read it.
    """

    async def call(request: JSON) -> JSON:
        plain = {key: value for key, value in request.items() if key not in {"input", "output"}}
        if "input" in request:
            plain["body"] = await _read(files, request["input"]["s3Uri"])
        reply = await invoke(plain)
        if "output" not in request:
            return reply
        uri, body = request["output"]["s3Uri"], reply["body"]
        await asyncio.to_thread(files.write_bytes, uri, body.encode() if isinstance(body, str) else body)
        # Still JSON: the integration parses the body, as Step Functions does.
        return {**reply, "body": orjson.dumps({"S3Uri": uri})}

    return call


def get_object(files: Files) -> Call:
    """Return what answers S3's GetObject of {"Bucket", "Key"}."""

    async def call(request: JSON) -> JSON:
        return {"Body": await _read(files, storage.uri_of(request["Bucket"], request["Key"]))}

    return call


async def _read(files: Files, uri: str) -> bytes:
    try:
        # In a thread: on the loop one slow read would hold up all other calls.
        return await asyncio.to_thread(files.read_bytes, uri)
    except StorageError as error:
        raise ServiceError("NoSuchKey", str(error)) from error
