"""
A Bedrock-runtime-shaped HTTP endpoint that takes a fixed time, for benchmarks and tests.

    python benchmarks/endpoint.py --port 8900 --latency-ms 100 --processes 2
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:8900 evaldrop run …
    curl http://127.0.0.1:8900/stats     # {"calls": 6000, "candidate_calls": 3000, …}; /reset zeroes

It is one asyncio.Protocol over uvloop, so that it takes little of a shared machine (0.1 ms of CPU time per
call), and it counts what it did itself: `served_us` is the time from a request read to its answer written,
all calls together, and `cpu_us` the CPU time of the process.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import random
import signal
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, MutableSequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

import orjson

COUNTERS = ("calls", "candidate_calls", "judge_calls", "throttled", "errors", "served_us", "cpu_us")
# Of no sum: when the first call was read, by a clock that all processes of a machine share.
FIRST_CALL = "first_call_ns"
KEPT = (*COUNTERS, FIRST_CALL)
REASONS = {200: "OK", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}
WORDS = "The parcel leaves within two working days and the carrier writes to you on the morning it arrives. "
# Clients connect hundreds at a time; behind a shorter queue some wait a second for their connection.
BACKLOG = 4096
RATIONALE = "The response states the main fact of the reference and leaves out one condition."


class Request(NamedTuple):
    """What a client sent: the path undecoded, header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Settings:
    """How the endpoint behaves. Rates are fractions in [0, 1]; a candidate answers `text_chars` long."""

    latency_ms: float = 100.0
    throttle_rate: float = 0.0
    error_rate: float = 0.0
    text_chars: int = 600
    seed: int = 0


@dataclass(slots=True)
class Counts:
    """What was done, one row of `KEPT` per process, in memory the processes share (a list within one)."""

    rows: MutableSequence[int] = field(default_factory=lambda: [0] * len(KEPT))
    row: int = 0

    def add(self, counter: str, amount: int = 1) -> None:
        """Count; every process writes to its own row, so no lock is needed."""
        self.rows[self._place(counter)] += amount

    def keep(self, counter: str, amount: int) -> None:
        """Replace what was counted."""
        self.rows[self._place(counter)] = amount

    def _place(self, counter: str) -> int:
        return self.row * len(KEPT) + KEPT.index(counter)

    def total(self) -> dict[str, int]:
        """Return the counts of all processes together."""
        width = len(KEPT)
        return {name: sum(self.rows[place::width]) for place, name in enumerate(COUNTERS)}

    def note_first_call(self, at_ns: int) -> None:
        """Keep when a call was read, if it is this process's first."""
        place = self._place(FIRST_CALL)
        self.rows[place] = self.rows[place] or at_ns

    def first_call_ns(self) -> int | None:
        """Return when the first call since the reset was read (`time.monotonic_ns`); None without one."""
        return min(filter(None, self.rows[KEPT.index(FIRST_CALL) :: len(KEPT)]), default=None)

    def reset(self) -> None:
        """Set every process's counts to 0."""
        for place in range(len(self.rows)):
            self.rows[place] = 0


