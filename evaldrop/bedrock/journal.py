"""
A run's replies, kept as they arrive.

A process that is killed has lost nothing it has paid for: when the run goes on, a request that already had
its reply gets it from here. Each kept reply answers one call, so that two equal requests stay two calls.
"""

import hashlib
import os
from collections import defaultdict, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from evaldrop import storage
from evaldrop.bedrock.protocol import BedrockRuntime

JOURNAL = "journal.jsonl"


def journal_of(folder: str) -> Path:
    """Return where a run's replies are kept while it lasts."""
    return storage.local_path(folder) / JOURNAL


class Journal:
    """The replies that an earlier process left in the file, by the digest of their request."""

    def __init__(self, path: Path) -> None:
        self._kept: defaultdict[bytes, deque[tuple[int, int]]] = defaultdict(deque)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        # Unbuffered and shared: the other process appends to the file from which this one reads at offsets.
        self._file: BinaryIO = path.open("r+b", buffering=0)
        self._read_kept()

    def _read_kept(self) -> None:
        end = 0
        # A buffered reader for speed, on a descriptor of its own: closing it must not close the journal's.
        with os.fdopen(os.dup(self._file.fileno()), "rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # the process died while it wrote this one
                # Places and not replies: a long run's replies would not fit in memory.
                self._kept[bytes.fromhex(line[:32].decode())].append((end + 33, len(line) - 34))
                end += len(line)
        # Else the next reply would be appended to the broken line, and both be lost.
        self._file.truncate(end)

    def __len__(self) -> int:
        """Return how many replies wait to be used."""
        return sum(map(len, self._kept.values()))

    def take(self, operation: str, request: Mapping[str, Any]) -> Any | None:
        """Return the kept reply to a request, which is then used up, or None."""
        if not self._kept:  # as in every run that was not broken off: no digest has to be computed
            return None
        places = self._kept.get(_digest(operation, request))
        if not places:
            return None
        offset, length = places.popleft()
        # `pread` leaves the file's position alone.
        return orjson.loads(os.pread(self._file.fileno(), length, offset))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class KeepingRuntime:
    """
    A runtime that writes each reply down before it hands it on: a kill of the process does not lose it.

    Args:
        runtime: Who answers.
        path: The journal, which is opened by the first reply.
    """

    def __init__(self, runtime: BedrockRuntime, path: Path) -> None:
        self.is_simulated = runtime.is_simulated
        self._runtime = runtime
        self._path = path
        self._file: BinaryIO | None = None

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a Converse request."""
        reply = await self._runtime.converse(request)
        self._keep("converse", request, reply)
        return reply

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer an InvokeModel request."""
        reply = await self._runtime.invoke_model(request)
        self._keep("invoke_model", request, reply)
        return reply

    async def close(self) -> None:
        """Close the runtime and the journal."""
        await self._runtime.close()
        if self._file:
            self._file.close()

    def _keep(self, operation: str, request: Mapping[str, Any], reply: Mapping[str, Any]) -> None:
        if self._file is None:
            # Unbuffered: what the process holds back is lost when it is killed.
            self._file = self._path.open("ab", buffering=0)
        digest, kept = _digest(operation, request), orjson.dumps(reply, default=bytes.decode)
        self._file.write(digest.hex().encode() + b" " + kept + b"\n")


class ReplayingRuntime:
    """A runtime that asks only for what the journal does not have."""

    def __init__(self, runtime: BedrockRuntime, journal: Journal) -> None:
        self.is_simulated = runtime.is_simulated
        self._runtime = runtime
        self._journal = journal
        self._is_closed = False

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the kept reply to a Converse request, or call."""
        kept: dict[str, Any] | None = self._journal.take("converse", request)
        return await self._runtime.converse(request) if kept is None else kept

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the kept reply to an InvokeModel request, or call."""
        kept = self._journal.take("invoke_model", request)
        if kept is None:
            return await self._runtime.invoke_model(request)
        # JSON has no bytes: the body was kept as its text.
        return {**kept, "body": kept["body"].encode()}

    async def close(self) -> None:
        """Close the runtime and the journal, once."""
        if not self._is_closed:
            self._is_closed = True
            await self._runtime.close()
            self._journal.close()


def _digest(operation: str, request: Mapping[str, Any]) -> bytes:
    # A body of bytes is digested as its text: it is the same request.
    canonical = orjson.dumps(request, default=bytes.decode, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(operation.encode() + canonical, digest_size=16).digest()
