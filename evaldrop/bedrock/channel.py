"""HTTP to one server at a bounded concurrency; network failures get names that the workflow retries."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
from yarl import URL

from evaldrop.bedrock.protocol import READ_TIMEOUT_S, ServiceError

CONNECT_TIMEOUT_S = 10.0


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Channel:
    """
    Keep-alive connections to one server, at most `max_in_flight` requests at a time.

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
        self._slots = asyncio.Semaphore(max_in_flight)
        self._max_in_flight = max_in_flight
        self._headers = dict(headers)
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=read_timeout_s
        )
        self._tls = tls
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    @property
    def slots(self) -> asyncio.Semaphore:
        """The places for requests in flight. Hold one around `post`, and sign within: a signature ages."""
        return self._slots

    async def post(self, url: URL, body: bytes, headers: Mapping[str, str]) -> Answer:
        """
        Send a request and read the whole answer, whatever its status.

        Raises:
            ServiceError: `ModelTimeoutException` when the server was reached but did not answer in time,
                `ServiceUnavailableException` when it was not reached or went away.
        """
        session = self._session or self._open()
        try:
            async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                return Answer(response.status, response.headers, await response.read())
        except aiohttp.ConnectionTimeoutError as fault:
            raise ServiceError("ServiceUnavailableException", _unreached(url, fault)) from fault
        except TimeoutError as fault:
            waited = f"{url.host} did not answer within {self._timeout.sock_read:g} s"
            raise ServiceError("ModelTimeoutException", waited) from fault
        except (aiohttp.ClientError, OSError) as fault:
            raise ServiceError("ServiceUnavailableException", _unreached(url, fault)) from fault

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

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