class Bedrock:
    """Answers: a text of fixed size, or, when the request carries tools, the tool's schema filled in."""

    def __init__(self, settings: Settings, counts: Counts) -> None:
        self.settings = settings
        self.counts = counts
        self._dice = random.Random(settings.seed + counts.row)
        self._text = (WORDS * (settings.text_chars // len(WORDS) + 1))[: settings.text_chars]

    def answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Return the HTTP status and the JSON body for a call of `/model/{id}/converse` or `…/invoke`."""
        prefix, _, operation = request.path.rpartition("/")
        reply = {"converse": self._converse, "invoke": self._invoke}.get(operation)
        if request.method != "POST" or not prefix.startswith("/model/") or reply is None:
            return 404, {"__type": "UnknownOperationException", "message": request.path}
        self.counts.add("calls")
        chance = self._dice.random()
        if chance < self.settings.throttle_rate:
            self.counts.add("throttled")
            return 429, {"__type": "ThrottlingException", "message": "Too many requests, please wait."}
        if chance < self.settings.throttle_rate + self.settings.error_rate:
            self.counts.add("errors")
            return 500, {"__type": "InternalServerException", "message": "The endpoint was told to fail."}
        sent = orjson.loads(request.body)
        return 200, reply(unquote(prefix.removeprefix("/model/")), sent)

    def _converse(self, _model: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        tools = sent.get("toolConfig", {}).get("tools", ())
        self.counts.add("judge_calls" if tools else "candidate_calls")
        content: dict[str, Any] = {"text": self._text}
        if tools:
            tool = tools[0]["toolSpec"]
            verdict = fill(tool["inputSchema"]["json"])
            content = {"toolUse": {"toolUseId": "tooluse_1", "name": tool["name"], "input": verdict}}
        return {
            "output": {"message": {"role": "assistant", "content": [content]}},
            "stopReason": "tool_use" if tools else "end_turn",
            "usage": self._usage(sent),
            "metrics": {"latencyMs": int(self.settings.latency_ms)},
        }

    def _invoke(self, model: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        usage = self._usage(sent)
        if "prompt" in sent and "mistral" in model:
            self.counts.add("candidate_calls")
            return {"outputs": [{"text": self._text, "stop_reason": "stop"}]}
        if "prompt" in sent:
            self.counts.add("candidate_calls")
            return {
                "generation": self._text,
                "prompt_token_count": usage["inputTokens"],
                "generation_token_count": usage["outputTokens"],
                "stop_reason": "stop",
            }
        if "anthropic_version" in sent:
            return self._invoke_claude(sent, usage)
        if "inferenceConfig" in sent or "schemaVersion" in sent or "toolConfig" in sent:
            return self._converse(model, sent)
        self.counts.add("candidate_calls")
        message = {"role": "assistant", "content": self._text}
        tokens = {"prompt_tokens": usage["inputTokens"], "completion_tokens": usage["outputTokens"]}
        return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": tokens}

    def _invoke_claude(self, sent: Mapping[str, Any], usage: Mapping[str, int]) -> dict[str, Any]:
        tools = sent.get("tools", ())
        self.counts.add("judge_calls" if tools else "candidate_calls")
        content: dict[str, Any] = {"type": "text", "text": self._text}
        if tools:
            verdict = fill(tools[0]["input_schema"])
            content = {"type": "tool_use", "id": "toolu_1", "name": tools[0]["name"], "input": verdict}
        return {
            "type": "message",
            "role": "assistant",
            "content": [content],
            "stop_reason": "tool_use" if tools else "end_turn",
            "usage": {"input_tokens": usage["inputTokens"], "output_tokens": usage["outputTokens"]},
        }

    def _usage(self, sent: Mapping[str, Any]) -> dict[str, int]:
        taken, given = len(orjson.dumps(sent)) // 4, len(self._text) // 4
        return {"inputTokens": taken, "outputTokens": given, "totalTokens": taken + given}


def fill(schema: Mapping[str, Any]) -> Any:
    """Return a value that satisfies a JSON schema: the middle of an enumeration, all of an object."""
    if choices := schema.get("enum"):
        return choices[len(choices) // 2]
    match schema.get("type"):
        case "object":
            return {name: fill(part) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [fill(schema.get("items", {}))] * schema.get("minItems", 0)
        case "integer" | "number":
            return (schema.get("minimum", 1) + schema.get("maximum", 5)) // 2
        case "boolean":
            return True
        case _:
            return RATIONALE


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and Content-Length bodies, as SDK clients send; a call waits on a timer."""

    def __init__(self, bedrock: Bedrock, seen: deque[Request] | None, open_: set[Connection]) -> None:
        self._open = open_
        self._bedrock = bedrock
        self._seen = seen
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102 - asyncio's interface
        self._open.add(self)
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002, D102 - asyncio's interface
        self._open.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:  # noqa: D102 - asyncio's interface
        self._buffer += data
        while request := self._next_request():
            self._serve(request, time.monotonic_ns())

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _next_request(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        start, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(self._buffer) < end + 4 + length:
            return None
        method, path, _ = start.split(" ")
        request = Request(method, path, headers, bytes(self._buffer[end + 4 : end + 4 + length]))
        del self._buffer[: end + 4 + length]
        return request

    def _serve(self, request: Request, read_at: int) -> None:
        counts = self._bedrock.counts
        if request.path == "/reset":
            counts.reset()
        if request.path in ("/stats", "/reset"):
            self._reply(200, counts.total())
            return
        self._bedrock.counts.note_first_call(read_at)
        if self._seen is not None:
            self._seen.append(request)
        status, body = self._bedrock.answer(request)
        wait_s = self._bedrock.settings.latency_ms / 1000
        if wait_s <= 0:
            self._answer(status, body, read_at)
        else:
            asyncio.get_running_loop().call_later(wait_s, self._answer, status, body, read_at)

    def _answer(self, status: int, body: dict[str, Any], read_at: int) -> None:
        self._reply(status, body)
        counts = self._bedrock.counts
        counts.add("served_us", (time.monotonic_ns() - read_at) // 1000)
        counts.keep("cpu_us", time.process_time_ns() // 1000)

    def _reply(self, status: int, body: dict[str, Any]) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        kind = f"x-amzn-ErrorType: {body['__type']}\r\n" if "__type" in body else ""
        payload = orjson.dumps(body)
        head = (
            f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n{kind}"
            f"Content-Length: {len(payload)}\r\n\r\n"
        )
        self._transport.write(head.encode("latin-1") + payload)


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """A running endpoint: where it listens, how it behaves (may change meanwhile), what it was asked."""

    url: str
    settings: Settings
    counts: Counts
    requests: deque[Request]


@contextlib.asynccontextmanager
async def running_endpoint(settings: Settings | None = None) -> AsyncIterator[Endpoint]:
    """Serve within this event loop, on a free port, and keep the last 1,000 requests to look at."""
    settings = settings or Settings(latency_ms=0)
    counts, seen, connections = Counts(), deque[Request](maxlen=1000), set[Connection]()
    bedrock = Bedrock(settings, counts)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(bedrock, seen, connections), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Endpoint(url=f"http://127.0.0.1:{port}", settings=settings, counts=counts, requests=seen)
    finally:
        await _close(server, connections)


async def _close(server: asyncio.Server, connections: set[Connection]) -> None:
    server.close()
    for connection in list(connections):
        connection.abort()
    await asyncio.sleep(0)


def _listening_socket(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def serve(listener: socket.socket, settings: Settings, counts: Counts) -> None:
    """Serve on a listening socket until SIGTERM or SIGINT; several processes may share the socket."""

    async def until_stopped() -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        bedrock = Bedrock(settings, counts)
        connections = set[Connection]()
        server = await loop.create_server(
            lambda: Connection(bedrock, None, connections), sock=listener, backlog=BACKLOG
        )
        await stopped.wait()
        await _close(server, connections)

    try:
        import uvloop
    except ImportError:  # no wheel for Windows
        asyncio.run(until_stopped())
    else:
        uvloop.run(until_stopped())


@contextlib.contextmanager
def serving_processes(
    settings: Settings, *, port: int = 0, processes: int = 1
) -> Iterator[tuple[str, Counts]]:
    """Serve from processes of their own and yield the URL and the counts they share."""
    context = multiprocessing.get_context("fork")
    rows = context.RawArray("q", len(KEPT) * processes)
    with _listening_socket(port) as listener:
        servers = [
            context.Process(target=serve, args=(listener, settings, Counts(rows, row)), daemon=True)
            for row in range(processes)
        ]
        for server in servers:
            server.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", Counts(rows)
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.join()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8900, help="0 takes a free one")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--latency-ms", type=float, default=100.0)
    parser.add_argument("--throttle", type=float, default=0.0, help="fraction of calls answered 429")
    parser.add_argument("--error", type=float, default=0.0, help="fraction of calls answered 500")
    parser.add_argument("--text-chars", type=int, default=600, help="length of a candidate's text")
    asked = parser.parse_args()
    settings = Settings(
        latency_ms=asked.latency_ms,
        throttle_rate=asked.throttle,
        error_rate=asked.error,
        text_chars=asked.text_chars,
    )
    with serving_processes(settings, port=asked.port, processes=asked.processes) as (url, counts):
        print(url, flush=True)
        stops = {signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(
            signal.SIG_BLOCK, stops
        )  # after the servers were forked: they must hear theirs
        signal.sigwait(stops)
        print(orjson.dumps(counts.total()).decode(), flush=True)


if __name__ == "__main__":
    main()
