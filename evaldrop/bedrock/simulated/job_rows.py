"""The rows of a simulated batch job: found, answered, and written as Bedrock writes them."""

import asyncio
import io
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from random import Random
from typing import IO, Any, BinaryIO, NamedTuple, Protocol

import orjson

from evaldrop import storage
from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError

# Rows are shuffled within so many: a job may have a hundred thousand, and their order is promised nowhere.
SHUFFLED_ROWS = 500
MAX_FILE_BYTES = 1 << 30
MAX_JOB_BYTES = 5 << 30
_STATUS = {"ValidationException": 400, "AccessDeniedException": 403, "ThrottlingException": 429}
_ERRORS = (
    ("ValidationException", "bad request"),
    ("ThrottlingException", "Too many requests."),
    ("InternalServerException", "The system encountered an unexpected error."),
)
# The random marks of fences differ from run to run; which rows fail must not.
_MARK = re.compile(rb'mark=\\"[0-9a-f]{16}\\"')


class Objects(Protocol):
    """Objects by URI."""

    def list_files(self, uri: str) -> Iterator[str]:
        """Yield the URIs of all objects below a folder."""

    def open_read(self, uri: str) -> BinaryIO:
        """Open an object for reading."""

    def put(self, uri: str, content: IO[bytes]) -> None:
        """Write an object, whole."""


class StoredObjects:
    """Objects as `evaldrop.storage` has them."""

    def list_files(self, uri: str) -> Iterator[str]:
        """Yield the URIs of all files below a folder."""
        return storage.list_files(uri)

    def open_read(self, uri: str) -> BinaryIO:
        """Open a file for reading."""
        return storage.open_read(uri)

    def put(self, uri: str, content: IO[bytes]) -> None:
        """Write a file, which appears whole."""
        with storage.open_write(uri) as stream:
            shutil.copyfileobj(content, stream, 1 << 20)


class InvalidInputError(Exception):
    """A job's input is none that Bedrock would take; the message says why."""


class RowCounts:
    """What becomes of a job's rows; `by_name` has the numbers of its manifest."""

    def __init__(self, total: int) -> None:
        names = ("processedRecordCount", "successRecordCount", "errorRecordCount")
        self.by_name = {"totalRecordCount": total, **dict.fromkeys(names, 0)}
        self.by_name |= {"inputTokenCount": 0, "outputTokenCount": 0}

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a row that was processed."""
        self.by_name["processedRecordCount"] += 1
        if "error" in row:
            self.by_name["errorRecordCount"] += 1
            return
        self.by_name["successRecordCount"] += 1
        usage = row["modelOutput"].get("usage") or {}
        # Bodies of Anthropic's family have the names with underscores; others may not tell.
        self.by_name["inputTokenCount"] += usage.get("inputTokens") or usage.get("input_tokens") or 0
        self.by_name["outputTokenCount"] += usage.get("outputTokens") or usage.get("output_tokens") or 0

    def of_job(self) -> dict[str, int]:
        """Return those that Get… tells, which are the rows'."""
        return {name: count for name, count in self.by_name.items() if name.endswith("RecordCount")}


class CheckedRows(NamedTuple):
    """How many rows a job has, and the first of them."""

    n: int
    first: bytes


def input_files(uri: str, objects: Objects) -> list[str]:
    """
    Return a job's input files: the one, or every `.jsonl` of a folder.

    Raises:
        InvalidInputError: There is none.
    """
    if uri.endswith(".jsonl"):
        return [uri]
    if not uri.endswith("/"):
        raise InvalidInputError(f"{uri}: input files must have the extension .jsonl")
    found = [each for each in objects.list_files(uri) if each.endswith(".jsonl")]
    if not found:
        raise InvalidInputError(f"{uri}: there is no .jsonl file")
    return found


def checked_rows(files: Iterable[str], objects: Objects, *, minimum: int, maximum: int) -> CheckedRows:
    """
    Look through a job's rows.

    Raises:
        InvalidInputError: They are too few, too many or too large, or one is not laid out as a row.
    """
    count = size = 0
    first = b""
    for uri in files:
        in_file = 0
        with objects.open_read(uri) as lines:
            for number, line in enumerate(lines, 1):
                in_file += len(line)
                if line.strip():
                    _check_row(line, f"{uri} line {number}")
                    first = first or line
                    count += 1
        size += in_file
        if in_file > MAX_FILE_BYTES:
            raise InvalidInputError(f"{uri}: the file is larger than 1 GB")
    if size > MAX_JOB_BYTES:
        raise InvalidInputError("the input is larger than 5 GB")
    if not minimum <= count <= maximum:
        raise InvalidInputError(
            f"the number of records must be between {minimum} and {maximum}; the input has {count}"
        )
    return CheckedRows(count, first)


