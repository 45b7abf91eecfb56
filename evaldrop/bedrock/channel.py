"""HTTP to one server at a bounded concurrency; network failures get names that the workflow retries."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from pyqwest import (
    Headers,
    HTTPTransport,
    HTTPVersion,
    Proxy,
    ReadError,
    RemoteProtocolError,
    Request,
    Response,
    WriteError,
)

from evaldrop.bedrock.protocol import READ_TIMEOUT_S, REPLY_TOO_LARGE, ServiceError

CONNECT_TIMEOUT_S = 10.0

MOST_BYTES = 4 << 20
"""
How much of an answer is read, in bytes. The longest text that a model writes takes one megabyte; a state of
the workflow holds a quarter of one.
"""

SENDING_TIMEOUT_S = 60.0
"""How much longer than it may stay silent a server may take in all: an answer that is there comes at once."""

# Without any proxy the client would ask the environment for one.
_NO_PROXY = Proxy("http://unused.invalid", no_proxy="*,0.0.0.0/0,::/0")


class HttpReply(NamedTuple):
    """
    What a server said, and how long it took from the first byte sent to the last received.

    Names of headers are as in HTTP: lower and upper case are the same.
    """

    status: int
    headers: Mapping[str, str] | Headers
    body: bytes
    elapsed_ms: int


Authorise = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns a request's headers. It is called when the request leaves: a signature ages."""


class _Call:
    """A request on its way: what to send, who waits for the answer, and which worker is at it."""

    __slots__ = ("answer", "authorise", "body", "url", "worker")

    def __init__(self, url: str, body: bytes, authorise: Authorise) -> None:
        self.url = url
        self.body = body
        self.authorise = authorise
        self.answer: asyncio.Future[HttpReply] = asyncio.get_running_loop().create_future()
        self.worker: asyncio.Task[None] | None = None


class Channel:
    """
    Keep-alive connections to a server, at most `max_in_flight` requests at a time.

    As many workers take requests from one queue. A worker that got an answer sends its next request at once,
    before the caller that waited for the answer goes on: with a semaphore around each call, places stay empty
    while the event loop works off a burst of answers, a twentieth of the time at 64 in flight.

    The client is made by the first request, in the event loop that is running then.

    Args:
        max_in_flight: How many requests may be under way, 1 or more.
        headers: Sent with every request.
        read_timeout_s: How long the server may stay silent.
        sending_timeout_s: How much longer than that it may take from the request to the end of its answer.
        certificates: Authorities to be trusted, in PEM; the system's own when there are none.
        proxy: The URL of one; the environment is not asked.
    """

    def __init__(
        self,
        *,
        max_in_flight: int,
        headers: Mapping[str, str],
        read_timeout_s: float = READ_TIMEOUT_S,
        sending_timeout_s: float = SENDING_TIMEOUT_S,
        certificates: bytes | None = None,
        proxy: str | None = None,
    ) -> None:
        self._max_in_flight = max_in_flight
        self._headers = dict(headers)
        self._read_timeout_s = read_timeout_s
        self._whole_timeout_s = read_timeout_s + sending_timeout_s
        self._certificates = certificates
        self._proxy = proxy
        self._transport: HTTPTransport | None = None
        self._waiting: deque[_Call] = deque()
        self._workers: set[asyncio.Task[None]] = set()

    async def post(self, url: str, body: bytes, authorise: Authorise) -> HttpReply:
        """
        Send a request when there is a place for it, and read the whole answer, whatever its status.

        A caller that stops waiting takes its request back, also from the network.

        Raises:
            ServiceError: `ModelTimeoutException` when the server was reached but did not answer in time,
                `ServiceUnavailableException` when it was not reached or went away,
                `States.DataLimitExceeded` when it sent more than `MOST_BYTES`; what `authorise` raises.
        """
        call = _Call(url, body, authorise)
        self._waiting.append(call)
        self._start_worker()
        try:
            return await call.answer
        except asyncio.CancelledError:
            # A request that still waits has no worker: its future is cancelled, and `_work` passes over it.
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
        # Closing cancels the workers: none may begin anew for what is left in the queue.
        if self._transport is not None:
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
            except Exception as fault:  # noqa: BLE001 - the caller that waits for the answer gets it
                if not call.answer.done():
                    call.answer.set_exception(fault)
            else:
                if not call.answer.done():
                    call.answer.set_result(answer)
            call.worker = None

    async def _exchange(self, call: _Call) -> HttpReply:
        transport = self._transport or self._open()
        # Signed only now: while it waited in the queue, a signature would have aged.
        headers = await call.authorise()
        request = Request("POST", call.url, Headers({**self._headers, **headers}.items()), call.body)
        began, answer = time.monotonic(), None
        try:
            answer = await transport.execute(request)
            body = await _body(answer, call.url)
        except (OSError, ReadError, WriteError, RemoteProtocolError) as fault:
            waited_s = time.monotonic() - began
            raise self._named(fault, call.url, waited_s=waited_s, is_cut=answer is not None) from fault
        elapsed_ms = round((time.monotonic() - began) * 1000)
        return HttpReply(answer.status, answer.headers, body, elapsed_ms)

    def _named(self, fault: Exception, url: str, *, waited_s: float, is_cut: bool) -> ServiceError:
        # A server that does not answer and one that cannot be connected to, which is given up sooner, have
        # one name.
        if isinstance(fault, TimeoutError) and waited_s >= self._read_timeout_s:
            is_whole = waited_s >= self._whole_timeout_s
            limit_s = self._whole_timeout_s if is_whole else self._read_timeout_s
            done = "end its answer" if is_whole else "answer"
            silent = f"{urlsplit(url).hostname} did not {done} within {limit_s:g} s"
            return ServiceError("ModelTimeoutException", silent)
        what = "broke off in the middle of its answer" if is_cut else "cannot be reached"
        return ServiceError(
            "ServiceUnavailableException", f"{_server(url)} {what}: {_reason(fault)}{_advice(fault)}"
        )

    async def close(self) -> None:
        """Close all connections, and give up what is under way."""
        # First of all, since a worker that ends looks at it before it begins another.
        transport, self._transport = self._transport, None
        for worker in list(self._workers):
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if transport is not None:
            await transport.aclose()

    def _open(self) -> HTTPTransport:
        self._transport = HTTPTransport(
            http_version=HTTPVersion.HTTP1,
            tls_ca_cert=self._certificates,
            tls_include_system_certs=self._certificates is None,
            proxy=self._proxy or _NO_PROXY,
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=self._read_timeout_s,
            timeout=self._whole_timeout_s,
            # Fewer would close and open connections at each burst of answers.
            pool_max_idle_per_host=self._max_in_flight,
            # Names of this machine's own network are for its resolver.
            use_system_dns=True,
            # A signature is for one URL, and a token must not follow to another host.
            follow_redirects=False,
            # Answers are a few kilobytes: unpacking them takes longer than their way. And what is packed may
            # be a thousand times larger than what came.
            enable_gzip=False,
            enable_brotli=False,
            enable_zstd=False,
            enable_otel=False,
        )
        return self._transport


