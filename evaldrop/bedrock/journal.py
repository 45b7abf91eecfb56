"""
A run's replies, kept as they arrive.

A process that is killed has lost nothing it has paid for: when the run goes on, a request that already had
its reply gets it from here. Each kept reply answers one call, so that two equal requests stay two calls.

A line is `<digest of the request>:<checksum><JSON>`: an object is a reply, a list of two texts the code and
message of a refusal that the same request would get again. What is damaged, by a power cut or a bad disk,
costs that call and no other. Lines of earlier versions have no checksum.
"""

import asyncio
import errno
import hashlib
import json
import os
import re
import time
import zlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.bedrock.passing import may_pass
from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError
from evaldrop.errors import InputError, StorageError

JOURNAL: Final = "journal.jsonl"
"""There from a run's beginning to its end: a run that has it has not come to its end."""

FINISHED_JOURNAL: Final = "journal.done.jsonl"
"""What the journal is called when a run has ended with calls that failed, for `--retry-errors`."""

ROOM_BYTES: Final = 4 << 20
"""Kept free for the replies of the calls that are under way when the disk is full."""

SYNC_EVERY_S: Final = 1.0
"""How much a power cut may cost. A kill of the process costs nothing."""

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)

# No bytes that are lost between two lines make of them one without a checksum, which has a space.
_LINE = re.compile(rb"([0-9a-f]{32})(?: |:([0-9a-f]{8}))(?=[{\[])")
# In a line that is damaged whole ones may be found, where only the line feed before them is gone. More than
# so many places are looked at in no line: a reply may hold any text.
_MOST_PLACES = 1_000


def journal_of(folder: str) -> Path:
    """Return where a run's replies are kept while it lasts."""
    return storage.local_path(folder) / JOURNAL


def finished_journal_of(folder: str) -> Path:
    """Return where the replies of a run are kept that has ended with calls that failed."""
    return storage.local_path(folder) / FINISHED_JOURNAL


@contextmanager
def room_kept_free(journal: Path) -> Iterator[None]:
    """
    Keep room on the disk beside a journal while the block lasts.

    Raises:
        InputError: There is none.
    """
    path = _room_beside(journal)
    try:
        try:
            with path.open("wb") as room:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(room.fileno(), 0, ROOM_BYTES)
                else:  # macOS
                    room.write(bytes(ROOM_BYTES))
        except OSError as error:
            raise InputError(
                f"{journal.parent}: {error.strerror or error}. A run needs room for its files; nothing was "
                "called."
            ) from error
        yield
    finally:
        path.unlink(missing_ok=True)


def _room_beside(journal: Path) -> Path:
    return journal.with_name(f".{journal.name}.room")


class _Entry(NamedTuple):
    begin: int
    digest: bytes
    offset: int
    length: int
    is_reply: bool


class Journal:
    """
    The replies that an earlier process left in the file, by the digest of their request.

    `damaged` is how many lines of it cannot be read; their calls are made again.

    Args:
        path: The file, which is made where there is none.
        with_refusals: Whether a request that was refused for what it is gets its refusal from here, too, and
            is not sent again.
    """

    def __init__(self, path: Path, *, with_refusals: bool = False) -> None:
        self._kept: defaultdict[bytes, deque[tuple[int, int]]] = defaultdict(deque)
        self._refused: dict[bytes, tuple[int, int]] = {}
        self._with_refusals = with_refusals
        self.damaged = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        # Unbuffered and shared: the other process appends to the file from which this one reads at offsets.
        self._file: BinaryIO = path.open("r+b", buffering=0)
        self._read_kept()

    def _read_kept(self) -> None:
        start, line = 0, b""
        # A buffered reader for speed, on a descriptor of its own: closing it must not close the journal's.
        with os.fdopen(os.dup(self._file.fileno()), "rb") as lines:
            for line in lines:
                entry = _entry(line, start)
                # Places and not replies: a long run's replies would not fit in memory.
                if entry is not None and entry.is_reply:
                    self._kept[entry.digest].append((entry.offset, entry.length))
                elif entry is not None and self._with_refusals:
                    self._refused[entry.digest] = (entry.offset, entry.length)
                # Zeros are what a power cut leaves of what was not yet on the disk.
                self.damaged += bool(line[: entry.begin if entry else None].strip(b"\0\n"))
                start += len(line)
        # The process died while it wrote: the next reply must not become a part of that line.
        if line and not line.endswith(b"\n"):
            self._file.seek(0, os.SEEK_END)
            self._file.write(b"\n")

    def __len__(self) -> int:
        """Return how many replies wait to be used."""
        return sum(map(len, self._kept.values()))

    def take(self, operation: str, request: Mapping[str, Any]) -> Any | None:
        """
        Return the kept reply to a request, which is then used up, or None.

        Raises:
            ServiceError: It was refused for what it is, and refusals are given from here.
        """
        if not (self._kept or self._refused):  # as in every run that was not broken off: no digest is needed
            return None
        digest = _digest(operation, request)
        places = self._kept.get(digest)
        if not places:
            # A refusal answers every such request, and is not used up.
            refused = self._read(self._refused[digest]) if digest in self._refused else None
            if isinstance(refused, list):
                raise ServiceError(*map(str, refused[:2]))
            return None
        return self._read(places.popleft())

    def _read(self, place: tuple[int, int]) -> Any | None:
        offset, length = place
        try:
            # `pread` leaves the file's position alone.
            return _parsed(os.pread(self._file.fileno(), length, offset))
        except ValueError:
            # A line without a checksum, or one that was damaged since it was read.
            self.damaged += 1
            return None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _entry(line: bytes, start: int) -> _Entry | None:
    """Return what a line at an offset of the file holds; None where it holds nothing whole."""
    content = line.rstrip(b"\n")
    for number, found in enumerate(_LINE.finditer(content)):
        checksum, text = found[2], memoryview(content)[found.end() :]
        is_first = found.start() == 0
        # Without a checksum only a whole line counts, as earlier versions wrote it.
        if checksum is None:
            is_whole = is_first and line.endswith(b"\n") and content.endswith(b"}")
        else:
            is_whole = int(checksum, 16) == _checksum(found[1], text)
        if is_whole:
            return _Entry(
                begin=found.start(),
                digest=bytes.fromhex(found[1].decode()),
                offset=start + found.end(),
                length=len(text),
                is_reply=content.startswith(b"{", found.end()),
            )
        if number == _MOST_PLACES:
            break
    return None


