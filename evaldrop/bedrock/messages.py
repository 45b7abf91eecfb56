"""Messages between a run and the process that makes its calls: a length, then a pickle, both ways."""

import asyncio
import pickle
import struct
from collections.abc import Callable
from typing import Any, cast

_LENGTH = struct.Struct("!I")


def packed(message: Any) -> bytes:
    """Return a message as it is sent."""
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(content)) + content


class Messages(asyncio.Protocol):
    """
    One end of a connection between two processes of one program.

    Args:
        take: Gets every message, in order.
        ended: Is told when the other end is gone.
    """

    def __init__(self, take: Callable[[Any], None], ended: Callable[[], None]) -> None:
        self._take = take
        self._ended = ended
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102 - asyncio's interface
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002, D102 - asyncio's interface
        self._transport = None
        self._ended()

    def data_received(self, data: bytes) -> None:  # noqa: D102 - asyncio's interface
        self._buffer += data
        start = 0
        while len(self._buffer) >= start + _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, start)
            end = start + _LENGTH.size + length
            if len(self._buffer) < end:
                break
            # Only this program's own processes write here.
            self._take(pickle.loads(memoryview(self._buffer)[start + _LENGTH.size : end]))  # noqa: S301
            start = end
        del self._buffer[:start]

    def send(self, message: Any) -> None:
        """Send a message; without the other end it goes nowhere."""
        if self._transport is not None:
            self._transport.write(packed(message))

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()