async def _body(answer: Response, url: str) -> bytes:
    """
    Return what an answer holds.

    Raises:
        ServiceError: `States.DataLimitExceeded`; the connection is given up, and the rest with it.
    """
    told = answer.headers.get("content-length")
    length = int(told) if told is not None and told.isascii() and told.isdigit() else None
    content = answer.content
    is_read = False
    try:
        if length is not None and length > MOST_BYTES:
            raise _too_large(url)
        body = bytes(await anext(content, b""))
        # Most answers come in one piece: asking for the end of what is whole would cost as much again.
        if len(body) != length:
            parts = bytearray(body)
            async for part in content:
                parts += part
                if len(parts) > MOST_BYTES:
                    raise _too_large(url)
            body = bytes(parts)
        if len(body) > MOST_BYTES:
            raise _too_large(url)
        is_read = True
    finally:
        if not is_read:
            await answer.aclose()
    return body


def _too_large(url: str) -> ServiceError:
    return ServiceError(
        REPLY_TOO_LARGE, f"{_server(url)} sent more than {MOST_BYTES >> 20} MiB; the rest was not read"
    )


def _server(url: str) -> str:
    """Return where a URL goes, without user and password, which it may hold: a message gets into reports."""
    server = urlsplit(url)
    return f"{server.scheme}://{server.netloc.rpartition('@')[2]}"


def _reason(fault: Exception) -> str:
    """Return the innermost cause: what the system, or the other side, said."""
    # Sources are told one after the other, with ": " between; those of the client's own say nothing.
    said = str(fault).rpartition("): ")[2].rpartition("from connection: ")[2]
    return said or type(fault).__name__


_ADVICE = {
    "certificate": "Nobody that this machine trusts vouches for the server: check its name, or name its "
    "authority (SSL_CERT_FILE; for AWS: AWS_CA_BUNDLE)",
    "InvalidContentType": "The server does not speak TLS there: is it http:// and not https://?",
    "dns error": "Is the name right, and does this machine have a network?",
    "Connection refused": "Nothing listens there: is the server up, and is it this port?",
}


def _advice(fault: Exception) -> str:
    """Return what to do about a fault of the network, behind a full stop."""
    return next((f". {do}" for sign, do in _ADVICE.items() if sign in str(fault)), "")