def _checksum(digest: bytes, text: bytes | memoryview) -> int:
    return zlib.crc32(text, zlib.crc32(digest))


class KeepingRuntime:
    """
    A runtime that writes each reply down before it hands it on: a kill of the process does not lose it.

    Refusals that the same request would get again are kept as well. What cannot be written, for the disk is
    full, is held and tried again with the next reply, and when the runtime is closed.

    Args:
        runtime: Who answers.
        path: The journal, which is opened by the first reply.
        open_file: Opens it.
    """

    def __init__(
        self,
        runtime: BedrockRuntime,
        path: Path,
        # Unbuffered: what the process holds back is lost when it is killed.
        open_file: Callable[[Path], BinaryIO] = lambda path: path.open("ab", buffering=0),
    ) -> None:
        self.is_simulated = runtime.is_simulated
        self._runtime = runtime
        self._path = path
        self._open_file = open_file
        self._file: BinaryIO | None = None
        self._unwritten = b""
        self._syncing: asyncio.Future[None] | None = None
        self._synced_at = time.monotonic()

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Answer a Converse request.

        Raises:
            StorageError: The reply cannot be kept.
        """
        return await self._kept("converse", request)

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer an InvokeModel request, as `converse` does."""
        return await self._kept("invoke_model", request)

    async def invoke_guardrail_checks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer an InvokeGuardrailChecks request, as `converse` does."""
        return await self._kept("invoke_guardrail_checks", request)

    async def close(self) -> None:
        """Close the runtime and the journal."""
        await self._runtime.close()
        if self._file is None:
            return
        if self._syncing is not None:
            await asyncio.wait([self._syncing])
        try:
            self._write(b"")
        finally:
            self._file.close()

    async def _kept(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = await getattr(self._runtime, operation)(request)
        except ServiceError as error:
            if not may_pass(error.code, error.message):
                self._keep(operation, request, [error.code, error.message])
            raise
        self._keep(operation, request, reply)
        return reply

    def _keep(self, operation: str, request: Mapping[str, Any], outcome: object) -> None:
        kept = _written(outcome)
        digest = _digest(operation, request).hex().encode()
        self._write(b"%b:%08x%b\n" % (digest, _checksum(digest, kept), kept))

    def _write(self, line: bytes) -> None:
        self._unwritten += line
        try:
            if self._file is None:
                self._file = self._open_file(self._path)
            self._write_on(self._file)
            self._sync_now_and_then(self._file.fileno())
        except OSError as error:
            if self._file is not None and error.errno in _FULL:
                # For what is under way. That the disk is full is said all the same: nothing more may be sent.
                _room_beside(self._path).unlink(missing_ok=True)
                with suppress(OSError):
                    self._write_on(self._file)
            raise StorageError(f"{self._path}: {error.strerror or error}") from error

    def _write_on(self, file: BinaryIO) -> None:
        while self._unwritten:
            # What the system took is not written again: it would be a reply that was never given.
            self._unwritten = self._unwritten[file.write(self._unwritten) :]

    def _sync_now_and_then(self, file: int) -> None:
        if self._syncing is not None and self._syncing.done():
            syncing, self._syncing = self._syncing, None
            syncing.result()
        # A rehearsal's replies cost nothing. One at a time, and beside the calls: a disk may take its time.
        if self.is_simulated or self._syncing or time.monotonic() - self._synced_at < SYNC_EVERY_S:
            return
        self._synced_at = time.monotonic()
        self._syncing = asyncio.get_running_loop().run_in_executor(None, _sync, file)


def _sync(file: int) -> None:
    # macOS has the one and not the other.
    getattr(os, "fdatasync", os.fsync)(file)


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

    async def invoke_guardrail_checks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the kept reply to an InvokeGuardrailChecks request, or call."""
        kept: dict[str, Any] | None = self._journal.take("invoke_guardrail_checks", request)
        return await self._runtime.invoke_guardrail_checks(request) if kept is None else kept

    async def close(self) -> None:
        """Close the runtime and the journal, once."""
        if not self._is_closed:
            self._is_closed = True
            await self._runtime.close()
            self._journal.close()


def _digest(operation: str, request: Mapping[str, Any]) -> bytes:
    # A body of bytes is digested as its text: it is the same request.
    return hashlib.blake2b(operation.encode() + _written(request, is_sorted=True), digest_size=16).digest()


def _written(content: object, *, is_sorted: bool = False) -> bytes:
    try:
        return orjson.dumps(content, default=_text, option=orjson.OPT_SORT_KEYS if is_sorted else None)
    except TypeError:
        # Half a surrogate pair, as models emit when they are cut off: orjson takes none, JSON's escapes do.
        return json.dumps(content, default=_text, sort_keys=is_sorted, separators=(",", ":")).encode()


def _parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            # Halves of surrogate pairs stay as they are: what is kept is digested and sent again.
            return json.loads(text)
        except RecursionError as fault:
            raise ValueError("it nests too deeply") from fault


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    raise TypeError(f"a journal holds JSON and bytes, not {type(value).__name__}")
