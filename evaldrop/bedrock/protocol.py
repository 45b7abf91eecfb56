"""What every Bedrock runtime offers and raises. Nothing here knows how a call is made."""

from collections.abc import Mapping
from typing import Any, Protocol

from evaldrop.engine.errors import ServiceError

READ_TIMEOUT_S = 300.0  # an Express child lives no longer; a step's own TimeoutSeconds comes first


__all__ = ["READ_TIMEOUT_S", "BedrockRuntime", "ServiceError"]


class BedrockRuntime(Protocol):
    """
    The two operations of the Bedrock runtime that the workflow uses, in boto3's casing.

    A runtime does not retry: retries are the workflow's. Every failed call raises `ServiceError`.
    """

    is_simulated: bool
    """Whether the texts come from a stand-in; every page and file of such a run says SIMULATED."""

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"modelId", "messages", …}` with `{"output", "stopReason", "usage", "metrics", …}`."""
        ...

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"modelId", "body": bytes or str, …}` with `{"body": bytes, "contentType": str}`."""
        ...

    async def close(self) -> None:
        """Give back connections. A closed runtime may not be called again."""
        ...
