"""
A Bedrock-shaped endpoint whose judges say what was recorded of them.

A judge's request is known by its model ID, by the responses in it (every second content block), and, where
two records have the same responses, by the record's prompt in the texts around them.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson

from benchmarks.endpoint import Bedrock, Connection, Counts, Request, Settings

EMPTY = "(The response is empty.)"
"""What the workflow shows a judge in the place of an empty response."""

_STOP_REASONS = {"length": "max_tokens"}


class Recorded(NamedTuple):
    """A judge's recorded reply to one or two responses to a prompt, the first-shown one first."""

    judge: str
    prompt: str
    responses: tuple[str, ...]
    text: str
    finish_reason: str = "stop"


_Key = tuple[str, tuple[str, ...]]


class RecordedBedrock(Bedrock):
    """Answers with recorded replies; what was never recorded is refused by a 404."""

    def __init__(self, replies: Iterable[Recorded]) -> None:
        super().__init__(Settings(latency_ms=0), Counts())
        self._replies: dict[_Key, list[Recorded]] = {}
        for reply in replies:
            key = (reply.judge, tuple(text if text.strip() else EMPTY for text in reply.responses))
            self._replies.setdefault(key, []).append(reply)

    def answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Return the HTTP status and the JSON body for a judge's call."""
        prefix, _, operation = request.path.rpartition("/")
        if operation != "converse":
            return 404, {"__type": "UnknownOperationException", "message": request.path}
        self.counts.add("calls")
        model = unquote(prefix.removeprefix("/model/"))
        found = self._find(model, orjson.loads(request.body))
        if found is None:
            return 404, {"__type": "ResourceNotFoundException", "message": f"no recorded reply of {model}"}
        self.counts.add("judge_calls")
        return 200, _converse(found)

    def _find(self, model: str, sent: Mapping[str, Any]) -> Recorded | None:
        blocks = [block["text"] for block in sent["messages"][0]["content"]]
        around = "\n".join(blocks[::2])
        known = [
            reply for reply in self._replies.get((model, tuple(blocks[1::2])), ()) if reply.prompt in around
        ]
        # One prompt may be the beginning of another.
        return max(known, key=lambda reply: len(reply.prompt), default=None)


def _converse(reply: Recorded) -> dict[str, Any]:
    tokens = {"inputTokens": 1, "outputTokens": max(1, len(reply.text) // 4)}
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": reply.text}] if reply.text else []}},
        "stopReason": _STOP_REASONS.get(reply.finish_reason, "end_turn"),
        "usage": {**tokens, "totalTokens": sum(tokens.values())},
        "metrics": {"latencyMs": 0},
    }


@contextlib.contextmanager
def serving(replies: Iterable[Recorded]) -> Iterator[str]:
    """Serve recorded replies from a thread of this process, and yield the endpoint's URL."""
    bedrock, loop = RecordedBedrock(replies), asyncio.new_event_loop()
    connections: set[Connection] = set()
    server = loop.run_until_complete(
        loop.create_server(lambda: Connection(bedrock, None, connections), "127.0.0.1", 0)
    )
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server, connections), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(server: asyncio.Server, connections: set[Connection]) -> None:
    server.close()
    for connection in list(connections):
        connection.abort()
    await asyncio.sleep(0)
