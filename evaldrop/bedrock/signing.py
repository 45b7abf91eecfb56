"""How requests to Bedrock are authorised: AWS Signature Version 4, or a bearer token."""

import asyncio
from typing import Protocol

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from evaldrop.bedrock.protocol import ServiceError


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
    """Signature Version 4, by botocore's own signer."""

    def __init__(self, credentials: Credentials, *, service: str, region: str) -> None:
        self._credentials = credentials
        self._service = service
        self._region = region

    async def sign(self, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        """
        Return the headers with date, session token and signature added.

        Raises:
            ServiceError: `ExpiredTokenException` when credentials ran out and cannot be renewed.
        """
        await self._renew()
        request = AWSRequest(method="POST", url=url, headers=headers, data=body)
        frozen = self._credentials.get_frozen_credentials()
        SigV4Auth(frozen, self._service, self._region).add_auth(request)
        return dict(request.headers.items())

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
