"""What conformance cases run against: integrations that answer from a script, and objects in memory."""

import asyncio
import io
from base64 import b64decode
from typing import Any

from evaldrop.engine import ListedObject, TaskError


class Objects:
    """An object store in memory."""

    def __init__(self, files: dict[str, str] | None = None) -> None:
        self.files: dict[tuple[str, ...], bytes] = {}
        self.put(files or {})
        self.open_streams = 0

    def put(self, files: dict[str, str]) -> None:
        # What is not text is given as base64.
        self.files |= {
            tuple(name.split("/", 1)): (
                b64decode(text.removeprefix("base64:")) if text.startswith("base64:") else text.encode()
            )
            for name, text in files.items()
        }

    def list_objects(self, bucket, prefix):
        found = sorted(key for where, key in self.files if where == bucket and key.startswith(prefix))
        return [ListedObject(key, len(self.files[bucket, key]), 1668699881.0, "0" * 32) for key in found]

    def open_read(self, bucket, key):
        return io.BytesIO(self.files[bucket, key])

    def create(self, bucket, key):
        objects = self

        class Upload(io.BytesIO):
            def close(self):
                if not self.closed:
                    objects.files[bucket, key] = self.getvalue()
                    objects.open_streams -= 1
                super().close()

        self.open_streams += 1
        return Upload()


class Script:
    """Integrations that give prepared replies in turn, the last for ever, and keep what they were asked."""

    def __init__(self, replies: dict[str, list[dict[str, Any]]]) -> None:
        self.replies = {resource: list(script) for resource, script in replies.items()}
        self.calls: dict[str, list[Any]] = {resource: [] for resource in replies}

    def integrations(self):
        return {resource: self._integration(resource) for resource in self.replies}

    def _integration(self, resource):
        async def call(arguments, _context):
            self.calls[resource].append(arguments)
            script = self.replies[resource]
            reply = script.pop(0) if len(script) > 1 else script[0]
            if "delay_s" in reply:
                await asyncio.sleep(reply["delay_s"])
            if "error" in reply:
                raise TaskError(reply["error"], reply.get("cause"))
            return arguments if reply.get("echo") else reply.get("result")

        return call
