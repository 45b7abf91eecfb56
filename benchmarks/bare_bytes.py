"""
The least any client can take here: prepared bytes over kept connections, answers counted and not read.

    export AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:8900
    python -m benchmarks.bare_bytes --calls 6000 --connections 64

No JSON, no signature, next to no processor time: what it takes above the ideal is the machine's and the
endpoint's own, and nobody who is measured beside it can be quicker.
"""

import argparse
import asyncio
import os
import re
from typing import cast
from urllib.parse import urlsplit

import uvloop

BODY = b'{"messages":[{"role":"user","content":[{"text":"Question: who pays for the parcel?"}]}]}'
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n(?:.*?\r\n)?\r\n", re.IGNORECASE | re.DOTALL)


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as it has an answer, as long as there are any left."""

    def __init__(self, request: bytes, left: list[int]) -> None:
        self._request = request
        self._left = left
        self._buffer = b""
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = _LENGTH.search(self._buffer)
        if head and len(self._buffer) >= head.end() + int(head[1]):
            self._buffer = b""
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("the endpoint hung up"))

    def _send(self) -> None:
        if self._left[0]:
            self._left[0] -= 1
            self._transport.write(self._request)
        else:
            self.ended.set_result(None)
            self._transport.close()


async def _call(url: str, calls: int, connections: int) -> None:
    server = urlsplit(url)
    head = (
        f"POST /model/bench/converse HTTP/1.1\r\nHost: {server.netloc}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    loop, left = asyncio.get_running_loop(), [calls]

    async def work() -> None:
        request = head.encode() + BODY
        _, connection = await loop.create_connection(
            lambda: _Connection(request, left), server.hostname, server.port
        )
        await connection.ended

    await asyncio.gather(*(work() for _ in range(connections)))


def main() -> None:
    """Make the calls."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=6000)
    parser.add_argument("--connections", type=int, default=64)
    given = parser.parse_args()
    uvloop.run(_call(os.environ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"], given.calls, given.connections))


if __name__ == "__main__":
    main()
