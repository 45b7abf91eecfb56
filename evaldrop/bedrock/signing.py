"""
How requests to Bedrock are authorised: AWS Signature Version 4, or a bearer token.

The signature is computed here and not by botocore's signer, which takes a quarter of a run's whole CPU time:
it derives the key anew and parses URL and headers at each call. A test holds both to the same headers.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, urlsplit

from botocore.credentials import Credentials, ReadOnlyCredentials, RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from evaldrop.bedrock.protocol import ServiceError

ALGORITHM = "AWS4-HMAC-SHA256"


class Authorisation(Protocol):
    """Adds to a request's headers what proves who asks."""

    async def sign(self, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        """Return the headers to send with a POST of `body` to `url`, which is percent-encoded already."""
        ...


class BearerToken:
    """A Bedrock API key, as `AWS_BEARER_TOKEN_BEDROCK` holds it."""

    def __init__(self, header: str) -> None:
        self._header = header

    async def sign(self, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:  # noqa: ARG002 - protocol
        """Return the headers with the token added."""
        return {**headers, "Authorization": self._header}


class Signature:
    """
    Signature Version 4.

    Args:
        credentials: As boto3 resolved them; renewed when they run out.
        service: The name requests are signed for.
        region: The region requests are signed for.
        now: The time, in UTC.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        service: str,
        region: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._credentials = credentials
        self._service = service
        self._region = region
        self._now = now

    async def sign(self, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        """
        Return the headers with date, session token and signature added.

        Raises:
            ServiceError: `ExpiredTokenException` when credentials ran out and cannot be renewed.
        """
        await self._renew()
        # Frozen: another thread's renewal must not mix one set's key with the next one's token.
        frozen = self._credentials.get_frozen_credentials()
        time = self._now().strftime("%Y%m%dT%H%M%SZ")
        signed = {**headers, "X-Amz-Date": time}
        if frozen.token:
            signed["X-Amz-Security-Token"] = frozen.token
        return {**signed, "Authorization": self._authorization(frozen, time, url, body, signed)}

    def _authorization(
        self, frozen: ReadOnlyCredentials, time: str, url: str, body: bytes, headers: dict[str, str]
    ) -> str:
        host, path = _host_and_path(url)
        # Names in lower case, runs of spaces as one: the server computes it over these, whatever was sent.
        lines = {name.lower(): " ".join(value.split()) for name, value in headers.items()} | {"host": host}
        names = ";".join(sorted(lines))
        canonical_headers = "".join(f"{name}:{lines[name]}\n" for name in sorted(lines))
        digest = hashlib.sha256(body).hexdigest()
        canonical = f"POST\n{path}\n\n{canonical_headers}\n{names}\n{digest}"
        scope = f"{time[:8]}/{self._region}/{self._service}/aws4_request"
        to_sign = f"{ALGORITHM}\n{time}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = _signing_key(frozen.secret_key, time[:8], self._region, self._service)
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        credential = f"{frozen.access_key}/{scope}"
        return f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"

    async def _renew(self) -> None:
        # Renewing asks the network and blocks: outside a thread, every call in flight would stand still.
        credentials = self._credentials
        if not isinstance(credentials, RefreshableCredentials) or not credentials.refresh_needed():
            return
        try:
            await asyncio.to_thread(credentials.get_frozen_credentials)
        except (BotoCoreError, ClientError, RuntimeError) as fault:
            raise ServiceError(
                "ExpiredTokenException", f"AWS credentials cannot be renewed: {fault}"
            ) from fault


@lru_cache(maxsize=256)
def _host_and_path(url: str) -> tuple[str, str]:
    """Return the Host header of a URL, and its path encoded once more, as the signature wants it."""
    parts = urlsplit(url)
    standard = {"http": 80, "https": 443}[parts.scheme]
    host = parts.hostname or ""
    # The Host header has no standard port, and the signature has to match it.
    if parts.port is not None and parts.port != standard:
        host = f"{host}:{parts.port}"
    # All services but S3 sign the path encoded twice; `~` stays, as RFC 3986 has it.
    return host, quote(parts.path, safe="/~")


# The key changes once a day and with the credentials; deriving it takes four hashes.
@lru_cache(maxsize=8)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