def _check_row(line: bytes, place: str) -> None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as fault:
        raise InvalidInputError(f"{place}: no JSON: {fault}") from fault
    if not isinstance(row, dict) or not isinstance(row.get("modelInput"), dict):
        raise InvalidInputError(f"{place}: a row needs a modelInput, an object")


def drawn_from(text: bytes, purpose: str, seed: int) -> Random:
    """Return a source of chance that is the same for the same text, purpose and seed."""
    salt = seed.to_bytes(8, "little", signed=True)
    digest = blake2b(purpose.encode() + _MARK.sub(b"mark", text), key=salt, digest_size=8).digest()
    return Random(int.from_bytes(digest, "little"))  # noqa: S311 - a rehearsal


class Answering:
    """
    Answers the rows of one job.

    Args:
        runtime: Who answers them.
        model: What is asked.
        is_converse: Whether rows are Converse requests, else a model's own bodies.
        error_rate: Of rows, answered with an error.
        share: Of rows, processed before the job ends.
        seed: Says which, and in which order rows come back.
        total: How many rows there are.
    """

    def __init__(
        self,
        runtime: BedrockRuntime,
        *,
        model: str,
        is_converse: bool,
        error_rate: float,
        share: float,
        seed: int,
        total: int,
    ) -> None:
        self._runtime = runtime
        self._model = model
        self._is_converse = is_converse
        self._error_rate = error_rate
        self._share = share
        self._seed = seed
        self._is_stopped = False
        self.counts = RowCounts(total)

    async def answer(self, source: str, output: str, objects: Objects) -> None:
        """Write `<file>.out` for every input file below the output, and manifest.json.out at last."""
        # Objects in threads: they may be had over the network, from a server that waits for this loop.
        for uri in await asyncio.to_thread(input_files, source, objects):
            with await asyncio.to_thread(objects.open_read, uri) as lines, tempfile.TemporaryFile() as out:
                await self._answer_all(lines, out)
                out.seek(0)
                written = storage.join(output, f"{uri.rpartition('/')[2]}.out")
                await asyncio.to_thread(objects.put, written, out)
        manifest = io.BytesIO(orjson.dumps(self.counts.by_name))
        await asyncio.to_thread(objects.put, storage.join(output, "manifest.json.out"), manifest)

    async def _answer_all(self, lines: Iterable[bytes], out: IO[bytes]) -> None:
        for line in self._shuffled(lines):
            if self._is_stopped:
                break
            # Of the row and not of its place: the same rows fail, whatever is beside them.
            draw = drawn_from(line, self._model, self._seed)
            if draw.random() < self._share:
                out.write(orjson.dumps(await self._answered(orjson.loads(line), draw)) + b"\n")
                # Rows are answered at once: others are to get their turn.
                await asyncio.sleep(0)

    def stop(self) -> None:
        """Answer no more rows; what was answered comes into the output."""
        self._is_stopped = True

    def _shuffled(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        rows = (line for line in lines if line.strip())
        while block := list(islice(rows, SHUFFLED_ROWS)):
            drawn_from(block[0], "order", self._seed).shuffle(block)
            yield from block

    async def _answered(self, row: dict[str, Any], draw: Random) -> dict[str, Any]:
        asked = row["modelInput"]
        # As Bedrock does where a row brings none.
        kept = {"recordId": row.get("recordId") or f"CALL{draw.randrange(10**7):07}", "modelInput": asked}
        try:
            if draw.random() < self._error_rate:
                raise ServiceError(*draw.choice(_ERRORS))
            output = await (self._conversed(asked) if self._is_converse else self._invoked(asked))
            answered = {**kept, "modelOutput": output}
        except ServiceError as error:
            code = _STATUS.get(error.code, 500)
            answered = {**kept, "error": {"errorCode": code, "errorMessage": error.message}}
        self.counts.add(answered)
        return answered

    async def _conversed(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "toolConfig" in asked:
            problem = "Tool calling is not supported for batch jobs of the Converse type."
            raise ServiceError("ValidationException", problem)
        return await self._runtime.converse({"modelId": self._model, **asked})

    async def _invoked(self, asked: dict[str, Any]) -> Any:
        request = {"modelId": self._model, "body": orjson.dumps(asked)}
        kind = "application/json"
        reply = await self._runtime.invoke_model({**request, "contentType": kind, "accept": kind})
        return orjson.loads(reply["body"])
