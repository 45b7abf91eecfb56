"""HTTP to one server at a bounded concurrency; network failures get names that the workflow retries."""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import aiohttp
from yarl import URL

from evaldrop.bedrock.protocol import READ_TIMEOUT_S, ServiceError

CONNECT_TIMEOUT_S = 10.0


class Answer(NamedTuple):
    """What a server said, and how long it took from the first byte sent to the last received."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: int


Authorise = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns a request's headers. It is called when the request leaves: a signature ages."""


class _Call:
    """A request on its way: what to send, who waits for the answer, and which worker is at it."""

    __slots__ = ("answer", "authorise", "body", "url", "worker")

    def __init__(self, url: URL, body: bytes, authorise: Authorise) -> None:
        self.url = url
        self.body = body
        self.authorise = authorise
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.worker: asyncio.Task[None] | None = None


class Channel:
    """
    Keep-alive connections to one server, at most `max_in_flight` requests at a time.

    As many workers take requests from one queue. A worker that got an answer sends its next request at once,
    before whoever waited for the answer goes on: with a semaphore around each call, places stay empty while
    the event loop works off a burst of answers, a twentieth of the time at 64 in flight.

    The client session is made by the first request, in the event loop that is running then.
    """

    def __init__(
        self,
        *,
        max_in_flight: int,
        headers: Mapping[str, str],
        read_timeout_s: float = READ_TIMEOUT_S,
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        self._max_in_flight = max_in_flight
        self._headers = dict(headers)
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=read_timeout_s
        )
        self._tls = tls
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None
        self._waiting: deque[_Call] = deque()
        self._workers: set[asyncio.Task[None]] = set()

    async def post(self, url: URL, body: bytes, authorise: Authorise) -> Answer:
        """
        Send a request when there is a place for it, and read the whole answer, whatever its status.

        A caller that stops waiting takes its request back, also from the network.

        Raises:
            ServiceError: `ModelTimeoutException` when the server was reached but did not answer in time,
                `ServiceUnavailableException` when it was not reached or went away; what `authorise` raises.
        """
        call = _Call(url, body, authorise)
        self._waiting.append(call)
        self._start_worker()
        try:
            return await call.answer
        except asyncio.CancelledError:
            if call.worker:
                call.worker.cancel()
            raise

    def _start_worker(self) -> None:
        if self._waiting and len(self._workers) < self._max_in_flight:
            worker = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._worker_ended)

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if self._session is not None:
            self._start_worker()

    async def _work(self) -> None:
        worker = asyncio.current_task()
        while self._waiting:
            call = self._waiting.popleft()
            if call.answer.done():
                continue
            call.worker = worker
            try:
                answer = await self._exchange(call)
            except Exception as fault:  # noqa: BLE001 - whoever waits for the answer gets it
                if not call.answer.done():
                    call.answer.set_exception(fault)
            else:
                if not call.answer.done():
                    call.answer.set_result(answer)
            call.worker = None

    async def _exchange(self, call: _Call) -> Answer:
        session = self._session or self._open()
        url = call.url
        headers = await call.authorise()
        began = time.monotonic()
        try:
            async with session.post(url, data=call.body, headers=headers, allow_redirects=False) as response:
                body = await response.read()
                elapsed_ms = round((time.monotonic() - began) * 1000)
                return Answer(response.status, response.headers, body, elapsed_ms)
        except aiohttp.ConnectionTimeoutError as fault:
            raise ServiceError("ServiceUnavailableException", _unreached(url, fault)) from fault
        except TimeoutError as fault:
            waited = f"{url.host} did not answer within {self._timeout.sock_read:g} s"
            raise ServiceError("ModelTimeoutException", waited) from fault
        except (aiohttp.ClientError, OSError) as fault:
            raise ServiceError("ServiceUnavailableException", _unreached(url, fault)) from fault

    async def close(self) -> None:
        """Close all connections, and give up what is under way."""
        session, self._session = self._session, None
        for worker in list(self._workers):
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._max_in_flight, ssl=self._tls or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=self._timeout,
            proxy=self._proxy,
        )
        return self._session


def _unreached(url: URL, fault: Exception) -> str:
    return f"{url.origin()} cannot be reached: {fault or type(fault).__name__}"
